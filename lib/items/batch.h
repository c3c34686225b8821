/* A request's items after decoding: events, labels or rows to predict. */
#ifndef UPK_ITEMS_BATCH_H
#define UPK_ITEMS_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/text.h"
#include "items/schema.h"
#include "store/event.h"

enum upk_item_kind {
	UPK_ITEM_EVENT,
	UPK_ITEM_LABEL,
	UPK_ITEM_PREDICT,
};

struct upk_class_score {
	struct upk_text class; /* absent: the array form, in the order of the declared classes */
	double probability;
};

/* Texts live in the batch. Syntax, types and limits were checked. A class keeps its number from
 * schema to schema of one configuration, so that a number found here need not be looked up again;
 * those of scores were not looked up. */
struct upk_item {
	const char *meant;         /* "; did you mean MEMBER, not NAME?" of a member that was left out;
	                              NULL: none */
	const char *error;         /* NULL: fine; else why it is rejected, naming field and value */
	struct upk_text id;        /* absent: none; an integer's digits */
	bool timed;
	int64_t time;              /* when timed */
	struct upk_text predicted; /* class name; absent: none */
	struct upk_text label;     /* class name; absent: none */
	uint16_t predicted_found, label_found; /* class + 1; 0: none, or not among the schema's */
	bool scored;
	double score;
	struct upk_class_score *scores;
	size_t scores_count;       /* 0: none */
	struct upk_text features;  /* encoded by the schema's features; absent: none */
	bool strange; /* it has features, but none of the schema's: they are absent here */
	struct upk_text raw_features; /* their JSON; absent: none */
	struct upk_text slices;    /* JSON object of declared keys, sorted; absent: none */
	struct upk_made_by version;
	struct upk_text meta;      /* JSON object; absent: none */
	struct upk_text source;    /* of a label; absent: none */
	uint64_t key;              /* of the id in the id index, when asked; 0 without one */
	bool absent;               /* no run has it, as far as they were asked */
};

enum { UPK_BATCH_ITEMS_MAX = 100000, UPK_BATCH_IGNORED = 10 };

/* Owned by one thread at a time: the HTTP thread that decodes, then the writer. */
struct upk_batch {
	enum upk_item_kind kind;
	bool single;   /* the body was one object, not an array or NDJSON */
	bool ndjson;
	struct upk_schema *schema; /* that it was decoded against: a reference */
	bool unlearnt; /* some item has features while the schema has none: decode again */
	int64_t now;   /* the clock at decoding */
	size_t body_size; /* of the request, in bytes */
	struct {
		int64_t model; /* 0: nothing was asked */
		uint64_t upto; /* the mark that absent is about */
	} asked;               /* by intake/ahead.h */
	struct upk_item *items;
	size_t count;
	char *ignored[UPK_BATCH_IGNORED]; /* unknown members that were left out */
	const char *meant[UPK_BATCH_IGNORED]; /* the member that each may stand for; NULL: none */
	size_t ignored_count;
	struct upk_batch_memory *memory; /* the module's own: the body, texts of items */
};

/* A batch whose body comes in pieces, decoded against the schema (referenced). Either end it, and
 * then use it, or destroy it. NULL: UPK_NOMEM. */
struct upk_batch *upk_batch_begin(enum upk_item_kind kind, bool ndjson, struct upk_schema *schema,
	int64_t now, struct upk_error *err);

/* The next bytes of the body, copied; they may end anywhere. NDJSON is decoded as its lines become
 * complete, other bodies are collected. Holds at most twice the body beside the items.
 * false: UPK_TOO_LARGE (too many items) or UPK_NOMEM; the batch is then only good for destroy. */
bool upk_batch_feed(struct upk_batch *b, struct upk_text bytes, struct upk_error *err);

/* The body is complete. false as upk_batch_decode is NULL; the batch is then only good for destroy.
 */
bool upk_batch_end(struct upk_batch *b, struct upk_error *err);

/* The three in one. Takes body (malloc'ed, taken even on failure) and decodes it against the schema
 * (referenced). NULL: UPK_INVALID with the byte offset (not JSON, or not an object or array),
 * UPK_TOO_LARGE (too many items), UPK_NOMEM. A fault of one item alone is in its `error`. */
struct upk_batch *upk_batch_decode(enum upk_item_kind kind, bool ndjson, char *body, size_t body_size,
	struct upk_schema *schema, int64_t now, struct upk_error *err);

/* Decodes the same body again against a newer schema. false: UPK_NOMEM; the batch is then only good
 * for destroy. */
bool upk_batch_redecode(struct upk_batch *b, struct upk_schema *schema, struct upk_error *err);

void upk_batch_destroy(struct upk_batch *b); /* NULL is fine */

/* Copies a text or formats a message into the batch's memory; NULL: no memory. */
const char *upk_batch_say(struct upk_batch *b, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
