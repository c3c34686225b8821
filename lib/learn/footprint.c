#include "learn/footprint.h"

#include "learn/dataset.h"

/* Bytes of a sparse value: its column and itself. */
enum { SPARSE = sizeof(uint32_t) + sizeof(float) };

/* A row as it is read (learn/dataset.h), and as the learner takes it. */
static double bytes_of_row(const struct upk_footprint *f)
{
	double read = (double)(f->numbers * sizeof(double) + f->floats * sizeof(float) +
		f->categories * sizeof(uint32_t) + f->texts * sizeof(struct upk_table_span) +
		sizeof(uint16_t) + sizeof(int32_t) + sizeof(int64_t));
	double taken = (double)((f->numbers + f->floats) * sizeof(double) + f->categories * SPARSE +
		sizeof(size_t) + sizeof(uint16_t));

	return read + taken + (double)f->texts * UPK_FOOTPRINT_TEXT;
}

double upk_footprint_bytes(
	const struct upk_footprint *f, const struct upk_learner *learner, const cJSON *settings)
{
	size_t inputs = f->numbers + f->floats + f->categories;

	return (double)f->rows * bytes_of_row(f) +
		learner->memory(f->rows, inputs, f->classes, settings);
}

bool upk_footprint_check(const struct upk_footprint *f, const struct upk_learner *learner,
	const cJSON *settings, double most, struct upk_error *err)
{
	double wanted = upk_footprint_bytes(f, learner, settings);

	if (wanted <= most)
		return true;
	return upk_fail(err, UPK_INVALID,
		"%s on %zu rows of %zu features would take about %.1f MiB of memory, and "
		"retrain.memory is %.1f MiB: nothing was read",
		learner->name, f->rows, f->numbers + f->floats + f->categories + f->texts,
		wanted / 0x1p20, most / 0x1p20);
}
