#include "engine/window.h"

#include <stdlib.h>

#include "engine/delays.h"

/* seats is a ring: its i-th seat is seats[(head + i) % capacity]. Count windows hold them by place,
 * duration windows by (time, place); the first is the next to leave. */
struct upk_window {
	int64_t count, duration;
	struct upk_seat *seats;
	size_t head, pairs, capacity;
	uint64_t changes;
	upk_tag tag;         /* in use */
	int64_t first_event; /* 0: to be found again */
	struct upk_confusion *counts, *used;
	struct upk_delays *delays;
};

static struct upk_seat *seat_at(const struct upk_window *w, size_t i)
{
	return &w->seats[(w->head + i) % w->capacity];
}

struct upk_window *upk_window_create(
	int64_t count, int64_t duration, size_t classes, struct upk_error *err)
{
	struct upk_window *w = calloc(1, sizeof *w);
	if (!w)
		goto fail;
	w->count = count;
	w->duration = duration;
	w->delays = calloc(1, sizeof *w->delays);
	if (!w->delays)
		goto fail;

	w->counts = upk_confusion_create(classes, err);
	w->used = upk_confusion_create(classes, err);
	if (w->counts && w->used)
		return w;
	upk_window_destroy(w);
	return NULL;

fail:
	upk_window_destroy(w);
	upk_fail(err, UPK_NOMEM, "no memory for a window");
	return NULL;
}

void upk_window_destroy(struct upk_window *w)
{
	if (!w)
		return;
	upk_confusion_destroy(w->counts);
	upk_confusion_destroy(w->used);
	free(w->delays);
	free(w->seats);
	free(w);
}

bool upk_window_grow(struct upk_window *w, size_t classes, struct upk_error *err)
{
	return upk_confusion_grow(w->counts, classes, err) &&
		upk_confusion_grow(w->used, classes, err);
}

static bool make_room(struct upk_window *w, struct upk_error *err)
{
	if (w->pairs < w->capacity)
		return true;

	size_t capacity = w->capacity ? w->capacity * 2 : 64;
	struct upk_seat *seats = malloc(capacity * sizeof *seats);
	if (!seats)
		return upk_fail(err, UPK_NOMEM, "no memory for a window of %zu pairs", capacity);
	for (size_t i = 0; i < w->pairs; i++)
		seats[i] = *seat_at(w, i);
	free(w->seats);
	w->seats = seats;
	w->head = 0;
	w->capacity = capacity;
	return true;
}

static void leave(struct upk_window *w)
{
	const struct upk_seat *seat = seat_at(w, 0);
	upk_confusion_remove(w->counts, seat->pair);
	if (seat->tag == w->tag)
		upk_confusion_remove(w->used, seat->pair);
	upk_delays_remove(w->delays, seat->delay);
	int64_t left = seat->event;
	w->head = (w->head + 1) % w->capacity;
	w->pairs--;
	if (left == w->first_event)
		w->first_event = w->pairs > 0 && seat_at(w, 0)->event == left + 1 ? left + 1 : 0;
}

/* Order of seats in the ring. */
static bool before(
	const struct upk_window *w, const struct upk_seat *a, int64_t time, int64_t place)
{
	if (w->count > 0 || a->time == time)
		return a->place < place;
	return a->time < time;
}

/* A late pair time moves the younger seats up by one: rare, and near the end. */
static void insert(struct upk_window *w, const struct upk_seat *seat)
{
	size_t i = w->pairs++;
	while (i > 0 && !before(w, seat_at(w, i - 1), seat->time, seat->place)) {
		*seat_at(w, i) = *seat_at(w, i - 1);
		i--;
	}
	*seat_at(w, i) = *seat;
}

bool upk_window_add(
	struct upk_window *w, const struct upk_seat *seat, int64_t now, struct upk_error *err)
{
	if (w->duration > 0 && seat->time <= now - w->duration)
		return true;
	if (w->count > 0 && w->pairs == (size_t)w->count)
		leave(w);
	if (!make_room(w, err))
		return false;

	bool known = w->pairs == 0 || w->first_event != 0;
	if (known && (w->pairs == 0 || seat->event < w->first_event))
		w->first_event = seat->event;
	insert(w, seat);
	upk_confusion_add(w->counts, seat->pair);
	if (seat->tag == w->tag)
		upk_confusion_add(w->used, seat->pair);
	upk_delays_add(w->delays, seat->delay);
	w->changes++;
	return true;
}

static struct upk_seat *find(struct upk_window *w, int64_t place, int64_t time)
{
	size_t low = 0, high = w->pairs;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (before(w, seat_at(w, middle), time, place))
			low = middle + 1;
		else
			high = middle;
	}
	if (low == w->pairs || seat_at(w, low)->place != place)
		return NULL;
	return seat_at(w, low);
}

void upk_window_revise(struct upk_window *w, int64_t place, int64_t time, uint16_t actual)
{
	struct upk_seat *seat = find(w, place, time);
	if (!seat)
		return;

	struct upk_pair pair = { .actual = actual, .predicted = seat->pair.predicted };
	upk_confusion_remove(w->counts, seat->pair);
	upk_confusion_add(w->counts, pair);
	if (seat->tag == w->tag) {
		upk_confusion_remove(w->used, seat->pair);
		upk_confusion_add(w->used, pair);
	}
	seat->pair = pair;
	w->changes++;
}

bool upk_window_expire(struct upk_window *w, int64_t now)
{
	size_t before = w->pairs;
	while (w->duration > 0 && w->pairs > 0 && seat_at(w, 0)->time <= now - w->duration)
		leave(w);
	w->changes += before - w->pairs;
	return w->pairs < before;
}

void upk_window_use(struct upk_window *w, upk_tag used)
{
	w->tag = used;
	upk_confusion_clear(w->used);
	for (size_t i = 0; i < w->pairs; i++)
		if (seat_at(w, i)->tag == used)
			upk_confusion_add(w->used, seat_at(w, i)->pair);
}

const struct upk_confusion *upk_window_counts(const struct upk_window *w)
{
	return w->counts;
}

const struct upk_confusion *upk_window_used(const struct upk_window *w)
{
	return w->used;
}

size_t upk_window_pairs(const struct upk_window *w)
{
	return w->pairs;
}

const struct upk_seat *upk_window_at(const struct upk_window *w, size_t i)
{
	return seat_at(w, i);
}

int64_t upk_window_start(const struct upk_window *w)
{
	return w->pairs == 0 ? 0 : seat_at(w, 0)->place;
}

int64_t upk_window_first_event(const struct upk_window *w)
{
	if (w->first_event != 0 || w->pairs == 0)
		return w->pairs == 0 ? 0 : w->first_event;

	int64_t first = INT64_MAX;
	for (size_t i = 0; i < w->pairs; i++)
		if (seat_at(w, i)->event < first)
			first = seat_at(w, i)->event;
	return first;
}

uint64_t upk_window_changes(const struct upk_window *w)
{
	return w->changes;
}

double upk_window_delay(const struct upk_window *w, double q)
{
	return upk_delays_quantile(w->delays, q);
}
