#include "learn/slices.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

void upk_slices_finish(struct upk_slices *s)
{
	upk_buffer_finish(&s->names);
	free(s->entries);
	*s = (struct upk_slices){ 0 };
}

static bool reserve(struct upk_slices *s)
{
	size_t capacity = s->capacity ? 2 * s->capacity : 256;
	struct upk_slice_entry *entries;

	if (s->count < s->capacity)
		return true;
	if (capacity > SIZE_MAX / sizeof *entries)
		return false;
	entries = realloc(s->entries, capacity * sizeof *entries);
	if (!entries)
		return false;
	s->entries = entries;
	s->capacity = capacity;
	return true;
}

bool upk_slices_add(struct upk_slices *s, struct upk_text key, struct upk_text value, size_t row,
	struct upk_error *err)
{
	size_t at = s->names.size;

	upk_buffer_append(&s->names, key.data, key.size);
	upk_buffer_putc(&s->names, '=');
	upk_buffer_append(&s->names, value.data, value.size);
	if (s->names.failed || !reserve(s))
		return upk_fail(err, UPK_NOMEM, "no memory for the slices of %zu rows", s->count);
	s->entries[s->count++] = (struct upk_slice_entry){ at, s->names.size - at, row };
	return true;
}

static struct upk_text name_of(const struct upk_slices *s, const struct upk_slice_entry *e)
{
	return (struct upk_text){ s->names.data + e->at, e->size };
}

static int compare_names(struct upk_text a, struct upk_text b)
{
	size_t least = a.size < b.size ? a.size : b.size;
	int order = memcmp(a.data, b.data, least);

	return order ? order : (a.size > b.size) - (a.size < b.size);
}

static int compare(const void *left, const void *right, void *context)
{
	const struct upk_slice_entry *a = left, *b = right;
	int order = compare_names(name_of(context, a), name_of(context, b));

	return order ? order : (a->row > b->row) - (a->row < b->row);
}

void upk_slices_sort(struct upk_slices *s)
{
	if (s->count)
		qsort_r(s->entries, s->count, sizeof *s->entries, compare, s);
}

size_t upk_slices_end(const struct upk_slices *s, size_t from, struct upk_text *name)
{
	size_t end = from + 1;

	*name = name_of(s, &s->entries[from]);
	while (end < s->count && upk_text_equal(name_of(s, &s->entries[end]), *name))
		end++;
	return end;
}
