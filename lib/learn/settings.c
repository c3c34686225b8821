#include "learn/settings.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/spelling.h"

static size_t find(const struct upk_setting *table, size_t count, const char *name)
{
	size_t i = 0;

	while (i < count && strcmp(table[i].name, name) != 0)
		i++;
	return i;
}

static bool unknown(const cJSON *m, const char *learner, const struct upk_setting *table,
	size_t count, struct upk_error *err)
{
	enum { SETTINGS_MOST = 32 };
	const char *names[SETTINGS_MOST + 1] = { NULL };
	char known[UPK_SPELLING_SIZE];

	for (size_t i = 0; i < count && i < SETTINGS_MOST; i++)
		names[i] = table[i].name;
	return upk_fail(err, UPK_INVALID, "settings.%s: %s has no such setting: want one of %s",
		m->string, learner, upk_spelling_list(names, known));
}

static bool take(const struct upk_setting *setting, const cJSON *member, double *value,
	struct upk_error *err)
{
	double x = member->valuedouble;

	if (!cJSON_IsNumber(member))
		return upk_fail(err, UPK_INVALID, "settings.%s: want a number", setting->name);
	if (!(x >= setting->low && x <= setting->high))
		return upk_fail(err, UPK_INVALID, "settings.%s is %g: want %g to %g", setting->name,
			x, setting->low, setting->high);
	if (setting->whole && x != floor(x))
		return upk_fail(err, UPK_INVALID, "settings.%s is %g: want a whole number",
			setting->name, x);
	*value = x;
	return true;
}

bool upk_settings_read(const cJSON *settings, const char *learner, const struct upk_setting *table,
	size_t count, double *values, struct upk_error *err)
{
	for (size_t i = 0; i < count; i++)
		values[i] = table[i].otherwise;
	if (!settings)
		return true;
	if (!cJSON_IsObject(settings))
		return upk_fail(err, UPK_INVALID, "settings: want an object");
	for (const cJSON *m = settings->child; m; m = m->next) {
		size_t i = find(table, count, m->string);
		if (i == count)
			return unknown(m, learner, table, count, err);
		if (!take(&table[i], m, &values[i], err))
			return false;
	}
	return true;
}

static bool add_all(cJSON *whole, const struct upk_setting *table, const double *values)
{
	for (size_t i = 0; table[i].name; i++)
		if (!cJSON_AddNumberToObject(whole, table[i].name, values[i]))
			return false;
	return true;
}

cJSON *upk_settings_whole(const cJSON *settings, const char *learner,
	const struct upk_setting *table, struct upk_error *err)
{
	size_t count = 0;
	cJSON *whole = NULL;
	double *values;

	while (table[count].name)
		count++;
	values = calloc(count, sizeof *values);
	if (!values) {
		upk_fail(err, UPK_NOMEM, "no memory for a learner's settings");
		return NULL;
	}
	if (upk_settings_read(settings, learner, table, count, values, err)) {
		whole = cJSON_CreateObject();
		if (!whole || !add_all(whole, table, values)) {
			upk_fail(err, UPK_NOMEM, "no memory for a learner's settings");
			cJSON_Delete(whole);
			whole = NULL;
		}
	}
	free(values);
	return whole;
}
