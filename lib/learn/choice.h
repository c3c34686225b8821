/* Which learner a run takes where the model leaves it open ("auto"). */
#ifndef UPK_LEARN_CHOICE_H
#define UPK_LEARN_CHOICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "learn/dataset.h"
#include "learn/gate.h"
#include "learn/predictor.h"

enum { UPK_CHOICE_LEARNERS = 8 };

struct upk_choice_request {
	const struct upk_dataset *data;
	size_t to;  /* rows below it are looked at: none that is held out */
	size_t lag; /* leaves out so many rows before a row, which were not known when it was
		       predicted */
	struct upk_predictor_setup setups[UPK_CHOICE_LEARNERS]; /* one a learner */
	size_t count;
	struct upk_decision decision;
	struct upk_measure measure;
	/* Told after each fit; NULL: nobody. Runs on the caller's thread. */
	void (*progress)(void *context, size_t done, size_t total);
	void *context;
};

/* How many fits it takes. 0: fewer than two learners or 100 rows, nothing is compared. */
size_t upk_choice_fits(const struct upk_choice_request *request);

/* Index of the setup whose fits are best at rows that came after theirs: the newest half of the
 * rows, at most 2,000, in four blocks, each answered by a fit on at most 2,000 rows before it,
 * `lag` (but no more than half of those there are) rows earlier; all answers together are scored as
 * the gate scores. One whose fit fails is out; of equals, and where nothing is compared, the
 * first. `scores` (count) are NAN for one that is out, and where nothing is compared.
 * false: UPK_CANCELLED, UPK_NOMEM or UPK_INVALID (a metric that the gate does not have). */
bool upk_choice(const struct upk_choice_request *request, size_t *chosen,
	double scores[UPK_CHOICE_LEARNERS], struct upk_error *err);

#endif
