/* Bodies that come as gzip: inflated piece by piece, as they come. */
#ifndef UPK_DAEMON_HTTP_INFLATE_H
#define UPK_DAEMON_HTTP_INFLATE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

/* One thread at a time. About 40 KB, whatever the stream. */
struct upk_inflate;

struct upk_inflate *upk_inflate_create(void);    /* NULL: no memory */
void upk_inflate_destroy(struct upk_inflate *i); /* NULL is fine */

/* Takes from the front of `in` and writes to out; *size is its room, then what was written: less
 * than the room when all of `in` was taken. One member may follow another. false: it is no gzip,
 * broken, or there is no memory (the same to the caller: the stream can't go on). */
bool upk_inflate_next(struct upk_inflate *i, struct upk_text *in, char *out, size_t *size);

/* The last member is complete. */
bool upk_inflate_ended(const struct upk_inflate *i);

#endif
