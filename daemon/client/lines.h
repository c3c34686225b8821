/* Lines of a file, plain or gzipped. */
#ifndef UPK_CLIENT_LINES_H
#define UPK_CLIENT_LINES_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/text.h"

/* Reads on as lines are asked for. One thread at a time. */
struct upk_lines;

enum upk_lines_got { UPK_LINES_LINE, UPK_LINES_END, UPK_LINES_ERROR };

enum { UPK_LINE_MAX = 16 << 20 };

/* path "-": standard input. NULL: UPK_IO or UPK_NOMEM. */
struct upk_lines *upk_lines_open(const char *path, struct upk_error *err);
void upk_lines_close(struct upk_lines *l); /* NULL is fine */

/* The next line that is not blank, without its end; it lives until the next call. *number counts
 * all lines, from 1. UPK_LINES_ERROR: UPK_TOO_LARGE (over UPK_LINE_MAX bytes), UPK_IO (reading
 * failed, a gzip file that is cut short) or UPK_NOMEM; the message begins with path and line. */
enum upk_lines_got upk_lines_next(
	struct upk_lines *l, struct upk_text *line, uint64_t *number, struct upk_error *err);

/* Bytes of the file read so far, as it lies there; -1: not known. */
int64_t upk_lines_at(const struct upk_lines *l);

#endif
