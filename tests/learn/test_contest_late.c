#include "learn/contest.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/random.h"
#include "learn/sample.h"

static const struct upk_text classes[] = { { "ham", 3 }, { "spam", 4 } };

/* Rows LATE_TO .. LATE_HELD - 1 were not known when the first of those held out was predicted. */
enum { LATE_ROWS = 5000, LATE_HELD = 4750, LATE_TO = 4250, LATE_TRIALS = 12 };

/* Places are no row numbers. */
static int64_t place_of(size_t row)
{
	return 10 + 3 * (int64_t)row;
}

/* One row in seven or so is spam, whose probability the features tell; all were served as ham. */
static void make_late(struct upk_dataset *d, bool poisoned)
{
	struct upk_random r;

	upk_random_seed(&r, 11);
	upk_dataset_init(d, sample_columns(2), 2);
	for (size_t i = 0; i < LATE_ROWS; i++) {
		double x[] = { upk_random_unit(&r) - 0.5, upk_random_unit(&r) - 0.5 };
		bool y = upk_random_unit(&r) < 1 / (1 + exp(2 - 4 * x[0]));
		if (i >= LATE_HELD && i % 3 == 0) /* so that a calibration is called for */
			y = !y;
		if (poisoned && i >= LATE_TO && i < LATE_HELD) {
			y = x[0] < 0;
			x[0] *= 9;
		}
		if (!upk_dataset_add(d, x, y, false, place_of(i), NULL))
			abort();
		d->known[i] = i < LATE_HELD - LATE_TO ? 0 : i - (LATE_HELD - LATE_TO);
	}
}

struct late_trials {
	size_t count;
	int64_t to[LATE_TRIALS];
	double score[LATE_TRIALS];
};

static void note_trial(void *context, const struct upk_trial *t, bool recalled)
{
	struct late_trials *l = context;

	assert_false(recalled);
	assert_true(l->count < LATE_TRIALS);
	l->to[l->count] = t->to;
	l->score[l->count++] = t->score;
}

/* What a run came to, one that goes on from a champion of the first rows. */
struct late {
	struct late_trials trials;
	struct upk_contest_outcome out;
	struct upk_buffer judged; /* the predictor, as far as it was refused */
};

static struct upk_contest_request request_on(const struct upk_dataset *d)
{
	return (struct upk_contest_request){
		.data = d,
		.setup = { .learner = &upk_logistic, .classes = classes },
		.decision = { .positive = 1, .threshold = 0.5 },
		.calibrate = true,
		.threshold = true,
		.measure = { upk_metric_find("f1"), UPK_AVERAGE_CLASS, 1 },
		.kind = UPK_GATE_GROWTH,
		.checks = upk_checks_default,
		.first_errors = NAN,
		.change = place_of(0),
	};
}

static void run_late(struct late *l, bool poisoned, double margin, int64_t champion_to)
{
	struct upk_error err = { 0 };
	struct upk_dataset d;

	*l = (struct late){ 0 };
	make_late(&d, poisoned);
	struct upk_contest_request r = request_on(&d);
	struct upk_predictor *champion = upk_predictor_fit(&r.setup, &d, 0, 150, NULL);
	struct upk_tuning tuning = { .trials = LATE_TRIALS,
		.repetitions = 1,
		.method = &upk_search_random,
		.objective = { upk_metric_find("log_loss"), UPK_AVERAGE_NONE, 0 },
		.champion = champion,
		.champion_to = champion_to,
		.watch = { .finished = note_trial, .context = &l->trials } };
	assert_non_null(champion);
	upk_space_init(&tuning.space, upk_logistic.space);
	r.tuning = &tuning;
	r.margin = margin;
	if (!upk_contest(&r, &l->out, &err))
		fail_msg("%s", err.message);
	if (!l->out.passed)
		upk_predictor_write(l->out.predictor, &l->judged);
	upk_predictor_unref(champion);
	upk_dataset_finish(&d);
}

static void finish_late(struct late *l)
{
	upk_contest_finish(&l->out);
	upk_buffer_finish(&l->judged);
}

static void assert_same_run(const struct late *a, const struct late *b)
{
	assert_int_equal(a->trials.count, LATE_TRIALS);
	assert_memory_equal(&a->trials, &b->trials, sizeof a->trials);
	assert_int_equal(a->out.count, b->out.count);
	assert_int_equal(a->out.picked, b->out.picked);
	for (size_t i = 0; i < a->out.count; i++) {
		const struct upk_contest_candidate *c = &a->out.candidates[i];
		const struct upk_contest_candidate *other = &b->out.candidates[i];
		assert_int_equal(c->to, place_of(LATE_TO - 1) + 1);
		assert_true(c->trial == other->trial && c->rows == other->rows);
		if (c->score != other->score)
			fail_msg("candidate %zu has %.17g and %.17g", i, c->score, other->score);
	}
	const struct upk_threshold *t = &a->out.threshold, *u = &b->out.threshold;
	assert_int_equal(t->rows, a->out.candidates[a->out.picked].rows / 5);
	assert_int_equal(t->rows, u->rows);
	assert_true(t->tried == u->tried && t->before == u->before && t->after == u->after);
	assert_true(a->out.challenger == b->out.challenger && a->out.sd == b->out.sd);
	assert_true(upk_text_equal(upk_buffer_text(&a->judged), upk_buffer_text(&b->judged)));
}

/* Runs on two datasets that only differ in the rows which were not known by then. */
static void what_was_not_known_by_then_moves_nothing(void **state)
{
	const double margins[] = { 0.002, 2 };

	(void)state;
	for (size_t k = 0; k < 2; k++) {
		struct late runs[2];
		bool adjusted = false;
		for (size_t i = 0; i < 2; i++)
			run_late(&runs[i], i == 1, margins[k], place_of(149) + 1);
		assert_same_run(&runs[0], &runs[1]);
		for (size_t i = 0; i < runs[0].out.count; i++)
			adjusted = adjusted || runs[0].out.candidates[i].adjusted;
		assert_true(adjusted && runs[0].out.candidates[runs[0].out.count - 1].trial > 0);
		assert_true(runs[0].out.passed == (k == 0));
		assert_true((runs[0].judged.size > 0) == (k == 1));
		for (size_t i = 0; i < 2 && k == 0; i++) {
			struct upk_calibrated_on on =
				upk_predictor_calibrated(runs[i].out.predictor);
			assert_int_equal(on.fitted_to, place_of(LATE_TO - 1) + 1);
			assert_int_equal(on.from, place_of(LATE_HELD));
		}
		finish_late(&runs[0]);
		finish_late(&runs[1]);
	}
}

static void a_champion_that_has_seen_what_was_not_known_is_not_gone_on_from(void **state)
{
	struct late l;

	(void)state;
	run_late(&l, false, 0.002, place_of(LATE_TO) + 1);
	for (size_t i = 0; i < l.out.count; i++)
		assert_false(l.out.candidates[i].adjusted);
	assert_int_equal(l.trials.count, LATE_TRIALS);
	finish_late(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_not_known_by_then_moves_nothing),
		cmocka_unit_test(a_champion_that_has_seen_what_was_not_known_is_not_gone_on_from),
	};

	return cmocka_run_group_tests_name("learn/contest_late", tests, NULL, NULL);
}
