/* What a model's items are decoded against: classes, features, slice keys; learnt parts grow. */
#ifndef UPK_ITEMS_SCHEMA_H
#define UPK_ITEMS_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/spelling.h"
#include "base/text.h"
#include "config/config.h"
#include "config/feature.h"
#include "metrics/confusion.h"

/* Immutable once made; counted references, any thread. The writer makes the next one when something
 * was learnt or configured, with the next generation number. */
struct upk_schema {
	uint64_t generation;
	struct upk_text *classes; /* names, each ended by a NUL */
	size_t classes_count;
	bool classes_declared;    /* the configuration names them: others are rejected */
	int positive;             /* index; -1: none */
	double threshold;
	struct upk_features *features; /* NULL: not known yet */
	int64_t feature_list;     /* its number in the store; 0: none yet */
	struct upk_config *config; /* slices, strict */
	void *lookup;             /* the module's own */
};

/* classes are those known so far, in the order of their numbers: where the configuration declares
 * its own, the known ones among them keep their order and the others follow; else they are the
 * learnt ones. features are the learnt ones where the configuration declares none. `positive`: the
 * configured one, else "1" where the classes are among 0 and 1, "true" where they are among false
 * and true. NULL: UPK_INVALID (positive is none of the declared classes) or UPK_NOMEM. */
struct upk_schema *upk_schema_create(struct upk_config *config, const struct upk_text *classes,
	size_t classes_count, struct upk_features *features, int64_t feature_list,
	uint64_t generation, struct upk_error *err);
struct upk_schema *upk_schema_ref(struct upk_schema *s);
void upk_schema_unref(struct upk_schema *s); /* NULL is fine */

/* Index of a class; -1: not among them. O(1). */
int upk_schema_class(const struct upk_schema *s, struct upk_text name);

/* The classes as upk_spelling_list has names. Returns out. */
const char *upk_schema_list_classes(const struct upk_schema *s, char out[UPK_SPELLING_SIZE]);

/* "FIELD: " and what config/no_class.h says of this name. Returns false. */
bool upk_schema_no_class(const struct upk_schema *s, const char *field, struct upk_text name,
	bool ask, struct upk_error *err);

/* Classes that stored rows name, by index: a configuration can't take them away. */
struct upk_used {
	bool class[UPK_CLASSES_MAX];
};

/* There is something to train on. */
bool upk_schema_has_features(const struct upk_schema *s);

/* {"classes": [...], "used": [...], "features": [...]}: what the store keeps as learnt, and its
 * reading. The caller unrefs *features and frees *classes (one block, names inside it). */
void upk_schema_write_learnt(
	const struct upk_schema *s, const struct upk_used *used, struct upk_buffer *out);
bool upk_schema_read_learnt(struct upk_text json, struct upk_text **classes, size_t *classes_count,
	struct upk_features **features, struct upk_error *err);
/* The used ones among the schema's classes, from what was learnt. */
bool upk_schema_read_used(const struct upk_schema *s, struct upk_text json, struct upk_used *used,
	struct upk_error *err);

#endif
