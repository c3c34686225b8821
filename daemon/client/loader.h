/* Events and labels to a model in blocks, so that they become complete in the order of a file. */
#ifndef UPK_CLIENT_LOADER_H
#define UPK_CLIENT_LOADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/text.h"
#include "client/target.h"

/* An item as the API takes it. */
struct upk_load_item {
	bool is_label;
	bool labelled; /* an event with its label */
	bool by_line;  /* its id was made of the file's name and the line */
	struct upk_text id;
	struct upk_text json;
	uint64_t line; /* where it stands */
};

struct upk_load_counts {
	int64_t accepted, duplicates, joined, revised, waiting, rejected;
};

enum { UPK_LOAD_BLOCK = 1000, UPK_LOAD_LABEL_SLOTS = 4096 };

/* Events of a block go out first, then its labels. What would become complete in another order than
 * that of the file begins a new block. One thread at a time. */
struct upk_loader {
	struct upk_target *target; /* borrowed */
	struct upk_load_counts counts;
	/* Told of each rejected item, as far as the daemon lists them. */
	void (*reject)(void *context, uint64_t line, const char *why);
	void *context;

	/* the module's own */
	struct upk_block {
		struct upk_buffer body;
		struct upk_buffer lines; /* uint64_t */
		size_t count;
	} events, labels;
	uint64_t ids[UPK_LOAD_LABEL_SLOTS]; /* hashes of the ids of the block's labels; 0: free */
	bool early; /* a label came before its event: any event may become complete as it comes */
	char ignored[256]; /* the first members that the daemon left out, in words */
};

/* Starts as { .target = ... }. false: what upk_target_post says. */
bool upk_loader_add(struct upk_loader *l, const struct upk_load_item *item, struct upk_error *err);
bool upk_loader_flush(struct upk_loader *l, struct upk_error *err);
void upk_loader_finish(struct upk_loader *l);

#endif
