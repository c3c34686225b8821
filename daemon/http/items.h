/* Bodies of many items on their way to the engine, and the answer to those that are stored. */
#ifndef UPK_DAEMON_HTTP_ITEMS_H
#define UPK_DAEMON_HTTP_ITEMS_H

#include "base/json_writer.h"
#include "http/request.h"
#include "items/batch.h"

/* Lets the request's NDJSON be decoded from here on as it comes, beginning with what of it is there.
 * false: no memory, too many items. Where the model has no schema to decode with it does nothing:
 * upk_items_read says why. */
bool upk_items_begin(enum upk_item_kind kind, struct upk_request *request, struct upk_error *err);

/* Decodes the request's body, which it takes, into a new post with its query's `atomic` and
 * `settle`. NULL: the reply says what is wrong. */
struct upk_post *upk_items_read(
	enum upk_item_kind kind, struct upk_request *request, struct upk_reply *reply);

/* Reads the body and gives the reply a post whose answer is the counts. */
void upk_items_post(enum upk_item_kind kind, struct upk_request *request, struct upk_reply *reply);

/* The members that every answer about items may have. */
void upk_items_write_ignored(const struct upk_batch *batch, struct upk_json_writer *w);
void upk_items_write_rejected(const struct upk_rejected *rejected, size_t listed, size_t total,
	struct upk_json_writer *w);

/* The post is an error as a whole because of items that were rejected. */
bool upk_items_all_refused(const struct upk_post *post, size_t rejected_total);

/* The problem of an `unsettled` post, for members of its own; upk_problem_end ends it. */
struct upk_json_writer upk_items_begin_unsettled(
	const struct upk_post *post, struct upk_reply *reply);

#endif
