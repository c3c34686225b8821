/* Live adjustment: a shadow that learns pair by pair, and serves when it is proven better. */
#ifndef UPK_VERSIONS_LIVE_H
#define UPK_VERSIONS_LIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/text.h"
#include "config/config.h"
#include "items/schema.h"
#include "metrics/confusion.h"
#include "versions/duel.h"
#include "versions/live_start.h"
#include "versions/serving.h"

/* docs/policy.md section 5. One a model, from the model's start on; it begins when a run hands over
 * a shadow. The writer answers as an event comes and learns as a pair does, like the bench without
 * a lag, so that what is decided depends on the rows alone, and a restart finds the same to the
 * bit.
 *
 * What may serve is a copy of the shadow, taken anew every `renew` pairs: a revision. All revisions
 * are one version, which gets its number when it first takes over. The shadow's members answer each
 * event, and while a version serves so does the copy of the moment; these answers wait for the
 * label. While the copy serves, the last other version answers each pair. Both are judged on what
 * was served. Thread: the writer; readers hold the model's lock. */
struct upk_live;

/* Settings of the version, by which its row is known. */
#define UPK_LIVE_SETTINGS "{\"live\":true}"

/* Not begun. config is borrowed. NULL: UPK_NOMEM. */
struct upk_live *upk_live_create(const struct upk_retrain_config *config, struct upk_error *err);
void upk_live_destroy(struct upk_live *l); /* NULL is fine */

/* The shadow begins, unless it has already; takes what it needs out of start. champion: the version
 * that answers, 0: none. */
bool upk_live_begin(struct upk_live *l, struct upk_live_start *start, struct upk_schema *schema,
	int64_t champion, struct upk_error *err);

bool upk_live_wants_start(const struct upk_live *l); /* it is on, and has not begun */
bool upk_live_learns(const struct upk_live *l);      /* it is on, and has begun */

/* The version's number, 0: it has never taken over; the other version of the two, 0: none. */
int64_t upk_live_version(const struct upk_live *l);
int64_t upk_live_other(const struct upk_live *l);
void upk_live_number(struct upk_live *l, int64_t version);

/* Another version than its own was promoted, or one left the bench: it is the other one now. */
void upk_live_face(struct upk_live *l, int64_t version);
/* A person rolled it back (true): it does not take over by itself, until promoted by hand. */
void upk_live_hold(struct upk_live *l, bool held);

/* An event with features came: what is answered to it waits for the label. copy: by the copy too.
 */
bool upk_live_answer(struct upk_live *l, int64_t event, const struct upk_features *list,
	struct upk_text features, bool copy, struct upk_error *err);
/* What the copy answered; UPK_NO_CLASS: nothing. */
uint16_t upk_live_answered(const struct upk_live *l, int64_t event);

/* A pair of what is in use, with what the other of the two answered (UPK_NO_CLASS: left out). */
bool upk_live_judge_pair(struct upk_live *l, int64_t place, struct upk_pair pair, uint16_t other,
	struct upk_error *err);
/* Any pair with features: the shadow learns from it, and the copy is renewed when that is due. What
 * was answered to the event waits no longer. */
bool upk_live_learn(struct upk_live *l, int64_t event, const struct upk_features *list,
	struct upk_text features, uint16_t actual, struct upk_error *err);

void upk_live_begin_record(struct upk_live *l);
void upk_live_revise(struct upk_live *l, int64_t place, uint16_t actual);
void upk_live_remove(struct upk_live *l, int64_t place);

/* Whether the other of the two takes over from what is in use (upk_duel_judge); `serving`: that is
 * a copy; tuned is its rule's. false: UPK_NOMEM. */
bool upk_live_judge(const struct upk_live *l, bool serving, size_t classes, int tuned, bool *wins,
	struct upk_takeover *out, struct upk_error *err);
/* While a copy serves, once: it is so much better that what it replaced is out of date; since when
 * (a place). 0: no. */
int64_t upk_live_change(struct upk_live *l);

/* The copy at work, of the last upk_live_publish; NULL: none. */
struct upk_serving *upk_live_serving(const struct upk_live *l);
int64_t upk_live_revision(const struct upk_live *l);      /* of that one */
struct upk_text upk_live_bytes(const struct upk_live *l); /* of that one, as a version's */
/* Under the model's lock. false: UPK_NOMEM or UPK_CORRUPT, the copy before still serves. */
bool upk_live_publish(struct upk_live *l, struct upk_schema *schema, struct upk_error *err);

/* The newest copy as a version's bytes. false: UPK_NOMEM. */
bool upk_live_write_copy(const struct upk_live *l, struct upk_buffer *out, struct upk_error *err);

/* For reports. */
struct upk_live_view {
	bool begun, held;
	const char *why;           /* not begun, and known why; "": not */
	int64_t version, revision; /* the newest copy's */
	int64_t renew, pairs, from, rows;
	double accuracy, rate; /* of the member that speaks; accuracy: NAN before the first pair */
	size_t size;           /* bytes of parameters */
};
void upk_live_view(const struct upk_live *l, struct upk_live_view *out);

/* For a restart, exact; states of older forms are read too. read: into a fresh one; UPK_CORRUPT or
 * UPK_NOMEM. */
void upk_live_write(const struct upk_live *l, struct upk_buffer *out);
bool upk_live_read(struct upk_live *l, struct upk_text bytes, struct upk_schema *schema,
	struct upk_error *err);

#endif
