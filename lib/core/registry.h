/* All models by name. */
#ifndef UPK_CORE_REGISTRY_H
#define UPK_CORE_REGISTRY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "core/model.h"

/* Any thread; the writer alone adds and removes. */
struct upk_registry;

struct upk_registry *upk_registry_create(struct upk_error *err);
void upk_registry_destroy(struct upk_registry *r); /* NULL is fine */

/* A reference; NULL: there is none. */
struct upk_model *upk_registry_find(struct upk_registry *r, const char *name);

/* The same; NULL: as upk_registry_missing says. */
struct upk_model *upk_registry_get(struct upk_registry *r, const char *name, struct upk_error *err);

/* Fails with UPK_NOT_FOUND, and asks whether a model whose name is near was meant. */
bool upk_registry_missing(struct upk_registry *r, const char *name, struct upk_error *err);

/* Takes a reference of its own. false: UPK_NOMEM. */
bool upk_registry_add(struct upk_registry *r, struct upk_model *m, struct upk_error *err);
void upk_registry_remove(struct upk_registry *r, const struct upk_model *m);

/* All models in the order of their names, a reference each, in an array ended by NULL that the
 * caller gives back. NULL: UPK_NOMEM. */
struct upk_model **upk_registry_all(struct upk_registry *r, size_t *count, struct upk_error *err);
void upk_registry_give_back(struct upk_model **models);

size_t upk_registry_count(struct upk_registry *r);

#endif
