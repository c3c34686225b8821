#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdatomic.h>
#include <unistd.h>

#include "http/workers.h"

static atomic_bool held;
static atomic_int begun, ended;

static void run(struct upk_errand *job)
{
	(void)job;
	atomic_fetch_add(&begun, 1);
	while (atomic_load(&held))
		usleep(1000);
	atomic_fetch_add(&ended, 1);
}

static void jobs_wait_up_to_the_limit_and_can_be_withdrawn(void **state)
{
	(void)state;
	enum { JOBS = 5 };
	struct upk_errand jobs[JOBS] = { 0 };
	struct upk_workers *w = upk_workers_start(1, JOBS - 2, NULL);

	assert_non_null(w);
	atomic_store(&held, true);
	for (int i = 0; i < JOBS; i++)
		jobs[i].run = run;
	assert_true(upk_workers_add(w, &jobs[0]));
	while (atomic_load(&begun) == 0)
		usleep(1000);
	for (int i = 1; i < JOBS - 1; i++)
		assert_true(upk_workers_add(w, &jobs[i]));
	assert_false(upk_workers_add(w, &jobs[JOBS - 1]));
	assert_false(upk_workers_withdraw(w, &jobs[0]));
	assert_true(upk_workers_withdraw(w, &jobs[3]));
	assert_true(upk_workers_withdraw(w, &jobs[1]));
	assert_false(upk_workers_withdraw(w, &jobs[1]));
	assert_true(upk_workers_add(w, &jobs[JOBS - 1]));
	atomic_store(&held, false);
	upk_workers_stop(w);
	assert_int_equal(atomic_load(&ended), 3);
	upk_workers_stop(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(jobs_wait_up_to_the_limit_and_can_be_withdrawn),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
