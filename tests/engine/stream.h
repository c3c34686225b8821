/* A tail that is driven step by step, without a store: what the tests of rules and runs share. */
#ifndef UPK_TESTS_ENGINE_STREAM_H
#define UPK_TESTS_ENGINE_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/random.h"
#include "tail/alerting.h"
#include "tail/retraining.h"
#include "tail/tail.h"

/* Events and places are numbered as the store does; each step takes a millisecond unless the test
 * moves `clock`. Orders are logged in the order in which they came. */
struct stream {
	struct upk_tail *tail;
	struct upk_orders orders; /* of all steps */
	int64_t event, place, seq, clock;
	struct upk_random random;
};

/* Classes are a, b, c, ... unless the configuration has its own. */
void stream_open(struct stream *s, const char *config, size_t classes);
void stream_close(struct stream *s);

/* Steps; features are the one number x where the configuration has features, else none. */
int64_t stream_event(struct stream *s, upk_tag tag); /* its number */
void stream_label(struct stream *s, int64_t event, upk_tag tag, int actual, int predicted);
void stream_pair(struct stream *s, upk_tag tag, int actual, int predicted); /* event and label */
void stream_pair_at(struct stream *s, int64_t time, upk_tag tag, int actual, int predicted);
void stream_example(struct stream *s, int actual);
void stream_revise(struct stream *s, int64_t place, int64_t time, upk_tag tag, int was, int actual,
	int predicted);
void stream_tick(struct stream *s, int64_t now);

/* Pairs whose labels are uniform and whose predictions are right with this probability. */
void stream_random(struct stream *s, upk_tag tag, size_t pairs, double accuracy);

/* Pairs of class a, in turn right and wrong so that the rate is hits out of `of`. */
void stream_even(struct stream *s, upk_tag tag, size_t pairs, int hits, int of);

/* How many orders of a kind; the newest of a kind (fails the test when there is none). */
size_t stream_count(const struct stream *s, enum upk_order_kind kind);
const struct upk_order *stream_newest(const struct stream *s, enum upk_order_kind kind);

#endif
