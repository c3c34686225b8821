#include "learn/contest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/scarce.h"
#include "learn/sample.h"
#include "learn/shadow.h"

static const struct upk_text names[] = { { "a", 1 }, { "b", 1 }, { "c", 1 } };

static struct upk_predictor *fit(const struct upk_dataset *d, struct upk_error *err)
{
	struct upk_predictor_setup setup = {
		.learner = &upk_logistic,
		.classes = names,
	};

	return upk_predictor_fit(&setup, d, 0, d->rows, err);
}

static void fit_survives_any_failed_allocation(void **state)
{
	struct upk_dataset d;
	int nth = 0;

	(void)state;
	sample_rows(&d, 100, 2, 3, 0);
	do {
		struct upk_error err = { 0 };
		scarce_begin(nth++);
		struct upk_predictor *p = fit(&d, &err);
		scarce_end();
		assert_int_equal(err.code, scarce_struck() ? UPK_NOMEM : UPK_OK);
		assert_true((p == NULL) == scarce_struck());
		upk_predictor_unref(p);
	} while (scarce_struck());
	assert_true(nth > 10);
	upk_dataset_finish(&d);
}

static void a_shadow_survives_any_failed_allocation(void **state)
{
	struct upk_dataset d;
	int nth = 0;

	(void)state;
	sample_rows(&d, 100, 2, 3, 0);
	do {
		struct upk_error err = { 0 };
		scarce_begin(nth++);
		const struct upk_shadow_rows rows = { d.rows, 2, 3, d.table.numbers, d.y };
		struct upk_shadow *s = upk_shadow_create(&rows, NULL, &err);
		struct upk_shadow_copy *c = s ? upk_shadow_copy_create(s, &err) : NULL;
		scarce_end();
		assert_int_equal(err.code, scarce_struck() ? UPK_NOMEM : UPK_OK);
		assert_true((c == NULL) == scarce_struck());
		upk_shadow_copy_destroy(c);
		upk_shadow_destroy(s);
	} while (scarce_struck());
	assert_int_equal(nth, 9);
	upk_dataset_finish(&d);
}

static bool contest(const struct upk_dataset *d, bool first, struct upk_error *err)
{
	struct upk_contest_outcome out;
	struct upk_slices slices = { 0 };
	bool ok = true;

	for (size_t i = d->rows - 100; ok && !first && i < d->rows; i++)
		ok = upk_slices_add(
			&slices, upk_text_of("k"), upk_text_of(i % 2 ? "a" : "b"), i, err);
	upk_slices_sort(&slices);
	struct upk_contest_request r = {
		.data = d,
		.checks = upk_checks_default,
		.slices = &slices,
		.setup = { .learner = &upk_logistic, .classes = names },
		.decision = { .positive = -1 },
		.measure = { upk_metric_find("f1"), UPK_AVERAGE_MACRO, 0 },
		.margin = -1,
	};
	if (!ok) {
		upk_slices_finish(&slices);
		return false;
	}
	ok = first ? upk_contest_first(&r, &out, err) : upk_contest(&r, &out, err);
	if (ok)
		assert_non_null(out.predictor);
	upk_contest_finish(&out);
	upk_slices_finish(&slices);
	return ok;
}

static void contest_survives_any_failed_allocation(void **state)
{
	struct upk_dataset d;

	(void)state;
	sample_rows(&d, 700, 2, 3, 0);
	for (size_t i = 0; i < d.rows; i++)
		d.served[i] = d.y[i] ? 0 : 1;
	for (int first = 0; first < 2; first++) {
		int nth = 0;
		do {
			struct upk_error err = { 0 };
			scarce_begin(nth++);
			bool ok = contest(&d, first, &err);
			scarce_end();
			assert_int_equal(err.code, scarce_struck() ? UPK_NOMEM : UPK_OK);
			assert_true(ok == !scarce_struck());
		} while (scarce_struck());
		assert_true(nth > 30);
	}
	upk_dataset_finish(&d);
}

static void read_survives_any_failed_allocation(void **state)
{
	struct upk_dataset d;
	struct upk_buffer bytes = { 0 };
	int nth = 0;

	(void)state;
	sample_rows(&d, 100, 2, 3, 0);
	struct upk_predictor *p = fit(&d, NULL);
	assert_non_null(p);
	upk_predictor_write(p, &bytes);
	upk_predictor_unref(p);

	/* cJSON is another library: it takes ours only when told to. */
	cJSON_InitHooks(&(cJSON_Hooks){ .malloc_fn = malloc, .free_fn = free });
	do {
		struct upk_error err = { 0 };
		scarce_begin(nth++);
		p = upk_predictor_read(upk_buffer_text(&bytes), &err);
		scarce_end();
		assert_int_equal(err.code, scarce_struck() ? UPK_NOMEM : UPK_OK);
		assert_true((p == NULL) == scarce_struck());
		upk_predictor_unref(p);
	} while (scarce_struck());
	cJSON_InitHooks(NULL);
	assert_true(nth > 30);
	upk_buffer_finish(&bytes);
	upk_dataset_finish(&d);
}

static void a_dataset_stays_as_it_was_when_it_cannot_grow(void **state)
{
	(void)state;
	for (int nth = 0; nth < 4; nth++) {
		struct upk_dataset d;
		struct upk_error err = { 0 };
		sample_rows(&d, 256, 2, 3, 0);
		scarce_begin(nth);
		assert_false(upk_dataset_add(&d, (double[]){ 1, 2 }, 0, -1, 1000, &err));
		scarce_end();
		assert_int_equal(err.code, UPK_NOMEM);
		assert_int_equal(d.rows, 256);
		assert_true(upk_dataset_add(&d, (double[]){ 1, 2 }, 0, -1, 1000, NULL));
		assert_int_equal(d.place[256], 1000);
		upk_dataset_finish(&d);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fit_survives_any_failed_allocation),
		cmocka_unit_test(a_shadow_survives_any_failed_allocation),
		cmocka_unit_test(contest_survives_any_failed_allocation),
		cmocka_unit_test(read_survives_any_failed_allocation),
		cmocka_unit_test(a_dataset_stays_as_it_was_when_it_cannot_grow),
	};

	return cmocka_run_group_tests_name("learn/memory", tests, NULL, NULL);
}
