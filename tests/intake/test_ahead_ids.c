#include "intake/ahead.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "config/config.h"
#include "store/fixture.h"

enum { IN_A_TRANSACTION = 200, OLD = 12000, PIECE = 256, MODEL = 7 };

/* Small enough for most ids to lie beyond memory. */
static const struct upk_ids_sizes sizes = { .newest = 2048, .spilled = 400 };

struct world {
	struct fixture *f;
	struct upk_ids *ids;
	int64_t seq;
	size_t asked;        /* how often upk_ids_ask was called */
	size_t added_before; /* the call before which the ids 0 .. PIECE - 1 are added; 0: none */
};

static struct world world;

static uint64_t key_of(size_t id)
{
	char text[24];
	snprintf(text, sizeof text, "id-%zu", id);
	return upk_ids_key(world.ids, MODEL, upk_text_of(text));
}

/* Ids of those numbers, each in an entry of its own. */
static void add(size_t first, size_t count)
{
	struct upk_error err = { 0 };
	for (size_t i = 0; i < count; i += IN_A_TRANSACTION) {
		fixture_begin(world.f);
		for (size_t n = i; n < count && n < i + IN_A_TRANSACTION; n++)
			assert_ok(upk_ids_add(world.ids, key_of(first + n), ++world.seq,
					  UPK_ID_EVENT, &err),
				&err);
		assert_ok(upk_ids_spill(world.ids, &err), &err);
		fixture_commit(world.f);
		upk_ids_commit(world.ids, world.seq);
	}
}

static bool is_found(uint64_t key, uint64_t absent)
{
	struct upk_error err = { 0 };
	struct upk_id_search s;
	struct upk_id_hit hit;
	bool found;
	upk_ids_search(&s, world.ids, key, absent);
	assert_ok(upk_ids_next(&s, &found, &hit, &err), &err);
	return found;
}

uint64_t __real_upk_ids_ask(struct upk_ids *ids, const uint64_t *keys, size_t count, bool *absent);
uint64_t __wrap_upk_ids_ask(struct upk_ids *ids, const uint64_t *keys, size_t count, bool *absent);

uint64_t __wrap_upk_ids_ask(struct upk_ids *ids, const uint64_t *keys, size_t count, bool *absent)
{
	if (++world.asked == world.added_before) {
		add(0, PIECE);
		add(2 * OLD, OLD);
	}
	return __real_upk_ids_ask(ids, keys, count, absent);
}

/* Items with the ids from `first` on. */
static struct upk_batch *batch_of(enum upk_item_kind kind, size_t first, size_t count)
{
	struct upk_error err = { 0 };
	struct upk_buffer body = { 0 };
	struct upk_config *config = upk_config_parse(upk_text_of("{}"), &err);
	assert_non_null(config);
	struct upk_schema *schema = upk_schema_create(config, NULL, 0, NULL, 0, 0, &err);
	assert_non_null(schema);
	for (size_t i = 0; i < count; i++) {
		char item[64];
		snprintf(item, sizeof item, "%c{\"id\":\"id-%zu\",\"label\":\"x\"}",
			i == 0 ? '[' : ',', first + i);
		upk_buffer_puts(&body, item);
	}
	upk_buffer_puts(&body, "]");
	assert_false(body.failed);
	struct upk_batch *b = upk_batch_decode(kind, false, body.data, body.size, schema, 0, &err);
	assert_ok(b != NULL, &err);
	upk_schema_unref(schema);
	upk_config_unref(config);
	return b;
}

static void what_no_run_has_is_noted_with_the_mark(void **state)
{
	(void)state;
	struct upk_batch *old = batch_of(UPK_ITEM_EVENT, OLD, PIECE + 1);
	struct upk_batch *new = batch_of(UPK_ITEM_EVENT, 0, PIECE + 1);
	struct upk_ahead ahead;
	size_t absent = 0;
	upk_ahead_ask(world.ids, old, MODEL);
	upk_ahead_ask(world.ids, new, MODEL);
	assert_int_equal(world.asked, 4);
	assert_int_equal(new->asked.model, MODEL);
	assert_in_range(new->asked.upto, 2 * (uint64_t)OLD - 2 * 2048, 2 * (uint64_t)OLD);
	upk_ahead_begin(&ahead, world.ids, NULL, new, MODEL);
	for (size_t i = 0; i <= PIECE; i++) {
		assert_false(old->items[i].absent);
		assert_int_equal(new->items[i].key, key_of(i));
		uint64_t mark = upk_ahead_absent(&ahead, i);
		assert_int_equal(mark, new->items[i].absent ? new->asked.upto : 0);
		absent += mark > 0;
	}
	assert_in_range(absent, PIECE - PIECE / 8, PIECE + 1); /* a filter may be wrong */
	upk_batch_destroy(old);
	upk_batch_destroy(new);
}

/* Of labels, and of a few items, no run is asked. */
static void labels_have_their_keys_alone(void **state)
{
	(void)state;
	struct upk_batch *labels = batch_of(UPK_ITEM_LABEL, 0, PIECE);
	struct upk_batch *few = batch_of(UPK_ITEM_EVENT, 0, 15);
	upk_ahead_ask(world.ids, labels, MODEL);
	upk_ahead_ask(world.ids, few, MODEL);
	assert_int_equal(world.asked, 0);
	assert_int_equal(labels->asked.model, MODEL);
	assert_int_equal(few->asked.model, 0);
	for (size_t i = 0; i < PIECE; i++)
		assert_true(labels->items[i].key == key_of(i) && !labels->items[i].absent);
	upk_batch_destroy(labels);
	upk_batch_destroy(few);
}

/* The first piece's ids come between it and the second, whose runs are newer. */
static void what_holds_for_all_pieces_is_the_oldest_mark(void **state)
{
	(void)state;
	struct upk_batch *b = batch_of(UPK_ITEM_EVENT, 0, 2 * PIECE);
	struct upk_ahead ahead;
	size_t absent = 0;
	world.added_before = 2;
	upk_ahead_ask(world.ids, b, MODEL);
	assert_int_equal(world.asked, 2);
	upk_ahead_begin(&ahead, world.ids, NULL, b, MODEL);
	for (size_t i = 0; i < PIECE; i++) {
		absent += b->items[i].absent;
		assert_true(is_found(key_of(i), upk_ahead_absent(&ahead, i)));
	}
	assert_true(absent > PIECE - PIECE / 8);
	upk_batch_destroy(b);
}

/* From memory into a run, and on until its run is beyond memory: whatever was said of it in between
 * hides it from nobody. */
static void an_id_in_a_newer_run_than_those_asked_is_no_new_one(void **state)
{
	enum { STEPS = 60 };
	uint64_t marks[STEPS], key = key_of(0);
	size_t unseen = 0;
	(void)state;
	add(0, 1);
	for (size_t i = 0; i < STEPS; i++) {
		bool absent;
		uint64_t upto = upk_ids_ask(world.ids, &key, 1, &absent);
		marks[i] = absent ? upto : 0;
		unseen += marks[i] > 0;
		add(2 * OLD + i * IN_A_TRANSACTION, IN_A_TRANSACTION);
		for (size_t n = 0; n <= i; n++) /* a merge may mend what was wrong before */
			assert_true(is_found(key, marks[n]));
	}
	assert_in_range(unseen, 0, STEPS - 1);
}

static void what_was_asked_of_one_model_is_not_anothers(void **state)
{
	(void)state;
	struct upk_batch *b = batch_of(UPK_ITEM_EVENT, 0, PIECE);
	struct upk_ahead ahead;
	upk_ahead_ask(world.ids, b, MODEL + 1);
	assert_true(b->items[0].key != key_of(0));
	upk_ahead_begin(&ahead, world.ids, NULL, b, MODEL);
	for (size_t i = 0; i < PIECE; i++) {
		assert_int_equal(upk_ahead_key(&ahead, i), key_of(i));
		assert_int_equal(upk_ahead_absent(&ahead, i), 0);
	}
	upk_batch_destroy(b);
}

static int open_world(void **state)
{
	struct upk_error err = { 0 };
	if (fixture_setup(state) != 0)
		return -1;
	world = (struct world){ .f = *state };
	world.ids = upk_ids_open(world.f->store, &sizes, &err);
	assert_ok(world.ids != NULL, &err);
	add(OLD, OLD);
	return 0;
}

static int close_world(void **state)
{
	upk_ids_close(world.ids);
	return fixture_teardown(state);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_world, close_world)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_no_run_has_is_noted_with_the_mark),
		TEST(labels_have_their_keys_alone),
		TEST(what_holds_for_all_pieces_is_the_oldest_mark),
		TEST(an_id_in_a_newer_run_than_those_asked_is_no_new_one),
		TEST(what_was_asked_of_one_model_is_not_anothers),
	};
	return cmocka_run_group_tests_name("ahead_ids", tests, NULL, NULL);
}
