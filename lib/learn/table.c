#include "learn/table.h"

#include <endian.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <xxhash.h>

#include "base/array.h"
#include "base/floats.h"

enum { FIRST_CAPACITY = 256, FIRST_VALUES = 64 };

struct upk_columns *upk_columns_create(
	const struct upk_column *items, size_t count, struct upk_error *err)
{
	struct upk_columns *c = calloc(1, sizeof *c);
	size_t size = 0;

	if (!c)
		goto fail;
	for (size_t i = 0; i < count; i++)
		size += items[i].name.size;
	c->items = calloc(count + 1, sizeof *c->items);
	c->bytes = malloc(size + 1);
	if (!c->items || !c->bytes)
		goto fail;

	size = 0;
	for (; c->count < count; c->count++) {
		struct upk_column *to = &c->items[c->count];
		size_t *const blocks[] = { &c->numbers, &c->categories, &c->texts, &c->floats };
		*to = items[c->count];
		to->at = *blocks[to->type];
		*blocks[to->type] += to->type == UPK_COLUMN_VECTOR ? to->size : 1;
		if (to->name.size)
			memcpy(c->bytes + size, to->name.data, to->name.size);
		to->name.data = c->bytes + size;
		size += to->name.size;
	}
	return c;

fail:
	upk_columns_destroy(c);
	upk_fail(err, UPK_NOMEM, "no memory for %zu features", count);
	return NULL;
}

void upk_columns_destroy(struct upk_columns *c)
{
	if (!c)
		return;
	free(c->items);
	free(c->bytes);
	free(c);
}

static bool same(const struct upk_column *a, const struct upk_column *b)
{
	return a->type == b->type && (a->type != UPK_COLUMN_VECTOR || a->size == b->size) &&
		upk_text_equal(a->name, b->name);
}

int32_t upk_columns_find(const struct upk_columns *c, const struct upk_column *wanted, size_t guess)
{
	if (guess < c->count && same(&c->items[guess], wanted))
		return (int32_t)guess;
	for (size_t i = 0; i < c->count; i++)
		if (same(&c->items[i], wanted))
			return (int32_t)i;
	return -1;
}

void upk_table_init(struct upk_table *t, const struct upk_columns *columns)
{
	*t = (struct upk_table){ .columns = columns };
}

void upk_table_finish(struct upk_table *t)
{
	free(t->numbers);
	free(t->codes);
	free(t->texts);
	free(t->floats);
	free(t->values);
	free(t->slots);
	upk_buffer_finish(&t->bytes);
	upk_table_init(t, t->columns);
}

void upk_table_clear(struct upk_table *t)
{
	t->rows = 0;
	t->values_count = 0;
	if (t->slots)
		memset(t->slots, 0, t->slots_count * sizeof *t->slots);
	upk_buffer_clear(&t->bytes);
}

/* A table of one row at a time has no use for many. */
static bool reserve(struct upk_table *t, struct upk_error *err)
{
	const struct upk_columns *c = t->columns;
	size_t capacity = t->capacity ? 2 * t->capacity : 1;

	if (t->capacity == 1)
		capacity = FIRST_CAPACITY;
	if (!upk_array_resize(&t->numbers, capacity, c->numbers * sizeof *t->numbers) ||
		!upk_array_resize(&t->codes, capacity, c->categories * sizeof *t->codes) ||
		!upk_array_resize(&t->texts, capacity, c->texts * sizeof *t->texts) ||
		!upk_array_resize(&t->floats, capacity, c->floats * sizeof *t->floats))
		return upk_fail(err, UPK_NOMEM, "no memory for %zu rows of %zu features", capacity,
			c->count);
	t->capacity = capacity;
	return true;
}

bool upk_table_add(struct upk_table *t, const double *numbers, struct upk_error *err)
{
	const struct upk_columns *c = t->columns;

	if (t->rows == t->capacity && !reserve(t, err))
		return false;
	if (c->numbers)
		memcpy(t->numbers + t->rows * c->numbers, numbers, c->numbers * sizeof *numbers);
	if (c->categories)
		memset(t->codes + t->rows * c->categories, 0, c->categories * sizeof *t->codes);
	if (c->texts)
		memset(t->texts + t->rows * c->texts, 0, c->texts * sizeof *t->texts);
	for (size_t i = 0; i < c->floats; i++)
		t->floats[t->rows * c->floats + i] = NAN;
	t->rows++;
	return true;
}

static bool keep_bytes(struct upk_table *t, struct upk_text text, struct upk_table_span *span,
	struct upk_error *err)
{
	size_t offset = t->bytes.size;

	upk_buffer_append(&t->bytes, text.data, text.size);
	if (t->bytes.failed) {
		t->bytes.failed = false;
		return upk_fail(err, UPK_NOMEM, "no memory for a text of %zu bytes", text.size);
	}
	*span = (struct upk_table_span){ offset, (uint32_t)text.size, true };
	return true;
}

static struct upk_text text_at(const struct upk_table *t, const struct upk_table_span *span)
{
	if (!span->there)
		return (struct upk_text){ 0 };
	return (struct upk_text){ t->bytes.data ? t->bytes.data + span->offset : "", span->size };
}

/* Where the value is, or the free slot where it would go. */
static size_t slot_of(const struct upk_table *t, struct upk_text value)
{
	size_t mask = t->slots_count - 1;
	size_t slot = (size_t)XXH64(value.data, value.size, 0) & mask;

	while (t->slots[slot] && !upk_text_equal(text_at(t, &t->values[t->slots[slot] - 1]), value))
		slot = (slot + 1) & mask;
	return slot;
}

/* Slots are twice as many as values at least. */
static bool reserve_values(struct upk_table *t, struct upk_error *err)
{
	size_t room = t->values_room ? 2 * t->values_room : FIRST_VALUES;
	uint32_t *slots;

	if (t->values_count < t->values_room)
		return true;
	slots = calloc(2 * room, sizeof *slots);
	if (!slots || !upk_array_resize(&t->values, room, sizeof *t->values)) {
		free(slots);
		return upk_fail(err, UPK_NOMEM, "no memory for %zu values of categories", room);
	}
	free(t->slots);
	t->slots = slots;
	t->slots_count = 2 * room;
	t->values_room = room;
	for (size_t i = 0; i < t->values_count; i++)
		t->slots[slot_of(t, text_at(t, &t->values[i]))] = (uint32_t)i + 1;
	return true;
}

bool upk_table_set_category(struct upk_table *t, size_t row, size_t column, struct upk_text value,
	struct upk_error *err)
{
	uint32_t *code = t->codes + row * t->columns->categories + t->columns->items[column].at;
	size_t slot;

	*code = 0;
	if (value.size == 0)
		return true;
	if (!reserve_values(t, err))
		return false;
	slot = slot_of(t, value);
	if (!t->slots[slot]) {
		if (!keep_bytes(t, value, &t->values[t->values_count], err))
			return false;
		t->slots[slot] = (uint32_t)++t->values_count;
	}
	*code = t->slots[slot];
	return true;
}

static struct upk_table_span *span_of(const struct upk_table *t, size_t row, size_t column)
{
	return t->texts + row * t->columns->texts + t->columns->items[column].at;
}

bool upk_table_set_text(struct upk_table *t, size_t row, size_t column, struct upk_text value,
	struct upk_error *err)
{
	return !value.data || keep_bytes(t, value, span_of(t, row, column), err);
}

void upk_table_set_floats(struct upk_table *t, size_t row, size_t column, const char *floats)
{
	const struct upk_column *c = &t->columns->items[column];
	float *out = t->floats + row * t->columns->floats + c->at;

	for (uint32_t i = 0; i < c->size; i++) {
		uint32_t bits;
		memcpy(&bits, floats + 4 * (size_t)i, sizeof bits);
		bits = le32toh(bits);
		memcpy(&out[i], &bits, sizeof bits);
	}
}

double upk_table_number(const struct upk_table *t, size_t row, size_t column)
{
	size_t at = row * t->columns->numbers + t->columns->items[column].at;
	double number;

	if (!t->packed)
		return t->numbers[at];
	upk_floats_load(t->packed + at * sizeof(float), 1, &number);
	return number;
}

struct upk_text upk_table_text(const struct upk_table *t, size_t row, size_t column)
{
	return text_at(t, span_of(t, row, column));
}

const float *upk_table_floats(const struct upk_table *t, size_t row, size_t column)
{
	return t->floats + row * t->columns->floats + t->columns->items[column].at;
}

uint32_t upk_table_code(const struct upk_table *t, size_t row, size_t column)
{
	return t->codes[row * t->columns->categories + t->columns->items[column].at];
}

struct upk_text upk_table_value(const struct upk_table *t, uint32_t code)
{
	return code ? text_at(t, &t->values[code - 1]) : (struct upk_text){ 0 };
}
