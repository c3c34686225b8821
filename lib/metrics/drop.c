#include "metrics/drop.h"

#include <math.h>

/* The delta method's error, but no less than Wilson's for a share of 0 or 1: a few pairs that are
 * all right or all wrong make nobody certain. */
static double error_of(struct upk_measure measure, const struct upk_confusion *c, double z)
{
	double low, high;
	upk_metric_range(measure.metric, &low, &high);
	double least = z / (2 * ((double)upk_measure_pairs(measure, c) + z * z));
	return fmax(upk_measure_se(measure, c), least * (high - low));
}

/* A window with few pairs of a class gets its own error wrong, mostly too small: it is taken to be
 * no surer than as many pairs of the reference would be. */
static double error_between(struct upk_measure measure, const struct upk_confusion *reference,
	const struct upk_confusion *window, double z)
{
	double of_reference = error_of(measure, reference, z);
	double pairs = (double)upk_confusion_pairs(reference) / (double)upk_confusion_pairs(window);
	return hypot(of_reference, fmax(error_of(measure, window, z), of_reference * sqrt(pairs)));
}

/* The fall less its error at this confidence; NAN with too few pairs to say. */
static double bound_with(struct upk_measure measure, const struct upk_confusion *reference,
	const struct upk_confusion *window, double fall, double confidence)
{
	if (upk_confusion_pairs(window) < UPK_DROP_WINDOW ||
		upk_confusion_pairs(reference) < UPK_DROP_REFERENCE)
		return NAN;

	double z = upk_normal_quantile(confidence);
	return fall - z * error_between(measure, reference, window, z);
}

struct upk_drop upk_drop_test(struct upk_measure measure, const struct upk_confusion *reference,
	const struct upk_confusion *window, double drop, double confidence)
{
	struct upk_drop out = {
		.value = upk_measure_value(measure, window),
		.reference = upk_measure_value(measure, reference),
	};
	out.bound = out.reference - out.value;
	if (upk_metric_lower_is_better(measure.metric))
		out.bound = -out.bound;
	if (!(out.bound > drop)) {
		out.bound = isnan(confidence) ? out.bound : NAN;
		return out;
	}

	if (!isnan(confidence))
		out.bound = bound_with(measure, reference, window, out.bound, confidence);
	else if (upk_confusion_pairs(reference) < UPK_DROP_POINT_REFERENCE)
		out.bound = NAN;
	out.fires = out.bound > drop;
	return out;
}

void upk_reference_finish(struct upk_reference *r)
{
	upk_confusion_destroy(r->counts);
	*r = (struct upk_reference){ 0 };
}

static bool begin(struct upk_reference *r, const struct upk_record *record, size_t classes,
	struct upk_error *err)
{
	const struct upk_confusion *holdout = upk_record_holdout(record);
	upk_reference_finish(r);
	r->counts = holdout ? upk_confusion_copy(holdout, err)
			    : upk_confusion_create_lean(classes, err);
	r->revisions = upk_record_revisions(record);
	return r->counts != NULL;
}

static bool follow(struct upk_reference *r, const struct upk_record *record, int64_t oldest,
	struct upk_error *err)
{
	size_t firsts = upk_record_firsts(record);
	int64_t place;
	if (firsts > UPK_RECORD_FIRST)
		firsts = UPK_RECORD_FIRST;
	for (; r->used < firsts; r->used++) {
		struct upk_pair pair = upk_record_first(record, r->used, &place);
		if (place >= oldest)
			break;
		if (!upk_confusion_room(r->counts, err))
			return false;
		upk_confusion_add(r->counts, pair);
	}
	for (; r->used > 0; r->used--) {
		struct upk_pair pair = upk_record_first(record, r->used - 1, &place);
		if (place < oldest)
			break;
		upk_confusion_remove(r->counts, pair);
	}
	return true;
}

bool upk_reference_update(struct upk_reference *r, const struct upk_record *record, int64_t oldest,
	size_t classes, struct upk_error *err)
{
	if ((!r->counts || r->revisions != upk_record_revisions(record)) &&
		!begin(r, record, classes, err))
		return false;
	if (!upk_confusion_grow(r->counts, classes, err))
		return false;

	return follow(r, record, oldest, err);
}
