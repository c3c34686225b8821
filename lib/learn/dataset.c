#include "learn/dataset.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"

enum { FIRST_CAPACITY = 256 };

void upk_dataset_init(struct upk_dataset *d, const struct upk_columns *columns, size_t classes)
{
	*d = (struct upk_dataset){ .classes = classes };
	upk_table_init(&d->table, columns);
}

void upk_dataset_finish(struct upk_dataset *d)
{
	upk_table_finish(&d->table);
	free(d->y);
	free(d->served);
	free(d->place);
	free(d->known);
	upk_dataset_init(d, d->table.columns, d->classes);
}

/* capacity follows only when all four arrays have it. */
static bool reserve(struct upk_dataset *d, struct upk_error *err)
{
	size_t capacity = d->capacity ? 2 * d->capacity : FIRST_CAPACITY;

	if (!upk_array_resize(&d->y, capacity, sizeof *d->y) ||
		!upk_array_resize(&d->served, capacity, sizeof *d->served) ||
		!upk_array_resize(&d->place, capacity, sizeof *d->place) ||
		!upk_array_resize(&d->known, capacity, sizeof *d->known))
		return upk_fail(err, UPK_NOMEM, "no memory for %zu rows", capacity);
	d->capacity = capacity;
	return true;
}

bool upk_dataset_add(struct upk_dataset *d, const double *numbers, uint16_t y, int32_t served,
	int64_t place, struct upk_error *err)
{
	if (d->rows == d->capacity && !reserve(d, err))
		return false;

	if (!upk_table_add(&d->table, numbers, err))
		return false;
	d->y[d->rows] = y;
	d->served[d->rows] = served;
	d->place[d->rows] = place;
	d->known[d->rows] = d->rows;
	d->rows++;
	return true;
}

int32_t upk_dataset_anothers(int32_t class)
{
	return UPK_DATASET_EXAMPLE - 1 - class;
}

int32_t upk_dataset_answer(int32_t served)
{
	return served < UPK_DATASET_EXAMPLE ? upk_dataset_anothers(served) : served;
}

size_t upk_dataset_at(const struct upk_dataset *d, int64_t place)
{
	size_t low = 0, high = d->rows;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (d->place[middle] < place)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

void upk_dataset_count(const struct upk_dataset *d, size_t from, size_t to, size_t *counts)
{
	memset(counts, 0, d->classes * sizeof *counts);
	for (size_t i = from; i < to; i++)
		counts[d->y[i]]++;
}

/* Rows from .. to - 1 that were predicted, and waited for no more than `most` others. */
static size_t count_waits(const struct upk_dataset *d, size_t from, size_t to, size_t most)
{
	size_t count = 0;

	for (size_t i = from; i < to; i++)
		count += d->served[i] != UPK_DATASET_EXAMPLE && i - d->known[i] <= most;
	return count;
}

/* Of those, the ones that were predicted when all rows before `from` were complete. */
static size_t count_informed(const struct upk_dataset *d, size_t from, size_t to)
{
	size_t count = 0;

	for (size_t i = from; i < to; i++)
		count += d->served[i] != UPK_DATASET_EXAMPLE && d->known[i] >= from;
	return count;
}

size_t upk_dataset_lag(const struct upk_dataset *d, size_t from, size_t to)
{
	size_t half = (count_waits(d, from, to, to) + 1) / 2, low = 0, high = to;

	if (count_informed(d, from, to) >= half)
		return 0;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (count_waits(d, from, to, middle) < half)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}
