#include "runs/promotion.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "runs/outcome.h"
#include "runs/run_text.h"
#include "store/run.h"
#include "store/version.h"
#include "tail/retraining.h"
#include "versions/figures.h"
#include "versions/promotion_log.h"
#include "writer/group.h"
#include "writer/jobs.h"
#include "writer/keep.h"
#include "writer/persist.h"

/* How a run ended, and the words for it. */
static enum upk_run_end end_of(
	const struct upk_outcome *o, const char **state, const char **verdict)
{
	if (o->error.code == UPK_OK) {
		bool good = o->contest.passed || o->contest.held;
		*state = good ? "succeeded" : "rejected";
		*verdict = o->contest.verdict;
		return good ? UPK_RUN_PASSED : UPK_RUN_REFUSED;
	}
	*verdict = o->error.message;
	*state = o->error.code == UPK_CANCELLED ? "cancelled" : "failed";
	return o->error.code == UPK_CANCELLED ? UPK_RUN_CANCELLED : UPK_RUN_FAILED;
}

/* The version that the fit of the picked candidate went on from; 0: none. */
static int64_t base_of(const struct upk_outcome *o)
{
	const struct upk_contest_outcome *c = &o->contest;
	return c->picked < c->count && c->candidates[c->picked].adjusted ? o->order.champion : 0;
}

static bool insert_version(
	struct upk_engine *e, struct upk_outcome *o, int64_t version, struct upk_error *err)
{
	struct upk_buffer bytes = { 0 }, figures = { 0 };
	const char *by = o->contest.passed || o->contest.held ? "twin" : "itself";
	upk_predictor_write(o->contest.predictor, &bytes);
	upk_figures_write(o->contest.figures, by, upk_predictor_threshold(o->contest.predictor),
		o->schema, &figures);
	const struct upk_version_row row = { .model = o->model->number,
		.version = version,
		.learner = upk_text_of(upk_predictor_learner(o->contest.predictor)),
		.settings = upk_text_of(upk_predictor_settings(o->contest.predictor)),
		.from = o->contest.from,
		.to = o->contest.to,
		.rows = (int64_t)o->contest.rows,
		.as_of = o->order.seq,
		.run = o->order.run,
		.created = o->ended,
		.figures = upk_buffer_text(&figures),
		.processor = upk_text_of(upk_learner_processor()),
		.size = (int64_t)bytes.size,
		.base = base_of(o) };
	bool done = bytes.failed || figures.failed
		? upk_fail(err, UPK_NOMEM, "no memory for version %lld", (long long)version)
		: upk_version_insert(e->store, &row, upk_buffer_text(&bytes), err);
	upk_buffer_finish(&bytes);
	upk_buffer_finish(&figures);
	return done;
}

static bool update_run(struct upk_engine *e, struct upk_outcome *o, const char *state,
	const char *verdict, int64_t version, struct upk_error *err)
{
	struct upk_buffer candidates = { 0 }, gate = { 0 };
	bool contested = o->error.code == UPK_OK;
	if (contested) {
		upk_run_candidates_write(o, &candidates);
		upk_run_gate_write(o, &gate);
	}
	const struct upk_run_row row = { .model = o->model->number,
		.run = o->order.run,
		.state = upk_text_of(state),
		.started = o->started,
		.ended = o->ended,
		.candidates = upk_buffer_text(&candidates),
		.gate = upk_buffer_text(&gate),
		.verdict = upk_text_of(verdict),
		.version = version };
	bool done = candidates.failed || gate.failed
		? upk_fail(err, UPK_NOMEM, "no memory for run %lld", (long long)o->order.run)
		: upk_run_update(e->store, &row, err);
	upk_buffer_finish(&candidates);
	upk_buffer_finish(&gate);
	return done;
}

/* A model without a champion says why it has none. */
static void keep_failure(struct upk_tail *t, const struct upk_outcome *o, enum upk_run_end end)
{
	const char *why = "";
	if (t->champion == 0 && end == UPK_RUN_FAILED)
		why = o->error.message;
	else if (t->champion == 0 && end == UPK_RUN_REFUSED)
		why = o->contest.verdict;
	snprintf(t->no_champion, sizeof t->no_champion, "%s", why);
}

/* The tail learns of the end; a version that passed is promoted unless a person is to do it. */
static bool settle_tail(struct upk_outcome *o, enum upk_run_end end, struct upk_serving *serving,
	bool waits, int64_t version, struct upk_error *err)
{
	struct upk_model *m = o->model;
	bool first = o->order.run_kind == UPK_RUN_FIRST, done = true;
	pthread_mutex_lock(&m->lock);
	upk_retraining_ended(m->tail, end, first ? 0 : o->contest.change, o->ended);
	keep_failure(m->tail, o, end);
	if (version > m->tail->last_version)
		m->tail->last_version = version;
	if (first && end == UPK_RUN_PASSED && o->contest.figures) {
		upk_confusion_destroy(m->tail->holdout);
		m->tail->holdout = upk_confusion_copy(o->contest.figures, err);
		m->tail->holdout_version = version;
		done = m->tail->holdout != NULL;
	}
	if (waits)
		m->tail->waiting_run = o->order.run;
	if (serving)
		done = upk_tail_promote(m->tail, serving, err) && done;
	if (o->error.code == UPK_OK && upk_live_wants_start(m->tail->live))
		done = upk_live_begin(m->tail->live, &o->live, m->schema, m->tail->champion, err) &&
			done;
	pthread_mutex_unlock(&m->lock);
	return done;
}

static bool store_outcome(struct upk_engine *e, struct upk_outcome *o, struct upk_error *err)
{
	struct upk_model *m = o->model;
	const char *state, *verdict;
	enum upk_run_end end = end_of(o, &state, &verdict);
	bool passed = end == UPK_RUN_PASSED;
	bool waits = passed && (o->contest.held || m->tail->config->retrain.manual);
	/* Refused ones are kept too: a person may want one. Not those of a run that failed after
	 * its contest, which has no verdict on them. */
	bool made = o->error.code == UPK_OK && o->contest.predictor != NULL;
	int64_t version = made ? m->tail->last_version + 1 : o->contest.version;
	struct upk_serving *serving = NULL;
	if (made && !insert_version(e, o, version, err))
		return false;
	if (passed && !waits) {
		serving = upk_serving_load(e->store, m->number, version, m->schema, err);
		if (!serving)
			return false;
	}
	if (!update_run(e, o, waits ? "waiting" : state, verdict, version, err) ||
		(serving &&
			!upk_persist_promotion(e, m, version, "run", verdict, o->order.run, err))) {
		upk_serving_destroy(serving);
		return false;
	}
	return settle_tail(o, end, serving, waits, version, err) &&
		(!made || upk_keep_versions(e, m, err)) && upk_persist_state(e, m, err);
}

static void say_outcome(struct upk_engine *e, const struct upk_outcome *o)
{
	const char *state, *verdict;
	end_of(o, &state, &verdict);
	if (o->model->tail->waiting_run == o->order.run)
		state = "waits for a person";
	upk_engine_log(e, UPK_LOG_NOTICE, "model %s: run %lld %s: %s", o->model->name,
		(long long)o->order.run, state, verdict);
}

/* It is queued again at once, so that the next start does not take it for the cause of a crash. */
static void interrupt(struct upk_engine *e, const struct upk_outcome *o)
{
	struct upk_error err = { 0 };
	struct upk_model *m = o->model;
	if (!upk_store_begin(e->store, &err) ||
		!upk_persist_run_state(e, m, o->order.run, "queued", NULL, &err) ||
		!upk_store_commit(e->store, &err)) {
		upk_store_rollback(e->store);
		upk_engine_log(e, UPK_LOG_WARNING,
			"model %s: the end of the daemon will count as a crash of run %lld: %s",
			m->name, (long long)o->order.run, err.message);
	}
	upk_engine_log(e, UPK_LOG_NOTICE,
		"model %s: run %lld goes on when the daemon is started again", m->name,
		(long long)o->order.run);
}

static void apply_end(struct upk_engine *e, struct upk_outcome *o)
{
	struct upk_error err = { 0 };
	struct upk_model *m = o->model;
	if (m->tail->open_run != o->order.run || m->stale)
		return;
	if (o->interrupted) {
		interrupt(e, o);
		return;
	}
	bool done = upk_store_begin(e->store, &err);
	if (done && (!store_outcome(e, o, &err) || !upk_store_commit(e->store, &err))) {
		upk_store_rollback(e->store);
		done = false;
	}
	if (done) {
		say_outcome(e, o);
	} else {
		m->stale = true;
		upk_engine_log(e, UPK_LOG_ERROR,
			"model %s: the outcome of run %lld can't be stored: %s", m->name,
			(long long)o->order.run, err.message);
	}
	upk_group_settle(e, m);
}

static void apply_begun(struct upk_engine *e, struct upk_outcome *o)
{
	struct upk_error err = { 0 };
	const struct upk_run_row row = { .model = o->model->number,
		.run = o->order.run,
		.state = upk_text_of("running"),
		.started = o->started };
	if (o->model->tail->open_run != o->order.run || o->model->stale)
		return;
	if (!upk_store_begin(e->store, &err) || !upk_run_update(e->store, &row, &err) ||
		!upk_store_commit(e->store, &err)) {
		upk_store_rollback(e->store);
		upk_engine_log(e, UPK_LOG_WARNING,
			"model %s: run %lld is going on, which can't be stored: %s", o->model->name,
			(long long)o->order.run, err.message);
	}
}

void upk_promotion_apply(struct upk_engine *e, struct upk_task *task)
{
	struct upk_outcome *o = (struct upk_outcome *)(void *)task;
	if (!o->model->deleted) {
		if (o->begun)
			apply_begun(e, o);
		else
			apply_end(e, o);
	}
	upk_outcome_destroy(o);
}

/* ---- by hand ---- */

/* The run that waits has ended with it: it is the promotion's when it proposed that version. */
static bool finish_waiting(struct upk_engine *e, struct upk_model *m,
	struct upk_promotion_row *promotion, struct upk_error *err)
{
	struct upk_run_row row;
	bool found;
	if (m->tail->waiting_run == 0)
		return true;
	if (!upk_run_get(e->store, m->number, m->tail->waiting_run, &found, &row, err))
		return false;
	bool its = found && row.version == promotion->version;
	const char *state = its ? "succeeded" : "rejected";
	if (its)
		promotion->run = m->tail->waiting_run;
	return !found || upk_persist_run_state(e, m, m->tail->waiting_run, state, NULL, err);
}

static bool promote(struct upk_engine *e, struct upk_model *m, struct upk_promotion_row row,
	struct upk_error *err)
{
	bool live = upk_tail_is_live(m->tail, row.version);
	struct upk_serving *serving =
		live ? NULL : upk_serving_load(e->store, m->number, row.version, m->schema, err);
	if (!serving && !live)
		return false;
	if (!upk_version_set_off_bench(e->store, m->number, row.version, false, err) ||
		!finish_waiting(e, m, &row, err) || !upk_persist_promotion_row(e, m, row, err)) {
		upk_serving_destroy(serving);
		return false;
	}
	pthread_mutex_lock(&m->lock);
	m->tail->waiting_run = 0;
	if (live)
		upk_tail_promote_live(m->tail);
	bool done =
		(live || upk_tail_promote(m->tail, serving, err)) && upk_tail_publish(m->tail, err);
	pthread_mutex_unlock(&m->lock);
	return done && upk_persist_state(e, m, err);
}

/* The verdict of a run that the version did not pass, as it made or proposed it. Nothing is
 * appended when it passed, or nobody knows any more. */
static bool read_against(struct upk_engine *e, struct upk_model *m, int64_t run, int64_t version,
	struct upk_buffer *against, struct upk_error *err)
{
	struct upk_run_row row;
	bool found;
	if (run == 0)
		return true;
	if (!upk_run_get(e->store, m->number, run, &found, &row, err))
		return false;
	if (!found || row.version != version || !row.gate.data)
		return true;
	cJSON *gate = upk_json_parse(row.gate, err);
	if (!gate)
		return false;
	if (cJSON_IsFalse(cJSON_GetObjectItemCaseSensitive(gate, "passed")))
		upk_buffer_append(against, row.verdict.data, row.verdict.size);
	cJSON_Delete(gate);
	return !against->failed ||
		upk_fail(err, UPK_NOMEM, "no memory for the verdict of run %lld", (long long)run);
}

static bool has_told(const struct upk_person *person)
{
	return person && person->name.size > 0 && person->reason.size > 0;
}

/* Against a verdict only by name and with a reason. */
static bool promote_as(struct upk_engine *e, struct upk_model *m, int64_t version, int64_t run,
	struct upk_text against, const struct upk_person *person, struct upk_error *err)
{
	struct upk_promotion_row row = { .version = version,
		.by = upk_text_of("hand"),
		.reason = upk_text_of("promoted by hand") };
	if (against.size > 0 && !has_told(person))
		return upk_fail(err, UPK_CONFLICT,
			"version %lld was not passed by the gate (run %lld: %.*s): to promote it "
			"all the "
			"same, say who does and why: {\"by\": ..., \"reason\": ...}",
			(long long)version, (long long)run, (int)against.size, against.data);
	if (person) {
		row.person = person->name;
		row.reason = person->reason.size > 0 ? person->reason : row.reason;
	}
	if (against.size > 0) {
		row.run = run;
		row.against = against;
		upk_engine_log(e, UPK_LOG_WARNING,
			"model %s: version %lld is promoted against the verdict of run %lld",
			m->name, (long long)version, (long long)run);
	}
	return promote(e, m, row, err);
}

bool upk_promotion_by_hand(struct upk_engine *e, struct upk_model *m, int64_t version,
	const struct upk_person *person, struct upk_error *err)
{
	struct upk_version_row row;
	struct upk_buffer against = { 0 };
	bool found;
	if (!upk_version_get(e->store, m->number, version, &found, &row, err))
		return false;
	if (!found)
		return upk_fail(err, UPK_NOT_FOUND, "model %s has no version %lld%s", m->name,
			(long long)version,
			version > 0 && version <= m->tail->last_version ? " any more" : "");
	if (m->tail->champion == version)
		return upk_fail(err, UPK_CONFLICT, "version %lld is the champion already",
			(long long)version);
	int64_t run = row.run;
	bool done = read_against(e, m, run, version, &against, err);
	if (done && against.size == 0) {
		run = m->tail->waiting_run;
		done = read_against(e, m, run, version, &against, err);
	}
	done = done && promote_as(e, m, version, run, upk_buffer_text(&against), person, err);
	upk_buffer_finish(&against);
	return done;
}

/* What a person rolled back has no say by itself any more; the newest on the bench stands in for
 * it beside the shadow. */
static void leave(struct upk_tail *t, int64_t version)
{
	if (upk_tail_is_live(t, version)) {
		upk_live_hold(t->live, true);
		return;
	}
	upk_bench_leave(t->bench, version);
	size_t left = upk_bench_count(t->bench);
	if (upk_live_other(t->live) == version && left > 0)
		upk_live_face(t->live, upk_serving_version(upk_bench_at(t->bench, left - 1)));
}

bool upk_promotion_rollback(
	struct upk_engine *e, struct upk_model *m, int64_t *version, struct upk_error *err)
{
	struct upk_version_row row;
	bool found;
	struct upk_promotion_log *log = upk_promotion_log_read(e->store, m->number, err);
	if (!log)
		return false;
	int64_t from = upk_promotion_log_at(log, 0), to = upk_promotion_log_at(log, 1);
	free(log);
	if (to == 0)
		return upk_fail(err, UPK_CONFLICT, "model %s has no promotion left to roll back to",
			m->name);
	if (!upk_version_get(e->store, m->number, to, &found, &row, err))
		return false;
	if (!found)
		return upk_fail(err, UPK_CONFLICT,
			"version %lld, which answered before version %lld, is no longer kept: "
			"promote another one by hand",
			(long long)to, (long long)from);

	char reason[128];
	snprintf(reason, sizeof reason, "version %lld was rolled back by hand", (long long)from);
	const struct upk_promotion_row entry = {
		.version = to, .by = upk_text_of("rollback"), .reason = upk_text_of(reason)
	};
	if (!upk_version_set_off_bench(e->store, m->number, from, true, err) ||
		!promote(e, m, entry, err))
		return false;
	pthread_mutex_lock(&m->lock);
	if (from != to)
		leave(m->tail, from);
	pthread_mutex_unlock(&m->lock);
	*version = to;
	return upk_persist_live(e, m, err);
}

/* What a run that waited was waiting with stays in its verdict. */
static void write_cancelled(
	const struct upk_run_row *row, const struct upk_person *person, struct upk_buffer *out)
{
	if (row->verdict.size > 0) {
		upk_buffer_append(out, row->verdict.data, row->verdict.size);
		upk_buffer_puts(out, "; ");
	}
	upk_buffer_puts(out, "cancelled by hand");
	if (person && person->name.size > 0)
		upk_buffer_printf(out, ", by %.*s", (int)person->name.size, person->name.data);
	if (person && person->reason.size > 0)
		upk_buffer_printf(out, ": %.*s", (int)person->reason.size, person->reason.data);
	upk_buffer_putc(out, '\0');
}

bool upk_promotion_cancel(struct upk_engine *e, struct upk_model *m, int64_t run,
	const struct upk_person *person, struct upk_error *err)
{
	struct upk_run_row row;
	struct upk_buffer verdict = { 0 };
	bool found;
	if (!upk_run_get(e->store, m->number, run, &found, &row, err))
		return false;
	if (!found)
		return upk_fail(
			err, UPK_NOT_FOUND, "model %s has no run %lld", m->name, (long long)run);
	if (m->tail->open_run != run && m->tail->waiting_run != run)
		return upk_fail(err, UPK_CONFLICT, "run %lld has ended already: %.*s",
			(long long)run, (int)row.state.size, row.state.data);

	write_cancelled(&row, person, &verdict);
	bool done = verdict.failed
		? upk_fail(err, UPK_NOMEM, "no memory for the verdict of run %lld", (long long)run)
		: upk_persist_run_state(e, m, run, "cancelled", verdict.data, err);
	upk_buffer_finish(&verdict);
	if (!done)
		return false;
	pthread_mutex_lock(&m->lock);
	if (m->tail->open_run == run) {
		upk_jobs_cancel(e->jobs, m, run);
		upk_retraining_ended(m->tail, UPK_RUN_CANCELLED, 0, upk_clock_now(e->clock));
	} else {
		m->tail->waiting_run = 0;
	}
	pthread_mutex_unlock(&m->lock);
	return upk_persist_state(e, m, err);
}
