#include "runs/reproduce.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/json_writer.h"
#include "base/spelling.h"
#include "core/model.h"
#include "learn/learner.h"
#include "learn/predictor.h"
#include "runs/rows.h"
#include "store/model.h"
#include "store/run.h"
#include "store/version.h"

/* What is read of the folder; finish frees it. */
struct repeat {
	struct upk_store *store;
	struct upk_text name;
	struct upk_spelling spelling;
	char near[UPK_SPELLING_SIZE]; /* its nearest */
	int64_t model, now, as_of, from, to, version;
	uint64_t seed;
	char *bytes; /* of the version */
	size_t size;
	struct upk_predictor *kept;
	int64_t base_version; /* that the fit went on from; 0: none */
	struct upk_predictor *base;
	struct upk_schema *schema; /* its features and classes */
	struct upk_rows rows;
};

static void finish(struct repeat *r)
{
	upk_rows_finish(&r->rows);
	upk_schema_unref(r->schema);
	upk_predictor_unref(r->kept);
	upk_predictor_unref(r->base);
	free(r->bytes);
	upk_store_close(r->store);
}

static bool take_model(void *context, const struct upk_model_row *row)
{
	struct repeat *r = context;
	if (upk_text_equal(row->name, r->name))
		r->model = row->model;
	upk_spelling_try(&r->spelling, row->name);
	if (r->spelling.nearest.data == row->name.data) {
		snprintf(r->near, sizeof r->near, "%.*s", (int)row->name.size, row->name.data);
		r->spelling.nearest = upk_text_of(r->near);
	}
	return r->model == 0;
}

static bool find_run(struct repeat *r, int64_t run, struct upk_error *err)
{
	struct upk_run_row row;
	char near[UPK_SPELLING_SIZE];
	bool found;
	r->spelling.word = r->name.data;
	if (!upk_model_each(r->store, take_model, r, err))
		return false;
	if (r->model == 0)
		return upk_fail(err, UPK_NOT_FOUND, "there is no model %s%s", r->name.data,
			upk_spelling_ask(&r->spelling, near));
	if (!upk_run_get(r->store, r->model, run, &found, &row, err))
		return false;
	if (!found)
		return upk_fail(err, UPK_NOT_FOUND, "model %s has no run %lld", r->name.data,
			(long long)run);
	if (row.version == 0)
		return upk_fail(err, UPK_CONFLICT, "run %lld made no version", (long long)run);
	r->now = row.now;
	r->as_of = row.as_of;
	r->seed = (uint64_t)row.seed;
	r->version = row.version;
	return true;
}

static bool find_version(
	struct repeat *r, int64_t run, struct upk_reproduction *out, struct upk_error *err)
{
	struct upk_version_row row;
	bool found;
	if (!upk_version_get(r->store, r->model, r->version, &found, &row, err))
		return false;
	if (!found)
		return upk_fail(err, UPK_CONFLICT, "version %lld is not kept any more",
			(long long)r->version);
	if (row.run != run)
		return upk_fail(err, UPK_CONFLICT,
			"run %lld chose version %lld, which run %lld had fitted", (long long)run,
			(long long)r->version, (long long)row.run);
	r->from = row.from;
	r->to = row.to;
	r->base_version = row.base;
	out->version = r->version;
	out->rows_then = (size_t)row.rows;
	snprintf(out->processor, sizeof out->processor, "%.*s", (int)row.processor.size,
		row.processor.data);
	snprintf(
		out->learner, sizeof out->learner, "%.*s", (int)row.learner.size, row.learner.data);
	return upk_version_bytes(r->store, r->model, r->version, &r->bytes, &r->size, err);
}

/* ---- what it was fitted to ---- */

static void write_feature(struct upk_json_writer *w, const struct upk_column *column)
{
	static const char *const types[] = {
		[UPK_COLUMN_NUMBER] = "number",
		[UPK_COLUMN_CATEGORY] = "category",
		[UPK_COLUMN_TEXT] = "text",
		[UPK_COLUMN_VECTOR] = "vector",
	};
	upk_json_object(w, NULL);
	upk_json_text(w, "name", column->name);
	upk_json_string(w, "type", types[column->type]);
	if (column->type == UPK_COLUMN_VECTOR)
		upk_json_int(w, "size", column->size);
	upk_json_object_end(w);
}

/* The version's columns as a list of features. */
static struct upk_features *features_of(const struct upk_predictor *p, struct upk_error *err)
{
	const struct upk_columns *columns = upk_predictor_columns(p);
	struct upk_buffer text = { 0 };
	struct upk_json_writer w = upk_json_writer_on(&text);
	upk_json_array(&w, NULL);
	for (size_t i = 0; i < columns->count; i++)
		write_feature(&w, &columns->items[i]);
	upk_json_array_end(&w);
	cJSON *json = text.failed ? NULL : upk_json_parse(upk_buffer_text(&text), err);
	struct upk_features *features = json ? upk_features_parse(json, err) : NULL;
	if (text.failed)
		upk_fail(err, UPK_NOMEM, "no memory for a version's features");
	cJSON_Delete(json);
	upk_buffer_finish(&text);
	return features;
}

static bool last_list(struct repeat *r, int64_t *last, struct upk_error *err)
{
	struct upk_error none = { 0 };
	struct upk_text text;
	for (*last = 0; upk_feature_list_get(r->store, r->model, *last + 1, &text, &none); ++*last)
		;
	return none.code == UPK_NOT_FOUND || upk_fail(err, none.code, "%s", none.message);
}

static struct upk_schema *schema_of(const struct upk_predictor *p, struct upk_features *features,
	int64_t list, struct upk_error *err)
{
	size_t count = upk_predictor_classes(p);
	struct upk_text *classes = calloc(count, sizeof *classes);
	struct upk_config *config = classes ? upk_config_parse(upk_text_of("{}"), err) : NULL;
	struct upk_schema *schema = NULL;
	if (!classes)
		upk_fail(err, UPK_NOMEM, "no memory for %zu classes", count);
	for (size_t i = 0; config && i < count; i++)
		classes[i] = upk_predictor_class(p, i);
	if (config)
		schema = upk_schema_create(config, classes, count, features, list, 1, err);
	upk_config_unref(config);
	free(classes);
	return schema;
}

static bool read_schema(struct repeat *r, struct upk_error *err)
{
	int64_t list;
	r->kept = upk_predictor_read((struct upk_text){ r->bytes, r->size }, err);
	if (!r->kept || !last_list(r, &list, err))
		return false;
	struct upk_features *features = features_of(r->kept, err);
	r->schema = features ? schema_of(r->kept, features, list, err) : NULL;
	upk_features_unref(features);
	return r->schema != NULL;
}

/* The version that the fit went on from, if it did. */
static bool load_base(struct repeat *r, struct upk_error *err)
{
	char *bytes;
	size_t size;
	if (r->base_version == 0)
		return true;
	if (!upk_version_bytes(r->store, r->model, r->base_version, &bytes, &size, err))
		return upk_fail_in(err, "the fit went on from it: ");
	r->base = upk_predictor_read((struct upk_text){ bytes, size }, err);
	free(bytes);
	return r->base != NULL;
}

/* ---- again ---- */

/* By a fit that has not seen the rows which the kept one's threshold was chosen on. */
static bool tune(const struct repeat *r, const struct upk_predictor_setup *setup,
	struct upk_predictor *p, struct upk_error *err)
{
	const struct upk_dataset *d = &r->rows.data;
	const struct upk_tuned_on on = upk_predictor_tuned(r->kept);
	const struct upk_tune_rows rows = { d, upk_dataset_at(d, on.from),
		upk_dataset_at(d, on.cut), upk_dataset_at(d, on.to) };
	if (on.to == 0 || rows.cut <= rows.from || rows.cut >= rows.to)
		return true;
	struct upk_threshold threshold;
	struct upk_predictor *twin = upk_predictor_fit(setup, d, rows.from, rows.cut, err);
	bool done = twin && upk_predictor_tune(p, twin, on.positive, &rows, &threshold, err);
	upk_predictor_unref(twin);
	return done;
}

/* By a twin that has not seen the rows which the kept one was calibrated on. */
static bool calibrate(const struct repeat *r, const struct upk_predictor_setup *setup,
	struct upk_predictor *p, size_t from, size_t to, struct upk_error *err)
{
	const struct upk_dataset *d = &r->rows.data;
	const struct upk_calibrated_on on = upk_predictor_calibrated(r->kept);
	size_t cut = upk_dataset_at(d, on.from);
	const struct upk_calibrate_rows rows = { d,
		on.fitted_to ? upk_dataset_at(d, on.fitted_from) : from,
		on.fitted_to ? upk_dataset_at(d, on.fitted_to) : cut, cut, to };
	if (on.to == 0 || rows.fitted_from >= rows.fitted_to || rows.fitted_to > cut || cut >= to)
		return true;
	struct upk_predictor *twin =
		upk_predictor_fit(setup, d, rows.fitted_from, rows.fitted_to, err);
	bool done = twin && upk_predictor_calibrate(p, twin, &rows, err);
	upk_predictor_unref(twin);
	return done;
}

static struct upk_predictor *fit(const struct repeat *r, const atomic_bool *cancel,
	struct upk_reproduction *out, struct upk_error *err)
{
	const struct upk_dataset *d = &r->rows.data;
	size_t from = upk_dataset_at(d, r->from), to = upk_dataset_at(d, r->to);
	struct upk_predictor_setup setup = { .learner = upk_learner_find(
						     upk_predictor_learner(r->kept)),
		.values = upk_predictor_values(r->kept),
		.classes = r->schema->classes,
		.seed = r->seed,
		.cancel = cancel,
		.from = r->base };
	cJSON *settings = upk_json_parse(upk_text_of(upk_predictor_settings(r->kept)), err);
	struct upk_predictor *p = NULL;
	out->rows = to - from;
	if (settings) {
		setup.settings = settings;
		p = upk_predictor_fit(&setup, d, from, to, err);
	}
	if (p && (!tune(r, &setup, p, err) || !calibrate(r, &setup, p, from, to, err))) {
		upk_predictor_unref(p);
		p = NULL;
	}
	cJSON_Delete(settings);
	return p;
}

static bool compare(const struct repeat *r, const struct upk_predictor *again,
	struct upk_reproduction *out, struct upk_error *err)
{
	struct upk_buffer bytes = { 0 };
	size_t at = 0;
	upk_predictor_write(again, &bytes);
	if (bytes.failed) {
		upk_buffer_finish(&bytes);
		return upk_fail(err, UPK_NOMEM, "no memory for a version's bytes");
	}
	while (at < bytes.size && at < r->size && bytes.data[at] == r->bytes[at])
		at++;
	out->size = bytes.size;
	out->size_then = r->size;
	out->differs_at = at;
	out->equal = at == bytes.size && at == r->size;
	upk_buffer_finish(&bytes);
	return true;
}

static bool repeat(struct repeat *r, int64_t run, const atomic_bool *cancel,
	struct upk_reproduction *out, struct upk_error *err)
{
	if (!find_run(r, run, err) || !find_version(r, run, out, err) || !read_schema(r, err) ||
		!load_base(r, err) ||
		!upk_rows_read(
			r->store, r->model, r->schema, r->now, r->as_of, 0, cancel, &r->rows, err))
		return false;
	struct upk_predictor *again = fit(r, cancel, out, err);
	bool done = again && compare(r, again, out, err);
	upk_predictor_unref(again);
	return done;
}

bool upk_reproduce(const char *folder, const char *model, int64_t run, const atomic_bool *cancel,
	struct upk_reproduction *out, struct upk_error *err)
{
	struct repeat r = { .name = upk_text_of(model) };
	*out = (struct upk_reproduction){ 0 };
	snprintf(out->here, sizeof out->here, "%s", upk_learner_processor());
	r.store = upk_store_open(folder, UPK_STORE_READ, err);
	if (!r.store)
		return false;
	bool done = repeat(&r, run, cancel, out, err);
	finish(&r);
	return done;
}
