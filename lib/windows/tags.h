/* Who made a prediction, as a small number: names that senders use are numbered as they come. */
#ifndef UPK_WINDOWS_TAGS_H
#define UPK_WINDOWS_TAGS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "store/event.h"
#include "windows/window.h"

enum { UPK_TAG_NAMED = 0x40000000, UPK_TAGS_MOST = 100000 };

/* Starts as { 0 }. Thread: the writer changes it; readers hold the model's lock. */
struct upk_tags {
	char **names; /* tag UPK_TAG_NAMED + i */
	size_t count, capacity;
};

void upk_tags_finish(struct upk_tags *t);

/* The tag of a version: 0 for an absent one. false: UPK_NOMEM, or UPK_TOO_LARGE (too many names). */
bool upk_tags_of(struct upk_tags *t, struct upk_made_by version, upk_tag *tag, struct upk_error *err);

/* NULL: tag is no name. Lives as long as t. */
const char *upk_tags_name(const struct upk_tags *t, upk_tag tag);

/* A version of upkeepd's; 0: it is none. */
int64_t upk_tag_version(upk_tag tag);

#endif
