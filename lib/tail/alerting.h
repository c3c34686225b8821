/* From judgements to alerts: rules fire, wait, resolve. Thread: the writer, as with all of a tail. */
#ifndef UPK_TAIL_ALERTING_H
#define UPK_TAIL_ALERTING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tail/orders.h"
#include "tail/tail.h"

/* The moment of a step or tick, for what it causes. */
struct upk_moment {
	int64_t seq;  /* of the item */
	int64_t time; /* its clock, ms */
	struct upk_orders *orders;
};

/* Judges the below, above and drop rules, in their order; with `timed` only those on duration
 * windows and those that are pending. false: UPK_NOMEM. */
bool upk_alerting_windows(
	struct upk_tail *t, const struct upk_moment *m, bool timed, struct upk_error *err);

/* Some rule is on a score metric: now and then a pair costs the sorting of its window. */
bool upk_alerting_sorts(const struct upk_tail *t);

/* Judges the change rules; one that rests after a run or a cancelled alert does not fire. */
void upk_alerting_change(struct upk_tail *t, const struct upk_moment *m);

/* A firing rule's alert is over. */
void upk_alerting_resolve(
	struct upk_tail *t, size_t rule, const char *resolved_by, const struct upk_moment *m);

/* All firing alerts are over and every rule starts anew at ok: another version is in use. */
void upk_alerting_replace(struct upk_tail *t, const struct upk_moment *m);

const char *upk_rule_state_name(enum upk_rule_state state);

#endif
