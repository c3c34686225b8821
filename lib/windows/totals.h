/* Counters per class since the process began, for Prometheus: they never fall. */
#ifndef UPK_WINDOWS_TOTALS_H
#define UPK_WINDOWS_TOTALS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "metrics/confusion.h"

struct upk_class_totals {
	uint64_t tp, fp, fn;                         /* as pairs became complete */
	uint64_t tp_removed, fp_removed, fn_removed; /* what revisions took out */
};

/* Starts as { 0 }. Thread: the writer changes it; readers hold the model's lock. */
struct upk_totals {
	struct upk_class_totals *classes;
	size_t count;
	uint64_t events, labels, duplicates, rejected, revised, pairs;
};

bool upk_totals_grow(struct upk_totals *t, size_t classes, struct upk_error *err);
void upk_totals_finish(struct upk_totals *t);
void upk_totals_add(struct upk_totals *t, struct upk_pair pair);
void upk_totals_remove(struct upk_totals *t, struct upk_pair pair);

#endif
