/* Live adjustment: five softmax regressions that learn pair by pair. docs/policy.md section 5. */
#ifndef UPK_LEARN_SHADOW_H
#define UPK_LEARN_SHADOW_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/text.h"
#include "learn/expand.h"

enum { UPK_SHADOW_MEMBERS = 5 };

/* Inputs are cut at +-UPK_SHADOW_LIMIT standard deviations, and so is what the moments take of them
 * (of an input that never varied they take all). */
#define UPK_SHADOW_LIMIT 5.0

/* The members' parameters, their shared running moments and what each got right lately. Owned by
 * who made it; one thread at a time. */
struct upk_shadow;

/* Bytes of the members' parameters; SIZE_MAX when they can't be counted. */
size_t upk_shadow_size(size_t features, size_t classes);

/* What it begins with. */
struct upk_shadow_rows {
	size_t rows, features, classes;
	const double *x;   /* (rows, features), NAN: missing */
	const uint16_t *y; /* (rows): labels are 0 .. classes - 1 */
};

/* Begins with 4 passes over the rows in their order, standardised by their moments. cancel: looked
 * at between rows; NULL: never. NULL: UPK_INVALID (no rows, no features, fewer than two classes),
 * UPK_CANCELLED or UPK_NOMEM. */
struct upk_shadow *upk_shadow_create(
	const struct upk_shadow_rows *rows, const atomic_bool *cancel, struct upk_error *err);
void upk_shadow_destroy(struct upk_shadow *s); /* NULL is fine */

size_t upk_shadow_features(const struct upk_shadow *s);
size_t upk_shadow_classes(const struct upk_shadow *s);

/* x (features, NAN: missing) came: the moments run, then each member answers it: answers
 * (UPK_SHADOW_MEMBERS) are classes of the shadow. */
void upk_shadow_answer(struct upk_shadow *s, const double *x, uint16_t *answers);

/* x turns out to be y, which each member learns. Those that answered y when x came had it right;
 * NULL: what they answered is not known, and counts for nobody. x may be NULL: the one answered
 * last, when nothing has been learnt since. A y that the shadow has not (>= classes) is nobody's
 * hit and nothing to learn. */
void upk_shadow_learn(struct upk_shadow *s, const double *x, uint16_t y, const uint16_t *answers);

/* The member with the best decayed accuracy, of equals the one with the lowest rate. */
size_t upk_shadow_speaker(const struct upk_shadow *s);
/* A member's, 0..1, after `judged` rows whose answers were known: a mean that weighs each less the
 * older it is. NAN: none. */
double upk_shadow_accuracy(const struct upk_shadow *s, size_t member, int64_t judged);
double upk_shadow_rate(size_t member); /* alpha */

/* All of it, exact: the same bytes, the same answers ever after. write: a failed allocation shows
 * in out->failed. read: NULL is UPK_CORRUPT or UPK_NOMEM. */
void upk_shadow_write(const struct upk_shadow *s, struct upk_buffer *out);
struct upk_shadow *upk_shadow_read(struct upk_text bytes, struct upk_error *err);

/* The member that speaks, as it was at one moment, with the moments of then. */
struct upk_shadow_copy;

/* A copy of now; take makes it one of now again. NULL: UPK_NOMEM. */
struct upk_shadow_copy *upk_shadow_copy_create(const struct upk_shadow *s, struct upk_error *err);
void upk_shadow_copy_take(struct upk_shadow_copy *c, const struct upk_shadow *s);
void upk_shadow_copy_destroy(struct upk_shadow_copy *c); /* NULL is fine */

/* probabilities (classes) of x (features); the copy has room for one call at a time. */
void upk_shadow_copy_predict(struct upk_shadow_copy *c, const double *x, double *probabilities);

/* The copy as a version's bytes (learn/predictor.h), which answers alike: a `logistic` one whose
 * dense inputs are cut at the shadow's limit. expand, without texts, makes the inputs
 * (upk_expand_row): of a category's, 0 or 1, the moments are folded into coefficients and
 * intercepts, so its answers differ in last bits. classes are names. A failed allocation shows in
 * out->failed. */
void upk_shadow_copy_write_version(const struct upk_shadow_copy *c, const struct upk_expand *expand,
	const struct upk_text *classes, struct upk_buffer *out);

/* For a restart, exact; the shadow says how large it is. */
void upk_shadow_copy_write(const struct upk_shadow_copy *c, struct upk_buffer *out);
struct upk_shadow_copy *upk_shadow_copy_read(
	const struct upk_shadow *s, struct upk_text bytes, struct upk_error *err);

#endif
