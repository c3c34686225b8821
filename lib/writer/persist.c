#include "writer/persist.h"

#include <math.h>

#include "learn/learner.h"
#include "store/alert.h"
#include "store/history.h"
#include "store/live.h"
#include "store/model.h"
#include "store/run.h"
#include "store/version.h"
#include "tail/sentence.h"
#include "tail/tail_state.h"
#include "writer/jobs.h"
#include "writer/keep.h"

enum { POINTS_MOST = 4096, POINTS_AT_ONCE = 64, THIN_EVERY = 256, STATE_EVERY = 10000 };

static bool persist_alert(struct upk_engine *e, struct upk_model *m, const struct upk_order *order,
	struct upk_error *err)
{
	const struct upk_judgement *j = &order->judgement;
	char detail[UPK_SENTENCE_SIZE];
	upk_sentence_alert(m->tail, order, detail);
	const struct upk_alert_row row = { .model = m->number,
		.alert = order->alert,
		.rule = upk_text_of(m->tail->rules[order->rule].config->name),
		.state = upk_text_of("firing"),
		.fired = order->time,
		.place = order->place,
		.value = j->value,
		.bound = j->bound,
		.threshold = j->threshold,
		.pairs = (int64_t)j->pairs,
		.change = order->change,
		.run_at = order->run_at,
		.detail = upk_text_of(detail) };
	return upk_alert_insert(e->store, &row, err) && upk_keep_alerts(e, m, err);
}

/* The alert as it stands, to be changed and written back; its texts are not. */
static bool get_alert(struct upk_engine *e, struct upk_model *m, int64_t alert,
	struct upk_alert_row *row, struct upk_error *err)
{
	bool found;
	if (!upk_alert_get(e->store, m->number, alert, &found, row, err))
		return false;
	if (!found)
		return upk_fail(
			err, UPK_CORRUPT, "alert %lld is not in the store", (long long)alert);
	row->state = upk_text_of(row->resolved != 0 ? "resolved" : "firing");
	return true;
}

static bool persist_resolve(struct upk_engine *e, struct upk_model *m,
	const struct upk_order *order, struct upk_error *err)
{
	struct upk_alert_row row;
	if (!get_alert(e, m, order->alert, &row, err))
		return false;
	row.state = upk_text_of("resolved");
	row.resolved = order->time;
	row.resolved_by = upk_text_of(order->resolved_by);
	return upk_alert_update(e->store, &row, err);
}

static bool persist_run(struct upk_engine *e, struct upk_model *m, const struct upk_order *order,
	struct upk_error *err)
{
	char reason[UPK_SENTENCE_SIZE];
	bool alert = order->run_kind == UPK_RUN_ALERT;
	upk_sentence_run(m->tail, order, reason);
	const struct upk_run_row row = { .model = m->number,
		.run = order->run,
		.state = upk_text_of("queued"),
		.kind = upk_text_of(upk_run_kind_name(order->run_kind)),
		.rule = upk_text_of(alert ? m->tail->rules[order->rule].config->name : NULL),
		.reason = upk_text_of(reason),
		.alert = order->alert,
		.now = order->now,
		.change = order->change,
		.as_of = order->seq,
		.seed = (int64_t)m->tail->config->retrain.seed,
		.queued = order->time };
	if (!upk_run_insert(e->store, &row, err) || !upk_keep_runs(e, m, err))
		return false;
	if (!alert)
		return true;

	struct upk_alert_row fired;
	if (!get_alert(e, m, order->alert, &fired, err))
		return false;
	fired.run = order->run;
	fired.run_at = order->place;
	return upk_alert_update(e->store, &fired, err);
}

bool upk_persist_promotion_row(struct upk_engine *e, struct upk_model *m,
	struct upk_promotion_row row, struct upk_error *err)
{
	row.model = m->number;
	row.promotion = ++m->tail->last_promotion;
	row.time = upk_clock_now(e->clock);
	row.place = m->tail->place;
	return upk_promotion_insert(e->store, &row, err);
}

bool upk_persist_promotion(struct upk_engine *e, struct upk_model *m, int64_t version,
	const char *by, const char *reason, int64_t run, struct upk_error *err)
{
	const struct upk_promotion_row row = {
		.version = version, .by = upk_text_of(by), .reason = upk_text_of(reason), .run = run
	};
	return upk_persist_promotion_row(e, m, row, err);
}

/* The shadow's version with its bytes of now, when it is about to get its first say. */
static bool insert_live(struct upk_engine *e, struct upk_model *m, const struct upk_order *order,
	struct upk_error *err)
{
	struct upk_live_view view;
	struct upk_buffer bytes = { 0 };
	upk_live_view(m->tail->live, &view);
	const struct upk_version_row row = { .model = m->number,
		.version = order->takeover.version,
		.learner = upk_text_of("logistic"),
		.settings = upk_text_of(UPK_LIVE_SETTINGS),
		.from = view.from,
		.to = order->place + 1,
		.rows = view.rows + view.pairs,
		.as_of = order->seq,
		.created = order->time,
		.processor = upk_text_of(upk_learner_processor()) };
	bool done = upk_live_write_copy(m->tail->live, &bytes, err);
	if (done) {
		struct upk_version_row sized = row;
		sized.size = (int64_t)bytes.size;
		done = upk_version_insert(e->store, &sized, upk_buffer_text(&bytes), err);
	}
	upk_buffer_finish(&bytes);
	return done;
}

static bool persist_live_version(struct upk_engine *e, struct upk_model *m,
	const struct upk_order *order, struct upk_error *err)
{
	struct upk_version_row row;
	bool found;
	if (!upk_tail_is_live(m->tail, order->takeover.version))
		return true;
	if (!upk_version_get(e->store, m->number, order->takeover.version, &found, &row, err))
		return false;
	return found || insert_live(e, m, order, err);
}

static bool persist_takeover(struct upk_engine *e, struct upk_model *m,
	const struct upk_order *order, struct upk_error *err)
{
	char reason[UPK_SENTENCE_SIZE];
	upk_sentence_takeover(m->tail, order, reason);
	if (!persist_live_version(e, m, order, err))
		return false;
	if (m->tail->config->retrain.manual)
		return true;
	return upk_persist_promotion(
		e, m, order->takeover.version, order->live ? "live" : "bench", reason, 0, err);
}

static struct upk_text window_of(const struct upk_model *m, const struct upk_order *order)
{
	return upk_text_of(m->tail->config->windows[order->window].name);
}

/* Looking how many there are takes as long as storing dozens: it is done after so many new ones,
 * and at the first after a start. */
static bool thin_points(
	struct upk_engine *e, struct upk_model *m, size_t stored, struct upk_error *err)
{
	const struct upk_config *config = m->tail->config;

	if (stored < m->points_left) {
		m->points_left -= stored;
		return true;
	}
	for (size_t i = 0; i < config->windows_count; i++)
		if (!upk_history_thin(e->store, m->number, upk_text_of(config->windows[i].name),
			    POINTS_MOST, err))
			return false;
	m->points_left = THIN_EVERY;
	return true;
}

/* Together: many posts at once bring many points. */
static bool persist_points(struct upk_engine *e, struct upk_model *m,
	const struct upk_orders *orders, struct upk_error *err)
{
	struct upk_history_row rows[POINTS_AT_ONCE];
	size_t count = 0, stored = 0;
	for (size_t i = 0; i < orders->count; i++) {
		const struct upk_order *order = &orders->items[i];
		if (order->kind != UPK_ORDER_POINT)
			continue;
		stored++;
		rows[count++] = (struct upk_history_row){ .model = m->number,
			.window = window_of(m, order),
			.place = order->place,
			.time = order->point_time,
			.counts = upk_buffer_text(&order->counts) };
		if (count == POINTS_AT_ONCE) {
			if (!upk_history_insert_many(e->store, rows, count, err))
				return false;
			count = 0;
		}
	}
	return stored == 0 ||
		(upk_history_insert_many(e->store, rows, count, err) &&
			thin_points(e, m, stored, err));
}

bool upk_persist_orders(struct upk_engine *e, struct upk_model *m, const struct upk_orders *orders,
	struct upk_error *err)
{
	static bool (*const writers[])(struct upk_engine *, struct upk_model *,
		const struct upk_order *, struct upk_error *) = {
		[UPK_ORDER_ALERT] = persist_alert,
		[UPK_ORDER_RESOLVE] = persist_resolve,
		[UPK_ORDER_RUN] = persist_run,
		[UPK_ORDER_PROMOTE] = persist_takeover,
		[UPK_ORDER_POINT] = NULL, /* all at once */
	};
	for (size_t i = 0; i < orders->count; i++) {
		const struct upk_order *order = &orders->items[i];
		if (writers[order->kind] && !writers[order->kind](e, m, order, err))
			return false;
	}
	return persist_points(e, m, orders, err);
}

bool upk_persist_urgent(const struct upk_model *m, const struct upk_orders *orders)
{
	if (m->tail->place - m->stored_place >= STATE_EVERY)
		return true;
	for (size_t i = 0; i < orders->count; i++)
		if (orders->items[i].kind != UPK_ORDER_POINT)
			return true;
	return false;
}

bool upk_persist_live(struct upk_engine *e, struct upk_model *m, struct upk_error *err)
{
	struct upk_buffer bytes = { 0 };
	upk_live_write(m->tail->live, &bytes);
	bool done = bytes.failed
		? upk_fail(err, UPK_NOMEM, "no memory for the state of live adjustment")
		: upk_live_store(e->store, m->number, upk_buffer_text(&bytes), err);
	upk_buffer_finish(&bytes);
	return done;
}

bool upk_persist_state(struct upk_engine *e, struct upk_model *m, struct upk_error *err)
{
	struct upk_buffer state = { 0 };
	upk_tail_state_write(m->tail, &state);
	bool done = state.failed ? upk_fail(err, UPK_NOMEM, "no memory for a model's state")
				 : upk_model_set_state(e->store, m->number, m->tail->place,
					   m->tail->seen, upk_buffer_text(&state), err) &&
			upk_persist_live(e, m, err);
	upk_buffer_finish(&state);
	if (done)
		m->stored_place = m->tail->place;
	return done;
}

/* Words are copied before the row is written back: reading and writing share the store's memory. */
bool upk_persist_run_state(struct upk_engine *e, struct upk_model *m, int64_t run,
	const char *state, const char *verdict, struct upk_error *err)
{
	struct upk_run_row row;
	bool found;
	if (!upk_run_get(e->store, m->number, run, &found, &row, err))
		return false;
	if (!found)
		return upk_fail(
			err, UPK_NOT_FOUND, "model %s has no run %lld", m->name, (long long)run);

	struct upk_buffer memory = { 0 };
	struct upk_text *texts[] = { &row.candidates, &row.gate, &row.verdict };
	size_t at[3] = { 0 };
	upk_buffer_append(&memory, "", 1);
	for (size_t i = 0; i < 3; i++) {
		at[i] = memory.size;
		if (texts[i]->data)
			upk_buffer_append(&memory, texts[i]->data, texts[i]->size);
	}
	for (size_t i = 0; i < 3 && !memory.failed; i++)
		if (texts[i]->data)
			texts[i]->data = memory.data + at[i];
	row.state = upk_text_of(state);
	if (verdict) {
		row.verdict = upk_text_of(verdict);
		row.ended = upk_clock_now(e->clock);
	}
	bool done = memory.failed ? upk_fail(err, UPK_NOMEM, "no memory for a run")
				  : upk_run_update(e->store, &row, err);
	upk_buffer_finish(&memory);
	return done;
}

static void follow_run(struct upk_engine *e, struct upk_model *m, const struct upk_order *order)
{
	struct upk_error err = { 0 };
	char sentence[UPK_SENTENCE_SIZE];
	upk_sentence_run(m->tail, order, sentence);
	upk_engine_log(e, UPK_LOG_INFO, "model %s: run %lld is queued: %s", m->name,
		(long long)order->run, sentence);
	if (!upk_jobs_queue(e, m, order, &err)) {
		m->stale = err.code != UPK_BUSY;
		upk_engine_log(e, UPK_LOG_ERROR, "model %s: run %lld can't be queued: %s", m->name,
			(long long)order->run, err.message);
	}
}

void upk_persist_follow(struct upk_engine *e, struct upk_model *m, const struct upk_orders *orders)
{
	char sentence[UPK_SENTENCE_SIZE];
	for (size_t i = 0; i < orders->count; i++) {
		const struct upk_order *order = &orders->items[i];
		switch (order->kind) {
		case UPK_ORDER_ALERT:
			upk_sentence_alert(m->tail, order, sentence);
			upk_engine_log(e, UPK_LOG_WARNING, "model %s: alert %lld at place %lld: %s",
				m->name, (long long)order->alert, (long long)order->place,
				sentence);
			break;
		case UPK_ORDER_RESOLVE:
			upk_engine_log(e, UPK_LOG_NOTICE, "model %s: alert %lld is over: %s",
				m->name, (long long)order->alert, order->resolved_by);
			break;
		case UPK_ORDER_RUN:
			follow_run(e, m, order);
			break;
		case UPK_ORDER_PROMOTE:
			upk_sentence_takeover(m->tail, order, sentence);
			upk_engine_log(e, UPK_LOG_NOTICE, "model %s: %s%s", m->name, sentence,
				m->tail->config->retrain.manual ? ": proposed" : ": promoted");
			break;
		case UPK_ORDER_POINT:
			break;
		}
	}
}
