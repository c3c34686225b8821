#include "client/narrator.h"

#include <stdio.h>
#include <string.h>

enum { STATE_SIZE = 16 };

/* The state in which an alert, a run or a promotion was last told. */
struct told {
	int64_t number;
	char state[STATE_SIZE];
};

enum tone { PLAIN, BAD, GOOD, DOUBT };

static const char *const colours[] = { "", "\033[31m", "\033[32m", "\033[33m" };

static const char *begin(const struct upk_narrator *n, enum tone tone)
{
	return n->progress->coloured ? colours[tone] : "";
}

static const char *end(const struct upk_narrator *n, enum tone tone)
{
	return n->progress->coloured && tone != PLAIN ? "\033[0m" : "";
}

static struct told *find(struct upk_buffer *told, int64_t number)
{
	struct told *all = (struct told *)(void *)told->data;
	for (size_t i = told->size / sizeof *all; i > 0; i--)
		if (all[i - 1].number == number)
			return &all[i - 1];
	return NULL;
}

/* Remembers that it is told now. false: it was told in this state before. */
static bool is_news(struct upk_buffer *told, int64_t number, const char *state, bool *first)
{
	struct told *before = find(told, number);
	*first = !before;
	if (before && strncmp(before->state, state, STATE_SIZE - 1) == 0)
		return false;
	struct told now = { .number = number };
	snprintf(now.state, sizeof now.state, "%s", state);
	if (before)
		*before = now;
	else
		upk_buffer_append(told, &now, sizeof now);
	return true;
}

/* The daemon's sentence, which names the rule; without one the figures. */
static void say_why(const cJSON *alert, char *out, size_t size)
{
	const char *detail = upk_member_string(alert, "detail");
	const char *rule = upk_member_string(alert, "rule");
	double value = upk_member_double(alert, "value"), bound = upk_member_double(alert, "bound"),
	       threshold = upk_member_double(alert, "threshold");
	long long pairs = upk_member_int(alert, "pairs"), change = upk_member_int(alert, "change");
	if (detail[0])
		snprintf(out, size, "%s", detail);
	else if (change && bound > threshold)
		snprintf(out, size,
			"rule %s: hit rate %.3f on the last %lld pairs, L %.1f over %.1f; it "
			"changed at place %lld",
			rule, value, pairs, bound, threshold, change);
	else
		snprintf(out, size, "rule %s: %.3f on %lld pairs, threshold %.3f", rule, value,
			pairs, threshold);
}

static void say_fired(struct upk_narrator *n, const cJSON *alert)
{
	char place[UPK_GROUPED_SIZE], due[UPK_GROUPED_SIZE], why[512];
	int64_t at = upk_member_int(alert, "place"), run_at = upk_member_int(alert, "run_at");
	say_why(alert, why, sizeof why);
	upk_progress_say(n->progress, "place %s: %sfired%s: %s%s%s",
		upk_grouped((uint64_t)at, place), begin(n, BAD), end(n, BAD), why,
		run_at > at ? "; its run is due at place " : "",
		run_at > at ? upk_grouped((uint64_t)run_at, due) : "");
}

static void tell_alert(struct upk_narrator *n, const cJSON *alert)
{
	bool first;
	const char *state = upk_member_string(alert, "state");
	if (!is_news(&n->alerts, upk_member_int(alert, "alert"), state, &first))
		return;
	if (first)
		say_fired(n, alert);
	if (strcmp(state, "resolved") == 0)
		upk_progress_say(n->progress, "  rule %s resolved: %s",
			upk_member_string(alert, "rule"), upk_member_string(alert, "resolved_by"));
}

/* The verdict has the gate's figures. */
static void say_ended(struct upk_narrator *n, const cJSON *run, const char *state)
{
	bool passed = strcmp(state, "succeeded") == 0;
	enum tone tone = passed ? GOOD : DOUBT;
	const char *word = passed                ? "promoted"
		: strcmp(state, "rejected") == 0 ? "refused by the gate"
						 : state;
	char version[32] = "";
	if (passed)
		snprintf(version, sizeof version, " version %lld",
			(long long)upk_member_int(run, "version"));
	upk_progress_say(n->progress, "  %s%s%s%s: %s", begin(n, tone), word, version, end(n, tone),
		upk_member_string(run, "verdict"));
}

static void tell_run(struct upk_narrator *n, const cJSON *run)
{
	bool first;
	const char *state = upk_member_string(run, "state"), *kind = upk_member_string(run, "kind");
	if (!is_news(&n->runs, upk_member_int(run, "run"), state, &first))
		return;
	n->running = strcmp(state, "running") == 0 ? upk_member_int(run, "run") : 0;
	n->tenths = 0;
	if (first)
		upk_progress_say(n->progress, "  run %lld (%s): %s",
			(long long)upk_member_int(run, "run"), kind,
			upk_member_string(run, "reason"));
	if (strcmp(state, "queued") != 0 && strcmp(state, "running") != 0)
		say_ended(n, run, state);
}

/* A promotion by a run is told with the run. */
static void tell_promotion(struct upk_narrator *n, const cJSON *promotion)
{
	bool first;
	char place[UPK_GROUPED_SIZE];
	const char *by = upk_member_string(promotion, "by");
	if (!is_news(&n->promotions, upk_member_int(promotion, "promotion"), by, &first) ||
		strcmp(by, "run") == 0)
		return;
	upk_progress_say(n->progress, "place %s: %sversion %lld takes over%s (%s): %s",
		upk_grouped((uint64_t)upk_member_int(promotion, "place"), place), begin(n, GOOD),
		(long long)upk_member_int(promotion, "version"), end(n, GOOD), by,
		upk_member_string(promotion, "reason"));
}

/* A list of the daemon's, the newest item first. */
static const struct list {
	const char *name, *path;
	void (*tell)(struct upk_narrator *n, const cJSON *item);
} lists[] = {
	{ "alerts", "/alerts?limit=20", tell_alert },
	{ "runs", "/runs?limit=20", tell_run },
	{ "promotions", "/promotions", tell_promotion },
};

static bool look(struct upk_narrator *n, struct upk_remote *remote, const struct list *list,
	struct upk_error *err)
{
	cJSON *answer = upk_remote_get(remote, list->path, err);
	if (!answer)
		return false;
	const cJSON *items = cJSON_GetObjectItemCaseSensitive(answer, list->name);
	for (int i = cJSON_GetArraySize(items); i > 0; i--)
		list->tell(n, cJSON_GetArrayItem(items, i - 1));
	cJSON_Delete(answer);
	return true;
}

static void say_progress(struct upk_narrator *n, const cJSON *run)
{
	const cJSON *progress = cJSON_GetObjectItemCaseSensitive(run, "progress");
	int64_t done = upk_member_int(progress, "done"), total = upk_member_int(progress, "total");
	int64_t tenths = total > 0 ? 10 * done / total : 0;
	if (tenths <= n->tenths)
		return;
	n->tenths = tenths;
	upk_progress_say(n->progress, "  run %lld: %lld of %lld steps",
		(long long)n->running, (long long)done, (long long)total);
}

static bool look_at_running(
	struct upk_narrator *n, struct upk_remote *remote, struct upk_error *err)
{
	char path[32];
	if (n->running == 0)
		return true;
	snprintf(path, sizeof path, "/runs/%lld", (long long)n->running);
	cJSON *run = upk_remote_get(remote, path, err);
	if (run)
		say_progress(n, run);
	cJSON_Delete(run);
	return run != NULL;
}

bool upk_narrator_look(struct upk_narrator *n, struct upk_remote *remote, struct upk_error *err)
{
	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
		if (!look(n, remote, &lists[i], err))
			return false;
	if (!look_at_running(n, remote, err))
		return false;
	if (n->alerts.failed || n->runs.failed || n->promotions.failed)
		return upk_fail(err, UPK_NOMEM, "no memory for what was told");
	return true;
}

void upk_narrator_finish(struct upk_narrator *n)
{
	upk_buffer_finish(&n->alerts);
	upk_buffer_finish(&n->runs);
	upk_buffer_finish(&n->promotions);
}
