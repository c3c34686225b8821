#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/random.h"
#include "ids/id_ring.h"

enum { CAPACITY = 64, LONGEST = 20000 };

/* A ring, and the same as a plain list: everything that was ever added and not cut. */
struct pair {
	struct upk_id_ring *ring;
	struct upk_id_entry entries[LONGEST];
	uint64_t count, released;
};

static void open_pair(struct pair *p)
{
	struct upk_error err = { 0 };
	p->ring = upk_id_ring_create(CAPACITY, 0, &err);
	assert_non_null(p->ring);
	p->count = p->released = 0;
}

static void add(struct pair *p, uint64_t key, uint64_t value)
{
	struct upk_error err = { 0 };
	const struct upk_id_entry entry = { key, value };
	assert_true(p->count < LONGEST);
	p->entries[p->count++] = entry;
	assert_true(upk_id_ring_add(p->ring, entry, &err));
}

/* All of the key that is newer than what was lost, newest first. */
static void compare(struct pair *p, uint64_t key)
{
	uint64_t position = 0, value;
	for (uint64_t i = p->count; i-- > 0;) {
		if (p->entries[i].key != key)
			continue;
		if (!upk_id_ring_walk(p->ring, key, &position, &value)) {
			assert_true(p->entries[i].value <= upk_id_ring_lost(p->ring));
			return;
		}
		assert_int_equal(position, i + 1);
		assert_int_equal(value, p->entries[i].value);
	}
	assert_false(upk_id_ring_walk(p->ring, key, &position, &value));
}

static uint64_t some_key(struct upk_random *r, uint64_t keys)
{
	static const uint64_t spread = 0x9e3779b97f4a7c15;
	return upk_random_below(r, keys) * spread;
}

static void walks_yield_what_a_list_holds(void **state)
{
	(void)state;
	static struct pair p;
	for (uint64_t seed = 1; seed <= 20; seed++) {
		struct upk_random r;
		uint64_t value = 1;
		upk_random_seed(&r, seed);
		open_pair(&p);
		while (p.count < 2000) {
			uint64_t what = upk_random_below(&r, 100);
			if (what < 70)
				add(&p, some_key(&r, seed * 20), value++);
			else if (what < 90)
				compare(&p, some_key(&r, seed * 20));
			else if (what < 95)
				upk_id_ring_release(p.ring, (p.released = p.count) + 1);
			else
				upk_id_ring_cut(p.ring,
					(p.count -=
						upk_random_below(&r, p.count - p.released + 1)) +
						1);
		}
		for (uint64_t i = 0; i < seed * 20; i++)
			compare(&p, i * 0x9e3779b97f4a7c15);
		upk_id_ring_destroy(p.ring);
	}
}

static void nothing_is_lost_that_is_only_here(void **state)
{
	(void)state;
	static struct pair p;
	struct upk_random r;
	upk_random_seed(&r, 1);
	open_pair(&p);
	for (uint64_t i = 0; i < CAPACITY * 4; i++)
		add(&p, upk_random_next(&r), i + 1);
	assert_int_equal(upk_id_ring_lost(p.ring), 0);
	upk_id_ring_release(p.ring, CAPACITY * 2 + 1);
	for (uint64_t i = 0; i < CAPACITY; i++)
		add(&p, upk_random_next(&r), CAPACITY * 4 + i + 1);
	assert_int_equal(upk_id_ring_lost(p.ring), CAPACITY);
	for (uint64_t i = CAPACITY; i < p.count; i++) {
		const struct upk_id_entry e = upk_id_ring_at(p.ring, i + 1);
		assert_int_equal(e.key, p.entries[i].key);
		assert_int_equal(e.value, p.entries[i].value);
		compare(&p, e.key);
	}
	upk_id_ring_destroy(p.ring);
}

/* A walk must take no longer for the other keys: it would not end here. */
static void one_key_may_have_all_entries(void **state)
{
	(void)state;
	static struct pair p;
	open_pair(&p);
	for (uint64_t i = 0; i < LONGEST - 1; i++)
		add(&p, 7, i + 1);
	add(&p, 8, LONGEST);
	compare(&p, 7);
	compare(&p, 8);
	compare(&p, 9);
	upk_id_ring_destroy(p.ring);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(walks_yield_what_a_list_holds),
		cmocka_unit_test(nothing_is_lost_that_is_only_here),
		cmocka_unit_test(one_key_may_have_all_entries),
	};
	return cmocka_run_group_tests_name("id_ring", tests, NULL, NULL);
}
