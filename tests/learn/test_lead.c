#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "learn/lead.h"

static void as_many_digits_are_said_as_make_a_difference_visible(void **state)
{
	(void)state;
	static const struct {
		struct upk_lead lead;
		const char *words;
	} rows[] = {
		{ { 0.95, 0.9, 0.002 },
			"better by 0.050 where better by more than 0.002 was needed" },
		{ { 0.9, 0.95, 0.002 },
			"worse by 0.050 where better by more than 0.002 was needed" },
		{ { 0.9, 0.9003, 0.002 },
			"worse by 0.0003 where better by more than 0.0020 was needed" },
		{ { 0.90204, 0.9, 0.002 },
			"better by 0.00204 where better by more than 0.00200 was needed" },
		{ { 0.9000004, 0.9, 0 },
			"better by 0.0000004 where better by more than 0.0000000 was needed" },
		{ { 0.9004, 0.8996, 0.02 },
			"better by 0.0008 where better by more than 0.0200 was needed" },
		{ { 0.9124, 0.9046, 0.002 },
			"better by 0.007 where better by more than 0.002 was needed" },
		{ { 0.9124, 0.9046, 0.0075 },
			"better by 0.0078 where better by more than 0.0075 was needed" },
		{ { 0.9025, 0.9, 0.0025 },
			"better by 0.003 where better by more than 0.003 was needed" },
		{ { 0.9, 0.9, 0.002 }, "as good where better by more than 0.002 was needed" },
		{ { 0.1 + 0.2, 0.3, 0 }, "as good where better by more than 0.000 was needed" },
		{ { 0.9, 0.9 - 1e-12, 0 }, "as good where better by more than 0.000 was needed" },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct upk_lead_shown shown;
		upk_lead_show(&rows[i].lead, &shown);
		assert_string_equal(shown.words, rows[i].words);
	}
}

/* In billionths, by the text alone. */
static long long read_figure(const char *text)
{
	long long figure = 0;
	int digits = -1;
	for (const char *at = text; *at; at++) {
		if (*at == '.') {
			digits = 0;
			continue;
		}
		assert_true(*at >= '0' && *at <= '9');
		figure = 10 * figure + (*at - '0');
		digits += digits >= 0;
	}
	assert_true(digits >= 3 && digits <= 9);
	while (digits++ < 9)
		figure *= 10;
	return figure;
}

static bool differ(double a, double b)
{
	return fabs(a - b) > 1e-8;
}

static void expect_agreement(const struct upk_lead *lead)
{
	struct upk_lead_shown shown;
	upk_lead_show(lead, &shown);
	long long score = read_figure(shown.score), other = read_figure(shown.other);
	long long by = score - other, limit = read_figure(shown.limit);

	assert_true(read_figure(shown.by) == llabs(by));
	assert_int_equal(by > limit, upk_lead_holds(lead));
	assert_true(fabs(1e-9 * (double)score - lead->score) <= 5.1e-4);
	assert_true(fabs(1e-9 * (double)limit - lead->limit) <= 5.1e-4);
	if (differ(lead->score, lead->other))
		assert_int_equal(by > 0, lead->score > lead->other);
	if (differ(lead->score - lead->other, lead->limit))
		assert_true(by != limit);
	assert_int_equal(strstr(shown.words, "better by 0") != NULL, by > 0);
	assert_int_equal(strstr(shown.words, "worse by 0") != NULL, by < 0);
}

/* What a reader sees: the scores shown make the difference shown, and that is greater than the
 * limit shown just when the lead holds, with scores of any kind and limits close to their
 * difference. */
static void what_is_shown_adds_up(void **state)
{
	(void)state;
	static const double near[] = { 0, 1e-12, -1e-12, 4e-10, -4e-10, 1e-9, -1e-9, 1.5e-9,
		-1.5e-9, 2.4e-9, 1e-7, -1e-7, 4e-4, -4e-4, 5e-4, -5e-4 };
	for (int a = 0; a <= 400; a++)
		for (int b = 1; b <= 400; b += 7) {
			struct upk_lead lead = { a / 400.0 * b / 401.0, b / 401.0 * 0.7, 0.002 };
			expect_agreement(&lead);
			for (size_t i = 0; i < sizeof near / sizeof *near; i++) {
				lead.limit = fmax(0, lead.score - lead.other + near[i]);
				expect_agreement(&lead);
			}
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_many_digits_are_said_as_make_a_difference_visible),
		cmocka_unit_test(what_is_shown_adds_up),
	};
	return cmocka_run_group_tests_name("lead", tests, NULL, NULL);
}
