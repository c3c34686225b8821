/* One window: which pairs are in it, and their counts. */
#ifndef UPK_ENGINE_WINDOW_H
#define UPK_ENGINE_WINDOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "metrics/confusion.h"

/* Who made a prediction, as a number: 0 nobody named, from 1 on a version of upkeepd's, from
 * UPK_TAG_NAMED (engine/tags.h) on a sender's own name. */
typedef uint32_t upk_tag;

/* A pair as windows hold it. */
struct upk_seat {
	int64_t place;
	int64_t time;  /* pair time, ms */
	int64_t event; /* number of its event within the model */
	int64_t delay; /* label's time - event's time, ms */
	upk_tag tag;
	struct upk_pair pair;
};

/* Count windows hold the last `count` pairs by place; duration windows those whose pair time is
 * after now - duration. Memory: 48 bytes a pair held, and the counts.
 * Thread: the writer changes it; readers hold the model's lock. */
struct upk_window;

/* Exactly one of count and duration is > 0. NULL: UPK_NOMEM. */
struct upk_window *upk_window_create(
	int64_t count, int64_t duration, size_t classes, struct upk_error *err);
void upk_window_destroy(struct upk_window *w); /* NULL is fine */

bool upk_window_grow(struct upk_window *w, size_t classes, struct upk_error *err);

/* The next pair by place. A duration window leaves it out when its time is out of reach at `now`.
 * false: UPK_NOMEM, nothing changed. */
bool upk_window_add(struct upk_window *w, const struct upk_seat *seat, int64_t now,
	struct upk_error *err);

/* The pair at `place` with that pair time has another label; it keeps its seat. Nothing happens when
 * it is not in the window. */
void upk_window_revise(struct upk_window *w, int64_t place, int64_t time, uint16_t actual);

/* A duration window loses what is out of reach at `now`; true when something left. */
bool upk_window_expire(struct upk_window *w, int64_t now);

/* Another version is in use (at first nobody named): its counts are made anew. O(pairs). */
void upk_window_use(struct upk_window *w, upk_tag used);

/* All pairs, and those that what is in use predicted. Borrowed, until the next change. */
const struct upk_confusion *upk_window_counts(const struct upk_window *w);
const struct upk_confusion *upk_window_used(const struct upk_window *w);

size_t upk_window_pairs(const struct upk_window *w);
const struct upk_seat *upk_window_at(const struct upk_window *w, size_t i); /* 0 is the first to leave */
int64_t upk_window_start(const struct upk_window *w); /* place of the first to leave; 0: empty */
int64_t upk_window_first_event(const struct upk_window *w); /* the least event number; 0: empty */

/* Seats that have another pair, or none any more: a pair that came (in the seat of one that left, when
 * a count window is full), that a duration window lost, or that was revised; ever. */
uint64_t upk_window_changes(const struct upk_window *w);

/* Quantile q of the label delays in seconds, within 1 %; NAN when empty. */
double upk_window_delay(const struct upk_window *w, double q);

#endif
