#include "config/names.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"

enum { FEW = 8 }; /* names that are found sooner one by one than by a keyed hash */

/* Open addressing, at most half full; a slot holds an index + 1, 0 when free. */
struct upk_names {
	size_t mask, count;
	struct upk_text *names;
	uint32_t *slots;
};

/* The slot that holds the name, or the free one where it belongs. */
static size_t slot_of(const struct upk_names *n, struct upk_text name)
{
	size_t i = upk_hash(upk_hash_process_key(), name.data, name.size) & n->mask;
	while (n->slots[i] && !upk_text_equal(n->names[n->slots[i] - 1], name))
		i = (i + 1) & n->mask;
	return i;
}

struct upk_names *upk_names_create(const struct upk_text *names, size_t count, int *twin)
{
	size_t slots = 2;
	while (slots < 2 * count)
		slots *= 2;

	struct upk_names *n = malloc(sizeof *n);
	if (!n)
		return NULL;
	*n = (struct upk_names){ .mask = slots - 1, .count = count };
	n->names = calloc(count + 1, sizeof *n->names);
	n->slots = calloc(slots, sizeof *n->slots);
	if (!n->names || !n->slots) {
		upk_names_destroy(n);
		return NULL;
	}

	*twin = -1;
	for (size_t i = 0; i < count; i++) {
		n->names[i] = names[i];
		size_t slot = slot_of(n, names[i]);
		if (n->slots[slot] && *twin < 0)
			*twin = (int)n->slots[slot] - 1;
		else if (!n->slots[slot])
			n->slots[slot] = (uint32_t)i + 1;
	}
	return n;
}

void upk_names_destroy(struct upk_names *n)
{
	if (!n)
		return;
	free(n->names);
	free(n->slots);
	free(n);
}

int upk_names_find(const struct upk_names *n, struct upk_text name)
{
	if (n->count > FEW)
		return (int)n->slots[slot_of(n, name)] - 1;
	for (size_t i = 0; i < n->count; i++)
		if (n->names[i].size == name.size &&
			memcmp(n->names[i].data, name.data, name.size) == 0)
			return (int)i;
	return -1;
}
