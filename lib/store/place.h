/* A model's pairs and examples in the order in which they became complete. */
#ifndef UPK_STORE_PLACE_H
#define UPK_STORE_PLACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/text.h"
#include "store/event.h"
#include "store/store.h"

/* Places count from 1 per model. */
struct upk_place_row {
	int64_t model, place;
	int64_t event;   /* sequence of the event */
	int64_t label;   /* sequence of the label row that completed it; 0: the event's own label */
	int64_t time;    /* pair time; an example's: its event's time */
	int64_t arrival; /* when it became complete, by the daemon's clock; never falls with place */
};

/* Rows in the order of each model's places. All of them, or on failure none. */
bool upk_place_insert_many(struct upk_store *s, const struct upk_place_row *rows, size_t count,
	struct upk_error *err);

bool upk_place_get(struct upk_store *s, int64_t model, int64_t place, bool *found,
	struct upk_place_row *row, struct upk_error *err);

/* One place, noted as removed: an example became a pair, or an event was erased. */
bool upk_place_remove(struct upk_store *s, int64_t model, int64_t place, struct upk_error *err);

/* The places from .. to, those that are there; upk_place_note_removed with the last of all that go comes
 * in the same transaction. */
bool upk_place_remove_range(struct upk_store *s, int64_t model, int64_t from, int64_t to,
	struct upk_error *err);
/* A place was removed that will not be given out again: the greatest counts. */
bool upk_place_note_removed(struct upk_store *s, int64_t model, int64_t place, struct upk_error *err);

/* The last place given out, 0 when there is none (removed ones count). */
bool upk_place_last(struct upk_store *s, int64_t model, int64_t *place, struct upk_error *err);

/* The first place that is there; one past the last when there is none. O(log). */
bool upk_place_first(struct upk_store *s, int64_t model, int64_t *place, struct upk_error *err);

/* A row with its event and its label as known at as_of. */
struct upk_known_row {
	struct upk_place_row place;
	int64_t event_number;
	int64_t event_time;
	int64_t label_time;  /* of the label that completed it */
	struct upk_text predicted; /* absent: an example */
	bool was_example; /* before its prediction came; false unless the scan reads features */
	struct upk_text actual;
	struct upk_made_by version;
	bool scored;
	double score;
	const double *scores;
	size_t scores_count;
	struct upk_text features;
	int64_t feature_list;
	struct upk_text slices; /* JSON object */
};

/* What a scan reads besides the classes: leaving out what is not needed is faster. */
enum upk_scan_what {
	UPK_SCAN_CLASSES = 0,
	UPK_SCAN_SCORES = 1,
	UPK_SCAN_FEATURES = 2,
	UPK_SCAN_UNREVISED = 4, /* the label that completed it, whatever revised it since */
	UPK_SCAN_SLICES = 8,
};

struct upk_scan {
	int64_t model;
	int64_t from, to;   /* places from .. to - 1 */
	int64_t as_of;      /* labels with seq <= this; INT64_MAX: all */
	unsigned what;      /* upk_scan_what, or-ed */
	bool pairs_only;    /* leave examples out */
	int64_t newest;     /* > 0: only the newest so many of them */
};

/* Calls take for each row in the order of places; stops when it returns false (that is no error).
 * take may not call this store again. */
bool upk_place_scan(struct upk_store *s, const struct upk_scan *scan,
	bool (*take)(void *context, const struct upk_known_row *row), void *context,
	struct upk_error *err);

/* Where the newest `count` rows of the scan begin (its newest is left aside). O(count). */
bool upk_place_newest(struct upk_store *s, const struct upk_scan *scan, int64_t count, int64_t *from,
	struct upk_error *err);

/* The first place that a pair whose time is > after can have: a pair time is at most a day ahead of the
 * pair's arrival, and arrivals never fall. One past the last place when there is none. O(log). */
bool upk_place_since(struct upk_store *s, int64_t model, int64_t after, int64_t *from,
	struct upk_error *err);

#endif
