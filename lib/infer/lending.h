/* A version lent to a request that stores nothing. */
#ifndef UPK_INFER_LENDING_H
#define UPK_INFER_LENDING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "items/schema.h"
#include "versions/serving.h"

struct upk_engine;

/* Starts as { 0 }; what it holds is its own. */
struct upk_loan {
	struct upk_schema *schema; /* that the version answers in */
	struct upk_serving *serving;
	int64_t revision; /* of the version; 0: it has none */
};

/* What answers as `version` (0: the champion) at this moment: whatever is promoted meanwhile, it
 * stays what it is. Any thread. false: UPK_NOT_FOUND (model, version), UPK_CONFLICT (no champion),
 * UPK_BUSY (not ready) or the store's error; nothing is held. */
bool upk_loan_take(struct upk_engine *e, const char *model, int64_t version, struct upk_loan *loan,
	struct upk_error *err);
void upk_loan_give_back(struct upk_loan *loan);

#endif
