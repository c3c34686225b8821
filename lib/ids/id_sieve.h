/* The filters of some runs of the id index as they were at one moment. */
#ifndef UPK_IDS_ID_SIEVE_H
#define UPK_IDS_ID_SIEVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "ids/id_filter.h"

/* Any thread may ask it and have references: once made it does not change, whatever becomes of the
 * runs. */
struct upk_id_sieve;

/* Filters of all runs whose entries have values up to `last`; it takes references of its own.
 * NULL: UPK_NOMEM. */
struct upk_id_sieve *upk_id_sieve_create(uint64_t last, size_t count, struct upk_error *err);
void upk_id_sieve_add(struct upk_id_sieve *s, struct upk_id_filter *filter); /* at most count */

struct upk_id_sieve *upk_id_sieve_ref(struct upk_id_sieve *s);
void upk_id_sieve_unref(struct upk_id_sieve *s); /* NULL is fine */

uint64_t upk_id_sieve_last(const struct upk_id_sieve *s);
/* absent[i]: none of the runs has keys[i]. */
void upk_id_sieve_ask(
	const struct upk_id_sieve *s, const uint64_t *keys, size_t count, bool *absent);

#endif
