/* Events as stored: one row a prediction or example. */
#ifndef UPK_STORE_EVENT_H
#define UPK_STORE_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/text.h"
#include "store/store.h"

/* The version that made a prediction: one of upkeepd's (number > 0), the sender's own string, or
 * absent (number 0, name absent). */
struct upk_made_by {
	int64_t number;
	struct upk_text name;
	int64_t revision; /* of upkeepd's, where it has some; 0: none */
};

struct upk_event_row {
	int64_t seq;
	int64_t model;
	int64_t number; /* the model's n-th prediction, from 1, in the order of arrival; 0: an example */
	int64_t place;  /* complete on arrival, or an example that became a pair; 0: see its labels */
	struct upk_text id; /* absent: it came without one */
	int64_t time;    /* its timestamp */
	bool timed;      /* the timestamp was sent; else time is the arrival */
	int64_t arrival;
	struct upk_text predicted; /* class; absent: an example */
	bool stated;     /* predicted was sent; else it was derived from the scores */
	bool scored;     /* score is there */
	double score;    /* probability of the positive class */
	const double *scores; /* in the order of the classes then known; NULL: none */
	size_t scores_count;
	struct upk_text features; /* encoded as items/schema.h says; absent: none */
	int64_t feature_list;     /* number of the list they follow; 0 without features */
	struct upk_text slices;   /* JSON object, keys sorted; absent: none */
	struct upk_made_by version;
	struct upk_text meta;  /* JSON object as sent; absent: none */
	struct upk_text label; /* class that came in the same item; absent: none */
};

/* Rows in the order of their sequence, after all that are stored. All of them, or on failure none;
 * with UPK_CONFLICT a sequence number was given out twice. */
bool upk_event_insert_many(struct upk_store *s, const struct upk_event_row *rows, size_t count,
	struct upk_error *err);

/* *found says whether there is one. */
bool upk_event_get(struct upk_store *s, int64_t seq, bool *found, struct upk_event_row *row,
	struct upk_error *err);

/* Every event with from <= seq <= to, in that order; stops when take returns false. take may not
 * call this store again. */
bool upk_event_scan(struct upk_store *s, int64_t from, int64_t to,
	bool (*take)(void *context, const struct upk_event_row *row), void *context,
	struct upk_error *err);

/* An example gets its prediction: number, place, predicted, stated, score, scores, version, time,
 * timed. */
bool upk_event_set_prediction(struct upk_store *s, const struct upk_event_row *row,
	struct upk_error *err);

/* An example that became a pair: what it was. */
struct upk_upgrade_row {
	int64_t event, model;
	int64_t seq;   /* of the item that brought the prediction */
	int64_t place; /* as an example; 0: not known any more */
	int64_t time, arrival; /* its event's, as an example */
};
bool upk_upgrade_insert(struct upk_store *s, const struct upk_upgrade_row *row, struct upk_error *err);
/* Those with from <= seq <= to, in that order. take may not call this store again. */
bool upk_upgrade_scan(struct upk_store *s, int64_t from, int64_t to,
	bool (*take)(void *context, const struct upk_upgrade_row *row), void *context,
	struct upk_error *err);

/* Numbers of predictions that were deleted one by one: add one, count those in from .. to. */
bool upk_event_add_gone(struct upk_store *s, int64_t model, int64_t number, struct upk_error *err);
bool upk_event_count_gone(struct upk_store *s, int64_t model, int64_t from, int64_t to,
	int64_t *count, struct upk_error *err);

#endif
