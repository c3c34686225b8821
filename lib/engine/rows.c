#include "engine/rows.h"

#include <math.h>
#include <stdlib.h>

#include "engine/model.h"
#include "store/place.h"

enum { PIECE = 20000 }; /* places a transaction, so that the WAL never waits long for a run */

/* One feature list of the past: where the wanted features stand among its numbers. */
struct list {
	int64_t number;
	struct upk_features *features;
	int32_t *inputs;
	struct list *next;
};

struct reading {
	struct upk_store *store;
	int64_t model;
	const struct upk_schema *schema;
	const atomic_bool *cancel;
	struct upk_rows *rows;
	struct list *lists;
	double *numbers, *x;
	size_t numbers_room;
	struct upk_error *err;
	bool failed;
};

static void free_lists(struct list *list)
{
	while (list) {
		struct list *next = list->next;
		upk_features_unref(list->features);
		free(list->inputs);
		free(list);
		list = next;
	}
}

static bool fill_list(struct reading *r, struct list *list)
{
	size_t n = r->rows->data.features;
	if (!upk_read_feature_list(r->store, r->model, list->number, &list->features, r->err))
		return false;
	list->inputs = calloc(n + 1, sizeof *list->inputs);
	size_t count = upk_features_numbers_count(list->features);
	if (list->inputs && count > r->numbers_room) {
		free(r->numbers);
		r->numbers = calloc(count, sizeof *r->numbers);
		r->numbers_room = r->numbers ? count : 0;
	}
	if (!list->inputs || !r->numbers)
		return upk_fail(r->err, UPK_NOMEM, "no memory for the rows of a run");
	for (size_t i = 0; i < n; i++)
		list->inputs[i] = upk_features_number(list->features, r->rows->names[i]);
	return true;
}

static struct list *find_list(const struct reading *r, int64_t number)
{
	struct list *list = r->lists;
	while (list && list->number != number)
		list = list->next;
	return list;
}

static bool read_list(struct reading *r, int64_t number)
{
	struct list *list = calloc(1, sizeof *list);
	if (!list)
		return upk_fail(r->err, UPK_NOMEM, "no memory for the rows of a run");
	list->number = number;
	list->next = r->lists;
	r->lists = list;
	return fill_list(r, list);
}

static bool add(struct reading *r, const struct upk_known_row *row)
{
	const struct list *list = find_list(r, row->feature_list);
	int label = upk_schema_class(r->schema, row->actual);
	int served = row->predicted.data ? upk_schema_class(r->schema, row->predicted) : -1;
	if (!list)
		return upk_fail(r->err, UPK_CORRUPT,
			"place %lld has features of an unknown list %lld",
			(long long)row->place.place, (long long)row->feature_list);
	if (label < 0)
		return true;
	if (!upk_features_numbers(list->features, row->features, r->numbers))
		return upk_fail(r->err, UPK_CORRUPT,
			"the features at place %lld do not follow their list",
			(long long)row->place.place);
	for (size_t i = 0; i < r->rows->data.features; i++)
		r->x[i] = list->inputs[i] < 0 ? (double)NAN : r->numbers[list->inputs[i]];
	return upk_dataset_add(
		&r->rows->data, r->x, (uint16_t)label, served, row->place.place, r->err);
}

static bool take(void *context, const struct upk_known_row *row)
{
	struct reading *r = context;
	if (atomic_load_explicit(r->cancel, memory_order_relaxed))
		r->failed = !upk_fail(r->err, UPK_CANCELLED, "cancelled");
	else if (row->features.data)
		r->failed = !add(r, row);
	return !r->failed;
}

static bool choose_features(
	const struct upk_schema *schema, struct upk_rows *rows, struct upk_error *err)
{
	size_t count = schema->features ? upk_features_count(schema->features) : 0, n = 0;
	rows->names = calloc(count + 1, sizeof *rows->names);
	if (!rows->names)
		return upk_fail(err, UPK_NOMEM, "no memory for the rows of a run");
	for (size_t i = 0; i < count; i++) {
		const struct upk_feature *f = upk_features_at(schema->features, i);
		if (f->type == UPK_FEATURE_NUMBER)
			rows->names[n++] = upk_text_of(f->name);
	}
	rows->left_out = count - n;
	upk_dataset_init(&rows->data, n, schema->classes_count);
	if (n == 0)
		return upk_fail(err, UPK_INVALID,
			count == 0 ? "the model has no features to train on"
				   : "none of the model's %zu features is a number, and no learner "
				     "takes "
				     "other types yet",
			count);
	return true;
}

/* What was known at as_of does not change, so it may be read in pieces. */
static bool read_places(struct reading *r, struct upk_store *store, int64_t now, int64_t as_of,
	struct upk_error *err)
{
	bool done = true;
	for (int64_t from = 1; done && from < now; from += PIECE) {
		const struct upk_scan scan = { .model = r->model,
			.from = from,
			.to = from + PIECE < now ? from + PIECE : now,
			.as_of = as_of,
			.what = UPK_SCAN_FEATURES };
		if (!upk_store_begin_read(store, err))
			return false;
		done = upk_place_scan(store, &scan, take, r, err) && !r->failed;
		upk_store_end_read(store);
	}
	return done;
}

bool upk_rows_read(struct upk_store *store, int64_t model, const struct upk_schema *schema,
	int64_t now, int64_t as_of, const atomic_bool *cancel, struct upk_rows *rows,
	struct upk_error *err)
{
	*rows = (struct upk_rows){ 0 };
	if (!choose_features(schema, rows, err))
		goto fail;

	struct reading r = { .store = store,
		.model = model,
		.schema = schema,
		.cancel = cancel,
		.rows = rows,
		.err = err };
	r.x = calloc(rows->data.features, sizeof *r.x);
	bool done = r.x || upk_fail(err, UPK_NOMEM, "no memory for the rows of a run");
	/* Lists are few: read ahead, so that the scan needs no other call on its store. */
	for (int64_t list = 1; done && list <= schema->feature_list; list++)
		done = read_list(&r, list);
	done = done && read_places(&r, store, now, as_of, err);
	free(r.x);
	free(r.numbers);
	free_lists(r.lists);
	if (done)
		return true;
fail:
	upk_rows_finish(rows);
	return false;
}

void upk_rows_finish(struct upk_rows *rows)
{
	upk_dataset_finish(&rows->data);
	free(rows->names);
	*rows = (struct upk_rows){ 0 };
}
