#include "http/decider.h"

#include <string.h>

#include "base/json.h"
#include "config/value.h"

static const struct member {
	const char *name;
	size_t offset, most;
} members[] = {
	{ "by", offsetof(struct upk_person, name), 128 },
	{ "reason", offsetof(struct upk_person, reason), 1024 },
};
enum { MEMBERS = sizeof members / sizeof *members };

/* Says nothing: of white space alone. */
static bool is_blank(struct upk_text text)
{
	size_t i = 0;
	while (i < text.size && strchr(" \t\r\n\v\f", text.data[i]))
		i++;
	return i == text.size;
}

static bool take(struct upk_decider *d, const cJSON *value, struct upk_error *err)
{
	char shown[UPK_VALUE_SHOWN];
	size_t i = 0;

	while (i < MEMBERS && strcmp(members[i].name, value->string) != 0)
		i++;
	if (i == MEMBERS)
		return upk_fail(err, UPK_INVALID, "%s: want by and reason alone", value->string);
	struct upk_text text = upk_text_of(value->valuestring);
	if (!cJSON_IsString(value) || is_blank(text) || text.size > members[i].most)
		return upk_fail(err, UPK_INVALID,
			"%s: %s: want a string of 1 to %zu bytes, not all of them blank",
			value->string, upk_value_show_json(value, shown), members[i].most);
	*(struct upk_text *)(void *)((char *)&d->person + members[i].offset) = text;
	return true;
}

bool upk_decider_read(struct upk_decider *d, struct upk_text body, struct upk_error *err)
{
	char shown[UPK_VALUE_SHOWN];

	if (body.size == 0)
		return true;
	d->json = upk_json_parse(body, err);
	if (!d->json)
		return false;
	if (!cJSON_IsObject(d->json))
		return upk_fail(err, UPK_INVALID, "%s: want an object with by and reason",
			upk_value_show_json(d->json, shown));
	for (const cJSON *m = d->json->child; m; m = m->next)
		if (!take(d, m, err))
			return false;
	return true;
}

void upk_decider_finish(struct upk_decider *d)
{
	cJSON_Delete(d->json);
	*d = (struct upk_decider){ 0 };
}
