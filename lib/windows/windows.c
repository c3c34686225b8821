#include "windows/windows.h"

#include <stdlib.h>

bool upk_windows_init(struct upk_windows *ws, const struct upk_config *config, bool keep,
	size_t classes, struct upk_error *err)
{
	*ws = (struct upk_windows){ .ring = upk_ring_create(err) };
	if (!ws->ring)
		return false;
	ws->at = calloc(config->windows_count + 1, sizeof(struct upk_window *));
	if (!ws->at)
		return upk_fail(err, UPK_NOMEM, "no memory for a model's windows");
	for (size_t i = 0; i < config->windows_count; i++) {
		const struct upk_window_config *w = &config->windows[i];
		ws->at[i] = upk_window_create(w->count, w->duration, ws->ring, keep, classes, err);
		if (!ws->at[i])
			return false;
		ws->count++;
	}
	return true;
}

void upk_windows_finish(struct upk_windows *ws)
{
	for (size_t i = 0; i < ws->count; i++)
		upk_window_destroy(ws->at[i]);
	free(ws->at);
	upk_ring_destroy(ws->ring);
	*ws = (struct upk_windows){ 0 };
}

bool upk_windows_grow(struct upk_windows *ws, size_t classes, struct upk_error *err)
{
	for (size_t i = 0; i < ws->count; i++)
		if (!upk_window_grow(ws->at[i], classes, err))
			return false;
	return true;
}

void upk_windows_use(struct upk_windows *ws, upk_tag used)
{
	for (size_t i = 0; i < ws->count; i++)
		upk_window_use(ws->at[i], used);
}

/* What no count window holds goes. */
static void trim(struct upk_windows *ws)
{
	uint64_t first = upk_ring_end(ws->ring);
	for (size_t i = 0; i < ws->count; i++)
		if (upk_window_by_count(ws->at[i]) && upk_window_first(ws->at[i]) < first)
			first = upk_window_first(ws->at[i]);
	upk_ring_trim(ws->ring, first);
}

bool upk_windows_add(struct upk_windows *ws, const struct upk_seat *seat, struct upk_error *err)
{
	if (!upk_ring_push(ws->ring, seat, err))
		return false;
	for (size_t i = 0; i < ws->count; i++)
		if (!upk_window_add(ws->at[i], seat, err))
			return false;
	trim(ws);
	return true;
}

/* A count window counted what the ring has; one that is not in the ring is in none of them. */
bool upk_windows_revise(
	struct upk_windows *ws, const struct upk_seat *seat, uint16_t actual, struct upk_error *err)
{
	struct upk_seat held;
	uint64_t position;
	bool found = upk_ring_find(ws->ring, seat->place, &position) &&
		upk_ring_at(ws->ring, position, &held);
	for (size_t i = 0; i < ws->count; i++) {
		const struct upk_seat *was =
			upk_window_by_count(ws->at[i]) ? (found ? &held : NULL) : seat;
		if (was && !upk_window_revise(ws->at[i], was, actual, err))
			return false;
	}
	if (found)
		upk_ring_revise(ws->ring, position, actual);
	return true;
}

static bool refill(struct upk_windows *ws, struct upk_error *err)
{
	for (size_t i = 0; i < ws->count; i++)
		if (upk_window_by_count(ws->at[i]) && !upk_window_refill(ws->at[i], err))
			return false;
	return true;
}

bool upk_windows_remove(struct upk_windows *ws, const struct upk_seat *seat, struct upk_error *err)
{
	struct upk_seat held;
	uint64_t position;
	bool found = upk_ring_find(ws->ring, seat->place, &position) &&
		upk_ring_at(ws->ring, position, &held);
	if (found)
		upk_ring_vacate(ws->ring, position);
	for (size_t i = 0; i < ws->count; i++) {
		const struct upk_seat *was =
			upk_window_by_count(ws->at[i]) ? (found ? &held : NULL) : seat;
		if (was)
			upk_window_remove(ws->at[i], was);
	}
	return refill(ws, err);
}

bool upk_windows_lack(const struct upk_windows *ws, int64_t *below, size_t *many)
{
	struct upk_seat oldest;
	*many = 0;
	for (size_t i = 0; i < ws->count; i++)
		if (upk_window_lacks(ws->at[i]) > *many)
			*many = upk_window_lacks(ws->at[i]);
	if (*many == 0)
		return false;
	*below = INT64_MAX;
	if (upk_ring_first(ws->ring) < upk_ring_end(ws->ring)) {
		(void)upk_ring_at(ws->ring, upk_ring_first(ws->ring), &oldest);
		*below = oldest.place;
	}
	return true;
}

bool upk_windows_refill(struct upk_windows *ws, const struct upk_seat *older, size_t count,
	size_t asked, struct upk_error *err)
{
	for (size_t i = count; i > 0; i--)
		if (!upk_ring_unshift(ws->ring, &older[i - 1], err))
			return false;
	if (!refill(ws, err))
		return false;
	for (size_t i = 0; count < asked && i < ws->count; i++)
		upk_window_none_older(ws->at[i]);
	trim(ws);
	return true;
}

void upk_windows_look_back(struct upk_windows *ws)
{
	for (size_t i = 0; i < ws->count; i++)
		upk_window_look_back(ws->at[i]);
}

int64_t upk_windows_look(const struct upk_config *config)
{
	int64_t look = UPK_WINDOWS_LOOK_MOST;
	for (size_t i = 0; i < config->windows_count; i++) {
		int64_t duration = config->windows[i].duration;
		if (duration > 0 && duration / 20 < look)
			look = duration / 20;
	}
	return look < UPK_WINDOWS_LOOK_LEAST ? UPK_WINDOWS_LOOK_LEAST : look;
}

void upk_windows_expire(struct upk_windows *ws, int64_t now)
{
	for (size_t i = 0; i < ws->count; i++)
		upk_window_expire(ws->at[i], now);
}

bool upk_windows_wanted(const struct upk_windows *ws, size_t *window, int64_t *from, int64_t *to,
	int64_t *after)
{
	for (size_t i = 0; i < ws->count; i++) {
		*window = i;
		if (upk_window_wanted(ws->at[i], from, to, after))
			return true;
	}
	return false;
}
