#include "writer/building.h"

#include <stdlib.h>

#include "core/scorer.h"
#include "windows/delays.h"
#include "windows/past.h"
#include "windows/score_ring.h"

enum {
	PIECE = 20000,   /* places a transaction */
	REST = 2000,     /* so few steps are left to the writer */
	ROUNDS_MOST = 50 /* when steps come as fast as they are applied */
};

struct noted {
	enum upk_step_kind kind;
	uint16_t actual; /* of a revision: the label from then on */
	struct upk_seat seat;
};

struct noted_list {
	struct noted *items;
	size_t count, room;
};

struct upk_building {
	struct upk_engine *engine;
	struct upk_model *model; /* a reference */
	struct upk_config *config;
	struct upk_schema *schema; /* of the rows up to `place` */
	int64_t place, seq, clock; /* as known then */

	/* under the model's lock */
	struct noted_list noted;
	bool lost;
	bool handed;

	/* the thread's own; the writer's once it is handed over */
	struct upk_windows windows;
	struct upk_score_ring *scores; /* for its rules */
	struct upk_tags tags;
	size_t classes;
	unsigned char
		*seen; /* a bit a place from `from` to `place`: it was there when it was read */
	int64_t from;
	bool removed; /* a pair that the windows may miss an older one for */
};

static bool start_windows(struct upk_building *b, struct upk_error *err)
{
	b->classes = b->schema->classes_count;
	if (!upk_windows_init(&b->windows, b->config, false, b->classes, err))
		return false;
	upk_windows_expire(&b->windows, b->clock);
	return true;
}

static void finish(struct upk_building *b)
{
	upk_windows_finish(&b->windows);
	upk_score_ring_destroy(b->scores);
	upk_tags_finish(&b->tags);
	upk_config_unref(b->config);
	upk_schema_unref(b->schema);
	upk_model_unref(b->model);
	free(b->noted.items);
	free(b->seen);
	free(b);
}

struct upk_building *upk_building_begin(
	struct upk_engine *e, struct upk_model *m, struct upk_config *config, struct upk_error *err)
{
	struct upk_building *b = calloc(1, sizeof *b);
	if (!b) {
		upk_fail(err, UPK_NOMEM, "no memory for windows");
		return NULL;
	}
	b->engine = e;
	b->model = upk_model_ref(m);
	b->config = upk_config_ref(config);
	b->schema = upk_schema_ref(m->schema);
	b->place = m->tail->place;
	b->seq = e->seq;
	b->clock = m->tail->clock ? m->tail->clock : upk_clock_now(e->clock);
	if (!start_windows(b, err)) {
		finish(b);
		return NULL;
	}
	pthread_mutex_lock(&m->lock);
	m->building = b;
	pthread_mutex_unlock(&m->lock);
	return b;
}

void upk_building_end(struct upk_building *b)
{
	if (!b)
		return;
	struct upk_model *m = b->model;
	pthread_mutex_lock(&m->lock);
	m->building = NULL;
	pthread_cond_broadcast(&m->built);
	pthread_mutex_unlock(&m->lock);
	finish(b);
}

void upk_building_wait(struct upk_model *m)
{
	pthread_mutex_lock(&m->lock);
	while (m->building)
		pthread_cond_wait(&m->built, &m->lock);
	pthread_mutex_unlock(&m->lock);
}

const struct upk_config *upk_building_config(const struct upk_building *b)
{
	return b->config;
}

bool upk_building_of(const struct upk_building *b, const struct upk_model *m)
{
	return b->model == m;
}

/* ---- what comes meanwhile ---- */

static bool make_room(struct noted_list *l)
{
	if (l->count < l->room)
		return true;
	size_t room = l->room ? l->room * 2 : 256;
	struct noted *items =
		room > UPK_BUILDING_STEPS ? NULL : realloc(l->items, room * sizeof *items);
	if (!items)
		return false;
	l->items = items;
	l->room = room;
	return true;
}

static bool concerns_windows(const struct upk_step *step)
{
	return step->kind == UPK_STEP_PAIR ||
		(!step->example &&
			(step->kind == UPK_STEP_REVISION || step->kind == UPK_STEP_REMOVAL));
}

void upk_building_note(struct upk_building *b, const struct upk_step *step)
{
	if (b->lost || !concerns_windows(step))
		return;
	if (!make_room(&b->noted)) {
		b->lost = true;
		return;
	}
	struct noted *noted = &b->noted.items[b->noted.count++];
	*noted = (struct noted){ .kind = step->kind,
		.actual = step->pair.actual,
		.seat = { .place = step->place,
			.time = step->time,
			.event = step->event,
			.tag = step->tag,
			.pair = step->pair,
			.delay = upk_delays_bucket(step->delay) } };
	if (step->kind == UPK_STEP_REVISION)
		noted->seat.pair.actual = step->was;
}

void upk_building_lose_locked(struct upk_model *m)
{
	if (m->building)
		m->building->lost = true;
}

void upk_building_lose(struct upk_model *m)
{
	pthread_mutex_lock(&m->lock);
	upk_building_lose_locked(m);
	pthread_mutex_unlock(&m->lock);
}

static bool fail_lost(const struct upk_building *b, struct upk_error *err)
{
	return upk_fail(
		err, UPK_BUSY, "model %s changed while its windows were built", b->model->name);
}

/* What was noted so far; names are numbered as the building does. */
static bool take_noted(struct upk_building *b, struct noted_list *out, struct upk_error *err)
{
	struct upk_model *m = b->model;
	bool done = true;
	pthread_mutex_lock(&m->lock);
	*out = b->noted;
	b->noted = (struct noted_list){ 0 };
	size_t classes = m->schema->classes_count;
	if (b->lost || m->deleted)
		done = fail_lost(b, err);
	for (size_t i = 0; done && i < out->count; i++) {
		upk_tag *tag = &out->items[i].seat.tag;
		const struct upk_made_by by = { .name = upk_text_of(
							upk_tags_name(&m->tail->tags, *tag)) };
		if (by.name.data)
			done = upk_tags_of(&b->tags, by, tag, err);
	}
	pthread_mutex_unlock(&m->lock);
	if (done && classes > b->classes) {
		done = upk_windows_grow(&b->windows, classes, err);
		b->classes = classes;
	}
	return done;
}

static bool was_seen(const struct upk_building *b, int64_t place)
{
	if (place > b->place)
		return true;
	int64_t bit = place - b->from;
	return bit >= 0 && (b->seen[bit / 8] >> (bit % 8) & 1);
}

/* A pair that was not seen was removed before it was read: neither that nor what revised it before
 * has anything to change, but an older pair has its seat. */
static bool apply_one(struct upk_building *b, const struct noted *n, struct upk_error *err)
{
	b->removed = b->removed || n->kind == UPK_STEP_REMOVAL;
	if (!was_seen(b, n->seat.place))
		return true;
	if (n->kind == UPK_STEP_PAIR)
		return upk_windows_add(&b->windows, &n->seat, err);
	if (n->kind == UPK_STEP_REVISION) {
		upk_score_ring_revise(b->scores, n->seat.place, n->actual);
		return upk_windows_revise(&b->windows, &n->seat, n->actual, err);
	}
	upk_score_ring_remove(b->scores, n->seat.place);
	return upk_windows_remove(&b->windows, &n->seat, err);
}

static bool apply(struct upk_building *b, size_t *count, struct upk_error *err)
{
	struct noted_list noted;
	bool done = take_noted(b, &noted, err);
	for (size_t i = 0; done && i < noted.count; i++)
		done = apply_one(b, &noted.items[i], err);
	*count = noted.count;
	free(noted.items);
	return done;
}

/* ---- the rows ---- */

static bool hold(void *context, const struct upk_seat *seat, struct upk_error *err)
{
	struct upk_building *b = context;
	int64_t bit = seat->place - b->from;
	b->seen[bit / 8] |= (unsigned char)(1 << (bit % 8));
	return upk_windows_add(&b->windows, seat, err);
}

static bool still_wanted(struct upk_building *b, struct upk_error *err)
{
	pthread_mutex_lock(&b->model->lock);
	bool wanted = !b->lost && !b->model->deleted;
	pthread_mutex_unlock(&b->model->lock);
	return wanted || fail_lost(b, err);
}

static bool read_rows(struct upk_building *b, struct upk_store *store, struct upk_error *err)
{
	const struct upk_past past = { store, b->model->number, b->schema, &b->tags };
	struct upk_scan scan = {
		.model = b->model->number, .from = 1, .to = b->place + 1, .as_of = b->seq
	};
	if (!upk_past_oldest(&past, &scan, b->config, b->clock, &b->from, err))
		return false;
	if (b->from > b->place)
		b->from = b->place + 1;
	b->seen = calloc((size_t)(b->place + 1 - b->from) / 8 + 1, 1);
	if (!b->seen)
		return upk_fail(err, UPK_NOMEM, "no memory for windows");
	for (int64_t from = b->from; from <= b->place; from = scan.to) {
		scan.from = from;
		scan.to = from + PIECE <= b->place ? from + PIECE : b->place + 1;
		if (!still_wanted(b, err) || !upk_past_each(&past, &scan, hold, b, err))
			return false;
	}
	return true;
}

/* Those that do not fit are read when a rule asks for them. */
static bool read_scores(struct upk_building *b, struct upk_store *store, struct upk_error *err)
{
	struct upk_error reason = { 0 };
	b->scores = upk_score_ring_create();
	if (!b->scores)
		return upk_fail(err, UPK_NOMEM, "no memory for scores");
	bool read = upk_scorer_fill(b->scores, store, b->model->number, b->config, b->schema,
		&b->windows, b->place, &reason);
	return read || reason.code == UPK_TOO_LARGE ||
		upk_fail(err, reason.code, "%s", reason.message);
}

bool upk_building_run(struct upk_building *b, struct upk_error *err)
{
	struct upk_store *store = upk_readers_take(b->engine->readers, err);
	bool done = store && read_rows(b, store, err) && read_scores(b, store, err);
	upk_readers_give_back(b->engine->readers, store);
	size_t count = REST + 1;
	for (int round = 0; done && count > REST && round < ROUNDS_MOST; round++)
		done = apply(b, &count, err);
	return done;
}

/* ---- taking it ---- */

void upk_building_hand_over(struct upk_building *b)
{
	pthread_mutex_lock(&b->model->lock);
	b->handed = true;
	pthread_mutex_unlock(&b->model->lock);
}

/* Classes go by their numbers. */
static bool fits(
	const struct upk_building *b, const struct upk_schema *had, const struct upk_tail *t)
{
	const struct upk_config *wanted = t->config;
	if (wanted->windows_count != b->config->windows_count ||
		t->schema->classes_count < b->classes)
		return false;
	for (size_t i = 0; i < wanted->windows_count; i++)
		if (!upk_config_same_window(&wanted->windows[i], &b->config->windows[i]))
			return false;
	for (size_t i = 0; i < had->classes_count; i++)
		if (i >= t->schema->classes_count ||
			!upk_text_equal(had->classes[i], t->schema->classes[i]))
			return false;
	return true;
}

struct upk_building *upk_building_take(struct upk_model *m, struct upk_tail *t)
{
	pthread_mutex_lock(&m->lock);
	struct upk_building *b = m->building;
	bool taken = b && b->handed && !b->lost && fits(b, m->schema, t);
	pthread_mutex_unlock(&m->lock);
	if (!taken)
		return NULL;
	t->tags = b->tags;
	b->tags = (struct upk_tags){ 0 };
	return b;
}

/* As writer/feed.h does after each removal. */
static bool refill(struct upk_engine *e, struct upk_building *b, const struct upk_tail *t,
	struct upk_error *err)
{
	const struct upk_past past = { e->store, b->model->number, t->schema, &b->tags };
	struct upk_scan older = { .from = 1, .as_of = t->seen };
	struct upk_seats seats = { 0 };
	size_t many;
	upk_windows_look_back(&b->windows);
	if (!upk_windows_lack(&b->windows, &older.to, &many))
		return true;
	if (older.to > t->place)
		older.to = t->place + 1;
	older.newest = (int64_t)many;
	bool done = upk_past_read(&past, &older, INT64_MIN, &seats, err) &&
		upk_windows_refill(&b->windows, seats.items, seats.count, many, err);
	upk_seats_finish(&seats);
	return done;
}

bool upk_building_install(
	struct upk_engine *e, struct upk_building *b, struct upk_tail *t, struct upk_error *err)
{
	size_t count;
	b->tags = t->tags;
	t->tags = (struct upk_tags){ 0 };
	bool done = apply(b, &count, err) &&
		upk_windows_grow(&b->windows, t->schema->classes_count, err) &&
		(!b->removed || refill(e, b, t, err));
	t->tags = b->tags;
	b->tags = (struct upk_tags){ 0 };
	if (!done)
		return false;
	upk_windows_finish(&t->windows);
	t->windows = b->windows;
	b->windows = (struct upk_windows){ 0 };
	upk_score_ring_destroy(t->scorer.ring);
	t->scorer.ring = b->scores;
	b->scores = NULL;
	upk_tail_expire(t, t->clock);
	return true;
}
