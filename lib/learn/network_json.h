/* A network as JSON: what a stored version has of it. */
#ifndef UPK_LEARN_NETWORK_JSON_H
#define UPK_LEARN_NETWORK_JSON_H

#include <stdbool.h>
#include <stddef.h>

#include <cjson/cJSON.h>

#include "base/error.h"
#include "base/json_writer.h"
#include "learn/network.h"

/* The member "layers": [{"weights": [[of an input], ...], "biases": [...]}, ...] of an open object.
 * Each number is the float's own value, so that it reads back the same. A failed allocation shows
 * in the writer's buffer. */
void upk_network_write(const struct upk_network *n, struct upk_json_writer *w);

/* The network of that object, with at most `most` neurons a hidden layer; the caller finishes it.
 * false: UPK_CORRUPT (not such a network's) or UPK_NOMEM; n then holds nothing. */
bool upk_network_read(struct upk_network *n, const cJSON *json, size_t features, size_t classes,
	size_t most, struct upk_error *err);

#endif
