/* A fitted version: preprocessing and learner together, from rows to probabilities. */
#ifndef UPK_LEARN_PREDICTOR_H
#define UPK_LEARN_PREDICTOR_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/text.h"
#include "learn/calibrate.h"
#include "learn/dataset.h"
#include "learn/expand.h"
#include "learn/learner.h"
#include "learn/threshold.h"

/* Immutable once made, counted references: any thread may predict. */
struct upk_predictor;

enum { UPK_PREDICTOR_VALUES = 100 };

/* What every fit of a run has in common. Borrowed for the call; names are copied. */
struct upk_predictor_setup {
	const struct upk_learner *learner;
	const cJSON *settings;           /* NULL: the learner's defaults */
	size_t values; /* of a category that get a column of their own; 0: UPK_PREDICTOR_VALUES */
	const struct upk_text *classes;  /* (dataset.classes) names */
	uint64_t seed;
	const atomic_bool *cancel;
	struct upk_crew *crew;   /* shares the work; NULL: none */
	struct upk_curve *curve; /* gets the loss after each iteration; NULL: not wanted */
	/* The fit goes on from this one's parameters, with its preprocessing, classes and kind of
	 * learner. NULL: from scratch. */
	struct upk_predictor *from;
};

/* Fits rows from .. to - 1. Features become columns of numbers (learn/expand.h), of which the dense
 * ones are standardised, a missing one becoming the training part's mean and a constant one 0
 * (learn/encode.h); sparse ones stay as they are. A raw learner takes all as they are. Classes
 * without rows get probability 0.
 * NULL: UPK_INVALID (no rows, one class only, no features, a class or features that `from` does not
 * have), UPK_CANCELLED or UPK_NOMEM. One reference is the caller's. */
struct upk_predictor *upk_predictor_fit(const struct upk_predictor_setup *setup,
	const struct upk_dataset *d, size_t from, size_t to, struct upk_error *err);

/* What p would be after so many iterations, of a learner that can cut fits; to be asked alone,
 * since its settings are p's. NULL: UPK_NOMEM. One reference is the caller's. */
struct upk_predictor *upk_predictor_cut(
	struct upk_predictor *p, size_t iterations, struct upk_error *err);

/* Rows (indices) that a calibration looks at, from .. to - 1, and those that its twin was fitted on,
 * fitted_from .. fitted_to - 1; fitted_to is at most from. */
struct upk_calibrate_rows {
	const struct upk_dataset *data;
	size_t fitted_from, fitted_to, from, to;
};

/* Divides the scores of p, which nobody predicts with yet, by the temperature (learn/calibrate.h) that
 * suits `twin`, fitted otherwise as p, on rows that the twin has not seen. false: UPK_NOMEM. */
bool upk_predictor_calibrate(struct upk_predictor *p, const struct upk_predictor *twin,
	const struct upk_calibrate_rows *rows, struct upk_error *err);

/* Those rows in places; to is 0 where p was not calibrated, or did not need it, fitted_to where the
 * twin's rows are all of p's before `from`. */
struct upk_calibrated_on {
	int64_t fitted_from, fitted_to, from, to;
};
struct upk_calibrated_on upk_predictor_calibrated(const struct upk_predictor *p);

struct upk_predictor *upk_predictor_ref(struct upk_predictor *p);
void upk_predictor_unref(struct upk_predictor *p); /* NULL is fine */

/* Rows from .. from + rows - 1 of a table into probabilities (rows, classes). A feature that the table
 * lacks is missing, others that it has are not looked at. false: UPK_NOMEM. */
bool upk_predictor_predict(const struct upk_predictor *p, const struct upk_table *t, size_t from,
	size_t rows, double *probabilities, struct upk_error *err);

/* Whether it can answer rows of these columns in these classes: its features are all among the
 * columns, and its classes are the first of those. */
bool upk_predictor_fits(const struct upk_predictor *p, const struct upk_columns *columns,
	const struct upk_text *classes, size_t count);

const char *upk_predictor_learner(const struct upk_predictor *p);
const char *upk_predictor_settings(const struct upk_predictor *p); /* a JSON object */
const struct upk_columns *upk_predictor_columns(const struct upk_predictor *p); /* its features */
const struct upk_expand *upk_predictor_expand(const struct upk_predictor *p);
size_t upk_predictor_values(const struct upk_predictor *p); /* its setup's; 0: no categories */
size_t upk_predictor_classes(const struct upk_predictor *p);
struct upk_text upk_predictor_class(const struct upk_predictor *p, size_t i);

/* The version's bytes: one JSON object (`model.json`), readable and complete. Same fit, same bytes.
 * write: a failed allocation shows in out->failed. read: NULL is UPK_CORRUPT or UPK_NOMEM. */
void upk_predictor_write(const struct upk_predictor *p, struct upk_buffer *out);
struct upk_predictor *upk_predictor_read(struct upk_text bytes, struct upk_error *err);

/* How probabilities become a class: with `positive` >= 0 and two classes the positive one when its
 * probability is >= threshold, else arg max (the first of equals). */
struct upk_decision {
	int positive;
	double threshold;
};
#define UPK_DECISION_THRESHOLD 0.5 /* of a model whose configuration names no other */
uint16_t upk_decide(struct upk_decision decision, const double *probabilities, size_t classes);
void upk_decide_rows(struct upk_decision decision, const double *probabilities, size_t rows,
	size_t classes, uint16_t *choices); /* probabilities (rows, classes), choices (rows) */

/* How p's own do where the model decides so, `positive` being p's class: by p's own threshold where
 * it has one for that class and the model's is UPK_DECISION_THRESHOLD. */
struct upk_decision upk_predictor_decision(
	const struct upk_predictor *p, struct upk_decision models);

/* Rows from .. cut - 1 that a twin was fitted on, and cut .. to - 1 that it answers. */
struct upk_tune_rows {
	const struct upk_dataset *data;
	size_t from, cut, to;
};

/* Looks for a threshold of the positive class by what `twin` answers, fitted otherwise as p, and gives
 * it to p, which only the caller's thread has yet, if it is kept. false: UPK_NOMEM. */
bool upk_predictor_tune(struct upk_predictor *p, const struct upk_predictor *twin,
	uint16_t positive, const struct upk_tune_rows *rows, struct upk_threshold *out,
	struct upk_error *err);

/* p, which only the caller's thread has yet and which is not calibrated, gets the threshold of
 * `other`; NULL: it has none any more. */
void upk_predictor_take_threshold(struct upk_predictor *p, const struct upk_predictor *other);

double upk_predictor_threshold(const struct upk_predictor *p); /* its own; 0: it has none */

/* Where that comes from, in places: the rows of upk_tune_rows; to is 0 where it is not known. */
struct upk_tuned_on {
	int64_t from, cut, to;
	uint16_t positive; /* index of the class */
};
struct upk_tuned_on upk_predictor_tuned(const struct upk_predictor *p);

/* The version as an ONNX model. Where all features are numbers one input `features`, floats (rows,
 * features); else one a feature, by its name: floats (rows, 1) of a number, strings (rows, 1) of a
 * category, "" for missing, floats (rows, size) of a vector. NaN is missing, all of a vector's;
 * outputs `label` (rows), the class of the greatest probability or as `decision` says (that of
 * upk_predictor_decision), and `probabilities`, floats (rows, classes). false: UPK_CONFLICT (a
 * text, or a feature named as an output), UPK_NOMEM. */
bool upk_predictor_write_onnx(const struct upk_predictor *p, struct upk_decision decision,
	struct upk_buffer *out, struct upk_error *err);

#endif
