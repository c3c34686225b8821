/* The pairs of a duration window: those that leave next, and of the others only where they are. */
#ifndef UPK_WINDOWS_SPANS_H
#define UPK_WINDOWS_SPANS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "windows/seat.h"

/* A span is UPK_SPAN_PAIRS pairs in a row by place. The newest is loaded: its seats are in memory. So
 * are those whose pairs leave next; of each other one its places, least pair time and least event
 * number are known, until it is loaded from the store.
 * Memory: 112 bytes a span, and 40 a pair of the loaded ones: the newest and UPK_SPANS_LOADED more, and
 * each that has been the next to leave and is not through. Where pair times keep to the order of places
 * but for less than a span those are one or two; where they do not, it may come to the whole window.
 * Thread: the writer changes it; readers hold the model's lock. */
struct upk_spans;

enum { UPK_SPAN_PAIRS = 512, UPK_SPANS_LOADED = 2 };

/* keep: all spans stay loaded (there is no store to load them from). NULL: UPK_NOMEM. */
struct upk_spans *upk_spans_create(bool keep, struct upk_error *err);
void upk_spans_destroy(struct upk_spans *s); /* NULL is fine */

/* The next pair by place. false: UPK_NOMEM, s is as it was. */
bool upk_spans_add(struct upk_spans *s, const struct upk_seat *seat, struct upk_error *err);

/* The next pair to leave: the first by pair time, then place. NULL: none, or it has to be loaded. */
const struct upk_seat *upk_spans_next(const struct upk_spans *s);
void upk_spans_leave(struct upk_spans *s); /* that one */

/* Changes what is loaded; else the store has it already, or will when the span is loaded. */
void upk_spans_revise(struct upk_spans *s, int64_t place, int64_t time, uint16_t actual);
/* The pair is in the window, and goes. What is known of a span that is not loaded may then be of a pair
 * that is no more: upk_spans_wanted asks for it. */
void upk_spans_remove(struct upk_spans *s, int64_t place, int64_t time);

/* A span that must be loaded so that the next pair to leave is known: the places from .. to. false:
 * there is none. O(1), but O(spans) after a removal. */
bool upk_spans_wanted(const struct upk_spans *s, int64_t *from, int64_t *to);

/* That span's pairs as the store has them, all that are in the window, by place.
 * false: UPK_NOMEM, s is as it was. */
bool upk_spans_load(struct upk_spans *s, int64_t from, const struct upk_seat *seats, size_t count,
	struct upk_error *err);

int64_t upk_spans_first_place(const struct upk_spans *s); /* no pair is before it; 0: no pairs */
int64_t upk_spans_least_event(const struct upk_spans *s); /* 0: no pairs. O(spans) at most */

#endif
