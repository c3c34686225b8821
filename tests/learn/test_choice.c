#include "learn/choice.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/random.h"
#include "learn/sample.h"

static const struct upk_text classes[] = { { "n", 1 }, { "y", 1 } };

/* Labels by a plane, or by whether two signs are the same, which no plane can tell. */
static void make(struct upk_dataset *d, size_t rows, bool plane)
{
	struct upk_random r;

	upk_random_seed(&r, 4);
	upk_dataset_init(d, sample_columns(2), 2);
	for (size_t i = 0; i < rows; i++) {
		double x[] = { upk_random_unit(&r) - 0.5, upk_random_unit(&r) - 0.5 };
		bool y = plane ? x[0] + x[1] > 0 : (x[0] > 0) == (x[1] > 0);
		assert_true(upk_dataset_add(d, x, y, -1, (int64_t)i, NULL));
	}
}

static struct upk_choice_request request_on(const struct upk_dataset *d)
{
	struct upk_choice_request r = { .data = d,
		.to = d->rows,
		.decision = { .positive = -1 },
		.measure = { upk_metric_find("f1"), UPK_AVERAGE_MACRO, 0 } };

	r.setups[0] = (struct upk_predictor_setup){ .learner = &upk_logistic, .classes = classes };
	r.setups[1] = (struct upk_predictor_setup){ .learner = &upk_trees, .classes = classes };
	r.count = 2;
	return r;
}

static size_t choose(const struct upk_choice_request *r)
{
	struct upk_error err = { 0 };
	size_t chosen = 9;

	double scores[UPK_CHOICE_LEARNERS];

	if (!upk_choice(r, &chosen, scores, &err))
		fail_msg("%s", err.message);
	return chosen;
}

static void the_learner_that_can_tell_the_labels_is_chosen(void **state)
{
	struct upk_dataset plane, signs;

	(void)state;
	make(&plane, 600, true);
	make(&signs, 600, false);
	struct upk_choice_request a = request_on(&plane), b = request_on(&signs);
	assert_int_equal(choose(&a), 0);
	assert_int_equal(choose(&b), 1);
	upk_dataset_finish(&plane);
	upk_dataset_finish(&signs);
}

/* What is held out changes nothing: all of its labels are turned round. */
static void rows_held_out_are_not_looked_at(void **state)
{
	struct upk_dataset d;

	(void)state;
	make(&d, 600, false);
	struct upk_choice_request r = request_on(&d);
	r.to = 300;
	for (size_t i = 300; i < d.rows; i++)
		d.y[i] = sample_inputs(&d, 0, d.rows).x[i * 2] > 0;
	assert_int_equal(choose(&r), 1);
	upk_dataset_finish(&d);
}

static void with_few_rows_or_fits_that_fail_the_first_stands(void **state)
{
	struct upk_dataset few, one;

	(void)state;
	make(&few, 99, false);
	make(&one, 400, false);
	memset(one.y, 0, one.rows * sizeof *one.y);
	struct upk_choice_request a = request_on(&few), b = request_on(&one);
	assert_int_equal(choose(&a), 0);
	assert_int_equal(choose(&b), 0);
	upk_dataset_finish(&few);
	upk_dataset_finish(&one);
}

struct told {
	size_t count, done, total;
};

static void hear(void *context, size_t done, size_t total)
{
	struct told *t = context;

	assert_true(done > t->done);
	*t = (struct told){ t->count + 1, done, total };
}

static void each_fit_is_told_and_each_learners_score_kept(void **state)
{
	struct upk_dataset d;
	struct told told = { 0 };
	double scores[UPK_CHOICE_LEARNERS];
	size_t chosen;

	(void)state;
	make(&d, 600, false);
	struct upk_choice_request r = request_on(&d), few = request_on(&d);
	r.progress = hear;
	r.context = &told;
	assert_int_equal(upk_choice_fits(&r), 8);
	assert_true(upk_choice(&r, &chosen, scores, NULL));
	assert_int_equal(told.count, 8);
	assert_int_equal(told.done, 8);
	assert_int_equal(told.total, 8);
	assert_true(scores[0] < 0.7 && scores[1] > 0.8);

	/* Those on rows of one class fail. */
	memset(d.y, 0, 300 * sizeof *d.y);
	r.setups[1] = r.setups[0];
	told = (struct told){ 0 };
	assert_true(upk_choice(&r, &chosen, scores, NULL));
	assert_true(isnan(scores[0]) && isnan(scores[1]));
	assert_int_equal(told.done, 8);

	few.to = 99;
	assert_int_equal(upk_choice_fits(&few), 0);
	assert_true(upk_choice(&few, &chosen, scores, NULL));
	assert_true(isnan(scores[0]) && isnan(scores[1]));
	few.to = 600;
	few.count = 1;
	assert_int_equal(upk_choice_fits(&few), 0);
	upk_dataset_finish(&d);
}

static void a_cancelled_choice_says_so(void **state)
{
	struct upk_dataset d;
	struct upk_error err = { 0 };
	atomic_bool cancel = true;
	double scores[UPK_CHOICE_LEARNERS];
	size_t chosen;

	(void)state;
	make(&d, 400, true);
	struct upk_choice_request r = request_on(&d);
	r.setups[0].cancel = &cancel;
	assert_false(upk_choice(&r, &chosen, scores, &err));
	assert_int_equal(err.code, UPK_CANCELLED);
	upk_dataset_finish(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_learner_that_can_tell_the_labels_is_chosen),
		cmocka_unit_test(rows_held_out_are_not_looked_at),
		cmocka_unit_test(with_few_rows_or_fits_that_fail_the_first_stands),
		cmocka_unit_test(each_fit_is_told_and_each_learners_score_kept),
		cmocka_unit_test(a_cancelled_choice_says_so),
	};

	return cmocka_run_group_tests_name("choice", tests, NULL, NULL);
}
