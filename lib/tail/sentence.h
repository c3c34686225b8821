/* What happened, in words with figures: alerts, runs, promotions. */
#ifndef UPK_TAIL_SENTENCE_H
#define UPK_TAIL_SENTENCE_H

#include <stddef.h>

#include "tail/orders.h"
#include "tail/tail.h"

enum { UPK_SENTENCE_SIZE = 512 };

/* Each writes a sentence without a full stop, cut when too long. Thread: the writer. */
void upk_sentence_alert(const struct upk_tail *t, const struct upk_order *alert,
	char out[UPK_SENTENCE_SIZE]);
void upk_sentence_run(const struct upk_tail *t, const struct upk_order *run,
	char out[UPK_SENTENCE_SIZE]);
void upk_sentence_takeover(const struct upk_tail *t, const struct upk_order *order,
	char out[UPK_SENTENCE_SIZE]);

#endif
