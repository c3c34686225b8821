#include "runs/run_text.h"

#include <math.h>
#include <stdlib.h>

#include "base/json.h"
#include "base/json_writer.h"

static void write_candidate(const struct upk_outcome *o, size_t i, struct upk_json_writer *w)
{
	const struct upk_contest_candidate *c = &o->contest.candidates[i];
	upk_json_object(w, NULL);
	if (c->version > 0) {
		upk_json_int(w, "version", c->version);
	} else {
		upk_json_string(w, "learner", c->learner->name);
		upk_json_int(w, "from", c->from);
		upk_json_int(w, "to", c->to);
		upk_json_int(w, "rows", (int64_t)c->rows);
	}
	if (c->trial > 0) {
		upk_json_int(w, "trial", c->trial);
		if (c->adjusted)
			upk_json_int(w, "goes_on_from", o->order.champion);
	}
	upk_json_double(w, "score", c->score);
	upk_json_bool(w, "picked", i == o->contest.picked);
	upk_json_object_end(w);
}

void upk_run_candidates_write(const struct upk_outcome *o, struct upk_buffer *out)
{
	struct upk_json_writer w = upk_json_writer_on(out);
	upk_json_array(&w, NULL);
	for (size_t i = 0; i < o->contest.count; i++)
		write_candidate(o, i, &w);
	upk_json_array_end(&w);
}

/* null: nothing was compared. */
static void write_choice(const struct upk_outcome *o, struct upk_json_writer *w)
{
	if (o->choices == 0) {
		upk_json_null(w, "choice");
		return;
	}
	upk_json_array(w, "choice");
	for (size_t i = 0; i < o->choices; i++) {
		upk_json_object(w, NULL);
		upk_json_string(w, "learner", o->choice[i].learner->name);
		upk_json_double(w, "score", o->choice[i].score);
		upk_json_object_end(w);
	}
	upk_json_array_end(w);
}

/* metric: the gate's. Where that is accuracy no slice goes by another one. */
static void write_slice(
	const struct upk_slice_figures *f, const char *metric, struct upk_json_writer *w)
{
	upk_json_object(w, NULL);
	upk_json_string(w, "slice", f->name);
	upk_json_string(w, "metric", f->by_accuracy ? "accuracy" : metric);
	upk_json_int(w, "pairs", (int64_t)f->pairs);
	upk_json_double(w, "champion", f->champion);
	upk_json_double(w, "challenger", f->challenger);
	upk_json_double(w, "difference", f->difference);
	upk_json_double(w, "standard_error", f->sd);
	upk_json_double(w, "limit", f->limit);
	upk_json_object_end(w);
}

/* A first run has nothing to be checked against. */
static void write_checked(
	const struct upk_contest_outcome *c, bool first, struct upk_json_writer *w)
{
	upk_json_double(w, "flips", first ? (double)NAN : c->checked.flips);
	upk_json_double(w, "errors", first ? (double)NAN : c->checked.errors);
	upk_json_double(w, "least_errors", first ? (double)NAN : c->checked.least_errors);
	upk_json_int(w, "slices_judged", (int64_t)c->checked.judged);
	upk_json_array(w, "slices");
	for (size_t i = 0; i < c->checked.shown; i++)
		write_slice(&c->checked.slices[i], c->metric, w);
	upk_json_array_end(w);
}

/* null: none was asked for. */
static void write_threshold(const struct upk_outcome *o, struct upk_json_writer *w)
{
	const struct upk_threshold *t = &o->contest.threshold;
	char words[UPK_THRESHOLD_WORDS];
	if (!o->contest.threshold_asked) {
		upk_json_null(w, "threshold");
		return;
	}
	upk_threshold_say(t, o->schema->classes[o->schema->positive], words);
	upk_json_object(w, "threshold");
	upk_json_double(w, "tried", t->tried);
	upk_json_bool(w, "kept", t->kept);
	upk_json_int(w, "rows", (int64_t)t->rows);
	upk_json_int(w, "positives", (int64_t)t->positives);
	bool tried = !isnan(t->tried);
	upk_json_double(w, "f1_before", tried ? t->before : (double)NAN);
	upk_json_double(w, "f1_after", tried ? t->after : (double)NAN);
	upk_json_double(w, "standard_error", tried ? t->sd : (double)NAN);
	upk_json_double(w, "limit", tried ? t->limit : (double)NAN);
	upk_json_string(w, "reason", words);
	upk_json_object_end(w);
}

void upk_run_gate_write(const struct upk_outcome *o, struct upk_buffer *out)
{
	const struct upk_contest_outcome *c = &o->contest;
	struct upk_json_writer w = upk_json_writer_on(out);
	upk_json_object(&w, NULL);
	upk_json_string(&w, "metric", c->metric);
	upk_json_double(&w, "champion", c->champion);
	upk_json_double(&w, "challenger", c->challenger);
	upk_json_double(&w, "difference", c->difference);
	upk_json_double(&w, "standard_error", c->sd);
	upk_json_double(&w, "z", c->z);
	upk_json_double(&w, "limit", c->limit);
	upk_json_int(&w, "holdout", (int64_t)c->holdout);
	upk_json_int(&w, "pairs", (int64_t)c->compared);
	upk_json_int(&w, "holdout_from", c->holdout_from);
	upk_json_int(&w, "holdout_to", c->holdout_to);
	write_checked(c, o->order.run_kind == UPK_RUN_FIRST, &w);
	write_threshold(o, &w);
	upk_json_bool(&w, "passed", c->passed);
	upk_json_bool(&w, "held", c->held);
	write_choice(o, &w);
	upk_json_object_end(&w);
}
