/* Bytes of a file or of standard input, plain or gzipped, a chunk at a time. */
#ifndef UPK_CLIENT_SOURCE_H
#define UPK_CLIENT_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <zlib.h>

#include "base/error.h"

enum { UPK_SOURCE_CHUNK = 1 << 16 };

/* One thread at a time. chunk[at .. end - 1] is not yet read: the caller moves `at` on. */
struct upk_source {
	gzFile file;
	char *path;
	unsigned char chunk[UPK_SOURCE_CHUNK];
	size_t at, end;
};

/* path "-": standard input. false: UPK_IO or UPK_NOMEM; it may be finished in any case. */
bool upk_source_open(struct upk_source *s, const char *path, struct upk_error *err);
void upk_source_finish(struct upk_source *s); /* { 0 } is fine */

/* The next chunk in the place of one that has been read; at == end afterwards: the file has ended.
 * false: UPK_IO (a gzip file that is cut short, too), whose message has the path and `line`. */
bool upk_source_fill(struct upk_source *s, uint64_t line, struct upk_error *err);

/* Bytes of the file read so far, as it lies there; -1: not known. */
int64_t upk_source_at(const struct upk_source *s);

#endif
