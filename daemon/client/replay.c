#include "client/replay.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/buffer.h"
#include "base/json_writer.h"

static void write_figures(struct upk_json_writer *w, const char *key, const struct upk_figures *f)
{
	upk_json_object(w, key);
	upk_json_double(w, "accuracy", f->accuracy);
	upk_json_double(w, "macro_f1", f->macro_f1);
	upk_json_double(w, "rolling_f1", f->rolling_f1);
	upk_json_object_end(w);
}

static void write_outcome(struct upk_json_writer *w, const struct upk_replay *o)
{
	upk_json_object(w, NULL);
	upk_json_int(w, "rows", (int64_t)o->rows);
	write_figures(w, "maintained", &o->maintained);
	write_figures(w, "version_1", &o->version_1);
	write_figures(w, "last_label", &o->last_label);
	write_figures(w, "majority", &o->majority);
	upk_json_object(w, "runs");
	upk_json_int(w, "started", (int64_t)o->runs.started);
	upk_json_int(w, "promoted", (int64_t)o->runs.promoted);
	upk_json_int(w, "rejected", (int64_t)o->runs.rejected);
	upk_json_int(w, "failed", (int64_t)o->runs.failed);
	upk_json_object_end(w);
	upk_json_double(w, "seconds", round(o->seconds * 1000) / 1000);
	upk_json_double(w, "seconds_training", round(o->seconds_training * 1000) / 1000);
	upk_json_object_end(w);
}

bool upk_replay_print_json(const struct upk_replay *o, FILE *to, struct upk_error *err)
{
	struct upk_buffer line = { 0 };
	struct upk_json_writer w = upk_json_writer_on(&line);
	write_outcome(&w, o);
	upk_buffer_putc(&line, '\n');
	bool ok = line.failed ? upk_fail(err, UPK_NOMEM, "no memory for the result") : true;
	if (ok && (fwrite(line.data, 1, line.size, to) != line.size || fflush(to) != 0))
		ok = upk_fail(err, UPK_IO, "the result could not be written: %s", strerror(errno));
	upk_buffer_finish(&line);
	return ok;
}

static void print_figures(const char *what, const struct upk_figures *f, FILE *to)
{
	fprintf(to, "%-36s %8.3f  %8.3f  %10.3f\n", what, f->accuracy, f->macro_f1, f->rolling_f1);
}

void upk_replay_print_table(const struct upk_replay *o, FILE *to)
{
	char rows[UPK_GROUPED_SIZE], what[64];
	snprintf(what, sizeof what, "%s rows", upk_grouped(o->rows, rows));
	fprintf(to, "%-36s %8s  %8s  %10s\n", what, "accuracy", "macro F1", "rolling F1");
	print_figures("maintained, as it served", &o->maintained, to);
	print_figures("version 1 left alone", &o->version_1, to);
	print_figures("floor: repeat the last known label", &o->last_label, to);
	print_figures("floor: always the majority class", &o->majority, to);
	fprintf(to,
		"%zu run%s: %zu promoted, %zu refused, %zu failed; %.1f s, of which %.1f s "
		"training\n",
		o->runs.started, o->runs.started == 1 ? "" : "s", o->runs.promoted,
		o->runs.rejected, o->runs.failed, o->seconds, o->seconds_training);
}
