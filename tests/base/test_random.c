#include "base/random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* Printed by random_vectors.py: from the state 1 2 3 4, and from the seeds 0, 1 and 2^64 - 1. */
static const uint64_t vectors[][6] = {
	{ 0x0000000000002d00, 0x0000000000000000, 0x000000005a007080, 0x10e0000000009d80,
		0x10e0b61ce1009d80, 0x0870021ce143ad00 },
	{ 0x99ec5f36cb75f2b4, 0xbf6e1f784956452a, 0x1a5f849d4933e6e0, 0x6aa594f1262d2d2c,
		0xbba5ad4a1f842e59, 0xffef8375d9ebcaca },
	{ 0xb3f2af6d0fc710c5, 0x853b559647364cea, 0x92f89756082a4514, 0x642e1c7bc266a3a7,
		0xb27a48e29a233673, 0x24c123126ffda722 },
	{ 0x8f5520d52a7ead08, 0xc476a018caa1802d, 0x81de31c0d260469e, 0xbf658d7e065f3c2f,
		0x913593fda1bca32a, 0xbb535e93941ba525 },
};

static void numbers_are_those_of_the_paper(void **state)
{
	(void)state;
	static const uint64_t seeds[] = { 0, 1, UINT64_MAX };
	for (size_t row = 0; row < 4; row++) {
		struct upk_random r = { { 1, 2, 3, 4 } };
		if (row > 0)
			upk_random_seed(&r, seeds[row - 1]);
		for (size_t i = 0; i < 6; i++)
			assert_int_equal(upk_random_next(&r), vectors[row][i]);
	}
}

/* 60,000 draws of 6: each count is within 5 standard deviations (91) of 10,000. */
static void below_favours_no_result(void **state)
{
	(void)state;
	struct upk_random r;
	int counts[6] = { 0 };
	upk_random_seed(&r, 5);
	for (int i = 0; i < 60000; i++)
		counts[upk_random_below(&r, 6)]++;
	for (int i = 0; i < 6; i++)
		assert_in_range(counts[i], 9545, 10455);
	assert_int_equal(upk_random_below(&r, 1), 0);
}

/* Plain x % n would land in the lowest third twice as often for n = 3/4 of 2^64. */
static void below_is_even_where_a_remainder_would_not_be(void **state)
{
	(void)state;
	struct upk_random r;
	const uint64_t n = UINT64_C(3) << 62;
	int low = 0;
	upk_random_seed(&r, 6);
	for (int i = 0; i < 10000; i++)
		low += upk_random_below(&r, n) < n / 3;
	assert_in_range(low, 3098, 3569);
}

static void unit_stays_below_1_and_averages_a_half(void **state)
{
	(void)state;
	struct upk_random r;
	double sum = 0;
	upk_random_seed(&r, 8);
	for (int i = 0; i < 100000; i++) {
		double x = upk_random_unit(&r);
		assert_true(x >= 0 && x < 1);
		sum += x;
	}
	assert_true(sum / 100000 > 0.495 && sum / 100000 < 0.505);
}

/* All 24 orders of 4 items in 24,000 shuffles: within 5 standard deviations (31) of 1,000. */
static void shuffle_gives_every_order_alike(void **state)
{
	(void)state;
	struct upk_random r;
	int counts[256] = { 0 };
	int orders = 0;
	upk_random_seed(&r, 9);
	for (int i = 0; i < 24000; i++) {
		uint32_t items[] = { 0, 1, 2, 3 };
		upk_random_shuffle(&r, items, 4);
		counts[items[0] << 6 | items[1] << 4 | items[2] << 2 | items[3]]++;
	}
	for (int i = 0; i < 256; i++) {
		if (counts[i] == 0)
			continue;
		orders++;
		assert_in_range(counts[i], 845, 1155);
	}
	assert_int_equal(orders, 24);
	upk_random_shuffle(&r, NULL, 0);
}

static void bytes_fill_what_is_asked_and_no_more(void **state)
{
	(void)state;
	unsigned char a[40] = { 0 }, b[40] = { 0 };
	static const unsigned char zeros[8];
	assert_true(upk_random_bytes(a, 32));
	assert_true(upk_random_bytes(b, 32));
	assert_memory_not_equal(a, b, 32);
	assert_memory_equal(a + 32, zeros, 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_those_of_the_paper),
		cmocka_unit_test(below_favours_no_result),
		cmocka_unit_test(below_is_even_where_a_remainder_would_not_be),
		cmocka_unit_test(unit_stays_below_1_and_averages_a_half),
		cmocka_unit_test(shuffle_gives_every_order_alike),
		cmocka_unit_test(bytes_fill_what_is_asked_and_no_more),
	};
	return cmocka_run_group_tests_name("random", tests, NULL, NULL);
}
