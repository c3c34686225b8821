#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "writer/queue.h"

enum { POSTS = UPK_QUEUE_POSTS, LARGE = UPK_QUEUE_SMALL + 1 };

/* Posts that are never decoded: only their sizes matter. */
struct fixture {
	struct upk_queue queue;
	struct upk_post *posts;
	struct upk_batch *batches;
	size_t used;
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);

	f->queue.bytes_max = 256 << 20;
	f->posts = calloc(POSTS + 3, sizeof *f->posts);
	f->batches = calloc(POSTS + 3, sizeof *f->batches);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	free(f->posts);
	free(f->batches);
	free(f);
	return 0;
}

static bool add(struct fixture *f, size_t bytes, bool atomic)
{
	struct upk_post *post = &f->posts[f->used];

	post->batch = &f->batches[f->used];
	post->batch->body_size = bytes;
	post->atomic = atomic;
	bool added = upk_queue_add(&f->queue, post, NULL);
	f->used += added;
	return added;
}

static size_t length(const struct upk_post *post)
{
	size_t n = 0;

	for (; post; post = post->next)
		n++;
	return n;
}

static bool has(const struct upk_post *list, const struct upk_post *post)
{
	while (list && list != post)
		list = list->next;
	return list;
}

static void a_small_post_comes_into_the_next_group_before_many_large_ones(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < 100; i++)
		assert_true(add(f, 128 << 10, false));
	assert_true(add(f, 100, false));
	struct upk_post *group = upk_queue_take(&f->queue);
	assert_true(has(group, &f->posts[100]));
	assert_int_equal(length(group), 1 + 8);
	for (int left = 100 - 8; left > 0; left -= 8)
		assert_int_equal(length(upk_queue_take(&f->queue)), left < 8 ? left : 8);
	assert_null(upk_queue_take(&f->queue));
}

static void a_lane_keeps_its_order(void **state)
{
	struct fixture *f = *state;
	size_t seen = 0;

	for (int i = 0; i < 1000; i++)
		assert_true(add(f, 100, false));
	for (struct upk_post *group; (group = upk_queue_take(&f->queue));) {
		assert_true(length(group) <= UPK_QUEUE_GROUP_POSTS);
		for (; group; group = group->next)
			assert_ptr_equal(group, &f->posts[seen++]);
	}
	assert_int_equal(seen, 1000);
}

static void an_atomic_post_comes_alone_and_holds_up_its_own_lane_only(void **state)
{
	struct fixture *f = *state;

	add(f, 100, false);
	add(f, 100, true);
	add(f, 100, false);
	add(f, LARGE, false);
	struct upk_post *group = upk_queue_take(&f->queue);
	assert_int_equal(length(group), 2);
	assert_true(has(group, &f->posts[0]) && has(group, &f->posts[3]));
	group = upk_queue_take(&f->queue);
	assert_ptr_equal(group, &f->posts[1]);
	assert_int_equal(length(group), 1);
	assert_ptr_equal(upk_queue_take(&f->queue), &f->posts[2]);
	assert_null(upk_queue_take(&f->queue));
}

static void atomic_posts_of_one_lane_do_not_starve_the_other(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < 10; i++)
		add(f, 100, true);
	add(f, LARGE, true);
	assert_ptr_equal(upk_queue_take(&f->queue), &f->posts[0]);
	assert_ptr_equal(upk_queue_take(&f->queue), &f->posts[10]);
	assert_ptr_equal(upk_queue_take(&f->queue), &f->posts[1]);
}

static void posts_and_bytes_are_bounded_and_count_until_they_are_answered(void **state)
{
	struct fixture *f = *state;
	size_t large = 0;

	while (add(f, 8 << 20, false))
		large++;
	assert_int_equal(large, 256 / 8 * 7 / 8);
	assert_true(add(f, UPK_QUEUE_SMALL, false));
	while (upk_queue_take(&f->queue))
		;
	assert_false(add(f, 8 << 20, false));
	upk_queue_answered(&f->queue, &f->posts[0]);
	upk_queue_answered(&f->queue, &f->posts[large]);
	assert_true(add(f, 8 << 20, false));
	while (f->queue.posts < UPK_QUEUE_POSTS)
		assert_true(add(f, 1, false));
	assert_false(add(f, 1, false));
}

static void an_eighth_of_the_posts_is_kept_for_small_ones(void **state)
{
	struct fixture *f = *state;
	size_t large = 0;

	f->queue.bytes_max = (size_t)1 << 40; /* posts are what runs out */
	while (add(f, LARGE, false))
		large++;
	assert_int_equal(large, POSTS - POSTS / 8);
	while (f->queue.posts < POSTS)
		assert_true(add(f, UPK_QUEUE_SMALL, false));
	assert_false(add(f, 1, false));
}

static void one_post_is_always_taken(void **state)
{
	struct fixture *f = *state;

	f->queue.bytes_max = 10;
	assert_true(add(f, LARGE, false));
	assert_false(add(f, LARGE, false));
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_small_post_comes_into_the_next_group_before_many_large_ones),
		CASE(a_lane_keeps_its_order),
		CASE(an_atomic_post_comes_alone_and_holds_up_its_own_lane_only),
		CASE(atomic_posts_of_one_lane_do_not_starve_the_other),
		CASE(posts_and_bytes_are_bounded_and_count_until_they_are_answered),
		CASE(an_eighth_of_the_posts_is_kept_for_small_ones),
		CASE(one_post_is_always_taken),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
