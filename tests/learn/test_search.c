#include "learn/search.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "learn/objective.h"
#include "learn/sample.h"

/* A learner that gives the truth the probability 1 - 0.7 h, h = (x - 0.7)^2 + (y - 0.3)^2 / 4 +
 * 0.2 / iterations: its log loss says how far its settings are from the best. It fails where
 * `fails` is 1. The sign of a row's only input is its label. */
struct bowl {
	double height, iterations;
};

static const struct upk_setting bowl_settings[] = {
	{ "x", 0.5, 0, 1, false },
	{ "y", 0.5, 0, 1, false },
	{ "fails", 0, 0, 1, true },
	{ "iterations", 27, 1, 1000, true },
	{ NULL, 0, 0, 0, false },
};

static const struct upk_parameter bowl_space[] = {
	{ .name = "x", .high = 1 },
	{ .name = "y", .high = 1 },
	{ .name = NULL },
};

static int bowl_fits;
static double bowl_done; /* iterations of all fits */

static bool bowl_check(const cJSON *settings, struct upk_error *err)
{
	double values[4];
	return upk_settings_read(settings, "bowl", bowl_settings, 4, values, err);
}

static bool bowl_fit(
	const struct upk_fit_input *in, const cJSON *settings, void **fitted, struct upk_error *err)
{
	double v[4];
	struct bowl *b = calloc(1, sizeof *b);
	const struct bowl *from = in->from;

	bowl_fits++;
	if (in->cancel && atomic_load(in->cancel)) {
		free(b);
		return upk_fail(err, UPK_CANCELLED, "cancelled");
	}
	assert_true(upk_settings_read(settings, "bowl", bowl_settings, 4, v, err));
	if (v[2] == 1) {
		free(b);
		return upk_fail(err, UPK_INVALID, "the fit does not converge");
	}
	bowl_done += v[3];
	b->iterations = v[3] + (from ? from->iterations : 0);
	b->height =
		(v[0] - 0.7) * (v[0] - 0.7) + (v[1] - 0.3) * (v[1] - 0.3) / 4 + 0.2 / b->iterations;
	if (in->curve)
		assert_true(upk_curve_add(in->curve, b->height, err));
	*fitted = b;
	return true;
}

static void bowl_predict(
	const void *fitted, const struct upk_inputs *in, void *scratch, double *probabilities)
{
	const struct bowl *b = fitted;
	double right = 1 - b->height * 0.7;

	(void)scratch;
	for (size_t i = 0; i < in->rows; i++) {
		probabilities[i * 2] = in->x[i] > 0 ? 1 - right : right;
		probabilities[i * 2 + 1] = in->x[i] > 0 ? right : 1 - right;
	}
}

static const struct upk_learner bowl = {
	.name = "bowl",
	.raw = true,
	.check = bowl_check,
	.settings = bowl_settings,
	.space = bowl_space,
	.resource = "iterations",
	.fit = bowl_fit,
	.predict = bowl_predict,
	.free = free,
};

static const struct upk_text classes[] = { { "n", 1 }, { "y", 1 } };

static void make_bowl_rows(struct upk_dataset *d)
{
	upk_dataset_init(d, sample_columns(1), 2);
	for (int64_t i = 0; i < 30; i++) {
		double x = i % 3 ? 1 : -1;
		assert_true(upk_dataset_add(d, &x, x > 0, -1, 100 + i, NULL));
	}
}

static struct upk_search_request request_on(const struct upk_dataset *d,
	const struct upk_learner *learner, const struct upk_search_method *method, size_t trials)
{
	struct upk_search_request r = { .data = d,
		.cut = d->rows * 2 / 3,
		.to = d->rows,
		.setup = { .learner = learner, .classes = classes, .seed = 1 },
		.kind = UPK_TRIAL_OPTIMISE,
		.method = method,
		.trials = trials,
		.repetitions = 1,
		.first = 1,
		.decision = { .positive = -1 },
		.objective = { upk_metric_find("log_loss"), UPK_AVERAGE_NONE, 0 } };

	upk_space_init(&r.space, learner->space);
	return r;
}

static void run(const struct upk_search_request *r, struct upk_search *s)
{
	struct upk_error err = { 0 };

	if (!upk_search(r, s, &err))
		fail_msg("%s", err.message);
}

static double best_score(const struct upk_search *s)
{
	return s->trials[s->best].score;
}

static double mean_best(const struct upk_search_method *method, size_t trials)
{
	double sum = 0;
	struct upk_dataset d;

	make_bowl_rows(&d);
	for (uint64_t seed = 1; seed <= 40; seed++) {
		struct upk_search_request r = request_on(&d, &bowl, method, trials);
		struct upk_search s;
		r.setup.seed = seed;
		run(&r, &s);
		assert_int_equal(s.count, trials);
		sum += best_score(&s);
		upk_search_finish(&s);
	}
	upk_dataset_finish(&d);
	return sum / 40;
}

/* The least log loss is that of 0.2 / 27, where x = 0.7 and y = 0.3. */
static void bayes_comes_nearer_to_the_best_than_random(void **state)
{
	double least = -log(1 - 0.7 * 0.2 / 27);
	double random = mean_best(&upk_search_random, 40) - least;
	double bayes = mean_best(&upk_search_bayes, 40) - least;

	(void)state;
	assert_true(random > 0 && bayes > 0);
	if (!(bayes < random / 2))
		fail_msg("%g above the best by random, %g by bayes", random, bayes);
}

/* A fit takes 1 to 1,000 times as long as the shortest, by y alone, which matters least. */
static double bowl_work(const struct upk_fit_size *size, const cJSON *settings)
{
	double v[4];

	(void)size;
	assert_true(upk_settings_read(settings, "bowl", bowl_settings, 4, v, NULL));
	return pow(1000, v[1]);
}

static double work_of(const struct upk_search *s)
{
	double sum = 0;

	for (size_t i = 0; i < s->count; i++) {
		cJSON *settings = cJSON_Parse(s->trials[i].settings);
		sum += bowl_work(NULL, settings);
		cJSON_Delete(settings);
	}
	return sum;
}

/* Of 40 trials each, with the work told and without: half of it is saved, and what is found is
 * nearer to the best than what random trials find. */
static void bayes_saves_work_where_the_learner_tells_it(void **state)
{
	struct upk_learner telling = bowl;
	double work[2] = { 0, 0 }, best = 0, random = mean_best(&upk_search_random, 40);
	struct upk_dataset d;

	(void)state;
	make_bowl_rows(&d);
	telling.work = bowl_work;
	for (uint64_t seed = 1; seed <= 40; seed++)
		for (int tells = 0; tells < 2; tells++) {
			struct upk_search_request r =
				request_on(&d, tells ? &telling : &bowl, &upk_search_bayes, 40);
			struct upk_search s;
			r.setup.seed = seed;
			run(&r, &s);
			work[tells] += work_of(&s);
			best += tells ? best_score(&s) / 40 : 0;
			upk_search_finish(&s);
		}
	if (!(work[1] < work[0] / 2 && best < random))
		fail_msg("work %g and %g, %g by random, %g by bayes", work[0], work[1], random,
			best);
	upk_dataset_finish(&d);
}

static void a_grid_visits_every_combination_once_and_ends(void **state)
{
	struct upk_dataset d;
	struct upk_search s;
	cJSON *json = cJSON_Parse(
		"{\"x\": {\"type\": \"float\", \"low\": 0, \"high\": 1, \"step\": 0.5},"
		"\"fails\": {\"type\": \"boolean\"},"
		"\"y\": {\"type\": \"choice\", \"values\": [0.1, 0.2], \"when\": {\"fails\": 0}}}");

	(void)state;
	make_bowl_rows(&d);
	struct upk_search_request r = request_on(&d, &bowl, &upk_search_grid, 100);
	assert_true(upk_space_read(&r.space, json, bowl.check, NULL));
	run(&r, &s);
	/* Three values of x, with two of y where fails is 0 and none where it is 1. */
	assert_int_equal(s.count, 9);
	for (size_t i = 0; i < s.count; i++)
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(s.trials[i].settings, s.trials[k].settings);
	upk_search_finish(&s);
	cJSON_Delete(json);
	upk_dataset_finish(&d);
}

static void a_trial_that_fails_counts_as_failed_and_the_search_goes_on(void **state)
{
	for (size_t m = 0; upk_search_method_at(m); m++) {
		struct upk_dataset d;
		struct upk_search s;
		size_t failed = 0;
		cJSON *json = cJSON_Parse("{\"fails\": {\"type\": \"boolean\"}}");
		(void)state;
		make_bowl_rows(&d);
		struct upk_search_request r = request_on(&d, &bowl, upk_search_method_at(m), 26);
		assert_true(upk_space_read(&r.space, json, bowl.check, NULL));
		run(&r, &s);
		assert_int_equal(s.count, 26);
		for (size_t i = 0; i < s.count; i++) {
			failed += s.trials[i].failed;
			assert_true(s.trials[i].failed == isnan(s.trials[i].score));
			assert_true(s.trials[i].failed == (strlen(s.trials[i].error) > 0));
		}
		assert_true(failed > 0 && failed < 26);
		assert_false(s.trials[s.best].failed);
		upk_search_finish(&s);
		cJSON_Delete(json);
		upk_dataset_finish(&d);
	}
}

static void when_all_trials_fail_there_is_no_best(void **state)
{
	struct upk_dataset d;
	struct upk_search s;
	cJSON *json = cJSON_Parse("{\"fails\": 1}");

	(void)state;
	make_bowl_rows(&d);
	struct upk_search_request r = request_on(&d, &bowl, &upk_search_bayes, 5);
	assert_true(upk_space_read(&r.space, json, bowl.check, NULL));
	run(&r, &s);
	assert_int_equal(s.count, 5);
	assert_int_equal(s.best, 5);
	assert_string_equal(s.trials[0].error, "the fit does not converge");
	upk_search_finish(&s);
	cJSON_Delete(json);
	upk_dataset_finish(&d);
}

/* Trials of a search that was broken off. */
struct memory {
	const struct upk_search *whole;
	size_t known, recalled, done;
};

static bool recall(void *context, struct upk_trial *t)
{
	struct memory *m = context;
	size_t i = (size_t)t->number - 1;

	if (i >= m->known)
		return false;
	const struct upk_trial *was = &m->whole->trials[i];
	free(t->settings);
	t->settings = upk_text_copy(upk_text_of(was->settings));
	t->failed = was->failed;
	memcpy(t->error, was->error, sizeof t->error);
	t->score = was->score;
	t->seconds = was->seconds;
	m->recalled++;
	return true;
}

static void finished(void *context, const struct upk_trial *t, bool recalled)
{
	struct memory *m = context;

	assert_int_equal(t->number, ++m->done);
	assert_true(recalled == ((size_t)t->number <= m->known));
}

static void assert_same(const struct upk_search *a, const struct upk_search *b)
{
	assert_int_equal(a->count, b->count);
	assert_int_equal(a->best, b->best);
	for (size_t i = 0; i < a->count; i++) {
		const struct upk_trial *x = &a->trials[i], *y = &b->trials[i];
		assert_string_equal(x->settings, y->settings);
		assert_int_equal(x->parent, y->parent);
		assert_true(x->cut == y->cut);
		assert_true(x->failed == y->failed);
		assert_true(x->score == y->score || (isnan(x->score) && isnan(y->score)));
	}
}

/* Rounds that are fixed, and rounds by which trials may go on. */
static const char *const spaces[] = { "{\"rounds\": 27}",
	"{\"rounds\": {\"type\": \"int\", \"low\": 2, \"high\": 30, \"sampling\": \"log\"}}" };

/* Rounds that soon do harm. */
static const char *const harmful = "{\"rounds\": {\"type\": \"int\", \"low\": 5, \"high\": 200, "
				   "\"sampling\": \"log\"}, \"learning_rate\": 0.3}";

static size_t cuts_of(const struct upk_search *s)
{
	size_t cuts = 0;

	for (size_t i = 0; i < s->count; i++)
		cuts += s->trials[i].cut;
	return cuts;
}

static void a_search_of_trees_that_are_cut_can_be_broken_off(void **state)
{
	struct upk_dataset d;
	struct upk_search whole;
	cJSON *json = cJSON_Parse(harmful);

	(void)state;
	sample_rows(&d, 240, 4, 2, 0);
	struct upk_search_request r = request_on(&d, &upk_trees, &upk_search_bayes, 16);
	assert_true(upk_space_read(&r.space, json, upk_trees.check, NULL));
	run(&r, &whole);
	assert_true(cuts_of(&whole) >= 3);
	for (size_t known = 1; known <= whole.count; known += 5) {
		struct memory memory = { .whole = &whole, .known = known };
		struct upk_search again;
		r.watch = (struct upk_search_watch){ recall, finished, &memory };
		run(&r, &again);
		assert_int_equal(memory.recalled, known);
		assert_same(&whole, &again);
		upk_search_finish(&again);
	}
	upk_search_finish(&whole);
	cJSON_Delete(json);
	upk_dataset_finish(&d);
}

static void a_search_broken_off_anywhere_ends_with_the_same_trials(void **state)
{
	struct upk_dataset d;

	(void)state;
	sample_rows(&d, 240, 4, 2, 0);
	for (size_t m = 0; upk_search_method_at(m / 2); m++) {
		struct upk_search_request r =
			request_on(&d, &upk_trees, upk_search_method_at(m / 2), 16);
		struct upk_search whole;
		cJSON *json = cJSON_Parse(spaces[m % 2]);
		assert_true(upk_space_read(&r.space, json, upk_trees.check, NULL));
		r.repetitions = 2;
		run(&r, &whole);
		for (size_t known = 0; known <= whole.count; known += 5) {
			struct memory memory = { .whole = &whole, .known = known };
			struct upk_search again;
			r.watch = (struct upk_search_watch){ recall, finished, &memory };
			run(&r, &again);
			assert_int_equal(memory.recalled, known);
			assert_same(&whole, &again);
			upk_search_finish(&again);
		}
		upk_search_finish(&whole);
		cJSON_Delete(json);
	}
	upk_dataset_finish(&d);
}

static double rounds_of(const struct upk_trial *t)
{
	cJSON *json = cJSON_Parse(t->settings);
	double rounds = cJSON_GetObjectItem(json, "rounds")->valuedouble;

	cJSON_Delete(json);
	return rounds;
}

/* Going on costs the rest alone, and trees that went on are those of an undivided fit. */
static void hyperband_goes_on_from_the_best_third(void **state)
{
	struct upk_dataset d;
	struct upk_search s;
	cJSON *json = cJSON_Parse("{\"rounds\": 27}");
	double score;

	(void)state;
	sample_rows(&d, 240, 4, 2, 0);
	struct upk_search_request r = request_on(&d, &upk_trees, &upk_search_hyperband, 22);
	assert_true(upk_space_read(&r.space, json, upk_trees.check, NULL));
	run(&r, &s);
	assert_int_equal(s.count, 22);
	for (size_t i = 0; i < 22; i++) {
		const double rounds[] = { 3, 9, 27 };
		size_t rung = i < 9 ? 0 : i < 12 ? 1 : i < 13 ? 2 : i < 18 ? 1 : 2;
		assert_true(rounds_of(&s.trials[i]) == rounds[rung]);
		bool first = i < 9 || (i >= 13 && i < 18) || i >= 19;
		assert_true((s.trials[i].parent == 0) == first);
	}
	/* The three that went on are better than the six that did not. */
	for (size_t i = 0; i < 9; i++) {
		bool went_on = false;
		for (size_t k = 9; k < 12; k++)
			went_on = went_on || s.trials[k].parent == (int64_t)i + 1;
		for (size_t k = 9; k < 12; k++)
			assert_true(went_on ||
				s.trials[s.trials[k].parent - 1].score <= s.trials[i].score);
	}
	cJSON *settings = cJSON_Parse(s.trials[12].settings);
	r.setup.settings = settings;
	struct upk_predictor *p = upk_predictor_fit(&r.setup, &d, 0, r.cut, NULL);
	assert_true(upk_objective(r.objective, r.decision, p, &d, r.cut, r.to, &score, NULL));
	assert_true(score == s.trials[12].score);
	upk_predictor_unref(p);
	cJSON_Delete(settings);
	cJSON_Delete(json);
	upk_search_finish(&s);
	upk_dataset_finish(&d);
}

static void assert_undivided(const struct upk_search_request *r, const struct upk_trial *t)
{
	struct upk_predictor_setup setup = r->setup;
	cJSON *settings = cJSON_Parse(t->settings);
	double score;

	setup.settings = settings;
	struct upk_predictor *p = upk_predictor_fit(&setup, r->data, r->from, r->cut, NULL);
	assert_non_null(p);
	assert_true(
		upk_objective(r->objective, r->decision, p, r->data, r->cut, r->to, &score, NULL));
	assert_true(score == t->score);
	upk_predictor_unref(p);
	cJSON_Delete(settings);
}

/* Only what was better than what it went on from goes on again, with all else as it was. */
static void bayes_lets_good_trees_grow_on(void **state)
{
	struct upk_dataset d;
	struct upk_search s;
	size_t longer = 0;
	cJSON *json = cJSON_Parse(spaces[1]);

	(void)state;
	sample_rows(&d, 240, 4, 2, 0);
	struct upk_search_request r = request_on(&d, &upk_trees, &upk_search_bayes, 30);
	assert_true(upk_space_read(&r.space, json, upk_trees.check, NULL));
	run(&r, &s);
	for (size_t i = 0; i < s.count; i++) {
		const struct upk_trial *t = &s.trials[i], *parent;
		if (!t->parent)
			continue;
		longer++;
		parent = &s.trials[t->parent - 1];
		assert_true(rounds_of(t) > rounds_of(parent));
		for (size_t k = 0; k < r.space.count; k++)
			assert_true(strcmp(r.space.parameters[k].name, "rounds") == 0 ||
				t->point.at[k] == parent->point.at[k]);
		assert_true(!parent->parent || parent->score < s.trials[parent->parent - 1].score);
		assert_undivided(&r, t);
	}
	assert_true(longer >= 3);
	upk_search_finish(&s);
	cJSON_Delete(json);
	upk_dataset_finish(&d);
}

/* The least loss of the same trial after so many rounds and after each two thirds of those before,
 * down to the least of the space, but more than it went on from. */
static double best_of_shorter(
	const struct upk_search_request *r, const struct upk_trial *t, double rounds, double before)
{
	double best = INFINITY, last = INFINITY, score;

	for (; rounds < last && rounds > before; rounds = fmax(round(rounds / 1.5), 5)) {
		struct upk_predictor_setup setup = r->setup;
		cJSON *settings = cJSON_Parse(t->settings);
		cJSON_SetNumberValue(cJSON_GetObjectItem(settings, "rounds"), rounds);
		setup.settings = settings;
		struct upk_predictor *p = upk_predictor_fit(&setup, r->data, r->from, r->cut, NULL);
		assert_true(upk_objective(
			r->objective, r->decision, p, r->data, r->cut, r->to, &score, NULL));
		best = fmin(best, score);
		last = rounds;
		upk_predictor_unref(p);
		cJSON_Delete(settings);
	}
	return best;
}

/* The curve is of all that were grown. What was given is tried as it is. */
static void bayes_leaves_a_trial_with_the_rounds_that_scored_best(void **state)
{
	struct upk_dataset d;
	struct upk_search s;
	cJSON *json = cJSON_Parse(harmful), *given = cJSON_Parse("{\"rounds\": 400}");

	(void)state;
	sample_rows(&d, 240, 4, 2, 0);
	struct upk_search_request r = request_on(&d, &upk_trees, &upk_search_bayes, 24);
	assert_true(upk_space_read(&r.space, json, upk_trees.check, NULL));
	r.given[0] = given;
	r.given_count = 1;
	run(&r, &s);
	assert_true(rounds_of(&s.trials[0]) == 400);
	for (size_t i = 1; i < s.count; i++) {
		const struct upk_trial *t = &s.trials[i];
		double before = t->parent ? rounds_of(&s.trials[t->parent - 1]) : 0;
		double grown = before + (double)t->curve.count;
		assert_true(t->cut == (rounds_of(t) < grown));
		assert_true(t->score == best_of_shorter(&r, t, grown, before));
		assert_undivided(&r, t);
	}
	if (cuts_of(&s) < 3 || cuts_of(&s) > s.count - 3)
		fail_msg("%zu of %zu trials were cut", cuts_of(&s), s.count);
	upk_search_finish(&s);
	cJSON_Delete(given);
	cJSON_Delete(json);
	upk_dataset_finish(&d);
}

/* What settings leave out stands at the learner's default, not in the middle of its range. */
static void what_is_given_stands_where_its_settings_do(void **state)
{
	struct upk_dataset d;
	struct upk_search s;
	cJSON *given = cJSON_Parse("{\"leaves\": 8, \"rounds\": 5}");

	(void)state;
	sample_rows(&d, 240, 4, 2, 0);
	struct upk_search_request r = request_on(&d, &upk_trees, &upk_search_random, 1);
	r.given[0] = given;
	r.given_count = 1;
	run(&r, &s);
	for (size_t k = 0; k < r.space.count; k++) {
		const struct upk_parameter *p = &r.space.parameters[k];
		double wanted = strcmp(p->name, "leaves") == 0  ? 8
			: strcmp(p->name, "rounds") == 0        ? p->low
			: strcmp(p->name, "learning_rate") == 0 ? 0.1
								: 1; /* l2, min_child_weight */
		assert_true(fabs(upk_space_value(p, s.trials[0].point.at[k]) - wanted) < 1e-12);
	}
	upk_search_finish(&s);
	cJSON_Delete(given);
	upk_dataset_finish(&d);
}

static void longer_trials_cost_the_rest_of_their_iterations_alone(void **state)
{
	struct upk_dataset d;
	struct upk_search s;

	(void)state;
	make_bowl_rows(&d);
	struct upk_search_request r = request_on(&d, &bowl, &upk_search_hyperband, 13);
	bowl_done = 0;
	run(&r, &s);
	/* Nine of 3, three of 6 more, one of 18 more. */
	assert_true(bowl_done == 9 * 3 + 3 * 6 + 18);
	upk_search_finish(&s);
	upk_dataset_finish(&d);
}

static void what_is_given_is_tried_first(void **state)
{
	struct upk_dataset d;
	struct upk_search s;
	cJSON *best = cJSON_Parse("{\"x\": 0.7, \"y\": 0.3}"), *none = cJSON_CreateObject();

	(void)state;
	make_bowl_rows(&d);
	struct upk_search_request r = request_on(&d, &bowl, &upk_search_random, 6);
	r.given[0] = none;
	r.given[1] = best;
	r.given_count = 2;
	r.first = 4;
	run(&r, &s);
	assert_int_equal(s.best, 1);
	assert_string_equal(
		s.trials[0].settings, "{\"x\":0.5,\"y\":0.5,\"fails\":0,\"iterations\":27}");
	assert_string_equal(
		s.trials[1].settings, "{\"x\":0.7,\"y\":0.3,\"fails\":0,\"iterations\":27}");
	assert_int_equal(s.trials[5].number, 9);
	assert_int_equal(s.trials[0].from, 100);
	assert_int_equal(s.trials[0].to, 120);
	assert_int_equal(s.trials[0].rows, 20);
	upk_search_finish(&s);
	cJSON_Delete(best);
	cJSON_Delete(none);
	upk_dataset_finish(&d);
}

static bool recall_slow(void *context, struct upk_trial *t)
{
	(void)context;
	t->score = 1;
	t->seconds = 10;
	return true;
}

static void no_trial_begins_that_would_end_too_late(void **state)
{
	struct upk_dataset d;
	struct upk_search s;

	(void)state;
	make_bowl_rows(&d);
	struct upk_search_request r = request_on(&d, &bowl, &upk_search_random, 100);
	r.watch.recall = recall_slow;
	r.seconds = 45;
	run(&r, &s);
	assert_int_equal(s.count, 4);
	assert_true(s.seconds == 40);
	upk_search_finish(&s);
	upk_dataset_finish(&d);
}

static void cancel(void *context, const struct upk_trial *t, bool recalled)
{
	(void)recalled;
	if (t->number == 3)
		atomic_store((atomic_bool *)context, true);
}

static void a_cancelled_search_ends_at_once(void **state)
{
	struct upk_dataset d;
	struct upk_search s;
	struct upk_error err = { 0 };
	atomic_bool cancelled = false;

	(void)state;
	make_bowl_rows(&d);
	struct upk_search_request r = request_on(&d, &bowl, &upk_search_random, 100);
	r.setup.cancel = &cancelled;
	r.watch = (struct upk_search_watch){ NULL, cancel, &cancelled };
	bowl_fits = 0;
	assert_false(upk_search(&r, &s, &err));
	assert_int_equal(err.code, UPK_CANCELLED);
	assert_int_equal(bowl_fits, 4);
	assert_null(s.trials);
	upk_dataset_finish(&d);
}

/* By hand: every row's truth has the probability `right`. */
static void the_objective_is_any_metric(void **state)
{
	static const struct {
		const char *name;
		enum upk_average average;
	} cases[] = {
		{ "log_loss", UPK_AVERAGE_NONE },
		{ "accuracy", UPK_AVERAGE_NONE },
		{ "f1", UPK_AVERAGE_MACRO },
		{ "roc_auc", UPK_AVERAGE_NONE },
		{ "brier", UPK_AVERAGE_NONE },
	};
	double h = 0.2 * 0.2 + 0.2 * 0.2 / 4 + 0.2 / 27, right = 1 - 0.7 * h;
	const double wanted[] = { -log(right), 1, 1, 1, (1 - right) * (1 - right) };

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct upk_dataset d;
		struct upk_search s;
		cJSON *none = cJSON_CreateObject();
		make_bowl_rows(&d);
		struct upk_search_request r = request_on(&d, &bowl, &upk_search_random, 1);
		r.objective =
			(struct upk_measure){ upk_metric_find(cases[i].name), cases[i].average, 0 };
		r.given[0] = none;
		r.given_count = 1;
		run(&r, &s);
		assert_true(fabs(s.trials[0].score - wanted[i]) < 1e-12);
		upk_search_finish(&s);
		cJSON_Delete(none);
		upk_dataset_finish(&d);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bayes_comes_nearer_to_the_best_than_random),
		cmocka_unit_test(bayes_saves_work_where_the_learner_tells_it),
		cmocka_unit_test(a_grid_visits_every_combination_once_and_ends),
		cmocka_unit_test(a_trial_that_fails_counts_as_failed_and_the_search_goes_on),
		cmocka_unit_test(when_all_trials_fail_there_is_no_best),
		cmocka_unit_test(a_search_broken_off_anywhere_ends_with_the_same_trials),
		cmocka_unit_test(a_search_of_trees_that_are_cut_can_be_broken_off),
		cmocka_unit_test(hyperband_goes_on_from_the_best_third),
		cmocka_unit_test(bayes_lets_good_trees_grow_on),
		cmocka_unit_test(bayes_leaves_a_trial_with_the_rounds_that_scored_best),
		cmocka_unit_test(what_is_given_stands_where_its_settings_do),
		cmocka_unit_test(longer_trials_cost_the_rest_of_their_iterations_alone),
		cmocka_unit_test(what_is_given_is_tried_first),
		cmocka_unit_test(no_trial_begins_that_would_end_too_late),
		cmocka_unit_test(a_cancelled_search_ends_at_once),
		cmocka_unit_test(the_objective_is_any_metric),
	};

	return cmocka_run_group_tests_name("search", tests, NULL, NULL);
}
