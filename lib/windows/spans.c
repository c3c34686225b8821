#include "windows/spans.h"

#include <stdlib.h>
#include <string.h>

/* Pairs that have left are no longer counted anywhere here. */
struct span {
	int64_t from, to;    /* first and last place */
	int64_t least_time;  /* of its pairs, or earlier */
	int64_t least_event; /* of its pairs; 0: to be found among the seats */
	size_t pairs;
	size_t entered; /* the open one: pairs that came, those that left too */
	size_t heap_at;
	bool doubtful;          /* a removed pair may have been the least */
	struct upk_seat *seats; /* NULL: not loaded; by (time, place), from seats[head] on */
	size_t head, room;
};

/* spans[head .. head + count - 1] by place; the last one is open. heap: the same by what leaves
 * first, heap[0] at the top. */
struct upk_spans {
	bool keep;
	struct span **spans, **heap;
	size_t head, count, room;
	size_t loaded, doubtful;
};

struct upk_spans *upk_spans_create(bool keep, struct upk_error *err)
{
	struct upk_spans *s = calloc(1, sizeof *s);
	if (!s) {
		upk_fail(err, UPK_NOMEM, "no memory for a window");
		return NULL;
	}
	s->keep = keep;
	return s;
}

static void destroy_span(struct span *span)
{
	free(span->seats);
	free(span);
}

void upk_spans_destroy(struct upk_spans *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->count; i++)
		destroy_span(s->spans[s->head + i]);
	free(s->spans);
	free(s->heap);
	free(s);
}

static bool before(const struct upk_seat *seat, int64_t time, int64_t place)
{
	return seat->time == time ? seat->place < place : seat->time < time;
}

/* ---- the heap ---- */

static int64_t first_place_of(const struct span *span)
{
	return span->seats ? span->seats[span->head].place : span->from;
}

/* Which has the pair that leaves first. One that is not loaded comes before a loaded one of the
 * same time if its places do. */
static bool sooner(const struct span *a, const struct span *b)
{
	if (a->least_time != b->least_time)
		return a->least_time < b->least_time;
	return first_place_of(a) < first_place_of(b);
}

static void heap_put(struct upk_spans *s, size_t at, struct span *span)
{
	s->heap[at] = span;
	span->heap_at = at;
}

/* The span's key changed, `n` are in the heap. */
static void heap_move(struct upk_spans *s, struct span *span, size_t n)
{
	size_t at = span->heap_at;
	while (at > 0 && sooner(span, s->heap[(at - 1) / 2])) {
		heap_put(s, at, s->heap[(at - 1) / 2]);
		at = (at - 1) / 2;
	}
	for (size_t child; (child = 2 * at + 1) < n; at = child) {
		if (child + 1 < n && sooner(s->heap[child + 1], s->heap[child]))
			child++;
		if (!sooner(s->heap[child], span))
			break;
		heap_put(s, at, s->heap[child]);
	}
	heap_put(s, at, span);
}

/* s->count is still what it was. */
static void heap_remove(struct upk_spans *s, const struct span *span)
{
	struct span *last = s->heap[s->count - 1];
	if (last == span)
		return;
	last->heap_at = span->heap_at;
	heap_move(s, last, s->count - 1);
}

/* ---- spans ---- */

/* Index of the span that the place would be in: the last that begins at or before it. */
static size_t index_of(const struct upk_spans *s, int64_t place)
{
	size_t low = 0, high = s->count;
	while (low < high) {
		size_t between = low + (high - low) / 2;
		if (s->spans[s->head + between]->from <= place)
			low = between + 1;
		else
			high = between;
	}
	return low - 1; /* SIZE_MAX: before all */
}

static struct span *span_of(const struct upk_spans *s, int64_t place)
{
	size_t i = index_of(s, place);
	struct span *span = i < s->count ? s->spans[s->head + i] : NULL;
	return span && place <= span->to ? span : NULL;
}

static struct span *newest(const struct upk_spans *s)
{
	return s->count > 0 ? s->spans[s->head + s->count - 1] : NULL;
}

static void drop_span(struct upk_spans *s, struct span *span)
{
	size_t i = s->head + index_of(s, span->from);
	heap_remove(s, span);
	if (i == s->head)
		s->head++;
	else
		memmove(&s->spans[i], &s->spans[i + 1],
			(s->head + s->count - i - 1) * sizeof(struct span *));
	s->count--;
	s->loaded -= span->seats != NULL;
	s->doubtful -= span->doubtful;
	destroy_span(span);
}

static void set_doubtful(struct upk_spans *s, struct span *span, bool doubtful)
{
	s->doubtful += (size_t)doubtful - (size_t)span->doubtful;
	span->doubtful = doubtful;
}

static int64_t find_least_event(const struct span *span)
{
	int64_t least = INT64_MAX;
	for (size_t i = 0; i < span->pairs; i++)
		if (span->seats[span->head + i].event < least)
			least = span->seats[span->head + i].event;
	return least;
}

static void unload(struct upk_spans *s, struct span *span)
{
	if (span->least_event == 0)
		span->least_event = find_least_event(span);
	free(span->seats);
	span->seats = NULL;
	span->head = span->room = 0;
	s->loaded--;
	heap_move(s, span, s->count);
}

/* Room for one span more in both lists. */
static bool make_room(struct upk_spans *s, struct upk_error *err)
{
	if (s->head + s->count < s->room)
		return true;
	if (s->head > s->count) {
		memmove(s->spans, &s->spans[s->head], s->count * sizeof(struct span *));
		s->head = 0;
		return true;
	}
	size_t room = s->room ? s->room * 2 : 4;
	struct span **spans = realloc(s->spans, room * sizeof *spans);
	if (spans)
		s->spans = spans;
	struct span **heap = spans ? realloc(s->heap, room * sizeof *heap) : NULL;
	if (!heap)
		return upk_fail(err, UPK_NOMEM, "no memory for a window's pairs");
	s->heap = heap;
	s->room = room;
	return true;
}

static struct span *open_span(
	struct upk_spans *s, const struct upk_seat *seat, struct upk_error *err)
{
	struct span *span = make_room(s, err) ? calloc(1, sizeof *span) : NULL;
	if (!span) {
		upk_fail(err, UPK_NOMEM, "no memory for a window's pairs");
		return NULL;
	}
	span->seats = malloc(sizeof *span->seats);
	if (!span->seats) {
		free(span);
		upk_fail(err, UPK_NOMEM, "no memory for a window's pairs");
		return NULL;
	}
	span->room = 1;
	span->from = seat->place;
	span->least_time = seat->time;
	return span;
}

static void enter_span(struct upk_spans *s, struct span *span)
{
	s->spans[s->head + s->count] = span;
	heap_put(s, s->count, span);
	s->count++;
	s->loaded++;
}

static bool widen(struct span *span, struct upk_error *err)
{
	if (span->head + span->pairs < span->room)
		return true;
	if (span->head > 0) {
		memmove(span->seats, &span->seats[span->head], span->pairs * sizeof *span->seats);
		span->head = 0;
		return true;
	}
	size_t room = span->room * 2;
	struct upk_seat *seats = realloc(span->seats, room * sizeof *seats);
	if (!seats)
		return upk_fail(err, UPK_NOMEM, "no memory for a window's pairs");
	span->seats = seats;
	span->room = room;
	return true;
}

/* A late pair time moves the younger seats of its span up by one. */
static void insert(struct span *span, const struct upk_seat *seat)
{
	size_t i = span->head + span->pairs++;
	while (i > span->head && !before(&span->seats[i - 1], seat->time, seat->place)) {
		span->seats[i] = span->seats[i - 1];
		i--;
	}
	span->seats[i] = *seat;
	span->least_time = span->seats[span->head].time;
	span->to = seat->place;
	span->entered++;
	if (span->pairs == 1)
		span->least_event = seat->event;
	else if (span->least_event != 0 && seat->event < span->least_event)
		span->least_event = seat->event;
}

/* One that is complete is let go of, unless few are loaded. */
static void seal(struct upk_spans *s, struct span *span)
{
	if (!s->keep && s->loaded > UPK_SPANS_LOADED && s->heap[0] != span)
		unload(s, span);
}

bool upk_spans_add(struct upk_spans *s, const struct upk_seat *seat, struct upk_error *err)
{
	struct span *span = newest(s);
	bool full = !span || span->entered == UPK_SPAN_PAIRS || !span->seats;
	if (full) {
		struct span *opened = open_span(s, seat, err);
		if (!opened)
			return false;
		if (span && span->seats)
			seal(s, span);
		enter_span(s, opened);
		span = opened;
	}
	if (!widen(span, err))
		return false;
	insert(span, seat);
	heap_move(s, span, s->count);
	return true;
}

const struct upk_seat *upk_spans_next(const struct upk_spans *s)
{
	const struct span *top = s->count > 0 ? s->heap[0] : NULL;
	return top && top->seats ? &top->seats[top->head] : NULL;
}

/* Its first seat, or another, is gone. */
static void follow(struct upk_spans *s, struct span *span, int64_t event)
{
	if (span->pairs == 0) {
		drop_span(s, span);
		return;
	}
	if (event == span->least_event)
		span->least_event = 0;
	span->least_time = span->seats[span->head].time;
	heap_move(s, span, s->count);
}

void upk_spans_leave(struct upk_spans *s)
{
	struct span *top = s->heap[0];
	int64_t event = top->seats[top->head].event;
	top->head++;
	top->pairs--;
	follow(s, top, event);
}

static struct upk_seat *find(const struct span *span, int64_t place, int64_t time)
{
	size_t low = span->head, high = span->head + span->pairs;
	while (low < high) {
		size_t between = low + (high - low) / 2;
		if (before(&span->seats[between], time, place))
			low = between + 1;
		else
			high = between;
	}
	return low < span->head + span->pairs && span->seats[low].place == place ? &span->seats[low]
										 : NULL;
}

void upk_spans_revise(struct upk_spans *s, int64_t place, int64_t time, uint16_t actual)
{
	struct span *span = span_of(s, place);
	struct upk_seat *seat = span && span->seats ? find(span, place, time) : NULL;
	if (seat)
		seat->pair.actual = actual;
}

void upk_spans_remove(struct upk_spans *s, int64_t place, int64_t time)
{
	struct span *span = span_of(s, place);
	struct upk_seat *seat = span && span->seats ? find(span, place, time) : NULL;
	if (!span)
		return;
	if (!span->seats) {
		span->pairs--;
		if (span->pairs == 0)
			drop_span(s, span);
		else
			set_doubtful(s, span, true);
		return;
	}
	if (!seat)
		return;
	int64_t event = seat->event;
	size_t behind = (size_t)(&span->seats[span->head + span->pairs] - seat) - 1;
	memmove(seat, seat + 1, behind * sizeof *seat);
	span->pairs--;
	follow(s, span, event);
}

static bool ask(const struct span *span, int64_t *from, int64_t *to)
{
	*from = span->from;
	*to = span->to;
	return true;
}

bool upk_spans_wanted(const struct upk_spans *s, int64_t *from, int64_t *to)
{
	for (size_t i = 0; s->doubtful > 0 && i < s->count; i++)
		if (s->spans[s->head + i]->doubtful)
			return ask(s->spans[s->head + i], from, to);
	return s->count > 0 && !s->heap[0]->seats && ask(s->heap[0], from, to);
}

static int by_time(const void *a, const void *b)
{
	const struct upk_seat *x = a, *y = b;
	if (x->time != y->time)
		return x->time < y->time ? -1 : 1;
	return (x->place > y->place) - (x->place < y->place);
}

bool upk_spans_load(struct upk_spans *s, int64_t from, const struct upk_seat *seats, size_t count,
	struct upk_error *err)
{
	struct span *span = span_of(s, from);
	if (count == 0) {
		drop_span(s, span);
		return true;
	}
	struct upk_seat *own = malloc(count * sizeof *own);
	if (!own)
		return upk_fail(err, UPK_NOMEM, "no memory for a window's pairs");
	memcpy(own, seats, count * sizeof *own);
	qsort(own, count, sizeof *own, by_time);
	bool doubtful = span->doubtful;
	set_doubtful(s, span, false);
	span->seats = own;
	span->head = 0;
	span->pairs = span->room = count;
	span->least_event = 0;
	span->least_time = own[0].time;
	s->loaded++;
	heap_move(s, span, s->count);
	if (doubtful && s->heap[0] != span)
		unload(s, span);
	return true;
}

int64_t upk_spans_first_place(const struct upk_spans *s)
{
	return s->count > 0 ? s->spans[s->head]->from : 0;
}

int64_t upk_spans_least_event(const struct upk_spans *s)
{
	int64_t least = INT64_MAX;
	for (size_t i = 0; i < s->count; i++) {
		const struct span *span = s->spans[s->head + i];
		int64_t one = span->least_event ? span->least_event : find_least_event(span);
		if (one < least)
			least = one;
	}
	return s->count > 0 ? least : 0;
}
