#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/random.h"
#include "engine/bed.h"
#include "report/report.h"

static void an_item_is_new_joined_revised_waiting_or_a_duplicate(void **state)
{
	struct bed *b = *state;
	struct upk_post post;
	bed_post(b, &post, UPK_ITEM_EVENT, "m",
		"[{\"id\":\"a\",\"predicted\":\"x\"},{\"id\":\"b\",\"predicted\":\"y\",\"label\":"
		"\"x\"},"
		"{\"id\":\"a\",\"predicted\":\"x\"},{\"id\":\"a\",\"predicted\":\"y\"}]",
		0);
	assert_int_equal(post.accepted, 3);
	assert_int_equal(post.joined, 1);
	assert_int_equal(post.duplicates, 1);
	assert_int_equal(post.rejected_total, 1);
	assert_int_equal(post.rejected[0].index, 3);
	bed_finish(&post);

	bed_post(b, &post, UPK_ITEM_LABEL, "m",
		"[{\"id\":\"a\",\"label\":\"x\"},{\"id\":\"a\",\"label\":\"x\"},{\"id\":\"b\","
		"\"label\":"
		"\"y\"},{\"id\":\"z\",\"label\":\"x\"}]",
		0);
	assert_int_equal(post.joined, 1);
	assert_int_equal(post.duplicates, 1);
	assert_int_equal(post.revised, 1);
	assert_int_equal(post.waiting, 1);
	bed_finish(&post);

	bed_post(b, &post, UPK_ITEM_EVENT, "m", "{\"id\":\"z\",\"predicted\":\"y\"}", 0);
	assert_int_equal(post.joined, 1);
	bed_finish(&post);
	char *metrics = bed_metrics(b, "m");
	assert_non_null(strstr(metrics, "\"pairs\":3"));
	assert_non_null(strstr(metrics, "\"matrix\":[[1,1],[0,1]]"));
	free(metrics);
}

/* An event that is stored takes it, as it takes its own label when it comes again. */
static void a_label_alone_is_neither_an_event_nor_an_example(void **state)
{
	struct bed *b = *state;
	struct upk_post post;
	bed_post(b, &post, UPK_ITEM_EVENT, "m",
		"[{\"id\":\"a\",\"predicted\":\"x\"},{\"id\":\"a\",\"label\":\"y\"},"
		"{\"id\":\"b\",\"label\":\"z\"},{\"label\":\"x\",\"feature\":{\"f\":1}},"
		"{\"label\":\"x\",\"features\":{\"f\":1}}]",
		0);
	assert_int_equal(post.accepted, 3);
	assert_int_equal(post.joined, 1);
	assert_int_equal(post.rejected_total, 2);
	assert_int_equal(post.rejected[0].index, 2);
	assert_string_equal(post.rejected[0].error,
		"features: missing: want features or a prediction beside the label; a label alone "
		"goes to labels");
	assert_int_equal(post.rejected[1].index, 3);
	assert_string_equal(post.rejected[1].error,
		"features: missing: want features or a prediction beside the label; a label alone "
		"goes to labels; did you mean features, not feature?");
	bed_finish(&post);

	struct upk_schema *schema = upk_engine_schema(b->engine, "m", NULL);
	assert_int_equal(schema->classes_count, 2);
	upk_schema_unref(schema);
}

static void an_atomic_post_with_a_reject_stores_nothing(void **state)
{
	struct bed *b = *state;
	struct upk_post post;
	bed_post(b, &post, UPK_ITEM_EVENT, "m",
		"[{\"id\":\"a\",\"predicted\":\"x\"},{\"id\":\"b\",\"predicted\":7.5}]",
		BED_ATOMIC);
	assert_int_equal(post.accepted, 0);
	assert_int_equal(post.rejected_total, 1);
	bed_finish(&post);
	bed_post(b, &post, UPK_ITEM_EVENT, "m", "{\"id\":\"a\",\"predicted\":\"y\"}", 0);
	assert_int_equal(post.accepted, 1);
	bed_finish(&post);
}

static size_t post_pairs(struct bed *b, const char *features, size_t from, size_t count)
{
	struct upk_buffer body = { 0 };
	struct upk_post post;
	upk_buffer_puts(&body, "[");
	for (size_t i = from; i < from + count; i++)
		upk_buffer_printf(&body,
			"%s{\"id\":\"p%zu\",\"predicted\":\"x\",\"label\":\"%s\",\"features\":%s}",
			i > from ? "," : "", i, i % 3 ? "x" : "y", features);
	upk_buffer_append(&body, "]", 2);
	bed_post(b, &post, UPK_ITEM_EVENT, "m", body.data, 0);
	size_t joined = post.joined;
	bed_finish(&post);
	upk_buffer_finish(&body);
	return joined;
}

static void a_refused_post_leaves_no_features_behind(void **state)
{
	struct bed *b = *state;
	struct upk_post post;
	bed_post(b, &post, UPK_ITEM_EVENT, "m", "[{\"id\":\"first\",\"predicted\":\"x\"}]", 0);
	bed_finish(&post);
	bed_post(b, &post, UPK_ITEM_EVENT, "m",
		"[{\"id\":\"z\",\"predicted\":\"x\",\"label\":\"x\",\"features\":{\"a\":1}},{"
		"\"id\":\"\"}]",
		BED_ATOMIC);
	assert_int_equal(post.rejected_total, 1);
	bed_finish(&post);
	assert_int_equal(post_pairs(b, "{\"b\":1,\"c\":2}", 0, 50), 50);
	char *metrics = bed_metrics(b, "m");
	assert_non_null(strstr(metrics, "\"pairs\":50"));
	free(metrics);
	bool created;
	struct upk_error err = { 0 };
	assert_true(upk_engine_put_model(b->engine, "m",
		upk_text_of("{\"features\":[\"b\",\"c\",{\"name\":\"a\",\"type\":\"category\"}]}"),
		NULL, &created, &err));
}

static void assert_refused(struct upk_post *post, const char *why)
{
	assert_int_equal(post->rejected_total, 1);
	assert_int_equal(post->rejected_listed, 1);
	assert_non_null(strstr(post->rejected[0].error, why));
	bed_finish(post);
}

/* Of a model that its first event makes: before one that can be learnt from, and alone. */
static void features_that_cannot_be_learnt_are_refused(void **state)
{
	struct bed *b = *state;
	struct upk_post post;
	struct upk_buffer name = { 0 }, many = { 0 };
	upk_buffer_printf(&name,
		"[{\"id\":\"p\",\"predicted\":\"x\",\"features\":{\"%0129d\":1}},"
		"{\"id\":\"q\",\"predicted\":\"x\",\"features\":{\"a\":1}}]%c",
		0, 0);
	upk_buffer_puts(&many, "{\"id\":\"p\",\"predicted\":\"x\",\"features\":[1");
	for (size_t i = 0; i < UPK_FEATURES_MAX; i++)
		upk_buffer_puts(&many, ",1");
	upk_buffer_append(&many, "]}", 3);
	assert_false(name.failed || many.failed);
	bed_post(b, &post, UPK_ITEM_EVENT, "long", name.data, 0);
	assert_int_equal(post.accepted, 1);
	assert_refused(&post, "has 129 bytes: want 1 to 128");
	bed_post(b, &post, UPK_ITEM_EVENT, "many", many.data, 0);
	assert_int_equal(post.accepted, 0);
	assert_refused(&post, "more than 10000");
	upk_buffer_finish(&name);
	upk_buffer_finish(&many);
}

/* ---- several threads ---- */

enum { THREADS = 4, ROUNDS = 30, ITEMS = 40 };

struct sender {
	struct bed *bed;
	pthread_t thread;
	uint64_t seed;
	size_t accepted, duplicates, joined, revised;
};

/* Everybody posts the same events and labels, in an order of their own. */
static void *send_all(void *argument)
{
	struct sender *s = argument;
	struct upk_random random;
	uint32_t order[ROUNDS];
	upk_random_seed(&random, s->seed);
	for (uint32_t i = 0; i < ROUNDS; i++)
		order[i] = i;
	upk_random_shuffle(&random, order, ROUNDS);
	for (size_t r = 0; r < 2 * ROUNDS; r++) {
		bool labels = r % 2 == 1;
		struct upk_buffer body = { 0 };
		upk_buffer_puts(&body, "[");
		for (uint32_t i = 0; i < ITEMS; i++)
			upk_buffer_printf(&body, "%s{\"id\":\"%u-%u\",\"%s\":\"%s\"}", i ? "," : "",
				order[r / 2], i, labels ? "label" : "predicted", i % 3 ? "x" : "y");
		upk_buffer_append(&body, "]", 2);
		struct upk_post post;
		bed_post(
			s->bed, &post, labels ? UPK_ITEM_LABEL : UPK_ITEM_EVENT, "m", body.data, 0);
		s->accepted += post.accepted;
		s->duplicates += post.duplicates;
		s->joined += post.joined;
		s->revised += post.revised;
		bed_finish(&post);
		upk_buffer_finish(&body);
	}
	return NULL;
}

struct watcher {
	struct bed *bed;
	atomic_bool stop;
};

static void *watch(void *argument)
{
	struct watcher *w = argument;
	while (!atomic_load(&w->stop)) {
		struct upk_error err = { 0 };
		struct upk_buffer out = { 0 };
		struct upk_json_writer json = upk_json_writer_on(&out);
		assert_true(upk_report_models(w->bed->engine, &json, &err));
		upk_buffer_finish(&out);
		if (upk_report_prometheus(w->bed->engine, false, &out, &err))
			upk_buffer_finish(&out);
	}
	return NULL;
}

static void many_threads_store_each_item_exactly_once(void **state)
{
	struct sender senders[THREADS];
	struct watcher watcher = { .bed = *state };
	pthread_t watching;
	size_t accepted = 0, duplicates = 0, joined = 0;
	atomic_init(&watcher.stop, false);
	assert_int_equal(pthread_create(&watching, NULL, watch, &watcher), 0);
	for (size_t i = 0; i < THREADS; i++) {
		senders[i] = (struct sender){ .bed = *state, .seed = i + 1 };
		assert_int_equal(
			pthread_create(&senders[i].thread, NULL, send_all, &senders[i]), 0);
	}
	for (size_t i = 0; i < THREADS; i++) {
		pthread_join(senders[i].thread, NULL);
		accepted += senders[i].accepted;
		duplicates += senders[i].duplicates;
		joined += senders[i].joined;
		assert_int_equal(senders[i].revised, 0);
	}
	atomic_store(&watcher.stop, true);
	pthread_join(watching, NULL);
	assert_int_equal(accepted, THREADS * 2 * ROUNDS * ITEMS);
	assert_int_equal(accepted - duplicates, 2 * ROUNDS * ITEMS);
	assert_int_equal(joined, ROUNDS * ITEMS);
}

static void a_restart_finds_the_same_windows(void **state)
{
	struct bed *b = *state;
	struct sender sender = { .bed = b, .seed = 1 };
	send_all(&sender);
	char *before = bed_metrics(b, "m");
	bed_reopen(b);
	char *after = bed_metrics(b, "m");
	assert_string_equal(before, after);
	free(before);
	free(after);
}

/* ---- the loop ---- */

static void append_row(
	struct upk_buffer *body, struct upk_random *random, size_t i, bool swapped, bool labelled)
{
	double a = upk_random_unit(random) - 0.5, b = upk_random_unit(random) - 0.5;
	bool positive = (a + 0.3 * b > 0) != swapped;
	upk_buffer_printf(
		body, "%s{\"id\":\"r%zu\",\"features\":[%.6f,%.6f]", i % 10 ? "," : "", i, a, b);
	if (labelled)
		upk_buffer_printf(body, ",\"label\":\"%d\"", positive);
	upk_buffer_puts(body, "}");
}

static void post_rows(struct bed *b, size_t from, size_t to, bool swapped)
{
	for (size_t i = from; i < to; i += 10) {
		struct upk_random random, again;
		struct upk_buffer rows = { 0 }, labels = { 0 };
		struct upk_post post;
		upk_random_seed(&random, i);
		upk_random_seed(&again, i);
		upk_buffer_puts(&rows, "[");
		upk_buffer_puts(&labels, "[");
		for (size_t j = i; j < i + 10; j++) {
			append_row(&rows, &random, j, swapped, from == 0);
			double x = upk_random_unit(&again) - 0.5, y = upk_random_unit(&again) - 0.5;
			upk_buffer_printf(&labels, "%s{\"id\":\"r%zu\",\"label\":\"%d\"}",
				j % 10 ? "," : "", j, (x + 0.3 * y > 0) != swapped);
		}
		upk_buffer_append(&rows, "]", 2);
		upk_buffer_append(&labels, "]", 2);
		bed_post(b, &post, from == 0 ? UPK_ITEM_EVENT : UPK_ITEM_PREDICT, "loop", rows.data,
			BED_SETTLE);
		assert_int_equal(post.error.code, UPK_OK);
		assert_int_equal(post.accepted, 10);
		assert_false(post.unsettled);
		bed_finish(&post);
		if (from != 0) {
			bed_post(b, &post, UPK_ITEM_LABEL, "loop", labels.data, BED_SETTLE);
			assert_int_equal(post.joined, 10);
			bed_finish(&post);
		}
		upk_buffer_finish(&rows);
		upk_buffer_finish(&labels);
	}
}

static char *runs(struct bed *b)
{
	struct upk_error err = { 0 };
	struct upk_buffer out = { 0 };
	struct upk_json_writer w = upk_json_writer_on(&out);
	const struct upk_list_query query = { .limit = 100 };
	if (!upk_report_runs(b->engine, "loop", &query, &w, &err))
		fail_msg("%s", err.message);
	char *text = upk_text_copy(upk_buffer_text(&out));
	upk_buffer_finish(&out);
	return text;
}

static void a_change_leads_to_a_run_and_a_promotion(void **state)
{
	struct bed *b = *state;
	bed_put(b, "loop", "{\"retrain\":{\"live\":false}}");
	post_rows(b, 0, 600, false);
	char *first = runs(b);
	assert_non_null(strstr(first, "\"kind\":\"first\""));
	assert_non_null(strstr(first, "\"state\":\"succeeded\""));
	free(first);
	post_rows(b, 600, 1000, false);
	post_rows(b, 1000, 1600, true);
	char *after = runs(b);
	assert_non_null(strstr(after, "\"kind\":\"alert\""));
	assert_non_null(strstr(after, "\"rule\":\"fell\""));
	free(after);

	bed_reopen(b);
	struct upk_post post;
	bed_post(b, &post, UPK_ITEM_PREDICT, "loop", "[{\"features\":[0.4,0.1]}]", 0);
	assert_int_equal(post.predicted[0].error == NULL, true);
	assert_true(post.predicted[0].version >= 2);
	assert_true(upk_text_is(post.classes[post.predicted[0].class], "0"));
	bed_finish(&post);
}

static void forget(struct upk_post *posts)
{
	while (posts) {
		struct upk_post *next = posts->next;
		upk_post_finish(posts);
		free(posts);
		posts = next;
	}
}

static void send_and_forget(struct sender *s)
{
	for (size_t i = 0; i < 40; i++) {
		struct upk_error err = { 0 };
		struct upk_schema *schema = upk_engine_schema(s->bed->engine, "load", &err);
		struct upk_post *post = calloc(1, sizeof *post);
		assert_non_null(post);
		struct upk_buffer body = { 0 };
		upk_buffer_puts(&body, "[");
		for (size_t j = 0; j < 600; j++)
			upk_buffer_printf(&body, "%s{\"features\":[%zu,%zu],\"label\":\"%zu\"}",
				j ? "," : "", j % 7, i, j % 2);
		upk_buffer_puts(&body, "]");
		char name[32];
		snprintf(name, sizeof name, "load-%llu-%zu", (unsigned long long)s->seed, i);
		*post = (struct upk_post){ .model = name, .done = forget };
		post->batch = upk_batch_decode(UPK_ITEM_EVENT, false, body.data, body.size, schema,
			upk_clock_now(upk_clock_system()), &err);
		upk_schema_unref(schema);
		forget(upk_engine_post(s->bed->engine, post, &err));
	}
}

/* First runs are asked for while the queue is drained, when the trainer has stopped. */
static void closing_drains_posts_that_ask_for_runs(void **state)
{
	struct bed *b = *state;
	struct sender sender = { .bed = b, .seed = 1 };
	send_and_forget(&sender);
	bed_reopen(b);
	struct upk_error err = { 0 };
	struct upk_buffer out = { 0 };
	struct upk_json_writer w = upk_json_writer_on(&out);
	assert_true(upk_report_models(b->engine, &w, &err));
	upk_buffer_append(&out, "", 1);
	assert_non_null(strstr(out.data, "load-1-39"));
	assert_null(strstr(out.data, "\"rows\":0"));
	upk_buffer_finish(&out);
}

/* A run that the end of the daemon cut goes on when it is started again. */
static void a_run_that_a_restart_cut_goes_on(void **state)
{
	struct bed *b = *state;
	int64_t run;
	struct upk_error err = { 0 };
	post_rows(b, 0, 600, false);
	assert_true(upk_engine_start_run(b->engine, "loop", &run, &err));
	bed_reopen(b);
	char *text = runs(b);
	for (int i = 0; i < 3000 &&
		(strstr(text, "\"state\":\"running\"") || strstr(text, "\"state\":\"queued\""));
		i++) {
		usleep(10000);
		free(text);
		text = runs(b);
	}
	assert_null(strstr(text, "\"state\":\"running\""));
	assert_null(strstr(text, "\"state\":\"queued\""));
	assert_non_null(strstr(text, "\"verdict\":"));
	assert_null(strstr(text, "restart"));
	free(text);
}

struct settler {
	struct bed *bed;
	const char *body;
	struct upk_post post;
};

static void *post_and_settle(void *argument)
{
	struct settler *s = argument;
	bed_post(s->bed, &s->post, UPK_ITEM_EVENT, "loop", s->body, BED_SETTLE);
	return NULL;
}

/* It says that what it waits for has not ended. */
static void closing_answers_a_settling_post_as_unsettled(void **state)
{
	struct bed *b = *state;
	struct upk_buffer body = { 0 };
	struct upk_random random;
	pthread_t thread;
	bed_put(b, "loop",
		"{\"retrain\":{\"learner\":\"mlp\",\"budget\":null,\"trials\":10000}}");
	upk_random_seed(&random, 1);
	upk_buffer_puts(&body, "[");
	for (size_t j = 0; j < 600; j++) {
		upk_buffer_puts(&body, j > 0 && j % 10 == 0 ? "," : "");
		append_row(&body, &random, j, false, true);
	}
	upk_buffer_append(&body, "]", 2);
	struct settler s = { .bed = b, .body = body.data };
	assert_int_equal(pthread_create(&thread, NULL, post_and_settle, &s), 0);
	char *text = runs(b);
	while (!strstr(text, "\"run\":1")) {
		usleep(1000);
		free(text);
		text = runs(b);
	}
	free(text);
	bed_reopen(b);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(s.post.error.code, UPK_OK);
	assert_int_equal(s.post.accepted, 600);
	assert_true(s.post.unsettled);
	bed_finish(&s.post);
	upk_buffer_finish(&body);
	text = runs(b);
	assert_null(strstr(text, "\"verdict\":\""));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			an_item_is_new_joined_revised_waiting_or_a_duplicate, bed_setup, bed_teardown),
		cmocka_unit_test_setup_teardown(
			a_label_alone_is_neither_an_event_nor_an_example, bed_setup, bed_teardown),
		cmocka_unit_test_setup_teardown(
			an_atomic_post_with_a_reject_stores_nothing, bed_setup, bed_teardown),
		cmocka_unit_test_setup_teardown(
			a_refused_post_leaves_no_features_behind, bed_setup, bed_teardown),
		cmocka_unit_test_setup_teardown(
			features_that_cannot_be_learnt_are_refused, bed_setup, bed_teardown),
		cmocka_unit_test_setup_teardown(
			many_threads_store_each_item_exactly_once, bed_setup, bed_teardown),
		cmocka_unit_test_setup_teardown(a_restart_finds_the_same_windows, bed_setup, bed_teardown),
		cmocka_unit_test_setup_teardown(
			a_change_leads_to_a_run_and_a_promotion, bed_setup, bed_teardown),
		cmocka_unit_test_setup_teardown(
			closing_drains_posts_that_ask_for_runs, bed_setup, bed_teardown),
		cmocka_unit_test_setup_teardown(a_run_that_a_restart_cut_goes_on, bed_setup, bed_teardown),
		cmocka_unit_test_setup_teardown(
			closing_answers_a_settling_post_as_unsettled, bed_setup, bed_teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
