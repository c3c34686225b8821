/* A real engine on a fresh folder, driven without HTTP. */
#ifndef UPK_TESTS_ENGINE_BED_H
#define UPK_TESTS_ENGINE_BED_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/engine.h"

struct bed {
	char folder[64];
	struct upk_engine *engine;
};

/* Fails the test when the engine can't be opened. */
void bed_open(struct bed *b);
void bed_reopen(struct bed *b); /* closes and opens again on the same folder */
void bed_remove(struct bed *b); /* closes, and removes the folder */

enum { BED_SETTLE = 1, BED_ATOMIC = 2 };

/* Posts one JSON body and waits for its answer, which bed_finish frees. Any thread. */
void bed_post(struct bed *b, struct upk_post *post, enum upk_item_kind kind, const char *model,
	const char *body, unsigned flags);
void bed_finish(struct upk_post *post);

/* A GET's body by one of the report functions; the caller frees it. */
char *bed_metrics(struct bed *b, const char *model);

#endif
