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
		size_t starts[UPK_CANDIDATE_WINDOWS], count, wanted = 0;
		make(&d, cases[i].rows, 2, 2);
		count = upk_candidate_windows(&d, cases[i].change, cases[i].holdout, starts);
		while (cases[i].lengths[wanted])
			wanted++;
		if (count != wanted)
			fail_msg("row %zu: %zu windows, want %zu", i, count, wanted);
		for (size_t k = 0; k < count; k++)
			if (cases[i].rows - starts[k] != cases[i].lengths[k])
				fail_msg("row %zu: window %zu has %zu rows", i, k,
					cases[i].rows - starts[k]);
		upk_dataset_finish(&d);
	}
}

static void a_window_of_one_class_is_left_out(void **state)
{
	struct upk_dataset d;
	size_t starts[UPK_CANDIDATE_WINDOWS];

	(void)state;
	make(&d, 3000, 2, 0);
	/* The last 1,000 rows hold this one before their holdout, the last 500 hold none. */
	d.y[2200] = 1;
	d.y[2900] = 1;
	assert_int_equal(upk_candidate_windows(&d, 2600, 100, starts), 3);
	assert_int_equal(starts[0], 2000);
	assert_int_equal(starts[1], 1000);
	assert_int_equal(starts[2], 0);
	upk_dataset_finish(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(holdout_is_half_of_what_came_since_c),
		cmocka_unit_test(holdout_grows_until_it_knows_the_rarest_class),
		cmocka_unit_test(windows_are_those_of_the_table),
		cmocka_unit_test(a_window_of_one_class_is_left_out),
	};

	return cmocka_run_group_tests_name("learn/candidate", tests, NULL, NULL);
}
