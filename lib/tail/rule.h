/* One rule: whether its condition holds now, and its state between pairs. */
#ifndef UPK_TAIL_RULE_H
#define UPK_TAIL_RULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "config/config.h"
#include "items/schema.h"
#include "metrics/drop.h"
#include "metrics/metric.h"
#include "metrics/record.h"
#include "windows/window.h"

struct upk_score_task;

enum upk_rule_state {
	UPK_RULE_OK,
	UPK_RULE_PENDING, /* the condition holds, but not yet for `for` */
	UPK_RULE_FIRING,
};

/* What a rule sees at one pair. `wrong` makes it fire, `clear` makes a firing one resolve; neither
 * when the metric is undefined or there are too few pairs. */
struct upk_judgement {
	bool wrong, clear;
	double value;     /* of the metric; change: the hit rate of the suffix */
	double bound;     /* what was compared: the one-sided bound, or without a confidence the
	                   * value (drop: the fall); change: L; NAN: of a score metric the value
	                   * was, and with a confidence nothing had to be on the good side */
	double threshold; /* what it was compared with; change: the limit of L */
	uint64_t pairs;   /* that it rests on; change: pairs in the suffix */
	struct upk_change change; /* of a change rule that is wrong */
};

/* Thread: the writer changes it. `config` and `name` of the model's configuration outlive it. */
struct upk_rule {
	const struct upk_rule_config *config;
	enum upk_rule_state state;
	struct upk_judgement last;   /* the latest of what is in use; pairs 0: none yet */
	int64_t pending_since;       /* ms */

	/* while firing */
	int64_t alert;               /* its number */
	int64_t change;              /* c: where its run's rows begin to differ; 0: no run is wanted */
	enum upk_record_stream stream; /* of a change rule */
	double fired_l;
	bool waiting;                /* for places, a token, a rest or a run before its own */
	int64_t run;                 /* the last run that it ordered; 0: none */

	/* over alerts */
	int64_t rest_until;          /* no run of it before `now` is this */
	int64_t rest;                /* length of the next rest, places */
	int64_t cooldown_until;      /* ms */

	struct upk_reference reference; /* of a drop rule */
	double score;                /* latest value of a score metric; NAN: none, or undefined */
	uint64_t score_pairs;        /* that it rests on: those with scores */
	bool scored;                 /* since what is in use came into use */
	uint64_t scored_at;          /* the window's changes when it was due */
	struct upk_score_task *task; /* the next value, of a large window; NULL: none is computed */
};

/* The class whose metric it is: the one that it names, or where it names no average either the
 * configured positive one. NULL: neither, or the metric is of no class. */
const char *upk_measure_class(
	const struct upk_measure_config *config, const struct upk_schema *schema);

/* The metric that a rule (or the gate) names, with the model's default average. false: the class
 * that upk_measure_class says is one that the model does not know yet. */
bool upk_measure_resolve(const struct upk_measure_config *config, const struct upk_schema *schema,
	struct upk_measure *measure);

/* A below, above or drop rule, on the pairs of its window that what is in use predicted. O(1), but
 * O(classes^2) for averages whose point value is on the wrong side.
 * false: UPK_NOMEM, nothing was judged. */
bool upk_rule_judge(struct upk_rule *rule, const struct upk_schema *schema,
	const struct upk_window *window, const struct upk_record *record,
	struct upk_judgement *out, struct upk_error *err);

/* A change rule: a firing one looks at its own stream, others at both. */
void upk_rule_judge_change(
	const struct upk_rule *rule, const struct upk_record *record, struct upk_judgement *out);

#endif
