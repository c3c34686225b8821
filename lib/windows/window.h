/* One window: which pairs are in it, and their counts. */
#ifndef UPK_WINDOWS_WINDOW_H
#define UPK_WINDOWS_WINDOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "windows/ring.h"
#include "windows/seat.h"

/* Count windows hold the last `count` pairs by place; duration windows those whose pair time is
 * after the clock - duration. The clock is the greatest that upk_window_expire was told: it never
 * steps back, so which pairs are in the window depends on it and the stored pairs alone.
 * Memory: the counts (windows/counts.h), and of a duration window windows/spans.h.
 * Thread: the writer changes it; readers hold the model's lock. */
struct upk_window;

/* Exactly one of count and duration is > 0. A count window borrows the ring that has its pairs; `keep`
 * is that of spans. NULL: UPK_NOMEM. */
struct upk_window *upk_window_create(int64_t count, int64_t duration, struct upk_ring *ring,
	bool keep, size_t classes, struct upk_error *err);
void upk_window_destroy(struct upk_window *w); /* NULL is fine */

bool upk_window_grow(struct upk_window *w, size_t classes, struct upk_error *err);

/* The next pair by place, of a count window the newest in the ring. A duration window leaves it out
 * when its time is out of reach. false: UPK_NOMEM, nothing changed. */
bool upk_window_add(struct upk_window *w, const struct upk_seat *seat, struct upk_error *err);

/* The pair has another label; it keeps its seat, which is as it was counted. Nothing happens when it
 * is not in the window. Before the ring changes. false: UPK_NOMEM, nothing changed. */
bool upk_window_revise(struct upk_window *w, const struct upk_seat *seat, uint16_t actual,
	struct upk_error *err);

/* The pair is no more, the same way. A count window then has room for older ones. After the ring. */
void upk_window_remove(struct upk_window *w, const struct upk_seat *seat);

/* A count window takes the next older pairs of the ring into the room that removals left.
 * false: UPK_NOMEM. */
bool upk_window_refill(struct upk_window *w, struct upk_error *err);
/* How many more it would take from before the ring; it is told when there are none, which says nothing
 * to a window that is full. */
size_t upk_window_lacks(const struct upk_window *w);
void upk_window_none_older(struct upk_window *w);
void upk_window_look_back(struct upk_window *w); /* there may be some again */

/* A duration window loses what is out of reach at `now`, up to a span that has to be loaded. */
void upk_window_expire(struct upk_window *w, int64_t now);
/* That span, as in windows/spans.h: of the pairs there those whose time is after `after`. */
bool upk_window_wanted(const struct upk_window *w, int64_t *from, int64_t *to, int64_t *after);
bool upk_window_load(struct upk_window *w, int64_t from, const struct upk_seat *seats, size_t count,
	struct upk_error *err);

/* Another version is in use (at first nobody named). O(1). */
void upk_window_use(struct upk_window *w, upk_tag used);

/* All pairs, and those that what is in use predicted. Borrowed, until the next change. */
const struct upk_confusion *upk_window_counts(const struct upk_window *w);
const struct upk_confusion *upk_window_used(const struct upk_window *w);

bool upk_window_by_count(const struct upk_window *w);
size_t upk_window_pairs(const struct upk_window *w);
int64_t upk_window_start(const struct upk_window *w); /* place of the first to leave; 0: empty */
uint64_t upk_window_first(const struct upk_window *w); /* of a count window: its position in the ring */
int64_t upk_window_first_event(const struct upk_window *w); /* the least event number; 0: empty */

/* Which stored pairs are in it: those of places from here on whose time is after `reach`. */
int64_t upk_window_first_place(const struct upk_window *w); /* 0: empty */
int64_t upk_window_reach(const struct upk_window *w); /* of a count window INT64_MIN */

/* Seats that have another pair, or none any more: a pair that came (in the seat of one that left, when
 * a count window is full), that a duration window lost, or that was revised or removed; ever. */
uint64_t upk_window_changes(const struct upk_window *w);

/* Quantile q of the label delays in seconds, within 1 %; NAN when empty. */
double upk_window_delay(const struct upk_window *w, double q);

#endif
