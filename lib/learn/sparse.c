#include "learn/sparse.h"

#include <stdlib.h>

enum { FIRST_ROWS = 64, FIRST_VALUES = 1024 };

void upk_sparse_init(struct upk_sparse *s, size_t columns)
{
	*s = (struct upk_sparse){ .columns = columns };
}

void upk_sparse_finish(struct upk_sparse *s)
{
	free(s->starts);
	free(s->column);
	free(s->value);
	upk_sparse_init(s, s->columns);
}

void upk_sparse_clear(struct upk_sparse *s)
{
	s->rows = 0;
	s->count = 0;
	s->failed = false;
}

static bool reserve_values(struct upk_sparse *s)
{
	size_t room = s->room ? 2 * s->room : FIRST_VALUES;
	uint32_t *column;
	float *value;

	if (s->count < s->room)
		return true;
	column = realloc(s->column, room * sizeof *column);
	if (!column)
		return false;
	s->column = column;
	value = realloc(s->value, room * sizeof *value);
	if (!value)
		return false;
	s->value = value;
	s->room = room;
	return true;
}

void upk_sparse_add(struct upk_sparse *s, uint32_t column, float value)
{
	s->failed = s->failed || !reserve_values(s);
	if (s->failed)
		return;
	s->column[s->count] = column;
	s->value[s->count++] = value;
}

static bool reserve_rows(struct upk_sparse *s)
{
	size_t room = s->rows_room ? 2 * s->rows_room : FIRST_ROWS;
	size_t *starts;

	if (s->rows + 1 < s->rows_room)
		return true;
	starts = realloc(s->starts, room * sizeof *starts);
	if (!starts)
		return false;
	starts[0] = 0;
	s->starts = starts;
	s->rows_room = room;
	return true;
}

void upk_sparse_end_row(struct upk_sparse *s)
{
	s->failed = s->failed || !reserve_rows(s);
	if (s->failed)
		return;
	s->starts[++s->rows] = s->count;
}

void upk_sparse_spread(const struct upk_sparse *s, size_t row, double *out)
{
	for (size_t j = s->starts[row]; j < s->starts[row + 1]; j++)
		out[s->column[j]] = (double)s->value[j];
}

void upk_sparse_unspread(const struct upk_sparse *s, size_t row, double value, double *out)
{
	for (size_t j = s->starts[row]; j < s->starts[row + 1]; j++)
		out[s->column[j]] = value;
}
