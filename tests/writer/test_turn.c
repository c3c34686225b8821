#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "writer/turn.h"

/* ---- the test's own clock ---- */

static _Atomic int64_t ahead; /* ns, of the real monotonic clock */

int64_t __real_upk_clock_monotonic_ns(void);
int64_t __wrap_upk_clock_monotonic_ns(void);

int64_t __wrap_upk_clock_monotonic_ns(void)
{
	return __real_upk_clock_monotonic_ns() + atomic_load(&ahead);
}

struct fixture {
	pthread_mutex_t lock;
	struct upk_turn turn;
	bool may;
	int inside; /* threads that have the turn; not atomic: the turn is what guards it */
	atomic_int most;
	atomic_int visits;
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);

	assert_non_null(f);
	pthread_mutex_init(&f->lock, NULL);
	upk_turn_init(&f->turn, &f->lock);
	f->may = true;
	atomic_store(&ahead, 0);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	upk_turn_finish(&f->turn);
	pthread_mutex_destroy(&f->lock);
	free(f);
	return 0;
}

static bool may(const void *context)
{
	return ((const struct fixture *)context)->may;
}

static bool visit(struct fixture *f)
{
	pthread_mutex_lock(&f->lock);
	bool in = upk_turn_visit(&f->turn, may, f);
	pthread_mutex_unlock(&f->lock);
	return in;
}

static void end_visit(struct fixture *f, int64_t took_ns)
{
	pthread_mutex_lock(&f->lock);
	upk_turn_end_visit(&f->turn, took_ns);
	pthread_mutex_unlock(&f->lock);
}

static void leave(struct fixture *f)
{
	pthread_mutex_lock(&f->lock);
	upk_turn_leave(&f->turn);
	pthread_mutex_unlock(&f->lock);
}

static void nobody_visits_while_the_owner_has_it(void **state)
{
	struct fixture *f = *state;

	assert_false(visit(f));
	leave(f);
	assert_true(visit(f));
	end_visit(f, 0);
	f->may = false;
	assert_false(visit(f));
}

static void after_a_long_visit_there_is_none_for_twenty_times_as_long(void **state)
{
	struct fixture *f = *state;

	leave(f);
	assert_true(visit(f));
	end_visit(f, UPK_TURN_SLOW_NS);
	assert_true(visit(f));
	end_visit(f, 1000 * UPK_TURN_SLOW_NS);
	atomic_fetch_add(&ahead, (UPK_TURN_REST - 1) * 1000 * UPK_TURN_SLOW_NS);
	assert_false(visit(f));
	atomic_fetch_add(&ahead, 1000 * UPK_TURN_SLOW_NS);
	assert_true(visit(f));
	end_visit(f, 0);
}

static void *take(void *context)
{
	struct fixture *f = context;

	pthread_mutex_lock(&f->lock);
	upk_turn_take(&f->turn);
	pthread_mutex_unlock(&f->lock);
	return NULL;
}

/* Who wants it back waits for the visitor that is in, and no other comes in between. */
static void the_owner_comes_before_visitors(void **state)
{
	struct fixture *f = *state;
	pthread_t owner;
	bool wanted = false;

	leave(f);
	assert_true(visit(f));
	assert_int_equal(pthread_create(&owner, NULL, take, f), 0);
	for (int i = 0; !wanted && i < 5000; i++) {
		usleep(1000);
		pthread_mutex_lock(&f->lock);
		wanted = f->turn.wanted;
		pthread_mutex_unlock(&f->lock);
	}
	assert_true(wanted);
	assert_false(visit(f));
	end_visit(f, 0);
	assert_int_equal(pthread_join(owner, NULL), 0);
	assert_false(visit(f));
}

static void be_inside(struct fixture *f)
{
	f->inside++;
	if (f->inside > atomic_load(&f->most))
		atomic_store(&f->most, f->inside);
	f->inside--;
}

static void *come_and_go(void *context)
{
	struct fixture *f = context;

	for (int i = 0; i < 20000 && atomic_load(&f->visits) < 2000; i++) {
		if (!visit(f)) {
			usleep(20);
			continue;
		}
		be_inside(f);
		atomic_fetch_add(&f->visits, 1);
		end_visit(f, 0);
	}
	return NULL;
}

static void one_at_a_time_has_it(void **state)
{
	enum { VISITORS = 3 };
	struct fixture *f = *state;
	pthread_t threads[VISITORS];

	for (int i = 0; i < VISITORS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, come_and_go, f), 0);
	for (int i = 0; i < 200; i++) {
		be_inside(f);
		leave(f);
		usleep(50);
		take(f);
	}
	leave(f);
	for (int i = 0; i < VISITORS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	assert_int_equal(atomic_load(&f->most), 1);
	assert_true(atomic_load(&f->visits) > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			nobody_visits_while_the_owner_has_it, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			after_a_long_visit_there_is_none_for_twenty_times_as_long, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(the_owner_comes_before_visitors, set_up, tear_down),
		cmocka_unit_test_setup_teardown(one_at_a_time_has_it, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
