/* libFuzzer: whatever the body, the decoder ends without a fault, and what it accepts cJSON reads
 * to the same values. The first byte chooses the kind, NDJSON and the configuration. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "engine/batch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const configs[] = {
	"{}",
	"{\"classes\":[\"a\",\"b\"],\"positive\":\"b\",\"slices\":[\"k\",\"j\"],"
	"\"features\":[\"x\",\"y\"]}",
	"{\"strict\":true,\"features\":[{\"name\":\"c\",\"type\":\"category\"},"
	"{\"name\":\"t\",\"type\":\"text\"},{\"name\":\"v\",\"type\":\"vector\",\"size\":2},\"x\"]"
	"}",
};

static void must(bool holds)
{
	if (!holds)
		abort();
}

static const cJSON *member(const cJSON *object, const char *name)
{
	return cJSON_GetObjectItemCaseSensitive(object, name);
}

static void check_name(struct upk_text text, const cJSON *json)
{
	if (cJSON_IsString(json))
		must(upk_text_is(text, json->valuestring));
	else
		must((text.data != NULL) == (json != NULL));
}

static void check_numbers(const struct upk_batch *b, struct upk_text encoded, const cJSON *json)
{
	const struct upk_features *f = b->schema->features;
	double numbers[4];
	if (!encoded.data)
		return;
	must(upk_features_numbers(f, encoded, numbers));
	for (size_t i = 0, n = 0; i < upk_features_count(f); i++) {
		const struct upk_feature *feature = upk_features_at(f, i);
		const cJSON *value = cJSON_IsArray(json) ? cJSON_GetArrayItem(json, (int)i)
							 : member(json, feature->name);
		if (feature->type != UPK_FEATURE_NUMBER)
			continue;
		if (cJSON_IsNumber(value))
			must(!(numbers[n] < value->valuedouble || numbers[n] > value->valuedouble));
		else
			must(cJSON_IsBool(value) || isnan(numbers[n]));
		n++;
	}
}

static void check_item(const struct upk_batch *b, const struct upk_item *item, const cJSON *json)
{
	check_name(item->id, member(json, "id"));
	check_name(item->label, b->kind == UPK_ITEM_PREDICT ? NULL : member(json, "label"));
	if (b->kind == UPK_ITEM_LABEL)
		return;
	check_name(item->predicted, member(json, "predicted"));
	check_numbers(b, item->features, member(json, "features"));
	if (item->scored)
		must(!(item->score < member(json, "score")->valuedouble ||
			item->score > member(json, "score")->valuedouble));
	const cJSON *score = member(json, "scores") ? member(json, "scores")->child : NULL;
	for (size_t i = 0; i < item->scores_count; i++, score = score->next)
		must(!(item->scores[i].probability < score->valuedouble ||
			item->scores[i].probability > score->valuedouble));
	must(!score);
}

/* Every item was accepted: so must the document be. */
static void check_body(const struct upk_batch *b, struct upk_text body)
{
	for (size_t i = 0; i < b->count; i++)
		if (b->items[i].error)
			return;
	cJSON *json = upk_json_parse(body, NULL);
	must(json);
	const cJSON *each = b->single ? json : json->child;
	for (size_t i = 0; i < b->count; i++, each = each->next)
		check_item(b, &b->items[i], each);
	cJSON_Delete(json);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!size)
		return 0;
	struct upk_config *c = upk_config_parse(upk_text_of(configs[*data / 8 % 3]), NULL);
	struct upk_schema *s = upk_schema_create(c, NULL, 0, NULL, 0, 1, NULL);
	char *body = malloc(size);
	must(c && s && body);
	memcpy(body, data + 1, size - 1);
	struct upk_batch *b = upk_batch_decode((enum upk_item_kind)(*data % 3), *data / 4 % 2, body,
		size - 1, s, INT64_C(1767261600000), NULL);
	if (b && !b->ndjson && !b->unlearnt)
		check_body(b, (struct upk_text){ (const char *)data + 1, size - 1 });
	if (b)
		must(upk_batch_redecode(b, s, NULL));
	upk_batch_destroy(b);
	upk_schema_unref(s);
	upk_config_unref(c);
	return 0;
}
