#include "intake/ingest.h"

#include <stdlib.h>

struct upk_ingest *upk_ingest_begin(struct upk_model *model, struct upk_error *err)
{
	struct upk_ingest *in = calloc(1, sizeof *in);
	if (in)
		in->scores = malloc(UPK_CLASSES_MAX * sizeof *in->scores);
	if (!in || !in->scores) {
		free(in);
		upk_fail(err, UPK_NOMEM, "no memory to write a batch");
		return NULL;
	}
	in->model = upk_model_ref(model);
	in->schema = upk_schema_ref(model->schema);
	in->champion = upk_tail_champion(model->tail);
	in->made_by.number = in->champion ? upk_serving_version(in->champion) : 0;
	in->made_by.revision = upk_tail_revision(model->tail);
	in->lists_known = model->lists_count;
	in->last_event = model->last_event;
	in->last_place = model->last_place;
	in->used = model->used;
	model->ingest = in;
	return in;
}

void upk_ingest_end(struct upk_ingest *in)
{
	in->model->ingest = NULL;
	upk_model_unref(in->model);
	upk_schema_unref(in->schema);
	upk_steps_finish(&in->steps);
	free(in->scores);
	free(in);
}
