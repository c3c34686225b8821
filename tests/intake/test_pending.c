/* Rows that wait for one insert: how many, and what they borrow. */
#include "intake/pending.h"

#include "metrics/confusion.h"
#include "store/fixture.h"

struct world {
	struct fixture *f;
	struct upk_pending *pending;
};

static int set_up(void **state)
{
	static struct world w;
	struct upk_error err = { 0 };
	void *fixture;
	fixture_setup(&fixture);
	w.f = fixture;
	w.pending = upk_pending_create(&err);
	assert_ok(w.pending != NULL, &err);
	fixture_begin(w.f);
	*state = &w;
	return 0;
}

static int tear_down(void **state)
{
	struct world *w = *state;
	void *fixture = w->f;
	upk_store_rollback(w->f->store);
	upk_pending_destroy(w->pending);
	upk_pending_destroy(NULL);
	return fixture_teardown(&fixture);
}

static int64_t add_event(struct world *w, const double *scores, size_t count)
{
	const struct upk_event_row row = { .seq = ++w->f->seq,
		.model = w->f->model,
		.number = ++w->f->number,
		.predicted = upk_text_of("x"),
		.scores = scores,
		.scores_count = count };
	upk_pending_event(w->pending, &row);
	return row.seq;
}

static int64_t add_label(struct world *w)
{
	const struct upk_label_row row = { .seq = ++w->f->seq,
		.model = w->f->model,
		.id = upk_text_of("a"),
		.class = upk_text_of("x") };
	upk_pending_label(w->pending, &row);
	return row.seq;
}

static void add_place(struct world *w)
{
	const struct upk_place_row row = {
		.model = w->f->model, .place = ++w->f->place, .event = w->f->seq
	};
	upk_pending_place(w->pending, &row);
}

static void add_to(struct world *w, int table)
{
	if (table == 0)
		add_event(w, NULL, 0);
	else if (table == 1)
		add_label(w);
	else
		add_place(w);
}

static void be_ready(struct world *w)
{
	struct upk_error err = { 0 };
	assert_ok(upk_pending_ready(w->pending, w->f->store, &err), &err);
}

/* Two rows of a table are what an item may add. */
static void rows_wait_while_there_is_room_for_another_item(void **state)
{
	struct world *w = *state;
	const struct upk_pending *p = w->pending;
	for (int table = 0; table < 3; table++) {
		const size_t *count = table == 0 ? &p->events_count
			: table == 1             ? &p->labels_count
						 : &p->places_count;
		while (*count < UPK_PENDING_MOST - 2) {
			add_to(w, table);
			be_ready(w);
		}
		assert_int_equal(*count, UPK_PENDING_MOST - 2);
		add_to(w, table);
		assert_int_equal(*count, UPK_PENDING_MOST - 1);
		be_ready(w);
		assert_int_equal(*count, 0);
	}
	fixture_commit(w->f);
	assert_int_equal(fixture_count(w->f, "event"), UPK_PENDING_MOST - 1);
	assert_int_equal(fixture_count(w->f, "label"), UPK_PENDING_MOST - 1);
	assert_int_equal(fixture_count(w->f, "place"), UPK_PENDING_MOST - 1);
	fixture_begin(w->f);
}

static void scores_are_copied_and_wait_while_there_is_room_for_all_classes(void **state)
{
	struct world *w = *state;
	const struct upk_pending *p = w->pending;
	static double scores[UPK_CLASSES_MAX];
	for (size_t i = 0; i < 64; i++) {
		be_ready(w);
		assert_int_equal(p->scores_count, i * UPK_CLASSES_MAX);
		scores[0] = (double)i / 64;
		add_event(w, scores, UPK_CLASSES_MAX);
	}
	for (size_t i = 0; i < 64; i++)
		assert_true(p->events[i].scores[0] == (double)i / 64);
	be_ready(w);
	assert_int_equal(p->scores_count, 0);

	add_event(w, scores, 1); /* all but one class's room is left */
	for (size_t i = 0; i < 63; i++)
		add_event(w, scores, UPK_CLASSES_MAX);
	be_ready(w);
	assert_int_equal(p->events_count, 0);
}

static void the_least_number_that_waits_is_told(void **state)
{
	struct world *w = *state;
	struct upk_error err = { 0 };
	assert_int_equal(w->pending->first, 0);
	int64_t label = add_label(w);
	add_event(w, NULL, 0);
	assert_int_equal(w->pending->first, label);
	assert_ok(upk_pending_flush(w->pending, w->f->store, &err), &err);
	assert_int_equal(w->pending->first, 0);
	add_place(w); /* has no number of its own */
	assert_int_equal(w->pending->first, 0);
	int64_t event = add_event(w, NULL, 0);
	add_label(w);
	assert_int_equal(w->pending->first, event);
	upk_pending_clear(w->pending);
	assert_int_equal(w->pending->first, 0);
	assert_int_equal(
		w->pending->events_count + w->pending->labels_count + w->pending->places_count, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(rows_wait_while_there_is_room_for_another_item),
		TEST(scores_are_copied_and_wait_while_there_is_room_for_all_classes),
		TEST(the_least_number_that_waits_is_told),
	};
	return cmocka_run_group_tests_name("pending", tests, NULL, NULL);
}
