#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "writer/unsaved.h"

/* Two models that are noted as unsaved. They are deleted ones, of which nothing is written, so that
 * there is no store. */
struct bed {
	struct upk_engine engine;
	struct upk_model *models[2];
};

static int set_up(void **state)
{
	struct bed *b = calloc(1, sizeof *b);
	for (size_t i = 0; i < 2; i++) {
		struct upk_model *m = b->models[i] = calloc(1, sizeof *m);
		atomic_store(&m->refs, 2); /* the last one is the test's */
		m->deleted = true;
		upk_unsaved_note(&b->engine, m, (int64_t)i + 1);
	}
	*state = b;
	return 0;
}

static int tear_down(void **state)
{
	struct bed *b = *state;
	upk_unsaved_finish(&b->engine);
	for (size_t i = 0; i < 2; i++) {
		upk_orders_finish(&b->models[i]->orders);
		free(b->models[i]);
	}
	free(b);
	return 0;
}

static void a_stale_model_is_not_saved(void **state)
{
	struct bed *b = *state;
	b->models[0]->stale = true;
	assert_true(upk_unsaved_save(&b->engine, 10, true, NULL));
	upk_unsaved_commit(&b->engine);
	assert_int_equal(b->models[0]->first_unsaved, 1);
	assert_int_equal(b->models[1]->first_unsaved, 0);
	assert_ptr_equal(b->engine.first_unsaved, b->models[0]);
}

static void what_was_rolled_back_is_unsaved_as_before(void **state)
{
	struct bed *b = *state;
	assert_true(upk_unsaved_save(&b->engine, 10, true, NULL));
	upk_unsaved_rollback(&b->engine);
	upk_unsaved_commit(&b->engine);
	assert_int_equal(b->models[0]->first_unsaved, 1);
	assert_int_equal(b->models[1]->first_unsaved, 2);
}

static void orders_that_were_committed_are_not_written_again(void **state)
{
	struct bed *b = *state;
	for (size_t i = 0; i < 2; i++) {
		assert_non_null(upk_orders_add(&b->models[i]->orders, UPK_ORDER_POINT));
		b->models[i]->saving = true;
	}
	b->models[0]->saving_orders = true;
	upk_unsaved_commit(&b->engine);
	assert_int_equal(b->models[0]->orders.count, 0);
	assert_int_equal(b->models[1]->orders.count, 1);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_stale_model_is_not_saved),
		CASE(what_was_rolled_back_is_unsaved_as_before),
		CASE(orders_that_were_committed_are_not_written_again),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
