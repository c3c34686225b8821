#include "fixture.h"

#include <math.h>

#include "store/alert.h"

static void insert(struct fixture *f, int64_t alert)
{
	struct upk_error err = { 0 };
	struct upk_alert_row row = { .model = f->model,
		.alert = alert,
		.rule = upk_text_of("fell"),
		.state = upk_text_of("firing"),
		.fired = alert * 1000,
		.place = 50,
		.value = 0.1 + 0.2,
		.bound = NAN,
		.threshold = 0.0,
		.pairs = 60,
		.change = 40,
		.run_at = 70,
		.detail = upk_text_of("it fell") };
	fixture_begin(f);
	assert_ok(upk_alert_insert(f->store, &row, &err), &err);
	fixture_commit(f);
}

static struct upk_alert_row get(struct fixture *f, int64_t alert)
{
	struct upk_error err = { 0 };
	bool found = false;
	struct upk_alert_row row;
	assert_ok(upk_alert_get(f->store, f->model, alert, &found, &row, &err), &err);
	assert_true(found);
	return row;
}

static void an_alert_reads_back_as_it_was_written(void **state)
{
	struct fixture *f = *state;
	struct upk_error err = { 0 };
	insert(f, 1);
	struct upk_alert_row row = get(f, 1);
	assert_text(row.rule, "fell");
	assert_text(row.state, "firing");
	assert_int_equal(row.fired, 1000);
	assert_int_equal(row.place, 50);
	assert_true(row.value == 0.1 + 0.2);
	assert_true(isnan(row.bound));
	assert_true(row.threshold == 0.0);
	assert_int_equal(row.pairs, 60);
	assert_int_equal(row.change, 40);
	assert_int_equal(row.run_at, 70);
	assert_int_equal(row.run + row.resolved, 0);
	assert_null(row.resolved_by.data);
	assert_text(row.detail, "it fell");

	bool found = true;
	assert_ok(upk_alert_get(f->store, f->model, 2, &found, &row, &err), &err);
	assert_false(found);
}

static void update_tells_how_it_was_resolved(void **state)
{
	struct fixture *f = *state;
	struct upk_error err = { 0 };
	insert(f, 1);
	struct upk_alert_row end = { .model = f->model,
		.alert = 1,
		.state = upk_text_of("resolved"),
		.run = 3,
		.resolved = 99,
		.resolved_by = upk_text_of("cleared") };
	fixture_begin(f);
	assert_ok(upk_alert_update(f->store, &end, &err), &err);
	end.alert = 2;
	assert_false(upk_alert_update(f->store, &end, &err));
	assert_int_equal(err.code, UPK_NOT_FOUND);
	fixture_commit(f);

	struct upk_alert_row row = get(f, 1);
	assert_text(row.state, "resolved");
	assert_text(row.resolved_by, "cleared");
	assert_int_equal(row.resolved, 99);
	assert_int_equal(row.run, 3);
	assert_int_equal(row.run_at, 0);
	assert_int_equal(row.place, 50);
}

struct seen {
	size_t count, most;
	int64_t alerts[8];
};

static bool take(void *context, const struct upk_alert_row *row)
{
	struct seen *seen = context;
	seen->alerts[seen->count++] = row->alert;
	return seen->count < seen->most;
}

static struct seen filtered(struct fixture *f, struct upk_filter filter, size_t most)
{
	struct upk_error err = { 0 };
	struct seen seen = { .most = most };
	assert_ok(upk_alert_each(f->store, f->model, &filter, take, &seen, &err), &err);
	return seen;
}

static void alerts_come_newest_first_through_the_filter(void **state)
{
	struct fixture *f = *state;
	struct upk_error err = { 0 };
	int64_t last = -1;
	assert_ok(upk_alert_last(f->store, f->model, &last, &err), &err);
	assert_int_equal(last, 0);
	for (int64_t alert = 1; alert <= 5; alert++)
		insert(f, alert);
	assert_ok(upk_alert_last(f->store, f->model, &last, &err), &err);
	assert_int_equal(last, 5);

	struct seen all = filtered(f, (struct upk_filter){ .limit = 8 }, 8);
	assert_int_equal(all.count, 5);
	assert_int_equal(all.alerts[0], 5);
	assert_int_equal(filtered(f, (struct upk_filter){ .limit = 8 }, 1).count, 1);
	assert_int_equal(filtered(f, (struct upk_filter){ .limit = 2 }, 8).count, 2);
	struct seen below = filtered(f, (struct upk_filter){ .before = 3, .limit = 8 }, 8);
	assert_int_equal(below.alerts[0], 2);
	struct seen times =
		filtered(f, (struct upk_filter){ .from = 2000, .to = 4000, .limit = 8 }, 8);
	assert_int_equal(times.count, 2);
	assert_int_equal(times.alerts[0], 3);
}

static void old_alerts_go_but_those_that_fire(void **state)
{
	struct fixture *f = *state;
	struct upk_error err = { 0 };
	for (int64_t i = 1; i <= 5; i++) {
		struct upk_alert_row row = { .model = f->model,
			.alert = i,
			.state = upk_text_of(i == 1 ? "firing" : "resolved") };
		insert(f, i);
		fixture_begin(f);
		assert_ok(upk_alert_update(f->store, &row, &err), &err);
		fixture_commit(f);
	}
	fixture_begin(f);
	assert_ok(upk_alert_remove_old(f->store, f->model, 4, 2, &err), &err);
	fixture_commit(f);
	struct seen left = filtered(f, (struct upk_filter){ .limit = 8 }, 8);
	assert_int_equal(left.count, 3);
	assert_int_equal(left.alerts[0], 5);
	assert_int_equal(left.alerts[1], 4);
	assert_int_equal(left.alerts[2], 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_alert_reads_back_as_it_was_written),
		TEST(update_tells_how_it_was_resolved),
		TEST(old_alerts_go_but_those_that_fire),
		TEST(alerts_come_newest_first_through_the_filter),
	};
	return cmocka_run_group_tests_name("alert", tests, NULL, NULL);
}
