#include "learn/vocabulary.h"

#include <stdlib.h>
#include <string.h>

static int compare(struct upk_text a, struct upk_text b)
{
	size_t size = a.size < b.size ? a.size : b.size;
	int order = size ? memcmp(a.data, b.data, size) : 0;

	return order ? order : (a.size > b.size) - (a.size < b.size);
}

static int by_bytes(const void *a, const void *b)
{
	return compare(*(const struct upk_text *)a, *(const struct upk_text *)b);
}

struct counted {
	struct upk_text value;
	size_t rows;
};

static int by_rows(const void *a, const void *b)
{
	const struct counted *x = a, *y = b;

	if (x->rows != y->rows)
		return x->rows < y->rows ? 1 : -1;
	return compare(x->value, y->value);
}

/* Copies the values, in the order of their bytes. */
static bool take(struct upk_vocabulary *v, const struct upk_text *values, size_t count,
	struct upk_error *err)
{
	struct upk_vocabulary made = { 0 };
	size_t size = 0;

	for (size_t i = 0; i < count; i++)
		size += values[i].size;
	made.values = calloc(count + 1, sizeof *made.values);
	made.bytes = malloc(size + 1);
	if (!made.values || !made.bytes) {
		upk_vocabulary_finish(&made);
		return upk_fail(err, UPK_NOMEM, "no memory for %zu values of a category", count);
	}
	size = 0;
	for (; made.count < count; made.count++) {
		struct upk_text value = values[made.count];
		memcpy(made.bytes + size, value.data, value.size);
		made.values[made.count] = (struct upk_text){ made.bytes + size, value.size };
		size += value.size;
	}
	qsort(made.values, count, sizeof *made.values, by_bytes);
	*v = made;
	return true;
}

/* The values that occur, most frequent first; returns how many. */
static size_t count_values(
	const struct upk_table *t, size_t column, size_t from, size_t to, struct counted *counts)
{
	size_t n = 0;

	for (size_t i = from; i < to; i++) {
		uint32_t code = upk_table_code(t, i, column);
		if (code)
			counts[code - 1].rows++;
	}
	for (size_t i = 0; i < t->values_count; i++) {
		struct upk_text value = upk_table_value(t, (uint32_t)i + 1);
		if (counts[i].rows && !memchr(value.data, '\0', value.size))
			counts[n++] = (struct counted){ value, counts[i].rows };
	}
	qsort(counts, n, sizeof *counts, by_rows);
	return n;
}

bool upk_vocabulary_fit(struct upk_vocabulary *v, const struct upk_table *t, size_t column,
	size_t from, size_t to, size_t most, struct upk_error *err)
{
	struct counted *counts = calloc(t->values_count + 1, sizeof *counts);
	struct upk_text *values = calloc(t->values_count + 1, sizeof *values);
	bool ok = counts && values;

	if (ok) {
		size_t n = count_values(t, column, from, to, counts);
		n = n < most ? n : most;
		for (size_t i = 0; i < n; i++)
			values[i] = counts[i].value;
		ok = take(v, values, n, err);
		if (ok)
			v->most = most;
	} else {
		upk_fail(err, UPK_NOMEM, "no memory for %zu values of a category", t->values_count);
	}
	free(counts);
	free(values);
	return ok;
}

void upk_vocabulary_finish(struct upk_vocabulary *v)
{
	free(v->values);
	free(v->bytes);
	*v = (struct upk_vocabulary){ 0 };
}

size_t upk_vocabulary_find(const struct upk_vocabulary *v, struct upk_text value)
{
	const struct upk_text *found = value.data
		? bsearch(&value, v->values, v->count, sizeof *v->values, by_bytes)
		: NULL;

	return found ? (size_t)(found - v->values) : v->count;
}

void upk_vocabulary_write(const struct upk_vocabulary *v, struct upk_json_writer *w)
{
	upk_json_int(w, "most", (int64_t)v->most);
	upk_json_array(w, "values");
	for (size_t i = 0; i < v->count; i++)
		upk_json_text(w, NULL, v->values[i]);
	upk_json_array_end(w);
}

bool upk_vocabulary_read(struct upk_vocabulary *v, const cJSON *json, struct upk_error *err)
{
	const cJSON *array = cJSON_GetObjectItemCaseSensitive(json, "values");
	const cJSON *most = cJSON_GetObjectItemCaseSensitive(json, "most");
	struct upk_text *values;
	size_t count = 0;
	bool ok;

	if (!cJSON_IsNumber(most) || !(most->valuedouble >= 1 && most->valuedouble <= 1e9))
		return upk_fail(err, UPK_CORRUPT, "most is not a number of values");
	if (!cJSON_IsArray(array))
		return upk_fail(err, UPK_CORRUPT, "values is not an array");
	values = calloc((size_t)cJSON_GetArraySize(array) + 1, sizeof *values);
	if (!values)
		return upk_fail(err, UPK_NOMEM, "no memory for the values of a category");
	for (const cJSON *i = array->child; i && cJSON_IsString(i); i = i->next)
		values[count++] = upk_text_of(i->valuestring);
	if (count == (size_t)cJSON_GetArraySize(array))
		ok = take(v, values, count, err);
	else
		ok = upk_fail(err, UPK_CORRUPT, "values[%zu] is not a string", count);
	if (ok)
		v->most = (size_t)most->valuedouble;
	free(values);
	return ok;
}
