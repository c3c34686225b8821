/* Which keys the open objects of a document have had: finds a key that comes twice. */
#ifndef UPK_BASE_JSON_KEYS_H
#define UPK_BASE_JSON_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

/* Keys are known by their keyed 64-bit hash, so nobody can choose two that collide. Starts as
 * { 0 }; the memory is kept from document to document. One thread at a time.
 * `hashes` is a stack of all keys of the open objects, innermost last; `first` is a stack of where
 * each object's keys begin. An object of few keys is searched from end to end; the keys of larger
 * ones stand in `slots` too, one open-addressing table (0: free) for all objects. */
struct upk_json_keys {
	uint64_t *hashes;
	size_t count, capacity;
	size_t *first;
	size_t depth, depth_capacity;
	uint64_t *slots;
	size_t used, slot_count; /* slot_count is 0 or a power of two, used at most half of it */
};

enum upk_json_key_state { UPK_JSON_KEY_NEW, UPK_JSON_KEY_TWICE, UPK_JSON_KEY_NOMEM };

void upk_json_keys_finish(struct upk_json_keys *k); /* frees */
void upk_json_keys_clear(struct upk_json_keys *k);  /* closes every object */

bool upk_json_keys_open(struct upk_json_keys *k);  /* an object begins; false: no memory */
void upk_json_keys_close(struct upk_json_keys *k); /* the innermost ends */

/* A key of the innermost object. */
enum upk_json_key_state upk_json_keys_add(struct upk_json_keys *k, struct upk_text key);

#endif
