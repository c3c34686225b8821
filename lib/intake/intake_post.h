/* From decoded items to rows: new, duplicate, conflict, whose label is this. */
#ifndef UPK_INTAKE_INTAKE_POST_H
#define UPK_INTAKE_INTAKE_POST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "core/core.h"
#include "core/post.h"
#include "intake/ingest.h"

/* Decides one post's items within the open transaction; rows wait in e->pending, to be flushed
 * before the commit while the post's batch and in->schema live. Fills the post's counts, rejected
 * items and predictions. Thread: the writer. false: the store's error or UPK_NOMEM, the transaction
 * is to be rolled back. */
bool upk_intake_post(struct upk_engine *e, struct upk_ingest *in, struct upk_post *post,
	int64_t now, struct upk_error *err);

#endif
