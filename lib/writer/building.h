/* The windows of a new configuration, and the scores for its rules, filled from the store beside
 * the writer. */
#ifndef UPK_WRITER_BUILDING_H
#define UPK_WRITER_BUILDING_H

#include <stdbool.h>

#include "base/error.h"
#include "core/core.h"
#include "core/model.h"

/* Begun by the writer between groups, run by the thread that wants the configuration, taken by the
 * writer. What the tail is fed meanwhile is noted, and applied in its order: on the thread while it
 * is much, the rest when the writer takes the windows. Rows are read in short transactions; one
 * that was deleted meanwhile is told by a bit a place. Memory: the windows, those bits, and 64
 * bytes a step that waits, UPK_BUILDING_STEPS of them at most: beyond, and when the model is
 * rebuilt meanwhile, the building is lost. A model has one at a time, in m->building under its
 * lock. */
struct upk_building;

enum { UPK_BUILDING_STEPS = 4 * 1024 * 1024 };

/* As known now. Thread: the writer; the model has none yet. NULL: UPK_NOMEM. */
struct upk_building *upk_building_begin(struct upk_engine *e, struct upk_model *m,
	struct upk_config *config, struct upk_error *err);

/* Fills the windows. Any thread but the writer. false: lost, the model was deleted, UPK_NOMEM or
 * the store's error; it can't be taken then. */
bool upk_building_run(struct upk_building *b, struct upk_error *err);

/* Frees it, whatever came of it, and lets others begin. The same thread; NULL is fine. */
void upk_building_end(struct upk_building *b);

/* Until the model has none. The same threads. */
void upk_building_wait(struct upk_model *m);

/* Whether it is one of that model. */
bool upk_building_of(const struct upk_building *b, const struct upk_model *m);

/* Borrowed, while the model's lock is held. */
const struct upk_config *upk_building_config(const struct upk_building *b);

/* ---- the writer's thread ---- */

/* The next rebuild may take it; its thread waits for that. */
void upk_building_hand_over(struct upk_building *b);

/* A step went through the tail; the model's lock is held. */
void upk_building_note(struct upk_building *b, const struct upk_step *step);

/* Steps are missing: the model's building, if it has one, can't be used. */
void upk_building_lose(struct upk_model *m);
/* The same with the model's lock held. */
void upk_building_lose_locked(struct upk_model *m);

/* The one that was handed over and fits the tail of that configuration and schema, with its tags,
 * which the tail has from now on; before the tail's state is read. NULL: none. */
struct upk_building *upk_building_take(struct upk_model *m, struct upk_tail *t);

/* Applies the rest and gives the windows to the tail, whose state has been read. false: UPK_NOMEM
 * or the store's error. */
bool upk_building_install(
	struct upk_engine *e, struct upk_building *b, struct upk_tail *t, struct upk_error *err);

#endif
