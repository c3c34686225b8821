/* What a model is doing, and what it needs to go on, in words. */
#ifndef UPK_TAIL_STANDING_H
#define UPK_TAIL_STANDING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "tail/tail.h"

struct upk_standing {
	const char *state;
	char waiting_for[1280]; /* "": nothing */
	int64_t needed;         /* rows; 0: none */
};

/* Thread: the writer's, or under the model's lock. */
void upk_standing_of(const struct upk_tail *t, struct upk_standing *out);

/* Fills err with UPK_CONFLICT: nothing answers predict yet, and what for. Returns false. */
bool upk_standing_no_champion(
	const struct upk_tail *t, const char *model, struct upk_error *err);

#endif
