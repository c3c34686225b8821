/* The list of models: order of names, references, removal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "core/registry.h"

static int make(void **state)
{
	*state = upk_registry_create(NULL);
	return *state ? 0 : -1;
}

static int drop(void **state)
{
	upk_registry_destroy(*state);
	return 0;
}

static void add(struct upk_registry *r, const char *name, int64_t number)
{
	struct upk_model *m = upk_model_create(name, number, NULL);
	assert_non_null(m);
	assert_true(upk_registry_add(r, m, NULL));
	upk_model_unref(m);
}

static void models_are_listed_in_the_order_of_their_names(void **state)
{
	struct upk_registry *r = *state;
	for (int i = 0; i < 100; i++) {
		char name[32];
		snprintf(name, sizeof name, "m%02d", i * 37 % 100);
		add(r, name, i);
	}
	size_t count;
	struct upk_model **all = upk_registry_all(r, &count, NULL);
	assert_int_equal(count, 100);
	for (size_t i = 0; i < count; i++) {
		char name[32];
		snprintf(name, sizeof name, "m%02zu", i);
		assert_string_equal(all[i]->name, name);
	}
	assert_null(all[count]);
	upk_registry_give_back(all);
}

static void a_model_is_found_by_its_whole_name(void **state)
{
	struct upk_registry *r = *state;
	add(r, "spam", 1);
	add(r, "spam-2", 2);
	struct upk_model *m = upk_registry_find(r, "spam");
	assert_non_null(m);
	assert_int_equal(m->number, 1);
	upk_model_unref(m);
	assert_null(upk_registry_find(r, "spa"));
	assert_null(upk_registry_find(r, "spam-"));
	assert_null(upk_registry_find(r, "z"));
}

static void a_missing_model_is_asked_about(void **state)
{
	struct upk_registry *r = *state;
	struct upk_error err;
	assert_false(upk_registry_missing(r, "nope", &err));
	assert_string_equal(
		err.message, "there is no model nope, nor any other: PUT /v1/models/nope makes it");
	add(r, "ham", 1);
	add(r, "spam", 2);
	assert_false(upk_registry_missing(r, "spma", &err));
	assert_int_equal(err.code, UPK_NOT_FOUND);
	assert_string_equal(err.message, "there is no model spma; did you mean spam?");
	assert_false(upk_registry_missing(r, "weather", &err));
	assert_string_equal(err.message, "there is no model weather: there are ham, spam");
	assert_null(upk_registry_get(r, "hma", &err));
	assert_string_equal(err.message, "there is no model hma; did you mean ham?");
	struct upk_model *m = upk_registry_get(r, "ham", &err);
	assert_non_null(m);
	assert_int_equal(m->number, 1);
	upk_model_unref(m);
}

static void who_holds_a_removed_model_may_go_on(void **state)
{
	struct upk_registry *r = *state;
	add(r, "a", 1);
	add(r, "b", 2);
	struct upk_model *m = upk_registry_find(r, "a");
	upk_registry_remove(r, m);
	assert_null(upk_registry_find(r, "a"));
	assert_int_equal(upk_registry_count(r), 1);
	assert_string_equal(m->name, "a");
	upk_registry_remove(r, m);
	assert_int_equal(upk_registry_count(r), 1);
	upk_model_unref(m);
}

static void another_model_of_that_name_is_not_removed(void **state)
{
	struct upk_registry *r = *state;
	add(r, "a", 1);
	struct upk_model *old = upk_registry_find(r, "a");
	upk_registry_remove(r, old);
	add(r, "a", 2);
	upk_registry_remove(r, old);
	upk_model_unref(old);
	struct upk_model *m = upk_registry_find(r, "a");
	assert_non_null(m);
	assert_int_equal(m->number, 2);
	upk_model_unref(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			models_are_listed_in_the_order_of_their_names, make, drop),
		cmocka_unit_test_setup_teardown(a_model_is_found_by_its_whole_name, make, drop),
		cmocka_unit_test_setup_teardown(a_missing_model_is_asked_about, make, drop),
		cmocka_unit_test_setup_teardown(who_holds_a_removed_model_may_go_on, make, drop),
		cmocka_unit_test_setup_teardown(
			another_model_of_that_name_is_not_removed, make, drop),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
