/* The engine: all models of one data folder, their threads, and what callers may ask of them. */
#ifndef UPK_ENGINE_ENGINE_H
#define UPK_ENGINE_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log_level.h"
#include "base/text.h"
#include "config/person.h"
#include "core/health.h"
#include "core/post.h"
#include "items/schema.h"

/* Owns the store and all threads but those of callers. Any thread may call what stands here. */
struct upk_engine;

struct upk_engine_options {
	const char *folder;
	const struct upk_clock *clock; /* NULL: the system's */
	bool auto_create;              /* the first event or label of an unknown model creates it */
	int64_t max_models;            /* default 10,000 when 0 */
	size_t queue_bytes;            /* bodies waiting for the writer; default 256 MiB when 0 */
	/* A line for the log, called from any thread; NULL: nowhere. */
	void (*log)(void *context, enum upk_log_level level, const char *line);
	void *context;
};

/* Opens the folder (see upk_store_open for what can go wrong) and starts the threads; windows are
 * rebuilt by the writer, until then upk_engine_ready is false and posts wait. NULL on failure. */
struct upk_engine *upk_engine_open(const struct upk_engine_options *options, struct upk_error *err);

/* Stops taking posts (UPK_BUSY from then on), commits and answers what was taken, cancels a run in
 * progress, frees everything. Posts with `settle` are answered without waiting any longer, as
 * `unsettled`. */
void upk_engine_close(struct upk_engine *e); /* NULL is fine */

/* What the store may hold, in bytes; from then on posts are refused with UPK_FULL. 0: no cap. */
void upk_engine_limit_store(struct upk_engine *e, int64_t bytes);

/* On how many threads a run trains from the next on: 1 to UPK_CREW_MOST. 0: all processors but one. */
void upk_engine_train_threads(struct upk_engine *e, int threads);

/* ---- posting: events, labels, rows to predict ---- */

/* The schema that a batch for this model is decoded against: a reference. An unknown model gets an
 * empty one when it may be created, else NULL with UPK_NOT_FOUND. */
struct upk_schema *upk_engine_schema(struct upk_engine *e, const char *model, struct upk_error *err);

/* For a thread that has just decoded a post: does for its batch what the writer would have to do
 * otherwise, as far as it can be done before (intake/ahead.h). */
void upk_engine_ask_ahead(struct upk_engine *e, struct upk_post *post);

/* Hands posts (a list by next) to the writer; it is woken once. NULL: done will be called for each.
 * Else the list from the first post that was not taken: UPK_BUSY (queue full or stopping) or
 * UPK_NOMEM; for them done is not called and the batch is still the post's. */
struct upk_post *upk_engine_post(
	struct upk_engine *e, struct upk_post *posts, struct upk_error *err);

/* Writes and commits small posts (a list by next) on the calling thread, when nobody else waits for
 * the writer and it takes little more than the commit; no `atomic`, no `settle`, `done` NULL. true: all
 * are answered, and next is gone. false: nothing has happened, hand them over. It may wait for a few
 * milliseconds until another thread that does the same is ready, and then for the disk. */
bool upk_engine_write(struct upk_engine *e, struct upk_post *posts);

/* Predicts without storing, on the caller's thread: version 0 is the champion. Fills post's
 * `predicted`, `scores`, `classes`. UPK_NOT_FOUND (model, version), UPK_CONFLICT (no champion). */
bool upk_engine_predict(struct upk_engine *e, struct upk_post *post, int64_t version,
	struct upk_error *err);

/* ---- control: each waits for the writer and returns with what came of it ---- */

/* False besides what stands at each: UPK_NOT_FOUND (no such model), UPK_BUSY (the models have not
 * been rebuilt since the start), the store's error, or why the engine is broken. */

/* Creates or replaces a configuration (JSON text). if_match: NULL or the value of If-Match (an ETag
 * or "*"). *created: there was no such model. UPK_INVALID, UPK_CONFLICT (read-only because a file
 * has it, too many models, a type changed, a used class taken away), UPK_PRECONDITION. */
bool upk_engine_put_model(struct upk_engine *e, const char *name, struct upk_text config,
	const char *if_match, bool *created, struct upk_error *err);

/* Takes the model away with all that it has; its rows go in the background. UPK_CONFLICT: a file
 * has it. */
bool upk_engine_delete_model(struct upk_engine *e, const char *name, struct upk_error *err);

/* Models that configuration files name: each is put like by hand and becomes read-only in the API;
 * names that are no longer there are no longer read-only. All are checked before any is changed:
 * false leaves everything as it was. */
struct upk_model_file {
	const char *name;
	struct upk_text config;
	const char *origin; /* the file's name, for messages */
};
bool upk_engine_configure(struct upk_engine *e, const struct upk_model_file *files, size_t count,
	struct upk_error *err);

/* Takes an event and its labels (or labels that wait for it) out of store, windows and later
 * training. UPK_NOT_FOUND: nothing has that id. */
enum { UPK_ERASURE_VERSIONS = 256 };
struct upk_erasure {
	bool event;    /* there was one; else only labels that waited */
	size_t labels;
	int64_t versions[UPK_ERASURE_VERSIONS]; /* that were fitted on it, the newest first */
	size_t versions_count;
};
bool upk_engine_erase(struct upk_engine *e, const char *name, struct upk_text id,
	struct upk_erasure *erasure, struct upk_error *err);

/* A run by hand. UPK_CONFLICT: one is open or waits for a person, or there is nothing to train on.
 */
bool upk_engine_start_run(struct upk_engine *e, const char *name, int64_t *run, struct upk_error *err);

/* By hand, as runs/promotion.h says, with its errors; person: who decides, and why; NULL: not told.
 */
bool upk_engine_cancel_run(struct upk_engine *e, const char *name, int64_t run,
	const struct upk_person *person, struct upk_error *err);
bool upk_engine_promote(struct upk_engine *e, const char *name, int64_t version,
	const struct upk_person *person, struct upk_error *err);
bool upk_engine_rollback(struct upk_engine *e, const char *name, int64_t *version,
	struct upk_error *err);

/* While a model is paused no run of it starts by itself. */
bool upk_engine_pause(struct upk_engine *e, const char *name, bool paused, struct upk_error *err);

#endif
