#include "base/number.h"

#include <inttypes.h>
#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/random.h"
#include "oracle.h"

static uint64_t bits_of(double x)
{
	uint64_t bits;
	memcpy(&bits, &x, sizeof bits);
	return bits;
}

static double double_of(uint64_t bits)
{
	double x;
	memcpy(&x, &bits, sizeof x);
	return x;
}

static bool parse(const char *string, double *out)
{
	return upk_number_parse(upk_text_of(string), out);
}

static const struct {
	double x;
	const char *text;
} prints[] = {
	{ 0, "0" },
	{ -0.0, "-0" },
	{ 1, "1" },
	{ -1.5, "-1.5" },
	{ 0.1, "0.1" },
	{ 0.1 + 0.2, "0.30000000000000004" },
	{ 1e15, "1000000000000000" },
	{ 9007199254740992.0, "9007199254740992" },
	{ -9007199254740992.0, "-9007199254740992" },
	{ 1e16, "1e+16" },
	{ 1e300, "1e+300" },
	{ 1e-7, "1e-7" },
	{ 0.0001, "0.0001" },
	{ 5e-324, "5e-324" },
	{ 2.2250738585072014e-308, "2.2250738585072014e-308" },
	{ -1.7976931348623157e308, "-1.7976931348623157e+308" },
};

static void prints_follow_the_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof prints / sizeof prints[0]; i++) {
		char text[UPK_NUMBER_SIZE];
		size_t size = upk_number_print(prints[i].x, text);
		assert_string_equal(text, prints[i].text);
		assert_int_equal(size, strlen(text));
	}
}

/* All bit patterns of finite doubles are alike; every second one is near 1. */
static double random_double(struct upk_random *r)
{
	double x;
	do
		x = upk_random_below(r, 2) ? double_of(upk_random_next(r))
					   : upk_random_unit(r) * 2 - 1;
	while (!isfinite(x));
	return x;
}

static void a_printed_double_reads_back_to_every_bit(void **state)
{
	(void)state;
	struct upk_random r;
	upk_random_seed(&r, 1);
	for (int i = 0; i < 100000; i++) {
		char text[UPK_NUMBER_SIZE];
		double x = random_double(&r), read = 0;
		assert_true(upk_number_print(x, text) < UPK_NUMBER_SIZE);
		assert_true(parse(text, &read));
		if (bits_of(read) != bits_of(x) || bits_of(strtod(text, NULL)) != bits_of(x))
			fail_msg("%a is printed as %s", x, text);
	}
}

static int significant_digits(const char *text)
{
	char digits[UPK_NUMBER_SIZE];
	size_t n = 0, first = 0;
	for (; *text && *text != 'e'; text++)
		if (*text >= '0' && *text <= '9')
			digits[n++] = *text;
	while (first < n && digits[first] == '0')
		first++;
	while (n > first && digits[n - 1] == '0')
		n--;
	return (int)(n - first);
}

static void a_text_is_as_short_as_pythons(void **state)
{
	(void)state;
	enum { N = 5000 };
	struct upk_random r;
	char path[64];
	FILE *input = oracle_input(path);
	upk_random_seed(&r, 2);
	for (int i = 0; i < N; i++)
		fprintf(input, "d %016" PRIx64 "\n", bits_of(random_double(&r)));
	assert_int_equal(fclose(input), 0);

	FILE *f = oracle_start("number_oracle.py", path);
	char *line = NULL;
	size_t capacity = 0;
	upk_random_seed(&r, 2);
	for (int i = 0; i < N; i++) {
		char text[UPK_NUMBER_SIZE];
		upk_number_print(random_double(&r), text);
		oracle_line(f, &line, &capacity);
		assert_int_equal(significant_digits(text), atoi(line));
	}
	oracle_end(f, path);
	free(line);
}

/* Digits around a random double's, so that many texts lie near the middle of two doubles. */
static void random_text(struct upk_random *r, char *out, size_t size)
{
	double x = fabs(random_double(r));
	double next = nextafter(x, INFINITY);
	switch (upk_random_below(r, 4)) {
	case 0:
		snprintf(out, size, "%.*e", (int)upk_random_below(r, 40), x);
		break;
	case 1: /* the middle, which a long double has exactly, or a little more */
		snprintf(out, size, "%.800Le", ((long double)x + (isfinite(next) ? next : x)) / 2);
		if (upk_random_below(r, 3) > 0)
			out[upk_random_below(r, 2) ? 60 : 790] = '1';
		break;
	case 2:
		snprintf(out, size, "%.60f", upk_random_unit(r));
		break;
	default:
		snprintf(out, size, "%" PRIu64 "e%d", upk_random_next(r) >> upk_random_below(r, 64),
			(int)upk_random_below(r, 700) - 350);
	}
}

static void texts_read_as_in_python(void **state)
{
	(void)state;
	enum { N = 5000, SIZE = 1024 };
	struct upk_random r;
	char text[SIZE], path[64], ours[32];
	FILE *input = oracle_input(path);
	upk_random_seed(&r, 3);
	for (int i = 0; i < N; i++) {
		random_text(&r, text, sizeof text);
		fprintf(input, "p %s\n", text);
	}
	assert_int_equal(fclose(input), 0);

	FILE *f = oracle_start("number_oracle.py", path);
	char *line = NULL;
	size_t capacity = 0;
	upk_random_seed(&r, 3);
	for (int i = 0; i < N; i++) {
		double x;
		random_text(&r, text, sizeof text);
		strcpy(ours, "inf");
		if (parse(text, &x))
			snprintf(ours, sizeof ours, "%016" PRIx64, bits_of(x));
		oracle_line(f, &line, &capacity);
		if (strcmp(ours, line) != 0)
			fail_msg("%s: %s, Python reads %s", text, ours, line);
	}
	oracle_end(f, path);
	free(line);
}

/* 1 to 21 digits, with zeros at either end, a point and an exponent or not. */
static void short_text(struct upk_random *r, char *out)
{
	int digits = 1 + (int)upk_random_below(r, 21), point = (int)upk_random_below(r, 24);
	int zeros = (int)upk_random_below(r, 4), at = 0;
	if (upk_random_below(r, 2))
		out[at++] = '-';
	if (point == 0 || zeros > 0) {
		out[at++] = '0';
		out[at++] = '.';
		point = digits;
		for (int i = 1; i < zeros; i++)
			out[at++] = '0';
	}
	for (int i = 0; i < digits; i++) {
		if (i == point)
			out[at++] = '.';
		bool first = i == 0 && point != digits;
		out[at++] = (char)('0' + first + (int)upk_random_below(r, first ? 9 : 10));
	}
	if (upk_random_below(r, 2))
		at += snprintf(out + at, 8, "e%d", (int)upk_random_below(r, 50) - 25);
	out[at] = '\0';
}

static void short_texts_read_as_by_strtod(void **state)
{
	(void)state;
	struct upk_random r;
	upk_random_seed(&r, 5);
	for (int i = 0; i < 400000; i++) {
		char text[64];
		double read = NAN, fed = NAN;
		short_text(&r, text);
		bool taken = parse(text, &read);
		if (!taken && text[text[0] == '-'] == '0' && text[1 + (text[0] == '-')] != '.')
			continue; /* a zero too many at the start */
		fed = strtod(text, NULL);
		if (!taken || bits_of(read) != bits_of(fed))
			fail_msg("%s is read as %a, not %a", text, read, fed);
	}
}

static void what_is_no_json_number_is_refused(void **state)
{
	(void)state;
	static const char *const texts[] = { "", "-", "+1", "01", "-01", ".5", "1.", "1.e1", "1e",
		"1e+", "0x1p3", "inf", "nan", "Infinity", " 1", "1 ", "1,5", "1_0", "1e1.5", "--1",
		"1a", "1e400", "-1e400", "1.7976931348623159e308", "1e99999999999999999999" };
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		double x = 42;
		assert_false(parse(texts[i], &x));
		assert_true(x == 42);
	}
}

static void edges_read_exactly(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		double x;
	} rows[] = {
		{ "-0", -0.0 },
		{ "-0.0e5", -0.0 },
		{ "5e-324", 0x1p-1074 },
		{ "2e-324", 0 },
		{ "1e-400", 0 },
		{ "-1e-99999999999999999999", -0.0 },
		{ "0e99999999999999999999", 0 },
		{ "9007199254740993", 9007199254740992.0 },
		{ "9007199254740993.0000000000000000000000000000000000001", 9007199254740994.0 },
		{ "1.7976931348623157e308", 0x1.fffffffffffffp1023 },
		{ "100e-2", 1 },
		{ "123456789012345e22", 123456789012345e22 },
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		double x = 42;
		assert_true(parse(rows[i].text, &x));
		assert_int_equal(bits_of(x), bits_of(rows[i].x));
	}
}

static void integers_are_exact_or_refused(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		bool ok;
		int64_t value;
	} rows[] = {
		{ "0", true, 0 },
		{ "-0", true, 0 },
		{ "9007199254740993", true, 9007199254740993 },
		{ "9223372036854775807", true, INT64_MAX },
		{ "-9223372036854775808", true, INT64_MIN },
		{ "9223372036854775808", false, 0 },
		{ "-9223372036854775809", false, 0 },
		{ "92233720368547758070", false, 0 },
		{ "", false, 0 },
		{ "-", false, 0 },
		{ "+1", false, 0 },
		{ "01", false, 0 },
		{ "-01", false, 0 },
		{ "1.0", false, 0 },
		{ "1e3", false, 0 },
		{ "1 ", false, 0 },
		{ "a", false, 0 },
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		int64_t value = 42;
		assert_int_equal(
			upk_number_parse_int(upk_text_of(rows[i].text), &value), rows[i].ok);
		assert_int_equal(value, rows[i].ok ? rows[i].value : 42);
	}
}

/* Has the C library print 1.5 with another point than a dot; a system that has no such locale gets
 * one made in `folder`. */
static bool enter_comma_locale(char folder[64])
{
	char command[256];

	strcpy(folder, "/tmp/upkeepd-locale-XXXXXX");
	assert_non_null(mkdtemp(folder));
	if (setlocale(LC_ALL, "de_DE.UTF-8"))
		return true;
	snprintf(command, sizeof command,
		"env -u LD_PRELOAD localedef -i de_DE -f UTF-8 %s/de_DE.UTF-8 >/dev/null 2>&1",
		folder);
	if (system(command) != 0)
		return false;
	setenv("LOCPATH", folder, 1);
	return setlocale(LC_ALL, "de_DE.UTF-8") != NULL;
}

static void leave_comma_locale(const char *folder)
{
	char command[128];
	setlocale(LC_ALL, "C");
	snprintf(command, sizeof command, "rm -rf %s", folder);
	assert_int_equal(system(command), 0);
}

static void a_locale_with_commas_changes_nothing(void **state)
{
	(void)state;
	char folder[64], text[UPK_NUMBER_SIZE];
	double x = 0;
	if (!enter_comma_locale(folder)) {
		leave_comma_locale(folder);
		skip();
	}
	snprintf(text, sizeof text, "%.1f", 1.5);
	assert_string_equal(text, "1,5");

	prints_follow_the_table(state);
	what_is_no_json_number_is_refused(state);
	edges_read_exactly(state);
	assert_true(parse("0.1234567890123456789", &x));
	assert_true(x == 0.1234567890123456789);
	leave_comma_locale(folder);
}

static void bytes_are_a_number_with_a_unit(void **state)
{
	static const struct {
		const char *text;
		double bytes; /* -1: refused */
	} cases[] = {
		{ "20GB", 20e9 },
		{ "1.5MB", 1.5e6 },
		{ "512MiB", 536870912 },
		{ "2GiB", 2147483648.0 },
		{ "1TB", 1e12 },
		{ "0.5TiB", 549755813888.0 },
		{ "20", -1 },
		{ "GB", -1 },
		{ "", -1 },
		{ "2 GB", -1 },
		{ "2gb", -1 },
		{ "-1e400GB", -1 },
		{ "1GBGB", -1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		double bytes = -1;
		bool fine = upk_number_parse_bytes(upk_text_of(cases[i].text), &bytes);
		assert_int_equal(fine, cases[i].bytes >= 0);
		assert_true(bytes == cases[i].bytes);
	}
}

static void as_many_digits_as_tell_two_numbers_apart(void **state)
{
	static const struct {
		double a, b;
		int least, digits;
	} cases[] = {
		{ 0.7, 0.8, 3, 3 },
		{ 0.7999, 0.8, 3, 4 },
		{ 0.84996, 0.85, 4, 5 },
		{ 0.84996, 0.85, 1, 1 },
		{ 5.04, 5, 1, 2 },
		{ 5, 5.04, 1, 2 },
		{ 0.800000001, 0.8, 3, 9 },
		{ 0.8000000001, 0.8, 3, 3 },
		{ 0.8, 0.8, 3, 3 },
		{ 0.1 + 0.2, 0.3, 4, 4 },
		{ NAN, 0.3, 4, 4 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_int_equal(upk_number_digits_apart(cases[i].a, cases[i].b, cases[i].least),
			cases[i].digits);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(prints_follow_the_table),
		cmocka_unit_test(a_printed_double_reads_back_to_every_bit),
		cmocka_unit_test(a_text_is_as_short_as_pythons),
		cmocka_unit_test(texts_read_as_in_python),
		cmocka_unit_test(short_texts_read_as_by_strtod),
		cmocka_unit_test(what_is_no_json_number_is_refused),
		cmocka_unit_test(edges_read_exactly),
		cmocka_unit_test(integers_are_exact_or_refused),
		cmocka_unit_test(bytes_are_a_number_with_a_unit),
		cmocka_unit_test(as_many_digits_as_tell_two_numbers_apart),
		cmocka_unit_test(a_locale_with_commas_changes_nothing),
	};
	return cmocka_run_group_tests_name("number", tests, NULL, NULL);
}
