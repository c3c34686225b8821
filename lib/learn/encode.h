/* From a model's features to what a learner takes: gaps filled, inputs standardised. */
#ifndef UPK_LEARN_ENCODE_H
#define UPK_LEARN_ENCODE_H

#include <stdbool.h>
#include <stddef.h>

#include <cjson/cJSON.h>

#include "base/error.h"
#include "base/json_writer.h"
#include "learn/onnx.h"

/* Starts as { 0 }; not changed once fitted or read, so any thread may apply it. */
struct upk_encode {
	size_t features;
	double *mean;   /* (features), of the rows that have a value */
	double *scale;  /* (features), standard deviation with the gaps filled; 0: says nothing,
			   gives 0 */
	double *impute; /* (features), what stands for NAN */
	double *reach;  /* (features), limit times scale; NULL: only apply is called */
	float uncut;    /* floats up to here, either sign, are not cut by reach */
	double limit;   /* inputs are cut at +-this */
};

/* Takes the moments of x (rows, features). A column without any value, one that is constant, and
 * one whose moments overflow get scale 0. Values beyond UPK_ENCODE_MOST, either sign, are left out of
 * the moments as if they were NAN, and where there are any, limit is the largest input of the others,
 * at least 1. false: UPK_NOMEM, e as it was. */
#define UPK_ENCODE_MOST 0x1p126
bool upk_encode_fit(
	struct upk_encode *e, const double *x, size_t rows, size_t features, struct upk_error *err);
void upk_encode_finish(struct upk_encode *e);

/* out (rows, features): (x - mean) / scale, cut at +-limit. A fit's is
 * UPK_ENCODE_LIMIT, so that sums stay finite. */
#define UPK_ENCODE_LIMIT 1e9
void upk_encode_apply(const struct upk_encode *e, const double *x, size_t rows, double *out);

/* The same without the division, for who has divided the weights: x - mean, cut at +-reach. Of
 * floats they are those that begin at these bytes (base/floats.h). */
void upk_encode_centre(const struct upk_encode *e, const double *x, size_t rows, double *out);
void upk_encode_centre_floats(
	const struct upk_encode *e, const char *bytes, size_t rows, double *out);

/* What apply does to float input (rows, features): returns doubles (rows, features). */
const char *upk_encode_onnx(const struct upk_encode *e, struct upk_onnx *g, const char *input);

/* Members mean, scale, impute and, where it is not UPK_ENCODE_LIMIT, limit of an open object, and
 * back.
 * read: false is UPK_CORRUPT or UPK_NOMEM, e as it was. */
void upk_encode_write(const struct upk_encode *e, struct upk_json_writer *w);
bool upk_encode_read(
	struct upk_encode *e, const cJSON *json, size_t features, struct upk_error *err);

#endif
