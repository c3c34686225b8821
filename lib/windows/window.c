#include "windows/window.h"

#include <stdlib.h>

#include "windows/counts.h"
#include "windows/spans.h"

struct upk_window {
	int64_t count, duration;
	struct upk_ring *ring;   /* of a count window */
	uint64_t first;          /* position of its oldest pair; the ring's end when it is empty */
	bool older;              /* there may be older pairs that would have a seat */
	struct upk_spans *spans; /* of a duration window */
	int64_t reach;           /* pairs of this time or before are out */
	int64_t through;         /* those of this time or before have left, of all spans */
	size_t pairs;
	uint64_t changes;
	upk_tag tag; /* in use */
	struct upk_counts *counts;
};

struct upk_window *upk_window_create(int64_t count, int64_t duration, struct upk_ring *ring,
	bool keep, size_t classes, struct upk_error *err)
{
	struct upk_window *w = calloc(1, sizeof *w);
	if (!w) {
		upk_fail(err, UPK_NOMEM, "no memory for a window");
		return NULL;
	}
	w->count = count;
	w->duration = duration;
	w->ring = count > 0 ? ring : NULL;
	w->first = w->ring ? upk_ring_end(ring) : 0;
	w->reach = w->through = INT64_MIN;
	w->spans = duration > 0 ? upk_spans_create(keep, err) : NULL;
	w->counts = upk_counts_create(classes, err);
	if (w->counts && (w->spans || w->ring))
		return w;
	upk_window_destroy(w);
	return NULL;
}

void upk_window_destroy(struct upk_window *w)
{
	if (!w)
		return;
	upk_counts_destroy(w->counts);
	upk_spans_destroy(w->spans);
	free(w);
}

bool upk_window_grow(struct upk_window *w, size_t classes, struct upk_error *err)
{
	return upk_counts_grow(w->counts, classes, err);
}

static void skip_vacant(struct upk_window *w)
{
	struct upk_seat seat;
	while (w->first < upk_ring_end(w->ring) && !upk_ring_at(w->ring, w->first, &seat))
		w->first++;
}

static void leave_seat(struct upk_window *w)
{
	struct upk_seat oldest;
	(void)upk_ring_at(w->ring, w->first, &oldest);
	upk_counts_remove(w->counts, &oldest);
	w->pairs--;
	w->first++;
	skip_vacant(w);
}

bool upk_window_add(struct upk_window *w, const struct upk_seat *seat, struct upk_error *err)
{
	if (w->spans && seat->time <= w->reach)
		return true;
	if (!upk_counts_add(w->counts, seat, err))
		return false;
	if (w->spans && !upk_spans_add(w->spans, seat, err)) {
		upk_counts_remove(w->counts, seat);
		return false;
	}
	if (w->ring && w->pairs == 0)
		w->first = upk_ring_end(w->ring) - 1;
	w->pairs++;
	w->changes++;
	if (w->ring && w->pairs > (size_t)w->count) {
		leave_seat(w);
		w->older = true;
	}
	return true;
}

static bool holds(const struct upk_window *w, const struct upk_seat *seat)
{
	return w->pairs > 0 &&
		(w->spans ? seat->time > w->reach : seat->place >= upk_window_start(w));
}

bool upk_window_revise(
	struct upk_window *w, const struct upk_seat *seat, uint16_t actual, struct upk_error *err)
{
	if (!holds(w, seat))
		return true;
	if (!upk_counts_revise(w->counts, seat, actual, err))
		return false;
	if (w->spans)
		upk_spans_revise(w->spans, seat->place, seat->time, actual);
	w->changes++;
	return true;
}

void upk_window_remove(struct upk_window *w, const struct upk_seat *seat)
{
	if (!holds(w, seat))
		return;
	upk_counts_remove(w->counts, seat);
	w->pairs--;
	w->changes++;
	if (w->spans)
		upk_spans_remove(w->spans, seat->place, seat->time);
	else
		skip_vacant(w);
}

bool upk_window_refill(struct upk_window *w, struct upk_error *err)
{
	struct upk_seat seat;
	uint64_t first = w->first;
	while (w->older && w->pairs < (size_t)w->count && first > upk_ring_first(w->ring)) {
		if (!upk_ring_at(w->ring, --first, &seat))
			continue;
		if (!upk_counts_add(w->counts, &seat, err))
			return false;
		w->first = first;
		w->pairs++;
	}
	return true;
}

size_t upk_window_lacks(const struct upk_window *w)
{
	return w->ring && w->older ? (size_t)w->count - w->pairs : 0;
}

void upk_window_none_older(struct upk_window *w)
{
	if (upk_window_lacks(w) > 0)
		w->older = false;
}

void upk_window_look_back(struct upk_window *w)
{
	w->older = true;
}

void upk_window_expire(struct upk_window *w, int64_t now)
{
	const struct upk_seat *next;
	if (!w->spans)
		return;
	if (now - w->duration > w->reach)
		w->reach = now - w->duration;
	while ((next = upk_spans_next(w->spans)) && next->time <= w->reach) {
		upk_counts_remove(w->counts, next);
		upk_spans_leave(w->spans);
		w->pairs--;
		w->changes++;
	}
	if (next || w->pairs == 0)
		w->through = w->reach;
}

bool upk_window_wanted(const struct upk_window *w, int64_t *from, int64_t *to, int64_t *after)
{
	*after = w->through;
	return w->spans && upk_spans_wanted(w->spans, from, to);
}

bool upk_window_load(struct upk_window *w, int64_t from, const struct upk_seat *seats, size_t count,
	struct upk_error *err)
{
	return upk_spans_load(w->spans, from, seats, count, err);
}

void upk_window_use(struct upk_window *w, upk_tag used)
{
	w->tag = used;
}

const struct upk_confusion *upk_window_counts(const struct upk_window *w)
{
	return upk_counts_all(w->counts);
}

const struct upk_confusion *upk_window_used(const struct upk_window *w)
{
	return upk_counts_of(w->counts, w->tag);
}

bool upk_window_by_count(const struct upk_window *w)
{
	return w->ring != NULL;
}

size_t upk_window_pairs(const struct upk_window *w)
{
	return w->pairs;
}

int64_t upk_window_start(const struct upk_window *w)
{
	struct upk_seat seat;
	if (w->pairs == 0)
		return 0;
	if (w->spans) {
		const struct upk_seat *next = upk_spans_next(w->spans);
		return next ? next->place : upk_spans_first_place(w->spans);
	}
	(void)upk_ring_at(w->ring, w->first, &seat);
	return seat.place;
}

uint64_t upk_window_first(const struct upk_window *w)
{
	return w->pairs == 0 ? upk_ring_end(w->ring) : w->first;
}

int64_t upk_window_first_event(const struct upk_window *w)
{
	return w->spans ? upk_spans_least_event(w->spans)
			: upk_ring_least_event(w->ring, upk_window_first(w));
}

int64_t upk_window_first_place(const struct upk_window *w)
{
	return w->spans ? upk_spans_first_place(w->spans) : upk_window_start(w);
}

int64_t upk_window_reach(const struct upk_window *w)
{
	return w->reach;
}

uint64_t upk_window_changes(const struct upk_window *w)
{
	return w->changes;
}

double upk_window_delay(const struct upk_window *w, double q)
{
	return upk_counts_delay(w->counts, q);
}
