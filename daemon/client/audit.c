#include "client/audit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "base/clock.h"
#include "base/time.h"
#include "client/remote.h"
#include "store/check.h"

/* A duration window loses what is out of reach once a second. */
enum { LATE_MS = 3000 };

/* One window: its definition, what the daemon shows, and what the rows say. */
struct window {
	const char *name;
	int64_t count, duration; /* exactly one is > 0 */
	int64_t asked, answered; /* ms, by the clock of duration windows */
	const cJSON *classes;    /* of its confusion matrix */
	size_t n;
	int64_t pairs; /* counted by hand */
	int64_t *most,
		*least; /* (n x n) by hand: as it may be when it was asked and when answered */
	bool unknown;   /* a class that the daemon does not have */
};

struct model {
	struct upk_audit *audit;
	const char *name;
	int64_t clock; /* its duration windows' one, as stored: it never steps back */
	struct window *windows;
	size_t count;
};

static int64_t clock_now(const struct model *m)
{
	int64_t now = upk_clock_now(upk_clock_system());
	return now > m->clock ? now : m->clock;
}

static cJSON *get(struct upk_audit *a, const char *model, const char *what, struct upk_error *err)
{
	char path[256];
	snprintf(path, sizeof path, "/v1/models%s%s%s", model ? "/" : "", model ? model : "", what);
	return upk_client_call(a->client, "GET", path, (struct upk_text){ 0 }, err);
}

static size_t index_of(const cJSON *classes, struct upk_text class)
{
	size_t i = 0;
	const cJSON *item;
	cJSON_ArrayForEach(item, classes)
	{
		if (item->valuestring && upk_text_is(class, item->valuestring))
			return i;
		i++;
	}
	return i;
}

static void add(struct window *w, const struct upk_checked_pair *pair)
{
	bool sure = w->count > 0 || pair->time > w->answered - w->duration;
	bool may = w->count > 0 || pair->time > w->asked - w->duration - LATE_MS;
	if (!may || (w->count > 0 && w->pairs == w->count))
		return;
	size_t actual = index_of(w->classes, pair->actual);
	size_t predicted = index_of(w->classes, pair->predicted);
	w->pairs++;
	if (actual >= w->n || predicted >= w->n) {
		w->unknown = w->unknown || sure;
		return;
	}
	w->most[actual * w->n + predicted]++;
	w->least[actual * w->n + predicted] += sure;
}

static bool take(void *context, const struct upk_checked_pair *pair)
{
	struct model *m = context;
	for (size_t i = 0; i < m->count; i++)
		add(&m->windows[i], pair);
	m->audit->pairs++;
	return true;
}

static void compare(const struct model *m, const struct window *w, const cJSON *matrix)
{
	char what[512];
	size_t i = 0, wrong = 0;
	const cJSON *row, *cell;
	cJSON_ArrayForEach(row, matrix)
	{
		cJSON_ArrayForEach(cell, row)
		{
			int64_t shown = (int64_t)cell->valuedouble;
			if (i < w->n * w->n && (shown < w->least[i] || shown > w->most[i])) {
				if (wrong++ == 0)
					snprintf(what, sizeof what,
						"window %s: %lld pairs of class %zu predicted as "
						"class %zu, by hand %lld",
						w->name, (long long)shown, i / w->n, i % w->n,
						(long long)w->least[i]);
			}
			i++;
		}
	}
	if (wrong == 0 && (i != w->n * w->n || w->unknown))
		snprintf(what, sizeof what, "window %s: its classes are not those of its pairs",
			w->name);
	if (wrong > 0 || i != w->n * w->n || w->unknown)
		m->audit->found(m->audit->context, m->name, what);
	m->audit->windows++;
}

static void finish(struct model *m)
{
	for (size_t i = 0; i < m->count; i++) {
		free(m->windows[i].most);
		free(m->windows[i].least);
	}
	free(m->windows);
}

static const cJSON *confusion_of(const cJSON *metrics, const char *window, const char *member)
{
	const cJSON *windows = cJSON_GetObjectItemCaseSensitive(metrics, "windows");
	return cJSON_GetObjectItemCaseSensitive(
		cJSON_GetObjectItemCaseSensitive(
			cJSON_GetObjectItemCaseSensitive(windows, window), "confusion"),
		member);
}

static bool define(struct model *m, const cJSON *definitions, const cJSON *metrics, int64_t asked,
	struct upk_error *err)
{
	const cJSON *one;
	m->windows = calloc((size_t)cJSON_GetArraySize(definitions) + 1, sizeof *m->windows);
	if (!m->windows)
		return upk_fail(err, UPK_NOMEM, "no memory for the windows of %s", m->name);
	cJSON_ArrayForEach(one, definitions)
	{
		struct window *w = &m->windows[m->count++];
		*w = (struct window){ .name = upk_member_string(one, "name"),
			.count = upk_member_int(one, "count"),
			.asked = asked,
			.answered = clock_now(m) };
		(void)upk_duration_parse(
			upk_text_of(upk_member_string(one, "duration")), &w->duration, NULL);
		w->classes = confusion_of(metrics, w->name, "classes");
		w->n = (size_t)cJSON_GetArraySize(w->classes);
		w->most = calloc(w->n * w->n + 1, sizeof *w->most);
		w->least = calloc(w->n * w->n + 1, sizeof *w->least);
		if (!w->most || !w->least)
			return upk_fail(err, UPK_NOMEM, "no memory for a window of %s", m->name);
	}
	return true;
}

static bool check_model(struct upk_audit *a, const char *name, struct upk_error *err)
{
	struct model m = { .audit = a, .name = name };
	cJSON *model = upk_check_clock(a->rows, name, &m.clock, err) ? get(a, name, "", err) : NULL;
	int64_t asked = clock_now(&m);
	cJSON *metrics = model ? get(a, name, "/metrics", err) : NULL;
	const cJSON *effective = cJSON_GetObjectItemCaseSensitive(model, "effective");
	bool done = metrics &&
		define(&m, cJSON_GetObjectItemCaseSensitive(effective, "windows"), metrics, asked,
			err) &&
		upk_check_pairs(a->rows, name, take, &m, err);
	for (size_t i = 0; done && i < m.count; i++)
		compare(&m, &m.windows[i], confusion_of(metrics, m.windows[i].name, "matrix"));
	finish(&m);
	cJSON_Delete(metrics);
	cJSON_Delete(model);
	a->models += done;
	return done;
}

bool upk_audit_run(struct upk_audit *a, struct upk_error *err)
{
	cJSON *list = get(a, NULL, "", err);
	const cJSON *one;
	bool done = list != NULL;
	cJSON_ArrayForEach(one, cJSON_GetObjectItemCaseSensitive(list, "models"))
	{
		const char *name = upk_member_string(one, "model");
		done = done && check_model(a, name, err);
	}
	cJSON_Delete(list);
	return done;
}
