#include "learn/selection.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { PAIRS = 100, CANDIDATES = 4 };

/* Candidates by accuracy: the i-th is right on all but the last wrong[i] pairs. */
struct scene {
	struct upk_panel panel;
	struct upk_panel_answer answers[CANDIDATES];
	double v[CANDIDATES][PAIRS];
	struct upk_candidate_window rows[CANDIDATES];
	struct upk_selection pick;
};

static void set(struct scene *s, const size_t wrong[CANDIDATES], size_t windows, double champion)
{
	*s = (struct scene){ .panel.n = PAIRS };
	for (size_t i = 0; i < CANDIDATES; i++) {
		for (size_t j = 0; j < PAIRS - wrong[i]; j++)
			s->v[i][j] = 1.0 / PAIRS;
		s->answers[i].v = s->v[i];
		s->answers[i].score = 1 - (double)wrong[i] / PAIRS;
		s->rows[i].from = 1000 - 100 * i;
	}
	s->pick = (struct upk_selection){ &s->panel, s->answers, CANDIDATES, s->rows, windows,
		champion };
}

static size_t picked(const size_t wrong[CANDIDATES], size_t windows, double champion)
{
	struct scene s;

	set(&s, wrong, windows, champion);
	return upk_selection_pick(&s.pick);
}

/* A lead of n pairs that the other has wrong is n / PAIRS, its sd sqrt(n) / PAIRS. */
static void the_longest_within_one_sd_of_the_best_is_picked(void **state)
{
	(void)state;
	assert_int_equal(picked((const size_t[]){ 10, 11, 11, 12 }, 4, 0.5), 2);
	assert_int_equal(picked((const size_t[]){ 10, 12, 12, 12 }, 4, 0.5), 0);
	assert_int_equal(picked((const size_t[]){ 12, 12, 10, 12 }, 4, 0.5), 2);
}

static void a_window_that_is_no_better_than_the_champion_is_not(void **state)
{
	(void)state;
	assert_int_equal(picked((const size_t[]){ 10, 10, 10, 11 }, 4, 0.89), 2);
	assert_int_equal(picked((const size_t[]){ 10, 11, 11, 11 }, 4, 0.89), 0);
}

static void where_no_window_is_the_best_of_all_is(void **state)
{
	(void)state;
	assert_int_equal(picked((const size_t[]){ 10, 10, 12, 11 }, 4, 0.95), 0);
	assert_int_equal(picked((const size_t[]){ 10, 12, 8, 5 }, 2, 0.5), 3);
}

static void an_old_one_gives_way_to_a_window_within_its_sd(void **state)
{
	(void)state;
	assert_int_equal(picked((const size_t[]){ 11, 30, 10, 12 }, 2, 0.5), 0);
}

static void an_equal_lead_is_not_above_it(void **state)
{
	struct scene s;

	(void)state;
	for (size_t wrong = 0; wrong + 4 < PAIRS; wrong++) {
		set(&s, (const size_t[]){ wrong, wrong + 1, wrong + 4, wrong }, 4, 0);
		assert_false(upk_selection_beats(&s.panel, &s.answers[0], &s.answers[1], 1));
		assert_false(upk_selection_beats(&s.panel, &s.answers[0], &s.answers[2], 2));
		assert_true(upk_selection_beats(&s.panel, &s.answers[0], &s.answers[2], 1.99));
		assert_false(upk_selection_beats(&s.panel, &s.answers[0], &s.answers[3], 1));
		assert_false(upk_selection_beats(&s.panel, &s.answers[2], &s.answers[0], 1));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_longest_within_one_sd_of_the_best_is_picked),
		cmocka_unit_test(a_window_that_is_no_better_than_the_champion_is_not),
		cmocka_unit_test(where_no_window_is_the_best_of_all_is),
		cmocka_unit_test(an_old_one_gives_way_to_a_window_within_its_sd),
		cmocka_unit_test(an_equal_lead_is_not_above_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
