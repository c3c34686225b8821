/* What the store knows of an id, however its event and labels have come. */
#include "intake/known.h"

#include <string.h>

#include "store/fixture.h"

struct world {
	struct fixture *f;
	struct upk_ids *ids;
};

static int set_up(void **state)
{
	static struct world w;
	struct upk_error err = { 0 };
	void *fixture;
	fixture_setup(&fixture);
	w.f = fixture;
	w.ids = upk_ids_open(w.f->store, NULL, &err);
	assert_ok(w.ids != NULL, &err);
	fixture_begin(w.f);
	*state = &w;
	return 0;
}

static int tear_down(void **state)
{
	struct world *w = *state;
	void *fixture = w->f;
	upk_store_rollback(w->f->store);
	upk_ids_close(w->ids);
	return fixture_teardown(&fixture);
}

static int64_t note(
	struct world *w, int64_t model, const char *id, int64_t seq, enum upk_id_kind kind)
{
	struct upk_error err = { 0 };
	uint64_t key = upk_ids_key(w->ids, model, upk_text_of(id));
	assert_ok(upk_ids_add(w->ids, key, seq, kind, &err), &err);
	return seq;
}

static int64_t add_event(struct world *w, const char *id, const char *predicted)
{
	return note(w, w->f->model, id, fixture_event(w->f, id, predicted, NULL), UPK_ID_EVENT);
}

/* Complete on arrival, at a place of its own. */
static int64_t add_complete(struct world *w, const char *id, const char *label, int64_t place)
{
	struct upk_error err = { 0 };
	const struct upk_event_row row = { .seq = ++w->f->seq,
		.model = w->f->model,
		.number = ++w->f->number,
		.place = place,
		.id = upk_text_of(id),
		.predicted = upk_text_of("x"),
		.label = upk_text_of(label) };
	assert_ok(upk_event_insert_many(w->f->store, &row, 1, &err), &err);
	return note(w, w->f->model, id, row.seq, UPK_ID_EVENT);
}

static int64_t add_label(
	struct world *w, const char *id, int64_t event, const char *class, int64_t place)
{
	struct upk_error err = { 0 };
	const struct upk_label_row row = { .seq = ++w->f->seq,
		.model = w->f->model,
		.id = upk_text_of(id),
		.event = event,
		.place = place,
		.class = upk_text_of(class),
		.source = upk_text_of("review") };
	assert_ok(upk_label_insert_many(w->f->store, &row, 1, &err), &err);
	return note(w, w->f->model, id, row.seq, UPK_ID_LABEL);
}

static int64_t revise(
	struct world *w, const char *id, int64_t event, int64_t place, const char *class)
{
	int64_t seq = fixture_revise(w->f, id, event, place, class);
	return note(w, w->f->model, id, seq, UPK_ID_LABEL);
}

/* event: its sequence number, 0 none; class NULL: none. */
static void assert_known(
	struct world *w, const char *id, int64_t event, const char *class, int64_t place)
{
	struct upk_error err = { 0 };
	struct upk_known known;
	struct upk_text now;
	int64_t at;
	assert_ok(upk_known_find(w->ids, w->f->store, w->f->model, upk_text_of(id), &known, &err),
		&err);
	assert_int_equal(known.found, event != 0);
	if (event != 0)
		assert_int_equal(known.event.row.seq, event);
	assert_ok(upk_known_class(&known, w->f->store, &now, &err), &err);
	assert_text(now, class);
	assert_ok(upk_known_place(&known, w->f->store, &at, &err), &err);
	assert_int_equal(at, place);
	upk_known_finish(&known);
}

static void an_event_has_no_label_its_own_or_the_newest(void **state)
{
	struct world *w = *state;
	assert_known(w, "a", 0, NULL, 0);
	int64_t a = add_event(w, "a", "x");
	assert_known(w, "a", a, NULL, 0);
	add_label(w, "a", a, "y", 7);
	assert_known(w, "a", a, "y", 7);
	revise(w, "a", a, 7, "x");
	assert_known(w, "a", a, "x", 7);
	revise(w, "a", a, 7, "z");
	assert_known(w, "a", a, "z", 7);

	int64_t b = add_complete(w, "b", "x", 8);
	assert_known(w, "b", b, "x", 8);
	revise(w, "b", b, 8, "y");
	assert_known(w, "b", b, "y", 8);
}

/* The event's row names its place only; the place names the label that waited. */
static void an_event_that_found_a_label_waiting_has_that(void **state)
{
	struct world *w = *state;
	int64_t waits = add_label(w, "a", 0, "y", 0);
	assert_known(w, "a", 0, "y", 0);
	waits = add_label(w, "a", 0, "z", 0);
	assert_known(w, "a", 0, "z", 0);
	int64_t a = add_complete(w, "a", NULL, w->f->place + 1);
	fixture_place(w->f, a, waits, 0);
	assert_known(w, "a", a, "z", w->f->place);
}

static void a_complete_event_without_a_label_is_corrupt(void **state)
{
	struct world *w = *state;
	struct upk_error err = { 0 };
	struct upk_known known;
	struct upk_text class;
	add_complete(w, "a", NULL, 5);
	assert_ok(upk_known_find(w->ids, w->f->store, w->f->model, upk_text_of("a"), &known, &err),
		&err);
	assert_false(upk_known_class(&known, w->f->store, &class, &err));
	assert_int_equal(err.code, UPK_CORRUPT);
	upk_known_finish(&known);
}

/* A candidate of another id, model or of a row that is gone is none. */
static void only_rows_of_that_id_and_model_count(void **state)
{
	struct world *w = *state;
	int64_t a = add_event(w, "a", "x"), b = add_event(w, "b", "y");
	int64_t label = add_label(w, "b", b, "y", 1);
	note(w, w->f->model, "a", b, UPK_ID_EVENT);
	note(w, w->f->model, "a", label, UPK_ID_LABEL);
	note(w, w->f->model, "a", 1000, UPK_ID_EVENT);
	note(w, w->f->model, "a", 1001, UPK_ID_LABEL);
	note(w, w->f->model + 1, "a", a, UPK_ID_EVENT);
	assert_known(w, "a", a, NULL, 0);

	struct upk_error err = { 0 };
	struct upk_known known;
	assert_ok(upk_known_find(
			  w->ids, w->f->store, w->f->model + 1, upk_text_of("a"), &known, &err),
		&err);
	assert_false(known.found || known.labelled);
	upk_known_finish(&known);
}

/* Where the event of a label was deleted, nothing of the id is known. */
static void a_label_whose_event_is_gone_is_not_known(void **state)
{
	struct world *w = *state;
	struct upk_error err = { 0 };
	struct upk_known known;
	add_label(w, "a", 1000, "y", 1);
	assert_ok(upk_known_find(w->ids, w->f->store, w->f->model, upk_text_of("a"), &known, &err),
		&err);
	assert_false(known.found || known.labelled);
	upk_known_finish(&known);
}

struct seen {
	int64_t seqs[8];
	size_t count, most;
};

static bool see(void *context, const struct upk_event_row *event, const struct upk_label_row *label)
{
	struct seen *s = context;
	assert_true((event == NULL) != (label == NULL));
	s->seqs[s->count++] = event ? event->seq : label->seq;
	return s->count < s->most;
}

static void rows_come_newest_first_until_enough(void **state)
{
	struct world *w = *state;
	struct upk_error err = { 0 };
	struct seen all = { .most = 8 }, two = { .most = 2 };
	int64_t a = add_event(w, "a", "x"), first = add_label(w, "a", a, "y", 1);
	int64_t second = revise(w, "a", a, 1, "x");
	add_event(w, "b", "x");
	const struct upk_text id = upk_text_of("a");
	assert_ok(
		upk_known_each(w->ids, w->f->store, false, w->f->model, id, see, &all, &err), &err);
	assert_int_equal(all.count, 3);
	assert_int_equal(all.seqs[0], second);
	assert_int_equal(all.seqs[1], first);
	assert_int_equal(all.seqs[2], a);
	assert_ok(
		upk_known_each(w->ids, w->f->store, false, w->f->model, id, see, &two, &err), &err);
	assert_int_equal(two.count, 2);
}

static void a_kept_event_outlives_what_it_was_copied_from(void **state)
{
	(void)state;
	char texts[7][8] = { "id", "x", "f", "{}", "", "{\"m\"}", "label" };
	double scores[3] = { 0.25, 0.5, 0.25 };
	struct upk_event_row row = { .seq = 3,
		.scores = scores,
		.scores_count = 3,
		.id = upk_text_of(texts[0]),
		.predicted = upk_text_of(texts[1]),
		.features = upk_text_of(texts[2]),
		.slices = upk_text_of(texts[3]),
		.version.name = upk_text_of(texts[4]),
		.label = upk_text_of(texts[6]) };
	struct upk_error err = { 0 };
	struct upk_kept_event kept;
	assert_ok(upk_keep_event(&kept, &row, &err), &err);
	memset(texts, 'X', sizeof texts);
	memset(scores, 0, sizeof scores);
	assert_int_equal(kept.row.seq, 3);
	assert_text(kept.row.id, "id");
	assert_text(kept.row.predicted, "x");
	assert_text(kept.row.features, "f");
	assert_text(kept.row.slices, "{}");
	assert_non_null(kept.row.version.name.data); /* empty, and there */
	assert_int_equal(kept.row.version.name.size, 0);
	assert_text(kept.row.meta, NULL);
	assert_text(kept.row.label, "label");
	assert_int_equal(kept.row.scores_count, 3);
	for (size_t i = 0; i < 3; i++)
		assert_true(kept.row.scores[i] == (i == 1 ? 0.5 : 0.25));
	upk_kept_finish(&kept);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_event_has_no_label_its_own_or_the_newest),
		TEST(an_event_that_found_a_label_waiting_has_that),
		TEST(a_complete_event_without_a_label_is_corrupt),
		TEST(only_rows_of_that_id_and_model_count),
		TEST(a_label_whose_event_is_gone_is_not_known),
		TEST(rows_come_newest_first_until_enough),
		cmocka_unit_test(a_kept_event_outlives_what_it_was_copied_from),
	};
	return cmocka_run_group_tests_name("known", tests, NULL, NULL);
}
