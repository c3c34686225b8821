/* One item from JSON to its fields: what batch.c does for each item of a body. */
#ifndef UPK_ITEMS_DECODE_H
#define UPK_ITEMS_DECODE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "base/json_reader.h"
#include "items/arena.h"
#include "items/batch.h"

enum { UPK_DECODER_MEMBERS = 16 };

/* What the items of one body share while they are decoded. Owned by upk_batch_decode's thread. */
struct upk_decoder {
	struct upk_batch *batch;
	struct upk_arena *arena; /* the batch's */
	struct upk_json_reader *reader;
	struct upk_text text; /* that the reader reads: the body or one of its lines */
	struct upk_buffer
		scratch; /* features, slices, scores before they are copied to the arena */
	size_t slice_order[UPK_SLICES_MAX]; /* the declared keys, sorted */
	unsigned char follows[UPK_DECODER_MEMBERS]; /* which member came after each, the last time */
	size_t zeros;   /* the reader's before the member that is read */
	struct upk_text unknown[UPK_BATCH_IGNORED]; /* features of the item that the schema lacks */
	size_t unknown_count;
	bool asked;     /* an unknown feature was compared with those of the model */
	bool no_memory; /* stays true; the batch is then of no use */
};

/* Needs the batch; the caller finishes `scratch`. */
void upk_decoder_begin(struct upk_decoder *d);

/* Reads the item (all 0 before) whose first token is `token`, to its end whatever is wrong with it.
 * Faults are in item->error; the reader is at UPK_JSON_ERROR where it is not JSON. */
void upk_decode_item(struct upk_decoder *d, enum upk_json_token token, struct upk_text text,
	struct upk_item *item);

#endif
