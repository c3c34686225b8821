#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/error.h"

static void absent_and_empty_are_not_the_same(void **state)
{
	(void)state;
	struct upk_text absent = upk_text_of(NULL), empty = upk_text_of("");
	assert_null(absent.data);
	assert_true(upk_text_equal(absent, absent));
	assert_true(upk_text_equal(empty, (struct upk_text){ "x", 0 }));
	assert_false(upk_text_equal(absent, empty));
	assert_true(upk_text_is(empty, ""));
	assert_false(upk_text_is(absent, ""));
	assert_true(upk_text_is(absent, NULL));
}

static void copy_ends_with_a_nul_and_keeps_those_inside(void **state)
{
	(void)state;
	char *copy = upk_text_copy((struct upk_text){ "a\0b", 3 });
	assert_memory_equal(copy, "a\0b", 4);
	free(copy);
	copy = upk_text_copy(upk_text_of(NULL));
	assert_string_equal(copy, "");
	free(copy);
}

/* Writes what UTF-8 has for a code point, surrogates and all. */
static size_t encode(uint32_t c, unsigned char out[4])
{
	if (c < 0x80)
		return out[0] = (unsigned char)c, 1;
	size_t size = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
	for (size_t i = size - 1; i > 0; i--, c >>= 6)
		out[i] = (unsigned char)(0x80 | (c & 0x3f));
	out[0] = (unsigned char)((0xf00 >> size) | c);
	return size;
}

static void every_scalar_value_and_no_surrogate_is_utf8(void **state)
{
	(void)state;
	for (uint32_t c = 0; c < 0x140000; c++) {
		unsigned char bytes[4];
		size_t size = encode(c, bytes);
		bool valid = c < 0xd800 || (c > 0xdfff && c < 0x110000);
		struct upk_text text = { (char *)bytes, size };
		assert_int_equal(upk_text_is_utf8(text), valid);
		assert_int_equal(upk_text_character(text, 0), valid ? size : 0);
	}
}

/* The valid ones among all 2^24 triples of bytes, counted by hand: 128 ASCII, 1920 of two bytes,
 * 61,440 of three. */
static void just_the_right_triples_of_bytes_are_utf8(void **state)
{
	(void)state;
	uint64_t valid = 0;
	for (uint32_t x = 0; x < 0x1000000; x++) {
		char bytes[3] = { (char)(x >> 16), (char)(x >> 8), (char)x };
		valid += upk_text_is_utf8((struct upk_text){ bytes, 3 });
	}
	assert_int_equal(valid, 128 * 128 * 128 + 2 * 128 * 1920 + 61440);
}

static void an_error_is_one_line_of_code_that_gives_false(void **state)
{
	(void)state;
	struct upk_error err = { 0 };
	assert_false(upk_fail(&err, UPK_INVALID, "below is %g: want 0 to 1", 7.0));
	assert_int_equal(err.code, UPK_INVALID);
	assert_false(upk_fail_in(&err, "rules[%d]: ", 2));
	assert_int_equal(err.code, UPK_INVALID);
	assert_string_equal(err.message, "rules[2]: below is 7: want 0 to 1");
	assert_false(upk_fail(&err, UPK_IO, "again: %s", err.message));
	assert_string_equal(err.message, "again: rules[2]: below is 7: want 0 to 1");
	assert_false(upk_fail(NULL, UPK_IO, "nobody listens"));
	assert_false(upk_fail_in(NULL, "nobody: "));
}

static void a_long_message_is_cut_at_a_character(void **state)
{
	(void)state;
	static const char *const characters[] = { "a", "\xc3\xa9", "\xe2\x82\xac",
		"\xf0\x9f\x98\x80" };
	for (size_t i = 0; i < 4; i++) {
		for (size_t pad = 0; pad < 4; pad++) {
			struct upk_buffer b = { 0 };
			struct upk_error err = { 0 };
			upk_buffer_append(&b, "xxxx", pad);
			while (b.size < 2000)
				upk_buffer_puts(&b, characters[i]);
			upk_buffer_putc(&b, '\0');

			upk_fail(&err, UPK_IO, "%s", b.data);
			assert_true(strlen(err.message) > sizeof err.message - 1 - 4);
			assert_true(upk_text_is_utf8(upk_text_of(err.message)));
			upk_fail_in(&err, "%.*s", (int)pad, "yyyy");
			assert_true(strlen(err.message) > sizeof err.message - 1 - 4);
			assert_true(upk_text_is_utf8(upk_text_of(err.message)));
			upk_buffer_finish(&b);
		}
	}
}

static void a_buffer_keeps_what_was_put_in(void **state)
{
	(void)state;
	struct upk_buffer b = { 0 };
	assert_true(upk_text_is(upk_buffer_text(&b), ""));
	upk_buffer_append(&b, NULL, 0);
	for (int i = 0; i < 1000; i++) {
		upk_buffer_putc(&b, 'a');
		upk_buffer_puts(&b, "bc");
		upk_buffer_append(&b, "d\0e", 3);
		upk_buffer_printf(&b, "%d;", 7);
		memcpy(upk_buffer_grow(&b, 2), "fg", 2);
	}
	assert_int_equal(b.size, 10000);
	for (int i = 0; i < 1000; i++)
		assert_memory_equal(b.data + i * 10, "abcd\0e7;fg", 10);

	char *kept = b.data;
	upk_buffer_clear(&b);
	upk_buffer_puts(&b, "again");
	assert_ptr_equal(b.data, kept);
	assert_true(upk_text_is(upk_buffer_text(&b), "again"));
	upk_buffer_finish(&b);
	assert_null(b.data);
}

static void a_buffer_that_failed_takes_nothing_until_cleared(void **state)
{
	(void)state;
	struct upk_buffer b = { 0 };
	upk_buffer_puts(&b, "kept");
	assert_null(upk_buffer_grow(&b, SIZE_MAX - 2));
	assert_true(b.failed);
	upk_buffer_puts(&b, "lost");
	upk_buffer_printf(&b, "%s", "lost");
	assert_null(upk_buffer_grow(&b, 1));
	assert_true(upk_text_is(upk_buffer_text(&b), "kept"));
	upk_buffer_clear(&b);
	upk_buffer_puts(&b, "anew");
	assert_false(b.failed);
	assert_true(upk_text_is(upk_buffer_text(&b), "anew"));
	upk_buffer_finish(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(absent_and_empty_are_not_the_same),
		cmocka_unit_test(copy_ends_with_a_nul_and_keeps_those_inside),
		cmocka_unit_test(every_scalar_value_and_no_surrogate_is_utf8),
		cmocka_unit_test(just_the_right_triples_of_bytes_are_utf8),
		cmocka_unit_test(an_error_is_one_line_of_code_that_gives_false),
		cmocka_unit_test(a_long_message_is_cut_at_a_character),
		cmocka_unit_test(a_buffer_keeps_what_was_put_in),
		cmocka_unit_test(a_buffer_that_failed_takes_nothing_until_cleared),
	};
	return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
