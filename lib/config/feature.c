#include "config/feature.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_writer.h"
#include "config/feature_list.h"
#include "config/value.h"

static const char *const type_names[] = {
	[UPK_FEATURE_NUMBER] = "number",
	[UPK_FEATURE_CATEGORY] = "category",
	[UPK_FEATURE_TEXT] = "text",
	[UPK_FEATURE_VECTOR] = "vector",
};
enum { TYPES = sizeof type_names / sizeof *type_names };

const char *upk_feature_type_name(enum upk_feature_type type)
{
	return type_names[type];
}

/* A list while it grows: { 0 } at first. */
struct draft {
	struct upk_feature *items;
	size_t count, capacity;
};

static void draft_finish(struct draft *d)
{
	for (size_t i = 0; i < d->count; i++)
		free(d->items[i].name);
	free(d->items);
}

static bool draft_add(struct draft *d, struct upk_text name, enum upk_feature_type type,
	uint32_t size, struct upk_error *err)
{
	char shown[UPK_VALUE_SHOWN];
	if (d->count == UPK_FEATURES_MAX)
		return upk_fail(err, UPK_INVALID, "features: more than %d", UPK_FEATURES_MAX);
	if (!name.size || name.size > 128)
		return upk_fail(err, UPK_INVALID,
			"features[%zu]: name \"%s\" has %zu bytes: want 1 to 128", d->count,
			upk_text_show(name, shown), name.size);
	if (d->count == d->capacity) {
		size_t capacity = d->capacity ? 2 * d->capacity : 16;
		struct upk_feature *items = realloc(d->items, capacity * sizeof *items);
		if (!items)
			return upk_fail(err, UPK_NOMEM, "no memory for the features");
		d->items = items;
		d->capacity = capacity;
	}
	char *copy = upk_text_copy(name);
	if (!copy)
		return upk_fail(err, UPK_NOMEM, "no memory for the features");
	d->items[d->count++] = (struct upk_feature){ .name = copy,
		.type = type,
		.size = size,
		.number = -1,
		.name_size = (uint32_t)name.size };
	return true;
}

static bool draft_check(const struct draft *d, struct upk_error *err)
{
	size_t values = 0;
	for (size_t i = 0; i < d->count; i++)
		values += d->items[i].type == UPK_FEATURE_VECTOR ? d->items[i].size : 1;
	if (!d->count)
		return upk_fail(err, UPK_INVALID, "features: none: want 1 to %d", UPK_FEATURES_MAX);
	if (values > UPK_ROW_VALUES_MAX)
		return upk_fail(err, UPK_INVALID,
			"features: %zu values a row in all: want at most %d", values,
			UPK_ROW_VALUES_MAX);
	return true;
}

static bool index_names(struct upk_features *f, struct upk_error *err)
{
	struct upk_text *names = calloc(f->count, sizeof *names);
	if (!names)
		return upk_fail(err, UPK_NOMEM, "no memory for the features");
	for (size_t i = 0; i < f->count; i++) {
		names[i] = upk_text_of(f->items[i].name);
		f->items[i].number =
			f->items[i].type == UPK_FEATURE_NUMBER ? (int32_t)f->numbers++ : -1;
	}
	for (size_t i = f->count, run = 0; i-- > 0;) {
		run = f->items[i].type == UPK_FEATURE_NUMBER ? run + 1 : 0;
		f->items[i].run = (uint32_t)run;
	}
	int twin = -1;
	f->names = upk_names_create(names, f->count, &twin);
	free(names);
	if (!f->names)
		return upk_fail(err, UPK_NOMEM, "no memory for the features");
	if (twin >= 0)
		return upk_fail(
			err, UPK_INVALID, "features: \"%s\" stands twice", f->items[twin].name);
	return true;
}

/* Takes the draft's items, even on failure. */
static struct upk_features *make(struct draft *d, struct upk_error *err)
{
	if (!draft_check(d, err)) {
		draft_finish(d);
		return NULL;
	}
	struct upk_features *f = malloc(sizeof *f);
	if (!f) {
		upk_fail(err, UPK_NOMEM, "no memory for the features");
		draft_finish(d);
		return NULL;
	}
	*f = (struct upk_features){ .refs = 1, .count = d->count, .items = d->items };
	if (!index_names(f, err)) {
		upk_features_unref(f);
		return NULL;
	}
	return f;
}

static bool parse_type(
	const cJSON *json, size_t i, enum upk_feature_type *type, struct upk_error *err)
{
	*type = UPK_FEATURE_NUMBER;
	if (!json)
		return true;
	for (size_t t = 0; cJSON_IsString(json) && t < TYPES; t++)
		if (!strcmp(type_names[t], json->valuestring)) {
			*type = (enum upk_feature_type)t;
			return true;
		}
	char shown[UPK_VALUE_SHOWN];
	return upk_fail(err, UPK_INVALID,
		"features[%zu].type: %s: want number, category, text or vector", i,
		upk_value_show_json(json, shown));
}

static bool parse_size(const cJSON *json, size_t i, enum upk_feature_type type, uint32_t *size,
	struct upk_error *err)
{
	char shown[UPK_VALUE_SHOWN];
	*size = 0;
	if (type != UPK_FEATURE_VECTOR && json)
		return upk_fail(err, UPK_INVALID,
			"features[%zu].size: %s: only a vector has a size", i,
			upk_value_show_json(json, shown));
	if (type != UPK_FEATURE_VECTOR)
		return true;
	if (!json)
		return upk_fail(err, UPK_INVALID, "features[%zu].size: missing: want 1 to %d", i,
			UPK_VECTOR_MAX);
	double x = cJSON_IsNumber(json) ? json->valuedouble : 0;
	if (!(x >= 1 && x <= UPK_VECTOR_MAX) || x != (uint32_t)x)
		return upk_fail(err, UPK_INVALID, "features[%zu].size: %s: want 1 to %d", i,
			upk_value_show_json(json, shown), UPK_VECTOR_MAX);
	*size = (uint32_t)x;
	return true;
}

static bool parse_object(const cJSON *json, size_t i, struct draft *d, struct upk_error *err)
{
	const cJSON *name = cJSON_GetObjectItemCaseSensitive(json, "name");
	enum upk_feature_type type;
	uint32_t size;
	const cJSON *member;
	cJSON_ArrayForEach(member, json)
	{
		char shown[UPK_VALUE_SHOWN];
		if (strcmp(member->string, "name") && strcmp(member->string, "type") &&
			strcmp(member->string, "size"))
			return upk_fail(err, UPK_INVALID,
				"features[%zu].%s: unknown member: want name, type, size", i,
				upk_text_show(upk_text_of(member->string), shown));
	}
	if (!cJSON_IsString(name))
		return upk_fail(err, UPK_INVALID, "features[%zu].name: want a string", i);
	return parse_type(cJSON_GetObjectItemCaseSensitive(json, "type"), i, &type, err) &&
		parse_size(cJSON_GetObjectItemCaseSensitive(json, "size"), i, type, &size, err) &&
		draft_add(d, upk_text_of(name->valuestring), type, size, err);
}

struct upk_features *upk_features_parse(const cJSON *json, struct upk_error *err)
{
	char shown[UPK_VALUE_SHOWN];
	struct draft d = { 0 };
	if (!cJSON_IsArray(json)) {
		upk_fail(err, UPK_INVALID, "features: %s: want an array",
			upk_value_show_json(json, shown));
		return NULL;
	}
	const cJSON *item;
	cJSON_ArrayForEach(item, json)
	{
		bool added = false;
		if (cJSON_IsString(item))
			added = draft_add(
				&d, upk_text_of(item->valuestring), UPK_FEATURE_NUMBER, 0, err);
		else if (cJSON_IsObject(item))
			added = parse_object(item, d.count, &d, err);
		else
			upk_fail(err, UPK_INVALID,
				"features[%zu]: %s: want a name or an object with name and type",
				d.count, upk_value_show_json(item, shown));
		if (!added) {
			draft_finish(&d);
			return NULL;
		}
	}
	return make(&d, err);
}

/* Reads an array to its end; size becomes its length. Its values are checked by encoding it. */
static bool learn_size(struct upk_json_reader *r, uint32_t *size)
{
	struct upk_text text;
	enum upk_json_token token;
	*size = 0;
	while ((token = upk_json_next(r, &text)) != UPK_JSON_ARRAY_END) {
		if (token == UPK_JSON_OBJECT || token == UPK_JSON_ARRAY)
			upk_json_skip(r, token, NULL);
		if (token == UPK_JSON_ERROR)
			return false;
		++*size;
	}
	return true;
}

/* Adds the feature whose value begins with token. */
static bool learn_value(struct upk_json_reader *r, enum upk_json_token token, struct upk_text text,
	const char *name, struct draft *d, struct upk_error *err)
{
	char shown[UPK_VALUE_SHOWN];
	enum upk_feature_type type = UPK_FEATURE_NUMBER;
	uint32_t size = 0;
	if (token == UPK_JSON_ERROR)
		return upk_json_fail(r, err);
	if (token == UPK_JSON_OBJECT)
		return upk_fail(err, UPK_INVALID, "features.%s: %s: no feature is an object", name,
			upk_value_show(r, token, text, shown));
	if (token == UPK_JSON_STRING)
		type = UPK_FEATURE_CATEGORY;
	if (token == UPK_JSON_ARRAY) {
		type = UPK_FEATURE_VECTOR;
		if (!learn_size(r, &size))
			return upk_json_fail(r, err);
		if (!size || size > UPK_VECTOR_MAX)
			return upk_fail(err, UPK_INVALID,
				"features.%s: an array of %u: want 1 to %d numbers", name,
				(unsigned)size, UPK_VECTOR_MAX);
	}
	return draft_add(d, upk_text_of(name), type, size, err);
}

static bool learn_object(struct upk_json_reader *r, struct draft *d, struct upk_error *err)
{
	struct upk_text text;
	enum upk_json_token token;
	while ((token = upk_json_next(r, &text)) == UPK_JSON_KEY) {
		char *name = upk_text_copy(text);
		if (!name)
			return upk_fail(err, UPK_NOMEM, "no memory for the features");
		token = upk_json_next(r, &text);
		bool ok = learn_value(r, token, text, name, d, err);
		free(name);
		if (!ok)
			return false;
	}
	return token == UPK_JSON_OBJECT_END || upk_json_fail(r, err);
}

static bool learn_array(struct upk_json_reader *r, struct draft *d, struct upk_error *err)
{
	struct upk_text text;
	enum upk_json_token token;
	while ((token = upk_json_next(r, &text)) != UPK_JSON_ARRAY_END) {
		char name[16];
		snprintf(name, sizeof name, "f%zu", d->count);
		if (!learn_value(r, token, text, name, d, err))
			return false;
	}
	return true;
}

/* A list that does not encode the values it was learnt from would reject the next ones too. */
static bool encodes(const struct upk_features *f, struct upk_json_reader *r, struct upk_text json,
	struct upk_error *err)
{
	struct upk_buffer out = { 0 };
	struct upk_text text;
	upk_json_reader_reset(r, json);
	enum upk_json_token token = upk_json_next(r, &text);
	bool ok = upk_features_encode(f, r, token, NULL, &out, err);
	if (ok && out.failed)
		ok = upk_fail(err, UPK_NOMEM, "no memory for the features");
	upk_buffer_finish(&out);
	return ok;
}

struct upk_features *upk_features_learn(struct upk_text json, struct upk_error *err)
{
	struct upk_json_reader *r = upk_json_reader_create(json);
	if (!r) {
		upk_fail(err, UPK_NOMEM, "no memory for the features");
		return NULL;
	}
	struct draft d = { 0 };
	struct upk_features *f = NULL;
	struct upk_text text;
	enum upk_json_token token = upk_json_next(r, &text);
	bool ok = false;
	if (token == UPK_JSON_OBJECT)
		ok = learn_object(r, &d, err);
	else if (token == UPK_JSON_ARRAY)
		ok = learn_array(r, &d, err);
	else
		upk_fail(err, UPK_INVALID, "features: want an array or an object");
	if (ok)
		f = make(&d, err);
	else
		draft_finish(&d);
	if (f && !encodes(f, r, json, err)) {
		upk_features_unref(f);
		f = NULL;
	}
	upk_json_reader_destroy(r);
	return f;
}

struct upk_features *upk_features_ref(struct upk_features *f)
{
	if (f)
		atomic_fetch_add(&f->refs, 1);
	return f;
}

void upk_features_unref(struct upk_features *f)
{
	if (!f || atomic_fetch_sub(&f->refs, 1) > 1)
		return;
	upk_names_destroy(f->names);
	for (size_t i = 0; i < f->count; i++)
		free(f->items[i].name);
	free(f->items);
	free(f);
}

size_t upk_features_count(const struct upk_features *f)
{
	return f->count;
}

const struct upk_feature *upk_features_at(const struct upk_features *f, size_t i)
{
	return &f->items[i];
}

int upk_features_find(const struct upk_features *f, struct upk_text name)
{
	return upk_names_find(f->names, name);
}

int32_t upk_features_number(const struct upk_features *f, struct upk_text name)
{
	int found = upk_features_find(f, name);
	return found < 0 ? -1 : f->items[found].number;
}

static struct upk_text name_of(const struct upk_feature *feature)
{
	return (struct upk_text){ feature->name, feature->name_size };
}

const char *upk_features_list(const struct upk_features *f, char out[UPK_SPELLING_SIZE])
{
	bool fits = true;
	out[0] = '\0';
	for (size_t i = 0; fits && i < f->count; i++)
		fits = upk_spelling_add(out, name_of(&f->items[i]));
	return out;
}

void upk_features_try(const struct upk_features *f, struct upk_spelling *s)
{
	for (size_t i = 0; i < f->count; i++)
		upk_spelling_try(s, name_of(&f->items[i]));
}

void upk_features_write(const struct upk_features *f, struct upk_buffer *out)
{
	struct upk_json_writer w = upk_json_writer_on(out);
	upk_json_array(&w, NULL);
	for (size_t i = 0; i < f->count; i++) {
		const struct upk_feature *item = &f->items[i];
		upk_json_object(&w, NULL);
		upk_json_string(&w, "name", item->name);
		upk_json_string(&w, "type", type_names[item->type]);
		if (item->type == UPK_FEATURE_VECTOR)
			upk_json_int(&w, "size", item->size);
		upk_json_object_end(&w);
	}
	upk_json_array_end(&w);
}
