#include "fixture.h"

#include <math.h>
#include <string.h>

#define TEXT(literal) ((struct upk_text){ literal, sizeof literal - 1 })

static const double scores[] = { 0.1, 5e-324, 0.9 };

/* Every field set, each to a value of its own. */
static struct upk_event_row full_row(const struct fixture *f)
{
	return (struct upk_event_row){
		.seq = 41,
		.model = f->model,
		.number = 7,
		.id = upk_text_of("r-1"),
		.time = -5,
		.timed = true,
		.arrival = 1700000000000,
		.predicted = upk_text_of("späm"),
		.stated = true,
		.scored = true,
		.score = 0.1 + 0.2,
		.scores = scores,
		.scores_count = 3,
		.features = TEXT("\0\xff\1"),
		.feature_list = 3,
		.slices = upk_text_of("{\"country\":\"de\"}"),
		.version = { .name = upk_text_of("3") },
		.meta = upk_text_of(""),
		.label = upk_text_of("ham"),
	};
}

static void insert(struct fixture *f, const struct upk_event_row *row)
{
	struct upk_error err = { 0 };
	fixture_begin(f);
	assert_ok(upk_event_insert(f->store, row, &err), &err);
	fixture_commit(f);
}

static struct upk_event_row find(struct fixture *f, const char *id)
{
	struct upk_error err = { 0 };
	bool found = false;
	struct upk_event_row row;
	assert_ok(upk_event_find(f->store, f->model, upk_text_of(id), &found, &row, &err), &err);
	assert_true(found);
	return row;
}

static void an_event_reads_back_as_it_was_written(void **state)
{
	struct fixture *f = *state;
	struct upk_event_row in = full_row(f);
	insert(f, &in);
	struct upk_event_row out = find(f, "r-1");
	assert_int_equal(out.seq, 41);
	assert_int_equal(out.model, f->model);
	assert_int_equal(out.number, 7);
	assert_text(out.id, "r-1");
	assert_int_equal(out.time, -5);
	assert_true(out.timed && out.stated && out.scored);
	assert_int_equal(out.arrival, 1700000000000);
	assert_text(out.predicted, "späm");
	assert_true(out.score == in.score);
	assert_int_equal(out.scores_count, 3);
	assert_memory_equal(out.scores, scores, sizeof scores);
	assert_int_equal((uintptr_t)out.scores % _Alignof(double), 0);
	assert_true(upk_text_equal(out.features, in.features));
	assert_int_equal(out.feature_list, 3);
	assert_text(out.slices, "{\"country\":\"de\"}");
	assert_int_equal(out.version.number, 0);
	assert_text(out.version.name, "3");
	assert_text(out.meta, "");
	assert_text(out.label, "ham");
}

static void what_was_not_sent_reads_back_as_absent(void **state)
{
	struct fixture *f = *state;
	struct upk_error err = { 0 };
	struct upk_event_row in = { .seq = 1, .model = f->model, .number = 1 };
	insert(f, &in);
	bool found = false;
	struct upk_event_row out;
	assert_ok(upk_event_get(f->store, 1, &found, &out, &err), &err);
	assert_true(found);
	assert_null(out.id.data);
	assert_null(out.predicted.data);
	assert_null(out.features.data);
	assert_null(out.slices.data);
	assert_null(out.meta.data);
	assert_null(out.label.data);
	assert_null(out.version.name.data);
	assert_int_equal(out.version.number, 0);
	assert_false(out.timed || out.stated || out.scored);
	assert_null(out.scores);
	assert_int_equal(out.scores_count, 0);
}

static void an_own_version_and_a_foreign_one_of_the_same_digits_differ(void **state)
{
	struct fixture *f = *state;
	struct upk_event_row row = full_row(f);
	row.version = (struct upk_made_by){ .number = 3 };
	insert(f, &row);
	struct upk_event_row out = find(f, "r-1");
	assert_int_equal(out.version.number, 3);
	assert_null(out.version.name.data);
}

static void an_unknown_event_is_not_found(void **state)
{
	struct fixture *f = *state;
	struct upk_error err = { 0 };
	struct upk_event_row row;
	bool found = true;
	assert_ok(upk_event_find(f->store, f->model, upk_text_of("r-1"), &found, &row, &err), &err);
	assert_false(found);
	found = true;
	assert_ok(upk_event_get(f->store, 9, &found, &row, &err), &err);
	assert_false(found);
}

static void ids_are_unique_within_a_model_but_may_be_absent_often(void **state)
{
	struct fixture *f = *state;
	struct upk_error err = { 0 };
	fixture_begin(f);
	fixture_event(f, "a", "x", NULL);
	fixture_event(f, "", "x", "x");
	fixture_event(f, "", "x", "x");
	struct upk_event_row twice = {
		.seq = 9, .model = f->model, .number = 9, .id = upk_text_of("a")
	};
	assert_false(upk_event_insert(f->store, &twice, &err));
	assert_int_equal(err.code, UPK_CONFLICT);
	fixture_commit(f);
	assert_int_equal(fixture_count(f, "event"), 3);
}

static void an_event_of_no_model_is_refused(void **state)
{
	struct fixture *f = *state;
	struct upk_error err = { 0 };
	struct upk_event_row row = { .seq = 1, .model = f->model + 1, .number = 1 };
	fixture_begin(f);
	assert_false(upk_event_insert(f->store, &row, &err));
	assert_int_equal(err.code, UPK_CONFLICT);
	upk_store_rollback(f->store);
}

static void an_example_gets_its_prediction(void **state)
{
	struct fixture *f = *state;
	struct upk_error err = { 0 };
	fixture_begin(f);
	int64_t seq = fixture_event(f, "a", NULL, "ham");
	struct upk_event_row row = full_row(f);
	row.seq = seq;
	assert_ok(upk_event_set_prediction(f->store, &row, &err), &err);
	row.seq = 99;
	assert_false(upk_event_set_prediction(f->store, &row, &err));
	assert_int_equal(err.code, UPK_NOT_FOUND);
	fixture_commit(f);

	struct upk_event_row out = find(f, "a");
	assert_text(out.predicted, "späm");
	assert_true(out.stated && out.scored && out.timed);
	assert_int_equal(out.scores_count, 3);
	assert_int_equal(out.time, -5);
	assert_text(out.version.name, "3");
	assert_text(out.label, "ham");
	assert_int_equal(out.number, 1);
}

struct versions {
	size_t count;
	int64_t numbers[8], versions[8];
};

static bool take_mark(void *context, const struct upk_event_mark *mark)
{
	struct versions *seen = context;
	seen->numbers[seen->count] = mark->number;
	seen->versions[seen->count++] = mark->version.number;
	return seen->count < 3;
}

static void marks_gives_predicted_events_after_a_number(void **state)
{
	struct fixture *f = *state;
	struct upk_error err = { 0 };
	int64_t last = -1;
	assert_ok(upk_event_last_number(f->store, f->model, &last, &err), &err);
	assert_int_equal(last, 0);
	fixture_begin(f);
	for (int i = 1; i <= 6; i++) {
		struct upk_event_row row = { .seq = i,
			.model = f->model,
			.number = i,
			.predicted = upk_text_of(i == 5 ? NULL : "a"),
			.version = { .number = i % 3 } };
		assert_ok(upk_event_insert(f->store, &row, &err), &err);
	}
	fixture_commit(f);
	assert_ok(upk_event_last_number(f->store, f->model, &last, &err), &err);
	assert_int_equal(last, 6);
	static const int64_t predictions[] = { 5, 4, 3, 2, 1, 1, 0 }; /* the fifth is an example */
	for (int64_t from = 1; from <= 7; from++) {
		int64_t count = -1;
		assert_ok(upk_event_predictions(f->store, f->model, from, &count, &err), &err);
		assert_int_equal(count, predictions[from - 1]);
	}

	struct versions after = { 0 };
	assert_ok(upk_event_marks(f->store, f->model, 3, take_mark, &after, &err), &err);
	assert_int_equal(after.count, 2);
	assert_int_equal(after.numbers[0], 4);
	assert_int_equal(after.versions[0], 1);
	assert_int_equal(after.numbers[1], 6);
	struct versions first = { 0 };
	assert_ok(upk_event_marks(f->store, f->model, 0, take_mark, &first, &err), &err);
	assert_int_equal(first.count, 3);
}

static bool uses(struct fixture *f, const char *class)
{
	struct upk_error err = { 0 };
	bool used;
	assert_ok(upk_event_uses_class(f->store, f->model, upk_text_of(class), &used, &err), &err);
	return used;
}

static void a_class_is_used_wherever_it_stands(void **state)
{
	struct fixture *f = *state;
	fixture_begin(f);
	int64_t event = fixture_event(f, "a", "predicted", NULL);
	fixture_event(f, "", NULL, "carried");
	fixture_label(f, "a", event, "joined");
	fixture_label(f, "b", 0, "waiting");
	fixture_commit(f);
	assert_true(uses(f, "predicted"));
	assert_true(uses(f, "carried"));
	assert_true(uses(f, "joined"));
	assert_true(uses(f, "waiting"));
	assert_false(uses(f, "other"));
	f->model++;
	assert_false(uses(f, "predicted"));
	assert_false(uses(f, "waiting"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_event_reads_back_as_it_was_written),
		TEST(what_was_not_sent_reads_back_as_absent),
		TEST(an_own_version_and_a_foreign_one_of_the_same_digits_differ),
		TEST(an_unknown_event_is_not_found),
		TEST(ids_are_unique_within_a_model_but_may_be_absent_often),
		TEST(an_event_of_no_model_is_refused),
		TEST(an_example_gets_its_prediction),
		TEST(marks_gives_predicted_events_after_a_number),
		TEST(a_class_is_used_wherever_it_stands),
	};
	return cmocka_run_group_tests_name("event", tests, NULL, NULL);
}
