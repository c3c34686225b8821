#include "cmd/export.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/number.h"
#include "base/time.h"
#include "client/progress.h"
#include "folder.h"
#include "options.h"
#include "report/export.h"
#include "signals.h"
#include "usage.h"

static const char help[] =
	"Writes a model's events and labels, beside a running daemon or without one.\n\n"
	"Usage: upkeepd export --model NAME [OPTION]...\n\n"
	"  --model NAME     the model\n"
	"  --format FORMAT  ndjson (default): all that is stored, a line an event or label, in\n"
	"                   the order in which they came; csv: a row an event, with the label\n"
	"                   that it has now: id,timestamp,predicted,score,label and the features\n"
	"  --from TIME      only events with a timestamp from then on, and their labels\n"
	"  --to TIME        only events with a timestamp before then, and their labels;\n"
	"                   RFC 3339 or milliseconds since 1970\n"
	"  --output FILE    where to write; default standard output\n"
	"  --data DIR       the data folder; default $STATE_DIRECTORY, else ./upkeepd-data\n"
	"  --help           this text\n\n"
	"`upkeepd import` reads both. It never holds up the daemon, however long it takes.\n\n"
	"Example: upkeepd export --model mail --format csv --from 2026-01-01T00:00:00Z > "
	"mail.csv\n";

struct command {
	struct upk_export_options options;
	const char *output; /* NULL: standard output */
	FILE *to;
	struct upk_progress progress;
};

static bool take_time(const char *option, const char *text, int64_t *ms)
{
	struct upk_error err = { 0 };
	bool fine = upk_number_parse_int(upk_text_of(text), ms)
		? upk_time_check(*ms, &err)
		: upk_time_parse(upk_text_of(text), ms, &err);
	if (!fine)
		upk_usage_fail("export", "--%s: %s", option, err.message);
	return fine;
}

static bool take_format(void *into, const char *text)
{
	static const char *const names[] = {
		[UPK_EXPORT_NDJSON] = "ndjson", [UPK_EXPORT_CSV] = "csv"
	};
	struct command *c = into;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		if (strcmp(text, names[i]) == 0) {
			c->options.format = (enum upk_export_format)i;
			return true;
		}
	}
	upk_usage_fail("export", "--format %s: want ndjson or csv", text);
	return false;
}

static bool take_from(void *into, const char *text)
{
	struct command *c = into;
	return take_time("from", text, &c->options.from);
}

static bool take_to(void *into, const char *text)
{
	struct command *c = into;
	return take_time("to", text, &c->options.to);
}

static const struct upk_option options[] = {
	UPK_OPTION("model", MODEL, struct command, options.model),
	UPK_OPTION_OF("format", take_format),
	UPK_OPTION_OF("from", take_from),
	UPK_OPTION_OF("to", take_to),
	UPK_OPTION("output", FILE, struct command, output),
	UPK_OPTION("data", FOLDER, struct command, options.folder),
	{ 0 },
};

/* -1: go on; else the exit status. */
static int take_command_line(int argc, char **argv, struct command *c)
{
	const struct upk_options known = { "export", help, options };
	int status = upk_options_read(&known, argc, argv, c);
	if (status >= 0)
		return status;
	if (optind < argc)
		return upk_usage_fail("export", "'%s' is one word too many", argv[optind]);
	if (!c->options.model)
		return upk_usage_fail("export", "--model is missing");
	if (c->options.from && c->options.to && c->options.from > c->options.to)
		return upk_usage_fail("export", "--from is after --to");
	c->options.folder = upk_data_folder(c->options.folder);
	return -1;
}

static bool write_lines(void *context, struct upk_text lines, struct upk_error *err)
{
	struct command *c = context;
	return fwrite(lines.data, 1, lines.size, c->to) == lines.size ||
		upk_fail(err, errno == ENOSPC ? UPK_FULL : UPK_IO, "%s: %s",
			c->output ? c->output : "standard output", strerror(errno));
}

static bool go_on(void *context, int64_t done, int64_t all)
{
	struct command *c = context;
	c->progress.total = (size_t)all;
	upk_progress_show(&c->progress, (size_t)done);
	return upk_signal_wait(0) == 0;
}

static bool open_output(struct command *c, struct upk_error *err)
{
	c->to = c->output ? fopen(c->output, "we") : stdout;
	return c->to || upk_fail(err, UPK_IO, "%s: %s", c->output, strerror(errno));
}

static bool close_output(struct command *c, struct upk_error *err)
{
	if (c->to && (c->output ? fclose(c->to) : fflush(c->to)) == 0)
		return true;
	return c->to &&
		upk_fail(err, errno == ENOSPC ? UPK_FULL : UPK_IO, "%s: %s",
			c->output ? c->output : "standard output", strerror(errno));
}

static int run(int argc, char **argv)
{
	struct command c = { 0 };
	struct upk_error err = { 0 };
	char grouped[UPK_GROUPED_SIZE];
	int64_t rows = 0;
	int status = take_command_line(argc, argv, &c);

	if (status >= 0)
		return status;
	c.options.write = write_lines;
	c.options.go_on = go_on;
	c.options.context = &c;
	c.progress = upk_progress_begin(0);
	c.progress.unit = "stored items";
	bool fine = upk_signal_catch(&err) && upk_data_find(c.options.folder, &err) &&
		open_output(&c, &err) && upk_export(&c.options, &rows, &err);
	upk_progress_end(&c.progress);
	fine = close_output(&c, fine ? &err : NULL) && fine;
	if (fine)
		fprintf(stderr, "%s rows\n", upk_grouped((uint64_t)rows, grouped));
	else
		fprintf(stderr, "upkeepd export: %s\n", err.message);
	return fine ? UPK_EXIT_OK : UPK_EXIT_FAILED;
}

const struct upk_command upk_cmd_export = {
	.name = "export",
	.summary = "write a model's events and labels as NDJSON or CSV",
	.run = run,
};
