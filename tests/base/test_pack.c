#include "base/pack.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* Two's complement and IEEE 754 as Python's struct.pack("<qqd", 1, -2, -0.1) has them, then a text.
 */
static const unsigned char expected[] = { 1, 0, 0, 0, 0, 0, 0, 0, 0xfe, 0xff, 0xff, 0xff, 0xff,
	0xff, 0xff, 0xff, 0x9a, 0x99, 0x99, 0x99, 0x99, 0x99, 0xb9, 0xbf, 3, 0, 0, 0, 0, 0, 0, 0,
	'a', 0, 'b' };

static const double tenth = -0.1;

static void numbers_and_texts_are_packed_little_endian(void **state)
{
	(void)state;
	struct upk_buffer out = { 0 };
	upk_pack_int(&out, 1);
	upk_pack_int(&out, -2);
	upk_pack_doubles(&out, &tenth, 1);
	upk_pack_text(&out, (struct upk_text){ "a\0b", 3 });
	assert_false(out.failed);
	assert_int_equal(out.size, sizeof expected);
	assert_memory_equal(out.data, expected, sizeof expected);
	upk_buffer_finish(&out);
}

static void what_was_packed_comes_back(void **state)
{
	(void)state;
	struct upk_unpack u = { .left = { (const char *)expected, sizeof expected } };
	double value;
	assert_int_equal(upk_unpack_int(&u), 1);
	assert_int_equal(upk_unpack_int(&u), -2);
	upk_unpack_doubles(&u, &value, 1);
	assert_memory_equal(&value, &tenth, sizeof value);
	assert_false(upk_unpack_whole(&u));
	assert_true(upk_text_equal(upk_unpack_text(&u), (struct upk_text){ "a\0b", 3 }));
	assert_true(upk_unpack_whole(&u));
}

static void bits_of_a_double_stay_as_they_are(void **state)
{
	(void)state;
	const double values[] = { NAN, -NAN, -0.0, 0x1p-1074, INFINITY };
	double back[5];
	struct upk_buffer out = { 0 };
	upk_pack_doubles(&out, values, 5);
	struct upk_unpack u = { .left = upk_buffer_text(&out) };
	upk_unpack_doubles(&u, back, 5);
	assert_memory_equal(back, values, sizeof values);
	upk_buffer_finish(&out);
}

static void bytes_that_end_too_soon_are_cut_for_good(void **state)
{
	(void)state;
	for (size_t size = 0; size < sizeof expected; size++) {
		struct upk_unpack u = { .left = { (const char *)expected, size } };
		double value = 1;
		upk_unpack_int(&u);
		upk_unpack_int(&u);
		upk_unpack_doubles(&u, &value, 1);
		assert_int_equal(upk_unpack_text(&u).size, 0);
		assert_true(u.cut);
		assert_int_equal(upk_unpack_int(&u), 0);
		assert_false(upk_unpack_whole(&u));
	}
}

static void a_text_of_a_negative_size_is_cut(void **state)
{
	(void)state;
	struct upk_unpack u = { .left = { (const char *)expected + 8, sizeof expected - 8 } };
	assert_int_equal(upk_unpack_text(&u).size, 0);
	assert_true(u.cut);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_and_texts_are_packed_little_endian),
		cmocka_unit_test(what_was_packed_comes_back),
		cmocka_unit_test(bits_of_a_double_stay_as_they_are),
		cmocka_unit_test(bytes_that_end_too_soon_are_cut_for_good),
		cmocka_unit_test(a_text_of_a_negative_size_is_cut),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
