#include "runs/slice_rows.h"

#include "base/json.h"
#include "learn/candidate.h"
#include "store/place.h"

struct reading {
	const struct upk_slice_scan *scan;
	const struct upk_dataset *data;
	size_t row; /* the first of the data that has not been passed */
	struct upk_slices *slices;
	struct upk_error *err;
	bool failed;
};

static bool add(struct reading *r, const cJSON *slices)
{
	const struct upk_config *c = r->scan->config;
	for (size_t i = 0; i < c->slices_count; i++) {
		const cJSON *value = cJSON_GetObjectItemCaseSensitive(slices, c->slices[i]);
		if (cJSON_IsString(value) &&
			!upk_slices_add(r->slices, upk_text_of(c->slices[i]),
				upk_text_of(value->valuestring), r->row, r->err))
			return false;
	}
	return true;
}

static bool take(void *context, const struct upk_known_row *row)
{
	struct reading *r = context;
	const struct upk_dataset *d = r->data;
	if (atomic_load_explicit(r->scan->cancel, memory_order_relaxed)) {
		r->failed = !upk_fail(r->err, UPK_CANCELLED, "cancelled");
		return false;
	}
	while (r->row < d->rows && d->place[r->row] < row->place.place)
		r->row++;
	if (r->row == d->rows || d->place[r->row] != row->place.place || !row->slices.data)
		return true;
	cJSON *slices = upk_json_parse(row->slices, r->err);
	r->failed = !slices || !add(r, slices);
	cJSON_Delete(slices);
	return !r->failed;
}

bool upk_slice_rows_read(struct upk_store *store, const struct upk_slice_scan *scan,
	const struct upk_dataset *data, struct upk_slices *slices, struct upk_error *err)
{
	size_t change = upk_dataset_at(data, scan->change);
	size_t first = data->rows - upk_candidate_holdout(data, change);
	struct reading r = { scan, data, first, slices, err, false };
	if (scan->config->slices_count == 0 || first == data->rows)
		return true;
	const struct upk_scan places = { .model = scan->model,
		.from = data->place[first],
		.to = scan->now,
		.as_of = scan->as_of,
		.what = UPK_SCAN_SLICES };
	if (!upk_store_begin_read(store, err))
		return false;
	bool done = upk_place_scan(store, &places, take, &r, err) && !r.failed;
	upk_store_end_read(store);
	if (done)
		upk_slices_sort(slices);
	return done;
}
