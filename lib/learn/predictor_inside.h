/* Inside of a version: for predictor.c, which makes it, predictor_calibrate.c, predictor_decide.c,
 * predictor_onnx.c, which writes it out, and shadow.c, whose copies have the same form. */
#ifndef UPK_LEARN_PREDICTOR_INSIDE_H
#define UPK_LEARN_PREDICTOR_INSIDE_H

#include <stdatomic.h>

#include <cjson/cJSON.h>

#include "base/json_writer.h"
#include "learn/encode.h"
#include "learn/predictor.h"

/* Copies of names, their bytes in one block. */
struct upk_predictor_names {
	size_t count;
	struct upk_text *items;
	char *bytes;
};

/* Its own threshold. */
struct upk_predictor_threshold {
	double value; /* of the probability; 0: it has none */
	struct upk_tuned_on on;
	struct upk_threshold tuned; /* what came of them */
};

struct upk_predictor {
	atomic_size_t references;
	const struct upk_learner *learner;
	void *fitted;   /* the learner's, over the classes that are present */
	char *settings; /* a JSON object */
	struct upk_predictor_names classes;
	uint16_t *present; /* (presents): indices of the classes that had rows, increasing */
	size_t presents;
	struct upk_expand *expand;
	struct upk_calibration calibration;     /* of temperature 1: none */
	struct upk_calibrated_on calibrated_on; /* places 0: none */
	struct upk_predictor_threshold threshold;
	struct upk_encode encode; /* of the dense columns, unless the learner is raw */
	bool folded;              /* the learner divides by its scales */
	struct upk_predictor
		*base; /* whose expand and encode these are: a reference; NULL: its own */
};

/* Whenever the learner's weights have become others. */
void upk_predictor_fold(struct upk_predictor *p);

/* What model.json says of every version. Borrowed. */
struct upk_predictor_parts {
	const struct upk_learner *learner;
	const void *fitted;
	const char *settings;
	const struct upk_expand *expand;
	const struct upk_text *classes; /* (count) */
	size_t count;
	const uint16_t *present; /* (presents); NULL: all of them */
	size_t presents;
	const struct upk_encode *encode; /* of the dense columns; not a raw learner's */
};

/* Members of an open object. */
void upk_predictor_write_parts(const struct upk_predictor_parts *p, struct upk_json_writer *w);

/* Scores were divided by the temperature: the threshold then parts the rows as before. */
void upk_predictor_threshold_calibrate(struct upk_predictor *p);

/* The member `calibration`, absent where there is none. read: UPK_CORRUPT. */
void upk_predictor_calibration_write(const struct upk_predictor *p, struct upk_json_writer *w);
bool upk_predictor_calibration_read(
	struct upk_predictor *p, const cJSON *json, struct upk_error *err);

/* The member `threshold`, absent where there is none. read: UPK_CORRUPT. */
void upk_predictor_threshold_write(const struct upk_predictor *p, struct upk_json_writer *w);
bool upk_predictor_threshold_read(
	struct upk_predictor *p, const cJSON *json, struct upk_error *err);

#endif
