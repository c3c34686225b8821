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
};

struct upk_event_row {
	int64_t seq;
	int64_t model;
	int64_t number; /* the model's n-th event, from 1, in the order of arrival */
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
	struct upk_text features; /* encoded as engine/schema.h says; absent: none */
	int64_t feature_list;     /* number of the list they follow; 0 without features */
	struct upk_text slices;   /* JSON object, keys sorted; absent: none */
	struct upk_made_by version;
	struct upk_text meta;  /* JSON object as sent; absent: none */
	struct upk_text label; /* class that came in the same item; absent: none */
};

bool upk_event_insert(struct upk_store *s, const struct upk_event_row *row, struct upk_error *err);

/* By id within the model, or by sequence. *found says whether there is one. */
bool upk_event_find(struct upk_store *s, int64_t model, struct upk_text id, bool *found,
	struct upk_event_row *row, struct upk_error *err);
bool upk_event_get(struct upk_store *s, int64_t seq, bool *found, struct upk_event_row *row,
	struct upk_error *err);

/* An example gets its prediction: predicted, stated, score, scores, version, time, timed. */
bool upk_event_set_prediction(struct upk_store *s, const struct upk_event_row *row,
	struct upk_error *err);

/* Greatest `number` of the model's events, 0 when there is none. */
bool upk_event_last_number(struct upk_store *s, int64_t model, int64_t *number, struct upk_error *err);

/* A predicted event, as far as what is in use goes. */
struct upk_event_mark {
	int64_t seq, number, arrival;
	struct upk_made_by version;
};

/* Predicted events of the model with number > after, in the order of their numbers; stops when take
 * returns false. take may not call this store. */
bool upk_event_marks(struct upk_store *s, int64_t model, int64_t after,
	bool (*take)(void *context, const struct upk_event_mark *mark), void *context,
	struct upk_error *err);

/* How many of the model's events from that number on are predictions, not examples.
 * O(examples among them). */
bool upk_event_predictions(struct upk_store *s, int64_t model, int64_t from_number, int64_t *count,
	struct upk_error *err);

/* Whether any event or label of the model names this class. */
bool upk_event_uses_class(struct upk_store *s, int64_t model, struct upk_text class, bool *used,
	struct upk_error *err);

#endif
