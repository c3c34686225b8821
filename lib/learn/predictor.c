#include "learn/predictor.h"

#include <stdlib.h>
#include <string.h>

#include "base/floats.h"
#include "base/json.h"
#include "learn/predictor_inside.h"
#include "learn/terms.h"

/* Rows that are encoded and predicted at a time. */
enum { CHUNK = 64 };

static void names_finish(struct upk_predictor_names *n)
{
	free(n->items);
	free(n->bytes);
}

static bool names_copy(struct upk_predictor_names *n, const struct upk_text *items, size_t count,
	struct upk_error *err)
{
	size_t size = 0, at = 0;

	for (size_t i = 0; i < count; i++)
		size += items[i].size;
	n->items = calloc(count ? count : 1, sizeof *n->items);
	n->bytes = malloc(size ? size : 1);
	if (!n->items || !n->bytes)
		return upk_fail(err, UPK_NOMEM, "no memory for %zu names", count);

	for (; n->count < count; n->count++) {
		const struct upk_text *from = &items[n->count];
		n->items[n->count] = (struct upk_text){ n->bytes + at, from->size };
		if (from->size)
			memcpy(n->bytes + at, from->data, from->size);
		at += from->size;
	}
	return true;
}

static void destroy(struct upk_predictor *p)
{
	if (p->learner)
		p->learner->free(p->fitted);
	free(p->settings);
	names_finish(&p->classes);
	free(p->present);
	if (p->base) {
		upk_predictor_unref(p->base);
	} else {
		upk_expand_destroy(p->expand);
		upk_encode_finish(&p->encode);
	}
	free(p);
}

static struct upk_predictor *allocate(struct upk_error *err)
{
	struct upk_predictor *p = calloc(1, sizeof *p);

	if (!p) {
		upk_fail(err, UPK_NOMEM, "no memory for a version");
		return NULL;
	}
	atomic_init(&p->references, 1);
	p->calibration.temperature = 1;
	return p;
}

static bool print_settings(struct upk_predictor *p, const cJSON *settings, struct upk_error *err)
{
	p->settings = settings ? upk_json_print(settings) : upk_text_copy(upk_text_of("{}"));
	return p->settings || upk_fail(err, UPK_NOMEM, "no memory for a version's settings");
}

/* Which classes have rows, into p->present; code (classes) becomes their numbers 0, 1, ... */
static bool find_present(struct upk_predictor *p, const struct upk_dataset *d, const size_t *counts,
	uint16_t *code, struct upk_error *err)
{
	p->present = calloc(d->classes ? d->classes : 1, sizeof *p->present);
	if (!p->present)
		return upk_fail(err, UPK_NOMEM, "no memory for %zu classes", d->classes);

	for (size_t k = 0; k < d->classes; k++) {
		if (!counts[k])
			continue;
		code[k] = (uint16_t)p->presents;
		p->present[p->presents++] = (uint16_t)k;
	}
	if (p->presents >= 2)
		return true;
	const struct upk_text *only = &p->classes.items[p->present[0]];
	return upk_fail(err, UPK_INVALID, "all rows to train on are of one class: %.*s",
		(int)only->size, only->data);
}

/* Rows from .. to - 1 as the learner wants them. */
struct material {
	double *x;
	uint16_t *y;
	struct upk_sparse sparse;
};

static const struct upk_sparse *sparse_of(
	const struct upk_predictor *p, const struct upk_sparse *sparse)
{
	return upk_expand_width(p->expand).sparse ? sparse : NULL;
}

static bool copy_present(
	struct upk_predictor *p, const struct upk_predictor *from, struct upk_error *err)
{
	p->present = calloc(from->presents, sizeof *p->present);
	if (!p->present)
		return upk_fail(err, UPK_NOMEM, "no memory for %zu classes", from->presents);
	memcpy(p->present, from->present, from->presents * sizeof *p->present);
	p->presents = from->presents;
	return true;
}

/* The classes of the fit that this one goes on from, whichever have rows now. */
static bool take_present(struct upk_predictor *p, const struct upk_dataset *d, const size_t *counts,
	uint16_t *code, struct upk_error *err)
{
	const struct upk_predictor *base = p->base;
	size_t known = 0;

	if (!copy_present(p, base, err))
		return false;
	for (size_t i = 0; i < p->presents; i++)
		code[p->present[i]] = (uint16_t)i;
	for (size_t k = 0; k < d->classes; k++) {
		bool has = known < p->presents && p->present[known] == k;
		if (counts[k] && !has)
			return upk_fail(err, UPK_INVALID,
				"there are rows of a class that the version lacks: %.*s",
				(int)p->classes.items[k].size, p->classes.items[k].data);
		known += has;
	}
	return true;
}

static bool prepare_labels(struct upk_predictor *p, const struct upk_dataset *d, size_t from,
	size_t to, uint16_t *y, struct upk_error *err)
{
	size_t *counts = calloc(d->classes, sizeof *counts);
	uint16_t *code = calloc(d->classes, sizeof *code);
	bool ok = false;

	if (counts && code) {
		upk_dataset_count(d, from, to, counts);
		ok = p->base ? take_present(p, d, counts, code, err)
			     : find_present(p, d, counts, code, err);
	} else {
		upk_fail(err, UPK_NOMEM, "no memory for %zu classes", d->classes);
	}
	for (size_t i = from; ok && i < to; i++)
		y[i - from] = code[d->y[i]];
	free(counts);
	free(code);
	return ok;
}

static bool expand(struct upk_predictor *p, const struct upk_dataset *d, size_t from, size_t to,
	struct material *m, struct upk_error *err)
{
	struct upk_terms terms = { 0 };
	int32_t *map;
	bool ok = upk_expand_map(p->expand, d->table.columns, &map, err) &&
		upk_expand_rows(
			p->expand, &d->table, map, from, to - from, m->x, &m->sparse, &terms, err);

	upk_terms_finish(&terms);
	free(map);
	return ok;
}

static bool fit_expand(struct upk_predictor *p, const struct upk_predictor_setup *setup,
	const struct upk_dataset *d, size_t from, size_t to, struct upk_error *err)
{
	const struct upk_expand_options options = {
		.gaps = !p->learner->raw,
		.values = setup->values ? setup->values : UPK_PREDICTOR_VALUES,
		.text = p->learner->text,
	};

	p->expand = p->base ? p->base->expand : upk_expand_fit(&d->table, from, to, &options, err);
	return p->expand != NULL;
}

static bool prepare(struct upk_predictor *p, const struct upk_predictor_setup *setup,
	const struct upk_dataset *d, size_t from, size_t to, struct material *m,
	struct upk_error *err)
{
	size_t rows = to - from, doubles, bytes;
	struct upk_width width;

	m->y = malloc(rows * sizeof *m->y);
	if (!m->y)
		return upk_fail(err, UPK_NOMEM, "no memory for %zu rows", rows);
	if (!prepare_labels(p, d, from, to, m->y, err) || !fit_expand(p, setup, d, from, to, err))
		return false;

	width = upk_expand_width(p->expand);
	upk_sparse_init(&m->sparse, width.sparse);
	if (!__builtin_mul_overflow(rows, width.dense, &doubles) &&
		!__builtin_mul_overflow(doubles, sizeof *m->x, &bytes))
		m->x = malloc(bytes ? bytes : 1);
	if (!m->x)
		return upk_fail(
			err, UPK_NOMEM, "no memory for %zu rows of %zu inputs", rows, width.dense);
	if (!expand(p, d, from, to, m, err))
		return false;
	if (p->learner->raw)
		return true;
	if (p->base)
		p->encode = p->base->encode;
	else if (!upk_encode_fit(&p->encode, m->x, rows, width.dense, err))
		return false;
	upk_encode_apply(&p->encode, m->x, rows, m->x);
	return true;
}

static bool fit_rows(struct upk_predictor *p, const struct upk_predictor_setup *setup,
	const struct upk_dataset *d, size_t from, size_t to, struct upk_error *err)
{
	struct material m = { 0 };
	bool ok = prepare(p, setup, d, from, to, &m, err);

	if (ok) {
		struct upk_fit_input in = {
			.rows = to - from,
			.features = upk_expand_width(p->expand).dense,
			.classes = p->presents,
			.x = m.x,
			.y = m.y,
			.sparse = sparse_of(p, &m.sparse),
			.seed = setup->seed,
			.cancel = setup->cancel,
			.crew = setup->crew,
			.curve = setup->curve,
			.from = p->base ? p->base->fitted : NULL,
		};
		ok = setup->learner->fit(&in, setup->settings, &p->fitted, err);
	}
	free(m.x);
	free(m.y);
	upk_sparse_finish(&m.sparse);
	return ok;
}

static bool has_features(const struct upk_predictor *p, const struct upk_columns *columns)
{
	const struct upk_columns *own = upk_expand_columns(p->expand);

	for (size_t i = 0; i < own->count; i++)
		if (upk_columns_find(columns, &own->items[i], i) < 0)
			return false;
	return true;
}

static bool same_features(const struct upk_predictor *p, const struct upk_dataset *d)
{
	return upk_expand_columns(p->expand)->count == d->table.columns->count &&
		has_features(p, d->table.columns);
}

static bool check_rows(const struct upk_predictor_setup *setup, const struct upk_dataset *d,
	size_t from, size_t to, struct upk_error *err)
{
	const struct upk_predictor *base = setup->from;

	if (base &&
		(base->learner != setup->learner || !same_features(base, d) ||
			base->classes.count > d->classes))
		return upk_fail(err, UPK_INVALID,
			"a version of another learner, other features or classes can't go on");
	if (d->table.columns->count == 0)
		return upk_fail(err, UPK_INVALID, "no features to train on");
	if (from >= to)
		return upk_fail(err, UPK_INVALID, "no rows to train on");
	return true;
}

void upk_predictor_fold(struct upk_predictor *p)
{
	p->folded = p->learner->fold && p->learner->fold(p->fitted, p->encode.scale);
}

struct upk_predictor *upk_predictor_fit(const struct upk_predictor_setup *setup,
	const struct upk_dataset *d, size_t from, size_t to, struct upk_error *err)
{
	struct upk_predictor *p;

	if (!check_rows(setup, d, from, to, err))
		return NULL;
	p = allocate(err);
	if (!p)
		return NULL;

	p->learner = setup->learner;
	p->base = setup->from ? upk_predictor_ref(setup->from) : NULL;
	if (!names_copy(&p->classes, setup->classes, d->classes, err) ||
		!print_settings(p, setup->settings, err) || !fit_rows(p, setup, d, from, to, err)) {
		destroy(p);
		return NULL;
	}
	upk_predictor_fold(p);
	return p;
}

struct upk_predictor *upk_predictor_cut(
	struct upk_predictor *p, size_t iterations, struct upk_error *err)
{
	struct upk_predictor *c = allocate(err);

	if (!c)
		return NULL;
	c->learner = p->learner;
	c->base = upk_predictor_ref(p);
	c->expand = p->expand;
	c->encode = p->encode;
	c->settings = upk_text_copy(upk_text_of(p->settings));
	if (!c->settings)
		upk_fail(err, UPK_NOMEM, "no memory for a version's settings");
	else
		c->fitted = p->learner->cut(p->fitted, iterations, err);
	if (c->fitted && names_copy(&c->classes, p->classes.items, p->classes.count, err) &&
		copy_present(c, p, err)) {
		upk_predictor_fold(c);
		return c;
	}
	destroy(c);
	return NULL;
}

struct upk_predictor *upk_predictor_ref(struct upk_predictor *p)
{
	atomic_fetch_add_explicit(&p->references, 1, memory_order_relaxed);
	return p;
}

void upk_predictor_unref(struct upk_predictor *p)
{
	if (p && atomic_fetch_sub_explicit(&p->references, 1, memory_order_acq_rel) == 1)
		destroy(p);
}

/* out (rows, classes) from those of the present classes (rows, presents). */
static void spread(const struct upk_predictor *p, const double *present, size_t rows, double *out)
{
	memset(out, 0, rows * p->classes.count * sizeof *out);
	for (size_t i = 0; i < rows; i++)
		for (size_t k = 0; k < p->presents; k++)
			out[i * p->classes.count + p->present[k]] = present[i * p->presents + k];
}

/* Memory for `chunk` rows at a time: dense inputs, probabilities, the learner's own. */
struct room {
	size_t chunk;
	double *x, *present; /* x owns the block */
	void *scratch;
	struct upk_sparse sparse;
	struct upk_terms terms;
	int32_t *map;
};

static bool make_room(const struct upk_predictor *p, const struct upk_table *t, size_t rows,
	struct room *room, struct upk_error *err)
{
	struct upk_width width = upk_expand_width(p->expand);
	size_t scratch = p->learner->scratch ? p->learner->scratch(p->fitted) : 0, doubles;

	room->chunk = rows < CHUNK ? rows : CHUNK;
	doubles = (room->chunk + 1) * (width.dense + p->presents) + 1;
	doubles -= doubles % 2; /* what stands behind them is aligned as malloc's */
	room->x = malloc(doubles * sizeof *room->x + scratch);
	if (!room->x)
		return upk_fail(err, UPK_NOMEM, "no memory to predict %zu rows", rows);
	room->present = room->x + room->chunk * width.dense;
	room->scratch = room->x + doubles;
	upk_sparse_init(&room->sparse, width.sparse);
	return upk_expand_map(p->expand, t->columns, &room->map, err);
}

static void free_room(struct room *room)
{
	free(room->x);
	free(room->map);
	upk_sparse_finish(&room->sparse);
	upk_terms_finish(&room->terms);
}

/* The dense columns of a chunk as they are. NULL: UPK_NOMEM. */
static const double *columns_of(const struct upk_predictor *p, const struct upk_table *t,
	size_t from, size_t rows, struct room *room, struct upk_error *err)
{
	const double *plain = upk_expand_plain(p->expand, t, room->map, from, rows, room->x);

	if (plain)
		return plain;
	upk_sparse_clear(&room->sparse);
	return upk_expand_rows(p->expand, t, room->map, from, rows, room->x, &room->sparse,
		       &room->terms, err)
		? room->x
		: NULL;
}

/* The dense inputs of a chunk, which are these floats to be centred unless that is NULL. NULL:
 * UPK_NOMEM. */
static const double *inputs_of(const struct upk_predictor *p, const struct upk_table *t,
	size_t from, size_t rows, const char *floats, struct room *room, struct upk_error *err)
{
	const double *x = floats ? room->x : columns_of(p, t, from, rows, room, err);

	if (!x || p->learner->raw)
		return x;
	if (floats)
		upk_encode_centre_floats(&p->encode, floats, rows, room->x);
	else if (p->folded)
		upk_encode_centre(&p->encode, x, rows, room->x);
	else
		upk_encode_apply(&p->encode, x, rows, room->x);
	return room->x;
}

static bool predict_chunk(const struct upk_predictor *p, const struct upk_table *t, size_t from,
	size_t rows, struct room *room, double *probabilities, struct upk_error *err)
{
	bool all = p->presents == p->classes.count; /* then they are in the same order */
	size_t dense = upk_expand_width(p->expand).dense;
	const char *floats = p->folded ? upk_expand_packed(p->expand, t, room->map, from) : NULL;
	double *out = all ? probabilities : room->present;

	if (floats && upk_floats_within(floats, rows * dense, p->encode.uncut)) {
		p->learner->predict_floats(p->fitted, p->encode.mean, floats, rows, out);
	} else {
		struct upk_inputs in = {
			.rows = rows,
			.features = dense,
			.x = inputs_of(p, t, from, rows, floats, room, err),
			.sparse = sparse_of(p, &room->sparse),
		};
		if (!in.x)
			return false;
		p->learner->predict(p->fitted, &in, room->scratch, out);
	}
	if (!all)
		spread(p, room->present, rows, probabilities);
	return true;
}

bool upk_predictor_predict(const struct upk_predictor *p, const struct upk_table *t, size_t from,
	size_t rows, double *probabilities, struct upk_error *err)
{
	struct room room = { 0 };
	bool ok = make_room(p, t, rows, &room, err);

	for (size_t first = 0; ok && first < rows; first += room.chunk) {
		size_t n = rows - first < room.chunk ? rows - first : room.chunk;
		ok = predict_chunk(p, t, from + first, n, &room,
			probabilities + first * p->classes.count, err);
	}
	free_room(&room);
	return ok;
}

bool upk_predictor_fits(const struct upk_predictor *p, const struct upk_columns *columns,
	const struct upk_text *classes, size_t count)
{
	if (!has_features(p, columns))
		return false;
	for (size_t k = 0; k < p->classes.count; k++)
		if (k == count || !upk_text_equal(p->classes.items[k], classes[k]))
			return false;
	return true;
}

const char *upk_predictor_learner(const struct upk_predictor *p)
{
	return p->learner->name;
}

const char *upk_predictor_settings(const struct upk_predictor *p)
{
	return p->settings;
}

const struct upk_columns *upk_predictor_columns(const struct upk_predictor *p)
{
	return upk_expand_columns(p->expand);
}

const struct upk_expand *upk_predictor_expand(const struct upk_predictor *p)
{
	return p->expand;
}

size_t upk_predictor_values(const struct upk_predictor *p)
{
	return upk_expand_values(p->expand);
}

size_t upk_predictor_classes(const struct upk_predictor *p)
{
	return p->classes.count;
}

struct upk_text upk_predictor_class(const struct upk_predictor *p, size_t i)
{
	return p->classes.items[i];
}

static void write_present(const struct upk_predictor_parts *p, struct upk_json_writer *w)
{
	size_t count = p->present ? p->presents : p->count;

	upk_json_array(w, "present");
	for (size_t k = 0; k < count; k++)
		upk_json_int(w, NULL, p->present ? p->present[k] : (int64_t)k);
	upk_json_array_end(w);
}

void upk_predictor_write_parts(const struct upk_predictor_parts *p, struct upk_json_writer *w)
{
	upk_json_string(w, "learner", p->learner->name);
	upk_json_raw(w, "settings", upk_text_of(p->settings));
	upk_expand_write(p->expand, w);
	upk_json_array(w, "classes");
	for (size_t i = 0; i < p->count; i++)
		upk_json_text(w, NULL, p->classes[i]);
	upk_json_array_end(w);
	write_present(p, w);
	if (!p->learner->raw)
		upk_encode_write(p->encode, w);
	p->learner->write(p->fitted, w);
}

void upk_predictor_write(const struct upk_predictor *p, struct upk_buffer *out)
{
	struct upk_json_writer w = upk_json_writer_on(out);
	const struct upk_predictor_parts parts = { .learner = p->learner,
		.fitted = p->fitted,
		.settings = p->settings,
		.expand = p->expand,
		.classes = p->classes.items,
		.count = p->classes.count,
		.present = p->present,
		.presents = p->presents,
		.encode = &p->encode };

	upk_json_object(&w, NULL);
	upk_predictor_write_parts(&parts, &w);
	upk_predictor_calibration_write(p, &w);
	upk_predictor_threshold_write(p, &w);
	upk_json_object_end(&w);
}

static bool read_names(struct upk_predictor_names *names, const cJSON *json, const char *key,
	struct upk_error *err)
{
	const cJSON *array = cJSON_GetObjectItemCaseSensitive(json, key);
	size_t count = 0;
	struct upk_text *items;
	bool ok;

	for (const cJSON *i = cJSON_IsArray(array) ? array->child : NULL; i; i = i->next, count++)
		if (!cJSON_IsString(i))
			return upk_fail(err, UPK_CORRUPT, "%s[%zu] is not a string", key, count);
	if (count == 0)
		return upk_fail(err, UPK_CORRUPT, "%s is not an array of names", key);

	items = calloc(count, sizeof *items);
	if (!items)
		return upk_fail(err, UPK_NOMEM, "no memory for %zu names", count);
	count = 0;
	for (const cJSON *i = array->child; i; i = i->next)
		items[count++] = upk_text_of(i->valuestring);
	ok = names_copy(names, items, count, err);
	free(items);
	return ok;
}

static bool read_present(struct upk_predictor *p, const cJSON *json, struct upk_error *err)
{
	const cJSON *array = cJSON_GetObjectItemCaseSensitive(json, "present");
	double least = 0;

	p->present = calloc(p->classes.count, sizeof *p->present);
	if (!p->present)
		return upk_fail(err, UPK_NOMEM, "no memory for %zu classes", p->classes.count);
	for (const cJSON *i = cJSON_IsArray(array) ? array->child : NULL; i; i = i->next) {
		double k = cJSON_IsNumber(i) ? i->valuedouble : -1;
		if (!(k >= least && k < (double)p->classes.count && k <= UINT16_MAX) ||
			k != (uint16_t)k)
			return upk_fail(err, UPK_CORRUPT,
				"present[%zu] is not the index of a class after the one before",
				p->presents);
		p->present[p->presents++] = (uint16_t)k;
		least = k + 1;
	}
	return p->presents >= 2 || upk_fail(err, UPK_CORRUPT, "present has under two classes");
}

static bool read_learner(struct upk_predictor *p, const cJSON *json, struct upk_error *err)
{
	const cJSON *name = cJSON_GetObjectItemCaseSensitive(json, "learner");
	const cJSON *settings = cJSON_GetObjectItemCaseSensitive(json, "settings");
	struct upk_width width = upk_expand_width(p->expand);

	if (!cJSON_IsString(name))
		return upk_fail(err, UPK_CORRUPT, "learner is not a string");
	p->learner = upk_learner_find(name->valuestring);
	if (!p->learner)
		return upk_fail(
			err, UPK_CORRUPT, "learner is %s: there is none", name->valuestring);
	if (!cJSON_IsObject(settings))
		return upk_fail(err, UPK_CORRUPT, "settings is not an object");
	return print_settings(p, settings, err) &&
		(p->learner->raw || upk_encode_read(&p->encode, json, width.dense, err)) &&
		p->learner->read(json, width, p->presents, &p->fitted, err);
}

static bool read_members(struct upk_predictor *p, const cJSON *json, struct upk_error *err)
{
	if (!cJSON_IsObject(json))
		return upk_fail(err, UPK_CORRUPT, "not an object");
	p->expand = upk_expand_read(json, err);
	return p->expand && read_names(&p->classes, json, "classes", err) &&
		read_present(p, json, err) && read_learner(p, json, err) &&
		upk_predictor_calibration_read(p, json, err) && upk_predictor_threshold_read(p, json, err);
}

struct upk_predictor *upk_predictor_read(struct upk_text bytes, struct upk_error *err)
{
	struct upk_error cause = { 0 };
	cJSON *json = upk_json_parse(bytes, &cause);
	struct upk_predictor *p;
	bool ok;

	if (!json) {
		upk_fail(err, cause.code == UPK_NOMEM ? UPK_NOMEM : UPK_CORRUPT,
			"a version's bytes: %s", cause.message);
		return NULL;
	}
	p = allocate(err);
	ok = p && (read_members(p, json, err) || upk_fail_in(err, "a version's bytes: "));
	cJSON_Delete(json);
	if (p && !ok) {
		destroy(p);
		return NULL;
	}
	if (p)
		upk_predictor_fold(p);
	return p;
}
