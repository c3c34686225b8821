#include "versions/serving.h"

#include <math.h>
#include <stdlib.h>

#include "items/pick.h"
#include "learn/predictor.h"
#include "store/version.h"

struct upk_serving {
	int64_t version;
	struct upk_predictor *predictor;
	struct upk_schema *schema;
	struct upk_pick pick;   /* of the list that rows followed last */
	struct upk_table table; /* the row that is answered */
	double *probabilities;
	uint16_t *classes;            /* the predictor's classes as the model's; UPK_NO_CLASS */
	struct upk_decision decision; /* positive as the predictor's class */
};

static bool map_classes(struct upk_serving *s, struct upk_error *err)
{
	size_t n = upk_predictor_classes(s->predictor);
	s->classes = calloc(n + 1, sizeof *s->classes);
	s->probabilities = calloc(n + 1, sizeof *s->probabilities);
	if (!s->classes || !s->probabilities)
		return upk_fail(
			err, UPK_NOMEM, "no memory to serve version %lld", (long long)s->version);

	s->decision = (struct upk_decision){ .positive = -1, .threshold = s->schema->threshold };
	for (size_t i = 0; i < n; i++) {
		int class = upk_schema_class(s->schema, upk_predictor_class(s->predictor, i));
		s->classes[i] = class < 0 ? UPK_NO_CLASS : (uint16_t) class;
		if (class >= 0 && class == s->schema->positive)
			s->decision.positive = (int)i;
	}
	s->decision = upk_predictor_decision(s->predictor, s->decision);
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
	upk_table_init(&s->table, upk_predictor_columns(predictor));
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
	upk_pick_finish(&s->pick);
	upk_table_finish(&s->table);
	free(s->probabilities);
	free(s->classes);
	free(s);
}

struct upk_serving *upk_serving_load(struct upk_store *store, int64_t model, int64_t version,
	struct upk_schema *schema, struct upk_error *err)
{
	char *bytes;
	size_t size;
	if (!upk_version_bytes(store, model, version, &bytes, &size, err))
		return NULL;
	struct upk_predictor *p = upk_predictor_read((struct upk_text){ bytes, size }, err);
	free(bytes);
	struct upk_serving *s = p ? upk_serving_create(version, p, schema, err) : NULL;
	upk_predictor_unref(p);
	return s;
}

int64_t upk_serving_version(const struct upk_serving *s)
{
	return s->version;
}

struct upk_predictor *upk_serving_predictor(const struct upk_serving *s)
{
	return s->predictor;
}

double upk_serving_threshold(const struct upk_serving *s)
{
	bool decides = s->decision.positive >= 0 && upk_predictor_classes(s->predictor) == 2;
	double threshold = s->decision.threshold;
	return decides && threshold != UPK_DECISION_THRESHOLD ? threshold : NAN;
}

static bool follow(struct upk_serving *s, const struct upk_features *list, struct upk_error *err)
{
	return s->pick.list == list || upk_pick_set(&s->pick, list, s->table.columns, err);
}

static bool fail_strange(
	const struct upk_serving *s, const struct upk_features *list, struct upk_error *err)
{
	const struct upk_columns *own = s->table.columns;
	char unknown[UPK_SPELLING_SIZE], known[UPK_SPELLING_SIZE] = "";
	for (size_t i = 0; i < own->count && upk_spelling_add(known, own->items[i].name);)
		i++;
	return upk_fail(err, UPK_INVALID, "features: version %lld has none of %s: it has %s",
		(long long)s->version, upk_features_list(list, unknown), known);
}

bool upk_serving_knows(
	struct upk_serving *s, const struct upk_features *list, struct upk_error *err)
{
	return follow(s, list, err) &&
		(!upk_pick_is_strange(&s->pick) || fail_strange(s, list, err));
}

/* Appends one row to the table. */
static bool take(struct upk_serving *s, const struct upk_features *list, struct upk_text encoded,
	struct upk_error *err)
{
	if (!follow(s, list, err))
		return false;
	const double *numbers = upk_pick_numbers(&s->pick, encoded, err);
	return numbers && upk_table_add(&s->table, numbers, err) &&
		upk_pick_others(&s->pick, encoded, &s->table, s->table.rows - 1, err);
}

uint16_t upk_serving_decide(const struct upk_serving *s, const double *probabilities)
{
	size_t classes = upk_predictor_classes(s->predictor);
	return s->classes[upk_decide(s->decision, probabilities, classes)];
}

bool upk_serving_row(struct upk_serving *s, const struct upk_features *list,
	struct upk_text encoded, double *row, struct upk_error *err)
{
	upk_table_clear(&s->table);
	if (!take(s, list, encoded, err))
		return false;
	upk_expand_row(upk_predictor_expand(s->predictor), &s->table, 0, row);
	return true;
}

bool upk_serving_answer(struct upk_serving *s, const struct upk_features *list,
	struct upk_text encoded, uint16_t *class, double *probabilities, struct upk_error *err)
{
	double *p = probabilities ? probabilities : s->probabilities;
	upk_table_clear(&s->table);
	if (!take(s, list, encoded, err) ||
		!upk_predictor_predict(s->predictor, &s->table, 0, 1, p, err))
		return false;
	*class = upk_serving_decide(s, p);
	return true;
}

static bool answer_table(struct upk_serving *s, const struct upk_table *t, uint16_t *choices,
	double *probabilities, struct upk_error *err)
{
	size_t classes = upk_predictor_classes(s->predictor);
	if (!upk_predictor_predict(s->predictor, t, 0, t->rows, probabilities, err))
		return false;
	upk_decide_rows(s->decision, probabilities, t->rows, classes, choices);
	return true;
}

bool upk_serving_is_alike(const struct upk_serving *s, const struct upk_serving *other)
{
	const struct upk_columns *own = s->table.columns, *others = other->table.columns;
	if (own->count != others->count)
		return false;
	for (size_t i = 0; i < own->count; i++)
		if (upk_columns_find(others, &own->items[i], i) != (int32_t)i)
			return false;
	return true;
}

bool upk_serving_answer_after(struct upk_serving *s, const struct upk_serving *first,
	uint16_t *class, struct upk_error *err)
{
	struct upk_table table = first->table;
	table.columns = s->table.columns;
	if (!upk_predictor_predict(s->predictor, &table, 0, 1, s->probabilities, err))
		return false;
	*class = upk_serving_decide(s, s->probabilities);
	return true;
}

bool upk_serving_answer_rows(struct upk_serving *s, const struct upk_features *list,
	const char *encoded, const size_t *ends, size_t rows, uint16_t *choices,
	double *probabilities, struct upk_error *err)
{
	bool done = true;
	upk_table_clear(&s->table);
	for (size_t i = 0, begin = 0; done && i < rows; begin = ends[i++])
		done = take(s, list, (struct upk_text){ encoded + begin, ends[i] - begin }, err);
	return done && answer_table(s, &s->table, choices, probabilities, err);
}

bool upk_serving_answer_numbers(struct upk_serving *s, const struct upk_features *list,
	double *numbers, size_t rows, uint16_t *choices, double *probabilities,
	struct upk_error *err)
{
	size_t width = upk_features_numbers_count(list);
	if (!follow(s, list, err))
		return false;
	if (upk_pick_is_whole(&s->pick)) {
		struct upk_table lent = {
			.columns = s->table.columns, .rows = rows, .numbers = numbers
		};
		return answer_table(s, &lent, choices, probabilities, err);
	}
	upk_table_clear(&s->table);
	for (size_t i = 0; i < rows; i++)
		if (!upk_table_add(&s->table, upk_pick_listed(&s->pick, numbers + i * width), err))
			return false;
	return answer_table(s, &s->table, choices, probabilities, err);
}

bool upk_serving_takes_whole(struct upk_serving *s, const struct upk_features *list)
{
	return follow(s, list, NULL) && upk_pick_is_whole(&s->pick);
}

bool upk_serving_answer_packed(struct upk_serving *s, const char *packed, size_t rows,
	uint16_t *choices, double *probabilities, struct upk_error *err)
{
	const struct upk_table lent = {
		.columns = s->table.columns, .rows = rows, .packed = packed
	};
	return answer_table(s, &lent, choices, probabilities, err);
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
