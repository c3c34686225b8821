#include "config/config_read.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/spelling.h"
#include "base/time.h"
#include "config/no_class.h"
#include "config/value.h"
#include "metrics/metric.h"

enum { FORM_MAX = 63 }; /* bytes of the name of a window or rule */

static const double integer_most = 9007199254740992.0; /* 2^53: beyond it doubles skip integers */
static const int64_t duration_most = INT64_C(36525) * 24 * 3600 * 1000; /* 100 years */

bool upk_config_wrong(const cJSON *value, struct upk_error *err, const char *want, ...)
{
	char wanted[256], shown[UPK_VALUE_SHOWN];
	va_list args;
	va_start(args, want);
	vsnprintf(wanted, sizeof wanted, want, args);
	va_end(args);
	upk_value_show_json(value, shown);
	if (value->string)
		return upk_fail(err, UPK_INVALID, "%s: %s: want %s", value->string, shown, wanted);
	return upk_fail(err, UPK_INVALID, ": %s: want %s", shown, wanted);
}

bool upk_config_wrong_word(
	const cJSON *value, const char *meant, const char *const *names, struct upk_error *err)
{
	char known[UPK_SPELLING_SIZE], shown[UPK_VALUE_SHOWN];
	upk_spelling_list(names, known);
	if (!meant && cJSON_IsString(value))
		meant = upk_spelling_nearest(value->valuestring, names);
	if (!meant)
		return upk_config_wrong(value, err, "one of %s", known);
	upk_value_show_json(value, shown);
	return upk_fail(err, UPK_INVALID, "%s: %s; did you mean %s? want one of %s",
		value->string ? value->string : "", shown, meant, known);
}

static bool no_memory(struct upk_error *err)
{
	return upk_fail(err, UPK_NOMEM, "no memory for the configuration");
}

static bool unknown(const cJSON *member, const struct upk_config_member *members, size_t count,
	struct upk_error *err)
{
	enum { MEMBERS_MOST = 64 };
	const char *names[MEMBERS_MOST + 1] = { NULL };
	char shown[UPK_VALUE_SHOWN], known[UPK_SPELLING_SIZE];
	for (size_t i = 0; i < count && i < MEMBERS_MOST; i++)
		names[i] = members[i].name;
	const char *meant = upk_spelling_nearest(member->string, names);
	upk_text_show(upk_text_of(member->string), shown);
	if (meant)
		return upk_fail(err, UPK_INVALID,
			"%s: unknown member; did you mean %s? want one of %s", shown, meant,
			upk_spelling_list(names, known));
	return upk_fail(err, UPK_INVALID, "%s: unknown member: want one of %s", shown,
		upk_spelling_list(names, known));
}

bool upk_config_members(const cJSON *object, const struct upk_config_member *members, size_t count,
	void *into, struct upk_error *err)
{
	if (!cJSON_IsObject(object))
		return upk_config_wrong(object, err, "an object");
	const cJSON *member;
	cJSON_ArrayForEach(member, object)
	{
		size_t i = 0;
		while (i < count && strcmp(members[i].name, member->string) != 0)
			i++;
		if (i == count)
			return unknown(member, members, count, err);
	}
	for (size_t i = 0; i < count; i++) {
		member = cJSON_GetObjectItemCaseSensitive(object, members[i].name);
		if (member && !members[i].read(into, member, err))
			return false;
	}
	return true;
}

bool upk_config_number(
	const cJSON *value, double low, double high, double *out, struct upk_error *err)
{
	double x = cJSON_IsNumber(value) ? value->valuedouble : NAN;
	if (!(x >= low && x <= high) && isinf(high))
		return upk_config_wrong(value, err, "a number of %g or more", low);
	if (!(x >= low && x <= high))
		return upk_config_wrong(value, err, "%g to %g", low, high);
	*out = x;
	return true;
}

bool upk_config_integer(
	const cJSON *value, int64_t low, int64_t high, int64_t *out, struct upk_error *err)
{
	double x = cJSON_IsNumber(value) ? value->valuedouble : NAN;
	if (!(x >= (double)low && x <= (double)high) || x != trunc(x))
		return upk_config_wrong(value, err, "an integer from %lld to %lld", (long long)low,
			(long long)high);
	*out = (int64_t)x;
	return true;
}

bool upk_config_flag(const cJSON *value, bool *out, struct upk_error *err)
{
	if (!cJSON_IsBool(value))
		return upk_config_wrong(value, err, "true or false");
	*out = cJSON_IsTrue(value);
	return true;
}

bool upk_config_duration(const cJSON *value, int64_t low, int64_t *out, struct upk_error *err)
{
	int64_t ms;
	if (!cJSON_IsString(value) ||
		!upk_duration_parse(upk_text_of(value->valuestring), &ms, NULL))
		return upk_config_wrong(value, err, "a duration such as \"90m\" or \"1d\"");
	if (ms < low || ms > duration_most)
		return upk_config_wrong(
			value, err, "a duration of %s to 36525d", low ? "1ms" : "0s");
	*out = ms;
	return true;
}

static bool keep(struct upk_text text, char **out, struct upk_error *err)
{
	char *copy = upk_text_copy(text);
	if (!copy)
		return no_memory(err);
	free(*out);
	*out = copy;
	return true;
}

bool upk_config_string(const cJSON *value, char **out, struct upk_error *err)
{
	size_t size = cJSON_IsString(value) ? strlen(value->valuestring) : 0;
	if (!size || size > UPK_NAME_MAX)
		return upk_config_wrong(value, err, "a string of 1 to %d bytes", UPK_NAME_MAX);
	return keep(upk_text_of(value->valuestring), out, err);
}

static bool has_form(const char *name)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789._-";
	size_t size = strlen(name);
	return size && size <= FORM_MAX && strspn(name, letters) == size && !strchr("._-", *name);
}

bool upk_config_name(const cJSON *value, char **out, struct upk_error *err)
{
	if (!cJSON_IsString(value) || !has_form(value->valuestring))
		return upk_config_wrong(
			value, err, "a name of the form [A-Za-z0-9][A-Za-z0-9._-]{0,62}");
	return keep(upk_text_of(value->valuestring), out, err);
}

bool upk_config_class(const cJSON *value, char **out, struct upk_error *err)
{
	double x = cJSON_IsNumber(value) ? value->valuedouble : NAN;
	char digits[32];
	if (cJSON_IsBool(value))
		return keep(upk_text_of(cJSON_IsTrue(value) ? "true" : "false"), out, err);
	if (fabs(x) <= integer_most && x == trunc(x)) {
		snprintf(digits, sizeof digits, "%lld", (long long)x);
		return keep(upk_text_of(digits), out, err);
	}
	if (!cJSON_IsString(value))
		return upk_config_wrong(value, err,
			"a class: a string of 1 to %d bytes, an integer or a boolean",
			UPK_NAME_MAX);
	return upk_config_string(value, out, err);
}

bool upk_config_word(
	const cJSON *value, const char *const *words, size_t *out, struct upk_error *err)
{
	char known[128] = "";
	size_t used = 0;
	for (size_t i = 0; words[i]; i++) {
		if (cJSON_IsString(value) && !strcmp(value->valuestring, words[i])) {
			*out = i;
			return true;
		}
		if (used < sizeof known)
			used += (size_t)snprintf(known + used, sizeof known - used, "%s\"%s\"",
				i ? " or " : "", words[i]);
	}
	return upk_config_wrong(value, err, "%s", known);
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The strings stay in their order. */
static bool all_differ(const cJSON *value, char **strings, size_t count, struct upk_error *err)
{
	char **sorted = malloc((count + 1) * sizeof *sorted);
	if (!sorted)
		return no_memory(err);
	if (count)
		memcpy(sorted, strings, count * sizeof *sorted);
	qsort(sorted, count, sizeof *sorted, compare);
	bool ok = true;
	for (size_t i = 1; ok && i < count; i++) {
		char shown[UPK_VALUE_SHOWN];
		if (!strcmp(sorted[i - 1], sorted[i]))
			ok = upk_fail(err, UPK_INVALID, "%s: \"%s\" stands twice", value->string,
				upk_text_show(upk_text_of(sorted[i]), shown));
	}
	free(sorted);
	return ok;
}

bool upk_config_strings(const cJSON *value, size_t low, size_t high,
	bool (*item)(const cJSON *value, char **out, struct upk_error *err), char ***out,
	size_t *count, struct upk_error *err)
{
	size_t size = cJSON_IsArray(value) ? (size_t)cJSON_GetArraySize(value) : 0;
	if (!cJSON_IsArray(value) || size < low || size > high)
		return upk_config_wrong(value, err, "an array of %zu to %zu", low, high);
	*out = calloc(size + 1, sizeof **out);
	if (!*out)
		return no_memory(err);
	const cJSON *each;
	cJSON_ArrayForEach(each, value)
	{
		if (!item(each, &(*out)[*count], err))
			return upk_fail_in(err, "%s[%zu]", value->string, *count);
		++*count;
	}
	return all_differ(value, *out, *count, err);
}

static bool measure_name(void *into, const cJSON *value, struct upk_error *err)
{
	struct upk_measure_config *m = into;
	if (cJSON_IsString(value) && upk_metric_find(value->valuestring))
		return keep(upk_text_of(value->valuestring), &m->name, err);
	enum { METRICS_MOST = 32 };
	const char *names[METRICS_MOST + 1] = { NULL };
	for (size_t i = 0; i < METRICS_MOST && upk_metric_at(i); i++)
		names[i] = upk_metric_name(upk_metric_at(i));
	return upk_config_wrong_word(value, NULL, names, err);
}

static bool measure_class(void *into, const cJSON *value, struct upk_error *err)
{
	struct upk_measure_config *m = into;
	return upk_config_class(value, &m->class, err);
}

static bool measure_average(void *into, const cJSON *value, struct upk_error *err)
{
	static const char *const words[] = { "macro", "micro", "weighted", NULL };
	struct upk_measure_config *m = into;
	size_t i;
	return upk_config_word(value, words, &i, err) &&
		keep(upk_text_of(words[i]), &m->average, err);
}

static bool measure_object(
	const cJSON *value, struct upk_measure_config *out, struct upk_error *err)
{
	static const struct upk_config_member members[] = {
		{ "name", measure_name },
		{ "class", measure_class },
		{ "average", measure_average },
	};
	if (!upk_config_members(value, members, 3, out, err))
		return false;
	if (!out->name)
		return upk_fail(err, UPK_INVALID, "name: missing: want a metric's name");
	if (out->class && out->average)
		return upk_fail(err, UPK_INVALID,
			"average: \"%s\": want a class or an average, not both", out->average);
	if ((out->class || out->average) && !upk_metric_per_class(upk_metric_find(out->name)))
		return upk_fail(err, UPK_INVALID, "name: \"%s\": has no %s", out->name,
			out->class ? "class" : "average");
	return true;
}

bool upk_config_measure(const cJSON *value, struct upk_measure_config *out, struct upk_error *err)
{
	if (!cJSON_IsObject(value))
		return measure_name(out, value, err);
	return measure_object(value, out, err) || upk_fail_in(err, "%s.", value->string);
}

void upk_config_measure_finish(struct upk_measure_config *m)
{
	free(m->name);
	free(m->class);
	free(m->average);
	*m = (struct upk_measure_config){ 0 };
}

bool upk_config_has_class(const struct upk_config *c, const char *name, struct upk_error *err)
{
	struct upk_no_class n = upk_no_class_begin(name);
	for (size_t i = 0; i < c->classes_count; i++) {
		if (!strcmp(c->classes[i], name))
			return true;
		upk_no_class_add(&n, upk_text_of(c->classes[i]), true);
	}
	return !c->classes || upk_no_class_fail(&n, err);
}

bool upk_config_check_class(
	const struct upk_config *c, const struct upk_measure_config *measure, struct upk_error *err)
{
	return !measure->class || upk_config_has_class(c, measure->class, err) ||
		upk_fail_in(err, "metric.class: ");
}
