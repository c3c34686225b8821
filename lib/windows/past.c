#include "windows/past.h"

#include <stdlib.h>

#include "windows/delays.h"

static bool seat_of(const struct upk_past *past, const struct upk_known_row *row,
	struct upk_seat *seat, struct upk_error *err)
{
	int actual = upk_schema_class(past->schema, row->actual);
	int predicted = upk_schema_class(past->schema, row->predicted);
	if (actual < 0 || predicted < 0)
		return upk_fail(err, UPK_CORRUPT,
			"place %lld has a class that the model does not have",
			(long long)row->place.place);
	*seat = (struct upk_seat){ .place = row->place.place,
		.time = row->place.time,
		.event = row->event_number,
		.pair = { (uint16_t)actual, (uint16_t)predicted },
		.delay = upk_delays_bucket(row->label_time - row->event_time) };
	return upk_tags_of(past->tags, row->version, &seat->tag, err);
}

struct reading {
	const struct upk_past *past;
	bool (*take)(void *context, const struct upk_seat *seat, struct upk_error *err);
	void *context;
	struct upk_error *err;
	bool failed;
};

static bool take_row(void *context, const struct upk_known_row *row)
{
	struct reading *r = context;
	struct upk_seat seat;
	r->failed = !seat_of(r->past, row, &seat, r->err) || !r->take(r->context, &seat, r->err);
	return !r->failed;
}

bool upk_past_each(const struct upk_past *past, const struct upk_scan *scan,
	bool (*take)(void *context, const struct upk_seat *seat, struct upk_error *err),
	void *context, struct upk_error *err)
{
	struct reading r = { past, take, context, err, false };
	struct upk_scan pairs = *scan;
	pairs.model = past->model;
	pairs.pairs_only = true;
	return upk_place_scan(past->store, &pairs, take_row, &r, err) && !r.failed;
}

bool upk_past_oldest(const struct upk_past *past, const struct upk_scan *scan,
	const struct upk_config *config, int64_t clock, int64_t *from, struct upk_error *err)
{
	int64_t most = 0, longest = 0, since = INT64_MAX;
	struct upk_scan pairs = *scan;
	pairs.model = past->model;
	pairs.pairs_only = true;
	for (size_t i = 0; i < config->windows_count; i++) {
		const struct upk_window_config *w = &config->windows[i];
		most = w->count > most ? w->count : most;
		longest = w->duration > longest ? w->duration : longest;
	}
	*from = INT64_MAX;
	if (most > 0 && !upk_place_newest(past->store, &pairs, most + 1, from, err))
		return false;
	if (longest > 0 &&
		!upk_place_since(past->store, past->model, clock - longest, &since, err))
		return false;
	if (since < *from)
		*from = since;
	return true;
}

void upk_seats_finish(struct upk_seats *s)
{
	free(s->items);
	*s = (struct upk_seats){ 0 };
}

struct listing {
	struct upk_seats *seats;
	int64_t after;
};

static bool list(void *context, const struct upk_seat *seat, struct upk_error *err)
{
	struct listing *l = context;
	struct upk_seats *s = l->seats;
	if (seat->time <= l->after)
		return true;
	if (s->count == s->room) {
		size_t room = s->room ? s->room * 2 : 64;
		struct upk_seat *items = realloc(s->items, room * sizeof *items);
		if (!items)
			return upk_fail(err, UPK_NOMEM, "no memory for a window's pairs");
		s->items = items;
		s->room = room;
	}
	s->items[s->count++] = *seat;
	return true;
}

bool upk_past_read(const struct upk_past *past, const struct upk_scan *scan, int64_t after,
	struct upk_seats *out, struct upk_error *err)
{
	struct listing l = { out, after };
	return upk_past_each(past, scan, list, &l, err);
}
