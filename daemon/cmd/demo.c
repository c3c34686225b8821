#include "cmd/demo.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "client/child.h"
#include "client/narrator.h"
#include "client/replay.h"
#include "options.h"
#include "signals.h"
#include "usage.h"

enum { LABEL_DELAY = 24, MODEL_SIZE = 64, OPEN_FILES = 16, LOOK_MS = 200 };

static const char help[] =
	"Shows the whole loop: starts a daemon on a fresh folder, plays a stream of labelled rows "
	"to\n"
	"it, and tells what happens as it happens: rules that fire, retraining, what the gate "
	"says,\n"
	"promotions. Then compares, and leaves the daemon and its pages up until Ctrl-C.\n"
	"\n"
	"Usage: upkeepd demo [OPTION]...\n"
	"\n"
	"  --exit        end after the comparison\n"
	"  --json        print the result as one line of JSON on standard output\n"
	"  --data FILE   play another stream: CSV, plain or gzipped, the class in the last column\n"
	"                (default: the New South Wales electricity market)\n"
	"  --keep        leave the data folder behind and say where it is\n"
	"  --help        this text\n"
	"\n"
	"Each label comes 24 rows after its row: half a day in the electricity stream.\n";

static const char rules[] =
	"[{\"name\": \"f1-low\", \"metric\": {\"name\": \"f1\", \"average\": \"macro\"},"
	" \"window\": \"last-500\", \"below\": 0.65, \"actions\": [\"alert\"]},"
	" {\"name\": \"fell\", \"change\": \"down\", \"actions\": [\"alert\", \"retrain\"]}]";

struct demo {
	bool exit, json, keep;
	const char *data;
	char model[MODEL_SIZE];
	char *folder; /* NULL: not made yet */
	struct upk_child daemon;
	struct upk_stream *stream;
	struct upk_client *client, *aside; /* aside: asks while the client waits */
	struct upk_remote beside;          /* of aside */
	struct upk_progress progress;
	struct upk_narrator narrator;
};

static const struct upk_option options[] = {
	UPK_OPTION("exit", FLAG, struct demo, exit),
	UPK_OPTION("json", FLAG, struct demo, json),
	UPK_OPTION("data", FOLDER, struct demo, data),
	UPK_OPTION("keep", FLAG, struct demo, keep),
	{ 0 },
};

/* -1: go on; else the exit status. */
static int take_command_line(struct demo *d, int argc, char **argv)
{
	const struct upk_options known = { "demo", help, options };
	int status = upk_options_read(&known, argc, argv, d);
	if (status >= 0)
		return status;
	return optind == argc
		? -1
		: upk_usage_fail("demo", "'%s' is too much: want options alone", argv[optind]);
}

/* The installed stream, else that of the source tree. */
static const char *shipped_stream(void)
{
	static const char installed[] = UPK_DATA_INSTALLED "/electricity.csv.gz";
	static const char source[] = UPK_DATA_SOURCE "/electricity.csv.gz";
	return access(installed, R_OK) == 0 ? installed : source;
}

/* A model's name from a file's: "My Stream.csv.gz" gives "my-stream". */
static void name_model(struct demo *d)
{
	const char *slash = strrchr(d->data, '/');
	const char *from = slash ? slash + 1 : d->data;
	size_t size = 0;
	for (; *from && *from != '.' && size + 1 < sizeof d->model; from++) {
		char c = *from;
		if (c >= 'A' && c <= 'Z')
			c = (char)(c - 'A' + 'a');
		bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
		if (plain || size > 0)
			d->model[size++] = plain ? c : '-';
	}
	if (size == 0)
		size = (size_t)snprintf(d->model, sizeof d->model, "stream");
	d->model[size] = '\0';
}

/* In memory where there is such a folder: nobody needs it after the demo, unless it is kept. */
static bool make_folder(struct demo *d, struct upk_error *err)
{
	const char *parent = "/dev/shm", *chosen = getenv("TMPDIR");
	if (d->keep || access(parent, W_OK) != 0)
		parent = chosen && chosen[0] ? chosen : "/tmp";
	struct upk_buffer path = { 0 };
	upk_buffer_printf(&path, "%s/upkeepd-demo-XXXXXX", parent);
	upk_buffer_putc(&path, '\0');
	if (path.failed)
		return upk_fail(err, UPK_NOMEM, "no memory for a path");
	if (!mkdtemp(path.data)) {
		int why = errno;
		upk_buffer_finish(&path);
		return upk_fail(
			err, UPK_IO, "no folder could be made in %s: %s", parent, strerror(why));
	}
	d->folder = path.data;
	return true;
}

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *where)
{
	(void)info;
	(void)kind;
	(void)where;
	return remove(path);
}

static void finish(struct demo *d)
{
	upk_narrator_finish(&d->narrator);
	upk_remote_finish(&d->beside);
	upk_client_destroy(d->aside);
	upk_client_destroy(d->client);
	upk_child_stop(&d->daemon);
	upk_stream_destroy(d->stream);
	if (d->folder && d->keep)
		fprintf(stderr, "data folder: %s\n", d->folder);
	else if (d->folder && nftw(d->folder, remove_one, OPEN_FILES, FTW_DEPTH | FTW_PHYS) != 0)
		fprintf(stderr, "upkeepd demo: %s could not be removed: %s\n", d->folder,
			strerror(errno));
	free(d->folder);
}

static bool look(void *context, struct upk_remote *remote, struct upk_error *err)
{
	return upk_narrator_look(context, remote, err);
}

/* A run that goes on keeps the answer to a post back. What fails here will fail there. */
static void look_aside(void *context)
{
	struct demo *d = context;
	upk_narrator_look(&d->narrator, &d->beside, NULL);
}

static bool is_stopped(void)
{
	return upk_signal_wait(0) != 0;
}

static bool start(struct demo *d, struct upk_error *err)
{
	struct upk_stream_options stream = { .path = d->data };
	char rows[UPK_GROUPED_SIZE];
	d->stream = upk_stream_read(&stream, err);
	if (!d->stream || !make_folder(d, err) || !upk_child_start(&d->daemon, d->folder, err))
		return false;
	d->client = upk_client_create(d->daemon.url, err);
	d->aside = upk_client_create(d->daemon.url, err);
	if (!d->client || !d->aside ||
		!upk_remote_init(&d->beside, d->aside, d->stream, d->model, err))
		return false;
	upk_client_stop_when(d->client, is_stopped);
	upk_client_meanwhile(d->client, look_aside, d);
	d->progress = upk_progress_begin(0);
	d->narrator.progress = &d->progress;
	upk_progress_say(&d->progress, "daemon: %s, on a fresh folder", d->daemon.url);
	upk_progress_say(&d->progress,
		"model %s: %s rows from %s, %zu classes, each label %d rows late", d->model,
		upk_grouped(upk_stream_rows(d->stream), rows), d->data,
		upk_stream_classes(d->stream), LABEL_DELAY);
	return true;
}

static bool play(struct demo *d, struct upk_replay *outcome, struct upk_error *err)
{
	struct upk_player_options player = {
		.model = d->model,
		.learner = "logistic", /* the quickest to watch */
		.rules = rules,
		.label_delay = LABEL_DELAY,
		.lockstep = true,
	};
	struct upk_player_watch watch = { look, &d->narrator };
	return upk_play(d->client, d->stream, &player, &d->progress, &watch, outcome, err);
}

static bool report(const struct demo *d, const struct upk_replay *outcome, struct upk_error *err)
{
	fputc('\n', stderr);
	upk_replay_print_table(outcome, stderr);
	return !d->json || upk_replay_print_json(outcome, stdout, err);
}

/* Until Ctrl-C, or until the daemon is gone. */
static bool stay(struct demo *d, struct upk_error *err)
{
	fprintf(stderr, "\npage: %s/   (Ctrl-C ends the demo)\n", d->daemon.url);
	while (upk_signal_wait(LOOK_MS) == 0)
		if (upk_child_has_ended(&d->daemon))
			return upk_fail(err, UPK_IO,
				"the daemon has ended; its last words are in its log");
	return true;
}

static bool show(struct demo *d, struct upk_error *err)
{
	struct upk_replay outcome;
	name_model(d);
	return start(d, err) && play(d, &outcome, err) && report(d, &outcome, err) &&
		(d->exit || stay(d, err));
}

static int run(int argc, char **argv)
{
	struct demo d = { .data = shipped_stream() };
	struct upk_error err = { 0 };
	int status = take_command_line(&d, argc, argv);
	if (status >= 0)
		return status;
	bool ok = upk_signal_catch(&err) && show(&d, &err);
	if (!ok)
		fprintf(stderr, "upkeepd demo: %s\n", err.message);
	finish(&d);
	return ok ? UPK_EXIT_OK : UPK_EXIT_FAILED;
}

const struct upk_command upk_cmd_demo = {
	.name = "demo",
	.summary = "show the whole loop on a stream that is shipped",
	.run = run,
};
