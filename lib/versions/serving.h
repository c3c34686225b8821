/* A version at work: picks its inputs out of an event's features, answers in the model's classes.
 */
#ifndef UPK_VERSIONS_SERVING_H
#define UPK_VERSIONS_SERVING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/text.h"
#include "config/feature.h"
#include "items/schema.h"
#include "store/store.h"

struct upk_predictor;

enum { UPK_NO_CLASS = UINT16_MAX };

/* Holds buffers of its own, so one thread at a time; several may serve the same predictor. */
struct upk_serving;

/* The version's classes are looked up in the schema; one that the model no longer has is never
 * answered. Takes references to predictor and schema. NULL: UPK_NOMEM. */
struct upk_serving *upk_serving_create(int64_t version, struct upk_predictor *predictor,
	struct upk_schema *schema, struct upk_error *err);
void upk_serving_destroy(struct upk_serving *s); /* NULL is fine */

/* The same of a version of the model as it is stored. NULL: UPK_NOT_FOUND, UPK_CORRUPT, UPK_NOMEM. */
struct upk_serving *upk_serving_load(struct upk_store *store, int64_t model, int64_t version,
	struct upk_schema *schema, struct upk_error *err);

int64_t upk_serving_version(const struct upk_serving *s);
struct upk_predictor *upk_serving_predictor(const struct upk_serving *s); /* borrowed */

/* Whether the list has any of the version's features: without, each of its rows would get the
 * answer to one of missing values. false: UPK_INVALID, naming both, or UPK_NOMEM. */
bool upk_serving_knows(
	struct upk_serving *s, const struct upk_features *list, struct upk_error *err);

/* The inputs of one encoded row as plain numbers: upk_expand_row of the predictor's features, of
 * which those that the row does not have are missing. false: UPK_CORRUPT, UPK_NOMEM. */
bool upk_serving_row(struct upk_serving *s, const struct upk_features *list,
	struct upk_text encoded, double *row, struct upk_error *err);

/* What the positive class's probability must reach to be answered, where that is not
 * UPK_DECISION_THRESHOLD; NAN: it is, or the greatest probability decides. */
double upk_serving_threshold(const struct upk_serving *s);

/* The class of the probabilities, which are in the order of its own classes. */
uint16_t upk_serving_decide(const struct upk_serving *s, const double *probabilities);

/* The class that it answers for one encoded row, and (NULL: not wanted) the probabilities in the
 * order of its own classes. Features that the row does not have are missing. false: UPK_CORRUPT
 * (not an encoding of the list), UPK_NOMEM. */
bool upk_serving_answer(struct upk_serving *s, const struct upk_features *list,
	struct upk_text encoded, uint16_t *class, double *probabilities, struct upk_error *err);

/* Whether both take the same features in the same order. */
bool upk_serving_is_alike(const struct upk_serving *s, const struct upk_serving *other);

/* The class that it answers for the one row that `first`, which is alike, answered last. false:
 * UPK_NOMEM. */
bool upk_serving_answer_after(struct upk_serving *s, const struct upk_serving *first,
	uint16_t *class, struct upk_error *err);

/* The same of many rows at once: row i is encoded[ends[i - 1] .. ends[i] - 1]. choices (rows) are
 * indices of the version's own classes, probabilities (rows, its classes). */
bool upk_serving_answer_rows(struct upk_serving *s, const struct upk_features *list,
	const char *encoded, const size_t *ends, size_t rows, uint16_t *choices,
	double *probabilities, struct upk_error *err);

/* The same of rows (rows, features) of a list that has nothing but numbers. They are only read, and
 * not copied where the version takes them as they stand. */
bool upk_serving_answer_numbers(struct upk_serving *s, const struct upk_features *list,
	double *numbers, size_t rows, uint16_t *choices, double *probabilities,
	struct upk_error *err);

/* Whether the version takes the rows of a list that has nothing but numbers as they stand; false,
 * too, where there is no memory to see that. */
bool upk_serving_takes_whole(struct upk_serving *s, const struct upk_features *list);

/* The same of such rows, packed: floats (base/floats.h), none of them infinite. */
bool upk_serving_answer_packed(struct upk_serving *s, const char *packed, size_t rows,
	uint16_t *choices, double *probabilities, struct upk_error *err);

/* The same with probabilities in the order of `schema`'s classes, which has grown from the one that
 * the serving was made with; classes that the version does not know get 0. */
bool upk_serving_answer_in(struct upk_serving *s, const struct upk_schema *schema,
	const struct upk_features *list, struct upk_text encoded, uint16_t *class, double *scores,
	struct upk_error *err);

#endif
