/* Events, labels and rows to predict: whatever the body and however it is cut, decoding gives the
 * same items, and what it accepts cJSON reads to the same values. The first byte chooses the kind,
 * NDJSON and the configuration, the second where the body is cut. */
#include <math.h>

#include "base/json.h"
#include "fuzz.h"
#include "items/batch.h"

static const char *const configs[] = {
	"{}",
	"{\"classes\":[\"a\",\"b\"],\"positive\":\"b\",\"slices\":[\"k\",\"j\"],"
	"\"features\":[\"x\",\"y\"]}",
	"{\"strict\":true,\"features\":[{\"name\":\"c\",\"type\":\"category\"},"
	"{\"name\":\"t\",\"type\":\"text\"},{\"name\":\"v\",\"type\":\"vector\",\"size\":2},\"x\"]"
	"}",
};
enum { CONFIGS = sizeof configs / sizeof *configs };

static const int64_t now = INT64_C(1767261600000);

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
			must(same_bits(numbers[n], value->valuedouble));
		else
			must(cJSON_IsBool(value) || isnan(numbers[n]));
		n++;
	}
}

static void check_scores(const struct upk_item *item, const cJSON *json)
{
	const cJSON *score = json ? json->child : NULL;
	for (size_t i = 0; i < item->scores_count; i++, score = score->next) {
		must(same_bits(item->scores[i].probability, score->valuedouble));
		if (score->string)
			must(upk_text_is(item->scores[i].class, score->string));
	}
	must(!score);
}

static void check_meta(struct upk_text meta, const cJSON *json)
{
	must((meta.data != NULL) == (json != NULL));
	if (!json)
		return;
	cJSON *read = upk_json_parse(meta, NULL);
	must(read && upk_json_equal(read, json));
	cJSON_Delete(read);
}

static void check_item(const struct upk_batch *b, const struct upk_item *item, const cJSON *json)
{
	check_name(item->id, member(json, "id"));
	check_name(item->label, member(json, "label"));
	if (b->kind == UPK_ITEM_LABEL) {
		check_name(item->source, member(json, "source"));
		return;
	}
	check_name(item->predicted, member(json, "predicted"));
	check_numbers(b, item->features, member(json, "features"));
	check_scores(item, member(json, "scores"));
	check_meta(item->meta, member(json, "meta"));
	must(item->scored == (member(json, "score") != NULL));
	if (item->scored)
		must(same_bits(item->score, member(json, "score")->valuedouble));
	if (item->predicted_found)
		must(upk_text_equal(
			b->schema->classes[item->predicted_found - 1], item->predicted));
}

/* The document holds no items but those of the batch. */
static void check_document(const struct upk_batch *b, struct upk_text body)
{
	for (size_t i = 0; i < b->count; i++)
		if (b->items[i].error)
			return;
	cJSON *json = upk_json_parse(body, NULL);
	must(json);
	const cJSON *each = b->single ? json : json->child;
	for (size_t i = 0; i < b->count; i++, each = each->next) {
		must(each);
		check_item(b, &b->items[i], each);
	}
	must(!each);
	cJSON_Delete(json);
}

/* Each line that was accepted, in its order. */
static void check_lines(const struct upk_batch *b, struct upk_text body)
{
	size_t i = 0;
	for (size_t at = 0, end; at < body.size; at = end + 1) {
		const char *newline = memchr(body.data + at, '\n', body.size - at);
		end = newline ? (size_t)(newline - body.data) : body.size;
		struct upk_text line = { body.data + at, end - at };
		size_t blank = 0;
		while (blank < line.size && memchr(" \t\r", line.data[blank], 3))
			blank++;
		if (blank == line.size)
			continue;
		must(i < b->count);
		const struct upk_item *item = &b->items[i++];
		if (item->error)
			continue;
		cJSON *json = upk_json_parse(line, NULL);
		must(json);
		check_item(b, item, json);
		cJSON_Delete(json);
	}
	must(i == b->count);
}

static void same_text(struct upk_text a, struct upk_text b)
{
	must(upk_text_equal(a, b));
}

static void check_same(const struct upk_batch *a, const struct upk_batch *b)
{
	must(a->count == b->count && a->single == b->single && a->unlearnt == b->unlearnt);
	must(a->ignored_count == b->ignored_count && a->body_size == b->body_size);
	for (size_t i = 0; i < a->count; i++) {
		const struct upk_item *x = &a->items[i], *y = &b->items[i];
		must(!x->error == !y->error && (!x->error || !strcmp(x->error, y->error)));
		same_text(x->id, y->id);
		same_text(x->predicted, y->predicted);
		same_text(x->label, y->label);
		same_text(x->features, y->features);
		same_text(x->raw_features, y->raw_features);
		same_text(x->slices, y->slices);
		same_text(x->meta, y->meta);
		same_text(x->source, y->source);
		same_text(x->version.name, y->version.name);
		must(x->time == y->time && x->scores_count == y->scores_count);
		must(x->predicted_found == y->predicted_found && same_bits(x->score, y->score));
	}
}

/* The body in two pieces, cut at `cut`; NULL: refused. */
static struct upk_batch *feed(enum upk_item_kind kind, bool ndjson, struct upk_text body,
	size_t cut, struct upk_schema *s, struct upk_error *err)
{
	struct upk_batch *b = upk_batch_begin(kind, ndjson, s, now, err);
	must(b);
	char *first = fuzz_copy(body.data, cut);
	char *second = fuzz_copy(body.data + cut, body.size - cut);
	bool ok = upk_batch_feed(b, (struct upk_text){ first, cut }, err);
	free(first);
	ok = ok && upk_batch_feed(b, (struct upk_text){ second, body.size - cut }, err);
	free(second);
	if (ok && upk_batch_end(b, err))
		return b;
	upk_batch_destroy(b);
	return NULL;
}

static void check(enum upk_item_kind kind, bool ndjson, struct upk_text body, size_t cut,
	struct upk_schema *s)
{
	struct upk_error err = { 0 }, fed_err = { 0 };
	struct upk_batch *b = upk_batch_decode(
		kind, ndjson, fuzz_copy(body.data, body.size), body.size, s, now, &err);
	struct upk_batch *fed = feed(kind, ndjson, body, cut, s, &fed_err);
	must(!b == !fed && !strcmp(err.message, fed_err.message));
	if (b) {
		check_same(b, fed);
		if (!b->unlearnt && ndjson)
			check_lines(b, body);
		else if (!b->unlearnt)
			check_document(b, body);
		must(upk_batch_redecode(fed, s, NULL));
		check_same(b, fed);
	}
	upk_batch_destroy(fed);
	upk_batch_destroy(b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2)
		return 0;
	struct upk_config *c = upk_config_parse(upk_text_of(configs[data[0] / 8 % CONFIGS]), NULL);
	struct upk_schema *s = upk_schema_create(c, NULL, 0, NULL, 0, 1, NULL);
	struct upk_text body = { (const char *)data + 2, size - 2 };
	must(c && s);
	check((enum upk_item_kind)(data[0] % 3), data[0] / 4 % 2, body, data[1] * body.size / 256,
		s);
	upk_schema_unref(s);
	upk_config_unref(c);
	return 0;
}
