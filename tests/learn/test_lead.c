#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "learn/lead.h"

static void as_many_digits_are_said_as_make_a_difference_visible(void **state)
{
	(void)state;
	static const struct {
		struct upk_lead lead;
		const char *words;
	} rows[] = {
		{ { 0.95, 0.9, 0.002 }, "better by 0.050 where better by more than 0.002 was needed" },
		{ { 0.9, 0.95, 0.002 }, "worse by 0.050 where better by more than 0.002 was needed" },
		{ { 0.9, 0.9003, 0.002 },
			"worse by 0.0003 where better by more than 0.0020 was needed" },
		{ { 0.90204, 0.9, 0.002 },
			"better by 0.00204 where better by more than 0.00200 was needed" },
		{ { 0.9000004, 0.9, 0 },
			"better by 0.0000004 where better by more than 0.0000000 was needed" },
		{ { 0.9004, 0.8996, 0.02 },
			"better by 0.0008 where better by more than 0.0200 was needed" },
		{ { 0.9, 0.9, 0.002 }, "as good where better by more than 0.002 was needed" },
		{ { 0.1 + 0.2, 0.3, 0 }, "as good where better by more than 0.000 was needed" },
		{ { 0.9, 0.9 - 1e-12, 0 }, "as good where better by more than 0.000 was needed" },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char words[UPK_LEAD_WORDS];
		upk_lead_say(&rows[i].lead, words);
		assert_string_equal(words, rows[i].words);
	}
}

/* What a reader sees: two scores that differ read differently, and so do difference and limit. */
static void what_differs_reads_differently(void **state)
{
	(void)state;
	for (int a = 0; a <= 400; a++)
		for (int b = 0; b <= 400; b += 7) {
			const struct upk_lead lead = { a / 400.0 * b / 401.0, b / 401.0 * 0.7,
				0.002 };
			int digits = upk_lead_digits(&lead);
			char score[32], other[32];
			snprintf(score, sizeof score, "%.*f", digits, lead.score);
			snprintf(other, sizeof other, "%.*f", digits, lead.other);
			assert_true(digits >= 3 && digits <= 9);
			double difference = lead.score - lead.other;
			if (difference > 1e-8 || difference < -1e-8)
				assert_string_not_equal(score, other);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_many_digits_are_said_as_make_a_difference_visible),
		cmocka_unit_test(what_differs_reads_differently),
	};
	return cmocka_run_group_tests_name("lead", tests, NULL, NULL);
}
