#include "versions/live_start.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "learn/predictor.h"

size_t upk_live_inputs(const struct upk_expand *expand)
{
	return upk_expand_row_width(expand);
}

static void say_large(struct upk_live_start *start, size_t inputs, size_t classes)
{
	snprintf(start->why, sizeof start->why,
		"%zu inputs and %zu classes: live adjustment takes no more than %d weights in all",
		inputs, classes, UPK_LIVE_SIZE_MOST / 8);
}

/* The rows as plain numbers; the caller frees x. */
static double *expand_rows(const struct upk_expand *expand, const struct upk_dataset *d,
	size_t from, size_t to, struct upk_error *err)
{
	size_t inputs = upk_live_inputs(expand), bytes;
	double *x = NULL;
	if (!__builtin_mul_overflow((to - from) * sizeof *x, inputs + 1, &bytes))
		x = malloc(bytes);
	if (!x) {
		upk_fail(err, UPK_NOMEM, "no memory to begin live adjustment");
		return NULL;
	}
	for (size_t i = from; i < to; i++)
		upk_expand_row(expand, &d->table, i, x + (i - from) * inputs);
	return x;
}

static bool write_version(struct upk_live_start *start, const struct upk_expand *expand,
	const struct upk_text *classes, struct upk_error *err)
{
	struct upk_shadow_copy *copy = upk_shadow_copy_create(start->shadow, err);
	if (!copy)
		return false;
	upk_shadow_copy_write_version(copy, expand, classes, &start->version);
	upk_shadow_copy_destroy(copy);
	return !start->version.failed || upk_fail(err, UPK_NOMEM, "no memory for a copy");
}

static bool make_shadow(struct upk_live_start *start, const struct upk_shadow_rows *rows,
	const atomic_bool *cancel, struct upk_error *err)
{
	struct upk_error reason = { 0 };
	start->shadow = upk_shadow_create(rows, cancel, &reason);
	if (!start->shadow && reason.code != UPK_INVALID)
		return upk_fail(err, reason.code, "%s", reason.message);
	if (!start->shadow)
		snprintf(start->why, sizeof start->why, "%.150s", reason.message);
	return true;
}

static bool make(struct upk_live_start *start, const struct upk_expand *expand,
	const struct upk_dataset *d, size_t from, size_t to, const struct upk_text *classes,
	const atomic_bool *cancel, struct upk_error *err)
{
	struct upk_shadow_rows rows = { .rows = to - from,
		.features = upk_live_inputs(expand),
		.classes = d->classes,
		.y = d->y + from };
	if (upk_expand_columns(expand)->texts > 0) {
		snprintf(start->why, sizeof start->why,
			"live adjustment takes numbers, categories and vectors, not texts");
		return true;
	}
	if (upk_shadow_size(rows.features, rows.classes) > UPK_LIVE_SIZE_MOST) {
		say_large(start, rows.features, rows.classes);
		return true;
	}
	double *x = expand_rows(expand, d, from, to, err);
	rows.x = x;
	bool done = x && make_shadow(start, &rows, cancel, err) &&
		(!start->shadow || write_version(start, expand, classes, err));
	free(x);
	return done;
}

bool upk_live_start_make(struct upk_live_start *start, const struct upk_dataset *d, size_t from,
	size_t to, const struct upk_text *classes, const atomic_bool *cancel, struct upk_error *err)
{
	const struct upk_expand_options options = { .values = UPK_PREDICTOR_VALUES,
		.text = { .bits = 1 } };
	if (from >= to)
		return true;
	struct upk_expand *expand = upk_expand_fit(&d->table, from, to, &options, err);
	bool done = expand && make(start, expand, d, from, to, classes, cancel, err);
	upk_expand_destroy(expand);
	if (done) {
		start->from = d->place[from];
		start->rows = (int64_t)(to - from);
	}
	return done;
}

void upk_live_start_finish(struct upk_live_start *start)
{
	upk_shadow_destroy(start->shadow);
	upk_buffer_finish(&start->version);
	*start = (struct upk_live_start){ 0 };
}
