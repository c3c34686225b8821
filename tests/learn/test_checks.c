#include "learn/checks.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "learn/sample.h"

enum { BEFORE = 600, HELD_OUT = 200, ROWS = BEFORE + HELD_OUT };

/* Rows of two classes in turn; served is wrong on every `wrong`-th (0: none). */
struct scene {
	struct upk_dataset data;
	struct upk_panel panel;
	struct upk_panel_answer champion, challenger;
	struct upk_panel_answer other; /* candidate; none: without `predicted` */
	struct upk_slices slices;
	double first_errors;
};

static void open(struct scene *s, size_t wrong)
{
	*s = (struct scene){ .first_errors = NAN };
	upk_dataset_init(&s->data, sample_columns(1), 2);
	for (size_t i = 0; i < ROWS; i++) {
		double x = 0;
		uint16_t y = i % 2;
		bool off = wrong && i % wrong == wrong - 1;
		assert_true(upk_dataset_add(&s->data, &x, y, off ? !y : y, 1 + (int64_t)i, NULL));
	}
	s->panel.measure = (struct upk_measure){ upk_metric_find("accuracy"), UPK_AVERAGE_NONE, 0 };
	assert_true(upk_panel_init(&s->panel, &s->data, HELD_OUT, true, NULL));
}

/* The challenger is wrong on the last rows: so many. */
static void answer(struct scene *s, size_t wrong)
{
	upk_panel_answer_finish(&s->champion);
	upk_panel_answer_finish(&s->challenger);
	assert_true(upk_panel_ask_champion(&s->panel, &s->champion, NULL));
	assert_true(upk_panel_ask_constant(&s->panel, 0, &s->challenger, NULL));
	for (size_t i = 0; i < s->panel.n; i++)
		s->challenger.predicted[i] =
			i + wrong < s->panel.n ? s->panel.actual[i] : !s->panel.actual[i];
	s->challenger.score = 1 - (double)wrong / (double)s->panel.n;
}

static void close(struct scene *s)
{
	upk_slices_finish(&s->slices);
	upk_panel_answer_finish(&s->champion);
	upk_panel_answer_finish(&s->challenger);
	upk_panel_finish(&s->panel);
	upk_dataset_finish(&s->data);
}

static struct upk_checked run(const struct scene *s, const struct upk_checks *wanted)
{
	struct upk_checked out;
	struct upk_error err = { 0 };
	const struct upk_panel_answer candidates[] = { s->other, s->challenger };
	const struct upk_checks_input in = { .panel = &s->panel,
		.champion = &s->champion,
		.challenger = &s->challenger,
		.slices = s->slices.count ? &s->slices : NULL,
		.first_errors = s->first_errors,
		.candidates = s->other.predicted ? candidates : &s->challenger,
		.candidates_count = s->other.predicted ? 2 : 1 };

	if (!upk_checks_run(wanted, &in, &out, &err))
		fail_msg("%s", err.message);
	return out;
}

static void assert_end(const struct upk_checked *c, enum upk_check_end end, const char *words)
{
	if (c->end != end || !strstr(c->words, words))
		fail_msg("%d, %s: want %d, %s", c->end, c->words, end, words);
}

static void slice(struct scene *s, const char *key, const char *value, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++)
		assert_true(upk_slices_add(
			&s->slices, upk_text_of(key), upk_text_of(value), BEFORE + i, NULL));
}

static void bound_is_on_the_challengers_own_figure(void **state)
{
	struct upk_checks wanted = upk_checks_default;
	struct scene s;

	(void)state;
	open(&s, 4);
	answer(&s, 40);
	wanted.at_least = 0.8;
	struct upk_checked c = run(&s, &wanted);
	assert_end(&c, UPK_CHECK_PASSED, "");
	wanted.at_least = 0.801;
	c = run(&s, &wanted);
	assert_end(&c, UPK_CHECK_REFUSED, "at least 0.801 is asked for, and it has 0.800");
	wanted.at_least = 0.8004;
	c = run(&s, &wanted);
	assert_end(&c, UPK_CHECK_REFUSED, "at least 0.8004 is asked for, and it has 0.8000");
	close(&s);
}

static void flips_are_counted_and_limited_only_when_asked(void **state)
{
	struct upk_checks wanted = upk_checks_default;
	struct scene s;

	(void)state;
	open(&s, 4); /* served is wrong on 50 of 200, the challenger on the last 20: 5 of both */
	answer(&s, 20);
	struct upk_checked c = run(&s, &wanted);
	assert_true(fabs(c.flips - 0.3) < 1e-12);
	assert_end(&c, UPK_CHECK_PASSED, "");
	wanted.flips = 0.3;
	c = run(&s, &wanted);
	assert_end(&c, UPK_CHECK_PASSED, "");
	wanted.flips = 0.29;
	c = run(&s, &wanted);
	assert_end(
		&c, UPK_CHECK_REFUSED, "30.0 % of the pairs differently: at most 29 % may change");
	wanted.flips = 0.2996;
	c = run(&s, &wanted);
	assert_end(&c, UPK_CHECK_REFUSED,
		"30.00 % of the pairs differently: at most 29.96 % may change");
	close(&s);
}

static void a_gain_beyond_all_that_ever_served_is_held(void **state)
{
	struct upk_checks wanted = upk_checks_default;
	struct scene s;

	(void)state;
	open(&s, 6); /* always a sixth wrong */
	answer(&s, 3);
	struct upk_checked c = run(&s, &wanted);
	assert_true(c.errors == 0.015 && c.least_errors == 0.165);
	assert_end(&c, UPK_CHECK_HELD, "wrong on 3 of the 200 pairs");
	assert_non_null(strstr(c.words, "best so far would be wrong on 33"));
	answer(&s, 4);
	c = run(&s, &wanted);
	assert_end(&c, UPK_CHECK_PASSED, "");
	close(&s);
	open(&s, 3);
	answer(&s, 4); /* all but perfect */
	c = run(&s, &wanted);
	assert_end(&c, UPK_CHECK_HELD, "wrong on 4 of the 200 pairs");
	answer(&s, 5);
	c = run(&s, &wanted);
	assert_end(&c, UPK_CHECK_PASSED, "");
	answer(&s, 0);
	wanted.leak = NAN;
	c = run(&s, &wanted);
	assert_end(&c, UPK_CHECK_PASSED, "");
	close(&s);
}

static void the_only_candidate_that_is_that_good_is_refused(void **state)
{
	struct scene s;

	(void)state;
	open(&s, 6);
	answer(&s, 4);
	s.other = s.challenger;
	s.challenger = (struct upk_panel_answer){ 0 };
	answer(&s, 3);
	struct upk_checked c = run(&s, &upk_checks_default);
	assert_true(c.errors == 0.015 && c.least_errors == 0.165);
	assert_end(&c, UPK_CHECK_REFUSED, "wrong on 3 of the 200 pairs");
	assert_non_null(strstr(c.words, "no other candidate is"));
	s.other.predicted[HELD_OUT - 4] = s.panel.actual[HELD_OUT - 4];
	c = run(&s, &upk_checks_default);
	assert_end(&c, UPK_CHECK_HELD, "wrong on 3 of the 200 pairs");
	answer(&s, 4); /* not that good itself, though another is */
	c = run(&s, &upk_checks_default);
	assert_end(&c, UPK_CHECK_PASSED, "");
	upk_panel_answer_finish(&s.other);
	close(&s);
}

static void a_level_that_was_served_before_is_no_leak(void **state)
{
	struct scene s;

	(void)state;
	open(&s, 4);
	answer(&s, 0);
	struct upk_checked c = run(&s, &upk_checks_default);
	assert_end(&c, UPK_CHECK_HELD, "too good");
	/* In its first 200 pairs what served was wrong on 9: of so few nothing can be told. */
	for (size_t i = 0; i < 200; i++)
		s.data.served[i] = i < 9 ? !s.data.y[i] : s.data.y[i];
	c = run(&s, &upk_checks_default);
	assert_true(c.least_errors == 0.045);
	assert_end(&c, UPK_CHECK_PASSED, "");
	/* Whoever served it. */
	for (size_t i = 0; i < 200; i++)
		s.data.served[i] = upk_dataset_anothers(s.data.served[i]);
	c = run(&s, &upk_checks_default);
	assert_true(c.least_errors == 0.045);
	s.first_errors = 0.04;
	c = run(&s, &upk_checks_default);
	assert_true(c.least_errors == 0.04);
	s.first_errors = 0.3;
	/* Examples are not of service. */
	for (size_t i = 0; i < 200; i++)
		s.data.served[i] = -1;
	c = run(&s, &upk_checks_default);
	assert_true(c.least_errors == 0.25);
	assert_end(&c, UPK_CHECK_HELD, "too good");
	/* Who answers the most frequent class is wrong on 9. */
	for (size_t i = 9; i < s.panel.n; i++)
		s.panel.actual[i] = 0;
	for (size_t i = 0; i < 9; i++)
		s.panel.actual[i] = 1;
	c = run(&s, &upk_checks_default);
	assert_true(fabs(c.least_errors - 0.045) < 1e-12);
	close(&s);
}

static void the_slice_that_falls_furthest_is_named(void **state)
{
	struct upk_checks wanted = upk_checks_default;
	struct scene s;

	(void)state;
	open(&s, 4);
	answer(&s, 30); /* the last 30 */
	slice(&s, "country", "de", 0, 140);
	slice(&s, "country", "fr", 140, 200); /* from 15 wrong to 30 */
	slice(&s, "device", "tv", 151, 200);  /* one too few */
	upk_slices_sort(&s.slices);
	struct upk_checked c = run(&s, &wanted);
	assert_int_equal(c.judged, 2);
	assert_int_equal(c.shown, 2);
	assert_end(&c, UPK_CHECK_REFUSED,
		"country=fr falls by 0.250, from 0.750 to 0.500 on 60 pairs, where at most ");
	assert_string_equal(c.slices[0].name, "country=fr");
	assert_string_equal(c.slices[1].name, "country=de");
	assert_true(c.slices[1].champion == 0.75 && c.slices[1].challenger == 1);
	/* 15 rows where exactly one is right of either kind: sqrt(15 + 7) / 60, at 95 % of two */
	double z = 1.959963984540054, sd = c.slices[0].sd;
	assert_true(fabs(c.slices[0].limit - z * sd) < 1e-12);

	wanted.slice_margin = 0.25;
	c = run(&s, &wanted);
	assert_end(&c, UPK_CHECK_PASSED, "");
	wanted.slice_margin = 0.05;
	wanted.slice_pairs = 61;
	c = run(&s, &wanted);
	assert_int_equal(c.judged, 1);
	assert_end(&c, UPK_CHECK_PASSED, "");
	wanted.slice_margin = NAN;
	wanted.slice_pairs = 49;
	c = run(&s, &wanted);
	assert_int_equal(c.judged, 3);
	assert_string_equal(c.slices[0].name, "device=tv");
	assert_end(&c, UPK_CHECK_PASSED, "");
	close(&s);
}

static void a_slice_counts_only_pairs(void **state)
{
	struct scene s;

	(void)state;
	open(&s, 4);
	upk_panel_finish(&s.panel);
	s.data.served[BEFORE + 3] = -1;
	s.panel.measure = (struct upk_measure){ upk_metric_find("f1"), UPK_AVERAGE_MACRO, 0 };
	assert_true(upk_panel_init(&s.panel, &s.data, HELD_OUT, true, NULL));
	answer(&s, 0);
	slice(&s, "a", "", 0, 51);
	slice(&s, "a", "=", 51, 200);
	upk_slices_sort(&s.slices);
	struct upk_checked c = run(&s, &upk_checks_default);
	assert_int_equal(c.judged, 2);
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(c.slices[i].pairs, strcmp(c.slices[i].name, "a=") == 0 ? 50 : 149);
	close(&s);
}

/* A slice of three classes, `rows` of them of the third, which the challenger never names. */
static struct upk_slice_figures compare_of_rare(size_t rows, struct upk_measure measure)
{
	enum { N = 60 };
	uint16_t actual[N], champion[N], challenger[N];
	size_t places[N];
	struct upk_slices slices = { 0 };
	struct upk_checked c;

	for (size_t i = 0; i < N; i++) {
		places[i] = i;
		actual[i] = champion[i] = i < rows ? 2 : i % 2;
		challenger[i] = i % 2;
		assert_true(upk_slices_add(&slices, upk_text_of("k"), upk_text_of("v"), i, NULL));
	}
	upk_slices_sort(&slices);
	const struct upk_dataset data = { .rows = N, .classes = 3 };
	const struct upk_panel panel = {
		.data = &data, .measure = measure, .n = N, .rows = places, .actual = actual
	};
	struct upk_panel_answer old = { champion, NULL, 1 }, new = { challenger, NULL, 0 };
	const struct upk_checks_input input = { .panel = &panel,
		.champion = &old,
		.challenger = &new,
		.slices = &slices,
		.first_errors = NAN };
	assert_true(upk_checks_run(&upk_checks_default, &input, &c, NULL));
	upk_slices_finish(&slices);
	assert_int_equal(c.shown, 1);
	return c.slices[0];
}

static void a_slice_with_few_rows_of_a_class_goes_by_accuracy(void **state)
{
	const struct upk_measure macro = { upk_metric_find("f1"), UPK_AVERAGE_MACRO, 0 };
	const struct upk_measure third = { upk_metric_find("f1"), UPK_AVERAGE_CLASS, 2 };
	const struct upk_measure second = { upk_metric_find("f1"), UPK_AVERAGE_CLASS, 1 };

	(void)state;
	struct upk_slice_figures f = compare_of_rare(9, macro);
	assert_true(f.by_accuracy && fabs(f.challenger - 51. / 60) < 1e-12);
	/* scikit-learn: f1_score(y, p, average="macro"), (10 / 11 + 10 / 11 + 0) / 3 */
	f = compare_of_rare(10, macro);
	assert_true(!f.by_accuracy && fabs(f.challenger - 20. / 33) < 1e-12);
	f = compare_of_rare(10, third);
	assert_true(!f.by_accuracy && f.challenger == 0);
	f = compare_of_rare(9, third);
	assert_true(f.by_accuracy && fabs(f.challenger - 51. / 60) < 1e-12);
	/* The second class has enough: 26 of 26, and 4 answered so wrongly. */
	f = compare_of_rare(9, second);
	assert_true(!f.by_accuracy && fabs(f.challenger - 52. / 56) < 1e-12);
}

static void of_many_slices_the_worst_are_shown(void **state)
{
	struct scene s;
	char value[8];
	struct upk_checks wanted = upk_checks_default;

	(void)state;
	open(&s, 4);
	answer(&s, 100);
	wanted.slice_pairs = 4;
	for (size_t i = 0; i < 50; i++) {
		snprintf(value, sizeof value, "%02zu", i);
		slice(&s, "k", value, 4 * i, 4 * i + 4);
	}
	upk_slices_sort(&s.slices);
	struct upk_checked c = run(&s, &wanted);
	assert_int_equal(c.judged, 50);
	assert_int_equal(c.shown, UPK_CHECKS_SLICES);
	for (size_t i = 0; i < c.shown; i++)
		assert_true(c.slices[i].difference < 0);
	close(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bound_is_on_the_challengers_own_figure),
		cmocka_unit_test(flips_are_counted_and_limited_only_when_asked),
		cmocka_unit_test(a_gain_beyond_all_that_ever_served_is_held),
		cmocka_unit_test(the_only_candidate_that_is_that_good_is_refused),
		cmocka_unit_test(a_level_that_was_served_before_is_no_leak),
		cmocka_unit_test(the_slice_that_falls_furthest_is_named),
		cmocka_unit_test(a_slice_counts_only_pairs),
		cmocka_unit_test(a_slice_with_few_rows_of_a_class_goes_by_accuracy),
		cmocka_unit_test(of_many_slices_the_worst_are_shown),
	};

	return cmocka_run_group_tests_name("learn/checks", tests, NULL, NULL);
}
