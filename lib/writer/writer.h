/* The writer: who owns the write connection and every model's state, one thread at a time. */
#ifndef UPK_WRITER_WRITER_H
#define UPK_WRITER_WRITER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "core/post.h"

/* What belongs to the writer belongs to whoever has its turn (writer/turn.h): its thread, but for
 * when that has nothing to do. Then a thread that brings small posts may write them itself. Where a
 * header says `the writer`, it is whoever has the turn; where it says `the writer's thread`, too,
 * except for tasks and ticks, which no other thread runs. */
struct upk_writer;
struct upk_engine;

/* Something to do on the writer's thread, in its turn. The owner embeds it; run may free it. */
struct upk_task {
	struct upk_task *next;
	void (*run)(struct upk_engine *e, struct upk_task *task);
};

/* Sets e->writer and starts the thread: it rebuilds every model, then takes tasks in the order of
 * their coming and posts as writer/queue.h says, waiting posts together in one transaction, and
 * ticks once a second. false: UPK_NOMEM or UPK_IO. */
bool upk_writer_start(struct upk_engine *e, struct upk_error *err);

/* Does what is queued, answers what waits, ends the thread, frees. NULL is fine. */
void upk_writer_stop(struct upk_writer *w);

/* Any thread. A task is always taken. */
void upk_writer_push(struct upk_writer *w, struct upk_task *task);

/* Any thread. Posts (a list by next) that come together are taken together. NULL: all are; else the
 * list from the first that was not: UPK_BUSY, the queue is full or the writer stops. */
struct upk_post *upk_writer_post(
	struct upk_writer *w, struct upk_post *posts, struct upk_error *err);

/* Any thread: writes the posts (a list by next, none atomic) at once on the calling thread, so that
 * nobody has to be woken: all are answered by what is in them, `done` is not called and stays NULL.
 * May wait for a few milliseconds while another thread does the same. false: nothing has happened,
 * they are to be handed over: others wait for the writer, or writing them may take long. */
bool upk_writer_write(struct upk_writer *w, struct upk_post *posts);

/* Any thread: runs the task on the writer's thread and waits until it has. */
void upk_writer_call(struct upk_writer *w, struct upk_task *task);

/* The writer, when posts of the queue (a list by next) are answered: their bodies no longer count as
 * queued. */
void upk_writer_answered(struct upk_writer *w, const struct upk_post *posts);

#endif
