#include "learn/candidate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "learn/sample.h"

/* Labels alone matter here: class 0, and 1 in every `every` rows (0: never). */
static void make(struct upk_dataset *d, size_t rows, size_t classes, size_t every)
{
	upk_dataset_init(d, sample_columns(1), classes);
	for (size_t i = 0; i < rows; i++)
		if (!upk_dataset_add(
			    d, &(double){ 0 }, every && i % every == 0, -1, (int64_t)i, NULL))
			abort();
}

static void holdout_is_half_of_what_came_since_c(void **state)
{
	/* rows, c, and h worked out by hand: min(250, max(50, (rows - c) / 2)). */
	const size_t cases[][3] = {
		{ 1000, 0, 250 },
		{ 1000, 500, 250 },
		{ 1000, 501, 249 },
		{ 1000, 700, 150 },
		{ 1000, 899, 50 },
		{ 1000, 1000, 50 },
		{ 1000, 2000, 50 },
		{ 60, 0, 50 },
		{ 30, 0, 30 },
		{ 0, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct upk_dataset d;
		make(&d, cases[i][0], 2, 2);
		assert_int_equal(upk_candidate_holdout(&d, cases[i][1]), cases[i][2]);
		upk_dataset_finish(&d);
	}
}

static void holdout_grows_until_it_knows_the_rarest_class(void **state)
{
	const struct {
		size_t rows, classes, every, change, holdout;
	} cases[] = {
		/* 250 rows hold 25, 500 hold 50 of one in ten. */
		{ 3000, 2, 10, 0, 500 },
		/* One in eight: 250 rows hold 31. */
		{ 3000, 2, 8, 0, 250 },
		/* One in a hundred: 3,000 rows hold 30; 3 * 2,750 < 9,001. */
		{ 9001, 2, 100, 0, 3000 },
		/* The same, but c allows 750: 3 * 500 < 2,000, then 3 * 750 is not. */
		{ 9000, 2, 100, 7000, 750 },
		{ 9000, 2, 100, 8250, 250 },
		{ 9000, 2, 100, 8249, 500 },
		/* More classes: at most 1,000. */
		{ 9000, 3, 100, 0, 1000 },
		/* At most 10,000, and the class that has no row does not count. */
		{ 40000, 2, 1000, 0, 10000 },
		{ 9000, 2, 0, 0, 250 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct upk_dataset d;
		make(&d, cases[i].rows, cases[i].classes, cases[i].every);
		assert_int_equal(upk_candidate_holdout(&d, cases[i].change), cases[i].holdout);
		upk_dataset_finish(&d);
	}
}

static void windows_are_those_of_the_table(void **state)
{
	const struct {
		size_t rows, change, holdout, lengths[UPK_CANDIDATE_WINDOWS];
	} cases[] = {
		{ 45000, 0, 250, { 45000, 500, 1000, 2000, 5000, 20000 } },
		{ 45000, 44200, 250, { 800, 500, 1000, 2000, 5000, 20000, 45000 } },
		/* 1,000 is within 20 % of 1,250 (at its edge), 1,251 is not. */
		{ 45000, 43750, 250, { 1250, 500, 2000, 5000, 20000, 45000 } },
		{ 45000, 43749, 250, { 1251, 500, 1000, 2000, 5000, 20000, 45000 } },
		/* 20 % is of the one taken: 1,000 is not within it of 833. */
		{ 45000, 44167, 250, { 833, 500, 1000, 2000, 5000, 20000, 45000 } },
		{ 45000, 44166, 250, { 834, 500, 2000, 5000, 20000, 45000 } },
		/* c's window has 100 rows beside the holdout, or is left out. */
		{ 3000, 2800, 100, { 200, 500, 1000, 2000, 3000 } },
		{ 3000, 2801, 99, { 199, 500, 1000, 2000, 3000 } },
		{ 3000, 2801, 100, { 500, 1000, 2000, 3000 } },
		{ 3000, 3000, 50, { 500, 1000, 2000, 3000 } },
		/* A long holdout leaves out the short windows. */
		{ 9000, 0, 3000, { 9000, 5000 } },
		{ 24000, 0, 250, { 24000, 500, 1000, 2000, 5000 } },
		{ 25001, 0, 250, { 25001, 500, 1000, 2000, 5000, 20000 } },
		{ 625, 0, 250, { 625 } },
		{ 626, 0, 250, { 626, 500 } },
		{ 350, 0, 250, { 350 } },
		{ 349, 0, 250, { 0 } },
		{ 0, 0, 0, { 0 } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct upk_dataset d;
		struct upk_candidate_window windows[UPK_CANDIDATE_WINDOWS];
		size_t count, wanted = 0;
		make(&d, cases[i].rows, 2, 2);
		count = upk_candidate_windows(&d, cases[i].change, cases[i].holdout, 0, windows);
		while (cases[i].lengths[wanted])
			wanted++;
		if (count != wanted)
			fail_msg("row %zu: %zu windows, want %zu", i, count, wanted);
		for (size_t k = 0; k < count; k++)
			if (cases[i].rows - windows[k].from != cases[i].lengths[k] ||
				windows[k].judged_from != windows[k].from)
				fail_msg("row %zu: window %zu has %zu rows", i, k,
					cases[i].rows - windows[k].from);
		upk_dataset_finish(&d);
	}
}

/* 1,000 rows were not known when the holdout was predicted: a window of so many rows is judged by
 * one as long before them; c's, and that of all, by the part of theirs that was known. */
static void windows_of_late_labels_are_judged_by_what_was_known(void **state)
{
	const struct {
		size_t rows, change, from[UPK_CANDIDATE_WINDOWS],
			judged_from[UPK_CANDIDATE_WINDOWS];
	} cases[] = {
		{ 9000, 6000, { 6000, 8500, 8000, 7000, 4000, 0 },
			{ 6000, 7500, 7000, 6000, 3000, 0 } },
		/* 100 rows since c were known, or its window is left out. */
		{ 9000, 7650, { 7650, 8500, 8000, 7000, 4000, 0 },
			{ 7650, 7500, 7000, 6000, 3000, 0 } },
		{ 9000, 7651, { 8500, 8000, 7000, 4000, 0 }, { 7500, 7000, 6000, 3000, 0 } },
		/* So near the beginning there are fewer rows. */
		{ 3000, 2900, { 2500, 2000, 1000, 0 }, { 1500, 1000, 0, 0 } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct upk_candidate_window windows[UPK_CANDIDATE_WINDOWS];
		struct upk_dataset d;
		make(&d, cases[i].rows, 2, 2);
		size_t count = upk_candidate_windows(&d, cases[i].change, 250, 1000, windows);
		for (size_t k = 0; k < count; k++)
			if (windows[k].from != cases[i].from[k] ||
				windows[k].judged_from != cases[i].judged_from[k])
				fail_msg("row %zu: window %zu is %zu, judged by %zu", i, k,
					windows[k].from, windows[k].judged_from);
		assert_true(count > 0 && windows[count - 1].from == 0);
		upk_dataset_finish(&d);
	}
}

static void a_window_of_one_class_is_left_out(void **state)
{
	struct upk_dataset d;
	struct upk_candidate_window windows[UPK_CANDIDATE_WINDOWS];

	(void)state;
	make(&d, 3000, 2, 0);
	/* The last 1,000 rows hold this one before their holdout, the last 500 hold none. */
	d.y[2200] = 1;
	d.y[2900] = 1;
	assert_int_equal(upk_candidate_windows(&d, 2600, 100, 0, windows), 3);
	assert_int_equal(windows[0].from, 2000);
	assert_int_equal(windows[1].from, 1000);
	assert_int_equal(windows[2].from, 0);
	/* Of class 1 none was known 700 rows before the holdout. */
	assert_int_equal(upk_candidate_windows(&d, 2600, 100, 700, windows), 0);
	upk_dataset_finish(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(holdout_is_half_of_what_came_since_c),
		cmocka_unit_test(holdout_grows_until_it_knows_the_rarest_class),
		cmocka_unit_test(windows_are_those_of_the_table),
		cmocka_unit_test(windows_of_late_labels_are_judged_by_what_was_known),
		cmocka_unit_test(a_window_of_one_class_is_left_out),
	};

	return cmocka_run_group_tests_name("learn/candidate", tests, NULL, NULL);
}
