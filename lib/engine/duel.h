/* Two versions on the same pairs: what was served, and what another one answered. */
#ifndef UPK_ENGINE_DUEL_H
#define UPK_ENGINE_DUEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "metrics/confusion.h"

struct upk_duel_pair {
	int64_t place;
	struct upk_pair pair; /* predicted: what was served */
	uint16_t other;       /* what the other one answered */
};

/* The last pairs, oldest first from `at - size` on: a ring. Starts as { .capacity = n }, memory
 * comes with the first pair. Thread: the writer. */
struct upk_duel {
	struct upk_duel_pair *pairs;
	size_t capacity, at, size;
};

struct upk_takeover {
	int64_t version;
	int64_t lead;   /* D: hits of it - hits of the champion */
	int64_t differ; /* Q: pairs where exactly one is right */
	size_t pairs;
	double f1, champion_f1; /* macro */
};

/* false: UPK_NOMEM, the pair is left out. */
bool upk_duel_add(struct upk_duel *d, const struct upk_duel_pair *pair, struct upk_error *err);
void upk_duel_begin(struct upk_duel *d); /* no pairs yet */
void upk_duel_finish(struct upk_duel *d);

const struct upk_duel_pair *upk_duel_at(const struct upk_duel *d, size_t i); /* 0: the oldest */
void upk_duel_revise(struct upk_duel *d, int64_t place, uint16_t actual);
void upk_duel_remove(struct upk_duel *d, int64_t place); /* its pair is no more; others move up */

/* lead, differ and pairs of the other one. */
void upk_duel_count(const struct upk_duel *d, struct upk_takeover *out);

/* Whether its macro F1 is higher; fills f1 and champion_f1. false too without memory. */
bool upk_duel_is_better(const struct upk_duel *d, size_t classes, struct upk_takeover *out);

#endif
