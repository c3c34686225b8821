/* Two versions on the same pairs, what was served and what another one answered, and the rule by
 * which the other takes over. */
#ifndef UPK_VERSIONS_DUEL_H
#define UPK_VERSIONS_DUEL_H

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
	int64_t lead, differ; /* of these pairs: as in struct upk_takeover */
};

struct upk_takeover {
	int64_t version;
	int64_t lead;   /* D: hits of it - hits of the champion */
	int64_t differ; /* Q: pairs where exactly one is right */
	size_t pairs;
	double f1, champion_f1; /* macro */
};

/* What the other has to show. docs/policy.md sections 4 and 5. */
struct upk_duel_rule {
	double least; /* pairs, at least */
	double lead;  /* D is more than this */
	double z;     /* and than z sqrt(Q) */
	/* The class whose F1 the versions' thresholds may be tuned for: an error more is then no
	 * proof against one of them, so this F1 must be higher too, by z of its paired sd
	 * (learn/gate.h). 1 + its index; 0: none. */
	int tuned;
};

/* Memory for `capacity` pairs, after which add can't fail. false: UPK_NOMEM. */
bool upk_duel_reserve(struct upk_duel *d, struct upk_error *err);

/* false: UPK_NOMEM, the pair is left out. */
bool upk_duel_add(struct upk_duel *d, const struct upk_duel_pair *pair, struct upk_error *err);
void upk_duel_begin(struct upk_duel *d); /* no pairs yet */
void upk_duel_finish(struct upk_duel *d);

const struct upk_duel_pair *upk_duel_at(const struct upk_duel *d, size_t i); /* 0: the oldest */
void upk_duel_revise(struct upk_duel *d, int64_t place, uint16_t actual);
void upk_duel_remove(struct upk_duel *d, int64_t place); /* its pair is no more; others move up */

/* lead, differ and pairs of the other one. */
void upk_duel_count(const struct upk_duel *d, struct upk_takeover *out);

/* Whether the other takes over: it leads by the rule, and its macro F1 is higher, and the
 * tuned class's F1 by the rule. *wins: all of out
 * but its version is filled; else it stays. false: UPK_NOMEM. */
bool upk_duel_judge(const struct upk_duel *d, const struct upk_duel_rule *rule, size_t classes,
	bool *wins, struct upk_takeover *out, struct upk_error *err);

#endif
