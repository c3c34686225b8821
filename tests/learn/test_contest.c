#include "learn/contest.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/random.h"
#include "learn/sample.h"

static const struct upk_text classes[] = { { "ham", 3 }, { "spam", 4 } };

/* A stretch of rows: the label is whether a, or b when `other`, is positive, wrong in `noise` of
 * them; what was served is right about the label in `served` of them. */
struct stretch {
	size_t rows;
	bool other;
	double noise, served;
};

/* Places are no row numbers: the i-th row has 10 + 3 i. */
static int64_t place_of(size_t row)
{
	return 10 + 3 * (int64_t)row;
}

static void make_seeded(struct upk_dataset *d, const struct stretch *s, size_t n, uint64_t seed)
{
	struct upk_random r;

	upk_random_seed(&r, seed);
	upk_dataset_init(d, sample_columns(2), 2);
	for (size_t k = 0; k < n; k++)
		for (size_t i = 0; i < s[k].rows; i++) {
			double x[] = { upk_random_unit(&r) - 0.5, upk_random_unit(&r) - 0.5 };
			bool y = x[s[k].other] > 0;
			y = upk_random_unit(&r) < s[k].noise ? !y : y;
			bool served = upk_random_unit(&r) < s[k].served ? y : !y;
			if (!upk_dataset_add(d, x, y, served, place_of(d->rows), NULL))
				abort();
		}
}

static void make(struct upk_dataset *d, const struct stretch *s, size_t n)
{
	make_seeded(d, s, n, 5);
}

static struct upk_contest_request request_on(
	const struct upk_dataset *d, enum upk_gate_kind kind, size_t change)
{
	return (struct upk_contest_request){
		.data = d,
		.setup = { .learner = &upk_logistic, .classes = classes },
		.decision = { .positive = -1 },
		.measure = { upk_metric_find("f1"), UPK_AVERAGE_MACRO, 0 },
		.kind = kind,
		.margin = 0.002,
		.checks = upk_checks_default,
		.first_errors = NAN,
		.change = place_of(change),
	};
}

static void run(const struct upk_contest_request *r, struct upk_contest_outcome *out)
{
	struct upk_error err = { 0 };

	if (!upk_contest(r, out, &err))
		fail_msg("%s", err.message);
}

static void assert_fails(const struct upk_contest_request *r, enum upk_code code, const char *words)
{
	const struct upk_contest_outcome empty = { 0 };
	struct upk_contest_outcome out;
	struct upk_error err = { 0 };

	assert_false(upk_contest(r, &out, &err));
	assert_int_equal(err.code, code);
	if (!strstr(err.message, words))
		fail_msg("%s: want %s", err.message, words);
	assert_memory_equal(&out, &empty, sizeof out);
}

/* With the same words before any fit. */
static void assert_fails_at_once(const struct upk_contest_request *r, const char *words)
{
	struct upk_error err = { 0 };
	size_t steps;

	assert_fails(r, UPK_INVALID, words);
	assert_false(upk_contest_check(r, &steps, &err));
	assert_int_equal(err.code, UPK_INVALID);
	assert_non_null(strstr(err.message, words));
}

static void after_an_abrupt_change_the_window_since_c_wins(void **state)
{
	const struct stretch s[] = { { 4000, false, 0.05, 0.95 }, { 1000, true, 0.05, 0.5 } };
	struct upk_dataset d;
	struct upk_contest_outcome out;

	(void)state;
	make(&d, s, 2);
	struct upk_contest_request r = request_on(&d, UPK_GATE_ALERT, 4000);
	run(&r, &out);
	assert_true(out.passed);
	assert_int_equal(out.holdout, 250);
	assert_int_equal(out.compared, 250);
	assert_int_equal(out.holdout_from, place_of(4750));
	assert_int_equal(out.holdout_to, place_of(4999) + 1);
	assert_int_equal(out.count, 4);
	assert_int_equal(out.picked, 0);
	assert_int_equal(out.candidates[0].from, place_of(4000));
	assert_int_equal(out.candidates[0].to, place_of(4749) + 1);
	assert_int_equal(out.candidates[0].rows, 750);
	assert_int_equal(out.change, place_of(4000));
	assert_int_equal(out.from, place_of(4000));
	assert_int_equal(out.to, place_of(4999) + 1);
	assert_int_equal(out.rows, 1000);
	assert_true(out.z == 0 && out.limit == 0.002);
	assert_true(out.challenger > 0.9 && out.champion < 0.6);
	assert_string_equal(out.metric, "macro f1");
	assert_non_null(strstr(out.verdict, "on 250 pairs: better by 0."));
	upk_contest_finish(&out);
	upk_dataset_finish(&d);
}

static void rows_that_every_fit_since_c_finds_too_easy_are_held(void **state)
{
	const struct stretch s[] = { { 4000, false, 0.2, 0.8 }, { 1000, true, 0, 0.8 } };
	struct upk_dataset d;
	struct upk_contest_outcome out;

	(void)state;
	make(&d, s, 2);
	struct upk_contest_request r = request_on(&d, UPK_GATE_ALERT, 4000);
	r.setup.learner = &upk_trees;
	run(&r, &out);
	assert_true(out.held && !out.passed);
	assert_non_null(strstr(out.verdict, "too good to be true"));
	upk_contest_finish(&out);
	upk_dataset_finish(&d);
}

static void a_leak_that_one_window_alone_has_learnt_is_refused(void **state)
{
	const struct stretch s[] = { { 1500, false, 0.1, 0.8 }, { 500, true, 0, 0.8 } };
	struct upk_dataset d;
	struct upk_contest_outcome out;

	(void)state;
	make(&d, s, 2);
	struct upk_contest_request r = request_on(&d, UPK_GATE_MANUAL, 0);
	r.setup.learner = &upk_trees;
	run(&r, &out);
	assert_false(out.passed || out.held);
	assert_int_equal(out.candidates[out.picked].rows, 250);
	assert_non_null(strstr(out.verdict, "no other candidate is"));
	upk_contest_finish(&out);
	upk_dataset_finish(&d);
}

/* One row more that a short window gets right may tip a single draw: so many draws. */
static void on_a_stable_stream_the_longest_window_wins_most_often(void **state)
{
	enum { DRAWS = 30 };
	const struct stretch s[] = { { 7000, false, 0.1, 0.7 } };
	size_t longest = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= DRAWS; seed++) {
		struct upk_dataset d;
		struct upk_contest_outcome out;
		make_seeded(&d, s, 1, seed);
		struct upk_contest_request r = request_on(&d, UPK_GATE_GROWTH, 6400);
		run(&r, &out);
		assert_true(out.passed);
		assert_true(out.z == 1 && out.limit > 0.002);
		longest += out.rows == d.rows;
		upk_contest_finish(&out);
		upk_dataset_finish(&d);
	}
	if (longest < DRAWS * 2 / 3)
		fail_msg("all rows were taken in %zu of %d draws", longest, DRAWS);
}

static void growth_that_finds_a_change_moves_c_and_a_run_by_hand_does_not(void **state)
{
	const struct stretch s[] = { { 4000, false, 0.05, 0.95 }, { 1000, true, 0.05, 0.5 } };
	struct upk_dataset d;
	struct upk_contest_outcome out;

	(void)state;
	make(&d, s, 2);
	struct upk_contest_request r = request_on(&d, UPK_GATE_GROWTH, 0);
	run(&r, &out);
	assert_true(out.passed);
	assert_int_equal(out.from, place_of(4000));
	assert_int_equal(out.change, place_of(4000));
	upk_contest_finish(&out);

	r.kind = UPK_GATE_MANUAL;
	run(&r, &out);
	assert_true(out.passed);
	assert_int_equal(out.from, place_of(4000));
	assert_int_equal(out.change, place_of(0));
	upk_contest_finish(&out);

	/* c is not among the candidates: too few rows since. */
	r = request_on(&d, UPK_GATE_GROWTH, 4950);
	run(&r, &out);
	assert_true(out.passed);
	assert_int_equal(out.change, place_of(4950));
	upk_contest_finish(&out);
	upk_dataset_finish(&d);
}

static struct upk_predictor *fit(const struct upk_contest_request *r, size_t from, size_t to)
{
	struct upk_predictor *p = upk_predictor_fit(&r->setup, r->data, from, to, NULL);

	assert_non_null(p);
	return p;
}

static void an_old_version_that_is_better_is_chosen(void **state)
{
	const struct stretch s[] = { { 2000, true, 0.02, 0.95 }, { 3000, false, 0.02, 0.95 },
		{ 140, true, 0.02, 0.5 } };
	struct upk_dataset d;
	struct upk_contest_outcome out;

	(void)state;
	make(&d, s, 3);
	struct upk_contest_request r = request_on(&d, UPK_GATE_ALERT, 5000);
	struct upk_contest_old old[] = {
		{ 7, fit(&r, 3000, 4000), place_of(4000) },
		{ 3, fit(&r, 0, 2000), place_of(2000) },
	};
	r.old = old;
	r.olds = 2;
	run(&r, &out);
	assert_true(out.passed);
	assert_int_equal(out.holdout, 70);
	assert_int_equal(out.version, 3);
	assert_null(out.predictor);
	assert_int_equal(out.candidates[out.picked].version, 3);
	assert_int_equal(out.candidates[out.picked].from, 0);
	assert_int_equal(out.picked, out.count - 1);
	assert_non_null(strstr(out.verdict, "version 3 has macro f1"));
	size_t count = out.count;
	upk_contest_finish(&out);

	/* One that has seen the holdout's first row stays out; up to there it may have. */
	old[1].trained_to = place_of(5070);
	run(&r, &out);
	assert_int_equal(out.count, count);
	upk_contest_finish(&out);
	old[1].trained_to = place_of(5070) + 1;
	run(&r, &out);
	assert_int_equal(out.count, count - 1);
	assert_int_equal(out.version, 0);
	upk_contest_finish(&out);

	upk_predictor_unref(old[0].predictor);
	upk_predictor_unref(old[1].predictor);
	upk_dataset_finish(&d);
}

/* Labels come 500 rows late: for growth nobody is judged on a row by others that came after it. */
static void late_labels_are_taken_from_no_candidate(void **state)
{
	const struct stretch s[] = { { 4000, false, 0.05, 0.95 }, { 1000, true, 0.05, 0.5 } };
	const struct upk_predictor_setup setup = { .learner = &upk_logistic, .classes = classes };
	struct upk_dataset d;
	struct upk_contest_outcome out;

	(void)state;
	make(&d, s, 2);
	for (size_t i = 500; i < d.rows; i++)
		d.known[i] = i - 500;
	struct upk_predictor *p = upk_predictor_fit(&setup, &d, 0, 4250, NULL);
	const struct upk_contest_old old[] = { { 7, p, place_of(4249) + 1 },
		{ 8, p, place_of(4250) + 1 } };
	struct upk_contest_request r = request_on(&d, UPK_GATE_GROWTH, 4000);
	r.old = old;
	r.olds = 2;
	run(&r, &out);
	assert_int_equal(out.count, 5); /* c, 500, 2,000 and all; one old one */
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(out.candidates[i].to, place_of(4249) + 1);
	assert_int_equal(out.candidates[0].from, place_of(4000));
	assert_int_equal(out.candidates[0].rows, 250);
	assert_int_equal(out.candidates[2].from, place_of(2500));
	assert_int_equal(out.candidates[2].rows, 1750);
	assert_int_equal(out.candidates[4].version, 7);
	assert_int_equal(out.picked, 0);
	assert_true(out.passed);
	assert_int_equal(out.from, place_of(4000));
	assert_int_equal(out.rows, 1000);
	upk_contest_finish(&out);

	/* What is promoted of a shorter window are its newest rows. */
	r.change = place_of(5000);
	run(&r, &out);
	assert_int_equal(out.candidates[out.picked].from, place_of(4000));
	assert_int_equal(out.candidates[out.picked].to, place_of(4449) + 1);
	assert_int_equal(out.from, place_of(4500));
	assert_int_equal(out.rows, 500);
	upk_contest_finish(&out);

	/* After an alert, or by hand, as in the policy. */
	r.kind = UPK_GATE_ALERT;
	run(&r, &out);
	assert_int_equal(out.candidates[0].to, place_of(4949) + 1);
	upk_contest_finish(&out);
	r.kind = UPK_GATE_GROWTH;

	/* Nothing was known: half of the rows before the holdout are. */
	for (size_t i = 0; i < d.rows; i++)
		d.known[i] = 0;
	run(&r, &out);
	assert_int_equal(out.candidates[0].to, place_of(2474) + 1);
	upk_contest_finish(&out);
	upk_predictor_unref(p);
	upk_dataset_finish(&d);
}

static void a_good_champion_stays(void **state)
{
	const struct stretch s[] = { { 3000, false, 0.1, 1 } };
	struct upk_dataset d;
	struct upk_contest_outcome out;

	(void)state;
	make(&d, s, 1);
	struct upk_contest_request r = request_on(&d, UPK_GATE_MANUAL, 0);
	run(&r, &out);
	assert_false(out.passed);
	assert_true(out.champion == 1 && out.difference < 0);
	assert_int_equal(out.version, 0);
	/* The challenger is kept as it was judged: fitted without the holdout. */
	assert_non_null(out.predictor);
	assert_int_equal(out.from, out.candidates[out.picked].from);
	assert_int_equal(out.to, out.candidates[out.picked].to);
	assert_int_equal(out.rows, out.candidates[out.picked].rows);
	assert_true(out.to <= out.holdout_from);
	assert_non_null(out.figures);
	assert_non_null(strstr(out.verdict, "worse by 0."));
	assert_non_null(strstr(out.verdict, " where better by more than 0."));
	upk_contest_finish(&out);
	upk_dataset_finish(&d);
}

static void a_gain_that_a_leak_would_give_waits_for_a_person(void **state)
{
	const struct stretch s[] = { { 3000, false, 0, 0.8 } };
	struct upk_dataset d;
	struct upk_contest_outcome out;

	(void)state;
	make(&d, s, 1);
	struct upk_contest_request r = request_on(&d, UPK_GATE_GROWTH, 0);
	run(&r, &out);
	assert_true(out.held && !out.passed);
	assert_non_null(strstr(out.verdict, "was needed, but that is too good to be true: it is "));
	assert_int_equal(out.to, place_of(2999) + 1); /* whole, as if it had passed */
	upk_contest_finish(&out);

	r.checks.at_least = 1.1; /* what is refused is not held */
	run(&r, &out);
	assert_false(out.held || out.passed);
	assert_non_null(strstr(out.verdict, ", but at least 1.1 is asked for"));
	assert_true(out.to <= out.holdout_from);
	upk_contest_finish(&out);
	upk_dataset_finish(&d);
}

static void a_slice_that_falls_refuses_what_is_better_in_all(void **state)
{
	const struct stretch s[] = { { 2000, false, 0.1, 0.6 } };
	struct upk_dataset d;
	struct upk_slices slices = { 0 };
	struct upk_contest_outcome out;

	(void)state;
	make(&d, s, 1);
	for (size_t i = 1750; i < 2000; i++) {
		bool key = i % 4 == 0;
		if (key)
			d.served[i] = d.y[i];
		assert_true(upk_slices_add(
			&slices, upk_text_of("key"), upk_text_of(key ? "yes" : "no"), i, NULL));
	}
	upk_slices_sort(&slices);
	struct upk_contest_request r = request_on(&d, UPK_GATE_ALERT, 0);
	run(&r, &out);
	assert_true(out.passed);
	upk_contest_finish(&out);
	r.slices = &slices;
	run(&r, &out);
	assert_false(out.passed || out.held);
	assert_non_null(strstr(out.verdict, "was needed, but key=yes falls by 0."));
	upk_contest_finish(&out);
	upk_slices_finish(&slices);
	upk_dataset_finish(&d);
}

static void figures_are_the_picked_candidates_and_give_its_score(void **state)
{
	const struct stretch s[] = { { 2000, false, 0.1, 0.6 } };
	struct upk_dataset d;
	struct upk_contest_outcome out;

	(void)state;
	make(&d, s, 1);
	/* Examples are trained on, and not compared. */
	for (size_t i = 1800; i < 1900; i++)
		d.served[i] = -1;
	struct upk_contest_request r = request_on(&d, UPK_GATE_MANUAL, 0);
	run(&r, &out);
	assert_int_equal(out.compared, 150);
	assert_int_equal(upk_confusion_pairs(out.figures), 150);
	assert_true(fabs(upk_measure_value(r.measure, out.figures) - out.challenger) < 1e-12);
	assert_true(out.challenger == out.candidates[out.picked].score);
	upk_contest_finish(&out);
	upk_dataset_finish(&d);
}

static void what_cannot_be_judged_fails_with_the_reason(void **state)
{
	const struct stretch s[] = { { 1000, false, 0.1, 0.6 } };
	struct upk_dataset d;
	struct upk_contest_outcome out;

	(void)state;
	make(&d, s, 1);
	struct upk_contest_request r = request_on(&d, UPK_GATE_MANUAL, 0);
	for (size_t i = 750; i < 1000; i++)
		d.served[i] = i < 800 ? d.served[i] : -1;
	run(&r, &out);
	assert_int_equal(out.compared, 50);
	upk_contest_finish(&out);
	d.served[750] = -1;
	assert_fails_at_once(&r, "250 rows 49 are pairs");

	memset(d.y, 0, d.rows * sizeof *d.y);
	assert_fails_at_once(&r, "one class: ham");
	d.rows = 0;
	assert_fails_at_once(&r, "no rows");
	d.rows = 1000;
	d.table.columns = sample_columns(0);
	assert_fails_at_once(&r, "no features");
	d.table.columns = sample_columns(2);
	upk_dataset_finish(&d);

	make(&d, &(struct stretch){ 149, false, 0.1, 0.6 }, 1);
	assert_fails_at_once(&r, "of 149 rows 74 are held out");
	upk_dataset_finish(&d);
}

struct told {
	size_t count, done, total;
};

static void hear(void *context, size_t done, size_t total)
{
	struct told *t = context;

	assert_true(t->count == 0 || total == t->total);
	assert_true(t->count == 0 || done >= t->done);
	*t = (struct told){ t->count + 1, done, total };
}

static void its_steps_are_known_before_a_fit(void **state)
{
	const struct stretch s[] = { { 3000, false, 0.1, 0.6 } };
	struct upk_dataset d;
	struct told told[2] = { 0 };

	(void)state;
	make(&d, s, 1);
	struct upk_contest_request r = request_on(&d, UPK_GATE_MANUAL, 0);
	r.progress = hear;
	for (size_t first = 0; first < 2; first++) {
		struct upk_contest_outcome out;
		size_t steps;
		r.context = &told[first];
		assert_true(
			(first ? upk_contest_first_check : upk_contest_check)(&r, &steps, NULL));
		assert_int_equal(told[first].count, 0);
		assert_true((first ? upk_contest_first : upk_contest)(&r, &out, NULL));
		assert_int_equal(steps, told[first].total);
		assert_int_equal(told[first].done, told[first].total);
		assert_true(steps > 1);
		upk_contest_finish(&out);
	}
	upk_dataset_finish(&d);
}

static void cancel_on_second(void *context, size_t done, size_t total)
{
	assert_true(done <= total);
	if (done == 2)
		atomic_store((atomic_bool *)context, true);
}

static void a_cancelled_contest_leaves_nothing(void **state)
{
	const struct stretch s[] = { { 3000, false, 0.1, 0.6 } };
	struct upk_dataset d;
	atomic_bool cancel = false;

	(void)state;
	make(&d, s, 1);
	struct upk_contest_request r = request_on(&d, UPK_GATE_MANUAL, 0);
	r.setup.cancel = &cancel;
	r.progress = cancel_on_second;
	r.context = &cancel;
	assert_fails(&r, UPK_CANCELLED, "cancelled");
	upk_dataset_finish(&d);
}

static void the_same_run_gives_the_same_bytes(void **state)
{
	const struct stretch s[] = { { 3000, false, 0.1, 0.6 } };
	struct upk_buffer bytes[3] = { 0 };
	size_t from = 0;
	struct upk_dataset d;
	struct upk_contest_outcome out;

	(void)state;
	make(&d, s, 1);
	struct upk_contest_request r = request_on(&d, UPK_GATE_ALERT, 0);
	for (size_t i = 0; i < 2; i++) {
		run(&r, &out);
		from = upk_dataset_at(&d, out.from);
		upk_predictor_write(out.predictor, &bytes[i]);
		upk_contest_finish(&out);
	}
	struct upk_predictor *p = fit(&r, from, d.rows);
	upk_predictor_write(p, &bytes[2]);
	upk_predictor_unref(p);
	assert_true(upk_text_equal(upk_buffer_text(&bytes[0]), upk_buffer_text(&bytes[1])));
	assert_true(upk_text_equal(upk_buffer_text(&bytes[0]), upk_buffer_text(&bytes[2])));
	for (size_t i = 0; i < 3; i++)
		upk_buffer_finish(&bytes[i]);
	upk_dataset_finish(&d);
}

static void a_first_version_takes_all_rows_and_its_twins_figures(void **state)
{
	const struct stretch s[] = { { 500, false, 0.1, 1 } };
	struct upk_dataset d;
	struct upk_contest_outcome out;
	struct upk_error err = { 0 };

	(void)state;
	make(&d, s, 1);
	for (size_t i = 0; i < d.rows; i++)
		d.served[i] = -1;
	struct upk_contest_request r = request_on(&d, UPK_GATE_MANUAL, 0);
	assert_true(upk_contest_first(&r, &out, &err));
	assert_true(out.passed);
	assert_int_equal(out.rows, 500);
	assert_int_equal(out.from, place_of(0));
	assert_int_equal(out.to, place_of(499) + 1);
	assert_int_equal(out.compared, 250);
	assert_int_equal(out.count, 1);
	assert_int_equal(out.candidates[0].rows, 250);
	assert_int_equal(upk_confusion_pairs(out.figures), 250);
	assert_true(fabs(upk_measure_value(r.measure, out.figures) - out.challenger) < 1e-12);
	assert_true(out.champion > 0.25 && out.champion < 0.45 && out.challenger > 0.8);
	assert_int_equal(out.change, 0);
	const char first[] =
		"the first version: fitted without the newest 250 rows it has macro f1 ";
	assert_memory_equal(out.verdict, first, sizeof first - 1);
	upk_contest_finish(&out);

	r.others_count = 1;
	assert_true(upk_contest_first(&r, &out, &err));
	const char named[] = "the first version, logistic: fitted without the newest 250 rows ";
	assert_memory_equal(out.verdict, named, sizeof named - 1);
	upk_contest_finish(&out);
	upk_dataset_finish(&d);
}

static void a_first_version_of_few_rows_has_no_figures(void **state)
{
	struct upk_dataset d;
	struct upk_contest_outcome out;
	struct upk_error err = { 0 };

	(void)state;
	make(&d, &(struct stretch){ 20, false, 0, 1 }, 1);
	struct upk_contest_request r = request_on(&d, UPK_GATE_MANUAL, 0);
	assert_true(upk_contest_first(&r, &out, &err));
	assert_true(out.passed);
	assert_non_null(out.predictor);
	assert_null(out.figures);
	assert_int_equal(out.count, 0);
	assert_int_equal(out.picked, out.count);
	assert_true(isnan(out.champion));
	upk_contest_finish(&out);

	memset(d.y, 0, d.rows * sizeof *d.y);
	assert_false(upk_contest_first(&r, &out, &err));
	assert_int_equal(err.code, UPK_INVALID);
	size_t steps;
	err = (struct upk_error){ 0 };
	assert_false(upk_contest_first_check(&r, &steps, &err));
	assert_non_null(strstr(err.message, "one class"));
	upk_dataset_finish(&d);
}

/* One row in seven or so is spam, whose probability the features tell: it is hardly ever above 0.5.
 * Nobody named spam when they were served. */
static void make_rare(struct upk_dataset *d, size_t rows)
{
	struct upk_random r;

	upk_random_seed(&r, 11);
	upk_dataset_init(d, sample_columns(2), 2);
	for (size_t i = 0; i < rows; i++) {
		double x[] = { upk_random_unit(&r) - 0.5, upk_random_unit(&r) - 0.5 };
		bool y = upk_random_unit(&r) < 1 / (1 + exp(2 - 4 * x[0]));
		if (!upk_dataset_add(d, x, y, false, place_of(i), NULL))
			abort();
	}
}

static struct upk_contest_request rare_request(const struct upk_dataset *d)
{
	struct upk_contest_request r = request_on(d, UPK_GATE_MANUAL, 0);

	r.decision = (struct upk_decision){ .positive = 1, .threshold = 0.5 };
	r.measure = (struct upk_measure){ upk_metric_find("f1"), UPK_AVERAGE_CLASS, 1 };
	r.threshold = r.calibrate = true;
	return r;
}

static void a_threshold_that_helps_is_judged_and_kept(void **state)
{
	struct upk_dataset d;
	struct upk_contest_outcome with, without;

	(void)state;
	make_rare(&d, 5000);
	struct upk_contest_request r = rare_request(&d);
	run(&r, &with);
	r.threshold = false;
	run(&r, &without);
	const struct upk_threshold *t = &with.threshold;
	assert_true(with.threshold_asked && t->kept && !without.threshold_asked);
	assert_true(t->after > t->before + t->limit && t->tried > 0.05 && t->tried < 0.4);
	assert_int_equal(t->rows, with.candidates[with.picked].rows / 5);
	assert_true(with.challenger > without.challenger + 0.1);
	assert_true(with.challenger == with.candidates[with.picked].score);
	assert_true(fabs(upk_measure_value(r.measure, with.figures) - with.challenger) < 1e-12);
	assert_true(upk_predictor_threshold(with.predictor) > 0);
	assert_true(upk_predictor_threshold(without.predictor) == 0);

	/* None of the rows it was chosen on is held out, nor seen by the fit that answered them. */
	const struct upk_tuned_on on = upk_predictor_tuned(with.predictor);
	assert_int_equal(on.from, with.candidates[with.picked].from);
	assert_int_equal(on.to, with.candidates[with.picked].to);
	assert_true(on.to <= with.holdout_from && on.cut > on.from && on.positive == 1);
	upk_contest_finish(&with);
	upk_contest_finish(&without);
	upk_dataset_finish(&d);
}

static void a_first_version_may_have_a_threshold(void **state)
{
	struct upk_dataset d;
	struct upk_contest_outcome out;

	(void)state;
	make_rare(&d, 5000);
	struct upk_contest_request r = rare_request(&d);
	assert_true(upk_contest_first(&r, &out, NULL));
	assert_true(out.threshold.kept && upk_predictor_threshold(out.predictor) > 0);
	assert_true(fabs(upk_measure_value(r.measure, out.figures) - out.challenger) < 1e-12);
	upk_contest_finish(&out);
	upk_dataset_finish(&d);
}

/* By another metric, another class's f1, a threshold that the model names, or without a positive
 * class nothing is looked for. */
static void a_threshold_is_for_the_positive_classes_f1_alone(void **state)
{
	struct upk_dataset d;
	struct upk_contest_outcome out;

	(void)state;
	make_rare(&d, 2000);
	for (size_t i = 0; i < 4; i++) {
		struct upk_contest_request r = rare_request(&d);
		if (i == 0)
			r.measure.average = UPK_AVERAGE_MACRO;
		else if (i == 1)
			r.measure.class = 0;
		else if (i == 2)
			r.decision.threshold = 0.4;
		else
			r.decision.positive = -1;
		run(&r, &out);
		assert_false(out.threshold_asked);
		assert_true(!out.predictor || upk_predictor_threshold(out.predictor) == 0);
		upk_contest_finish(&out);
	}
	upk_dataset_finish(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(after_an_abrupt_change_the_window_since_c_wins),
		cmocka_unit_test(rows_that_every_fit_since_c_finds_too_easy_are_held),
		cmocka_unit_test(a_leak_that_one_window_alone_has_learnt_is_refused),
		cmocka_unit_test(on_a_stable_stream_the_longest_window_wins_most_often),
		cmocka_unit_test(growth_that_finds_a_change_moves_c_and_a_run_by_hand_does_not),
		cmocka_unit_test(an_old_version_that_is_better_is_chosen),
		cmocka_unit_test(late_labels_are_taken_from_no_candidate),
		cmocka_unit_test(a_good_champion_stays),
		cmocka_unit_test(a_gain_that_a_leak_would_give_waits_for_a_person),
		cmocka_unit_test(a_slice_that_falls_refuses_what_is_better_in_all),
		cmocka_unit_test(figures_are_the_picked_candidates_and_give_its_score),
		cmocka_unit_test(what_cannot_be_judged_fails_with_the_reason),
		cmocka_unit_test(its_steps_are_known_before_a_fit),
		cmocka_unit_test(a_cancelled_contest_leaves_nothing),
		cmocka_unit_test(the_same_run_gives_the_same_bytes),
		cmocka_unit_test(a_first_version_takes_all_rows_and_its_twins_figures),
		cmocka_unit_test(a_first_version_of_few_rows_has_no_figures),
		cmocka_unit_test(a_threshold_that_helps_is_judged_and_kept),
		cmocka_unit_test(a_first_version_may_have_a_threshold),
		cmocka_unit_test(a_threshold_is_for_the_positive_classes_f1_alone),
	};

	return cmocka_run_group_tests_name("learn/contest", tests, NULL, NULL);
}
