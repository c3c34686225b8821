#include "learn/footprint.h"


/* Bytes of a sparse value: its column and itself. */
enum { SPARSE = sizeof(uint32_t) + sizeof(float) };

/* A row as it is read (learn/dataset.h), and as the learner takes it. */
static double bytes_of_row(const struct upk_footprint *f)
{
	double read = (double)(f->numbers * sizeof(double) + f->floats * sizeof(float) +
		f->categories * sizeof(uint32_t) + f->texts * sizeof(struct upk_table_span) +
		sizeof(uint16_t) + sizeof(int32_t) + 2 * sizeof(int64_t) + sizeof(size_t));
	double taken = (double)((f->numbers + f->floats) * sizeof(double) + f->categories * SPARSE +
		sizeof(size_t) + sizeof(uint16_t));

	return read + taken + (double)f->texts * UPK_FOOTPRINT_TEXT;
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Columns of a text: no more than the learner takes, nor than two rows each can fill. */
static size_t columns_of_text(const struct upk_footprint *f, const struct upk_learner *learner)
{
	size_t most = (size_t)1 << learner->text.bits;

	most = learner->text.most ? least(learner->text.most, most) : most;
	return least(most, f->rows * UPK_FOOTPRINT_TERMS / 2);
}

/* What the tables of a text's terms take: counts of rows while they are chosen, and where they are. */
static double bytes_of_terms(const struct upk_footprint *f, const struct upk_learner *learner)
{
	size_t buckets = (size_t)1 << learner->text.bits, columns = columns_of_text(f, learner);

	return (double)f->texts *
		(double)(buckets * sizeof(uint32_t) +
			columns * (sizeof(uint32_t) + sizeof(double))) +
		(f->texts ? (double)(buckets * sizeof(uint32_t)) : 0);
}

struct upk_fit_size upk_footprint_size(
	const struct upk_footprint *f, const struct upk_learner *learner)
{
	size_t columns = columns_of_text(f, learner);

	return (struct upk_fit_size){
		.rows = f->rows,
		.classes = f->classes,
		.width = { f->numbers + f->floats,
			f->categories * (f->values + 1) + f->texts * columns },
		.values = f->categories + f->texts * least(columns, UPK_FOOTPRINT_TERMS),
	};
}

double upk_footprint_bytes(
	const struct upk_footprint *f, const struct upk_learner *learner, const cJSON *settings)
{
	const struct upk_fit_size size = upk_footprint_size(f, learner);

	return (double)f->rows * bytes_of_row(f) + bytes_of_terms(f, learner) +
		learner->memory(&size, settings);
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
