#include "base/json_scan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/number_scan.h"

/* By what RFC 8259, section 7, says of unescaped characters. */
static bool is_plain(unsigned char c)
{
	return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
}

static void every_byte_ends_a_run_or_does_not_at_every_place(void **state)
{
	(void)state;
	for (size_t size = 0; size <= 40; size++)
		for (size_t at = 0; at < size; at++)
			for (int c = 0; c < 256; c++) {
				/* Of its own size, so that AddressSanitizer sees a byte too far. */
				char *text = malloc(size);
				memset(text, 'x', size);
				text[at] = (char)c;
				size_t want = is_plain((unsigned char)c) ? size : at;
				assert_int_equal(upk_json_plain(text, size), want);
				assert_int_equal(upk_json_plain_portable(text, size), want);
				free(text);
			}
	assert_int_equal(upk_json_plain("", 0), 0);
}

static void the_first_end_counts(void **state)
{
	(void)state;
	static const char text[] = "0123456789\"abcdefgh\\ \n\x80";
	assert_int_equal(upk_json_plain(text, sizeof text - 1), 10);
	assert_int_equal(upk_json_plain(text + 11, sizeof text - 12), 8);
	assert_int_equal(upk_json_plain_portable(text, sizeof text - 1), 10);
}

static void eight_digits_are_read_as_one_by_one(void **state)
{
	(void)state;
	for (unsigned digits = 0; digits <= 8; digits++)
		for (int c = 0; c < 256; c++) {
			char text[9] = "90817263",
			     rest[9] = "\xff"
				       "9:/0\x80 7";
			uint64_t value = 0;
			unsigned want = digits;
			memcpy(text + digits, rest, 8 - digits);
			if (digits < 8)
				text[digits] = (char)c;
			while (want < 8 && upk_number_is_digit(text[want]))
				want++;
			assert_int_equal(upk_number_eight(text, &value), want);
			text[want] = '\0';
			assert_int_equal(value, want ? strtoull(text, NULL, 10) : 0);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_byte_ends_a_run_or_does_not_at_every_place),
		cmocka_unit_test(the_first_end_counts),
		cmocka_unit_test(eight_digits_are_read_as_one_by_one),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
