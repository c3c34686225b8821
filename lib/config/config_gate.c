/* "retrain.gate" of a configuration. */
#include <math.h>
#include <string.h>

#include "config/config_read.h"
#include "config/config_write.h"

static const char wanted[] = "f1, macro or of a class, or accuracy";

/* What lib/learn/gate.c has an influence function for. A bare f1 is the macro one here. */
static bool gate_metric(void *into, const cJSON *value, struct upk_error *err)
{
	struct upk_retrain_config *r = into;
	struct upk_measure_config m = { 0 };
	const cJSON *name = cJSON_IsObject(value)
		? cJSON_GetObjectItemCaseSensitive(value, "name")
		: value;
	const char *word = name ? cJSON_GetStringValue(name) : "f1";
	if (!word || (strcmp(word, "f1") != 0 && strcmp(word, "accuracy") != 0))
		return upk_config_wrong(value, err, "%s", wanted);
	if (!upk_config_measure(value, &m, err)) {
		upk_config_measure_finish(&m);
		return false;
	}
	upk_config_measure_finish(&r->measure);
	r->measure = m;
	bool f1 = !strcmp(m.name, "f1");
	if (!(f1 && (!m.average || !strcmp(m.average, "macro"))) && strcmp(m.name, "accuracy") != 0)
		return upk_config_wrong(value, err, "%s", wanted);
	if (f1 && !m.class && !m.average) {
		r->measure.average = upk_text_copy(upk_text_of("macro"));
		if (!r->measure.average)
			return upk_fail(err, UPK_NOMEM, "no memory for the gate");
	}
	return true;
}

static bool gate_margin(void *into, const cJSON *value, struct upk_error *err)
{
	struct upk_retrain_config *r = into;
	return upk_config_number(value, 0, 1, &r->margin, err);
}

static bool gate_confidence(void *into, const cJSON *value, struct upk_error *err)
{
	struct upk_retrain_config *r = into;
	static const char *const autos[] = { "auto", NULL };
	size_t i;
	r->confidence = 0;
	if (cJSON_IsString(value))
		return upk_config_word(value, autos, &i, err);
	return upk_config_number(value, 0.5, 0.999999, &r->confidence, err);
}

/* null: nothing is asked for. */
static bool read_limit(const cJSON *value, double high, double *limit, struct upk_error *err)
{
	*limit = NAN;
	return cJSON_IsNull(value) || upk_config_number(value, 0, high, limit, err);
}

static bool gate_at_least(void *into, const cJSON *value, struct upk_error *err)
{
	struct upk_retrain_config *r = into;
	return read_limit(value, 1, &r->checks.at_least, err);
}

static bool gate_flips(void *into, const cJSON *value, struct upk_error *err)
{
	struct upk_retrain_config *r = into;
	return read_limit(value, 1, &r->checks.flips, err);
}

static bool gate_leak(void *into, const cJSON *value, struct upk_error *err)
{
	struct upk_retrain_config *r = into;
	return read_limit(value, 1, &r->checks.leak, err);
}

static bool slices_margin(void *into, const cJSON *value, struct upk_error *err)
{
	struct upk_retrain_config *r = into;
	return upk_config_number(value, 0, 1, &r->checks.slice_margin, err);
}

static bool slices_min_pairs(void *into, const cJSON *value, struct upk_error *err)
{
	struct upk_retrain_config *r = into;
	int64_t pairs;
	if (!upk_config_integer(value, 1, 10000, &pairs, err))
		return false;
	r->checks.slice_pairs = (size_t)pairs;
	return true;
}

static bool gate_slices(void *into, const cJSON *value, struct upk_error *err)
{
	static const struct upk_config_member members[] = {
		{ "margin", slices_margin },
		{ "min_pairs", slices_min_pairs },
	};
	struct upk_retrain_config *r = into;
	if (cJSON_IsNull(value)) {
		r->checks.slice_margin = NAN;
		return true;
	}
	if (!cJSON_IsObject(value))
		return upk_config_wrong(value, err, "an object, or null");
	return upk_config_members(value, members, 2, into, err) || upk_fail_in(err, "slices.");
}

bool upk_config_read_gate(void *into, const cJSON *value, struct upk_error *err)
{
	static const struct upk_config_member members[] = {
		{ "metric", gate_metric },
		{ "margin", gate_margin },
		{ "confidence", gate_confidence },
		{ "at_least", gate_at_least },
		{ "slices", gate_slices },
		{ "flips", gate_flips },
		{ "leak", gate_leak },
	};
	if (!cJSON_IsObject(value))
		return upk_config_wrong(value, err, "an object");
	return upk_config_members(value, members, sizeof members / sizeof *members, into, err) ||
		upk_fail_in(err, "gate.");
}

static void write_slices(const struct upk_checks *c, struct upk_json_writer *w)
{
	if (isnan(c->slice_margin)) {
		upk_json_null(w, "slices");
		return;
	}
	upk_json_object(w, "slices");
	upk_json_double(w, "margin", c->slice_margin);
	upk_json_int(w, "min_pairs", (int64_t)c->slice_pairs);
	upk_json_object_end(w);
}

void upk_config_write_gate(
	const struct upk_retrain_config *r, struct upk_json_writer *w, const char *key)
{
	upk_json_object(w, key);
	upk_config_write_measure(&r->measure, w, "metric");
	upk_json_double(w, "margin", r->margin);
	if (r->confidence > 0)
		upk_json_double(w, "confidence", r->confidence);
	else
		upk_json_string(w, "confidence", "auto");
	upk_json_double(w, "at_least", r->checks.at_least);
	write_slices(&r->checks, w);
	upk_json_double(w, "flips", r->checks.flips);
	upk_json_double(w, "leak", r->checks.leak);
	upk_json_object_end(w);
}
