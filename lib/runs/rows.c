#include "runs/rows.h"

#include <stdlib.h>

#include "base/array.h"
#include "core/model.h"
#include "items/pick.h"
#include "store/place.h"

enum { PIECE = 20000 }; /* places a transaction, so that the WAL never waits long for a run */

/* One feature list of the past. */
struct list {
	int64_t number;
	struct upk_features *features;
	struct upk_pick pick;
	struct list *next;
};

struct reading {
	struct upk_store *store;
	int64_t model;
	const struct upk_schema *schema;
	int64_t champion;
	const atomic_bool *cancel;
	struct upk_rows *rows;
	struct list *lists;
	int64_t *complete; /* (rows): sequence at which each was; increasing */
	size_t capacity;   /* of that */
	struct upk_error *err;
	bool failed;
};

static void free_lists(struct list *list)
{
	while (list) {
		struct list *next = list->next;
		upk_features_unref(list->features);
		upk_pick_finish(&list->pick);
		free(list);
		list = next;
	}
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
	return upk_read_feature_list(r->store, r->model, number, &list->features, r->err) &&
		upk_pick_set(&list->pick, list->features, r->rows->columns, r->err);
}

static int served_class(const struct reading *r, const struct upk_known_row *row)
{
	if (!row->predicted.data || row->was_example)
		return UPK_DATASET_EXAMPLE;
	int class = upk_schema_class(r->schema, row->predicted);
	bool anothers = class >= 0 && r->champion && row->version.number != r->champion;
	return anothers ? upk_dataset_anothers(class) : class;
}

/* Of the last row: which of those before it were complete when its event came. */
static bool note_known(struct reading *r, const struct upk_place_row *place)
{
	struct upk_dataset *d = &r->rows->data;
	size_t at = d->rows - 1, low = 0, high = at;

	if (d->rows > r->capacity &&
		!upk_array_resize(&r->complete, d->capacity, sizeof *r->complete))
		return upk_fail(r->err, UPK_NOMEM, "no memory for the rows of a run");
	r->capacity = d->capacity;
	r->complete[at] = place->label > place->event ? place->label : place->event;
	if (at > 0 &&
		r->complete[at] < r->complete[at - 1]) /* an example that was predicted later */
		r->complete[at] = r->complete[at - 1];
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (r->complete[middle] < place->event)
			low = middle + 1;
		else
			high = middle;
	}
	d->known[at] = low;
	return true;
}

static bool add(struct reading *r, const struct upk_known_row *row)
{
	struct list *list = find_list(r, row->feature_list);
	struct upk_dataset *d = &r->rows->data;
	int label = upk_schema_class(r->schema, row->actual);
	if (!list)
		return upk_fail(r->err, UPK_CORRUPT,
			"place %lld has features of an unknown list %lld",
			(long long)row->place.place, (long long)row->feature_list);
	if (label < 0)
		return true;
	const double *numbers = upk_pick_numbers(&list->pick, row->features, r->err);
	if (!numbers)
		return upk_fail_in(r->err, "place %lld: ", (long long)row->place.place);
	return upk_dataset_add(d, numbers, (uint16_t)label, served_class(r, row), row->place.place,
		       r->err) &&
		note_known(r, &row->place) &&
		upk_pick_others(&list->pick, row->features, &d->table, d->rows - 1, r->err);
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
	rows->columns = upk_pick_columns(schema->features, err);
	if (!rows->columns)
		return false;
	upk_dataset_init(&rows->data, rows->columns, schema->classes_count);
	return rows->columns->count > 0 ||
		upk_fail(err, UPK_INVALID, "the model has no features to train on");
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
	int64_t now, int64_t as_of, int64_t champion, const atomic_bool *cancel,
	struct upk_rows *rows, struct upk_error *err)
{
	*rows = (struct upk_rows){ 0 };
	if (!choose_features(schema, rows, err))
		goto fail;

	struct reading r = { .store = store,
		.model = model,
		.schema = schema,
		.champion = champion,
		.cancel = cancel,
		.rows = rows,
		.err = err };
	bool done = true;
	/* Lists are few: read ahead, so that the scan needs no other call on its store. */
	for (int64_t list = 1; done && list <= schema->feature_list; list++)
		done = read_list(&r, list);
	done = done && read_places(&r, store, now, as_of, err);
	free_lists(r.lists);
	free(r.complete);
	if (done)
		return true;
fail:
	upk_rows_finish(rows);
	return false;
}

void upk_rows_finish(struct upk_rows *rows)
{
	upk_dataset_finish(&rows->data);
	upk_columns_destroy(rows->columns);
	*rows = (struct upk_rows){ 0 };
}
