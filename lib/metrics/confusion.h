/* Confusion counts of a set of pairs: all count metrics come from them. */
#ifndef UPK_METRICS_CONFUSION_H
#define UPK_METRICS_CONFUSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

enum { UPK_CLASSES_MAX = 1024, UPK_CONFUSION_DENSE = 32 };

/* Classes are indices into the model's `classes`: 0 .. classes - 1. */
struct upk_pair {
	uint16_t actual, predicted;
};

/* Cells and margins, all integers. Thread: its owner changes it; who else reads holds the owner's
 * lock or a copy. */
struct upk_confusion;

/* No pairs yet; the caller destroys it. NULL: UPK_INVALID (classes over UPK_CLASSES_MAX; 0 is
 * fine: nothing can be added yet) or UPK_NOMEM. */
struct upk_confusion *upk_confusion_create(size_t classes, struct upk_error *err);
/* The same for counts of which there are many: nothing is taken up before the first pair, and beyond
 * UPK_CONFUSION_DENSE classes only what occurs is kept (24 to 96 bytes a cell, label or prediction
 * that does). upk_confusion_room comes before each add. */
struct upk_confusion *upk_confusion_create_lean(size_t classes, struct upk_error *err);

/* The next add can't fail. At once for counts that are not lean. false: UPK_NOMEM, c is as it was. */
bool upk_confusion_room(struct upk_confusion *c, struct upk_error *err);

struct upk_confusion *upk_confusion_copy(const struct upk_confusion *c, struct upk_error *err);
void upk_confusion_destroy(struct upk_confusion *c); /* NULL is fine */

/* Room for more classes, counts kept; fewer or equal changes nothing. false: UPK_INVALID or
 * UPK_NOMEM, and c is as it was. */
bool upk_confusion_grow(struct upk_confusion *c, size_t classes, struct upk_error *err);

void upk_confusion_clear(struct upk_confusion *c);

/* O(1), cannot fail. Only what was added may be removed. */
void upk_confusion_add(struct upk_confusion *c, struct upk_pair pair);
void upk_confusion_remove(struct upk_confusion *c, struct upk_pair pair);

/* For counts of which only hits and margins are known: sets those of one class, and leaves the
 * cells beside the diagonal 0. Values of measures are right then, standard errors and intervals are
 * not. c holds no added pairs and is not lean. O(1). */
struct upk_margins {
	uint64_t hits, actual, predicted;
};
void upk_confusion_set_margins(struct upk_confusion *c, size_t class, struct upk_margins margins);

size_t upk_confusion_classes(const struct upk_confusion *c);
uint64_t upk_confusion_pairs(const struct upk_confusion *c);
uint64_t upk_confusion_hits(const struct upk_confusion *c); /* pairs on the diagonal */
uint64_t upk_confusion_cell(const struct upk_confusion *c, size_t actual, size_t predicted);
uint64_t upk_confusion_actual(const struct upk_confusion *c, size_t class);    /* row sum: support */
uint64_t upk_confusion_predicted(const struct upk_confusion *c, size_t class); /* column sum */

#endif
