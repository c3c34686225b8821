#include "learn/predictor.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "learn/encode.h"

/* Rows that are encoded and predicted at a time. */
enum { CHUNK = 64 };

/* Copies of names, their bytes in one block. */
struct names {
	size_t count;
	struct upk_text *items;
	char *bytes;
};

struct upk_predictor {
	atomic_size_t references;
	const struct upk_learner *learner;
	void *fitted;   /* the learner's, over the classes that are present */
	char *settings; /* a JSON object */
	struct names features, classes;
	uint16_t *present; /* (presents): indices of the classes that had rows, increasing */
	size_t presents;
	struct upk_encode encode;
	struct upk_predictor *base; /* whose encode this is: a reference; NULL: its own */
};

static void names_finish(struct names *n)
{
	free(n->items);
	free(n->bytes);
}

static bool names_copy(
	struct names *n, const struct upk_text *items, size_t count, struct upk_error *err)
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
	names_finish(&p->features);
	names_finish(&p->classes);
	free(p->present);
	if (p->base)
		upk_predictor_unref(p->base);
	else
		upk_encode_finish(&p->encode);
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
};

/* The classes of the fit that this one goes on from, whichever have rows now. */
static bool take_present(struct upk_predictor *p, const struct upk_dataset *d, const size_t *counts,
	uint16_t *code, struct upk_error *err)
{
	const struct upk_predictor *base = p->base;
	size_t known = 0;

	p->present = calloc(base->presents, sizeof *p->present);
	if (!p->present)
		return upk_fail(err, UPK_NOMEM, "no memory for %zu classes", base->presents);
	memcpy(p->present, base->present, base->presents * sizeof *p->present);
	p->presents = base->presents;

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

static bool prepare(struct upk_predictor *p, const struct upk_dataset *d, size_t from, size_t to,
	struct material *m, struct upk_error *err)
{
	size_t rows = to - from;
	const double *x = d->x + from * d->features;

	/* Neither product overflows: d holds as much already. */
	m->x = malloc(rows * d->features * sizeof *m->x);
	m->y = malloc(rows * sizeof *m->y);
	if (!m->x || !m->y)
		return upk_fail(err, UPK_NOMEM, "no memory for %zu rows of %zu features", rows,
			d->features);
	if (!prepare_labels(p, d, from, to, m->y, err))
		return false;
	if (p->learner->raw) {
		memcpy(m->x, x, rows * d->features * sizeof *x);
		return true;
	}
	if (p->base)
		p->encode = p->base->encode;
	else if (!upk_encode_fit(&p->encode, x, rows, d->features, err))
		return false;
	upk_encode_apply(&p->encode, x, rows, m->x);
	return true;
}

static bool fit_rows(struct upk_predictor *p, const struct upk_predictor_setup *setup,
	const struct upk_dataset *d, size_t from, size_t to, struct upk_error *err)
{
	struct material m = { 0 };
	bool ok = prepare(p, d, from, to, &m, err);

	if (ok) {
		struct upk_fit_input in = {
			.rows = to - from,
			.features = d->features,
			.classes = p->presents,
			.x = m.x,
			.y = m.y,
			.seed = setup->seed,
			.cancel = setup->cancel,
			.curve = setup->curve,
			.from = p->base ? p->base->fitted : NULL,
		};
		ok = setup->learner->fit(&in, setup->settings, &p->fitted, err);
	}
	free(m.x);
	free(m.y);
	return ok;
}

static bool check_rows(const struct upk_predictor_setup *setup, const struct upk_dataset *d,
	size_t from, size_t to, struct upk_error *err)
{
	const struct upk_predictor *base = setup->from;

	if (base &&
		(base->learner != setup->learner || base->features.count != d->features ||
			base->classes.count > d->classes))
		return upk_fail(err, UPK_INVALID,
			"a version of another learner, other features or classes can't go on");
	if (d->features == 0)
		return upk_fail(err, UPK_INVALID, "no features to train on");
	if (from >= to)
		return upk_fail(err, UPK_INVALID, "no rows to train on");
	return true;
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
	if (!names_copy(&p->features, setup->features, d->features, err) ||
		!names_copy(&p->classes, setup->classes, d->classes, err) ||
		!print_settings(p, setup->settings, err) || !fit_rows(p, setup, d, from, to, err)) {
		destroy(p);
		return NULL;
	}
	return p;
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

bool upk_predictor_predict(const struct upk_predictor *p, const double *x, size_t rows,
	double *probabilities, struct upk_error *err)
{
	size_t chunk = rows < CHUNK ? rows : CHUNK, features = p->features.count;
	size_t doubles = (chunk + 1) * (features + p->presents);
	size_t scratch = p->learner->scratch ? p->learner->scratch(p->fitted) : 0;
	double *inputs = malloc(doubles * sizeof *inputs + scratch);
	double *present = inputs + chunk * features;

	if (!inputs)
		return upk_fail(err, UPK_NOMEM, "no memory to predict %zu rows", rows);
	for (size_t first = 0; first < rows; first += chunk) {
		size_t n = rows - first < chunk ? rows - first : chunk;
		const double *values = x + first * features;
		if (!p->learner->raw) {
			upk_encode_apply(&p->encode, values, n, inputs);
			values = inputs;
		}
		p->learner->predict(p->fitted, values, n, inputs + doubles, present);
		spread(p, present, n, probabilities + first * p->classes.count);
	}
	free(inputs);
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

size_t upk_predictor_features(const struct upk_predictor *p)
{
	return p->features.count;
}

size_t upk_predictor_classes(const struct upk_predictor *p)
{
	return p->classes.count;
}

struct upk_text upk_predictor_feature(const struct upk_predictor *p, size_t i)
{
	return p->features.items[i];
}

struct upk_text upk_predictor_class(const struct upk_predictor *p, size_t i)
{
	return p->classes.items[i];
}

static void write_names(struct upk_json_writer *w, const char *key, const struct names *names)
{
	upk_json_array(w, key);
	for (size_t i = 0; i < names->count; i++)
		upk_json_text(w, NULL, names->items[i]);
	upk_json_array_end(w);
}

void upk_predictor_write(const struct upk_predictor *p, struct upk_buffer *out)
{
	struct upk_json_writer w = upk_json_writer_on(out);

	upk_json_object(&w, NULL);
	upk_json_string(&w, "learner", p->learner->name);
	upk_json_raw(&w, "settings", upk_text_of(p->settings));
	write_names(&w, "features", &p->features);
	write_names(&w, "classes", &p->classes);
	upk_json_array(&w, "present");
	for (size_t k = 0; k < p->presents; k++)
		upk_json_int(&w, NULL, p->present[k]);
	upk_json_array_end(&w);
	if (!p->learner->raw)
		upk_encode_write(&p->encode, &w);
	p->learner->write(p->fitted, &w);
	upk_json_object_end(&w);
}

static bool read_names(
	struct names *names, const cJSON *json, const char *key, struct upk_error *err)
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

	if (!cJSON_IsString(name))
		return upk_fail(err, UPK_CORRUPT, "learner is not a string");
	p->learner = upk_learner_find(name->valuestring);
	if (!p->learner)
		return upk_fail(
			err, UPK_CORRUPT, "learner is %s: there is none", name->valuestring);
	if (!cJSON_IsObject(settings))
		return upk_fail(err, UPK_CORRUPT, "settings is not an object");
	return print_settings(p, settings, err) &&
		(p->learner->raw || upk_encode_read(&p->encode, json, p->features.count, err)) &&
		p->learner->read(json, p->features.count, p->presents, &p->fitted, err);
}

static bool read_members(struct upk_predictor *p, const cJSON *json, struct upk_error *err)
{
	if (!cJSON_IsObject(json))
		return upk_fail(err, UPK_CORRUPT, "not an object");
	return read_names(&p->features, json, "features", err) &&
		read_names(&p->classes, json, "classes", err) && read_present(p, json, err) &&
		read_learner(p, json, err);
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
		p = NULL;
	}
	return p;
}

uint16_t upk_decide(struct upk_decision decision, const double *probabilities, size_t classes)
{
	size_t best = 0;

	if (decision.positive >= 0 && classes == 2) {
		bool positive = probabilities[decision.positive] >= decision.threshold;
		return (uint16_t)(positive ? decision.positive : 1 - decision.positive);
	}
	for (size_t k = 1; k < classes; k++)
		if (probabilities[k] > probabilities[best])
			best = k;
	return (uint16_t)best;
}

/* Classes without rows get their 0: a product with a matrix of 0 and 1, exact. */
static const char *spread_onnx(
	const struct upk_predictor *p, struct upk_onnx *g, const char *probabilities)
{
	size_t classes = p->classes.count;
	float *places;
	const char *spread = "";

	if (p->presents == classes)
		return probabilities;
	places = calloc(p->presents * classes, sizeof *places);
	if (places) {
		for (size_t k = 0; k < p->presents; k++)
			places[k * classes + p->present[k]] = 1;
		spread = upk_onnx_node(g, "MatMul", probabilities,
			upk_onnx_floats(g, places, p->presents, classes), NULL, NULL);
	} else {
		upk_onnx_fail(g);
	}
	free(places);
	return spread;
}

/* Whether the positive class is the answer, as the 0 or 1 of the classes' two indices. */
static const char *decide_onnx(
	struct upk_decision decision, struct upk_onnx *g, const char *probabilities)
{
	const int64_t positive = decision.positive, other = 1 - decision.positive;
	const float threshold = (float)decision.threshold;
	const char *p =
		upk_onnx_node(g, "Gather", probabilities, upk_onnx_ints(g, &positive), NULL, NULL);

	upk_onnx_set_int(g, "axis", 1);
	p = upk_onnx_node(g, "GreaterOrEqual", p, upk_onnx_floats(g, &threshold, 0, 1), NULL, NULL);
	return upk_onnx_node(
		g, "Where", p, upk_onnx_ints(g, &positive), upk_onnx_ints(g, &other), NULL);
}

static const char *choose_onnx(const struct upk_predictor *p, struct upk_decision decision,
	struct upk_onnx *g, const char *probabilities)
{
	const char *index;

	if (decision.positive >= 0 && p->classes.count == 2) {
		const int64_t column = -1;
		index = decide_onnx(decision, g, probabilities);
		return upk_onnx_node(g, "Reshape", index, upk_onnx_ints(g, &column), NULL, NULL);
	}
	index = upk_onnx_node(g, "ArgMax", probabilities, NULL, NULL, NULL);
	upk_onnx_set_int(g, "axis", 1);
	upk_onnx_set_int(g, "keepdims", 0);
	return index;
}

bool upk_predictor_write_onnx(const struct upk_predictor *p, struct upk_decision decision,
	struct upk_buffer *out, struct upk_error *err)
{
	struct upk_onnx *g = upk_onnx_create("upkeepd", err);
	enum upk_onnx_type type;
	const char *x;
	bool ok;

	if (!g)
		return false;
	x = upk_onnx_input(g, "features", UPK_ONNX_FLOAT, (int64_t)p->features.count);
	if (!p->learner->raw)
		x = upk_encode_onnx(&p->encode, g, x);
	x = p->learner->onnx(p->fitted, g, x, &type);
	if (type != UPK_ONNX_FLOAT) {
		x = upk_onnx_node(g, "Cast", x, NULL, NULL, NULL);
		upk_onnx_set_int(g, "to", UPK_ONNX_FLOAT);
	}
	x = spread_onnx(p, g, x);
	upk_onnx_node_as(g, "label", "Gather",
		upk_onnx_strings(g, p->classes.items, p->classes.count),
		choose_onnx(p, decision, g, x));
	upk_onnx_node_as(g, "probabilities", "Identity", x, NULL);
	upk_onnx_output(g, "label", UPK_ONNX_STRING, 0);
	upk_onnx_output(g, "probabilities", UPK_ONNX_FLOAT, (int64_t)p->classes.count);
	ok = upk_onnx_write(g, out, err);
	upk_onnx_destroy(g);
	return ok;
}
