#include "learn/tuning.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "learn/objective.h"
#include "learn/sample.h"

/* A learner that gives the truth the probability `right`, a setting, and 0.01 more for each fit
 * that it goes on from. The sign of a row's only number is its label. */
struct fitted {
	double right;
	size_t rows, fits;
};

enum { RIGHT, STEPS, SETTINGS };

static const struct upk_setting table[SETTINGS + 1] = {
	[RIGHT] = { "right", 0.7, 0.5, 0.9, false },
	[STEPS] = { "steps", 9, 1, 100, true },
};

static const struct upk_parameter space[] = {
	{ .name = "right", .low = 0.5, .high = 0.9 },
	{ .name = NULL },
};

static const struct upk_parameter adjust[] = {
	{ .name = "steps", .kind = UPK_SPACE_INT, .low = 1, .high = 9, .step = 1 },
	{ .name = NULL },
};

static bool fit(
	const struct upk_fit_input *in, const cJSON *settings, void **out, struct upk_error *err)
{
	const struct fitted *from = in->from;
	struct fitted *f = calloc(1, sizeof *f);
	double values[SETTINGS];

	assert_non_null(f);
	assert_true(upk_settings_read(settings, "known", table, SETTINGS, values, err));
	f->right = from ? from->right + 0.01 : values[RIGHT];
	f->rows = in->rows;
	f->fits = from ? from->fits + 1 : 1;
	*out = f;
	return true;
}

static void predict(
	const void *fitted, const struct upk_inputs *in, void *scratch, double *probabilities)
{
	const struct fitted *f = fitted;

	(void)scratch;
	for (size_t i = 0; i < in->rows; i++) {
		probabilities[i * 2] = in->x[i] > 0 ? 1 - f->right : f->right;
		probabilities[i * 2 + 1] = 1 - probabilities[i * 2];
	}
}

static const struct upk_learner known = { .name = "known",
	.raw = true,
	.settings = table,
	.space = space,
	.adjust = adjust,
	.resource = "steps",
	.fit = fit,
	.predict = predict,
	.free = free };

static const struct upk_text classes[] = { { "n", 1 }, { "y", 1 } };

/* Places are ten apart, from 10 on. */
static void make_rows(struct upk_dataset *d, size_t rows)
{
	upk_dataset_init(d, sample_columns(1), 2);
	for (size_t i = 0; i < rows; i++) {
		double x = i % 3 ? 1 : -1;
		assert_true(upk_dataset_add(d, &x, x > 0, -1, 10 * ((int64_t)i + 1), NULL));
	}
}

/* The trials of a search, as it told them. */
struct seen {
	size_t count;
	int64_t number[64], from[64], to[64];
	size_t rows[64];
	enum upk_trial_kind kind[64];
	double score[64], least; /* least: of all scores */
};

static void finished(void *context, const struct upk_trial *t, bool recalled)
{
	struct seen *s = context;

	(void)recalled;
	assert_true(s->count < 64);
	s->number[s->count] = t->number;
	s->from[s->count] = t->from;
	s->to[s->count] = t->to;
	s->rows[s->count] = t->rows;
	s->kind[s->count] = t->kind;
	s->least = s->count == 0 ? t->score : fmin(s->least, t->score);
	s->score[s->count++] = t->score;
}

static struct upk_tuning tuning_of(struct seen *seen)
{
	struct upk_tuning t = { .trials = 12,
		.repetitions = 1,
		.method = &upk_search_random,
		.objective = { upk_metric_find("log_loss"), UPK_AVERAGE_NONE, 0 },
		.watch = { .finished = finished, .context = seen } };

	*seen = (struct seen){ 0 };
	upk_space_init(&t.space, known.space);
	return t;
}

static const struct upk_predictor_setup setup = {
	.learner = &known, .classes = classes, .seed = 1
};
static const struct upk_decision decision = { .positive = -1 };

static struct upk_predictor *fit_on(
	const struct upk_dataset *d, const char *settings, size_t from, size_t to)
{
	struct upk_predictor_setup own = setup;
	cJSON *json = cJSON_Parse(settings);

	own.settings = json;
	struct upk_predictor *p = upk_predictor_fit(&own, d, from, to, NULL);
	assert_non_null(p);
	cJSON_Delete(json);
	return p;
}

static double loss_of(const struct upk_predictor *p, const struct upk_dataset *d)
{
	const struct upk_measure loss = { upk_metric_find("log_loss"), UPK_AVERAGE_NONE, 0 };
	double value;

	assert_true(upk_objective(loss, decision, p, d, 0, d->rows, &value, NULL));
	return value;
}

static void a_quarter_adjusts_where_a_champion_has_enough_newer_rows(void **state)
{
	struct upk_dataset d;
	struct seen seen;
	struct upk_tuning t = tuning_of(&seen);

	(void)state;
	make_rows(&d, 400);
	struct upk_tuning_rows rows = { &d, 0, 400 };
	assert_int_equal(upk_tuning_adjustments(&t, &rows), 0);
	t.champion = fit_on(&d, "{}", 0, 200);
	for (t.trials = 0; t.trials < 30; t.trials++) {
		t.champion_to = 10 * 301; /* of the 301st row: 100 are left */
		assert_int_equal(upk_tuning_adjustments(&t, &rows), t.trials / 4);
		t.champion_to++;
		assert_int_equal(upk_tuning_adjustments(&t, &rows), 0);
		t.champion_to = 10 * 4000;
		assert_int_equal(upk_tuning_adjustments(&t, &rows), 0);
	}
	upk_predictor_unref(t.champion);
	upk_dataset_finish(&d);
}

/* The log loss of a trial is that of its probability. */
static void the_best_setting_is_fitted_on_all_rows(void **state)
{
	struct upk_dataset d;
	struct seen seen;
	struct upk_tuning t = tuning_of(&seen);
	struct upk_tuned tuned = { 0 };
	double seconds = 0;

	(void)state;
	make_rows(&d, 400);
	const struct upk_tuning_rows rows = { &d, 100, 400 };
	assert_true(upk_tuning_optimise(&t, &setup, decision, &rows, &seconds, &tuned, NULL));
	assert_int_equal(seen.count, 12);
	for (size_t i = 0; i < seen.count; i++) {
		assert_int_equal(seen.number[i], i + 1);
		assert_int_equal(seen.kind[i], UPK_TRIAL_OPTIMISE);
		/* 240 of the 300 rows: the 101st to the 340th */
		assert_int_equal(seen.rows[i], 240);
		assert_int_equal(seen.from[i], 1010);
		assert_int_equal(seen.to[i], 3401);
	}
	assert_true(fabs(seen.score[0] + log(0.7)) < 1e-12);
	assert_int_equal(tuned.kind, UPK_TRIAL_OPTIMISE);
	assert_true(tuned.trial > 1 && seen.score[tuned.trial - 1] == seen.least);
	assert_int_equal(tuned.from, 100);
	assert_null(tuned.base);
	double right = cJSON_GetObjectItem(tuned.settings, "right")->valuedouble;
	assert_true(fabs(seen.least + log(right)) < 1e-12);
	assert_true(fabs(loss_of(tuned.predictor, &d) - seen.least) < 1e-12);
	assert_true(seconds > 0);
	upk_tuned_finish(&tuned);
	upk_dataset_finish(&d);
}

static void where_the_own_settings_are_best_nothing_comes_out(void **state)
{
	struct upk_dataset d;
	struct seen seen;
	struct upk_tuning t = tuning_of(&seen);
	struct upk_tuned tuned = { 0 };
	struct upk_predictor_setup own = setup;
	cJSON *best = cJSON_Parse("{\"right\": 0.9}");
	double seconds = 0;

	(void)state;
	make_rows(&d, 400);
	const struct upk_tuning_rows rows = { &d, 0, 400 };
	own.settings = best;
	assert_true(upk_tuning_optimise(&t, &own, decision, &rows, &seconds, &tuned, NULL));
	assert_int_equal(seen.count, 12);
	assert_true(fabs(seen.score[0] + log(0.9)) < 1e-12);
	assert_int_equal(tuned.trial, 0);
	assert_null(tuned.settings);
	assert_null(tuned.predictor);
	cJSON_Delete(best);
	upk_dataset_finish(&d);
}

static void under_100_rows_there_are_no_trials(void **state)
{
	struct upk_dataset d;

	(void)state;
	make_rows(&d, 100);
	for (size_t from = 0; from < 2; from++) {
		struct seen seen;
		struct upk_tuning t = tuning_of(&seen);
		struct upk_tuned tuned = { 0 };
		double seconds = 0;
		const struct upk_tuning_rows rows = { &d, from, 100 };
		assert_true(
			upk_tuning_optimise(&t, &setup, decision, &rows, &seconds, &tuned, NULL));
		assert_int_equal(seen.count, from == 0 ? 12 : 0);
		upk_tuned_finish(&tuned);
	}
	upk_dataset_finish(&d);
}

static void no_more_than_10000_rows_score(void **state)
{
	struct upk_dataset d;
	struct seen seen;
	struct upk_tuning t = tuning_of(&seen);
	struct upk_tuned tuned = { 0 };
	double seconds = 0;

	(void)state;
	make_rows(&d, 60000);
	const struct upk_tuning_rows rows = { &d, 0, 60000 };
	t.trials = 2;
	assert_true(upk_tuning_optimise(&t, &setup, decision, &rows, &seconds, &tuned, NULL));
	assert_int_equal(seen.rows[0], 50000);
	upk_tuned_finish(&tuned);
	upk_dataset_finish(&d);
}

/* 400 rows, of which a champion was fitted on the first 150. */
struct adjusting {
	struct upk_dataset d;
	struct seen seen;
	struct upk_tuning t;
	struct upk_tuning_rows rows; /* from the 101st on */
	struct upk_tuned tuned;
	double seconds;
};

static void begin_adjusting(struct adjusting *a, const char *champion)
{
	*a = (struct adjusting){ .rows = { &a->d, 100, 400 } };
	a->t = tuning_of(&a->seen);
	make_rows(&a->d, 400);
	a->t.champion = fit_on(&a->d, champion, 0, 150);
	a->t.champion_to = 1501;
}

static void run_adjusting(struct adjusting *a)
{
	assert_true(
		upk_tuning_adjust(&a->t, &setup, decision, &a->rows, &a->seconds, &a->tuned, NULL));
}

static void run_optimising(struct adjusting *a)
{
	assert_true(upk_tuning_optimise(
		&a->t, &setup, decision, &a->rows, &a->seconds, &a->tuned, NULL));
}

static void end_adjusting(struct adjusting *a)
{
	upk_tuned_finish(&a->tuned);
	upk_predictor_unref(a->t.champion);
	upk_dataset_finish(&a->d);
}

/* Each fit that goes on gains 0.01. */
static void adjusting_goes_on_from_the_champion_on_what_came_since(void **state)
{
	struct adjusting a;

	(void)state;
	begin_adjusting(&a, "{\"right\": 0.6}");
	run_adjusting(&a);
	assert_int_equal(a.seen.count, 3);
	for (size_t i = 0; i < a.seen.count; i++) {
		assert_int_equal(a.seen.kind[i], UPK_TRIAL_ADJUST);
		assert_int_equal(a.seen.from[i], 1510);
		assert_int_equal(a.seen.rows[i], 200);
		assert_true(fabs(a.seen.score[i] + log(0.61)) < 1e-12);
	}
	assert_int_equal(a.tuned.kind, UPK_TRIAL_ADJUST);
	assert_int_equal(a.tuned.trial, 1);
	assert_int_equal(a.tuned.from, 150);
	assert_ptr_equal(a.tuned.base, a.t.champion);
	assert_true(fabs(loss_of(a.tuned.predictor, &a.d) + log(0.61)) < 1e-12);

	struct upk_predictor *again = upk_tuning_refit(&a.tuned, &setup, &a.d, 400, NULL);
	assert_true(fabs(loss_of(again, &a.d) + log(0.61)) < 1e-12);
	upk_predictor_unref(again);
	upk_tuned_finish(&a.tuned);
	assert_null(a.tuned.settings);
	run_optimising(&a);
	assert_int_equal(a.seen.count, 12);
	assert_int_equal(a.seen.number[3], 4);
	end_adjusting(&a);
}

/* By accuracy nothing is better than a champion that is always right. */
static void what_is_no_better_than_the_champion_does_not_come_out(void **state)
{
	struct adjusting a;

	(void)state;
	begin_adjusting(&a, "{\"right\": 0.6}");
	a.t.objective = (struct upk_measure){ upk_metric_find("accuracy"), UPK_AVERAGE_NONE, 0 };
	run_adjusting(&a);
	assert_int_equal(a.seen.count, 3);
	assert_true(a.seen.score[0] == 1);
	assert_int_equal(a.tuned.trial, 0);
	assert_null(a.tuned.base);
	end_adjusting(&a);
}

static bool recall_slow(void *context, struct upk_trial *t)
{
	(void)context;
	t->score = 1;
	t->seconds = 10;
	return true;
}

/* 100 s in all, of which a quarter is for adjusting: trials of 10 s begin while they would end in
 * it. */
static void time_that_adjusting_took_is_not_there_to_optimise(void **state)
{
	struct adjusting a;

	(void)state;
	begin_adjusting(&a, "{}");
	a.t.trials = 40;
	a.t.seconds = 100;
	a.t.watch.recall = recall_slow;
	run_adjusting(&a);
	assert_int_equal(a.seen.count, 2);
	assert_true(a.seconds == 20);
	run_optimising(&a);
	assert_int_equal(a.seen.count, 10);
	assert_true(a.seconds == 100);
	end_adjusting(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_quarter_adjusts_where_a_champion_has_enough_newer_rows),
		cmocka_unit_test(the_best_setting_is_fitted_on_all_rows),
		cmocka_unit_test(where_the_own_settings_are_best_nothing_comes_out),
		cmocka_unit_test(under_100_rows_there_are_no_trials),
		cmocka_unit_test(no_more_than_10000_rows_score),
		cmocka_unit_test(adjusting_goes_on_from_the_champion_on_what_came_since),
		cmocka_unit_test(what_is_no_better_than_the_champion_does_not_come_out),
		cmocka_unit_test(time_that_adjusting_took_is_not_there_to_optimise),
	};

	return cmocka_run_group_tests_name("learn/tuning", tests, NULL, NULL);
}
