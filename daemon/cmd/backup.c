#include "cmd/backup.h"

#include <stdio.h>
#include <unistd.h>

#include "base/json_writer.h"
#include "client/progress.h"
#include "folder.h"
#include "options.h"
#include "signals.h"
#include "store/backup.h"
#include "usage.h"

static const char help[] =
	"Copies the data folder of a daemon, running or not, into a new folder.\n\n"
	"Usage: upkeepd backup DIR [OPTION]...\n\n"
	"DIR must not exist, or be empty. It gets its name when all of it is on the disk; until\n"
	"then it is DIR.partial. It holds everything that was acknowledged before the command\n"
	"began. To restore: stop the daemon, put DIR in the place of its data folder, start it.\n\n"
	"  --data DIR  the data folder; default $STATE_DIRECTORY, else ./upkeepd-data\n"
	"  --json      print what was made as one line of JSON\n"
	"  --help      this text\n\n"
	"Example: upkeepd backup --data /var/lib/upkeepd /backup/upkeepd-monday\n";

struct command {
	const char *to, *data;
	bool json;
};

static const struct upk_option options[] = {
	UPK_OPTION("data", FOLDER, struct command, data),
	UPK_OPTION("json", FLAG, struct command, json),
	{ 0 },
};

/* -1: go on; else the exit status. */
static int take_command_line(int argc, char **argv, struct command *c)
{
	const struct upk_options known = { "backup", help, options };
	int status = upk_options_read(&known, argc, argv, c);

	if (status >= 0)
		return status;
	if (optind == argc)
		return upk_usage_fail("backup", "the folder to make is missing");
	if (optind + 1 < argc)
		return upk_usage_fail("backup", "'%s' is one word too many", argv[optind + 1]);
	c->to = argv[optind];
	if (!*c->to)
		return upk_usage_fail("backup", "the folder to make has no name");
	c->data = upk_data_folder(c->data);
	return -1;
}

static bool go_on(void *context, int64_t done, int64_t pages)
{
	struct upk_progress *progress = context;

	progress->total = (size_t)pages;
	upk_progress_show(progress, (size_t)done);
	return upk_signal_wait(0) == 0;
}

static bool report(const struct command *c, const struct upk_backup *backup, struct upk_error *err)
{
	struct upk_buffer line = { 0 };
	struct upk_json_writer w = upk_json_writer_on(&line);

	if (!c->json) {
		fprintf(stderr, "%s holds %.1f MB, committed at %lld\n", c->to,
			(double)backup->bytes / 1e6, (long long)backup->mark);
		return true;
	}
	upk_json_object(&w, NULL);
	upk_json_string(&w, "backup", c->to);
	upk_json_int(&w, "bytes", backup->bytes);
	upk_json_int(&w, "committed", backup->mark);
	upk_json_object_end(&w);
	upk_buffer_putc(&line, '\n');
	bool fine = !line.failed && fwrite(line.data, 1, line.size, stdout) == line.size &&
		fflush(stdout) == 0;
	upk_buffer_finish(&line);
	return fine || upk_fail(err, UPK_IO, "the result could not be written");
}

static int run(int argc, char **argv)
{
	struct command c = { 0 };
	struct upk_error err = { 0 };
	struct upk_backup backup;
	int status = take_command_line(argc, argv, &c);

	if (status >= 0)
		return status;
	struct upk_progress progress = upk_progress_begin(0);
	progress.unit = "pages";
	const struct upk_backup_watch watch = { go_on, &progress };
	bool fine = upk_signal_catch(&err) && upk_data_find(c.data, &err) &&
		upk_store_backup(c.data, c.to, &watch, &backup, &err);
	upk_progress_end(&progress);
	if (fine && report(&c, &backup, &err))
		return UPK_EXIT_OK;
	fprintf(stderr, "upkeepd backup: %s\n", err.message);
	return UPK_EXIT_FAILED;
}

const struct upk_command upk_cmd_backup = {
	.name = "backup",
	.summary = "copy a data folder, of a running daemon too",
	.run = run,
};
