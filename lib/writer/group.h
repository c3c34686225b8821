/* Posts that share one transaction: written, committed, fed to their models, answered. */
#ifndef UPK_WRITER_GROUP_H
#define UPK_WRITER_GROUP_H

#include "core/core.h"
#include "core/model.h"
#include "core/post.h"

/* Thread: the writer. Takes a list of posts (by next), in order, and answers each: after the commit,
 * and after the rules have seen it. Posts with `atomic` come alone. One without `done` is not from
 * the queue: its caller sees for himself that it is answered. */
void upk_group_write(struct upk_engine *e, struct upk_post *posts);

/* Thread: the writer. Whether writing the posts takes little more than the commit, so that a thread
 * with other things to do may: their models are there, need not be rebuilt and have no rule that
 * sorts a window. */
bool upk_group_is_quick(struct upk_engine *e, const struct upk_post *posts);

/* When no run of the model is open any more: answers the posts that waited for that. */
void upk_group_settle(struct upk_engine *e, struct upk_model *m);

/* The engine closes: answers them as `unsettled`. */
void upk_group_release(struct upk_engine *e, struct upk_model *m);

/* Makes a model with an empty tail and takes it into the registry; within the caller's transaction.
 * A reference. NULL: UPK_CONFLICT (too many), UPK_NOMEM or the store's error. */
struct upk_model *upk_group_create_model(struct upk_engine *e, const char *name,
	struct upk_text config, bool automatic, struct upk_error *err);

#endif
