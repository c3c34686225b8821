/* The bench: versions that were replaced go on predicting, and may come back. */
#ifndef UPK_VERSIONS_BENCH_H
#define UPK_VERSIONS_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "config/config.h"
#include "metrics/confusion.h"
#include "versions/duel.h"
#include "versions/serving.h"

/* The last versions that a run fitted and that were once promoted, the champion among them, with
 * what they answer on the last pairs of the record. docs/policy.md section 4. The writer predicts
 * for all of them as a pair comes: bench_versions predictions a pair, no lag.
 * Thread: the writer. */
struct upk_bench;

enum { UPK_BENCH_MOST = 32, UPK_BENCH_WINDOW_MOST = 10000 };

/* NULL: UPK_NOMEM. */
struct upk_bench *upk_bench_create(const struct upk_policy *policy, struct upk_error *err);
void upk_bench_destroy(struct upk_bench *b); /* NULL is fine */

/* A version was promoted: in the order of fitting, so versions only grow; one that is there already
 * changes nothing. The oldest beyond bench_versions + 1 leaves. Takes serving, even on failure. */
bool upk_bench_enter(struct upk_bench *b, struct upk_serving *serving, struct upk_error *err);
void upk_bench_leave(struct upk_bench *b, int64_t version);

size_t upk_bench_count(const struct upk_bench *b);
struct upk_serving *upk_bench_at(const struct upk_bench *b, size_t i); /* in order of fitting */
struct upk_serving *upk_bench_find(
	const struct upk_bench *b, int64_t version); /* NULL: not there */

/* A new record: no answers yet. */
void upk_bench_begin(struct upk_bench *b);

/* The record's next pair; without features nobody can answer it and it is left out.
 * false: UPK_NOMEM or UPK_CORRUPT, the pair is left out. */
bool upk_bench_pair(struct upk_bench *b, int64_t place, struct upk_pair pair,
	const struct upk_features *list, struct upk_text features, struct upk_error *err);
void upk_bench_remove(struct upk_bench *b, int64_t place); /* its pair is no more; others move up */
int64_t upk_bench_start(const struct upk_bench *b); /* place of the oldest pair; 0: there is none */
void upk_bench_revise(struct upk_bench *b, int64_t place, uint16_t actual);

/* The version that takes over from what is in use, by what was answered on the last pairs, all of
 * them (upk_duel_judge; of several the one with the greatest lead). `in_use` and `champion` (0:
 * none) do not take part; tuned is upk_duel_rule's. false: UPK_NOMEM. */
bool upk_bench_judge(const struct upk_bench *b, int64_t in_use, int64_t champion, size_t classes,
	int tuned, bool *wins, struct upk_takeover *out, struct upk_error *err);

#endif
