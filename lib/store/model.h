/* Models as stored: configuration as sent, what was learnt, and the state of rules and record. */
#ifndef UPK_STORE_MODEL_H
#define UPK_STORE_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/text.h"
#include "store/store.h"

struct upk_model_row {
	int64_t model; /* number in the file, from 1; never used again */
	struct upk_text name;
	struct upk_text config; /* JSON as sent */
	struct upk_text learnt; /* JSON: classes and features learnt from data */
	int64_t created;        /* ms */
	bool automatic;         /* made by its first event, not by a person */
	bool paused;            /* retraining is paused */
	struct upk_text state;  /* JSON of the tail's state; absent: none yet */
	int64_t state_place;    /* the place that state has seen */
	int64_t state_seq;      /* the sequence number up to which it has seen */
};

/* Inserts; *model becomes its number. */
bool upk_model_insert(struct upk_store *s, const struct upk_model_row *row, int64_t *model,
	struct upk_error *err);
/* Within the transaction that inserted it: it has neither events nor labels. */
bool upk_model_take_back(struct upk_store *s, int64_t model, struct upk_error *err);
bool upk_model_set_config(struct upk_store *s, int64_t model, struct upk_text config, bool automatic,
	struct upk_error *err);
bool upk_model_set_learnt(struct upk_store *s, int64_t model, struct upk_text learnt,
	struct upk_error *err);
bool upk_model_set_paused(struct upk_store *s, int64_t model, bool paused, struct upk_error *err);
bool upk_model_set_state(struct upk_store *s, int64_t model, int64_t place, int64_t seq,
	struct upk_text state, struct upk_error *err);

/* Calls take(context, row) for every model in the order of names, deleted ones (store/sweep.h)
 * excepted; stops when it returns false. */
bool upk_model_each(struct upk_store *s, bool (*take)(void *context, const struct upk_model_row *row),
	void *context, struct upk_error *err);

/* Number of a feature list (JSON array of {"name", "type", "size"}) of the model, stored on first
 * sight: numbers count from 1 per model. */
bool upk_feature_list_number(struct upk_store *s, int64_t model, struct upk_text features,
	int64_t *list, struct upk_error *err);
/* The features of one list; UPK_NOT_FOUND. */
bool upk_feature_list_get(struct upk_store *s, int64_t model, int64_t list, struct upk_text *features,
	struct upk_error *err);

#endif
