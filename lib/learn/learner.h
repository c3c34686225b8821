/* The table of learners: algorithms that fit a version. */
#ifndef UPK_LEARN_LEARNER_H
#define UPK_LEARN_LEARNER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "base/error.h"
#include "base/json_writer.h"
#include "learn/crew.h"
#include "learn/curve.h"
#include "learn/onnx.h"
#include "learn/settings.h"
#include "learn/space.h"
#include "learn/sparse.h"
#include "learn/tfidf.h"

/* Rows as a learner takes them: dense inputs, standardised and without gaps (a `raw` learner's: as
 * they are, NAN for missing; of one that folds: not divided), and behind them sparse ones, if there
 * are any. */
struct upk_inputs {
	size_t rows, features;           /* features: the dense ones */
	const double *x;                 /* (rows, features) */
	const struct upk_sparse *sparse; /* of as many rows; NULL: none */
};

/* What a learner is given to fit: the same, and classes 0 .. classes - 1 that all have rows. */
struct upk_fit_input {
	size_t rows, features, classes;
	const double *x;                 /* (rows, features) */
	const uint16_t *y;               /* (rows) */
	const struct upk_sparse *sparse; /* of as many rows; NULL: none */
	uint64_t seed;
	const atomic_bool *cancel; /* looked at between iterations; NULL: never */
	struct upk_curve *curve;   /* gets the loss after each iteration; NULL: not wanted */
	/* Fitted by the same learner on the same features and classes: the fit goes on from its
	 * parameters, and a class may be without rows. NULL: from scratch. */
	const void *from;
	struct upk_crew
		*crew; /* shares the work; what is fitted is the same with any. NULL: none */
};

/* How large a fit is, as far as that is known before: all at most. */
struct upk_fit_size {
	size_t rows, classes;
	struct upk_width width;
	size_t values; /* of a row's sparse inputs, those that are not nought */
};

/* One row of the table; a new learner is one file that ends in one of these, and its line in
 * learner.c. fitted is the learner's own memory: made by fit or read, freed by free, not changed in
 * between, so any thread may predict. */
struct upk_learner {
	const char *name;
	bool raw;                      /* takes inputs as they are, NAN for missing */
	struct upk_tfidf_options text; /* which terms of texts it takes */
	/* settings: the learner's own object ({"l2": 1}), NULL for the defaults; unknown or wrong
	 * members are UPK_INVALID. */
	bool (*check)(const cJSON *settings, struct upk_error *err);
	const struct upk_setting *settings; /* all of them, with their defaults */
	/* What a search tries from scratch, and what is tried when a fit goes on from a version's
	 * parameters; each ends with a row without a name. */
	const struct upk_parameter *space, *adjust;
	const char *resource; /* the setting that counts iterations: a fit with more of it takes
				 longer, and can go on from one with less */
	/* The first so many iterations of a fit: what a fit of as many would have been. NULL is
	 * UPK_NOMEM. A learner that has it also goes on to what an undivided fit would have been;
	 * NULL: neither is so. */
	void *(*cut)(const void *fitted, size_t iterations, struct upk_error *err);
	/* About how many bytes a fit takes beside its input, at most; settings are checked. */
	double (*memory)(const struct upk_fit_size *size, const cJSON *settings);
	/* How long a fit takes against others of the same rows, roughly, in a unit of the learner's
	 * own, more than 0; settings are checked. NULL: all about as long. */
	double (*work)(const struct upk_fit_size *size, const cJSON *settings);
	/* false: UPK_CANCELLED, UPK_NOMEM, or UPK_INVALID with the reason in words. */
	bool (*fit)(const struct upk_fit_input *in, const cJSON *settings, void **fitted,
		struct upk_error *err);
	/* Multiplies the scores that become probabilities, of a fit that nobody predicts with yet.
	 */
	void (*scale)(void *fitted, double factor);
	/* Divides the weights of dense inputs by their scales, of a fit that nobody predicts with
	 * yet, again after `scale`: predict then wants dense inputs that are centred only. false:
	 * not with these scales. NULL: it wants them divided. */
	bool (*fold)(void *fitted, const double *scale);
	/* Bytes of memory that predict wants, aligned as malloc's; NULL: none. */
	size_t (*scratch)(const void *fitted);
	/* probabilities (rows, classes), each row's sum is 1. A row's answer does not depend on the
	 * other rows. */
	void (*predict)(const void *fitted, const struct upk_inputs *in, void *scratch,
		double *probabilities);
	/* The same of rows of floats (base/floats.h) that centring would take the means (features)
	 * from and nothing else; without sparse inputs. Whoever folds has it. */
	void (*predict_floats)(const void *fitted, const double *mean, const char *floats,
		size_t rows, double *probabilities);
	/* Members of an open object; read takes the same object back. */
	void (*write)(const void *fitted, struct upk_json_writer *w);
	bool (*read)(const cJSON *json, struct upk_width width, size_t classes, void **fitted,
		struct upk_error *err);
	/* Adds what predict does to a graph: input is (rows, dense and sparse inputs side by
	 * side), standardised doubles or, of a raw learner, floats with gaps; returns probabilities
	 * (rows, classes), floats or doubles as `type` says then. */
	const char *(*onnx)(const void *fitted, struct upk_onnx *g, const char *input,
		enum upk_onnx_type *type);
	void (*free)(void *fitted); /* NULL is fine */
};

/* The i-th, NULL after the last; by name, NULL when there is none. */
const struct upk_learner *upk_learner_at(size_t i);
const struct upk_learner *upk_learner_find(const char *name);

/* The kind of processor that fits run on: another kind may differ in the last bits. Static. */
const char *upk_learner_processor(void);

extern const struct upk_learner upk_logistic;
extern const struct upk_learner upk_mlp;
extern const struct upk_learner upk_trees;

#endif
