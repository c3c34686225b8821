#include "learn/crew.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

enum { BLOCKS = 1000 };

static void count_block(void *context, size_t block)
{
	unsigned char *times = context;

	times[block]++;
}

static void every_block_is_done_once(void **state)
{
	(void)state;
	for (size_t threads = 1; threads <= 4; threads++) {
		struct upk_crew *c = upk_crew_create(threads, NULL);
		assert_non_null(c);
		assert_int_equal(upk_crew_threads(c), threads);
		for (int round = 0; round < 200; round++) {
			unsigned char times[BLOCKS] = { 0 };
			size_t blocks = (size_t)(round * 7919 % BLOCKS);
			upk_crew_run(c, blocks, count_block, times);
			for (size_t i = 0; i < BLOCKS; i++)
				assert_int_equal(times[i], i < blocks);
		}
		upk_crew_destroy(c);
	}
}

static void no_crew_is_the_caller_alone(void **state)
{
	(void)state;
	unsigned char times[5] = { 0 };

	assert_int_equal(upk_crew_threads(NULL), 1);
	upk_crew_run(NULL, 5, count_block, times);
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(times[i], 1);
	upk_crew_destroy(NULL);
}

/* Who has not come yet is waited for: only as many threads as there are blocks get them all here.
 */
struct meeting {
	pthread_barrier_t all;
	pthread_t threads[3];
	int priority[3];
};

static void meet(void *context, size_t block)
{
	struct meeting *m = context;

	m->threads[block] = pthread_self();
	m->priority[block] = getpriority(PRIO_PROCESS, (id_t)gettid());
	pthread_barrier_wait(&m->all);
}

static void blocks_go_to_threads_of_the_callers_priority(void **state)
{
	(void)state;
	struct meeting m;
	int low = getpriority(PRIO_PROCESS, 0) + 1;

	pthread_barrier_init(&m.all, NULL, 3);
	assert_int_equal(setpriority(PRIO_PROCESS, (id_t)gettid(), low), 0);
	struct upk_crew *c = upk_crew_create(3, NULL);
	assert_non_null(c);
	upk_crew_run(c, 3, meet, &m);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(m.priority[i], low);
		for (size_t j = 0; j < i; j++)
			assert_false(pthread_equal(m.threads[i], m.threads[j]));
	}
	upk_crew_destroy(c);
	pthread_barrier_destroy(&m.all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_block_is_done_once),
		cmocka_unit_test(no_crew_is_the_caller_alone),
		cmocka_unit_test(blocks_go_to_threads_of_the_callers_priority),
	};

	return cmocka_run_group_tests_name("learn/crew", tests, NULL, NULL);
}
