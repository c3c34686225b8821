/* Alerts as stored: one firing of a rule each. */
#ifndef UPK_STORE_ALERT_H
#define UPK_STORE_ALERT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/text.h"
#include "store/filter.h"
#include "store/store.h"

struct upk_alert_row {
	int64_t model, alert;  /* from 1 per model */
	struct upk_text rule;
	struct upk_text state; /* firing, resolved */
	int64_t fired;         /* ms */
	int64_t place;
	double value, bound, threshold; /* NAN: has none (stored as NULL) */
	int64_t pairs;
	int64_t change;        /* c, a place; 0: none */
	int64_t run_at;        /* the place at which its run is due; 0: no run */
	int64_t run;           /* 0: none yet */
	int64_t resolved;      /* ms; 0: still firing */
	struct upk_text resolved_by; /* cleared, replaced, cancelled, changed, deleted; absent while firing */
	struct upk_text detail; /* a sentence with the figures */
};

bool upk_alert_insert(struct upk_store *s, const struct upk_alert_row *row, struct upk_error *err);
/* state, run_at, run, resolved, resolved_by of an existing alert. */
bool upk_alert_update(struct upk_store *s, const struct upk_alert_row *row, struct upk_error *err);
bool upk_alert_get(struct upk_store *s, int64_t model, int64_t alert, bool *found,
	struct upk_alert_row *row, struct upk_error *err);
bool upk_alert_last(struct upk_store *s, int64_t model, int64_t *alert, struct upk_error *err);

/* Newest first; by when it was fired. */
bool upk_alert_each(struct upk_store *s, int64_t model, const struct upk_filter *filter,
	bool (*take)(void *context, const struct upk_alert_row *row), void *context,
	struct upk_error *err);

/* The oldest `most` up to the alert `last` that are over. */
bool upk_alert_remove_old(
	struct upk_store *s, int64_t model, int64_t last, int64_t most, struct upk_error *err);

#endif
