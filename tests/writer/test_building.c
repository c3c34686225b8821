#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/random.h"
#include "engine/bed.h"
#include "report/report.h"
#include "writer/erase.h"

/* What the test knows of the model's pairs, by place. */
enum { PAIRS_MOST = 400000, FIRST = 60000, WINDOW = 50000, ITEMS = 20 };

struct pair {
	bool predicted, actual, gone;
};

struct watched {
	struct bed bed;
	struct upk_random random;
	struct pair *pairs;
	size_t count;
	atomic_bool answered;
	const char *config;
	enum upk_code code;
};

static int setup(void **state)
{
	struct watched *w = calloc(1, sizeof *w);
	w->pairs = calloc(PAIRS_MOST, sizeof *w->pairs);
	upk_random_seed(&w->random, 7);
	bed_open(&w->bed);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct watched *w = *state;
	bed_remove(&w->bed);
	free(w->pairs);
	free(w);
	return 0;
}

static bool chance(struct watched *w, double p)
{
	return upk_random_unit(&w->random) < p;
}

static void send(struct watched *w, enum upk_item_kind kind, struct upk_buffer *body)
{
	struct upk_post post;
	upk_buffer_append(body, "]", 2);
	bed_post(&w->bed, &post, kind, "m", body->data, 0);
	if (post.error.code != UPK_OK)
		fail_msg("%s", post.error.message);
	assert_int_equal(post.rejected_total, 0);
	bed_finish(&post);
	upk_buffer_finish(body);
}

/* Versions are numbered as they come: some only while windows are built. */
static void add(struct watched *w, size_t count, const char *version)
{
	struct upk_buffer body = { 0 };
	for (size_t i = 0; i < count; i++, w->count++) {
		struct pair *p = &w->pairs[w->count];
		*p = (struct pair){ chance(w, 0.5), chance(w, 0.5), false };
		upk_buffer_printf(&body,
			"%c{\"id\":\"%zu\",\"version\":\"%s\",\"predicted\":\"%d\",\"label\":\"%"
			"d\"}",
			i ? ',' : '[', w->count, version, p->predicted, p->actual);
	}
	send(w, UPK_ITEM_EVENT, &body);
}

static size_t any_place(struct watched *w)
{
	return (size_t)(upk_random_unit(&w->random) * (double)w->count);
}

static void revise(struct watched *w)
{
	struct upk_buffer body = { 0 };
	for (size_t i = 0; i < ITEMS; i++) {
		size_t at = any_place(w);
		bool actual = chance(w, 0.5);
		if (w->pairs[at].gone)
			at = w->count - 1;
		w->pairs[at].actual = actual;
		upk_buffer_printf(
			&body, "%c{\"id\":\"%zu\",\"label\":\"%d\"}", i ? ',' : '[', at, actual);
	}
	send(w, UPK_ITEM_LABEL, &body);
}

/* Old and new pairs: in windows and before them. */
static void erase(struct watched *w)
{
	struct upk_erasure erasure;
	struct upk_error err = { 0 };
	char id[24];
	size_t at = any_place(w);
	if (w->pairs[at].gone || at + 1 == w->count)
		return;
	snprintf(id, sizeof id, "%zu", at);
	if (!upk_engine_erase(w->bed.engine, "m", upk_text_of(id), &erasure, &err))
		fail_msg("%s", err.message);
	w->pairs[at].gone = true;
}

static void *put(void *argument)
{
	struct watched *w = argument;
	struct upk_error err = { 0 };
	bool created;
	(void)upk_engine_put_model(
		w->bed.engine, "m", upk_text_of(w->config), NULL, &created, &err);
	w->code = err.code;
	if (err.code != UPK_OK)
		print_message("%s\n", err.message);
	atomic_store(&w->answered, true);
	return NULL;
}

static char *describe(struct watched *w)
{
	struct upk_error err = { 0 };
	struct upk_buffer out = { 0 };
	struct upk_json_writer writer = upk_json_writer_on(&out);
	char etag[20];
	if (!upk_report_model(w->bed.engine, "m", etag, &writer, &err))
		fail_msg("%s", err.message);
	char *text = upk_text_copy(upk_buffer_text(&out));
	upk_buffer_finish(&out);
	return text;
}

static bool is_building(struct watched *w, const char *windows)
{
	char *text = describe(w);
	bool is = strstr(text, windows) != NULL;
	free(text);
	return is;
}

/* "name":{"pairs":...,"accuracy":... of the last `window` pairs by brute force. */
static void check_window(struct watched *w, const char *name, size_t window)
{
	size_t pairs = 0, hits = 0;
	char expected[128];
	for (size_t i = w->count; i > 0 && pairs < window; i--) {
		const struct pair *p = &w->pairs[i - 1];
		pairs += !p->gone;
		hits += !p->gone && p->predicted == p->actual;
	}
	char *text = describe(w);
	snprintf(expected, sizeof expected, "\"%s\":{\"pairs\":%zu,\"accuracy\":", name, pairs);
	char *found = strstr(text, expected);
	if (!found)
		fail_msg("no %s in %s", expected, text);
	double accuracy = strtod(found + strlen(expected), NULL);
	assert_true(accuracy - (double)hits / (double)pairs < 1e-12 &&
		(double)hits / (double)pairs - accuracy < 1e-12);
	free(text);
}

static void fill(struct watched *w)
{
	while (w->count < FIRST)
		add(w, 1000, "first");
	for (size_t i = 0; i < 20; i++) {
		revise(w);
		erase(w);
	}
}

static void load_once(struct watched *w)
{
	char version[24];
	snprintf(version, sizeof version, "v%zu", w->count / 1000 % 5);
	add(w, ITEMS, version);
	revise(w);
	erase(w);
}

#define LARGE \
	"{\"classes\":[\"0\",\"1\"],\"windows\":[{\"name\":\"large\",\"count\":50000}," \
	"{\"name\":\"all\",\"count\":500000},{\"name\":\"day\",\"duration\":\"1d\"}," \
	"{\"name\":\"small\",\"count\":500}]}"

static void posts_go_on_while_windows_are_built_and_the_windows_have_them(void **state)
{
	struct watched *w = *state;
	pthread_t putting;
	size_t posts = 0, building = 0;
	fill(w);
	w->config = LARGE;
	pthread_create(&putting, NULL, put, w);
	while (!atomic_load(&w->answered) && w->count + ITEMS < PAIRS_MOST) {
		bool before = is_building(w, "\"building\":[\"large\",\"all\",\"day\",\"small\"]");
		load_once(w);
		posts++;
		building += before && !atomic_load(&w->answered);
	}
	pthread_join(putting, NULL);
	assert_int_equal(w->code, UPK_OK);
	print_message("%zu posts, %zu while building\n", posts, building);
	assert_true(building > 0);
	assert_true(is_building(w, "\"building\":[]"));
	check_window(w, "large", WINDOW);
	check_window(w, "all", PAIRS_MOST);
	check_window(w, "day", PAIRS_MOST);
	check_window(w, "small", 500);
	for (size_t i = 0; i < 50; i++)
		load_once(w);
	check_window(w, "large", WINDOW);
	check_window(w, "all", PAIRS_MOST);
	check_window(w, "day", PAIRS_MOST);

	char *before = bed_metrics(&w->bed, "m");
	bed_reopen(&w->bed);
	char *after = bed_metrics(&w->bed, "m");
	assert_string_equal(before, after);
	free(before);
	free(after);
}

static void configurations_are_put_one_after_the_other(void **state)
{
	struct watched *w = *state;
	struct watched other;
	pthread_t putting, second;
	fill(w);
	w->config = LARGE;
	pthread_create(&putting, NULL, put, w);
	while (!atomic_load(&w->answered) && !is_building(w, "\"building\":[\"large\""))
		usleep(100);
	other = (struct watched){ .bed = w->bed,
		.config = "{\"classes\":[\"0\",\"1\"],\"windows\":[{\"name\":\"other\",\"count\":"
			  "30000}]}" };
	pthread_create(&second, NULL, put, &other);
	while (!atomic_load(&other.answered) && w->count + ITEMS < PAIRS_MOST)
		load_once(w);
	pthread_join(putting, NULL);
	pthread_join(second, NULL);
	assert_int_equal(w->code, UPK_OK);
	assert_int_equal(other.code, UPK_OK);
	assert_false(is_building(w, "\"large\":{"));
	check_window(w, "other", 30000);
}

static void a_model_that_is_deleted_meanwhile_stays_deleted(void **state)
{
	struct watched *w = *state;
	struct upk_error err = { 0 };
	pthread_t putting;
	fill(w);
	w->config = LARGE;
	pthread_create(&putting, NULL, put, w);
	while (!atomic_load(&w->answered) && !is_building(w, "\"building\":[\"large\""))
		usleep(100);
	assert_false(atomic_load(&w->answered));
	assert_true(upk_engine_delete_model(w->bed.engine, "m", &err));
	pthread_join(putting, NULL);
	assert_int_equal(w->code, UPK_CONFLICT);
	struct upk_buffer out = { 0 };
	struct upk_json_writer writer = upk_json_writer_on(&out);
	char etag[20];
	assert_false(upk_report_model(w->bed.engine, "m", etag, &writer, &err));
	assert_int_equal(err.code, UPK_NOT_FOUND);
	upk_buffer_finish(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			posts_go_on_while_windows_are_built_and_the_windows_have_them, setup,
			teardown),
		cmocka_unit_test_setup_teardown(
			configurations_are_put_one_after_the_other, setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_model_that_is_deleted_meanwhile_stays_deleted, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
