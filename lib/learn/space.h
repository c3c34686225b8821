/* Search spaces: which settings of a learner a search may try, and between which bounds. */
#ifndef UPK_LEARN_SPACE_H
#define UPK_LEARN_SPACE_H

#include <stdbool.h>
#include <stddef.h>

#include <cjson/cJSON.h>

#include "base/error.h"
#include "base/json_writer.h"
#include "base/random.h"

enum { UPK_SPACE_PARAMETERS = 32, UPK_SPACE_VALUES = 16 };

enum upk_space_kind {
	UPK_SPACE_FLOAT,   /* low .. high, with a step from low or without */
	UPK_SPACE_INT,     /* low .. high in steps from low */
	UPK_SPACE_CHOICE,  /* one of the values */
	UPK_SPACE_BOOLEAN, /* 0 or 1 */
	UPK_SPACE_FIXED,   /* the only value */
};

/* One setting. It is active, and in the settings at all, unless `when` names another parameter
 * that is not active or has none of when_values. Names are borrowed. */
struct upk_parameter {
	const char *name;
	enum upk_space_kind kind;
	double low, high, step; /* FLOAT, INT; step 0: any value */
	bool log;               /* drawn uniformly in its logarithm */
	double values[UPK_SPACE_VALUES];
	size_t count; /* of values */
	const char *when;
	double when_values[UPK_SPACE_VALUES];
	size_t when_count;
};

struct upk_space {
	struct upk_parameter parameters[UPK_SPACE_PARAMETERS];
	size_t count;
};

/* One setting of all parameters: where each stands in its range, 0 .. 1, and NAN for those that are
 * not active. */
struct upk_point {
	double at[UPK_SPACE_PARAMETERS];
};

/* A learner's own space: `table` ends with a row without a name; NULL is empty. */
void upk_space_init(struct upk_space *s, const struct upk_parameter *table);

/* Changes s as `json` says: {"rate": {"type": "float", "low": 1e-4, "high": 0.1, "sampling":
 * "log"}, "layers": {"type": "int", "low": 1, "high": 3, "step": 1}, "batch": {"type": "choice",
 * "values": [32, 64]}, "balance": {"type": "boolean"}, "neurons_2": {..., "when": {"layers": [2,
 * 3]}}, "epochs": 50, "l2": null}: a number is fixed, null leaves the learner's default to it and
 * to those that hang on it. `check` takes every bound and value as settings. s borrows the names,
 * which json keeps. false: UPK_INVALID with the member and its value. */
bool upk_space_read(struct upk_space *s, const cJSON *json,
	bool (*check)(const cJSON *settings, struct upk_error *err), struct upk_error *err);

/* Parameters that settings (NULL: none) have become fixed there. */
void upk_space_fix(struct upk_space *s, const cJSON *settings);

/* A member with an object that upk_space_read takes. */
void upk_space_write(const struct upk_space *s, struct upk_json_writer *w, const char *key);

/* Index of a parameter, count when there is none. */
size_t upk_space_find(const struct upk_space *s, const char *name);

/* The value where `at` (0 .. 1) is, and back: the middle of what gives the value. */
double upk_space_value(const struct upk_parameter *p, double at);
double upk_space_at(const struct upk_parameter *p, double value);

/* How many values there are, at most `most`; a range without steps has `most`. */
size_t upk_space_levels(const struct upk_parameter *p, size_t most);

/* Whether the i-th is active, where the others stand; settle makes NAN of those that are not. */
bool upk_space_active(const struct upk_space *s, const struct upk_point *point, size_t i);
void upk_space_settle(const struct upk_space *s, struct upk_point *point);

/* Uniform in every range, conditions kept. */
void upk_space_draw(const struct upk_space *s, struct upk_random *random, struct upk_point *point);

/* The point's values over `base` (NULL: none), whose members stay unless the space has them. The
 * caller deletes it. NULL: UPK_NOMEM. */
cJSON *upk_space_settings(const struct upk_space *s, const struct upk_point *point,
	const cJSON *base, struct upk_error *err);

/* The point of settings, with the middle of the range where they say nothing. */
void upk_space_point(const struct upk_space *s, const cJSON *settings, struct upk_point *point);

#endif
