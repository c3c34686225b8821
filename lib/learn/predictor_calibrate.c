#include <stdlib.h>

#include "learn/predictor_inside.h"

bool upk_predictor_calibrate(struct upk_predictor *p, const struct upk_predictor *twin,
	const struct upk_dataset *d, size_t from, size_t to, struct upk_error *err)
{
	double *probabilities = calloc(to - from, p->classes.count * sizeof *probabilities);
	struct upk_calibration c = { .temperature = 1 };
	bool asked = probabilities &&
		upk_predictor_predict(twin, &d->table, from, to - from, probabilities, err);

	if (!probabilities)
		upk_fail(err, UPK_NOMEM, "no memory to calibrate on %zu rows", to - from);
	if (asked)
		c = upk_calibrate(probabilities, d->y + from, to - from, p->classes.count);
	free(probabilities);
	if (c.temperature == 1)
		return asked;
	p->learner->scale(p->fitted, 1 / c.temperature);
	upk_predictor_fold(p);
	p->calibration = c;
	p->calibrated_from = d->place[from];
	p->calibrated_to = d->place[to - 1] + 1;
	upk_predictor_threshold_calibrate(p);
	return true;
}

int64_t upk_predictor_calibrated(const struct upk_predictor *p)
{
	return p->calibrated_from;
}
