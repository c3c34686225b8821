/* Counters and gauges for Prometheus: text 0.0.4 and OpenMetrics 1.0. */
#include <inttypes.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "report/report.h"
#include "report/report_parts.h"
#include "writer/checkpointer.h"

/* Of a window, by the model's default average. */
struct window_figures {
	double pairs, accuracy, precision, recall, f1;
};

/* What is copied of a model under its lock. */
struct copy {
	const char *name;          /* the model's */
	struct upk_config *config; /* references */
	struct upk_schema *schema;
	struct upk_class_totals *classes; /* (classes_count) */
	size_t classes_count;
	double events, labels, duplicates, rejected, revised, pairs;
	double firing, champion, open_run;
	struct upk_buffer in_use; /* its version, as text */
	struct window_figures windows[UPK_WINDOWS_MAX];
};

struct exposition {
	const struct upk_engine *engine;
	struct upk_buffer *out;
	bool openmetrics;
	const struct copy *copies;
	size_t count;
};

static void copy_windows(const struct upk_tail *t, struct copy *c)
{
	for (size_t i = 0; i < t->config->windows_count; i++) {
		const struct upk_confusion *counts = upk_window_counts(t->windows.at[i]);
		c->windows[i] = (struct window_figures){
			.pairs = (double)upk_confusion_pairs(counts),
			.accuracy = upk_report_value(t, "accuracy", counts),
			.precision = upk_report_value(t, "precision", counts),
			.recall = upk_report_value(t, "recall", counts),
			.f1 = upk_report_value(t, "f1", counts),
		};
	}
}

static void copy_totals(const struct upk_totals *t, struct copy *c)
{
	size_t known = t->count < c->classes_count ? t->count : c->classes_count;
	if (known > 0)
		memcpy(c->classes, t->classes, known * sizeof *c->classes);
	c->events = (double)t->events;
	c->labels = (double)t->labels;
	c->duplicates = (double)t->duplicates;
	c->rejected = (double)t->rejected;
	c->revised = (double)t->revised;
	c->pairs = (double)t->pairs;
}

static void copy_state(const struct upk_tail *t, struct copy *c)
{
	for (size_t i = 0; i < t->rules_count; i++)
		c->firing += t->rules[i].state == UPK_RULE_FIRING;
	c->champion = (double)t->champion;
	c->open_run = t->open_run != 0;

	const char *name = upk_tags_name(&t->tags, t->in_use.tag);
	if (name)
		upk_buffer_puts(&c->in_use, name);
	else if (upk_tag_version(t->in_use.tag) != 0)
		upk_buffer_printf(&c->in_use, "%" PRId64, upk_tag_version(t->in_use.tag));
}

/* A model whose windows are still being built is left out. */
static bool copy_model(struct upk_model *m, struct copy *c, struct upk_error *err)
{
	if (!upk_model_begin_read(m, NULL))
		return true;
	const struct upk_tail *t = m->tail;
	c->name = m->name;
	c->config = upk_config_ref(t->config);
	c->schema = upk_schema_ref(t->schema);
	c->classes_count = t->schema->classes_count;
	c->classes = calloc(c->classes_count + 1, sizeof *c->classes);
	if (c->classes) {
		copy_totals(&m->totals, c);
		copy_state(t, c);
		copy_windows(t, c);
	}
	upk_model_end_read(m);
	return (c->classes && !c->in_use.failed) ||
		upk_fail(err, UPK_NOMEM, "no memory for the counters of model %s", m->name);
}

static void finish_copies(struct copy *copies, size_t count)
{
	for (size_t i = 0; copies && i < count; i++) {
		free(copies[i].classes);
		upk_buffer_finish(&copies[i].in_use);
		upk_schema_unref(copies[i].schema);
		upk_config_unref(copies[i].config);
	}
	free(copies);
}

/* A counter's family is called without its "_total" in OpenMetrics, with it in the older text. */
static void write_family(
	const struct exposition *x, const char *name, bool counter, const char *help)
{
	const char *total = counter && !x->openmetrics ? "_total" : "";
	upk_buffer_printf(x->out, "# HELP upkeepd_%s%s %s\n# TYPE upkeepd_%s%s %s\n", name, total,
		help, name, total, counter ? "counter" : "gauge");
}

struct label {
	const char *name;
	struct upk_text value;
};

/* name="value" with backslash, quote and line feed escaped. */
static void write_label(struct upk_buffer *out, struct label label)
{
	upk_buffer_printf(out, "%s=\"", label.name);
	for (size_t i = 0; i < label.value.size; i++) {
		char c = label.value.data[i];
		if (c == '\\' || c == '"' || c == '\n')
			upk_buffer_putc(out, '\\');
		upk_buffer_putc(out, c == '\n' ? 'n' : c);
	}
	upk_buffer_putc(out, '"');
}

/* One line; a label without a name is left out, and so is a value that is undefined. */
static void write_sample(const struct exposition *x, const char *name, const char *ending,
	struct label first, struct label second, double value)
{
	char number[UPK_NUMBER_SIZE];
	if (isnan(value))
		return;
	upk_buffer_printf(x->out, "upkeepd_%s%s", name, ending);
	if (first.name) {
		upk_buffer_putc(x->out, '{');
		write_label(x->out, first);
	}
	if (second.name) {
		upk_buffer_putc(x->out, ',');
		write_label(x->out, second);
	}
	upk_buffer_puts(x->out, first.name ? "} " : " ");
	upk_buffer_append(x->out, number, upk_number_print(value, number));
	upk_buffer_putc(x->out, '\n');
}

static struct label model_label(const struct copy *c)
{
	return (struct label){ "model", upk_text_of(c->name) };
}

static void write_build(const struct exposition *x)
{
	const struct label version = { "version", upk_text_of(UPK_PROJECT_VERSION) };
	write_family(x, "build_info", false, "The version of this program.");
	write_sample(x, "build_info", "", version, (struct label){ 0 }, 1);
}

static void write_class_counters(const struct exposition *x)
{
	static const struct {
		const char *name, *help;
		size_t offset;
	} families[] = {
		{ "true_positives", "Pairs of this label and this prediction, as they joined.",
			offsetof(struct upk_class_totals, tp) },
		{ "false_positives", "Pairs of this prediction and another label, as they joined.",
			offsetof(struct upk_class_totals, fp) },
		{ "false_negatives", "Pairs of this label and another prediction, as they joined.",
			offsetof(struct upk_class_totals, fn) },
		{ "true_positives_removed", "True positives that revisions took out.",
			offsetof(struct upk_class_totals, tp_removed) },
		{ "false_positives_removed", "False positives that revisions took out.",
			offsetof(struct upk_class_totals, fp_removed) },
		{ "false_negatives_removed", "False negatives that revisions took out.",
			offsetof(struct upk_class_totals, fn_removed) },
	};
	for (size_t f = 0; f < sizeof families / sizeof families[0]; f++) {
		write_family(x, families[f].name, true, families[f].help);
		for (size_t i = 0; i < x->count; i++) {
			const struct copy *c = &x->copies[i];
			for (size_t k = 0; k < c->classes_count; k++) {
				uint64_t value;
				memcpy(&value, (const char *)&c->classes[k] + families[f].offset,
					sizeof value);
				write_sample(x, families[f].name, "_total", model_label(c),
					(struct label){ "class", c->schema->classes[k] },
					(double)value);
			}
		}
	}
}

static double member(const void *from, size_t offset)
{
	double value;
	memcpy(&value, (const char *)from + offset, sizeof value);
	return value;
}

static void write_model_figures(const struct exposition *x)
{
	static const struct {
		const char *name, *help;
		size_t offset;
		bool counter;
	} families[] = {
		{ "events", "Events that were stored.", offsetof(struct copy, events), true },
		{ "labels", "Labels that were stored.", offsetof(struct copy, labels), true },
		{ "duplicates", "Items that were there already.", offsetof(struct copy, duplicates),
			true },
		{ "rejected", "Items that were rejected.", offsetof(struct copy, rejected), true },
		{ "revised", "Labels that changed a pair or an example.",
			offsetof(struct copy, revised), true },
		{ "pairs", "Pairs that became complete.", offsetof(struct copy, pairs), true },
		{ "alerts_firing", "Rules that fire now.", offsetof(struct copy, firing), false },
		{ "champion_version", "The version that answers predict; 0 is none.",
			offsetof(struct copy, champion), false },
		{ "run_open", "Whether a run is queued or running.",
			offsetof(struct copy, open_run), false },
	};
	for (size_t f = 0; f < sizeof families / sizeof families[0]; f++) {
		write_family(x, families[f].name, families[f].counter, families[f].help);
		for (size_t i = 0; i < x->count; i++)
			write_sample(x, families[f].name, families[f].counter ? "_total" : "",
				model_label(&x->copies[i]), (struct label){ 0 },
				member(&x->copies[i], families[f].offset));
	}
}

static void write_in_use(const struct exposition *x)
{
	write_family(x, "in_use_info", false, "Whose predictions the rules judge.");
	for (size_t i = 0; i < x->count; i++) {
		const struct copy *c = &x->copies[i];
		const struct upk_text version = upk_buffer_text(&c->in_use);
		write_sample(x, "in_use_info", "", model_label(c),
			(struct label){ "version", version }, version.size > 0 ? 1 : NAN);
	}
}

static void write_window_figures(const struct exposition *x)
{
	static const struct {
		const char *name, *help;
		size_t offset;
	} families[] = {
		{ "window_pairs", "Pairs in the window.", offsetof(struct window_figures, pairs) },
		{ "window_accuracy", "Share of hits in the window.",
			offsetof(struct window_figures, accuracy) },
		{ "window_precision",
			"Precision in the window: the positive class's, else the macro average.",
			offsetof(struct window_figures, precision) },
		{ "window_recall",
			"Recall in the window: the positive class's, else the macro average.",
			offsetof(struct window_figures, recall) },
		{ "window_f1", "F1 in the window: the positive class's, else the macro average.",
			offsetof(struct window_figures, f1) },
	};
	for (size_t f = 0; f < sizeof families / sizeof families[0]; f++) {
		write_family(x, families[f].name, false, families[f].help);
		for (size_t i = 0; i < x->count; i++) {
			const struct copy *c = &x->copies[i];
			for (size_t k = 0; k < c->config->windows_count; k++) {
				const char *name = c->config->windows[k].name;
				write_sample(x, families[f].name, "", model_label(c),
					(struct label){ "window", upk_text_of(name) },
					member(&c->windows[k], families[f].offset));
			}
		}
	}
}

/* Of the process, not of a model. */
static void write_store(const struct exposition *x)
{
	const struct label none = { 0 };
	double most = (double)atomic_load(&x->engine->room.most);
	write_family(x, "store_bytes", false, "Bytes of the database file that hold something.");
	write_sample(x, "store_bytes", "", none, none, (double)atomic_load(&x->engine->room.used));
	write_family(x, "store_max_bytes", false, "What they may grow to; absent without a cap.");
	write_sample(x, "store_max_bytes", "", none, none, most > 0 ? most : NAN);
	write_family(
		x, "wal_bytes", false, "Bytes of commits that are not in upkeepd.db itself yet.");
	write_sample(x, "wal_bytes", "", none, none,
		(double)upk_checkpointer_wal_bytes(x->engine->checkpointer));
	write_family(x, "deleting_rows", false,
		"Sequence numbers that the sweep of deleted models has still to look at.");
	write_sample(x, "deleting_rows", "", none, none,
		(double)atomic_load(&x->engine->sweeper.left));
}

static void write_all(const struct exposition *x)
{
	write_build(x);
	write_store(x);
	write_class_counters(x);
	write_model_figures(x);
	write_in_use(x);
	write_window_figures(x);
	if (x->openmetrics)
		upk_buffer_puts(x->out, "# EOF\n");
}

/* The copies that were made stand before `*copied`; the caller finishes them. */
static bool copy_models(
	struct upk_model **models, struct copy *copies, size_t *copied, struct upk_error *err)
{
	bool done = true;
	for (size_t i = 0; done && models[i]; i++) {
		done = copy_model(models[i], &copies[*copied], err);
		*copied += copies[*copied].name != NULL;
	}
	return done;
}

bool upk_report_prometheus(
	struct upk_engine *e, bool openmetrics, struct upk_buffer *out, struct upk_error *err)
{
	size_t count, copied = 0;
	struct upk_model **models = upk_registry_all(e->registry, &count, err);
	struct copy *copies = models ? calloc(count + 1, sizeof *copies) : NULL;
	bool done = copies != NULL;
	if (models && !copies)
		upk_fail(err, UPK_NOMEM, "no memory for the counters of %zu models", count);
	done = done && copy_models(models, copies, &copied, err);
	if (done) {
		const struct exposition x = { e, out, openmetrics, copies, copied };
		write_all(&x);
	}
	finish_copies(copies, copied);
	upk_registry_give_back(models);
	return done;
}
