/* The newest events that wait for a label: what a label needs to know, without reading the row. */
#ifndef UPK_INTAKE_RECENT_H
#define UPK_INTAKE_RECENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/text.h"
#include "windows/window.h"

enum {
	UPK_RECENT_ID_MOST = 39, /* bytes: longer ids are read from the store */
};

/* As the row has it. */
struct upk_recent_event {
	int64_t seq; /* 0: nothing, or forgotten */
	int64_t model, number, time;
	upk_tag tag;
	uint16_t predicted;
	uint8_t featured; /* it has features */
	uint8_t id_size;
	char id[UPK_RECENT_ID_MOST];
};

/* Thread: the writer. Holds the newest 2^20 of them: 88 bytes each as they come, and 8 MiB: 96 MiB
 * at most. */
struct upk_recent;

struct upk_recent *upk_recent_create(struct upk_error *err); /* NULL: UPK_NOMEM */
void upk_recent_destroy(struct upk_recent *r);               /* NULL is fine */

/* An event without a label was decided on; its id has at most UPK_RECENT_ID_MOST bytes. */
void upk_recent_add(struct upk_recent *r, const struct upk_recent_event *event, struct upk_text id);

/* NULL: not there, read the row. Good until the next add. */
const struct upk_recent_event *upk_recent_find(const struct upk_recent *r, int64_t seq);
/* Loads what a find touches: first where the event lies, a while later the event. Cannot fail. */
void upk_recent_prefetch(const struct upk_recent *r, int64_t seq);
void upk_recent_prefetch_event(const struct upk_recent *r, int64_t seq);
bool upk_recent_is(const struct upk_recent_event *event, int64_t model, struct upk_text id);

/* The event was deleted or changed. O(1). */
void upk_recent_forget(struct upk_recent *r, int64_t seq);

/* The transaction was undone: those with greater sequence numbers never came. */
void upk_recent_cut(struct upk_recent *r, int64_t seq);
/* Tags have another meaning now. */
void upk_recent_clear(struct upk_recent *r);

#endif
