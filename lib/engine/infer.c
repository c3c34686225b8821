#include "engine/infer.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine/infer_request.h"
#include "engine/lending.h"
#include "engine/report_parts.h"
#include "store/version.h"

enum { PROBABILITIES_MAX = 16 << 20 };

/* One block: ends first, its greatest items. */
struct answer {
	size_t classes;
	size_t *ends;
	double *probabilities; /* (rows, classes) */
	uint16_t *choices;     /* (rows) */
};

static bool make_room(struct answer *a, const struct upk_serving *s, size_t rows,
	struct upk_error *err)
{
	size_t classes = upk_predictor_classes(upk_serving_predictor(s));
	size_t row = sizeof *a->ends + classes * sizeof *a->probabilities + sizeof *a->choices;

	if (rows > PROBABILITIES_MAX / classes)
		return upk_fail(err, UPK_TOO_LARGE,
			"%zu rows of %zu classes: at most %d probabilities are answered", rows,
			classes, PROBABILITIES_MAX);
	a->classes = classes;
	a->ends = calloc(rows, row);
	if (!a->ends)
		return upk_fail(err, UPK_NOMEM, "no memory to answer %zu rows", rows);
	a->probabilities = (double *)(void *)(a->ends + rows);
	a->choices = (uint16_t *)(void *)(a->probabilities + rows * classes);
	return true;
}

static bool predict(const struct upk_infer_request *q, const struct upk_loan *loan,
	struct answer *a, struct upk_error *err)
{
	const struct upk_features *list = loan->schema->features;
	struct upk_buffer rows = { 0 };
	bool done;

	if (!list)
		return upk_fail(err, UPK_CONFLICT, "the model's features are not known yet");
	done = make_room(a, loan->serving, q->rows, err) &&
		upk_infer_request_encode(q, list, &rows, a->ends, err) &&
		upk_serving_answer_rows(loan->serving, list, rows.data, a->ends, q->rows,
			a->choices, a->probabilities, err);
	upk_buffer_finish(&rows);
	return done;
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

	upk_json_object(w, "parameters");
	upk_json_text(w, "classes", upk_buffer_text(&names));
	upk_json_object_end(w);
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
	write_classes(w, p);
}

static void write_outputs(const struct upk_infer_request *q, const struct answer *a,
	const struct upk_predictor *p, struct upk_json_writer *w)
{
	upk_json_array(w, "outputs");
	if (q->label) {
		begin_label(w, (int64_t)q->rows);
		upk_json_array(w, "data");
		for (size_t i = 0; i < q->rows; i++)
			upk_json_text(w, NULL, upk_predictor_class(p, a->choices[i]));
		upk_json_array_end(w);
		upk_json_object_end(w);
	}
	if (q->probabilities) {
		begin_probabilities(w, p, (int64_t)q->rows);
		upk_json_array(w, "data");
		for (size_t i = 0; i < q->rows * a->classes; i++)
			upk_json_double(w, NULL, a->probabilities[i]);
		upk_json_array_end(w);
		upk_json_object_end(w);
	}
	upk_json_array_end(w);
}

static bool answer(const struct upk_infer_request *q, const char *model,
	const struct upk_loan *loan, struct upk_json_writer *w, struct upk_error *err)
{
	struct answer a = { 0 };
	bool done = predict(q, loan, &a, err);

	if (done) {
		upk_json_object(w, NULL);
		upk_json_string(w, "model_name", model);
		write_number_text(w, "model_version", upk_serving_version(loan->serving));
		if (q->id.data)
			upk_json_text(w, "id", q->id);
		write_outputs(q, &a, upk_serving_predictor(loan->serving), w);
		upk_json_object_end(w);
	}
	free(a.ends);
	return done;
}

bool upk_infer(struct upk_engine *e, const char *model, int64_t version, struct upk_text body,
	struct upk_json_writer *w, struct upk_error *err)
{
	struct upk_loan loan;
	struct upk_infer_request request;
	bool done;

	if (!upk_loan_take(e, model, version, &loan, err))
		return false;
	done = upk_infer_request_read(&request, body, err) &&
		answer(&request, model, &loan, w, err);
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
	struct upk_report r;
	bool read;

	if (!upk_report_open(e, model, &r, err))
		return false;
	upk_json_array(w, "versions");
	read = upk_version_each(r.rows, r.model->number, 0, INT64_MAX, write_version, w, err);
	upk_json_array_end(w);
	upk_report_close(&r);
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
	upk_json_object_end(w);
	upk_json_array_end(w);
	upk_json_object_end(w);
	upk_loan_give_back(&loan);
	return done;
}
