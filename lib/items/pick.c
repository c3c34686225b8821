#include "items/pick.h"

#include <math.h>
#include <stdlib.h>

static const enum upk_column_type types[] = {
	[UPK_FEATURE_NUMBER] = UPK_COLUMN_NUMBER,
	[UPK_FEATURE_CATEGORY] = UPK_COLUMN_CATEGORY,
	[UPK_FEATURE_TEXT] = UPK_COLUMN_TEXT,
	[UPK_FEATURE_VECTOR] = UPK_COLUMN_VECTOR,
};

struct upk_columns *upk_pick_columns(const struct upk_features *list, struct upk_error *err)
{
	size_t count = list ? upk_features_count(list) : 0;
	struct upk_column *items = calloc(count + 1, sizeof *items);
	struct upk_columns *columns;
	if (!items) {
		upk_fail(err, UPK_NOMEM, "no memory for %zu features", count);
		return NULL;
	}
	for (size_t i = 0; i < count; i++) {
		const struct upk_feature *f = upk_features_at(list, i);
		items[i] = (struct upk_column){
			.name = { f->name, f->name_size }, .type = types[f->type], .size = f->size
		};
	}
	columns = upk_columns_create(items, count, err);
	free(items);
	return columns;
}

static int32_t find(const struct upk_features *list, const struct upk_column *column)
{
	if (column->type == UPK_COLUMN_NUMBER)
		return upk_features_number(list, column->name);
	int found = upk_features_find(list, column->name);
	if (found < 0)
		return -1;
	const struct upk_feature *f = upk_features_at(list, (size_t)found);
	bool same = types[f->type] == column->type &&
		(column->type != UPK_COLUMN_VECTOR || f->size == column->size);
	return same ? found : -1;
}

bool upk_pick_set(struct upk_pick *p, const struct upk_features *list,
	const struct upk_columns *columns, struct upk_error *err)
{
	struct upk_pick made = { .columns = columns };
	made.inputs = calloc(columns->count + 1, sizeof *made.inputs);
	made.listed = calloc(upk_features_numbers_count(list) + 1, sizeof *made.listed);
	made.numbers = calloc(columns->numbers + 1, sizeof *made.numbers);
	made.others = calloc(upk_features_count(list) + 1, sizeof *made.others);
	if (!made.inputs || !made.listed || !made.numbers || !made.others) {
		upk_pick_finish(&made);
		return upk_fail(err, UPK_NOMEM, "no memory for %zu features", columns->count);
	}
	for (size_t i = 0; i < columns->count; i++)
		made.inputs[i] = find(list, &columns->items[i]);
	upk_pick_finish(p);
	*p = made;
	p->list = upk_features_ref((struct upk_features *)(uintptr_t)list);
	return true;
}

void upk_pick_finish(struct upk_pick *p)
{
	upk_features_unref(p->list);
	free(p->inputs);
	free(p->listed);
	free(p->numbers);
	free(p->others);
	*p = (struct upk_pick){ 0 };
}

static bool corrupt(struct upk_error *err)
{
	return upk_fail(err, UPK_CORRUPT, "stored features do not follow their list");
}

bool upk_pick_is_whole(const struct upk_pick *p)
{
	const struct upk_columns *c = p->columns;
	size_t count = upk_features_numbers_count(p->list), i = 0;
	if (c->numbers != c->count || c->count != count)
		return false;
	while (i < count && p->inputs[i] == (int32_t)i)
		i++;
	return i == count;
}

bool upk_pick_is_strange(const struct upk_pick *p)
{
	size_t i = 0;
	while (i < p->columns->count && p->inputs[i] < 0)
		i++;
	return i > 0 && i == p->columns->count;
}

const double *upk_pick_listed(struct upk_pick *p, const double *listed)
{
	const struct upk_columns *c = p->columns;
	for (size_t i = 0; c->numbers && i < c->count; i++)
		if (c->items[i].type == UPK_COLUMN_NUMBER)
			p->numbers[c->items[i].at] =
				p->inputs[i] < 0 ? (double)NAN : listed[p->inputs[i]];
	return p->numbers;
}

const double *upk_pick_numbers(struct upk_pick *p, struct upk_text encoded, struct upk_error *err)
{
	if (upk_features_numbers(p->list, encoded, p->listed))
		return upk_pick_listed(p, p->listed);
	corrupt(err);
	return NULL;
}

static bool set(struct upk_table *t, size_t row, size_t column, struct upk_text value,
	struct upk_error *err)
{
	switch (t->columns->items[column].type) {
	case UPK_COLUMN_CATEGORY:
		return upk_table_set_category(t, row, column, value, err);
	case UPK_COLUMN_TEXT:
		return upk_table_set_text(t, row, column, value, err);
	default:
		if (value.data)
			upk_table_set_floats(t, row, column, value.data);
		return true;
	}
}

bool upk_pick_others(struct upk_pick *p, struct upk_text encoded, struct upk_table *t, size_t row,
	struct upk_error *err)
{
	const struct upk_columns *c = p->columns;
	if (c->numbers == c->count)
		return true;
	if (!upk_features_others(p->list, encoded, p->others))
		return corrupt(err);
	for (size_t i = 0; i < c->count; i++)
		if (c->items[i].type != UPK_COLUMN_NUMBER && p->inputs[i] >= 0 &&
			!set(t, row, i, p->others[p->inputs[i]], err))
			return false;
	return true;
}
