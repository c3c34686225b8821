/* Names and their place in a list, however few or many. */
#include "config/names.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#define UNUSED __attribute__((unused))

enum { MOST = 1024, SIZE = 24 };

/* Few are searched one by one, more by their hash. */
static const size_t counts[] = { 0, 1, 2, 7, 8, 9, 10, 100, MOST };

struct list {
	char text[MOST][SIZE];
	struct upk_text names[MOST];
};

/* n0, n1, ...: some are the beginning of others. */
static void fill(struct list *l, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		snprintf(l->text[i], SIZE, "n%zu", i);
		l->names[i] = upk_text_of(l->text[i]);
	}
}

static void every_name_is_found_at_its_place_and_no_other_is(void **state UNUSED)
{
	static struct list l;
	static const char *const others[] = { "", "n", "n01", "N0", "n1024", "n0 ", "x" };
	fill(&l, MOST);
	for (size_t c = 0; c < sizeof counts / sizeof *counts; c++) {
		int twin = 7;
		struct upk_names *n = upk_names_create(l.names, counts[c], &twin);
		assert_non_null(n);
		assert_int_equal(twin, -1);
		for (size_t i = 0; i < MOST; i++) {
			char copy[SIZE];
			int size = snprintf(copy, SIZE, "n%zu", i);
			assert_int_equal(upk_names_find(n, (struct upk_text){ copy, (size_t)size }),
				i < counts[c] ? (int)i : -1);
		}
		for (size_t i = 0; i < sizeof others / sizeof *others; i++)
			assert_int_equal(upk_names_find(n, upk_text_of(others[i])), -1);
		upk_names_destroy(n);
	}
	upk_names_destroy(NULL);
}

static void of_a_name_that_stands_twice_the_first_place_is_told(void **state UNUSED)
{
	static const struct {
		size_t count, first, second;
	} cases[] = { { 2, 0, 1 }, { 8, 3, 7 }, { 9, 0, 8 }, { 9, 7, 8 }, { MOST, 500, 1023 } };
	for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
		static struct list l;
		int twin = -1;
		fill(&l, cases[c].count);
		l.names[cases[c].second] = l.names[cases[c].first];
		struct upk_names *n = upk_names_create(l.names, cases[c].count, &twin);
		assert_int_equal(twin, (int)cases[c].first);
		assert_int_equal(upk_names_find(n, l.names[cases[c].second]), (int)cases[c].first);
		upk_names_destroy(n);
	}
}

/* The first pair that is met counts. */
static void of_two_that_stand_twice_the_one_that_repeats_first_is_told(void **state UNUSED)
{
	static const struct upk_text names[] = { { "a", 1 }, { "b", 1 }, { "b", 1 }, { "a", 1 } };
	int twin;
	struct upk_names *n = upk_names_create(names, 4, &twin);
	assert_int_equal(twin, 1);
	upk_names_destroy(n);
}

static void names_are_bytes_with_zeros_and_empty_ones_too(void **state UNUSED)
{
	static const struct upk_text names[] = { { "", 0 }, { "a", 1 }, { "a\0b", 3 },
		{ "a\0c", 3 }, { "a\0", 2 }, { "b", 1 }, { "c", 1 }, { "d", 1 }, { "e", 1 } };
	const size_t all = sizeof names / sizeof *names;
	for (size_t count = 5; count <= all; count += all - 5) {
		int twin;
		struct upk_names *n = upk_names_create(names, count, &twin);
		assert_int_equal(twin, -1);
		for (size_t i = 0; i < count; i++)
			assert_int_equal(upk_names_find(n, names[i]), (int)i);
		assert_int_equal(upk_names_find(n, (struct upk_text){ "a\0bc", 4 }), -1);
		upk_names_destroy(n);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_name_is_found_at_its_place_and_no_other_is),
		cmocka_unit_test(of_a_name_that_stands_twice_the_first_place_is_told),
		cmocka_unit_test(of_two_that_stand_twice_the_one_that_repeats_first_is_told),
		cmocka_unit_test(names_are_bytes_with_zeros_and_empty_ones_too),
	};
	return cmocka_run_group_tests_name("names", tests, NULL, NULL);
}
