/* One search: bench-search LEARNER METHOD SEED TRIALS ROWS [TARGET] prints a line of JSON: the best
 * macro F1 of its trials, which are fitted on the older four fifths of the rows and scored on the
 * others, what it took, and when each best until then was there. All methods but random begin with
 * the learner's own settings, as a run's search does. With TARGET it ends with the first trial that
 * is as good as that. */
#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "learn/search.h"
#include "rows.h"

enum { FEATURES_MOST = 1000 };

/* When a trial was better than all before it. */
struct step {
	double score, wall, processor;
};

/* What the search has come to, and when that was. */
struct watch {
	double target, best, wall, processor;
	struct step *steps; /* (trials at most) */
	size_t trials, count;
	atomic_bool reached; /* which cancels the search */
};

static double seconds(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void finished(void *context, const struct upk_trial *trial, bool recalled)
{
	struct watch *w = context;

	(void)recalled;
	if (atomic_load(&w->reached))
		return;
	w->trials++;
	if (!trial->failed && trial->score > w->best) {
		w->best = trial->score;
		w->steps[w->count++] = (struct step){ w->best, seconds(CLOCK_MONOTONIC) - w->wall,
			seconds(CLOCK_PROCESS_CPUTIME_ID) - w->processor };
	}
	atomic_store(&w->reached, w->best >= w->target);
}

static struct upk_columns *make_columns(size_t features, struct upk_error *err)
{
	static char names[FEATURES_MOST][8];
	static struct upk_column items[FEATURES_MOST];

	if (features > FEATURES_MOST)
		rows_die("rows", "too many features");
	for (size_t i = 0; i < features; i++) {
		snprintf(names[i], sizeof names[i], "f%u", (unsigned)i % FEATURES_MOST);
		items[i].name = upk_text_of(names[i]);
	}
	return upk_columns_create(items, features, err);
}

static void fill(struct upk_dataset *d, const struct rows *r, struct upk_error *err)
{
	for (size_t i = 0; i < r->size[0]; i++)
		if (!upk_dataset_add(d, r->x + i * r->size[1], r->y[i], -1, (int64_t)i + 1, err))
			rows_die("rows", err->message);
}

static void search(const struct upk_search_request *request, struct watch *w)
{
	struct upk_error err = { 0 };
	struct upk_search s;

	w->wall = seconds(CLOCK_MONOTONIC);
	w->processor = seconds(CLOCK_PROCESS_CPUTIME_ID);
	if (!upk_search(request, &s, &err) && err.code != UPK_CANCELLED)
		rows_die("search", err.message);
	w->wall = seconds(CLOCK_MONOTONIC) - w->wall;
	w->processor = seconds(CLOCK_PROCESS_CPUTIME_ID) - w->processor;
	upk_search_finish(&s);
}

static void print(const struct watch *w)
{
	printf("{\"best\": %.17g, \"reached\": %s, \"trials\": %zu, \"wall\": %.6f, "
	       "\"processor\": %.6f, \"course\": [",
		w->best, atomic_load(&w->reached) ? "true" : "false", w->trials, w->wall,
		w->processor);
	for (size_t i = 0; i < w->count; i++)
		printf("%s{\"score\": %.17g, \"wall\": %.6f, \"processor\": %.6f}", i ? ", " : "",
			w->steps[i].score, w->steps[i].wall, w->steps[i].processor);
	printf("]}\n");
}

int main(int argc, char **argv)
{
	const struct upk_learner *learner =
		argc == 6 || argc == 7 ? upk_learner_find(argv[1]) : NULL;
	const struct upk_search_method *method = learner ? upk_search_method_find(argv[2]) : NULL;
	struct watch w = { .target = argc == 7 ? strtod(argv[6], NULL) : (double)INFINITY };
	struct upk_error err = { 0 };
	struct upk_dataset data;

	if (!method)
		rows_die("usage", "bench-search LEARNER METHOD SEED TRIALS ROWS [TARGET]");
	struct rows r = rows_read(argv[5]);
	struct upk_columns *columns = make_columns(r.size[1], &err);
	struct upk_text *classes = calloc(r.size[2], sizeof *classes);
	size_t trials = strtoull(argv[4], NULL, 10);
	cJSON *defaults = cJSON_CreateObject();
	w.steps = calloc(trials + 1, sizeof *w.steps);
	if (!columns || !classes || !defaults || !w.steps)
		rows_die("rows", "no memory");
	for (size_t k = 0; k < r.size[2]; k++)
		classes[k] = (struct upk_text){ "0123456789" + k % 10, 1 };
	upk_dataset_init(&data, columns, r.size[2]);
	fill(&data, &r, &err);

	struct upk_search_request request = { .data = &data,
		.cut = data.rows * 4 / 5,
		.to = data.rows,
		.setup = { .learner = learner,
			.classes = classes,
			.seed = strtoull(argv[3], NULL, 10),
			.cancel = &w.reached },
		.kind = UPK_TRIAL_OPTIMISE,
		.method = method,
		.trials = trials,
		.repetitions = 1,
		.first = 1,
		.given = { defaults },
		.given_count = method != &upk_search_random,
		.decision = { .positive = -1 },
		.objective = { upk_metric_find("f1"), UPK_AVERAGE_MACRO, 0 },
		.watch = { .finished = finished, .context = &w } };
	upk_space_init(&request.space, learner->space);
	search(&request, &w);
	print(&w);
	upk_dataset_finish(&data);
	upk_columns_destroy(columns);
	cJSON_Delete(defaults);
	free(w.steps);
	free(classes);
	free(r.x);
	free(r.y);
	return 0;
}
