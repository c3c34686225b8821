#include "engine/bed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/core.h"
#include "writer/writer.h"

#define PAIR(id) "{\"id\":\"" id "\",\"predicted\":\"x\",\"label\":\"y\",\"features\":[1]}"

static enum upk_code answer(struct bed *b, const char *body)
{
	struct upk_post post;
	bed_post(b, &post, UPK_ITEM_EVENT, "m", body, 0);
	enum upk_code code = post.error.code;
	bed_finish(&post);
	return code;
}

static enum upk_room_state room(struct bed *b)
{
	return (enum upk_room_state)atomic_load(&b->engine->room.state);
}

static void at_the_cap_nothing_is_stored_until_it_is_raised(void **state)
{
	struct bed *b = *state;
	bed_send(b, UPK_ITEM_EVENT, PAIR("a"));
	upk_engine_limit_store(b->engine, 1);
	assert_int_equal(answer(b, PAIR("b")), UPK_FULL);
	assert_int_equal(room(b), UPK_ROOM_NONE);
	upk_engine_limit_store(b->engine, INT64_C(1) << 40);
	assert_int_equal(answer(b, PAIR("b")), UPK_OK);
	assert_int_equal(room(b), UPK_ROOM_OK);
	char *metrics = bed_metrics(b, "m");
	assert_non_null(strstr(metrics, "\"pairs\":2"));
	free(metrics);
}

static void nine_tenths_are_nearly_full(void **state)
{
	struct bed *b = *state;
	bed_send(b, UPK_ITEM_EVENT, PAIR("a"));
	upk_engine_limit_store(b->engine, INT64_C(1) << 40);
	bed_send(b, UPK_ITEM_EVENT, PAIR("b"));
	int64_t used = atomic_load(&b->engine->room.used);
	assert_true(used > 0);
	upk_engine_limit_store(b->engine, used + used / 10);
	bed_send(b, UPK_ITEM_EVENT, PAIR("c"));
	assert_int_equal(room(b), UPK_ROOM_LITTLE);
	assert_string_equal(upk_room_state_name(room(b)), "nearly full");
}

struct look {
	struct upk_task task;
	int unseen; /* pages of the WAL */
};

static void look(struct upk_engine *e, struct upk_task *task)
{
	struct look *l = (struct look *)(void *)task;
	l->unseen = upk_store_wal_pages(e->store) - e->room.seen_pages;
}

/* Rounds that add a few pages do not look at the disk each time, but at least each second. */
static void the_disk_is_looked_at_as_the_wal_grows(void **state)
{
	struct bed *b = *state;
	int most = 0;
	for (int i = 0; i < 40; i++) {
		struct look l = { .task = { .run = look } };
		bed_send(b, UPK_ITEM_EVENT, "{\"predicted\":\"x\",\"label\":\"x\"}");
		upk_writer_call(b->engine->writer, &l.task);
		assert_in_range(l.unseen, 0, 31);
		most = l.unseen > most ? l.unseen : most;
	}
	assert_true(most > 0);
}

static void a_full_store_takes_deletions(void **state)
{
	struct bed *b = *state;
	struct upk_error err = { 0 };
	struct upk_erasure erasure;
	bed_send(b, UPK_ITEM_EVENT, "[" PAIR("a") "," PAIR("b") "]");
	upk_engine_limit_store(b->engine, 1);
	assert_int_equal(answer(b, PAIR("c")), UPK_FULL);
	assert_true(upk_engine_erase(b->engine, "m", upk_text_of("a"), &erasure, &err));
	assert_true(upk_engine_delete_model(b->engine, "m", &err));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			at_the_cap_nothing_is_stored_until_it_is_raised, bed_setup, bed_teardown),
		cmocka_unit_test_setup_teardown(nine_tenths_are_nearly_full, bed_setup, bed_teardown),
		cmocka_unit_test_setup_teardown(
			the_disk_is_looked_at_as_the_wal_grows, bed_setup, bed_teardown),
		cmocka_unit_test_setup_teardown(a_full_store_takes_deletions, bed_setup, bed_teardown),
	};
	return cmocka_run_group_tests_name("room", tests, NULL, NULL);
}
