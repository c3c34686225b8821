#include "faults/scenario.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "faults/fault.h"
#include "report/report.h"
#include "store/model.h"
#include "store/place.h"

enum { PATIENCE_S = 60, LAST = 8 };

#define CONFIG(rules) \
	"{\"classes\":[\"x\",\"y\"],\"features\":[\"a\",\"b\"],\"rules\":[" rules "]," \
	"\"windows\":[{\"name\":\"last\",\"count\":8},{\"name\":\"all\",\"count\":100000}]}"
#define EVENT(id, class, a) \
	"{\"id\":\"" id "\",\"predicted\":\"" class "\",\"features\":[" a ",1.5]}"
#define PAIR(id, class, label) \
	"{\"id\":\"" id "\",\"predicted\":\"" class "\",\"label\":\"" label "\",\"features\":[0," \
						    "1]}"
#define LABEL(id, class) "{\"id\":\"" id "\",\"label\":\"" class "\"}"
#define ROW(id, a, label) "{\"id\":\"" id "\",\"features\":[" a ",0.5],\"label\":\"" label "\"}"

enum what { PUT, POST, RUN, METRICS, RESTART };

struct step {
	enum what what;
	const char *model;
	enum upk_item_kind kind;
	const char *body;
	size_t items;
	bool settle;
	bool plain; /* sent again, all of it is duplicates if it was stored and none if not */
};

static const struct step steps[] = {
	{ .what = PUT,
		.model = "m",
		.body = CONFIG("{\"name\":\"low\",\"metric\":\"accuracy\",\"window\":\"last\","
			       "\"below\":0.7,\"min_pairs\":5,\"confidence\":null,"
			       "\"actions\":[\"alert\"]}") },
	{ POST, "m", UPK_ITEM_EVENT,
		"[" EVENT("e1", "x", "1") "," EVENT("e2", "x", "2") "," EVENT(
			"e3", "y", "3") "," EVENT("e4", "x", "4") "," EVENT("e5", "y",
			"5") "," EVENT("e6", "x", "6") "]",
		6, false, true },
	{ POST, "m", UPK_ITEM_LABEL,
		"[" LABEL("e2", "x") "," LABEL("e3", "x") "," LABEL("e4", "x") "," LABEL(
			"w1", "y") "]",
		4, false, true },
	{ POST, "m", UPK_ITEM_LABEL, "[" LABEL("e1", "x") "]", 1, false, false },
	{ METRICS, .model = "m" },
	{ POST, "m", UPK_ITEM_EVENT,
		"[" EVENT("w1", "y", "1") "," EVENT("w2", "x", "2") "," PAIR("e7", "x", "y") "]", 3,
		false, true },
	{ POST, "m", UPK_ITEM_LABEL, "[" LABEL("e1", "y") "," LABEL("e5", "y") "]", 2, false,
		false },
	{ POST, "m", UPK_ITEM_EVENT,
		"[" PAIR("f1", "x", "y") "," PAIR("f2", "y", "x") "," PAIR("f3", "x", "y") "," PAIR(
			"f4", "y", "x") "," PAIR("f5", "x", "y") "," PAIR("f6", "y", "y") "]",
		6, false, true },
	{ .what = RESTART },
	{ .what = PUT, .model = "p", .body = CONFIG("") },
	{ POST, "p", UPK_ITEM_EVENT,
		"[" ROW("t1", "1", "x") "," ROW("t2", "-1", "y") "," ROW("t3", "2", "x") "," ROW(
			"t4", "-2", "y") "," ROW("t5", "3", "x") "," ROW("t6", "-3",
			"y") "," ROW("t7", "4", "x") "," ROW("t8", "-4", "y") "," ROW("t9", "5",
			"x") "," ROW("t10", "-5", "y") "," ROW("t11", "6", "x") "," ROW("t12", "-6",
			"y") "]",
		12, false, true },
	{ .what = RUN, .model = "p" },
	{ POST, "p", UPK_ITEM_EVENT, "[" ROW("t13", "7", "x") "]", 1, true, true },
	{ POST, "p", UPK_ITEM_PREDICT,
		"[{\"id\":\"q1\",\"features\":[3,1]},{\"id\":\"q2\",\"features\":[-3,1]}]", 2,
		false, false },
	{ POST, "p", UPK_ITEM_LABEL, "[" LABEL("q1", "x") "," LABEL("q2", "y") "]", 2, false,
		true },
	{ METRICS, .model = "p" },
};

enum { STEPS = sizeof steps / sizeof steps[0] };
_Static_assert((int)STEPS <= (int)SCENARIO_STEPS, "outcomes have room for all steps");

/* ---- asking ---- */

struct answer {
	pthread_mutex_t lock;
	pthread_cond_t came;
	bool done;
};

static void came(struct upk_post *post)
{
	struct answer *a = post->context;
	pthread_mutex_lock(&a->lock);
	a->done = true;
	pthread_cond_signal(&a->came);
	pthread_mutex_unlock(&a->lock);
}

static void await(struct answer *a)
{
	struct timespec until;
	int result = 0;
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += PATIENCE_S;
	pthread_mutex_lock(&a->lock);
	while (!a->done && result == 0)
		result = pthread_cond_timedwait(&a->came, &a->lock, &until);
	pthread_mutex_unlock(&a->lock);
	if (!a->done)
		fail_msg("a post was not answered within %d s", PATIENCE_S);
}

/* Every second one that may be is written on this thread. */
static void bring(struct scenario *s, struct upk_post *post, struct answer *a)
{
	struct upk_error err = { 0 };
	if (!post->settle && s->posts++ % 2 == 0 && upk_engine_write(s->engine, post))
		return;
	post->done = came;
	post->context = a;
	if (upk_engine_post(s->engine, post, &err))
		post->error = err;
	else
		await(a);
}

/* The caller finishes the post, whose error says what came of it. */
static void send(struct scenario *s, const struct step *step, struct upk_post *out)
{
	struct answer a = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false };
	*out = (struct upk_post){ .model = step->model, .settle = step->settle };
	struct upk_error err = { 0 };
	struct upk_schema *schema = upk_engine_schema(s->engine, step->model, &err);
	char *body = schema ? strdup(step->body) : NULL;
	if (schema && !body)
		upk_fail(&err, UPK_NOMEM, "no memory for the body");
	if (body)
		out->batch = upk_batch_decode(step->kind, false, body, strlen(body), schema,
			upk_clock_now(s->clock), &err);
	upk_schema_unref(schema);
	if (out->batch)
		bring(s, out, &a);
	else
		out->error = err;
}

static bool open_engine(struct scenario *s)
{
	struct upk_error err = { 0 };
	const struct upk_engine_options options = { .folder = s->folder, .clock = s->clock };
	s->engine = upk_engine_open(&options, &err);
	if (!s->engine)
		s->opening = err.code;
	return s->engine != NULL;
}

static bool is_broken(struct scenario *s)
{
	struct upk_error why;
	bool broken = upk_engine_broken(s->engine, &why);
	s->broke |= broken;
	return broken;
}

/* false: nothing to go on with. */
static bool await_ready(struct scenario *s)
{
	for (int i = 0; s->engine && i < PATIENCE_S * 1000; i++) {
		if (upk_engine_ready(s->engine))
			return true;
		if (is_broken(s))
			return false;
		/* While the fault stays it may never be: the end of the play tries again. */
		if (fault_struck() && i > 20)
			return false;
		usleep(1000);
	}
	return false;
}

static void close_engine(struct scenario *s)
{
	upk_engine_close(s->engine);
	s->engine = NULL;
}

static char *report(struct scenario *s, const char *model, struct upk_error *err)
{
	struct upk_buffer out = { 0 };
	struct upk_json_writer w = upk_json_writer_on(&out);
	const struct upk_metrics_query query = { .level = 0.95 };
	if (!upk_report_metrics(s->engine, model, &query, &w, err) || out.failed) {
		upk_buffer_finish(&out);
		return NULL;
	}
	upk_buffer_append(&out, "", 1);
	if (out.failed)
		upk_buffer_finish(&out);
	return out.data;
}

/* ---- playing ---- */

static enum scenario_outcome outcome_of(struct scenario *s, const struct upk_post *post, int i)
{
	s->codes[i] = post->error.code;
	if (post->error.code == UPK_OK && post->rejected_total > 0 &&
		steps[i].kind == UPK_ITEM_PREDICT)
		return REFUSED;
	if (post->error.code == UPK_OK && post->rejected_total > 0)
		fail_msg("step %d: %zu items rejected: %s", i, post->rejected_total,
			post->rejected[0].error);
	if (post->error.code == UPK_OK)
		return STORED;
	return post->error.code == UPK_IO ? UNKNOWN : REFUSED;
}

static void act(struct scenario *s, int i)
{
	const struct step *step = &steps[i];
	struct upk_error err = { 0 };
	struct upk_post post = { 0 };
	bool created;
	int64_t run;
	switch (step->what) {
	case PUT:
		s->outcomes[i] = upk_engine_put_model(s->engine, step->model,
					 upk_text_of(step->body), NULL, &created, &err)
			? STORED
			: REFUSED;
		s->codes[i] = err.code;
		break;
	case POST:
		send(s, step, &post);
		s->outcomes[i] = outcome_of(s, &post, i);
		upk_post_finish(&post);
		break;
	case RUN:
		s->outcomes[i] =
			upk_engine_start_run(s->engine, step->model, &run, &err) ? STORED : REFUSED;
		s->codes[i] = err.code;
		break;
	case METRICS:
		free(report(s, step->model, &err));
		break;
	case RESTART:
		close_engine(s);
		break;
	}
}

void scenario_init(struct scenario *s)
{
	const struct upk_clock *clock = s->clock;
	*s = (struct scenario){ .clock = clock ? clock : upk_clock_system() };
	snprintf(s->folder, sizeof s->folder, "%s/upkeepd-faults-XXXXXX",
		access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	assert_non_null(mkdtemp(s->folder));
}

void scenario_finish(struct scenario *s)
{
	static const char *const files[] = { "upkeepd.db", "upkeepd.db-wal", "upkeepd.db-shm",
		"upkeepd.db-journal", "lock", "committed", "reserve" };
	char path[128];
	close_engine(s);
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
		snprintf(path, sizeof path, "%s/%s", s->folder, files[i]);
		(void)unlink(path);
	}
	assert_int_equal(rmdir(s->folder), 0);
}

void scenario_play(struct scenario *s)
{
	for (int i = 0; i < STEPS; i++) {
		if (s->engine && is_broken(s))
			close_engine(s);
		if (!s->engine && !open_engine(s))
			continue;
		if (await_ready(s))
			act(s, i);
	}
}

/* ---- checking ---- */

static void go_on(struct scenario *s)
{
	if (s->engine && is_broken(s))
		close_engine(s);
	if (!s->engine && !open_engine(s))
		fail_msg("it can't be opened: code %d", s->opening);
	for (int i = 0; !upk_engine_ready(s->engine); i++) {
		if (is_broken(s) || i > PATIENCE_S * 1000)
			fail_msg("it does not become ready");
		usleep(1000);
	}
}

static void send_again(struct scenario *s, int i, bool whole)
{
	const struct step *step = &steps[i];
	struct upk_post post = { 0 };
	send(s, step, &post);
	if (post.error.code != UPK_OK)
		fail_msg("step %d is still refused: %s", i, post.error.message);
	bool good = post.accepted == step->items && post.rejected_total == 0;
	if (step->plain && (s->outcomes[i] == STORED || whole))
		good = good && post.duplicates == step->items;
	else if (step->plain && s->outcomes[i] != UNKNOWN)
		good = good && post.duplicates == 0;
	else if (step->plain)
		good = good && (post.duplicates == 0 || post.duplicates == step->items);
	if (!good)
		fail_msg("step %d (outcome %d, code %d) sent %s: %zu accepted, %zu duplicates, %zu "
			 "rejected of %zu",
			i, s->outcomes[i], s->codes[i], whole ? "once more" : "again",
			post.accepted, post.duplicates, post.rejected_total, step->items);
	upk_post_finish(&post);
}

/* Predictions need a champion, which a run that failed did not make. */
static bool can_predict(struct scenario *s)
{
	struct upk_error err = { 0 };
	const struct step probe = { POST, "p", UPK_ITEM_PREDICT, "[{\"features\":[1,1]}]", 1, false,
		false };
	struct upk_schema *schema = upk_engine_schema(s->engine, "p", &err);
	struct upk_post post = { .model = "p" };
	assert_non_null(schema);
	post.batch = upk_batch_decode(probe.kind, false, strdup(probe.body), strlen(probe.body),
		schema, upk_clock_now(s->clock), &err);
	upk_schema_unref(schema);
	assert_non_null(post.batch);
	bool can = upk_engine_predict(s->engine, &post, 0, &err);
	upk_post_finish(&post);
	return can;
}

/* A write of the writer's own (a tick's, say) may have failed just before the fault went, so that
 * the engine breaks only after it was found sound: once, and a start mends it. */
static bool put_again(struct scenario *s, const struct step *step, struct upk_error *err)
{
	bool created;
	if (upk_engine_put_model(
		    s->engine, step->model, upk_text_of(step->body), NULL, &created, err))
		return true;
	if (s->late || !is_broken(s))
		return false;
	s->late = true;
	go_on(s);
	return upk_engine_put_model(
		s->engine, step->model, upk_text_of(step->body), NULL, &created, err);
}

static void act_again(struct scenario *s, int i, bool whole)
{
	const struct step *step = &steps[i];
	struct upk_error err = { 0 };
	int64_t run;
	if (step->what == PUT && !put_again(s, step, &err))
		fail_msg("step %d: %s", i, err.message);
	if (step->what == RUN && !can_predict(s) &&
		!upk_engine_start_run(s->engine, step->model, &run, &err) &&
		err.code != UPK_CONFLICT)
		fail_msg("step %d: %s", i, err.message);
	if (step->what == POST && (step->kind != UPK_ITEM_PREDICT || can_predict(s)))
		send_again(s, i, whole);
}

struct rows {
	int seen; /* pairs */
	int actual[64], predicted[64];
};

static bool take(void *context, const struct upk_known_row *row)
{
	struct rows *r = context;
	if (!row->predicted.data)
		return true;
	assert_true(r->seen < 64);
	r->actual[r->seen] = upk_text_is(row->actual, "y");
	r->predicted[r->seen++] = upk_text_is(row->predicted, "y");
	return true;
}

struct named {
	const char *name;
	int64_t model;
};

static bool find(void *context, const struct upk_model_row *row)
{
	struct named *n = context;
	if (upk_text_is(row->name, n->name))
		n->model = row->model;
	return true;
}

/* The matrix of the last so many pairs, from the rows. */
static void brute_force(struct scenario *s, const char *model, int last, char matrix[64])
{
	struct named n = { .name = model };
	struct upk_error err = { 0 };
	struct rows r = { 0 };
	int cells[2][2] = { { 0 } };
	struct upk_store *store = upk_store_open(s->folder, UPK_STORE_READ, &err);
	if (!store)
		fail_msg("%s", err.message);
	if (!upk_model_each(store, find, &n, &err))
		fail_msg("%s", err.message);
	const struct upk_scan scan = {
		.model = n.model, .from = 1, .to = INT64_MAX, .as_of = INT64_MAX
	};
	if (!upk_place_scan(store, &scan, take, &r, &err))
		fail_msg("%s", err.message);
	upk_store_close(store);
	for (int i = r.seen > last ? r.seen - last : 0; i < r.seen; i++)
		cells[r.actual[i]][r.predicted[i]]++;
	snprintf(matrix, 64, "\"matrix\":[[%d,%d],[%d,%d]]", cells[0][0], cells[0][1], cells[1][0],
		cells[1][1]);
}

static bool shows(const char *metrics, const char *window, const char *matrix)
{
	const char *at = strstr(metrics, window);
	const char *found = at ? strstr(at, "\"matrix\":") : NULL;
	return found && strncmp(found, matrix, strlen(matrix)) == 0;
}

/* A model whose windows had fallen behind has a second to be rebuilt. */
static void check_windows(struct scenario *s, const char *model, const char *known)
{
	char last[64], all[64];
	char *metrics = NULL;
	bool same = false;
	brute_force(s, model, LAST, last);
	brute_force(s, model, INT32_MAX, all);
	if (known)
		assert_string_equal(all, known);
	for (int i = 0; !same && i < PATIENCE_S * 100; i++) {
		struct upk_error err = { 0 };
		if (i > 0)
			usleep(10000);
		free(metrics);
		metrics = report(s, model, &err);
		if (!metrics)
			fail_msg("%s", err.message);
		same = shows(metrics, "\"last\":", last) && shows(metrics, "\"all\":", all);
	}
	if (!same)
		fail_msg("model %s: windows should be %s and %s: %s", model, last, all, metrics);
	free(metrics);
}

void scenario_check(struct scenario *s)
{
	static const char known[] = "\"matrix\":[[2,3],[5,3]]"; /* by hand, of the steps above */
	go_on(s);
	for (int i = 0; i < STEPS; i++)
		act_again(s, i, false);
	for (int i = 0; i < STEPS; i++)
		act_again(s, i, true);
	for (int round = 0; round < 2; round++) {
		check_windows(s, "m", known);
		check_windows(s, "p", NULL);
		close_engine(s);
		go_on(s);
	}
}
