#include "runs/outcome.h"

#include <stdlib.h>
#include <unistd.h>

struct upk_outcome *upk_outcome_create(
	const struct upk_job *job, void (*apply)(struct upk_engine *e, struct upk_task *task))
{
	struct upk_outcome *o = calloc(1, sizeof *o);
	while (!o) {
		usleep(10000);
		o = calloc(1, sizeof *o);
	}
	o->task.run = apply;
	o->model = upk_model_ref(job->model);
	o->schema = upk_schema_ref(job->schema);
	o->order = job->order;
	return o;
}

void upk_outcome_destroy(struct upk_outcome *o)
{
	upk_contest_finish(&o->contest);
	upk_live_start_finish(&o->live);
	upk_model_unref(o->model);
	upk_schema_unref(o->schema);
	free(o);
}
