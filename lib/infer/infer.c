#include "infer/infer.h"

#include <endian.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/core.h"
#include "infer/infer_request.h"
#include "infer/lending.h"
#include "learn/predictor.h"
#include "store/version.h"

enum { PROBABILITIES_MAX = 16 << 20, WORD = sizeof(uint64_t) };

/* One block: ends first, its greatest items. */
struct answer {
	size_t classes;
	size_t *ends;
	double *probabilities; /* (rows, classes) */
	uint16_t *choices;     /* (rows) */
};

static bool make_room(
	struct answer *a, const struct upk_serving *s, size_t rows, struct upk_error *err)
{
	size_t classes = upk_predictor_classes(upk_serving_predictor(s));
	size_t row = sizeof *a->ends + classes * sizeof *a->probabilities + sizeof *a->choices;

	if (rows > PROBABILITIES_MAX / classes)
		return upk_fail(err, UPK_TOO_LARGE,
			"%zu rows of %zu classes: at most %d probabilities are answered", rows,
			classes, PROBABILITIES_MAX);
	a->classes = classes;
	a->ends = malloc(rows * row);
	if (!a->ends)
		return upk_fail(err, UPK_NOMEM, "no memory to answer %zu rows", rows);
	a->probabilities = (double *)(void *)(a->ends + rows);
	a->choices = (uint16_t *)(void *)(a->probabilities + rows * classes);
	return true;
}

static bool predict_encoded(struct upk_infer_request *q, const struct upk_loan *loan,
	struct answer *a, struct upk_error *err)
{
	const struct upk_features *list = loan->schema->features;
	struct upk_buffer rows = { 0 };
	bool done = upk_infer_request_encode(q, list, &rows, a->ends, err) &&
		upk_serving_answer_rows(loan->serving, list, rows.data, a->ends, q->rows,
			a->choices, a->probabilities, err);

	upk_buffer_finish(&rows);
	return done;
}

static bool predict(struct upk_infer_request *q, const struct upk_loan *loan, struct answer *a,
	struct upk_error *err)
{
	const struct upk_features *list = loan->schema->features;
	const char *packed;
	double *numbers;

	if (!list)
		return upk_fail(err, UPK_CONFLICT, "the model's features are not known yet");
	if (!upk_serving_knows(loan->serving, list, err))
		return false;
	if (!make_room(a, loan->serving, q->rows, err))
		return false;
	if (upk_features_numbers_count(list) != upk_features_count(list))
		return predict_encoded(q, loan, a, err);
	packed = upk_infer_request_packed(q, list);
	if (packed && upk_serving_takes_whole(loan->serving, list))
		return upk_serving_answer_packed(
			loan->serving, packed, q->rows, a->choices, a->probabilities, err);
	numbers = upk_infer_request_numbers(q, list, err);
	return numbers &&
		upk_serving_answer_numbers(
			loan->serving, list, numbers, q->rows, a->choices, a->probabilities, err);
}

/* ---- JSON ---- */

static void write_number_text(struct upk_json_writer *w, const char *key, int64_t number)
{
	char text[24];

	snprintf(text, sizeof text, "%" PRId64, number);
	upk_json_string(w, key, text);
}

/* Opens a tensor's object; sizes of 0 end the shape, -1 is any. */
static void begin_tensor(struct upk_json_writer *w, const char *key, struct upk_text name,
	const char *datatype, int64_t rows, int64_t width)
{
	upk_json_object(w, key);
	upk_json_text(w, "name", name);
	upk_json_string(w, "datatype", datatype);
	upk_json_array(w, "shape");
	upk_json_int(w, NULL, rows);
	if (width != 0)
		upk_json_int(w, NULL, width);
	upk_json_array_end(w);
}

/* Which class each column is of. The protocol's parameters are scalars: an array's JSON in a
 * string. */
static void write_classes(struct upk_json_writer *w, const struct upk_predictor *p)
{
	struct upk_buffer names = { 0 };
	struct upk_json_writer inner = upk_json_writer_on(&names);

	upk_json_array(&inner, NULL);
	for (size_t k = 0; k < upk_predictor_classes(p); k++)
		upk_json_text(&inner, NULL, upk_predictor_class(p, k));
	upk_json_array_end(&inner);
	w->out->failed = w->out->failed || names.failed;
	upk_json_text(w, "classes", upk_buffer_text(&names));
	upk_buffer_finish(&names);
}

static void begin_label(struct upk_json_writer *w, int64_t rows)
{
	begin_tensor(w, NULL, upk_text_of("label"), "BYTES", rows, 0);
}

static void begin_probabilities(
	struct upk_json_writer *w, const struct upk_predictor *p, int64_t rows)
{
	begin_tensor(w, NULL, upk_text_of("probabilities"), "FP64", rows,
		(int64_t)upk_predictor_classes(p));
}

/* What an answer is written from, and to. */
struct writing {
	const struct upk_infer_request *q;
	const struct answer *a;
	const struct upk_predictor *p;
	struct upk_json_writer w;
	char *labels; /* (classes, stride): as they stand in binary, zeros behind */
	size_t stride;
};

static struct upk_text label_of(const struct writing *g, size_t row)
{
	return upk_predictor_class(g->p, g->a->choices[row]);
}

/* false: no memory. */
static bool prepare_labels(struct writing *g)
{
	size_t longest = 0;

	for (size_t k = 0; k < g->a->classes; k++) {
		size_t size = sizeof(uint32_t) + upk_predictor_class(g->p, k).size;
		longest = size > longest ? size : longest;
	}
	g->stride = (longest + WORD - 1) / WORD * WORD;
	g->labels = calloc(g->a->classes, g->stride);
	for (size_t k = 0; g->labels && k < g->a->classes; k++) {
		struct upk_text label = upk_predictor_class(g->p, k);
		uint32_t size = htole32((uint32_t)label.size);
		memcpy(g->labels + k * g->stride, &size, sizeof size);
		memcpy(g->labels + k * g->stride + sizeof size, label.data, label.size);
	}
	return g->labels != NULL;
}

static size_t size_of_label(const char *label)
{
	uint32_t length;

	memcpy(&length, label, sizeof length);
	return sizeof length + le32toh(length);
}

static size_t labels_size(const struct writing *g)
{
	const uint16_t *choices = g->a->choices;
	size_t rows = g->q->rows, sum = 0;

	for (size_t i = 0; i < rows; i++)
		sum += size_of_label(g->labels + choices[i] * g->stride);
	return sum;
}

/* Each behind its length in 4 bytes. A word at a time: what is too much the next one covers. */
static void put_labels(struct writing *g, struct upk_buffer *out)
{
	const uint16_t *choices = g->a->choices;
	const char *labels = g->labels;
	size_t rows = g->q->rows, stride = g->stride, before = out->size, all = labels_size(g);
	char *at = upk_buffer_grow(out, all + stride);

	for (size_t i = 0; at && i < rows; i++) {
		const char *label = labels + choices[i] * stride;
		for (size_t k = 0; k < stride; k += WORD)
			memcpy(at + k, label + k, WORD);
		at += size_of_label(label);
	}
	if (at)
		out->size = before + all;
}

static void write_label(struct writing *g)
{
	begin_label(&g->w, (int64_t)g->q->rows);
	if (g->q->outputs[UPK_INFER_LABEL].binary) {
		upk_json_object(&g->w, "parameters");
		upk_json_int(&g->w, "binary_data_size", (int64_t)labels_size(g));
		upk_json_object_end(&g->w);
	} else {
		upk_json_array(&g->w, "data");
		for (size_t i = 0; i < g->q->rows; i++)
			upk_json_text(&g->w, NULL, label_of(g, i));
		upk_json_array_end(&g->w);
	}
	upk_json_object_end(&g->w);
}

static void write_probabilities(struct writing *g)
{
	size_t count = g->q->rows * g->a->classes;
	bool binary = g->q->outputs[UPK_INFER_PROBABILITIES].binary;

	begin_probabilities(&g->w, g->p, (int64_t)g->q->rows);
	upk_json_object(&g->w, "parameters");
	write_classes(&g->w, g->p);
	if (binary)
		upk_json_int(&g->w, "binary_data_size", (int64_t)(count * sizeof(double)));
	upk_json_object_end(&g->w);
	if (!binary) {
		upk_json_array(&g->w, "data");
		for (size_t i = 0; i < count; i++)
			upk_json_double(&g->w, NULL, g->a->probabilities[i]);
		upk_json_array_end(&g->w);
	}
	upk_json_object_end(&g->w);
}

static void write_answer(struct writing *g, const char *model, int64_t version)
{
	struct upk_json_writer *w = &g->w;

	upk_json_object(w, NULL);
	upk_json_string(w, "model_name", model);
	write_number_text(w, "model_version", version);
	if (g->q->id.data)
		upk_json_text(w, "id", g->q->id);
	upk_json_array(w, "outputs");
	if (g->q->outputs[UPK_INFER_LABEL].wanted)
		write_label(g);
	if (g->q->outputs[UPK_INFER_PROBABILITIES].wanted)
		write_probabilities(g);
	upk_json_array_end(w);
	upk_json_object_end(w);
}

static bool is_behind(const struct upk_infer_request *q, size_t output)
{
	return q->outputs[output].wanted && q->outputs[output].binary;
}

/* The JSON, and behind it what is wanted so. */
static void write_all(struct writing *g, const char *model, int64_t version, size_t *json_size)
{
	struct upk_buffer *out = g->w.out;
	bool labels = is_behind(g->q, UPK_INFER_LABEL);
	bool probabilities = is_behind(g->q, UPK_INFER_PROBABILITIES);

	if (labels && !prepare_labels(g)) {
		out->failed = true;
		return;
	}
	write_answer(g, model, version);
	if (labels || probabilities)
		*json_size = out->size;
	if (labels)
		put_labels(g, out);
	if (probabilities)
		upk_features_put_numbers(g->a->probabilities, g->q->rows * g->a->classes, out);
	free(g->labels);
}

static bool answer(struct upk_infer_request *q, const char *model, const struct upk_loan *loan,
	struct upk_buffer *out, size_t *json_size, struct upk_error *err)
{
	struct answer a = { 0 };
	bool done = predict(q, loan, &a, err);

	*json_size = 0;
	if (done) {
		struct writing g = { .q = q,
			.a = &a,
			.p = upk_serving_predictor(loan->serving),
			.w = upk_json_writer_on(out) };
		write_all(&g, model, upk_serving_version(loan->serving), json_size);
	}
	free(a.ends);
	return done;
}

bool upk_infer(struct upk_engine *e, const char *model, int64_t version, struct upk_text json,
	struct upk_text behind, struct upk_buffer *out, size_t *json_size, struct upk_error *err)
{
	struct upk_loan loan;
	struct upk_infer_request request;
	bool done;

	if (!upk_loan_take(e, model, version, &loan, err))
		return false;
	done = upk_infer_request_read(&request, json, behind, err) &&
		answer(&request, model, &loan, out, json_size, err);
	upk_infer_request_finish(&request);
	upk_loan_give_back(&loan);
	return done;
}

/* ---- metadata ---- */

static bool write_version(void *context, const struct upk_version_row *row)
{
	write_number_text(context, NULL, row->version);
	return true;
}

static bool write_versions(
	struct upk_engine *e, const char *model, struct upk_json_writer *w, struct upk_error *err)
{
	struct upk_model *m = upk_registry_get(e->registry, model, err);
	struct upk_store *rows = m ? upk_readers_take(e->readers, err) : NULL;
	bool read = false;

	if (rows) {
		upk_json_array(w, "versions");
		read = upk_version_each(rows, m->number, 0, INT64_MAX, write_version, w, err);
		upk_json_array_end(w);
	}
	upk_readers_give_back(e->readers, rows);
	upk_model_unref(m);
	return read;
}

static void write_input(struct upk_json_writer *w, const struct upk_feature *feature)
{
	static const char *const datatypes[] = {
		[UPK_FEATURE_NUMBER] = "FP64",
		[UPK_FEATURE_CATEGORY] = "BYTES",
		[UPK_FEATURE_TEXT] = "BYTES",
		[UPK_FEATURE_VECTOR] = "FP32",
	};
	bool vector = feature->type == UPK_FEATURE_VECTOR;

	begin_tensor(w, NULL, upk_text_of(feature->name), datatypes[feature->type], -1,
		vector ? (int64_t)feature->size : 1);
	upk_json_object_end(w);
}

static void write_inputs(struct upk_json_writer *w, const struct upk_features *list)
{
	size_t count = list ? upk_features_count(list) : 0;

	upk_json_array(w, "inputs");
	if (count > 0 && upk_features_numbers_count(list) == count) {
		begin_tensor(w, NULL, upk_text_of("features"), "FP64", -1, (int64_t)count);
		upk_json_object_end(w);
	} else {
		for (size_t i = 0; i < count; i++)
			write_input(w, upk_features_at(list, i));
	}
	upk_json_array_end(w);
}

bool upk_infer_describe(struct upk_engine *e, const char *model, int64_t version,
	struct upk_json_writer *w, struct upk_error *err)
{
	struct upk_loan loan;
	char platform[64];
	bool done;

	if (!upk_loan_take(e, model, version, &loan, err))
		return false;
	const struct upk_predictor *p = upk_serving_predictor(loan.serving);
	snprintf(platform, sizeof platform, "upkeepd_%s", upk_predictor_learner(p));
	upk_json_object(w, NULL);
	upk_json_string(w, "name", model);
	done = write_versions(e, model, w, err);
	upk_json_string(w, "platform", platform);
	write_inputs(w, loan.schema->features);
	upk_json_array(w, "outputs");
	begin_label(w, -1);
	upk_json_object_end(w);
	begin_probabilities(w, p, -1);
	upk_json_object(w, "parameters");
	write_classes(w, p);
	upk_json_object_end(w);
	upk_json_object_end(w);
	upk_json_array_end(w);
	upk_json_object_end(w);
	upk_loan_give_back(&loan);
	return done;
}
