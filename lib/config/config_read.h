/* Reading members of a configuration: one value, its type and range, or what is wrong with it. */
#ifndef UPK_CONFIG_CONFIG_READ_H
#define UPK_CONFIG_CONFIG_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "base/error.h"
#include "config/config.h"
#include "learn/learner.h"

/* Of every reader here, false is UPK_INVALID, with a message that starts with the member's name, or
 * UPK_NOMEM. */

/* One member of an object: read puts its value into what the object's reader fills. */
struct upk_config_member {
	const char *name;
	bool (*read)(void *into, const cJSON *value, struct upk_error *err);
};

/* Reads the members that are there, in the table's order. A message starts with the member's name;
 * callers put the path before it. Not an object or an unknown member: UPK_INVALID. */
bool upk_config_members(const cJSON *object, const struct upk_config_member *members, size_t count,
	void *into, struct upk_error *err);

/* "NAME: VALUE: want WANT", NAME being the member's. Returns false. */
bool upk_config_wrong(const cJSON *value, struct upk_error *err, const char *want, ...)
	__attribute__((format(printf, 3, 4)));

/* The same of one that is none of names, which NULL ends: they are listed, and asked is for meant
 * or, where that is NULL, for the one that is spelt nearly so. Returns false. */
bool upk_config_wrong_word(
	const cJSON *value, const char *meant, const char *const *names, struct upk_error *err);

/* low <= x <= high. An integer in JSON is a double without a fraction, up to 2^53. */
bool upk_config_number(
	const cJSON *value, double low, double high, double *out, struct upk_error *err);
bool upk_config_integer(
	const cJSON *value, int64_t low, int64_t high, int64_t *out, struct upk_error *err);
bool upk_config_flag(const cJSON *value, bool *out, struct upk_error *err);
/* A duration's text, low ms to 100 years. */
bool upk_config_duration(const cJSON *value, int64_t low, int64_t *out, struct upk_error *err);
/* A string of 1..128 bytes, copied; the old *out is freed. */
bool upk_config_string(const cJSON *value, char **out, struct upk_error *err);
/* The form of names of windows and rules. */
bool upk_config_name(const cJSON *value, char **out, struct upk_error *err);
/* A class: a string of 1..128 bytes, or an integer or boolean as its JSON text. */
bool upk_config_class(const cJSON *value, char **out, struct upk_error *err);
/* One of `words` (ended by NULL). */
bool upk_config_word(
	const cJSON *value, const char *const *words, size_t *out, struct upk_error *err);

/* An array of low..high different items, each read by `item`. *out and *count are filled as far as
 * it went, so that the owner frees them in either case. */
bool upk_config_strings(const cJSON *value, size_t low, size_t high,
	bool (*item)(const cJSON *value, char **out, struct upk_error *err), char ***out,
	size_t *count, struct upk_error *err);

/* A metric's name or object. */
bool upk_config_measure(const cJSON *value, struct upk_measure_config *out, struct upk_error *err);

void upk_config_measure_finish(struct upk_measure_config *m); /* frees; leaves it as { 0 } */

/* The windows, rules and "retrain" of c. Rules come after the windows and classes. */
bool upk_config_read_windows(struct upk_config *c, const cJSON *value, struct upk_error *err);
bool upk_config_default_windows(struct upk_config *c, struct upk_error *err);
bool upk_config_read_rules(struct upk_config *c, const cJSON *value, struct upk_error *err);
bool upk_config_read_retrain(struct upk_config *c, const cJSON *value, struct upk_error *err);
bool upk_config_default_retrain(struct upk_retrain_config *r, struct upk_error *err);

/* Whether it is the configuration's learner: with "auto" each is. */
bool upk_config_takes(const struct upk_retrain_config *r, const struct upk_learner *learner);

/* The settings of a learner that the configuration has: an object, or NULL for the defaults. */
const cJSON *upk_config_settings(
	const struct upk_retrain_config *r, const struct upk_learner *learner);

/* The space of a learner's search, with what the configuration changes. */
bool upk_config_space(const struct upk_retrain_config *r, const struct upk_learner *learner,
	struct upk_space *out, struct upk_error *err);

/* "search" of a struct upk_retrain_config: its defaults, a member's reader, its effective values.
 */
void upk_config_default_search(struct upk_retrain_config *r);
bool upk_config_read_search(void *into, const cJSON *value, struct upk_error *err);
void upk_config_write_search(
	const struct upk_retrain_config *r, struct upk_json_writer *w, const char *key);

/* "gate" of a struct upk_retrain_config: a member's reader, and its effective values. */
bool upk_config_read_gate(void *into, const cJSON *value, struct upk_error *err);
void upk_config_write_gate(
	const struct upk_retrain_config *r, struct upk_json_writer *w, const char *key);

/* The class is among those that are declared, if any are. */
bool upk_config_has_class(const struct upk_config *c, const char *name, struct upk_error *err);

/* The metric's class is among the declared classes, if any are. */
bool upk_config_check_class(const struct upk_config *c, const struct upk_measure_config *measure,
	struct upk_error *err);

/* Member "retrain" of the effective configuration. */
void upk_config_write_retrain(const struct upk_retrain_config *r, const cJSON *sent,
	struct upk_json_writer *w, const char *key);

#endif
