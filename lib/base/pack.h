/* Integers, doubles and texts one behind the other in bytes: states that are stored. */
#ifndef UPK_BASE_PACK_H
#define UPK_BASE_PACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/text.h"

enum { UPK_PACK_NUMBER = 8 }; /* bytes of an integer or a double: its bits, little-endian */

/* A failed allocation shows in out->failed. A text is its size and its bytes. */
void upk_pack_int(struct upk_buffer *out, int64_t value);
void upk_pack_doubles(struct upk_buffer *out, const double *values, size_t n);
void upk_pack_text(struct upk_buffer *out, struct upk_text text);

/* What is left to read; starts as { .left = bytes }. Once it is not enough, `cut` stays true, what
 * comes is 0 or empty, and the caller checks at the end. One thread. */
struct upk_unpack {
	struct upk_text left;
	bool cut;
};

int64_t upk_unpack_int(struct upk_unpack *u);
void upk_unpack_doubles(struct upk_unpack *u, double *values, size_t n); /* bit by bit, NAN too */
struct upk_text upk_unpack_text(struct upk_unpack *u);                   /* a view of the bytes */

bool upk_unpack_whole(const struct upk_unpack *u); /* nothing was missing, and nothing is left */

#endif
