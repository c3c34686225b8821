/* A request's items on their way through the writer, and what came of them. */
#ifndef UPK_CORE_POST_H
#define UPK_CORE_POST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/text.h"
#include "items/batch.h"

struct upk_schema;

enum { UPK_REJECTED_LISTED = 100 };

struct upk_rejected {
	size_t index;
	struct upk_text id;
	const char *error;
};

/* The answer to one row of a predict request. */
struct upk_predicted {
	const char *error; /* NULL: fine */
	struct upk_text id;
	uint16_t class;   /* into classes */
	int64_t version;  /* that answered */
	int64_t revision; /* of it; 0: it has none */
	double threshold; /* upk_serving_threshold of it; NAN of a stored answer */
	size_t at;        /* its probabilities are scores[at .. at + classes_count - 1] */
	size_t classes_count;
};

/* A post from hand-over to answer. The caller fills the first part, the writer the second; then
 * done is called on the thread that does the writer's work then, once for all posts that have the
 * same and are answered together, which are a list by next, and must not block. Everything lives
 * until upk_post_finish. */
struct upk_post {
	/* from the caller */
	struct upk_batch *batch; /* owned by the post from the hand-over on */
	const char *model;       /* a copy is made */
	bool atomic, settle;
	void (*done)(struct upk_post *posts); /* NULL for upk_engine_write */
	void *context;                        /* the caller's */

	/* from the writer */
	struct upk_error
		error; /* UPK_OK: the counts below hold; else nothing of the post was stored */
	size_t accepted, duplicates, joined, revised, waiting;
	bool unsettled; /* stored, but the engine ended before the run that `settle` waits for */
	struct upk_rejected
		*rejected; /* (rejected_listed) the first of them; fewer without memory */
	size_t rejected_listed, rejected_total;
	struct upk_predicted *predicted; /* (batch->count) of a predict request */
	double *scores;                  /* all rows' probabilities */
	struct upk_text *classes;        /* names of the champion's classes */
	size_t classes_count;

	struct upk_post *next; /* of a list: the caller's, then the engine's, then that of done */

	/* the engine's own */
	size_t queued; /* bytes that it counts for in the queue */
	char *name;
	struct upk_schema *schema; /* a reference: the names in `classes` are its */
};

/* Frees what the post holds, the batch included. */
void upk_post_finish(struct upk_post *post);

#endif
