#include "client/tally.h"

#include <math.h>

#include "metrics/metric.h"

struct upk_rolling upk_rolling_of(size_t rows)
{
	if (rows < 3000)
		return (struct upk_rolling){ 250, 50 };
	if (rows < 10000)
		return (struct upk_rolling){ 500, 100 };
	return (struct upk_rolling){ 1000, 200 };
}

void upk_tally_finish(struct upk_tally *t)
{
	upk_buffer_finish(&t->pairs);
}

bool upk_tally_add(struct upk_tally *t, struct upk_pair pair, struct upk_error *err)
{
	upk_buffer_append(&t->pairs, &pair, sizeof pair);
	return t->pairs.failed ? upk_fail(err, UPK_NOMEM, "no memory for the scores") : true;
}

size_t upk_tally_pairs(const struct upk_tally *t)
{
	return t->pairs.size / sizeof(struct upk_pair);
}

static double whole(const char *metric, enum upk_average average, const struct upk_confusion *c)
{
	return upk_measure_value((struct upk_measure){ upk_metric_find(metric), average, 0 }, c);
}

static double rolling_f1(const struct upk_pair *pairs, size_t count, struct upk_rolling rolling,
	struct upk_confusion *window)
{
	size_t size = rolling.size < count ? rolling.size : count, windows = 0;
	double sum = 0;
	upk_confusion_clear(window);
	for (size_t i = 0; i < count; i++) {
		upk_confusion_add(window, pairs[i]);
		if (i >= size)
			upk_confusion_remove(window, pairs[i - size]);
		if (i + 1 >= size && (i + 1 - size) % rolling.step == 0) {
			sum += whole("f1", UPK_AVERAGE_MACRO, window);
			windows++;
		}
	}
	return windows ? sum / (double)windows : NAN;
}

bool upk_tally_figures(const struct upk_tally *t, size_t classes, struct upk_rolling rolling,
	struct upk_figures *out, struct upk_error *err)
{
	struct upk_confusion *counts = upk_confusion_create(classes, err);
	if (!counts)
		return false;
	const struct upk_pair *pairs = (const struct upk_pair *)(const void *)t->pairs.data;
	size_t count = upk_tally_pairs(t);
	for (size_t i = 0; i < count; i++)
		upk_confusion_add(counts, pairs[i]);
	*out = (struct upk_figures){
		.accuracy = whole("accuracy", UPK_AVERAGE_NONE, counts),
		.macro_f1 = whole("f1", UPK_AVERAGE_MACRO, counts),
		.rolling_f1 = rolling_f1(pairs, count, rolling, counts),
	};
	upk_confusion_destroy(counts);
	return true;
}
