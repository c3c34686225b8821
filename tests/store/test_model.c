#include "fixture.h"

#include <stdio.h>
#include <string.h>

#include "store/alert.h"
#include "store/history.h"
#include "store/model.h"
#include "store/run.h"
#include "store/version.h"

struct seen {
	size_t count, most;
	struct {
		int64_t model, created, state_place, state_seq;
		char name[16], config[16], learnt[16], state[16];
		bool automatic, paused, has_state;
	} rows[4];
};

static void copy(char out[16], struct upk_text text)
{
	snprintf(out, 16, "%.*s", (int)text.size, text.data ? text.data : "");
}

static bool take(void *context, const struct upk_model_row *row)
{
	struct seen *seen = context;
	size_t i = seen->count++;
	seen->rows[i].model = row->model;
	seen->rows[i].created = row->created;
	seen->rows[i].state_place = row->state_place;
	seen->rows[i].state_seq = row->state_seq;
	seen->rows[i].automatic = row->automatic;
	seen->rows[i].paused = row->paused;
	seen->rows[i].has_state = row->state.data != NULL;
	copy(seen->rows[i].name, row->name);
	copy(seen->rows[i].config, row->config);
	copy(seen->rows[i].learnt, row->learnt);
	copy(seen->rows[i].state, row->state);
	return seen->count < seen->most;
}

static struct seen all_models(struct fixture *f, size_t most)
{
	struct upk_error err = { 0 };
	struct seen seen = { .most = most };
	assert_ok(upk_model_each(f->store, take, &seen, &err), &err);
	return seen;
}

static int64_t add_model(struct fixture *f, const char *name)
{
	struct upk_error err = { 0 };
	int64_t model = 0;
	struct upk_model_row row = { .name = upk_text_of(name),
		.config = upk_text_of("{\"a\":1}"),
		.learnt = upk_text_of("{}"),
		.created = 12,
		.automatic = true };
	assert_ok(upk_model_insert(f->store, &row, &model, &err), &err);
	return model;
}

static void models_come_in_the_order_of_names(void **state)
{
	struct fixture *f = *state;
	fixture_begin(f);
	int64_t z = add_model(f, "z"), a = add_model(f, "a");
	fixture_commit(f);
	assert_true(z != a);

	struct seen seen = all_models(f, 4);
	assert_int_equal(seen.count, 3);
	assert_string_equal(seen.rows[0].name, "a");
	assert_string_equal(seen.rows[1].name, "m");
	assert_int_equal(seen.rows[2].model, z);
	assert_string_equal(seen.rows[0].config, "{\"a\":1}");
	assert_int_equal(seen.rows[0].created, 12);
	assert_true(seen.rows[0].automatic);
	assert_false(seen.rows[0].paused || seen.rows[0].has_state);
	assert_int_equal(all_models(f, 2).count, 2);
}

static void a_name_belongs_to_one_model(void **state)
{
	struct fixture *f = *state;
	struct upk_error err = { 0 };
	int64_t model = -1;
	struct upk_model_row row = {
		.name = upk_text_of("m"), .config = upk_text_of("{}"), .learnt = upk_text_of("{}")
	};
	fixture_begin(f);
	assert_false(upk_model_insert(f->store, &row, &model, &err));
	assert_int_equal(err.code, UPK_CONFLICT);
	assert_int_equal(model, -1);
	upk_store_rollback(f->store);
}

static void each_setter_changes_its_own_part(void **state)
{
	struct fixture *f = *state;
	struct upk_error err = { 0 };
	fixture_begin(f);
	assert_ok(upk_model_set_config(f->store, f->model, upk_text_of("{\"b\":2}"), true, &err),
		&err);
	assert_ok(upk_model_set_learnt(f->store, f->model, upk_text_of("[1]"), &err), &err);
	assert_ok(upk_model_set_paused(f->store, f->model, true, &err), &err);
	assert_ok(upk_model_set_state(f->store, f->model, 77, 99, upk_text_of("{s}"), &err), &err);
	fixture_commit(f);
	fixture_reopen(f);

	struct seen seen = all_models(f, 4);
	assert_string_equal(seen.rows[0].config, "{\"b\":2}");
	assert_string_equal(seen.rows[0].learnt, "[1]");
	assert_string_equal(seen.rows[0].state, "{s}");
	assert_int_equal(seen.rows[0].state_place, 77);
	assert_int_equal(seen.rows[0].state_seq, 99);
	assert_true(seen.rows[0].automatic && seen.rows[0].paused);
}

static void setting_a_model_that_is_not_there_is_told(void **state)
{
	struct fixture *f = *state;
	struct upk_error err = { 0 };
	fixture_begin(f);
	assert_false(upk_model_set_paused(f->store, 99, true, &err));
	assert_int_equal(err.code, UPK_NOT_FOUND);
	err = (struct upk_error){ 0 };
	assert_false(upk_sweep_begin(f->store, 99, &err));
	assert_int_equal(err.code, UPK_NOT_FOUND);
	upk_store_rollback(f->store);
}

/* One row in every table, all of the model. */
static void fill_tables(struct fixture *f)
{
	struct upk_error err = { 0 };
	struct upk_text text = upk_text_of("{}");
	int64_t list;
	int64_t event = fixture_event(f, "a", "x", NULL);
	fixture_place(f, event, fixture_label(f, "a", event, "x"), 1);
	fixture_label(f, "waits", 0, "x");
	assert_ok(upk_feature_list_number(f->store, f->model, text, &list, &err), &err);

	struct upk_version_row version = {
		.model = f->model, .version = 1, .learner = text, .settings = text
	};
	struct upk_promotion_row promotion = {
		.model = f->model, .promotion = 1, .version = 1, .by = text, .reason = text
	};
	struct upk_run_row run = {
		.model = f->model, .run = 1, .state = text, .kind = text, .reason = text
	};
	struct upk_alert_row alert = { .model = f->model, .alert = 1, .rule = text, .state = text };
	struct upk_history_row history = { .model = f->model, .window = text, .counts = text };
	assert_ok(upk_version_insert(f->store, &version, text, &err), &err);
	assert_ok(upk_promotion_insert(f->store, &promotion, &err), &err);
	assert_ok(upk_run_insert(f->store, &run, &err), &err);
	assert_ok(upk_alert_insert(f->store, &alert, &err), &err);
	assert_ok(upk_history_insert_many(f->store, &history, 1, &err), &err);
}

static void delete_takes_the_models_rows_and_no_others(void **state)
{
	static const struct {
		const char *table;
		int64_t rows; /* of one model */
	} tables[] = { { "event", 1 }, { "label", 2 }, { "place", 1 }, { "feature_list", 1 },
		{ "version", 1 }, { "version_piece", 1 }, { "promotion", 1 }, { "run", 1 },
		{ "alert", 1 }, { "history", 1 }, { "model", 1 } };
	struct fixture *f = *state;
	int64_t first = f->model;
	fixture_begin(f);
	fill_tables(f);
	f->model = add_model(f, "other");
	fill_tables(f);
	fixture_commit(f);

	for (int models = 2; models > 0; models--) {
		for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++)
			assert_int_equal(
				fixture_count(f, tables[i].table), models * tables[i].rows);
		assert_true(fixture_delete(f, models == 2 ? first : f->model, 1) > 10);
	}
	for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++)
		assert_int_equal(fixture_count(f, tables[i].table), 0);

	fixture_begin(f);
	assert_true(add_model(f, "m") > f->model);
	fixture_commit(f);
}

static bool count_models(void *context, const struct upk_model_row *row)
{
	int *count = context;
	assert_false(upk_text_is(row->name, "m"));
	(*count)++;
	return true;
}

static void deleted_models_name_is_free_before_its_rows_are_gone(void **state)
{
	struct fixture *f = *state;
	struct upk_error err = { 0 };
	struct upk_sweep sweep;
	int64_t first = f->model, left;
	int count = 0;
	fixture_begin(f);
	fill_tables(f);
	fixture_commit(f);
	fixture_begin(f);
	assert_ok(upk_sweep_begin(f->store, first, &err), &err);
	fixture_commit(f);
	fixture_reopen(f);

	assert_ok(upk_model_each(f->store, count_models, &count, &err), &err);
	assert_int_equal(count, 0);
	assert_int_equal(fixture_count(f, "event"), 1);
	assert_ok(upk_sweep_next(f->store, &sweep, &err), &err);
	assert_int_equal(sweep.model, first);
	assert_ok(upk_sweep_left(f->store, &left, &err), &err);
	assert_int_equal(left, f->seq);
	fixture_begin(f);
	assert_true(add_model(f, "m") > first);
	fixture_commit(f);
}

static void feature_lists_are_numbered_on_first_sight(void **state)
{
	struct fixture *f = *state;
	struct upk_error err = { 0 };
	int64_t first = 0, second = 0, again = 0;
	struct upk_text one = upk_text_of("[1]"), two = upk_text_of("[1,2]"), got;
	fixture_begin(f);
	assert_ok(upk_feature_list_number(f->store, f->model, one, &first, &err), &err);
	assert_ok(upk_feature_list_number(f->store, f->model, two, &second, &err), &err);
	assert_ok(upk_feature_list_number(f->store, f->model, one, &again, &err), &err);
	fixture_commit(f);
	assert_int_equal(first, 1);
	assert_int_equal(second, 2);
	assert_int_equal(again, 1);

	assert_ok(upk_feature_list_get(f->store, f->model, 2, &got, &err), &err);
	assert_text(got, "[1,2]");
	assert_false(upk_feature_list_get(f->store, f->model, 3, &got, &err));
	assert_int_equal(err.code, UPK_NOT_FOUND);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(models_come_in_the_order_of_names),
		TEST(a_name_belongs_to_one_model),
		TEST(each_setter_changes_its_own_part),
		TEST(setting_a_model_that_is_not_there_is_told),
		TEST(delete_takes_the_models_rows_and_no_others),
		TEST(deleted_models_name_is_free_before_its_rows_are_gone),
		TEST(feature_lists_are_numbered_on_first_sight),
	};
	return cmocka_run_group_tests_name("model", tests, NULL, NULL);
}
