#include "cmd/runs.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/json_writer.h"
#include "base/number.h"
#include "folder.h"
#include "options.h"
#include "runs/reproduce.h"
#include "usage.h"

static const char help[] =
	"Fits the version of a retraining run again and compares the bytes, beside a running\n"
	"daemon or without one. It changes nothing.\n\n"
	"Usage: upkeepd runs reproduce MODEL RUN [OPTION]...\n\n"
	"The rows are those that the run saw, with the labels that were known then; learner, "
	"settings\n"
	"and seed are the run's. On the same kind of processor the bytes are the same.\n"
	"It works on the folder, not through a daemon (there is no --url): it reads every row of\n"
	"the run and fits for as long as the run did, which a daemon that serves has no time for.\n"
	"A daemon on another machine: run it there, as a user who may read the folder, or on a\n"
	"folder that `upkeepd backup` made there and you copied here.\n"
	"Exit status 0: they are. 1: they are not, or it could not be tried.\n\n"
	"  --data DIR  the data folder; default $STATE_DIRECTORY, else ./upkeepd-data\n"
	"  --json      print what came of it as one line of JSON\n"
	"  --help      this text\n\n"
	"Example: upkeepd runs reproduce mail 3 --data /var/lib/upkeepd\n";

struct command {
	const char *data, *model;
	int64_t run;
	bool json;
};

static bool refuse_url(void *into, const char *value)
{
	(void)into;
	(void)value;
	upk_usage_fail("runs",
		"--url: it works on the daemon's folder, beside it: say --data DIR on its machine, "
		"or of a backup");
	return false;
}

static const struct upk_option options[] = {
	UPK_OPTION("data", FOLDER, struct command, data),
	UPK_OPTION_OF("url", refuse_url),
	UPK_OPTION("json", FLAG, struct command, json),
	{ 0 },
};

/* -1: go on; else the exit status. */
static int take_command_line(int argc, char **argv, struct command *c)
{
	const struct upk_options known = { "runs", help, options };
	int status = upk_options_read(&known, argc, argv, c);
	if (status >= 0)
		return status;
	char **words = argv + optind;
	int count = argc - optind;
	if (count < 1 || strcmp(words[0], "reproduce") != 0)
		upk_usage_fail("runs", count < 1 ? "reproduce is missing" : "'%s': want reproduce",
			words[0]);
	else if (count < 3)
		upk_usage_fail("runs", "%s is missing", count < 2 ? "the model" : "the run");
	else if (count > 3)
		upk_usage_fail("runs", "'%s' is one word too many", words[3]);
	else if (!upk_number_parse_int(upk_text_of(words[2]), &c->run) || c->run < 1)
		upk_usage_fail("runs", "run '%s': want a number from 1", words[2]);
	else
		c->model = words[1];
	c->data = upk_data_folder(c->data);
	return c->model ? -1 : UPK_EXIT_USAGE;
}

static void print_json(const struct upk_reproduction *r)
{
	struct upk_buffer line = { 0 };
	struct upk_json_writer w = upk_json_writer_on(&line);
	upk_json_object(&w, NULL);
	upk_json_int(&w, "version", r->version);
	upk_json_bool(&w, "equal", r->equal);
	upk_json_string(&w, "learner", r->learner);
	upk_json_int(&w, "rows", (int64_t)r->rows);
	upk_json_int(&w, "rows_then", (int64_t)r->rows_then);
	upk_json_int(&w, "size", (int64_t)r->size);
	upk_json_int(&w, "size_then", (int64_t)r->size_then);
	if (!r->equal)
		upk_json_int(&w, "differs_at", (int64_t)r->differs_at);
	upk_json_string(&w, "processor", r->here);
	upk_json_string(&w, "processor_then", r->processor);
	upk_json_object_end(&w);
	upk_buffer_putc(&line, '\n');
	fwrite(line.data, 1, line.size, stdout);
	upk_buffer_finish(&line);
}

static void print_words(const struct upk_reproduction *r)
{
	printf("version %" PRId64 ", %s on %zu rows: ", r->version, r->learner, r->rows);
	if (r->equal) {
		printf("all %zu bytes are the same\n", r->size);
		return;
	}
	printf("%zu bytes, %zu were kept; they differ from byte %zu on\n", r->size, r->size_then,
		r->differs_at);
	if (r->rows != r->rows_then)
		printf("it was fitted on %zu rows: others have been erased or were too old\n",
			r->rows_then);
	if (strcmp(r->here, r->processor) != 0)
		printf("it was fitted on another kind of processor: %s, this one is %s\n",
			r->processor, r->here);
}

static int run(int argc, char **argv)
{
	struct command c = { 0 };
	struct upk_error err = { 0 };
	struct upk_reproduction result;
	const atomic_bool cancel = false;
	int status = take_command_line(argc, argv, &c);

	if (status >= 0)
		return status;
	if (!upk_data_find(c.data, &err) ||
		!upk_reproduce(c.data, c.model, c.run, &cancel, &result, &err)) {
		fprintf(stderr, "upkeepd runs: %s\n", err.message);
		return UPK_EXIT_FAILED;
	}
	if (c.json)
		print_json(&result);
	else
		print_words(&result);
	return fflush(stdout) == 0 && result.equal ? UPK_EXIT_OK : UPK_EXIT_FAILED;
}

const struct upk_command upk_cmd_runs = {
	.name = "runs",
	.summary = "fit a run's version again and compare the bytes",
	.run = run,
};
