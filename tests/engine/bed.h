/* A real engine on a fresh folder, driven without HTTP. */
#ifndef UPK_TESTS_ENGINE_BED_H
#define UPK_TESTS_ENGINE_BED_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "engine/engine.h"

/* A clock that stands until the test moves it. */
struct bed_clock {
	struct upk_clock clock;
	atomic_llong now; /* ms */
};

void bed_clock_init(struct bed_clock *c);
void bed_clock_pass(struct bed_clock *c, int64_t minutes);

struct bed {
	char folder[64];
	const struct upk_clock *clock; /* set before it opens; NULL: the system's */
	void (*log)(void *context, enum upk_log_level level, const char *line); /* or NULL */
	void *context;
	struct upk_engine *engine;
};

/* Fails the test when the engine can't be opened. */
void bed_open(struct bed *b);
void bed_reopen(struct bed *b); /* closes and opens again on the same folder */
void bed_reopen_closed(struct bed *b); /* whose engine was closed */
void bed_remove(struct bed *b); /* closes, and removes the folder */

/* cmocka's of a test whose state is an open bed, and of one with a clock of its own. */
int bed_setup(void **state);
int bed_teardown(void **state);

struct bed_timed {
	struct bed bed;
	struct bed_clock clock;
};
int bed_timed_setup(void **state);
int bed_timed_teardown(void **state);

enum { BED_SETTLE = 1, BED_ATOMIC = 2 };

/* Decodes one JSON body for a post of a model's, or fails the test. */
void bed_decode(struct bed *b, struct upk_post *post, enum upk_item_kind kind, const char *model,
	const char *body);

/* Posts what was decoded and waits for its answer, which bed_finish frees. Any thread. */
void bed_hand_over(struct bed *b, struct upk_post *post, unsigned flags);
/* The two in one. */
void bed_post(struct bed *b, struct upk_post *post, enum upk_item_kind kind, const char *model,
	const char *body, unsigned flags);
void bed_finish(struct upk_post *post);

/* The same of model m: every item of it is taken, or the test fails. */
void bed_send(struct bed *b, enum upk_item_kind kind, const char *body);
/* Fails the test when it isn't taken. */
void bed_put(struct bed *b, const char *model, const char *config);

/* Waits until the metrics of a model have `text` in them; false: they had not within 15 seconds. */
bool bed_until(struct bed *b, const char *model, const char *text);

/* A GET's body by one of the report functions; the caller frees it. */
char *bed_metrics(struct bed *b, const char *model);

#endif
