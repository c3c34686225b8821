/* Requests of the Open Inference Protocol: what is accepted, cJSON reads to the same numbers, and
 * encoded rows show what came. The first byte chooses the features. */
#include <math.h>

#include "base/json.h"
#include "fuzz.h"
#include "infer/infer_request.h"

static const char *const lists[] = {
	"[\"x\",\"y\"]",
	"[{\"name\":\"c\",\"type\":\"category\"},{\"name\":\"t\",\"type\":\"text\"},"
	"{\"name\":\"v\",\"type\":\"vector\",\"size\":2},\"x\"]",
};
enum { LISTS = sizeof lists / sizeof *lists };

static const cJSON *member(const cJSON *object, const char *name)
{
	return cJSON_GetObjectItemCaseSensitive(object, name);
}

static void check_number(const struct upk_tensor *t, double x, const cJSON *value)
{
	if (cJSON_IsNull(value))
		must(isnan(x));
	else if (cJSON_IsBool(value))
		must(x == (cJSON_IsTrue(value) ? 1 : 0));
	else
		must(same_bits(x,
			t->type->single ? (double)(float)value->valuedouble : value->valuedouble));
}

static void check_value(const struct upk_tensor *t, size_t at, const cJSON *value)
{
	must(at < t->rows * t->width);
	if (t->numbers)
		check_number(t, t->numbers[at], value);
	else if (cJSON_IsNull(value))
		must(!t->texts[at].data);
	else
		must(upk_text_is(t->texts[at], value->valuestring));
}

static void check_tensor(const struct upk_tensor *t, const cJSON *json)
{
	size_t at = 0;
	must(upk_text_is(t->name, member(json, "name")->valuestring));
	must(!strcmp(t->type->name, member(json, "datatype")->valuestring));
	if (t->binary >= 0)
		return;
	for (const cJSON *i = member(json, "data")->child; i; i = i->next) {
		if (!cJSON_IsArray(i)) {
			check_value(t, at++, i);
			continue;
		}
		for (const cJSON *k = i->child; k; k = k->next)
			check_value(t, at++, k);
	}
	must(at == t->rows * t->width);
}

static void check_encoded(struct upk_infer_request *q, const struct upk_features *list)
{
	struct upk_buffer rows = { 0 };
	size_t *ends = calloc(q->rows, sizeof *ends);
	double numbers[2];
	must(ends);
	if (upk_infer_request_encode(q, list, &rows, ends, NULL))
		for (size_t i = 0, begin = 0; i < q->rows; begin = ends[i++])
			must(upk_features_numbers(list,
				(struct upk_text){ rows.data + begin, ends[i] - begin }, numbers));
	upk_buffer_finish(&rows);
	free(ends);
}

static void check_numbers(struct upk_infer_request *q, const struct upk_features *list)
{
	const double *numbers = upk_infer_request_numbers(q, list, NULL);
	for (size_t i = 0; numbers && i < q->rows * upk_features_count(list); i++)
		must(!isinf(numbers[i]));
}

static void check_rows(struct upk_infer_request *q, const struct upk_features *list)
{
	if (upk_features_numbers_count(list) == upk_features_count(list))
		check_numbers(q, list);
	else
		check_encoded(q, list);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct upk_infer_request q;
	if (size < 1)
		return 0;
	char *copy = fuzz_copy(data + 1, size - 1);
	const char *cut =
		memchr(copy, '\f', size - 1); /* no JSON has it: what is behind is binary */
	struct upk_text body = { copy, cut ? (size_t)(cut - copy) : size - 1 };
	struct upk_text behind = { cut ? cut + 1 : copy, cut ? size - 2 - body.size : 0 };
	cJSON *list_json = upk_json_parse(upk_text_of(lists[data[0] % LISTS]), NULL);
	struct upk_features *list = upk_features_parse(list_json, NULL);
	must(list);
	cJSON_Delete(list_json);
	if (upk_infer_request_read(&q, body, behind, NULL)) {
		cJSON *json = upk_json_parse(body, NULL);
		must(json);
		const cJSON *input = member(json, "inputs")->child;
		for (size_t i = 0; i < q.inputs_count; i++, input = input->next)
			check_tensor(&q.inputs[i], input);
		must(!input);
		cJSON_Delete(json);
		check_rows(&q, list);
	}
	upk_infer_request_finish(&q);
	upk_features_unref(list);
	free(copy);
	return 0;
}
