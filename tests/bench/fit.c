/* One fit of a learner: bench-fit LEARNER SETTINGS SEED TRAIN TEST THREADS [AFTER] prints a line of
 * JSON. With AFTER the fit is cancelled after so many seconds, and the line says how long it then
 * took to end, or `null` when it had ended before. TRAIN and TEST are files of rows.h. */
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "learn/learner.h"
#include "rows.h"

static double seconds(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* The mean over the rows, clipped as scikit-learn's. */
static double log_loss(const struct upk_learner *learner, const void *fitted, const struct rows *r)
{
	size_t rows = r->size[0], classes = r->size[2];
	double *p = malloc(rows * classes * sizeof *p), sum = 0;
	void *scratch = learner->scratch ? malloc(learner->scratch(fitted)) : NULL;

	if (!p || (learner->scratch && !scratch))
		rows_die("predict", "no memory");
	const struct upk_inputs in = { rows, r->size[1], r->x, NULL };
	learner->predict(fitted, &in, scratch, p);
	for (size_t i = 0; i < rows; i++)
		sum -= log(fmax(p[i * classes + r->y[i]], 2.2e-16));
	free(scratch);
	free(p);
	return sum / (double)rows;
}

static long resident(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_maxrss;
}

/* Somebody who cancels. */
struct canceller {
	atomic_bool cancel;
	double after, wall, processor; /* the last two: when it was cancelled */
};

static void *cancel_later(void *context)
{
	struct canceller *c = context;
	struct timespec t = { (time_t)c->after, (long)(fmod(c->after, 1) * 1e9) };

	nanosleep(&t, NULL);
	c->wall = seconds(CLOCK_MONOTONIC);
	c->processor = seconds(CLOCK_PROCESS_CPUTIME_ID);
	atomic_store(&c->cancel, true);
	return NULL;
}

static void fit_and_cancel(const struct upk_learner *learner, struct upk_fit_input in,
	const cJSON *settings, double after)
{
	struct canceller c = { .after = after };
	struct upk_error err = { 0 };
	void *fitted = NULL;
	pthread_t thread;

	in.cancel = &c.cancel;
	if (pthread_create(&thread, NULL, cancel_later, &c) != 0)
		rows_die("threads", "none can be started");
	bool ended = learner->fit(&in, settings, &fitted, &err);
	double wall = seconds(CLOCK_MONOTONIC), processor = seconds(CLOCK_PROCESS_CPUTIME_ID);
	pthread_join(thread, NULL);
	if (ended) {
		learner->free(fitted);
		puts("null");
		return;
	}
	if (err.code != UPK_CANCELLED)
		rows_die("cancel", err.message);
	printf("{\"wall\": %.6f, \"processor\": %.6f}\n", wall - c.wall, processor - c.processor);
}

int main(int argc, char **argv)
{
	const struct upk_learner *learner =
		argc == 7 || argc == 8 ? upk_learner_find(argv[1]) : NULL;
	cJSON *settings = learner ? cJSON_Parse(argv[2]) : NULL;
	struct upk_error err = { 0 };
	void *fitted = NULL;

	if (!settings)
		rows_die("usage", "bench-fit LEARNER SETTINGS SEED TRAIN TEST THREADS [AFTER]");
	struct rows train = rows_read(argv[4]), test = rows_read(argv[5]);
	struct upk_fit_input in = { .rows = train.size[0],
		.features = train.size[1],
		.classes = train.size[2],
		.x = train.x,
		.y = train.y,
		.seed = strtoull(argv[3], NULL, 10),
		.crew = upk_crew_create(strtoull(argv[6], NULL, 10), &err) };
	if (!in.crew)
		rows_die("threads", err.message);
	if (argc == 8) {
		fit_and_cancel(learner, in, settings, strtod(argv[7], NULL));
		return 0;
	}
	const struct upk_fit_size size = { .rows = in.rows,
		.classes = in.classes,
		.width = { .dense = in.features } };
	long before = resident();
	double wall = seconds(CLOCK_MONOTONIC), processor = seconds(CLOCK_PROCESS_CPUTIME_ID);

	if (!learner->fit(&in, settings, &fitted, &err))
		rows_die(argv[1], err.message);
	wall = seconds(CLOCK_MONOTONIC) - wall;
	processor = seconds(CLOCK_PROCESS_CPUTIME_ID) - processor;
	printf("{\"wall\": %.6f, \"processor\": %.6f, \"kib\": %ld, \"estimate\": %.0f, "
	       "\"log_loss\": %.9f}\n",
		wall, processor, resident() - before,
		learner->memory(&size, settings) / 1024,
		log_loss(learner, fitted, &test));
	learner->free(fitted);
	upk_crew_destroy(in.crew);
	cJSON_Delete(settings);
	free(train.x);
	free(train.y);
	free(test.x);
	free(test.y);
	return 0;
}
