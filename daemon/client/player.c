#include "client/player.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/time.h"

enum { WARM_ROWS_LEAST = 500, BATCH = 1000, RUNS_PAGE = 100 };

struct player {
	const struct upk_player_options *options;
	struct upk_stream *stream;
	struct upk_remote remote;
	struct upk_progress *progress;
	const struct upk_player_watch *watch;
	bool was_paused;   /* retraining, before the replay */
	size_t rows, warm; /* all; those that make the first version */
	int64_t first_run;
	uint16_t last_label, majority;
	struct upk_tally maintained, version_1, by_last_label, by_majority;
	uint16_t predicted[BATCH]; /* of the batch at hand */
};

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

static bool create(struct player *p, struct upk_error *err)
{
	const struct upk_player_options *o = p->options;
	cJSON *model = NULL;
	if (!upk_remote_find(&p->remote, &model, err))
		return false;
	if (!model)
		return upk_remote_create(&p->remote, o->learner, !o->no_live, o->rules, err);
	bool fits = upk_remote_fits(&p->remote, model, err);
	p->was_paused = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(
		cJSON_GetObjectItemCaseSensitive(model, "retraining"), "paused"));
	cJSON_Delete(model);
	if (!fits)
		return upk_fail_in(err, "model %s: ", o->model);
	upk_progress_say(p->progress, "model %s exists: it keeps its configuration%s", o->model,
		o->learner ? " (--learner has no effect)" : "");
	return true;
}

static bool post_examples(struct player *p, struct upk_error *err)
{
	for (size_t from = 0; from < p->warm; from += BATCH) {
		size_t known = 0, to = smaller(from + BATCH, p->warm);
		if (!upk_remote_examples(&p->remote, from, to, &known, err))
			return false;
		if (from == 0 && known == to)
			return upk_fail(err, UPK_CONFLICT,
				"this file was played into model %s before: what follows would "
				"repeat stored answers; use another --model",
				p->options->model);
	}
	return true;
}

static bool make_first_version(struct player *p, struct upk_error *err)
{
	if (!upk_remote_pause(&p->remote, true, err))
		return false;
	bool ok = post_examples(p, err) && upk_remote_run(&p->remote, &p->first_run, err);
	if (!ok) /* what stopped it would stop the next call too */
		upk_client_stop_when(p->remote.client, NULL);
	bool resumed = upk_remote_pause(&p->remote, p->was_paused, ok ? err : NULL);
	return ok && resumed;
}

/* Of the first tenth; of equals the class that is seen first in the file. */
static bool find_majority(struct player *p, struct upk_error *err)
{
	size_t classes = upk_stream_classes(p->stream);
	size_t *seen = calloc(classes, sizeof *seen);
	if (!seen)
		return upk_fail(err, UPK_NOMEM, "no memory for the classes");
	for (size_t row = 0; row < p->warm; row++)
		seen[upk_stream_label(p->stream, row)]++;
	for (size_t class = 1; class < classes; class ++)
		if (seen[class] > seen[p->majority])
			p->majority = (uint16_t) class;
	free(seen);
	return true;
}

static bool score(struct player *p, size_t row, uint16_t predicted, struct upk_error *err)
{
	uint16_t label = upk_stream_label(p->stream, row);
	return upk_tally_add(&p->maintained, (struct upk_pair){ label, predicted }, err) &&
		upk_tally_add(&p->by_last_label, (struct upk_pair){ label, p->last_label }, err) &&
		upk_tally_add(&p->by_majority, (struct upk_pair){ label, p->majority }, err);
}

static bool predict(struct player *p, size_t from, size_t to, struct upk_error *err)
{
	if (!upk_remote_predict(&p->remote, from, to, p->predicted, err))
		return false;
	for (size_t row = from; row < to; row++)
		if (!score(p, row, p->predicted[row - from], err))
			return false;
	return true;
}

static bool label(struct player *p, size_t from, size_t to, struct upk_error *err)
{
	for (; from < to; from += BATCH) {
		size_t end = smaller(from + BATCH, to);
		if (!upk_remote_labels(&p->remote, from, end, err))
			return false;
		p->last_label = upk_stream_label(p->stream, end - 1);
	}
	return true;
}

static size_t rows_a_request(const struct upk_player_options *o)
{
	size_t most = o->batch ? smaller(o->batch, o->label_delay) : o->label_delay;
	return most == 0 ? 1 : smaller(most, BATCH);
}

/* Rows below `labelled` have their labels, those below `next` their predictions: a row's label goes
 * out when the row label_delay after it has been predicted. */
static bool play_rows(struct player *p, struct upk_error *err)
{
	size_t delay = p->options->label_delay;
	size_t batch = rows_a_request(p->options);
	size_t labelled = p->warm;
	p->last_label = upk_stream_label(p->stream, p->warm - 1);
	for (size_t next = p->warm; next < p->rows;) {
		size_t end = smaller(next + batch, p->rows);
		if (!predict(p, next, end, err))
			return false;
		next = end;
		size_t due = next == p->rows ? next : next > delay ? next - delay : 0;
		if (due > labelled) {
			if (!label(p, labelled, due, err))
				return false;
			labelled = due;
		}
		if (p->watch && !p->watch->round(p->watch->context, &p->remote, err))
			return false;
		upk_progress_show(p->progress, next - p->warm);
	}
	return true;
}

static bool ask_version_1(struct player *p, struct upk_error *err)
{
	for (size_t from = p->warm; from < p->rows; from += BATCH) {
		size_t end = smaller(from + BATCH, p->rows);
		if (!upk_remote_ask_version(&p->remote, 1, from, end, p->predicted, err))
			return false;
		for (size_t row = from; row < end; row++) {
			struct upk_pair pair = { upk_stream_label(p->stream, row),
				p->predicted[row - from] };
			if (!upk_tally_add(&p->version_1, pair, err))
				return false;
		}
	}
	return true;
}

static double seconds_of(const cJSON *run)
{
	int64_t started, ended;
	if (!upk_time_parse(upk_text_of(upk_member_string(run, "started")), &started, NULL) ||
		!upk_time_parse(upk_text_of(upk_member_string(run, "ended")), &ended, NULL))
		return 0;
	return (double)(ended - started) / 1000;
}

static void count_run(const cJSON *run, struct upk_replay *out)
{
	const char *state = upk_member_string(run, "state");
	out->runs.started++;
	out->runs.promoted += strcmp(state, "succeeded") == 0;
	out->runs.rejected += strcmp(state, "rejected") == 0;
	out->runs.failed += strcmp(state, "failed") == 0;
	out->seconds_training += seconds_of(run);
}

/* One page of the list, the newest first; *before becomes its oldest run, 0 when there are no
 * more of this replay. */
static bool count_page(
	struct player *p, int64_t *before, struct upk_replay *out, struct upk_error *err)
{
	struct upk_buffer what = { 0 };
	upk_buffer_printf(&what, "/runs?limit=%d", RUNS_PAGE);
	if (*before)
		upk_buffer_printf(&what, "&before=%lld", (long long)*before);
	upk_buffer_putc(&what, '\0');
	cJSON *answer = NULL;
	if (!what.failed)
		answer = upk_remote_get(&p->remote, what.data, err);
	else
		upk_fail(err, UPK_NOMEM, "no memory for a path");
	upk_buffer_finish(&what);
	if (!answer)
		return false;

	int64_t oldest = 0;
	const cJSON *run;
	cJSON_ArrayForEach(run, cJSON_GetObjectItemCaseSensitive(answer, "runs"))
	{
		int64_t number = upk_member_int(run, "run");
		if (number >= p->first_run)
			count_run(run, out);
		if (oldest == 0 || number < oldest)
			oldest = number;
	}
	cJSON_Delete(answer);
	*before = oldest > p->first_run ? oldest : 0;
	return true;
}

static bool count_runs(struct player *p, struct upk_replay *out, struct upk_error *err)
{
	int64_t before = 0;
	do {
		if (!count_page(p, &before, out, err))
			return false;
	} while (before);
	return true;
}

static bool sum_up(struct player *p, struct upk_replay *out, struct upk_error *err)
{
	size_t classes = upk_stream_classes(p->stream);
	struct upk_rolling rolling = upk_rolling_of(p->rows);
	out->rows = upk_tally_pairs(&p->maintained);
	return upk_tally_figures(&p->maintained, classes, rolling, &out->maintained, err) &&
		upk_tally_figures(&p->version_1, classes, rolling, &out->version_1, err) &&
		upk_tally_figures(&p->by_last_label, classes, rolling, &out->last_label, err) &&
		upk_tally_figures(&p->by_majority, classes, rolling, &out->majority, err);
}

static bool play(struct player *p, struct upk_replay *out, struct upk_error *err)
{
	int64_t started = upk_clock_monotonic_ns();
	if (!create(p, err) || !make_first_version(p, err) || !find_majority(p, err))
		return false;
	upk_progress_restart(p->progress);
	if (!play_rows(p, err))
		return false;
	*out = (struct upk_replay){
		.seconds = (double)(upk_clock_monotonic_ns() - started) / 1e9,
	};
	upk_progress_end(p->progress);
	return ask_version_1(p, err) && count_runs(p, out, err) && sum_up(p, out, err);
}

static struct player *begin(struct upk_client *client, struct upk_stream *stream,
	const struct upk_player_options *options, struct upk_error *err)
{
	size_t rows = upk_stream_rows(stream);
	size_t warm = rows / 10 > WARM_ROWS_LEAST ? rows / 10 : WARM_ROWS_LEAST;
	if (rows <= warm) {
		upk_fail(err, UPK_INVALID, "%zu rows: the first %zu only make the first version",
			rows, warm);
		return NULL;
	}
	struct player *p = calloc(1, sizeof *p);
	if (!p) {
		upk_fail(err, UPK_NOMEM, "no memory for a replay");
		return NULL;
	}
	*p = (struct player){ .options = options, .stream = stream, .rows = rows, .warm = warm };
	if (upk_remote_init(&p->remote, client, stream, options->model, err)) {
		p->remote.settle = options->lockstep;
		return p;
	}
	upk_remote_finish(&p->remote);
	free(p);
	return NULL;
}

bool upk_play(struct upk_client *client, struct upk_stream *stream,
	const struct upk_player_options *options, struct upk_progress *progress,
	const struct upk_player_watch *watch, struct upk_replay *out, struct upk_error *err)
{
	struct player *p = begin(client, stream, options, err);
	if (!p)
		return false;
	p->progress = progress;
	p->watch = watch;
	progress->total = p->rows - p->warm;
	bool ok = play(p, out, err);
	upk_progress_end(progress);
	upk_remote_finish(&p->remote);
	upk_tally_finish(&p->maintained);
	upk_tally_finish(&p->version_1);
	upk_tally_finish(&p->by_last_label);
	upk_tally_finish(&p->by_majority);
	free(p);
	return ok;
}
