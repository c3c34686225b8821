#include "core/steps.h"

#include <stdlib.h>

#include "core/model.h"

static bool grow(struct upk_steps *s, struct upk_error *err)
{
	size_t capacity = s->capacity ? s->capacity * 2 : 64;
	struct upk_held_step *items = realloc(s->items, capacity * sizeof *items);
	if (!items)
		return upk_fail(err, UPK_NOMEM, "no memory for %zu steps", capacity);
	s->items = items;
	s->capacity = capacity;
	return true;
}

bool upk_steps_add_borrowed(struct upk_steps *s, const struct upk_step *step, struct upk_error *err)
{
	if (s->count == s->capacity && !grow(s, err))
		return false;
	s->items[s->count++] = (struct upk_held_step){ .step = *step };
	return true;
}

bool upk_steps_add(struct upk_steps *s, const struct upk_step *step, struct upk_error *err)
{
	if (!upk_steps_add_borrowed(s, step, err))
		return false;
	if (!step->features.data)
		return true;
	struct upk_held_step *held = &s->items[s->count - 1];
	held->copied = true;
	held->features_at = s->features.size;
	upk_buffer_append(&s->features, step->features.data, step->features.size);
	return !s->features.failed ||
		upk_fail(err, UPK_NOMEM, "no memory for the features of a step");
}

bool upk_steps_add_of_list(
	struct upk_steps *s, const struct upk_step *step, int64_t list, struct upk_error *err)
{
	if (!upk_steps_add(s, step, err))
		return false;
	s->items[s->count - 1].list = list;
	return true;
}

bool upk_steps_find_lists(
	struct upk_steps *s, struct upk_model *m, struct upk_store *store, struct upk_error *err)
{
	for (size_t i = 0; i < s->count; i++) {
		struct upk_held_step *held = &s->items[i];
		if (held->list != 0 && !upk_model_list(m, store, held->list, &held->step.list, err))
			return false;
	}
	return true;
}

struct upk_step upk_steps_at(const struct upk_steps *s, size_t i)
{
	struct upk_step step = s->items[i].step;
	if (s->items[i].copied)
		step.features.data = s->features.data + s->items[i].features_at;
	return step;
}

static int by_sequence(const void *a, const void *b)
{
	const struct upk_step *x = &((const struct upk_held_step *)a)->step;
	const struct upk_step *y = &((const struct upk_held_step *)b)->step;
	if (x->seq != y->seq)
		return x->seq < y->seq ? -1 : 1;
	return (int)x->kind - (int)y->kind;
}

void upk_steps_sort(struct upk_steps *s)
{
	if (s->count > 1)
		qsort(s->items, s->count, sizeof *s->items, by_sequence);
}

void upk_steps_finish(struct upk_steps *s)
{
	free(s->items);
	upk_buffer_finish(&s->features);
	*s = (struct upk_steps){ 0 };
}
