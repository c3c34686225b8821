/* Steps on their way to a tail, with the features that some of them need. */
#ifndef UPK_CORE_STEPS_H
#define UPK_CORE_STEPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"
#include "tail/tail.h"

struct upk_model;
struct upk_store;

struct upk_held_step {
	struct upk_step step; /* features that were copied are in the memory below, which moves */
	bool copied;
	size_t features_at;
	int64_t list; /* number of the list to be looked up; 0: none */
};

/* Starts as { 0 }. Thread: the writer. */
struct upk_steps {
	struct upk_held_step *items;
	size_t count, capacity;
	struct upk_buffer features;
};

/* Copies the step and its features. false: UPK_NOMEM. */
bool upk_steps_add(struct upk_steps *s, const struct upk_step *step, struct upk_error *err);
/* The same of a step whose feature list can't be looked up now, during a scan: upk_steps_find_lists
 * does so later. */
bool upk_steps_add_of_list(
	struct upk_steps *s, const struct upk_step *step, int64_t list, struct upk_error *err);
bool upk_steps_find_lists(
	struct upk_steps *s, struct upk_model *m, struct upk_store *store, struct upk_error *err);
/* Copies the step; its features must stay where they are. */
bool upk_steps_add_borrowed(struct upk_steps *s, const struct upk_step *step, struct upk_error *err);

/* The i-th, its features in place; good until the next add. */
struct upk_step upk_steps_at(const struct upk_steps *s, size_t i);

/* By sequence; of one sequence the event before its pair. */
void upk_steps_sort(struct upk_steps *s);
void upk_steps_finish(struct upk_steps *s);

#endif
