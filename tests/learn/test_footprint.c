#include "learn/footprint.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "learn/predictor.h"

static const struct upk_footprint large = { .rows = 1000000, .classes = 2, .numbers = 50 };

static double bytes(struct upk_footprint f, const struct upk_learner *learner, const char *settings)
{
	cJSON *json = cJSON_Parse(settings);
	double found = upk_footprint_bytes(&f, learner, json);

	cJSON_Delete(json);
	return found;
}

/* At least the rows twice, as they are read and as they are taken; at most what bench train has
 * seen XGBoost take beside that, with a quarter more. */
static void every_learner_needs_its_rows_twice_and_some(void **state)
{
	const struct upk_learner *learner;

	(void)state;
	for (size_t i = 0; (learner = upk_learner_at(i)); i++) {
		double values = 1e6 * 50;
		double found = upk_footprint_bytes(&large, learner, NULL);
		assert_true(found > 16 * values);
		assert_true(found < 45 * values);
	}
}

static void whatever_grows_takes_more(void **state)
{
	static const char *const more[][2] = { { "mlp", "{\"neurons\": 4096}" },
		{ "mlp", "{\"layers\": 3}" }, { "trees", "{\"leaves\": 4096}" },
		{ "trees", "{\"bins\": 1024}" } };
	const struct upk_learner *learner;

	(void)state;
	for (size_t i = 0; (learner = upk_learner_at(i)); i++) {
		const struct upk_footprint others[] = {
			{ .rows = 1000001, .classes = 2, .numbers = 50 },
			{ .rows = 1000000, .classes = 20, .numbers = 50 },
			{ .rows = 1000000, .classes = 2, .numbers = 51 },
			{ .rows = 1000000, .classes = 2, .numbers = 50, .categories = 1 },
			{ .rows = 1000000, .classes = 2, .numbers = 50, .texts = 1 },
			{ .rows = 1000000, .classes = 2, .numbers = 50, .floats = 1 },
		};
		for (size_t k = 0; k < sizeof others / sizeof *others; k++)
			assert_true(upk_footprint_bytes(&others[k], learner, NULL) >
				upk_footprint_bytes(&large, learner, NULL));
	}
	for (size_t i = 0; i < sizeof more / sizeof *more; i++)
		assert_true(bytes(large, upk_learner_find(more[i][0]), more[i][1]) >
			bytes(large, upk_learner_find(more[i][0]), "{}"));
}

static void too_much_is_refused_with_the_numbers(void **state)
{
	struct upk_error err = { 0 };
	double wanted = upk_footprint_bytes(&large, &upk_trees, NULL);

	(void)state;
	assert_true(upk_footprint_check(&large, &upk_trees, NULL, wanted, &err));
	assert_false(upk_footprint_check(&large, &upk_trees, NULL, 0x1p30, &err));
	assert_int_equal(err.code, UPK_INVALID);
	assert_non_null(strstr(err.message, "trees on 1000000 rows of 50 features"));
	assert_non_null(strstr(err.message, "retrain.memory is 1024.0 MiB"));
}

/* Kibibytes of the process that were resident at most. */
static long peak(void)
{
	struct rusage usage;

	assert_int_equal(getrusage(RUSAGE_SELF, &usage), 0);
	return usage.ru_maxrss;
}

static void add_texts(struct upk_dataset *d, size_t rows)
{
	uint64_t random = 1;

	for (size_t i = 0; i < rows; i++) {
		char text[600];
		int size = 0;
		assert_true(upk_dataset_add(d, &(double){ 0 }, (uint16_t)(i % 2), -1, (int64_t)i, NULL));
		for (int k = 0; k < 40; k++) {
			random = random * 6364136223846793005ULL + 1442695040888963407ULL;
			size += snprintf(text + size, sizeof text - (size_t)size, "%x ",
				(unsigned)(random >> 52) * (i % 2 ? 7919U : 104729U));
		}
		assert_true(upk_table_set_text(
			&d->table, i, 0, (struct upk_text){ text, (size_t)size }, NULL));
	}
}

/* In a process of its own, whose peak is its own: what reading and fitting added to it, in bytes. */
static double measured(const struct upk_learner *learner, size_t rows, const cJSON *settings)
{
	const struct upk_column column = { .name = { "body", 4 }, .type = UPK_COLUMN_TEXT };
	const struct upk_text classes[] = { { "a", 1 }, { "b", 1 } };
	struct upk_predictor_setup setup = {
		.learner = learner, .settings = settings, .classes = classes
	};
	struct upk_columns *columns = upk_columns_create(&column, 1, NULL);
	struct upk_dataset d;
	long before = peak(), after;

	upk_dataset_init(&d, columns, 2);
	add_texts(&d, rows);
	struct upk_predictor *p = upk_predictor_fit(&setup, &d, 0, rows, NULL);
	after = peak();
	assert_non_null(p);
	upk_predictor_unref(p);
	upk_dataset_finish(&d);
	upk_columns_destroy(columns);
	return (double)(after - before) * 1024;
}

static double measured_apart(const struct upk_learner *learner, size_t rows, const cJSON *settings)
{
	double bytes = NAN;
	int ends[2], status;
	pid_t child;

	assert_int_equal(pipe(ends), 0);
	child = fork();
	if (child == 0) {
		bytes = measured(learner, rows, settings);
		_exit(write(ends[1], &bytes, sizeof bytes) == sizeof bytes ? 0 : 1);
	}
	close(ends[1]);
	assert_int_equal(read(ends[0], &bytes, sizeof bytes), sizeof bytes);
	close(ends[0]);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	return bytes;
}

/* A sanitizer's own memory would be measured too. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { SANITISED = true };
#else
enum { SANITISED = false };
#endif

static void texts_take_no_more_than_is_said(void **state)
{
	static const char *const settings[][2] = { { "logistic", "{\"iterations\": 5}" },
		{ "mlp", "{\"epochs\": 1}" }, { "trees", "{\"rounds\": 3}" } };
	const struct upk_footprint f = { .rows = 4000, .classes = 2, .texts = 1 };

	(void)state;
	if (SANITISED) {
		print_message("not measured here\n");
		return;
	}
	for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
		const struct upk_learner *learner = upk_learner_find(settings[i][0]);
		cJSON *json = cJSON_Parse(settings[i][1]);
		double most = upk_footprint_bytes(&f, learner, json);
		double found = measured_apart(learner, f.rows, json);
		print_message("%s: %.1f of %.1f MiB\n", learner->name, found / 0x1p20, most / 0x1p20);
		assert_true(found < most);
		assert_true(found > most / 16);
		cJSON_Delete(json);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_learner_needs_its_rows_twice_and_some),
		cmocka_unit_test(whatever_grows_takes_more),
		cmocka_unit_test(too_much_is_refused_with_the_numbers),
		cmocka_unit_test(texts_take_no_more_than_is_said),
	};

	return cmocka_run_group_tests_name("learn/footprint", tests, NULL, NULL);
}
