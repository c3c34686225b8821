#include "learn/predictor_inside.h"

#include <math.h>
#include <stdlib.h>

uint16_t upk_decide(struct upk_decision decision, const double *probabilities, size_t classes)
{
	size_t best = 0;

	if (decision.positive >= 0 && classes == 2) {
		bool positive = probabilities[decision.positive] >= decision.threshold;
		return (uint16_t)(positive ? decision.positive : 1 - decision.positive);
	}
	for (size_t k = 1; k < classes; k++)
		if (probabilities[k] > probabilities[best])
			best = k;
	return (uint16_t)best;
}

void upk_decide_rows(struct upk_decision decision, const double *probabilities, size_t rows,
	size_t classes, uint16_t *choices)
{
	if (decision.positive >= 0 && classes == 2) {
		size_t positive = (size_t)decision.positive;
		for (size_t i = 0; i < rows; i++) {
			bool is = probabilities[2 * i + positive] >= decision.threshold;
			choices[i] = (uint16_t)(is ? positive : 1 - positive);
		}
		return;
	}
	for (size_t i = 0; i < rows; i++)
		choices[i] = upk_decide(decision, probabilities + i * classes, classes);
}

struct upk_decision upk_predictor_decision(
	const struct upk_predictor *p, struct upk_decision models)
{
	const struct upk_predictor_threshold *own = &p->threshold;

	if (own->value > 0 && models.positive == own->on.positive &&
		models.threshold == UPK_DECISION_THRESHOLD)
		models.threshold = own->value;
	return models;
}

bool upk_predictor_tune(struct upk_predictor *p, const struct upk_predictor *twin,
	uint16_t positive, const struct upk_tune_rows *rows, struct upk_threshold *out,
	struct upk_error *err)
{
	const struct upk_dataset *d = rows->data;
	size_t n = rows->to - rows->cut;
	double *probabilities = calloc(n ? n : 1, p->classes.count * sizeof *probabilities);
	bool ok = probabilities &&
		upk_predictor_predict(twin, &d->table, rows->cut, n, probabilities, err) &&
		upk_threshold_choose(probabilities, d->y + rows->cut, n, positive, out, err);

	if (!probabilities)
		upk_fail(err, UPK_NOMEM, "no memory for a threshold of %zu rows", n);
	free(probabilities);
	if (ok && out->kept)
		p->threshold = (struct upk_predictor_threshold){ .value = out->tried,
			.on = { d->place[rows->from], d->place[rows->cut],
				d->place[rows->to - 1] + 1, positive },
			.tuned = *out };
	return ok;
}

void upk_predictor_take_threshold(struct upk_predictor *p, const struct upk_predictor *other)
{
	p->threshold = other ? other->threshold : (struct upk_predictor_threshold){ 0 };
}

double upk_predictor_threshold(const struct upk_predictor *p)
{
	return p->threshold.value;
}

struct upk_tuned_on upk_predictor_tuned(const struct upk_predictor *p)
{
	return p->threshold.on;
}

/* p = 1 / (1 + exp(-s)) of a score s: that of s / temperature. */
void upk_predictor_threshold_calibrate(struct upk_predictor *p)
{
	double value = p->threshold.value;

	if (value > 0)
		p->threshold.value =
			1 / (1 + pow((1 - value) / value, 1 / p->calibration.temperature));
}

void upk_predictor_threshold_write(const struct upk_predictor *p, struct upk_json_writer *w)
{
	const struct upk_predictor_threshold *own = &p->threshold;

	if (own->value == 0)
		return;
	upk_json_object(w, "threshold");
	upk_json_text(w, "positive", p->classes.items[own->on.positive]);
	upk_json_double(w, "value", own->value);
	if (own->on.to > 0) {
		upk_json_object(w, "tuned");
		upk_json_int(w, "fitted_from", own->on.from);
		upk_json_int(w, "from", own->on.cut);
		upk_json_int(w, "to", own->on.to);
		upk_json_int(w, "rows", (int64_t)own->tuned.rows);
		upk_json_int(w, "positives", (int64_t)own->tuned.positives);
		upk_json_double(w, "f1_before", own->tuned.before);
		upk_json_double(w, "f1_after", own->tuned.after);
		upk_json_double(w, "standard_error", own->tuned.sd);
		upk_json_object_end(w);
	}
	upk_json_object_end(w);
}

static bool read_positive(struct upk_predictor *p, const cJSON *json, struct upk_error *err)
{
	const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "positive"));

	for (size_t k = 0; name && k < p->classes.count; k++)
		if (upk_text_equal(p->classes.items[k], upk_text_of(name))) {
			p->threshold.on.positive = (uint16_t)k;
			return true;
		}
	return upk_fail(err, UPK_CORRUPT, "threshold.positive is no class of the version");
}

/* What is there is all there: it is kept to be written again. */
static bool read_tuned(struct upk_predictor *p, const cJSON *json, struct upk_error *err)
{
	static const char *const names[] = { "fitted_from", "from", "to", "rows", "positives",
		"f1_before", "f1_after", "standard_error" };
	enum { NAMES = sizeof names / sizeof *names };
	double values[NAMES];

	for (size_t i = 0; i < NAMES; i++) {
		const cJSON *value = cJSON_GetObjectItemCaseSensitive(json, names[i]);
		values[i] = cJSON_IsNumber(value) ? value->valuedouble : -1;
		if (!(values[i] >= 0 && values[i] <= 0x1p53))
			return upk_fail(err, UPK_CORRUPT,
				"threshold.tuned.%s is not what it should be", names[i]);
	}
	p->threshold.on.from = (int64_t)values[0];
	p->threshold.on.cut = (int64_t)values[1];
	p->threshold.on.to = (int64_t)values[2];
	p->threshold.tuned = (struct upk_threshold){ .rows = (size_t)values[3],
		.positives = (size_t)values[4],
		.before = values[5],
		.after = values[6],
		.sd = values[7],
		.kept = true };
	return true;
}

bool upk_predictor_threshold_read(struct upk_predictor *p, const cJSON *json, struct upk_error *err)
{
	const cJSON *own = cJSON_GetObjectItemCaseSensitive(json, "threshold");
	const cJSON *value = cJSON_GetObjectItemCaseSensitive(own, "value");
	const cJSON *tuned = cJSON_GetObjectItemCaseSensitive(own, "tuned");

	if (!own)
		return true;
	if (p->classes.count != 2)
		return upk_fail(err, UPK_CORRUPT, "threshold is for two classes");
	if (!cJSON_IsNumber(value) || !(value->valuedouble > 0 && value->valuedouble <= 1))
		return upk_fail(err, UPK_CORRUPT, "threshold.value is not a number in 0 to 1");
	p->threshold.value = value->valuedouble;
	return read_positive(p, own, err) && (!tuned || read_tuned(p, tuned, err));
}
