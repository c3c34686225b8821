#include "engine/serving.h"

#include <math.h>
#include <stdlib.h>

/* inputs[i] is where the predictor's i-th feature stands among the numbers of `list`; -1: nowhere.
 */
struct upk_serving {
	int64_t version;
	struct upk_predictor *predictor;
	struct upk_schema *schema;
	struct upk_features *list;
	int32_t *inputs;
	double *numbers, *x, *probabilities;
	uint16_t *classes;            /* the predictor's classes as the model's; UPK_NO_CLASS */
	struct upk_decision decision; /* positive as the predictor's class */
};

static bool map_classes(struct upk_serving *s, struct upk_error *err)
{
	size_t n = upk_predictor_classes(s->predictor);
	s->classes = calloc(n + 1, sizeof *s->classes);
	s->probabilities = calloc(n + 1, sizeof *s->probabilities);
	s->x = calloc(upk_predictor_features(s->predictor) + 1, sizeof *s->x);
	if (!s->classes || !s->probabilities || !s->x)
		return upk_fail(
			err, UPK_NOMEM, "no memory to serve version %lld", (long long)s->version);

	s->decision = (struct upk_decision){ .positive = -1, .threshold = s->schema->threshold };
	for (size_t i = 0; i < n; i++) {
		int class = upk_schema_class(s->schema, upk_predictor_class(s->predictor, i));
		s->classes[i] = class < 0 ? UPK_NO_CLASS : (uint16_t) class;
		if (class >= 0 && class == s->schema->positive)
			s->decision.positive = (int)i;
	}
	return true;
}

struct upk_serving *upk_serving_create(int64_t version, struct upk_predictor *predictor,
	struct upk_schema *schema, struct upk_error *err)
{
	struct upk_serving *s = calloc(1, sizeof *s);
	if (!s) {
		upk_fail(err, UPK_NOMEM, "no memory to serve version %lld", (long long)version);
		return NULL;
	}
	s->version = version;
	s->predictor = upk_predictor_ref(predictor);
	s->schema = upk_schema_ref(schema);
	if (map_classes(s, err))
		return s;
	upk_serving_destroy(s);
	return NULL;
}

void upk_serving_destroy(struct upk_serving *s)
{
	if (!s)
		return;
	upk_predictor_unref(s->predictor);
	upk_schema_unref(s->schema);
	upk_features_unref(s->list);
	free(s->inputs);
	free(s->numbers);
	free(s->x);
	free(s->probabilities);
	free(s->classes);
	free(s);
}

int64_t upk_serving_version(const struct upk_serving *s)
{
	return s->version;
}

struct upk_predictor *upk_serving_predictor(const struct upk_serving *s)
{
	return s->predictor;
}

static bool map_inputs(
	struct upk_serving *s, const struct upk_features *list, struct upk_error *err)
{
	size_t n = upk_predictor_features(s->predictor);
	int32_t *inputs = calloc(n + 1, sizeof *inputs);
	double *numbers = calloc(upk_features_numbers_count(list) + 1, sizeof *numbers);
	if (!inputs || !numbers) {
		free(inputs);
		free(numbers);
		return upk_fail(
			err, UPK_NOMEM, "no memory to serve version %lld", (long long)s->version);
	}
	for (size_t i = 0; i < n; i++)
		inputs[i] = upk_features_number(list, upk_predictor_feature(s->predictor, i));

	free(s->inputs);
	free(s->numbers);
	upk_features_unref(s->list);
	s->inputs = inputs;
	s->numbers = numbers;
	s->list = upk_features_ref((struct upk_features *)(uintptr_t)list);
	return true;
}

bool upk_serving_inputs(struct upk_serving *s, const struct upk_features *list,
	struct upk_text encoded, double *x, struct upk_error *err)
{
	if (s->list != list && !map_inputs(s, list, err))
		return false;
	if (!upk_features_numbers(list, encoded, s->numbers))
		return upk_fail(err, UPK_CORRUPT, "stored features do not follow their list");

	size_t n = upk_predictor_features(s->predictor);
	for (size_t i = 0; i < n; i++)
		x[i] = s->inputs[i] < 0 ? (double)NAN : s->numbers[s->inputs[i]];
	return true;
}

bool upk_serving_answer(struct upk_serving *s, const struct upk_features *list,
	struct upk_text encoded, uint16_t *class, double *probabilities, struct upk_error *err)
{
	double *p = probabilities ? probabilities : s->probabilities;
	if (!upk_serving_inputs(s, list, encoded, s->x, err) ||
		!upk_predictor_predict(s->predictor, s->x, 1, p, err))
		return false;
	*class = s->classes[upk_decide(s->decision, p, upk_predictor_classes(s->predictor))];
	return true;
}

bool upk_serving_answer_rows(struct upk_serving *s, const struct upk_features *list,
	const char *encoded, const size_t *ends, size_t rows, uint16_t *choices,
	double *probabilities, struct upk_error *err)
{
	size_t features = upk_predictor_features(s->predictor), begin = 0;
	size_t classes = upk_predictor_classes(s->predictor);
	double *x = calloc(rows, (features + 1) * sizeof *x);
	bool done = x || upk_fail(err, UPK_NOMEM, "no memory to predict %zu rows", rows);
	for (size_t i = 0; done && i < rows; begin = ends[i++])
		done = upk_serving_inputs(s, list,
			(struct upk_text){ encoded + begin, ends[i] - begin }, x + i * features,
			err);
	done = done && upk_predictor_predict(s->predictor, x, rows, probabilities, err);
	for (size_t i = 0; done && i < rows; i++)
		choices[i] = upk_decide(s->decision, probabilities + i * classes, classes);
	free(x);
	return done;
}

bool upk_serving_answer_in(struct upk_serving *s, const struct upk_schema *schema,
	const struct upk_features *list, struct upk_text encoded, uint16_t *class, double *scores,
	struct upk_error *err)
{
	if (!upk_serving_answer(s, list, encoded, class, NULL, err))
		return false;
	for (size_t i = 0; i < schema->classes_count; i++)
		scores[i] = 0;
	for (size_t i = 0; i < upk_predictor_classes(s->predictor); i++)
		if (s->classes[i] != UPK_NO_CLASS)
			scores[s->classes[i]] = s->probabilities[i];
	return true;
}
