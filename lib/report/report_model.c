/* Models and their rules: how each stands, and what it waits for. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "config/config_write.h"
#include "report/report.h"
#include "report/report_parts.h"
#include "report/report_rows.h"
#include "store/alert.h"
#include "tail/alerting.h"
#include "tail/due.h"
#include "tail/standing.h"
#include "tail/warnings.h"
#include "writer/building.h"

static void write_standing(const struct upk_standing *s, struct upk_json_writer *w)
{
	upk_json_string(w, "state", s->state);
	upk_json_string(w, "waiting_for", s->waiting_for[0] ? s->waiting_for : NULL);
	upk_json_int_or_null(w, "needed", s->needed);
}

/* A version's number or a sender's name; null: nothing has predicted, or nobody was named. */
static void write_in_use(const struct upk_tail *t, struct upk_json_writer *w)
{
	const char *name = upk_tags_name(&t->tags, t->in_use.tag);
	if (name)
		upk_json_string(w, "in_use", name);
	else
		upk_json_int_or_null(w, "in_use", upk_tag_version(t->in_use.tag));
}

static void write_windows(const struct upk_tail *t, struct upk_json_writer *w)
{
	upk_json_object(w, "windows");
	for (size_t i = 0; i < t->config->windows_count; i++) {
		const struct upk_confusion *counts = upk_window_counts(t->windows.at[i]);
		upk_json_key(w, upk_text_of(t->config->windows[i].name));
		upk_json_object(w, NULL);
		upk_json_int(w, "pairs", (int64_t)upk_confusion_pairs(counts));
		upk_json_double(w, "accuracy", upk_report_value(t, "accuracy", counts));
		upk_json_double(w, "f1", upk_report_value(t, "f1", counts));
		upk_json_object_end(w);
	}
	upk_json_object_end(w);
}

static bool has_window(const struct upk_config *config, const struct upk_window_config *window)
{
	for (size_t i = 0; i < config->windows_count; i++)
		if (upk_config_same_window(window, &config->windows[i]))
			return true;
	return false;
}

/* The windows that a PUT which is not answered yet will add. */
static void write_building(const struct upk_model *m, struct upk_json_writer *w)
{
	const struct upk_config *next = m->building ? upk_building_config(m->building) : NULL;
	upk_json_array(w, "building");
	for (size_t i = 0; next && i < next->windows_count; i++)
		if (!has_window(m->tail->config, &next->windows[i]))
			upk_json_string(w, NULL, next->windows[i].name);
	upk_json_array_end(w);
}

static int64_t firing(const struct upk_tail *t)
{
	int64_t count = 0;
	for (size_t i = 0; i < t->rules_count; i++)
		count += t->rules[i].state == UPK_RULE_FIRING;
	return count;
}

/* What lists and the model itself show alike; the model's lock is held. */
static void write_summary(const struct upk_model *m, struct upk_json_writer *w)
{
	const struct upk_tail *t = m->tail;
	struct upk_standing standing;
	upk_standing_of(t, &standing);
	upk_json_string(w, "model", m->name);
	write_standing(&standing, w);
	upk_json_int_or_null(w, "champion", t->champion);
	write_in_use(t, w);
	upk_json_int(w, "pairs", t->pairs);
	upk_json_int(w, "examples", t->examples);
	upk_json_int(w, "rows", t->rows);
	write_windows(t, w);
	upk_json_int(w, "firing", firing(t));
}

static bool take_last_alert(void *context, const struct upk_alert_row *row)
{
	upk_report_write_alert(row, context, "last_alert");
	return false;
}

static bool write_in_list(struct upk_store *rows, struct upk_model *m, struct upk_json_writer *w,
	struct upk_error *err)
{
	const struct upk_filter newest = { .limit = 1 };
	if (!upk_model_begin_read(m, err))
		return false;
	upk_json_object(w, NULL);
	write_summary(m, w);
	int64_t alerts = m->tail->last_alert;
	upk_model_end_read(m);

	if (alerts == 0)
		upk_json_null(w, "last_alert");
	bool read =
		alerts == 0 || upk_alert_each(rows, m->number, &newest, take_last_alert, w, err);
	upk_json_object_end(w);
	return read;
}

static bool write_list(struct upk_engine *e, struct upk_model **models, struct upk_json_writer *w,
	struct upk_error *err)
{
	struct upk_store *rows = upk_report_rows(e, err);
	if (!rows)
		return false;
	bool done = true;
	upk_json_object(w, NULL);
	upk_json_array(w, "models");
	for (size_t i = 0; done && models[i]; i++)
		done = write_in_list(rows, models[i], w, err);
	upk_json_array_end(w);
	upk_json_object_end(w);
	upk_report_rows_end(e, rows);
	return done;
}

bool upk_report_models(struct upk_engine *e, struct upk_json_writer *w, struct upk_error *err)
{
	size_t count;
	struct upk_model **models = upk_registry_all(e->registry, &count, err);
	bool done = models && write_list(e, models, w, err);
	upk_registry_give_back(models);
	return done;
}

static void write_labels(const struct upk_tail *t, struct upk_json_writer *w)
{
	upk_json_object(w, "classes");
	for (size_t k = 0; k < t->schema->classes_count; k++) {
		upk_json_key(w, t->schema->classes[k]);
		upk_json_int(w, NULL, (int64_t)t->labels[k]);
	}
	upk_json_object_end(w);
}

static void write_proposed(const struct upk_tail *t, struct upk_json_writer *w)
{
	if (t->proposed == 0) {
		upk_json_null(w, "proposed");
		return;
	}
	upk_json_object(w, "proposed");
	upk_json_int(w, "version", t->proposed);
	upk_json_string(w, "reason", t->proposed_reason);
	upk_json_object_end(w);
}

static void write_retraining(const struct upk_tail *t, struct upk_json_writer *w)
{
	upk_json_object(w, "retraining");
	upk_json_bool(w, "paused", t->paused);
	upk_json_int_or_null(w, "change", t->pace.change);
	upk_json_int_or_null(w, "growth", t->pace.growth);
	upk_json_double(w, "tokens", upk_pace_tokens(&t->pace, t->policy, t->place + 1));
	upk_json_int_or_null(w, "open_run", t->open_run);
	upk_json_int_or_null(w, "waiting_run", t->waiting_run);
	upk_json_object_end(w);
}

static const char *live_state(const struct upk_tail *t, const struct upk_live_view *live)
{
	if (upk_tail_is_live(t, t->champion))
		return "serving";
	if (!t->config->retrain.live)
		return "off";
	if (live->begun)
		return "shade";
	return live->why[0] || !upk_schema_has_features(t->schema) ? "off" : "waiting";
}

/* NULL: there is nothing to say. */
static const char *live_why(const struct upk_tail *t, const struct upk_live_view *live)
{
	if (!t->config->retrain.live)
		return "the configuration switches it off";
	if (live->held)
		return "a person rolled its version back: it takes over when promoted by hand";
	if (live->begun)
		return NULL;
	if (live->why[0])
		return live->why;
	return upk_schema_has_features(t->schema)
		? "it begins with the next run"
		: "the model has no features: none were configured or sent";
}

static void write_live(const struct upk_tail *t, struct upk_json_writer *w)
{
	struct upk_live_view live;
	upk_live_view(t->live, &live);
	int64_t served = upk_tail_revision(t);
	upk_json_object(w, "live");
	upk_json_string(w, "state", live_state(t, &live));
	upk_json_string(w, "why", live_why(t, &live));
	upk_json_int_or_null(w, "version", live.version);
	upk_json_int_or_null(w, "revision", served != 0 ? served : live.revision);
	upk_json_int_or_null(w, "renew", live.renew);
	upk_json_int(w, "rows", live.rows);
	upk_json_int(w, "pairs", live.pairs);
	upk_json_double(w, "accuracy", live.begun ? live.accuracy : NAN);
	upk_json_double(w, "rate", live.begun ? live.rate : NAN);
	upk_json_object_end(w);
}

static void write_warning(void *context, const char *warning)
{
	upk_json_string(context, NULL, warning);
}

static void write_warnings(const struct upk_tail *t, struct upk_json_writer *w)
{
	upk_json_array(w, "warnings");
	upk_warnings_each(t, write_warning, w);
	upk_json_array_end(w);
}

/* The lock is held. */
static void write_state(const struct upk_model *m, struct upk_json_writer *w)
{
	const struct upk_tail *t = m->tail;
	write_summary(m, w);
	upk_json_time(w, "created", m->created);
	upk_json_bool(w, "automatic", m->automatic);
	upk_json_bool(w, "read_only", m->read_only);
	write_building(m, w);
	upk_json_int(w, "place", t->place);
	upk_json_int(w, "predictions", t->predictions);
	write_labels(t, w);
	write_proposed(t, w);
	write_retraining(t, w);
	write_live(t, w);
	write_warnings(t, w);
}

static void write_config(
	const struct upk_config *config, const struct upk_schema *schema, struct upk_json_writer *w)
{
	struct upk_text positive = { NULL, 0 };
	if (config->positive)
		positive = upk_text_of(config->positive);
	else if (schema->positive >= 0)
		positive = schema->classes[schema->positive];
	upk_json_string(w, "etag", config->etag);
	upk_json_raw(w, "config", upk_text_of(config->text));
	upk_config_write_effective(config, schema->classes, schema->classes_count, positive,
		schema->features, w, "effective");
}

bool upk_report_model(struct upk_engine *e, const char *model, char etag[20],
	struct upk_json_writer *w, struct upk_error *err)
{
	struct upk_model *m = upk_registry_get(e->registry, model, err);
	if (!m || !upk_model_begin_read(m, err)) {
		upk_model_unref(m);
		return false;
	}
	struct upk_config *config = upk_config_ref(m->tail->config);
	struct upk_schema *schema = upk_schema_ref(m->tail->schema);
	upk_json_object(w, NULL);
	write_state(m, w);
	upk_model_end_read(m);

	write_config(config, schema, w);
	upk_json_object_end(w);
	memcpy(etag, config->etag, sizeof config->etag);
	upk_schema_unref(schema);
	upk_config_unref(config);
	upk_model_unref(m);
	return true;
}

static void write_definition(
	const struct upk_tail *t, const struct upk_rule_config *config, struct upk_json_writer *w)
{
	static const char *const kinds[] = {
		[UPK_RULE_BELOW] = "below",
		[UPK_RULE_ABOVE] = "above",
		[UPK_RULE_DROP] = "drop",
		[UPK_RULE_CHANGE] = "change",
	};
	upk_json_string(w, "kind", kinds[config->kind]);
	if (config->kind == UPK_RULE_CHANGE) {
		upk_json_null(w, "metric");
		upk_json_null(w, "window");
		return;
	}
	upk_config_write_measure(&config->measure, w, "metric");
	upk_json_string(w, "window", t->config->windows[config->window].name);
}

/* Figures of the latest judgement; before the first there are none but the rule's own threshold. */
static void write_judgement(const struct upk_rule *rule, struct upk_json_writer *w)
{
	struct upk_judgement last = rule->last;
	if (last.pairs == 0) {
		bool change = rule->config->kind == UPK_RULE_CHANGE;
		last.value = last.bound = NAN;
		last.threshold = change ? NAN : rule->config->threshold;
	}
	upk_json_double(w, "value", last.value);
	upk_json_double(w, "bound", last.bound);
	upk_json_double(w, "threshold", last.threshold);
	upk_json_int(w, "pairs", (int64_t)last.pairs);
}

/* What the rule rests on and needs, in pairs of its window, or for a change of the record. false:
 * it rests on nothing that is known. */
static bool count_pairs(const struct upk_tail *t, const struct upk_rule_config *config,
	long long *pairs, long long *needed)
{
	struct upk_measure measure;
	if (config->kind == UPK_RULE_CHANGE) {
		*pairs = t->record ? (long long)upk_record_pairs(t->record) : 0;
		*needed = UPK_RECORD_SHORTEST;
		return true;
	}
	if (!upk_measure_resolve(&config->measure, t->schema, &measure))
		return false;
	*pairs = (long long)upk_measure_pairs(
		measure, upk_window_used(t->windows.at[config->window]));
	*needed = (long long)config->min_pairs;
	return true;
}

/* It is ok because there is too little to judge it on. */
static bool say_too_few(
	const struct upk_tail *t, const struct upk_rule *rule, char out[UPK_WARNING_SIZE])
{
	long long pairs, needed;
	if (rule->state != UPK_RULE_OK || !count_pairs(t, rule->config, &pairs, &needed) ||
		pairs >= needed)
		return false;
	snprintf(out, UPK_WARNING_SIZE, "%lld of the %lld pair%s it needs", pairs, needed,
		needed == 1 ? "" : "s");
	return true;
}

static void write_rule(
	const struct upk_model *m, const struct upk_rule *rule, struct upk_json_writer *w)
{
	const struct upk_tail *t = m->tail;
	bool fires = rule->state == UPK_RULE_FIRING;
	char why[UPK_WARNING_SIZE];
	bool unseen = upk_warnings_of_rule(t, &m->used, rule->config, why);
	bool said = unseen || say_too_few(t, rule, why);
	upk_json_object(w, NULL);
	upk_json_string(w, "name", rule->config->name);
	upk_json_string(w, "state", unseen ? "no_data" : upk_rule_state_name(rule->state));
	upk_json_string(w, "reason", said ? why : NULL);
	write_definition(t, rule->config, w);
	write_judgement(rule, w);
	upk_json_time_or_null(
		w, "pending_since", rule->state == UPK_RULE_PENDING ? rule->pending_since : 0);
	upk_json_int_or_null(w, "alert", fires ? rule->alert : 0);
	upk_json_int_or_null(w, "change", fires ? rule->change : 0);
	upk_json_int_or_null(w, "run_at", upk_due_waits(rule) ? upk_due_at(t, rule) : 0);
	upk_json_int_or_null(w, "run", fires ? rule->run : 0);
	upk_json_int_or_null(w, "rests_until", rule->rest_until > t->place ? rule->rest_until : 0);
	upk_json_object_end(w);
}

bool upk_report_rules(
	struct upk_engine *e, const char *model, struct upk_json_writer *w, struct upk_error *err)
{
	struct upk_model *m = upk_registry_get(e->registry, model, err);
	if (!m || !upk_model_begin_read(m, err)) {
		upk_model_unref(m);
		return false;
	}
	upk_json_object(w, NULL);
	upk_json_array(w, "rules");
	for (size_t i = 0; i < m->tail->rules_count; i++)
		write_rule(m, &m->tail->rules[i], w);
	upk_json_array_end(w);
	upk_json_object_end(w);
	upk_model_end_read(m);
	upk_model_unref(m);
	return true;
}
