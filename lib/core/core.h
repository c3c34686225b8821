/* Inside the engine: what its parts share. */
#ifndef UPK_CORE_CORE_H
#define UPK_CORE_CORE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/log_level.h"
#include "core/readers.h"
#include "core/registry.h"
#include "core/room.h"
#include "core/sweeper.h"
#include "store/store.h"

struct upk_writer;
struct upk_jobs;
struct upk_trainer;
struct upk_ids;
struct upk_pending;
struct upk_recent;
struct upk_retention;
struct upk_checkpointer;
struct upk_scoring;

/* Set up before the threads start; pointers do not change afterwards. Each part says in its own
 * header which thread it belongs to. */
struct upk_engine {
	char *folder;
	const struct upk_clock *clock;
	bool auto_create;
	int64_t max_models;
	size_t queue_bytes;
	void (*log)(void *context, enum upk_log_level level, const char *line);
	void *log_context;

	struct upk_registry *registry;
	struct upk_readers *readers;
	struct upk_writer *writer;
	struct upk_jobs *jobs;
	struct upk_trainer *trainer;
	struct upk_checkpointer *checkpointer;
	struct upk_scoring *scoring;
	atomic_bool ready;
	atomic_bool broken; /* set once, by the writer, after `cause` */
	struct upk_error cause;
	struct upk_room room;
	atomic_int train_threads; /* of a run; 0: as many as upk_crew_default says */

	/* the writer's alone */
	struct upk_store *store;
	struct upk_ids *ids;
	struct upk_pending *pending; /* empty between groups */
	struct upk_recent *recent;
	struct upk_model *first_unsaved, *last_unsaved; /* writer/unsaved.h */
	int64_t seq;        /* the last one given out */
	int64_t arrival;    /* the last one stored: the clock of arrivals never steps back */
	int64_t automatic;  /* models that their first event made */
	int64_t look_ms;    /* how often a model's duration windows are told the time, at least */
	struct upk_retention *retention;
	struct upk_sweeper sweeper;     /* `left` is everybody's */
};

/* The engine can't go on. The writer's thread. */
void upk_engine_break(struct upk_engine *e, const struct upk_error *cause);

/* The same when the store is broken: after each use of it, before anybody is answered. */
void upk_engine_notice_broken_store(struct upk_engine *e);

/* The time of what arrives now: the clock's, and never before what arrived last. The writer's
 * thread. */
int64_t upk_engine_now(const struct upk_engine *e);

/* A line for the log. Any thread. */
void upk_engine_log(const struct upk_engine *e, enum upk_log_level level, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
