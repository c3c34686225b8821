#include <stdlib.h>

#include "learn/predictor_inside.h"

/* Of places. The twin's rows are left out where they are all of p's before those. */
static struct upk_calibrated_on places_of(const struct upk_calibrate_rows *rows)
{
	const int64_t *place = rows->data->place;
	bool gap = rows->fitted_to != rows->from;

	return (struct upk_calibrated_on){ gap ? place[rows->fitted_from] : 0,
		gap ? place[rows->fitted_to - 1] + 1 : 0, place[rows->from],
		place[rows->to - 1] + 1 };
}

bool upk_predictor_calibrate(struct upk_predictor *p, const struct upk_predictor *twin,
	const struct upk_calibrate_rows *rows, struct upk_error *err)
{
	const struct upk_dataset *d = rows->data;
	size_t count = rows->to - rows->from;
	double *probabilities = calloc(count, p->classes.count * sizeof *probabilities);
	struct upk_calibration c = { .temperature = 1 };
	bool asked = probabilities &&
		upk_predictor_predict(twin, &d->table, rows->from, count, probabilities, err);

	if (!probabilities)
		upk_fail(err, UPK_NOMEM, "no memory to calibrate on %zu rows", count);
	if (asked)
		c = upk_calibrate(probabilities, d->y + rows->from, count, p->classes.count);
	free(probabilities);
	if (c.temperature == 1)
		return asked;
	p->learner->scale(p->fitted, 1 / c.temperature);
	upk_predictor_fold(p);
	p->calibration = c;
	p->calibrated_on = places_of(rows);
	upk_predictor_threshold_calibrate(p);
	return true;
}

struct upk_calibrated_on upk_predictor_calibrated(const struct upk_predictor *p)
{
	return p->calibrated_on;
}

void upk_predictor_calibration_write(const struct upk_predictor *p, struct upk_json_writer *w)
{
	const struct upk_calibrated_on *on = &p->calibrated_on;

	if (on->to == 0)
		return;
	upk_json_object(w, "calibration");
	upk_json_double(w, "temperature", p->calibration.temperature);
	upk_json_int(w, "from", on->from);
	upk_json_int(w, "to", on->to);
	upk_json_int(w, "rows", (int64_t)p->calibration.rows);
	upk_json_double(w, "log_loss_before", p->calibration.before);
	upk_json_double(w, "log_loss_after", p->calibration.after);
	if (on->fitted_to) {
		upk_json_int(w, "fitted_from", on->fitted_from);
		upk_json_int(w, "fitted_to", on->fitted_to);
	}
	upk_json_object_end(w);
}

/* false: it is there, and not what it should be. *out stays as it is where it is not there. */
static bool read_number(const cJSON *object, const char *name, double *out)
{
	const cJSON *value = cJSON_GetObjectItemCaseSensitive(object, name);

	if (!value)
		return true;
	*out = cJSON_IsNumber(value) ? value->valuedouble : -1;
	return *out >= 0 && *out <= 0x1p53;
}

/* What is there is all there: it is kept to be written again. */
bool upk_predictor_calibration_read(
	struct upk_predictor *p, const cJSON *json, struct upk_error *err)
{
	/* What may be absent stands last. */
	static const char *const names[] = { "temperature", "from", "to", "rows", "log_loss_before",
		"log_loss_after", "fitted_from", "fitted_to" };
	enum { NAMES = sizeof names / sizeof *names, NEEDED = 6 };
	double values[NAMES] = { 0 };
	const cJSON *object = cJSON_GetObjectItemCaseSensitive(json, "calibration");

	if (!object)
		return true;
	for (size_t i = 0; i < NAMES; i++) {
		values[i] = i < NEEDED ? -1 : 0;
		if (!read_number(object, names[i], &values[i]) || values[i] < 0)
			return upk_fail(err, UPK_CORRUPT, "calibration.%s is not what it should be",
				names[i]);
	}
	p->calibration = (struct upk_calibration){ .temperature = values[0],
		.rows = (size_t)values[3],
		.before = values[4],
		.after = values[5] };
	p->calibrated_on = (struct upk_calibrated_on){ (int64_t)values[6], (int64_t)values[7],
		(int64_t)values[1], (int64_t)values[2] };
	return true;
}
