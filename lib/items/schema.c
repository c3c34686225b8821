#include "items/schema.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/json_writer.h"
#include "config/names.h"
#include "config/no_class.h"
#include "config/value.h"
#include "metrics/confusion.h"

/* What upk_schema.lookup points to. */
struct lookup {
	atomic_int refs;
	struct upk_names *classes;
};

static const struct lookup *lookup_of(const struct upk_schema *s)
{
	return s->lookup;
}

/* Copies of the names, each ended by a NUL, in one block behind the array; NULL: no memory. */
static struct upk_text *copy_names(const struct upk_text *names, size_t count)
{
	size_t bytes = 0;
	for (size_t i = 0; i < count; i++)
		bytes += names[i].size + 1;
	struct upk_text *copy = malloc((count + 1) * sizeof *copy + bytes);
	if (!copy)
		return NULL;
	char *at = (char *)(copy + count + 1);
	for (size_t i = 0; i < count; i++) {
		memcpy(at, names[i].data, names[i].size);
		at[names[i].size] = 0;
		copy[i] = (struct upk_text){ at, names[i].size };
		at += names[i].size + 1;
	}
	return copy;
}

static bool is_among(struct upk_text name, const struct upk_text *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (upk_text_equal(name, names[i]))
			return true;
	return false;
}

/* A class keeps its number once it has one, whatever the order in which a later configuration
 * declares it: stored scores and points of history go by it. */
static bool set_declared(struct upk_schema *s, const struct upk_text *known, size_t known_count,
	struct upk_error *err)
{
	struct upk_text declared[UPK_CLASSES_MAX], names[UPK_CLASSES_MAX];
	size_t count = s->config->classes_count, n = 0;
	for (size_t i = 0; i < count; i++)
		declared[i] = upk_text_of(s->config->classes[i]);
	for (size_t i = 0; i < known_count; i++)
		if (is_among(known[i], declared, count))
			names[n++] = known[i];
	size_t kept = n;
	for (size_t i = 0; i < count; i++)
		if (!is_among(declared[i], names, kept))
			names[n++] = declared[i];
	s->classes_declared = true;
	s->classes_count = n;
	s->classes = copy_names(names, n);
	return s->classes || upk_fail(err, UPK_NOMEM, "no memory for the classes");
}

static bool set_learnt(
	struct upk_schema *s, const struct upk_text *classes, size_t count, struct upk_error *err)
{
	if (count > UPK_CLASSES_MAX)
		return upk_fail(
			err, UPK_INVALID, "%zu classes: want at most %d", count, UPK_CLASSES_MAX);
	s->classes_count = count;
	s->classes = copy_names(classes, count);
	return s->classes || upk_fail(err, UPK_NOMEM, "no memory for the classes");
}

static bool index_classes(struct upk_schema *s, struct upk_error *err)
{
	struct lookup *lookup = calloc(1, sizeof *lookup);
	if (!lookup)
		return upk_fail(err, UPK_NOMEM, "no memory for the classes");
	atomic_init(&lookup->refs, 1);
	s->lookup = lookup;
	int twin = -1;
	lookup->classes = upk_names_create(s->classes, s->classes_count, &twin);
	if (!lookup->classes)
		return upk_fail(err, UPK_NOMEM, "no memory for the classes");
	if (twin >= 0)
		return upk_fail(
			err, UPK_INVALID, "classes: \"%s\" stands twice", s->classes[twin].data);
	return true;
}

/* All classes are `no` or `yes`: then `yes` is the positive one. */
static int positive_of(const struct upk_schema *s, const char *no, const char *yes)
{
	for (size_t i = 0; i < s->classes_count; i++)
		if (!upk_text_is(s->classes[i], no) && !upk_text_is(s->classes[i], yes))
			return -1;
	return upk_schema_class(s, upk_text_of(yes));
}

static bool find_positive(struct upk_schema *s, struct upk_error *err)
{
	const char *declared = s->config->positive;
	if (declared) {
		s->positive = upk_schema_class(s, upk_text_of(declared));
		return s->positive >= 0 || !s->classes_declared ||
			upk_schema_no_class(s, "positive", upk_text_of(declared), true, err);
	}
	s->positive = positive_of(s, "0", "1");
	if (s->positive < 0)
		s->positive = positive_of(s, "false", "true");
	return true;
}

struct upk_schema *upk_schema_create(struct upk_config *config, const struct upk_text *classes,
	size_t classes_count, struct upk_features *features, int64_t feature_list,
	uint64_t generation, struct upk_error *err)
{
	struct upk_schema *s = malloc(sizeof *s);
	if (!s) {
		upk_fail(err, UPK_NOMEM, "no memory for the schema");
		return NULL;
	}
	*s = (struct upk_schema){
		.generation = generation,
		.threshold = config->threshold,
		.features = upk_features_ref(config->features ? config->features : features),
		.feature_list = feature_list,
		.config = upk_config_ref(config),
	};
	bool named = config->classes ? set_declared(s, classes, classes_count, err)
				     : set_learnt(s, classes, classes_count, err);
	if (!named || !index_classes(s, err) || !find_positive(s, err)) {
		upk_schema_unref(s);
		return NULL;
	}
	return s;
}

struct upk_schema *upk_schema_ref(struct upk_schema *s)
{
	if (s)
		atomic_fetch_add(&((struct lookup *)s->lookup)->refs, 1);
	return s;
}

void upk_schema_unref(struct upk_schema *s)
{
	if (!s)
		return;
	struct lookup *lookup = s->lookup;
	if (lookup && atomic_fetch_sub(&lookup->refs, 1) > 1)
		return;
	if (lookup)
		upk_names_destroy(lookup->classes);
	free(lookup);
	free(s->classes);
	upk_features_unref(s->features);
	upk_config_unref(s->config);
	free(s);
}

bool upk_schema_has_features(const struct upk_schema *s)
{
	return s->features && upk_features_count(s->features) > 0;
}

int upk_schema_class(const struct upk_schema *s, struct upk_text name)
{
	return upk_names_find(lookup_of(s)->classes, name);
}

const char *upk_schema_list_classes(const struct upk_schema *s, char out[UPK_SPELLING_SIZE])
{
	bool fits = true;
	out[0] = '\0';
	for (size_t i = 0; fits && i < s->classes_count; i++)
		fits = upk_spelling_add(out, s->classes[i]);
	return out;
}

bool upk_schema_no_class(const struct upk_schema *s, const char *field, struct upk_text name,
	bool ask, struct upk_error *err)
{
	char shown[UPK_VALUE_SHOWN];
	struct upk_no_class n = upk_no_class_begin(upk_text_show(name, shown));
	for (size_t i = 0; i < s->classes_count && (ask || !n.full); i++)
		upk_no_class_add(&n, s->classes[i], ask);
	upk_no_class_fail(&n, err);
	return upk_fail_in(err, "%s: ", field);
}

void upk_schema_write_learnt(
	const struct upk_schema *s, const struct upk_used *used, struct upk_buffer *out)
{
	struct upk_json_writer w = upk_json_writer_on(out);
	upk_json_object(&w, NULL);
	upk_json_array(&w, "classes");
	for (size_t i = 0; i < s->classes_count; i++)
		upk_json_text(&w, NULL, s->classes[i]);
	upk_json_array_end(&w);
	upk_json_array(&w, "used");
	for (size_t i = 0; i < s->classes_count; i++)
		if (used->class[i])
			upk_json_text(&w, NULL, s->classes[i]);
	upk_json_array_end(&w);
	if (s->features) {
		struct upk_buffer list = { 0 };
		upk_features_write(s->features, &list);
		out->failed |= list.failed;
		upk_json_raw(&w, "features", upk_buffer_text(&list));
		upk_buffer_finish(&list);
	} else {
		upk_json_null(&w, "features");
	}
	upk_json_object_end(&w);
}

static bool read_classes(
	const cJSON *json, struct upk_text **classes, size_t *count, struct upk_error *err)
{
	struct upk_text names[UPK_CLASSES_MAX];
	size_t n = 0;
	if (!cJSON_IsArray(json))
		return upk_fail(err, UPK_CORRUPT, "learnt classes: want an array");
	const cJSON *item;
	cJSON_ArrayForEach(item, json)
	{
		if (!cJSON_IsString(item) || n == UPK_CLASSES_MAX)
			return upk_fail(err, UPK_CORRUPT, "learnt classes: want at most %d strings",
				UPK_CLASSES_MAX);
		names[n++] = upk_text_of(item->valuestring);
	}
	*classes = copy_names(names, n);
	*count = n;
	return *classes || upk_fail(err, UPK_NOMEM, "no memory for the classes");
}

bool upk_schema_read_learnt(struct upk_text json, struct upk_text **classes, size_t *classes_count,
	struct upk_features **features, struct upk_error *err)
{
	cJSON *learnt = upk_json_parse(json, err);
	if (!learnt)
		return false;
	const cJSON *list = cJSON_GetObjectItemCaseSensitive(learnt, "features");
	bool known = list && !cJSON_IsNull(list);
	struct upk_features *f = known ? upk_features_parse(list, err) : NULL;
	bool ok = (f || !known) &&
		read_classes(cJSON_GetObjectItemCaseSensitive(learnt, "classes"), classes,
			classes_count, err);
	cJSON_Delete(learnt);
	if (!ok) {
		upk_features_unref(f);
		return false;
	}
	*features = f;
	return true;
}

bool upk_schema_read_used(const struct upk_schema *s, struct upk_text json, struct upk_used *used,
	struct upk_error *err)
{
	cJSON *learnt = upk_json_parse(json, err);
	if (!learnt)
		return false;
	*used = (struct upk_used){ 0 };
	const cJSON *item;
	cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(learnt, "used"))
	{
		int class = cJSON_IsString(item)
			? upk_schema_class(s, upk_text_of(item->valuestring))
			: -1;
		if (class >= 0)
			used->class[class] = true;
	}
	cJSON_Delete(learnt);
	return true;
}
