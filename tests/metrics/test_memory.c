#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/scarce.h"
#include "metrics/drop.h"
#include "metrics/record.h"
#include "metrics/score.h"

/* What was refused for want of memory must say so, and is asked for once more: only one allocation
 * fails in a pass. */
static bool refused(bool ok, struct upk_error *err)
{
	if (ok)
		return false;
	assert_true(scarce_struck());
	assert_int_equal(err->code, UPK_NOMEM);
	*err = (struct upk_error){ 0 };
	return true;
}

static struct upk_confusion *growing_counts(void)
{
	struct upk_error err = { 0 };
	struct upk_confusion *c, *copy;
	while (refused((c = upk_confusion_create(2, &err)) != NULL, &err))
		;
	upk_confusion_add(c, (struct upk_pair){ 1, 0 });
	for (size_t classes = 3; classes <= 20; classes++) {
		while (refused(upk_confusion_grow(c, classes, &err), &err))
			assert_int_equal(upk_confusion_cell(c, 1, 0), 1);
		upk_confusion_add(c, (struct upk_pair){ (uint16_t)(classes - 1), 0 });
	}
	while (refused((copy = upk_confusion_copy(c, &err)) != NULL, &err))
		;
	upk_confusion_destroy(c);
	return copy;
}

static void add_lean(struct upk_confusion *c, uint16_t actual, uint16_t predicted)
{
	struct upk_error err = { 0 };
	while (refused(upk_confusion_room(c, &err), &err))
		;
	upk_confusion_add(c, (struct upk_pair){ actual, predicted });
}

static void lean_counts(void)
{
	struct upk_error err = { 0 };
	struct upk_confusion *c, *copy;
	while (refused((c = upk_confusion_create_lean(2, &err)) != NULL, &err))
		;
	add_lean(c, 1, 0);
	while (refused(upk_confusion_grow(c, UPK_CONFUSION_DENSE + 1, &err), &err))
		assert_int_equal(upk_confusion_cell(c, 1, 0), 1);
	for (uint16_t k = 0; k <= UPK_CONFUSION_DENSE; k++)
		add_lean(c, k, k);
	while (refused((copy = upk_confusion_copy(c, &err)) != NULL, &err))
		;
	assert_int_equal(upk_confusion_pairs(copy), UPK_CONFUSION_DENSE + 2);
	assert_int_equal(upk_confusion_actual(copy, 1), 2);
	upk_confusion_destroy(c);
	upk_confusion_destroy(copy);
}

static void counts_record_and_reference(void)
{
	struct upk_error err = { 0 };
	struct upk_confusion *holdout = growing_counts();
	assert_int_equal(upk_confusion_pairs(holdout), 19);
	struct upk_record *record;
	while (refused((record = upk_record_create(1, holdout, &err)) != NULL, &err))
		;
	upk_confusion_destroy(holdout);

	struct upk_reference reference = { 0 };
	for (int64_t i = 0; i < 4500; i++) {
		struct upk_pair pair = { (uint16_t)(i % 2), (uint16_t)(i % 3 == 0) };
		while (refused(upk_record_add(record, i, pair, &err), &err))
			assert_int_equal(upk_record_pairs(record), i);
		if (i == 1000)
			upk_record_revise(record, 500, 0);
		if (i % 100 != 0)
			continue;
		while (refused(
			upk_reference_update(&reference, record, i, i < 3000 ? 20 : 30, &err),
			&err))
			;
		assert_int_equal(upk_confusion_pairs(reference.counts),
			19 + (i < UPK_RECORD_FIRST ? i : UPK_RECORD_FIRST));
	}
	assert_int_equal(upk_record_pairs(record), 4500);
	upk_reference_finish(&reference);
	upk_record_destroy(record);
}

static void scores(void)
{
	static const uint16_t actual[] = { 0, 1 };
	static const double probabilities[] = { 0.25, 0.75 };
	struct upk_scored scored = { 2, 1, actual, probabilities, 1 };
	struct upk_score_metrics out;
	struct upk_error err = { 0 };
	while (refused(upk_score_metrics(&scored, &out, &err), &err))
		;
	assert_true(out.roc_auc == 1);
	double alone = 0;
	while (refused(upk_score_metric(&scored, "average_precision", &alone, &err), &err))
		;
	assert_true(alone == 1);
}

static int failures_survived(void (*pass)(void))
{
	int nth = 0;
	do {
		scarce_begin(nth++);
		pass();
		scarce_end();
	} while (scarce_struck());
	return nth - 1;
}

static void any_failed_allocation_is_reported_and_changes_nothing(void **state)
{
	(void)state;
	assert_true(failures_survived(counts_record_and_reference) > 20);
	assert_int_equal(failures_survived(scores), 2);
	assert_true(failures_survived(lean_counts) > 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_failed_allocation_is_reported_and_changes_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
