#include "windows/score_task.h"

#include <math.h>
#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* While it is set the thread tells that a metric has begun, and goes on when the test waits. */
static atomic_bool held;
static sem_t begun, go;
static pthread_t waits;  /* the test's thread: when it waits, the metric goes on */
static atomic_bool over; /* the metric was computed */

bool __real_upk_score_copy_metric(
	const struct upk_score_copy *c, const char *name, double *value, struct upk_error *err);
bool __wrap_upk_score_copy_metric(
	const struct upk_score_copy *c, const char *name, double *value, struct upk_error *err);
int __real_pthread_cond_wait(pthread_cond_t *cond, pthread_mutex_t *mutex);
int __wrap_pthread_cond_wait(pthread_cond_t *cond, pthread_mutex_t *mutex);

bool __wrap_upk_score_copy_metric(
	const struct upk_score_copy *c, const char *name, double *value, struct upk_error *err)
{
	if (!atomic_load(&held))
		return __real_upk_score_copy_metric(c, name, value, err);
	sem_post(&begun);
	sem_wait(&go);
	bool done = __real_upk_score_copy_metric(c, name, value, err);
	atomic_store(&over, true);
	return done;
}

int __wrap_pthread_cond_wait(pthread_cond_t *cond, pthread_mutex_t *mutex)
{
	if (atomic_load(&held) && pthread_equal(pthread_self(), waits))
		sem_post(&go);
	return __real_pthread_cond_wait(cond, mutex);
}

static struct upk_scoring *start(void)
{
	struct upk_error err = { 0 };
	struct upk_scoring *s = upk_scoring_start(&err);
	if (!s)
		fail_msg("%s", err.message);
	return s;
}

/* wrong of n pairs are ranked below all others: the area is 1 - wrong / n by hand. */
static void fill(struct upk_score_task *t, size_t n, size_t wrong)
{
	struct upk_score_copy *c = upk_score_task_copy(t);
	assert_true(upk_score_copy_begin(c, 2 * n, 2, 1, NULL));
	for (size_t i = 0; i < n; i++) {
		const double bad[] = { 0.5, 0.5 }, good[] = { 0.2, 0.8 }, low[] = { 0.9, 0.1 };
		upk_score_copy_add(c, 0, bad);
		upk_score_copy_add(c, 1, i < wrong ? low : good);
	}
}

static void tasks_end_with_their_own_values_in_any_order(void **state)
{
	(void)state;
	enum { TASKS = 6, N = 2000 };
	struct upk_scoring *s = start();
	struct upk_score_task *tasks[TASKS];
	for (size_t i = 0; i < TASKS; i++) {
		tasks[i] = upk_score_task_create(s);
		assert_non_null(tasks[i]);
		assert_false(upk_score_task_pending(tasks[i]));
	}
	for (int round = 0; round < 3; round++) {
		for (size_t i = 0; i < TASKS; i++) {
			fill(tasks[i], N, 100 * i);
			upk_score_task_begin(tasks[i], "roc_auc");
			assert_true(upk_score_task_pending(tasks[i]));
		}
		for (size_t i = TASKS; i-- > 0;) {
			double value;
			assert_true(upk_score_task_end(tasks[i], &value, NULL));
			assert_true(fabs(value - (1 - 100.0 * (double)i / N)) < 1e-12);
			assert_false(upk_score_task_pending(tasks[i]));
		}
	}
	for (size_t i = 0; i < TASKS; i++)
		upk_score_task_destroy(tasks[i]);
	upk_scoring_stop(s);
}

static void tasks_that_wait_can_be_destroyed(void **state)
{
	(void)state;
	enum { TASKS = 5 };
	static const size_t order[TASKS] = { 2, 4, 0, 3, 1 };
	struct upk_scoring *s = start();
	struct upk_score_task *tasks[TASKS];
	for (size_t i = 0; i < TASKS; i++) {
		tasks[i] = upk_score_task_create(s);
		assert_non_null(tasks[i]);
		fill(tasks[i], 20000, 0);
		upk_score_task_begin(tasks[i], "average_precision");
	}
	for (size_t i = 0; i + 1 < TASKS; i++)
		upk_score_task_destroy(tasks[order[i]]);
	double value;
	assert_true(upk_score_task_end(tasks[order[TASKS - 1]], &value, NULL));
	assert_true(fabs(value - 1) < 1e-12);
	upk_score_task_destroy(tasks[order[TASKS - 1]]);
	upk_score_task_destroy(NULL);
	upk_scoring_stop(s);
}

static void a_task_that_runs_is_waited_for_before_it_goes(void **state)
{
	(void)state;
	struct upk_scoring *s = start();
	struct upk_score_task *t = upk_score_task_create(s);
	assert_non_null(t);
	fill(t, 1000, 0);
	assert_int_equal(sem_init(&begun, 0, 0), 0);
	assert_int_equal(sem_init(&go, 0, 0), 0);
	waits = pthread_self();
	atomic_store(&held, true);
	upk_score_task_begin(t, "roc_auc");
	sem_wait(&begun);
	upk_score_task_destroy(t);
	atomic_store(&held, false);
	assert_true(atomic_load(&over));
	upk_scoring_stop(s);
	sem_destroy(&begun);
	sem_destroy(&go);
}

static void copy_is_used_again_for_more_classes_and_fewer_pairs(void **state)
{
	(void)state;
	struct upk_score_copy c = { 0 };
	const double two[] = { 0.25, 0.75 }, three[] = { 0.5, 0.25, 0.25 };
	double value;
	assert_true(upk_score_copy_begin(&c, 100, 2, 1, NULL));
	for (int i = 0; i < 100; i++)
		upk_score_copy_add(&c, 1, two);
	assert_true(upk_score_copy_metric(&c, "brier", &value, NULL));
	assert_true(fabs(value - 0.0625) < 1e-12);
	assert_true(upk_score_copy_begin(&c, 10, 3, -1, NULL));
	for (int i = 0; i < 10; i++)
		upk_score_copy_add(&c, 0, three);
	assert_true(upk_score_copy_metric(&c, "brier", &value, NULL));
	assert_true(fabs(value - 0.375) < 1e-12);
	assert_true(upk_score_copy_begin(&c, 0, 3, -1, NULL));
	assert_true(upk_score_copy_metric(&c, "brier", &value, NULL));
	assert_true(isnan(value));
	upk_score_copy_finish(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tasks_end_with_their_own_values_in_any_order),
		cmocka_unit_test(tasks_that_wait_can_be_destroyed),
		cmocka_unit_test(a_task_that_runs_is_waited_for_before_it_goes),
		cmocka_unit_test(copy_is_used_again_for_more_classes_and_fewer_pairs),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
