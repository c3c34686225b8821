#include "cmd/check.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json_writer.h"
#include "client/audit.h"
#include "client/child.h"
#include "client/progress.h"
#include "folder.h"
#include "options.h"
#include "signals.h"
#include "store/backup.h"
#include "store/check.h"
#include "usage.h"

enum { OPEN_FILES = 16 };

static const char help[] =
	"Checks a data folder, beside a running daemon or without one. It changes nothing in "
	"it.\n\n"
	"Usage: upkeepd check [OPTION]...\n\n"
	"Makes a copy (as `upkeepd backup` does, so it needs room for one), and checks in the "
	"copy\n"
	"every page, the references and numbers of all rows, and each window: what a daemon that\n"
	"starts on the copy shows is compared with the same counted by hand from the rows.\n"
	"Exit status 0: nothing was found. 1: something was, or the check could not be made.\n\n"
	"  --data DIR     the data folder; default $STATE_DIRECTORY, else ./upkeepd-data\n"
	"  --scratch DIR  where the copy is made; default $TMPDIR, else /tmp\n"
	"  --rows         leave out the windows\n"
	"  --json         print what was found as one line of JSON\n"
	"  --help         this text\n\n"
	"Example: upkeepd check --data /var/lib/upkeepd --scratch /backup\n";

struct check {
	const char *data, *scratch;
	bool rows_only, json;
	char *folder; /* of the copy, made; NULL: not yet */
	char *copy;   /* in it */
	struct upk_progress progress;
	struct upk_buffer list; /* what was found, as JSON */
	struct upk_json_writer w;
	int64_t faults;
	bool audited; /* windows, too, whatever was found there */
	struct upk_audit audit;
};

static const struct upk_option options[] = {
	UPK_OPTION("data", FOLDER, struct check, data),
	UPK_OPTION("scratch", FOLDER, struct check, scratch),
	UPK_OPTION("rows", FLAG, struct check, rows_only),
	UPK_OPTION("json", FLAG, struct check, json),
	{ 0 },
};

/* -1: go on; else the exit status. */
static int take_command_line(int argc, char **argv, struct check *c)
{
	const struct upk_options known = { "check", help, options };
	int status = upk_options_read(&known, argc, argv, c);

	if (status >= 0)
		return status;
	if (optind < argc)
		return upk_usage_fail("check", "'%s' is one word too many", argv[optind]);
	c->data = upk_data_folder(c->data);
	return -1;
}

static void found(struct check *c, const char *model, const char *what)
{
	c->faults++;
	upk_progress_say(&c->progress, "%s%s%s", model ? model : "", model ? ": " : "", what);
	upk_json_object(&c->w, NULL);
	upk_json_string(&c->w, "model", model);
	upk_json_string(&c->w, "what", what);
	upk_json_object_end(&c->w);
}

static void found_rows(void *context, const char *what, int64_t rows)
{
	char text[1024];
	snprintf(text, sizeof text, "%s: %lld", what, (long long)rows);
	found(context, NULL, text);
}

static void found_window(void *context, const char *model, const char *what)
{
	found(context, model, what);
}

static bool go_on(void *context, int64_t done, int64_t pages)
{
	struct check *c = context;
	c->progress.total = (size_t)pages;
	upk_progress_show(&c->progress, (size_t)done);
	return upk_signal_wait(0) == 0;
}

static bool make_copy(struct check *c, struct upk_error *err)
{
	const struct upk_backup_watch watch = { go_on, c };
	struct upk_backup backup;
	const char *chosen = getenv("TMPDIR");
	struct upk_buffer path = { 0 };
	if (!c->scratch)
		c->scratch = chosen && chosen[0] ? chosen : "/tmp";
	upk_buffer_printf(&path, "%s/upkeepd-check-XXXXXX", c->scratch);
	upk_buffer_putc(&path, '\0');
	if (path.failed)
		return upk_fail(err, UPK_NOMEM, "no memory for a path");
	if (!mkdtemp(path.data)) {
		int why = errno;
		upk_buffer_finish(&path);
		return upk_fail(err, UPK_IO, "no folder could be made in %s: %s", c->scratch,
			strerror(why));
	}
	c->folder = path.data;
	if (asprintf(&c->copy, "%s/copy", c->folder) < 0) {
		c->copy = NULL;
		return upk_fail(err, UPK_NOMEM, "no memory for a path");
	}
	return upk_store_backup(c->data, c->copy, &watch, &backup, err);
}

/* A writer's store brings an older file up to date, in the copy. */
static bool check_rows(struct check *c, struct upk_error *err)
{
	struct upk_store *store = upk_store_open(c->copy, UPK_STORE_WRITE, err);
	bool done = store && upk_check_rows(store, found_rows, c, err);
	upk_store_close(store);
	return done;
}

static bool is_stopped(void)
{
	return upk_signal_wait(0) != 0;
}

static bool audit(struct check *c, struct upk_store *rows, struct upk_error *err)
{
	struct upk_child daemon = { 0 };
	bool done = upk_check_labels(rows, err) && upk_store_begin_read(rows, err);
	if (done)
		done = upk_child_start(&daemon, c->copy, err);
	struct upk_client *client = done ? upk_client_create(daemon.url, err) : NULL;
	if (client) {
		upk_client_stop_when(client, is_stopped);
		c->audit = (struct upk_audit){
			.client = client, .rows = rows, .found = found_window, .context = c
		};
		done = upk_audit_run(&c->audit, err);
	}
	upk_client_destroy(client);
	upk_child_stop(&daemon);
	upk_store_end_read(rows);
	return client && done;
}

static bool check_windows(struct check *c, struct upk_error *err)
{
	struct upk_store *rows = upk_store_open(c->copy, UPK_STORE_READ, err);
	c->audited = true;
	bool done = rows && audit(c, rows, err);
	upk_store_close(rows);
	return done;
}

/* What is damaged is what was looked for. */
static bool check(struct check *c, struct upk_error *err)
{
	struct upk_error why = { 0 };
	if (!upk_signal_catch(err) || !upk_data_find(c->data, err))
		return false;
	if (make_copy(c, &why) && check_rows(c, &why) &&
		(c->rows_only || c->faults > 0 || check_windows(c, &why)))
		return true;
	if (why.code != UPK_CORRUPT)
		return upk_fail(err, why.code, "%s", why.message);
	found(c, NULL, why.message);
	return true;
}

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *where)
{
	(void)info;
	(void)kind;
	(void)where;
	return remove(path);
}

static void finish(struct check *c)
{
	upk_progress_end(&c->progress);
	if (c->folder && nftw(c->folder, remove_one, OPEN_FILES, FTW_DEPTH | FTW_PHYS) != 0)
		fprintf(stderr, "upkeepd check: %s could not be removed: %s\n", c->folder,
			strerror(errno));
	free(c->copy);
	free(c->folder);
	upk_buffer_finish(&c->list);
}

/* null: not counted, since windows were left out. */
static void write_count(
	struct upk_json_writer *w, const char *key, const struct check *c, int64_t count)
{
	if (c->audited)
		upk_json_int(w, key, count);
	else
		upk_json_null(w, key);
}

static bool report(struct check *c, struct upk_error *err)
{
	struct upk_buffer line = { 0 };
	struct upk_json_writer w = upk_json_writer_on(&line);
	upk_json_array_end(&c->w);
	if (c->audited)
		fprintf(stderr, "%lld models, %lld windows, %lld pairs: %lld faults\n",
			(long long)c->audit.models, (long long)c->audit.windows,
			(long long)c->audit.pairs, (long long)c->faults);
	else
		fprintf(stderr, "rows alone, windows were left out: %lld faults\n",
			(long long)c->faults);
	upk_json_object(&w, NULL);
	upk_json_bool(&w, "ok", c->faults == 0);
	write_count(&w, "models", c, c->audit.models);
	write_count(&w, "windows", c, c->audit.windows);
	write_count(&w, "pairs", c, c->audit.pairs);
	upk_json_raw(&w, "faults", upk_buffer_text(&c->list));
	upk_json_object_end(&w);
	upk_buffer_putc(&line, '\n');
	bool fine = !line.failed && !c->list.failed &&
		(!c->json ||
			(fwrite(line.data, 1, line.size, stdout) == line.size &&
				fflush(stdout) == 0));
	upk_buffer_finish(&line);
	return fine || upk_fail(err, UPK_IO, "the result could not be written");
}

static int run(int argc, char **argv)
{
	struct check c = { 0 };
	struct upk_error err = { 0 };
	int status = take_command_line(argc, argv, &c);

	if (status >= 0)
		return status;
	c.w = upk_json_writer_on(&c.list);
	upk_json_array(&c.w, NULL);
	c.progress = upk_progress_begin(0);
	c.progress.unit = "pages";
	bool fine = check(&c, &err);
	upk_progress_end(&c.progress);
	fine = fine && report(&c, &err);
	if (!fine)
		fprintf(stderr, "upkeepd check: %s\n", err.message);
	fine = fine && c.faults == 0;
	finish(&c);
	return fine ? UPK_EXIT_OK : UPK_EXIT_FAILED;
}

const struct upk_command upk_cmd_check = {
	.name = "check",
	.summary = "check a data folder, its rows and its windows",
	.run = run,
};
