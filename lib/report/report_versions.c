/* Versions, their bytes, and the promotion log. */
#include <stdlib.h>

#include "learn/predictor.h"
#include "report/report.h"
#include "report/report_parts.h"
#include "store/live.h"
#include "store/version.h"

/* Who served from when: the promotion log without its words. */
struct stint {
	int64_t promotion, version, from;
};

struct stints {
	struct stint *items;
	size_t count, capacity;
	bool failed;
};

static bool take_stint(void *context, const struct upk_promotion_row *row)
{
	struct stints *s = context;
	if (s->count == s->capacity) {
		size_t capacity = s->capacity ? s->capacity * 2 : 16;
		struct stint *items = realloc(s->items, capacity * sizeof *items);
		s->failed = !items;
		if (!items)
			return false;
		s->items = items;
		s->capacity = capacity;
	}
	s->items[s->count++] = (struct stint){ row->promotion, row->version, row->time };
	return true;
}

/* The caller frees items, on failure too. */
static bool read_stints(const struct upk_report *r, struct stints *s, struct upk_error *err)
{
	*s = (struct stints){ 0 };
	if (!upk_promotion_each(r->rows, r->model->number, take_stint, s, err))
		return false;
	return !s->failed || upk_fail(err, UPK_NOMEM, "no memory for the promotion log");
}

/* 0: none yet. */
static int64_t champion_of(const struct stints *s)
{
	return s->count ? s->items[s->count - 1].version : 0;
}

static void write_served(int64_t version, const struct stints *s, struct upk_json_writer *w)
{
	upk_json_array(w, "served");
	for (size_t i = 0; i < s->count; i++) {
		if (s->items[i].version != version)
			continue;
		upk_json_object(w, NULL);
		upk_json_int(w, "promotion", s->items[i].promotion);
		upk_json_time(w, "from", s->items[i].from);
		upk_json_time_or_null(w, "to", i + 1 < s->count ? s->items[i + 1].from : 0);
		upk_json_object_end(w);
	}
	upk_json_array_end(w);
}

static void write_version(
	const struct upk_version_row *row, const struct stints *s, struct upk_json_writer *w)
{
	upk_json_object(w, NULL);
	upk_json_int(w, "version", row->version);
	upk_json_text(w, "learner", row->learner);
	upk_json_raw(w, "settings", row->settings);
	upk_json_object(w, "rows");
	upk_json_int(w, "from", row->from);
	upk_json_int(w, "to", row->to);
	upk_json_int(w, "as_of", row->as_of);
	upk_json_int(w, "count", row->rows);
	upk_json_object_end(w);
	upk_json_int_or_null(w, "run", row->run);
	upk_json_time(w, "created", row->created);
	upk_json_raw_or_null(w, "figures", row->figures);
	write_served(row->version, s, w);
	upk_json_bool(w, "champion", row->version == champion_of(s));
	upk_json_text(w, "processor", row->processor);
	upk_json_int(w, "size", row->size);
	upk_json_object_end(w);
}

struct version_list {
	struct upk_json_writer *w;
	struct stints stints;
	const struct upk_list_query *query;
	int64_t left; /* to be written yet */
};

static bool take_version(void *context, const struct upk_version_row *row)
{
	struct version_list *list = context;
	const struct upk_list_query *query = list->query;
	if (row->created < query->from || (query->to && row->created >= query->to))
		return true;
	write_version(row, &list->stints, list->w);
	return --list->left > 0;
}

bool upk_report_versions(struct upk_engine *e, const char *model,
	const struct upk_list_query *query, struct upk_json_writer *w, struct upk_error *err)
{
	struct version_list list = { .w = w, .query = query, .left = upk_report_limit(query) };
	struct upk_report r;
	if (!upk_report_open(e, model, &r, err))
		return false;

	upk_json_object(w, NULL);
	upk_json_array(w, "versions");
	bool read = read_stints(&r, &list.stints, err) &&
		upk_version_each(r.rows, r.model->number, query->before, INT64_MAX, take_version,
			&list, err);
	upk_json_array_end(w);
	upk_json_object_end(w);
	free(list.stints.items);
	upk_report_close(&r);
	return read;
}

/* The number that was asked for, or the champion's. */
static bool choose(
	const struct upk_report *r, const struct stints *s, int64_t *version, struct upk_error *err)
{
	if (*version == 0)
		*version = champion_of(s);
	return *version != 0 ||
		upk_fail(err, UPK_NOT_FOUND, "model '%s' has no champion yet", r->model->name);
}

static bool write_one(const struct upk_report *r, const struct stints *s, int64_t version,
	struct upk_json_writer *w, struct upk_error *err)
{
	struct upk_version_row row;
	bool found;
	if (!choose(r, s, &version, err) ||
		!upk_version_get(r->rows, r->model->number, version, &found, &row, err))
		return false;
	if (!found)
		return upk_fail(err, UPK_NOT_FOUND,
			"version %lld: model '%s' has none of that number", (long long)version,
			r->model->name);
	write_version(&row, s, w);
	return true;
}

bool upk_report_version(struct upk_engine *e, const char *model, int64_t version,
	struct upk_json_writer *w, struct upk_error *err)
{
	struct upk_report r;
	struct stints stints;
	if (!upk_report_open(e, model, &r, err))
		return false;

	bool done = read_stints(&r, &stints, err) && write_one(&r, &stints, version, w, err);
	free(stints.items);
	upk_report_close(&r);
	return done;
}

/* UPK_NOT_FOUND: there is none of that number. live: it is adjusted live. */
static bool find_version(
	const struct upk_report *r, int64_t *version, bool *live, struct upk_error *err)
{
	struct stints stints;
	struct upk_version_row row;
	bool found = false;
	bool read = read_stints(r, &stints, err) && choose(r, &stints, version, err) &&
		upk_version_get(r->rows, r->model->number, *version, &found, &row, err);
	free(stints.items);
	if (!read)
		return false;
	*live = found && upk_text_is(row.settings, UPK_LIVE_SETTINGS);
	return found ||
		upk_fail(err, UPK_NOT_FOUND, "version %lld: model '%s' has none of that number",
			(long long)*version, r->model->name);
}

/* Number of the copy that answers now, 0: it is not of that version; its bytes go to out when that
 * is the revision which is wanted (0: whichever). NULL: no bytes. */
static bool read_at_work(const struct upk_report *r, int64_t version, int64_t wanted,
	int64_t *revision, struct upk_buffer *out, struct upk_error *err)
{
	if (!upk_model_begin_read(r->model, err))
		return false;
	const struct upk_tail *t = r->model->tail;
	*revision = t->champion == version ? upk_tail_revision(t) : 0;
	if (out && *revision != 0 && (wanted == 0 || wanted == *revision)) {
		struct upk_text bytes = upk_live_bytes(t->live);
		upk_buffer_append(out, bytes.data, bytes.size);
	}
	upk_model_end_read(r->model);
	return true;
}

/* A copy that predicted; *found false: none of that number is kept. */
static bool read_stored(const struct upk_report *r, int64_t version, int64_t revision, bool *found,
	struct upk_buffer *out, struct upk_error *err)
{
	char *bytes = NULL;
	size_t size = 0;
	bool read = upk_copy_bytes(
		r->rows, r->model->number, version, revision, found, &bytes, &size, err);
	if (read && *found)
		upk_buffer_append(out, bytes, size);
	free(bytes);
	return read;
}

/* *found false: the version's own bytes are the answer. */
static bool read_copy(const struct upk_report *r, int64_t version, int64_t revision, bool *found,
	struct upk_buffer *out, struct upk_error *err)
{
	int64_t now;
	if (!read_at_work(r, version, revision, &now, out, err))
		return false;
	*found = now != 0 && (revision == 0 || revision == now);
	return *found || read_stored(r, version, revision, found, out, err);
}

static bool read_fitted(
	const struct upk_report *r, int64_t version, struct upk_buffer *out, struct upk_error *err)
{
	char *bytes = NULL;
	size_t size = 0;
	if (!upk_version_bytes(r->rows, r->model->number, version, &bytes, &size, err))
		return upk_fail_in(err, "model %s: ", r->model->name);
	upk_buffer_append(out, bytes, size);
	free(bytes);
	return true;
}

static bool read_bytes(const struct upk_report *r, int64_t version, int64_t revision,
	struct upk_buffer *out, struct upk_error *err)
{
	bool live, found = false;
	if (!find_version(r, &version, &live, err) ||
		(live && !read_copy(r, version, revision, &found, out, err)))
		return false;
	if (found)
		return true;
	if (revision != 0)
		return upk_fail(err, UPK_NOT_FOUND,
			"revision %lld: version %lld of model '%s' keeps none of that number",
			(long long)revision, (long long)version, r->model->name);
	return read_fitted(r, version, out, err);
}

bool upk_report_version_bytes(struct upk_engine *e, const char *model, int64_t version,
	int64_t revision, struct upk_buffer *out, struct upk_error *err)
{
	struct upk_report r;
	if (!upk_report_open(e, model, &r, err))
		return false;
	bool read = read_bytes(&r, version, revision, out, err);
	upk_report_close(&r);
	return read;
}

struct revision_list {
	struct upk_json_writer *w;
	const struct upk_list_query *query;
	int64_t current, left; /* left: to be written yet */
};

static bool take_revision(void *context, const struct upk_copy_row *row)
{
	struct revision_list *list = context;
	const struct upk_list_query *query = list->query;
	struct upk_json_writer *w = list->w;
	if (row->created < query->from || (query->to && row->created >= query->to))
		return true;
	upk_json_object(w, NULL);
	upk_json_int(w, "revision", row->revision);
	upk_json_int(w, "place", row->place);
	upk_json_time(w, "created", row->created);
	upk_json_int(w, "size", row->size);
	upk_json_bool(w, "current", row->revision == list->current);
	upk_json_object_end(w);
	return --list->left > 0;
}

static bool write_revisions(const struct upk_report *r, int64_t version, struct revision_list *list,
	struct upk_error *err)
{
	bool live;
	if (!find_version(r, &version, &live, err) ||
		(live && !read_at_work(r, version, 0, &list->current, NULL, err)))
		return false;
	upk_json_object(list->w, NULL);
	upk_json_int(list->w, "version", version);
	upk_json_array(list->w, "revisions");
	bool read = !live ||
		upk_copy_each(r->rows, r->model->number, version, list->query->before,
			take_revision, list, err);
	upk_json_array_end(list->w);
	upk_json_object_end(list->w);
	return read;
}

bool upk_report_revisions(struct upk_engine *e, const char *model, int64_t version,
	const struct upk_list_query *query, struct upk_json_writer *w, struct upk_error *err)
{
	struct revision_list list = { .w = w, .query = query, .left = upk_report_limit(query) };
	struct upk_report r;
	if (!upk_report_open(e, model, &r, err))
		return false;
	bool read = write_revisions(&r, version, &list, err);
	upk_report_close(&r);
	return read;
}

/* How the model makes a class of the version's probabilities: as upk_serving does. */
static bool decision_of(struct upk_model *m, const struct upk_predictor *p,
	struct upk_decision *decision, struct upk_error *err)
{
	if (!upk_model_begin_read(m, err))
		return false;
	const struct upk_schema *schema = m->tail->schema;
	*decision = (struct upk_decision){ .positive = -1, .threshold = schema->threshold };
	for (size_t i = 0; i < upk_predictor_classes(p); i++) {
		int class = upk_schema_class(schema, upk_predictor_class(p, i));
		if (class >= 0 && class == schema->positive)
			decision->positive = (int)i;
	}
	*decision = upk_predictor_decision(p, *decision);
	upk_model_end_read(m);
	return true;
}

bool upk_report_version_onnx(struct upk_engine *e, const char *model, int64_t version,
	int64_t revision, struct upk_buffer *out, struct upk_error *err)
{
	struct upk_report r;
	struct upk_decision decision;
	struct upk_predictor *p = NULL;
	struct upk_buffer bytes = { 0 };
	if (!upk_report_open(e, model, &r, err))
		return false;

	bool read = read_bytes(&r, version, revision, &bytes, err) &&
		(!bytes.failed || upk_fail(err, UPK_NOMEM, "no memory for a version"));
	if (read)
		p = upk_predictor_read(upk_buffer_text(&bytes), err);
	bool done = p && decision_of(r.model, p, &decision, err) &&
		upk_predictor_write_onnx(p, decision, out, err);
	upk_predictor_unref(p);
	upk_buffer_finish(&bytes);
	upk_report_close(&r);
	return done;
}

struct promotion_list {
	struct upk_json_writer *w;
	const struct stints *stints;
	size_t at;
};

static bool take_promotion(void *context, const struct upk_promotion_row *row)
{
	struct promotion_list *list = context;
	struct upk_json_writer *w = list->w;
	size_t next = ++list->at;
	upk_json_object(w, NULL);
	upk_json_int(w, "promotion", row->promotion);
	upk_json_int(w, "version", row->version);
	upk_json_time(w, "from", row->time);
	upk_json_time_or_null(
		w, "to", next < list->stints->count ? list->stints->items[next].from : 0);
	upk_json_int(w, "place", row->place);
	upk_json_text(w, "by", row->by);
	upk_json_text(w, "reason", row->reason);
	upk_json_int_or_null(w, "run", row->run);
	upk_json_text(w, "person", row->person);
	upk_json_text(w, "against", row->against);
	upk_json_object_end(w);
	return true;
}

bool upk_report_promotions(
	struct upk_engine *e, const char *model, struct upk_json_writer *w, struct upk_error *err)
{
	struct upk_report r;
	struct stints stints;
	if (!upk_report_open(e, model, &r, err))
		return false;

	struct promotion_list list = { .w = w, .stints = &stints };
	upk_json_object(w, NULL);
	upk_json_array(w, "promotions");
	bool read = read_stints(&r, &stints, err) &&
		upk_promotion_each(r.rows, r.model->number, take_promotion, &list, err);
	upk_json_array_end(w);
	upk_json_object_end(w);
	free(stints.items);
	upk_report_close(&r);
	return read;
}
