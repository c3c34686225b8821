#include "learn/objective.h"

#include <stdlib.h>

#include "metrics/score.h"

/* What is known of the rows: probabilities (to - from, classes of p). */
struct answers {
	struct upk_measure measure;
	struct upk_decision decision;
	const struct upk_dataset *d;
	size_t from, to, classes;
	const double *probabilities;
};

static bool count(const struct answers *a, double *score, struct upk_error *err)
{
	struct upk_confusion *c = upk_confusion_create(a->d->classes, err);

	if (!c)
		return false;
	for (size_t i = a->from; i < a->to; i++) {
		const double *row = a->probabilities + (i - a->from) * a->classes;
		upk_confusion_add(c,
			(struct upk_pair){ .actual = a->d->y[i],
				.predicted = upk_decide(a->decision, row, a->classes) });
	}
	*score = upk_measure_value(a->measure, c);
	upk_confusion_destroy(c);
	return true;
}

static bool weigh(const struct answers *a, double *score, struct upk_error *err)
{
	const struct upk_scored scored = { .n = a->to - a->from,
		.classes = a->classes,
		.actual = a->d->y + a->from,
		.scores = a->probabilities,
		.positive = a->decision.positive };
	return upk_score_metric(&scored, upk_metric_name(a->measure.metric), score, err);
}

bool upk_objective(struct upk_measure measure, struct upk_decision decision,
	const struct upk_predictor *p, const struct upk_dataset *d, size_t from, size_t to,
	double *score, struct upk_error *err)
{
	size_t classes = upk_predictor_classes(p);
	double *probabilities = calloc(to - from, classes * sizeof *probabilities);
	const struct answers a = { measure, decision, d, from, to, classes, probabilities };
	bool ok;

	if (!probabilities)
		return upk_fail(err, UPK_NOMEM, "no memory for answers on %zu rows", to - from);
	ok = upk_predictor_predict(p, &d->table, from, to - from, probabilities, err) &&
		(upk_metric_needs(measure.metric) == UPK_METRIC_COUNTS ? count(&a, score, err)
								       : weigh(&a, score, err));
	free(probabilities);
	return ok;
}
