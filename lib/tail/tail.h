/* The tail of the way of an event: pairs to windows, record, bench and rules, and what follows. */
#ifndef UPK_TAIL_TAIL_H
#define UPK_TAIL_TAIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "base/error.h"
#include "config/config.h"
#include "items/schema.h"
#include "metrics/record.h"
#include "tail/orders.h"
#include "tail/pace.h"
#include "tail/rule.h"
#include "versions/bench.h"
#include "versions/in_use.h"
#include "versions/live.h"
#include "windows/score_ring.h"
#include "windows/tags.h"
#include "windows/windows.h"

enum upk_step_kind {
	UPK_STEP_EVENT,    /* a predicted event was stored */
	UPK_STEP_PAIR,     /* a pair became complete */
	UPK_STEP_EXAMPLE,  /* an example came */
	UPK_STEP_REVISION, /* a pair's or an example's label is another now */
	UPK_STEP_REMOVAL,  /* a pair or an example is no more: its event was deleted, or is too old */
};

/* One thing that was committed, in the order of its sequence. */
struct upk_step {
	enum upk_step_kind kind;
	bool example;          /* a revision or removal of an example; a pair that was one so far */
	int64_t seq;           /* of the item that caused it */
	int64_t arrival;       /* the clock of this step, ms */
	int64_t event;         /* number of its event within the model */
	upk_tag tag;           /* who predicted it */
	int64_t place, time;   /* not of an event: place, pair time */
	int64_t delay;         /* of a pair: label's time - event's time */
	struct upk_pair pair;  /* not of an event; of a removal as it was last known */
	uint16_t was;          /* of a revision: the label before */
	const struct upk_features *list; /* borrowed for the call; NULL: no features */
	struct upk_text features; /* of an event: absent too while the shadow does not learn; of a
	                             removal: whether it had some */
};

struct upk_tail;

struct upk_scorer_value {
	double score;
	uint64_t pairs; /* that it rests on */
};

/* Where a rule on a score metric gets its value: the metric on the pairs of its window that what is
 * in use predicted and that have scores; NAN when undefined or when it can't be computed. Called on
 * the writer's thread, under the model's lock, which it may give back for a while. */
struct upk_scorer {
	struct upk_scorer_value (*score)(void *context, const struct upk_tail *t,
		struct upk_rule *rule, struct upk_measure measure);
	void *context;
	struct upk_score_ring *ring; /* the tail's */
};

struct upk_history_cursor {
	uint64_t changes; /* of the window, at its last point */
	int64_t time;     /* greatest pair time at its last point */
};

/* Everything that rules and runs of one model rest on. Thread: the writer changes it; readers hold
 * the model's lock. All but the memory behind windows, record and bench is kept in its state. */
struct upk_tail {
	struct upk_config *config; /* references */
	struct upk_schema *schema;
	const struct upk_policy *policy; /* config's */
	int64_t seen;         /* all of the model up to this sequence number */
	int64_t place;        /* the last one seen */
	int64_t event;        /* number of the last predicted event seen */
	int64_t rows;         /* pairs and examples with features */
	int64_t pairs, examples;
	int64_t predictions;  /* predicted events */
	int64_t newest;       /* greatest pair time so far */
	int64_t clock;        /* greatest time of a step or tick: that of duration windows */
	uint64_t *labels;     /* (classes) by current label */
	struct upk_tags tags;
	struct upk_in_use in_use;
	struct upk_pace pace;
	struct upk_scorer scorer;  /* { NULL }: score metrics have no value */
	struct upk_bench *bench;
	struct upk_live *live;
	struct upk_record *record; /* NULL: nothing is in use */
	int rarer;                 /* of the record; -1: none */
	struct upk_windows windows;
	struct upk_history_cursor *points; /* (windows) */
	struct upk_rule *rules;            /* (rules_count) */
	const struct upk_rule_config *rule_configs; /* config's, or `fell` alone */
	size_t rules_count;

	int64_t champion;     /* version that answers predict; 0: none */
	int64_t last_version, last_run, last_alert, last_promotion; /* numbers given out */
	struct upk_confusion *holdout; /* of a first run's version, by its twin; NULL: none */
	int64_t holdout_version;
	bool paused;
	int64_t open_run;     /* queued or running; 0: none */
	struct upk_order open; /* that run's order */
	int64_t waiting_run;  /* passed, waiting for a person; 0: none */
	int64_t proposed;     /* version that bench or shadow propose; 0: none */
	char proposed_reason[512]; /* as tail/sentence.h writes it */
	int64_t first_due;    /* rows at which the first run starts by itself */
	char no_champion[1024];  /* why the last run made no champion; "": it did */
	int64_t scheduled;    /* ms: when the last scheduled run was ordered, or the schedule began */
};

/* An empty tail for a configuration and a schema; windows and rules are there. `keep`: there is no
 * store to load pairs from again (windows/windows.h). NULL: UPK_NOMEM. */
struct upk_tail *upk_tail_create(struct upk_config *config, struct upk_schema *schema, bool keep,
	struct upk_error *err);
void upk_tail_destroy(struct upk_tail *t); /* NULL is fine */

/* The schema grew (classes, features; same configuration). false: UPK_NOMEM, tail as it was. */
bool upk_tail_learn(struct upk_tail *t, struct upk_schema *schema, struct upk_error *err);

/* Time has passed, before the steps of that time: duration windows, up to pairs that have to be
 * loaded (writer/feed.h does). Steps and ticks do the same. */
void upk_tail_expire(struct upk_tail *t, int64_t now);

/* One step. A removal leaves the rules alone: upk_tail_judge comes when all that go have gone and windows are
 * full again. false: UPK_NOMEM or UPK_CORRUPT, or orders->failed: the tail is behind and must be
 * rebuilt from the store. */
bool upk_tail_step(struct upk_tail *t, const struct upk_step *step, struct upk_orders *orders,
	struct upk_error *err);

/* Rules on windows, as they are now. */
bool upk_tail_judge(struct upk_tail *t, int64_t seq, int64_t now, struct upk_orders *orders,
	struct upk_error *err);

/* Time has passed: duration windows, `for`, `every`. */
bool upk_tail_tick(struct upk_tail *t, int64_t seq, int64_t now, struct upk_orders *orders,
	struct upk_error *err);

/* A record begins, with its rarer class (-1: not two classes): what a step does when another tag comes
 * into use, and rebuilding from the store repeats; the shadow's pairs are not of it. */
bool upk_tail_begin_record(struct upk_tail *t, int rarer, struct upk_error *err);

/* A version answers predict from now on; takes serving, even on failure. */
bool upk_tail_promote(struct upk_tail *t, struct upk_serving *serving, struct upk_error *err);
/* The same of the shadow's version. */
void upk_tail_promote_live(struct upk_tail *t);

/* Whether version is the shadow's; 0 never is. */
bool upk_tail_is_live(const struct upk_tail *t, int64_t version);

/* What answers predict, NULL: nothing; of the shadow's version the copy that was published last. */
struct upk_serving *upk_tail_champion(const struct upk_tail *t);
int64_t upk_tail_revision(const struct upk_tail *t); /* of that; 0: it has none */

/* The shadow's newest copy is the one that answers, if its version is the champion. Under the
 * model's lock, after steps. false: UPK_NOMEM or UPK_CORRUPT. */
bool upk_tail_publish(struct upk_tail *t, struct upk_error *err);

#endif
