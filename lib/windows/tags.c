#include "windows/tags.h"

#include <stdlib.h>
#include <string.h>

void upk_tags_finish(struct upk_tags *t)
{
	for (size_t i = 0; i < t->count; i++)
		free(t->names[i]);
	free(t->names);
	*t = (struct upk_tags){ 0 };
}

static bool add(struct upk_tags *t, struct upk_text name, struct upk_error *err)
{
	if (t->count == UPK_TAGS_MOST)
		return upk_fail(err, UPK_TOO_LARGE,
			"version: more than %d different names of one model", UPK_TAGS_MOST);
	if (t->count == t->capacity) {
		size_t capacity = t->capacity ? t->capacity * 2 : 8;
		char **names = realloc(t->names, capacity * sizeof *names);
		if (!names)
			return upk_fail(err, UPK_NOMEM, "no memory for a version's name");
		t->names = names;
		t->capacity = capacity;
	}
	t->names[t->count] = upk_text_copy(name);
	if (!t->names[t->count])
		return upk_fail(err, UPK_NOMEM, "no memory for a version's name");
	t->count++;
	return true;
}

/* Newest first: senders use few names at a time. */
bool upk_tags_of(
	struct upk_tags *t, struct upk_made_by version, upk_tag *tag, struct upk_error *err)
{
	if (!version.name.data) {
		*tag = (upk_tag)version.number;
		return true;
	}
	for (size_t i = t->count; i > 0; i--) {
		if (upk_text_is(version.name, t->names[i - 1])) {
			*tag = (upk_tag)(UPK_TAG_NAMED + i - 1);
			return true;
		}
	}
	if (!add(t, version.name, err))
		return false;
	*tag = (upk_tag)(UPK_TAG_NAMED + t->count - 1);
	return true;
}

const char *upk_tags_name(const struct upk_tags *t, upk_tag tag)
{
	return tag >= UPK_TAG_NAMED && tag - UPK_TAG_NAMED < t->count
		? t->names[tag - UPK_TAG_NAMED]
		: NULL;
}

int64_t upk_tag_version(upk_tag tag)
{
	return tag < UPK_TAG_NAMED ? (int64_t)tag : 0;
}
