/* A model's configuration: what was sent, checked, with every default filled in. */
#ifndef UPK_CONFIG_CONFIG_H
#define UPK_CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "base/error.h"
#include "base/json_writer.h"
#include "base/spelling.h"
#include "base/text.h"
#include "config/feature.h"
#include "learn/checks_wanted.h"

enum { UPK_WINDOWS_MAX = 16, UPK_RULES_MAX = 64, UPK_SLICES_MAX = 16, UPK_NAME_MAX = 128 };

struct upk_window_config {
	char *name;
	int64_t count;    /* > 0: the last so many pairs */
	int64_t duration; /* > 0: pairs of the last so many ms; exactly one of the two is > 0 */
};

/* A metric as a configuration names it; classes are names because they may be learnt later. */
struct upk_measure_config {
	char *name;    /* of the metrics table */
	char *class;   /* NULL: none given */
	char *average; /* "macro", "micro", "weighted"; NULL: none given */
};

enum upk_rule_kind {
	UPK_RULE_BELOW,
	UPK_RULE_ABOVE,
	UPK_RULE_DROP,
	UPK_RULE_CHANGE,
};

enum upk_rule_action {
	UPK_ACTION_ALERT = 1,
	UPK_ACTION_RETRAIN = 2,
};

struct upk_rule_config {
	char *name;
	enum upk_rule_kind kind;
	struct upk_measure_config measure; /* not of a change rule */
	size_t window;      /* index into windows; not of a change rule */
	double threshold;   /* below, above: the bound; drop: by how much */
	double clear;       /* NAN: not given, the threshold */
	int64_t min_pairs;  /* default 200; change: 0 */
	int64_t for_ms;     /* default 0 */
	int64_t cooldown_pairs; /* -1: not given */
	int64_t cooldown_ms;    /* -1: not given */
	double confidence;  /* NAN: on the point value; default 0.99; see upk_config_confidence */
	bool confidence_given; /* as a number */
	unsigned actions;   /* upk_rule_action, or-ed; default alert */
};

/* Constants of the loop (docs/policy.md); "retrain": {"policy": {...}} sets them. */
struct upk_policy {
	double alert_places;  /* 250: places between the change point and the run */
	double rest;          /* 500: places after a refused alert run */
	double rest_most;     /* 8000 */
	double token_places;  /* 1200: places per token */
	double tokens_most;   /* 6 */
	double growth_least;  /* 400 */
	double growth_passed; /* 2: f after a pass */
	double growth_failed; /* 4: f after a fail */
	double growth_tokens; /* 2 */
	double bench_versions; /* 8 */
	double bench_window;   /* 500 */
	double bench_least;    /* 50 */
	double bench_lead;     /* 5: D must be greater */
	double bench_z;        /* 3.5: D > z sqrt(Q) */
	double live_window;    /* 500 */
	double live_least;     /* 50 */
	double live_lead;      /* 5: D must be greater */
	double live_z;         /* 2.5: D > z sqrt(Q) */
	double live_change_z;  /* 4: the shadow's D at which c is moved */
	double first_rows;     /* 500: rows of the first run */
};

/* The trials of a run; retrain.search. */
struct upk_search_config {
	char *method;        /* NULL: "auto" */
	const cJSON *space;  /* what is changed, by learner, within sent; NULL: nothing */
	int64_t repetitions; /* default 1 */
	struct upk_measure_config objective; /* no name: the gate's metric */
	unsigned runs;       /* kinds with trials: bits 1 << upk_run_kind */
};

struct upk_retrain_config {
	char *learner;            /* "auto", "logistic" */
	const cJSON *settings;    /* of the learner, within sent; NULL: defaults */
	bool manual;              /* "promote": "manual" */
	int64_t every_ms;         /* 0: no schedule */
	uint64_t seed;            /* default 1 */
	double memory;            /* bytes that a run may take; default 2 GiB */
	int64_t categories;       /* values of a category that get a column; default 100 */
	int64_t trials;           /* default 20 */
	struct upk_search_config search;
	int64_t budget_ms;        /* 0: none ("budget": null) */
	bool live;                /* default true */
	int64_t renew;            /* pairs from one copy to the next; 0: "auto" */
	bool calibrate;           /* probabilities by a temperature */
	bool threshold;           /* "auto": a version may get one of its own */
	struct upk_measure_config measure; /* of the gate; default f1, macro */
	double margin;            /* default 0.002 */
	double confidence;        /* 0: "auto" */
	struct upk_checks checks; /* of the gate */
	struct upk_policy policy;
};

/* How many of the newest a model keeps: writer/keep.h. */
struct upk_keep_config {
	int64_t versions; /* default 50 */
	int64_t runs;     /* default 1000 */
	int64_t trials;   /* default 5000 */
	int64_t alerts;   /* default 1000 */
};

/* Immutable once made; counted references, any thread. */
struct upk_config {
	cJSON *sent;  /* as it came */
	char *text;   /* its compact text */
	char etag[20]; /* 16 hex digits of a hash of text */
	char **classes; /* NULL: learnt */
	size_t classes_count;
	char *positive; /* NULL: not declared */
	double threshold; /* default UPK_DECISION_THRESHOLD */
	struct upk_features *features; /* NULL: learnt */
	char **slices;
	size_t slices_count;
	struct upk_window_config *windows;
	size_t windows_count;
	struct upk_rule_config *rules;
	size_t rules_count;
	bool rules_given; /* "rules" was sent, if only [] */
	struct upk_retrain_config retrain;
	struct upk_keep_config keep;
	int64_t retention_ms; /* 0: for ever */
	bool strict;
	void *refs; /* the module's own */
};

/* Reads a configuration object; unknown members are errors; every message starts with the member's
 * path ("rules[0].below: 1.5: want 0 to 1"). NULL: UPK_INVALID, UPK_TOO_LARGE (over 1 MiB) or
 * UPK_NOMEM. One reference is the caller's. */
struct upk_config *upk_config_parse(struct upk_text json, struct upk_error *err);
struct upk_config *upk_config_ref(struct upk_config *c);
void upk_config_unref(struct upk_config *c); /* NULL is fine */

/* The confidence that decides; NAN: the point value does, as always on a score metric, whose bound is
 * not known. */
double upk_config_confidence(const struct upk_rule_config *rule);

/* The rule that a model with features and no "rules" gets: fell. Static. */
const struct upk_rule_config *upk_config_fell(void);

/* "last-500, 1d": the names of its windows, as upk_spelling_list has them. */
const char *upk_config_window_names(const struct upk_config *c, char out[UPK_SPELLING_SIZE]);

bool upk_config_same_window(const struct upk_window_config *a, const struct upk_window_config *b);

/* Members of "effective": every setting with its default, rules included (with `fell` where the
 * model has features and no rules of its own). classes and features come from the caller: what is
 * learnt (absent texts and NULL: nothing yet). */
void upk_config_write_effective(const struct upk_config *c, const struct upk_text *classes,
	size_t classes_count, struct upk_text positive, const struct upk_features *features,
	struct upk_json_writer *w, const char *key);

#endif
