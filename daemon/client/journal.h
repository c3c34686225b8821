/* A file with an event or label a line, as items of a model. */
#ifndef UPK_CLIENT_JOURNAL_H
#define UPK_CLIENT_JOURNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "client/lines.h"
#include "client/loader.h"

/* Reads on as items are asked for. One thread at a time. */
struct upk_journal;

/* path "-": standard input. A version's number above last_version, which the model does not have,
 * becomes a name. NULL: UPK_IO or UPK_NOMEM. */
struct upk_journal *upk_journal_open(const char *path, int64_t last_version, struct upk_error *err);
void upk_journal_close(struct upk_journal *j); /* NULL is fine */

/* The next line. What has neither predicted, score, scores nor features is a label, unless it says
 * "example". An event without an id gets FILE:LINE. Texts live until the next call.
 * *fault: NULL, or why the line is no item (only `line` is set then). */
enum upk_lines_got upk_journal_next(struct upk_journal *j, struct upk_load_item *item,
	const char **fault, struct upk_error *err);

/* Bytes of the file read so far, as it lies there; -1: not known. */
int64_t upk_journal_at(const struct upk_journal *j);

#endif
