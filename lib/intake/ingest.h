/* A model's part of a transaction: what its items change, kept apart until the commit. */
#ifndef UPK_INTAKE_INGEST_H
#define UPK_INTAKE_INGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "core/model.h"
#include "core/steps.h"

/* What one transaction does to one model; nothing of it touches the model until the commit.
 * Thread: the writer. */
struct upk_ingest {
	struct upk_model *model;   /* a reference */
	struct upk_schema *schema; /* as learnt so far: a reference */
	struct upk_serving *champion; /* borrowed from the tail; NULL: none */
	struct upk_made_by made_by;   /* the champion: number, revision */
	bool copied;                  /* that revision's bytes are stored */
	int64_t last_event, last_place;
	struct upk_used used;
	const char *tag_name;      /* of the last named version, and its tag; NULL: none yet */
	upk_tag tag;
	size_t lists_known;        /* of the model, before the transaction */
	bool learnt;               /* schema is to be stored */
	struct upk_steps steps;
	double *scores;            /* (UPK_CLASSES_MAX) of one item at a time */
	uint64_t events, labels, duplicates, rejected;
	struct upk_ingest *next;   /* of the group */
};

/* Starts a model's part of a transaction: model->ingest. NULL: UPK_NOMEM. */
struct upk_ingest *upk_ingest_begin(struct upk_model *model, struct upk_error *err);
void upk_ingest_end(struct upk_ingest *in); /* frees; the model keeps nothing of it */

#endif
