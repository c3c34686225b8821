#include "ids/id_sieve.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>

struct upk_id_sieve {
	atomic_size_t references;
	uint64_t last;
	size_t count, room;
	struct upk_id_filter *filters[];
};

struct upk_id_sieve *upk_id_sieve_create(uint64_t last, size_t count, struct upk_error *err)
{
	struct upk_id_sieve *s = malloc(sizeof *s + count * sizeof *s->filters);
	if (!s) {
		upk_fail(err, UPK_NOMEM, "no memory for a list of %zu filters", count);
		return NULL;
	}
	atomic_init(&s->references, 1);
	s->last = last;
	s->count = 0;
	s->room = count;
	return s;
}

void upk_id_sieve_add(struct upk_id_sieve *s, struct upk_id_filter *filter)
{
	assert(s->count < s->room);
	s->filters[s->count++] = upk_id_filter_ref(filter);
}

struct upk_id_sieve *upk_id_sieve_ref(struct upk_id_sieve *s)
{
	atomic_fetch_add(&s->references, 1);
	return s;
}

void upk_id_sieve_unref(struct upk_id_sieve *s)
{
	if (!s || atomic_fetch_sub(&s->references, 1) > 1)
		return;
	for (size_t i = 0; i < s->count; i++)
		upk_id_filter_unref(s->filters[i]);
	free(s);
}

uint64_t upk_id_sieve_last(const struct upk_id_sieve *s)
{
	return s->last;
}

void upk_id_sieve_ask(
	const struct upk_id_sieve *s, const uint64_t *keys, size_t count, bool *absent)
{
	for (size_t i = 0; i < count; i++)
		absent[i] = true;
	for (size_t i = 0; i < s->count; i++)
		upk_id_filter_sift(s->filters[i], keys, count, absent);
}
