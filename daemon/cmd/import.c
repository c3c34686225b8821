#include "cmd/import.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/json_writer.h"
#include "client/csv_items.h"
#include "client/journal.h"
#include "client/progress.h"
#include "options.h"
#include "signals.h"
#include "usage.h"

enum { DROPS_MAX = 1024, TOLD_MAX = 20 };

static const char help[] =
	"Sends past predictions, labels and examples to a running daemon.\n\n"
	"Usage: upkeepd import FILE --model NAME [OPTION]...\n\n"
	"FILE is NDJSON, an event or label a line as the API takes it (what `upkeepd export`\n"
	"wrote, too), or CSV with a header; either may be gzipped, and - is standard input. A\n"
	"model that does not exist is created, and deleted again if no row is accepted. A second\n"
	"import of the same file is harmless: what is stored already counts as a duplicate, so\n"
	"one that was interrupted is begun anew.\n\n"
	"  --model NAME        the model\n"
	"  --url URL           the daemon: http://HOST:PORT or unix:PATH\n"
	"                      (default http://127.0.0.1:7850)\n"
	"  --format FORMAT     csv or ndjson; default by FILE's name, else ndjson\n"
	"  --json              print the counts as one line of JSON, with \"error\" if it broke "
	"off\n"
	"  --help              this text\n\n"
	"Of a CSV file, whose other columns are features:\n"
	"  --label COLUMN      the true class\n"
	"  --predicted COLUMN  the predicted class; without it and --score rows are examples\n"
	"  --score COLUMN      the probability of the positive class\n"
	"  --id COLUMN         without it, a row's id is FILE:LINE, FILE without its folder\n"
	"  --time COLUMN       RFC 3339 or milliseconds since 1970; without it, the time is now\n"
	"  --drop COLUMN       leave a column out; may be given again\n\n"
	"Rejected rows are listed on standard error; the status is then 1.\n\n"
	"Example: upkeepd import past.csv.gz --model mail --label spam --predicted verdict \\\n"
	"           --id message --time received\n";

struct command {
	const char *url, *model, *format;
	const char *drop[DROPS_MAX];
	struct upk_csv_items_options table;
	bool csv, json;

	struct upk_progress progress;
	struct upk_loader loader;
	int64_t rows, refused; /* lines; those that are no item at all */
	int64_t bytes;         /* of the file; 0: not known */
	int64_t told;          /* of the rejected */
	int64_t clashes;       /* of these: ids that are stored with other content */
	bool by_line;          /* some ids were made of the file's name and the line */
};

static bool take_format(void *into, const char *format)
{
	struct command *c = into;
	c->format = format;
	if (strcmp(format, "csv") == 0 || strcmp(format, "ndjson") == 0)
		return true;
	upk_usage_fail("import", "--format %s: want csv or ndjson", format);
	return false;
}

static bool take_drop(void *into, const char *column)
{
	struct command *c = into;
	if (c->table.drop_count == DROPS_MAX) {
		upk_usage_fail("import", "--drop is given more than %d times", DROPS_MAX);
		return false;
	}
	c->drop[c->table.drop_count++] = column;
	return true;
}

static const struct upk_option options[] = {
	UPK_OPTION("model", MODEL, struct command, model),
	UPK_OPTION("url", TEXT, struct command, url),
	UPK_OPTION_OF("format", take_format),
	UPK_OPTION("label", TEXT, struct command, table.label),
	UPK_OPTION("predicted", TEXT, struct command, table.predicted),
	UPK_OPTION("score", TEXT, struct command, table.score),
	UPK_OPTION("id", TEXT, struct command, table.id),
	UPK_OPTION("time", TEXT, struct command, table.time),
	UPK_OPTION_OF("drop", take_drop),
	UPK_OPTION("json", FLAG, struct command, json),
	{ 0 },
};

static bool ends_with(const char *name, const char *end)
{
	size_t size = strlen(name), length = strlen(end);
	return size >= length && strcmp(name + size - length, end) == 0;
}

static bool has_columns(const struct command *c)
{
	const struct upk_csv_items_options *t = &c->table;
	return t->label || t->predicted || t->score || t->id || t->time || t->drop_count > 0;
}

static int take_file(struct command *c, int argc, char **argv)
{
	if (optind + 1 != argc)
		return upk_usage_fail(
			"import", optind == argc ? "a file is missing" : "one file at a time");
	c->table.path = argv[optind];
	if (!c->model)
		return upk_usage_fail("import", "--model is missing");
	c->csv = c->format
		? strcmp(c->format, "csv") == 0
		: ends_with(c->table.path, ".csv") || ends_with(c->table.path, ".csv.gz") ||
			(strcmp(c->table.path, "-") == 0 && has_columns(c));
	return -1;
}

/* -1: go on; else the exit status. */
static int take_command_line(int argc, char **argv, struct command *c)
{
	const struct upk_options known = { "import", help, options };
	c->url = "http://127.0.0.1:7850";
	c->table.drop = c->drop;
	int status = upk_options_read(&known, argc, argv, c);
	if (status < 0)
		status = take_file(c, argc, argv);
	if (status >= 0)
		return status;
	if (!c->csv && has_columns(c))
		return upk_usage_fail("import", "columns are named of a CSV file (--format csv)");
	if (c->csv && !c->table.label && !c->table.predicted && !c->table.score)
		return upk_usage_fail("import",
			"which column is the label? (--label COLUMN, --predicted COLUMN, --score "
			"COLUMN)");
	return -1;
}

/* Why a row was rejected, said of the column that the member at fault came from. */
static struct upk_error name_column(const struct upk_csv_items_options *table, const char *why)
{
	const struct {
		const char *member, *column;
	} columns[] = {
		{ "label: ", table->label },
		{ "predicted: ", table->predicted },
		{ "score: ", table->score },
		{ "id: ", table->id },
		{ "timestamp: ", table->time },
	};
	struct upk_error said = { 0 };
	upk_fail(&said, UPK_INVALID, "%s", why);
	for (size_t i = 0; i < sizeof columns / sizeof *columns; i++) {
		size_t size = strlen(columns[i].member);
		if (columns[i].column && strncmp(why, columns[i].member, size) == 0)
			upk_fail(&said, UPK_INVALID, "column \"%s\": %s", columns[i].column,
				why + size);
	}
	return said;
}

static void tell_reject(void *context, uint64_t line, const char *why)
{
	struct command *c = context;
	c->clashes += strstr(why, "is stored with other content") != NULL;
	if (c->told++ < TOLD_MAX)
		upk_progress_say(&c->progress, "%s: line %llu: %s", c->table.path,
			(unsigned long long)line, name_column(&c->table, why).message);
}

/* How far it is, by the bytes of the file that were read. */
static void show(struct command *c, int64_t at)
{
	double share = c->bytes > 0 && at > 0 ? (double)at / (double)c->bytes : 0;
	c->progress.total =
		share > 0 && share < 1 ? (size_t)((double)c->rows / share) : (size_t)c->rows;
	upk_progress_show(&c->progress, (size_t)c->rows);
}

static bool create_for_table(
	const struct upk_csv_items *table, struct upk_target *target, struct upk_error *err)
{
	struct upk_buffer features = { 0 };
	char words[UPK_SPELLING_SIZE];
	if (target->model)
		return true;
	upk_csv_items_write_features(table, &features);
	upk_buffer_putc(&features, '\0');
	bool done = features.failed
		? upk_fail(err, UPK_NOMEM, "no memory for a model's features")
		: upk_target_create(target, features.size > 1 ? features.data : NULL, err);
	upk_buffer_finish(&features);
	upk_csv_items_list_features(table, words);
	if (done && words[0])
		fprintf(stderr, "features: %s\n", words);
	return done;
}

/* What stood before a row that can't be read is sent all the same. */
static bool end_file(struct command *c, bool whole)
{
	if (!whole)
		upk_loader_flush(&c->loader, NULL);
	return whole;
}

/* A line of the file. fault: why it is no item; NULL: it is one. */
static bool take_line(struct command *c, const struct upk_load_item *item, const char *fault,
	struct upk_error *err)
{
	c->rows++;
	if (fault) {
		c->refused++;
		tell_reject(c, item->line, fault);
		return true;
	}
	c->by_line = c->by_line || item->by_line;
	return upk_loader_add(&c->loader, item, err);
}

static bool load_table(struct command *c, struct upk_target *target, struct upk_error *err)
{
	struct upk_load_item item;
	const char *fault;
	enum upk_csv_got got = UPK_CSV_ERROR;
	struct upk_csv_items *table = upk_csv_items_open(&c->table, err);
	if (!table)
		return false;
	upk_csv_items_fit(table, target);
	bool done = create_for_table(table, target, err);
	while (done && (got = upk_csv_items_next(table, &item, &fault, err)) == UPK_CSV_ROW) {
		done = take_line(c, &item, fault, err);
		show(c, upk_csv_items_at(table));
	}
	upk_csv_items_close(table);
	return done && end_file(c, got == UPK_CSV_END);
}

static bool load_journal(struct command *c, struct upk_target *target, struct upk_error *err)
{
	struct upk_load_item item;
	const char *fault;
	enum upk_lines_got got = UPK_LINES_ERROR;
	struct upk_journal *journal = upk_journal_open(c->table.path, target->last_version, err);
	if (!journal)
		return false;
	bool done = target->model || upk_target_create(target, NULL, err);
	while (done && (got = upk_journal_next(journal, &item, &fault, err)) == UPK_LINES_LINE) {
		done = take_line(c, &item, fault, err);
		show(c, upk_journal_at(journal));
	}
	upk_journal_close(journal);
	return done && end_file(c, got == UPK_LINES_END);
}

static bool check_file(const char *path, struct upk_error *err)
{
	return strcmp(path, "-") == 0 || access(path, R_OK) == 0 ||
		upk_fail(err, UPK_IO,
			"%s: %s: want a file that can be read, or - for standard input", path,
			strerror(errno));
}

static bool load(struct command *c, struct upk_client *client, struct upk_error *err)
{
	struct stat status;
	struct upk_target target;
	if (stat(c->table.path, &status) == 0 && S_ISREG(status.st_mode))
		c->bytes = status.st_size;
	c->progress = upk_progress_begin(0);
	c->loader = (struct upk_loader){ .target = &target, .reject = tell_reject, .context = c };
	bool done = upk_signal_catch(err) && upk_target_look(&target, client, c->model, err) &&
		(c->csv ? load_table(c, &target, err) : load_journal(c, &target, err)) &&
		upk_loader_flush(&c->loader, err);
	upk_progress_end(&c->progress);
	if (c->loader.counts.accepted == 0 && upk_target_withdraw(&target))
		fprintf(stderr,
			"no row was accepted: the model %s, created for them, is deleted again\n",
			c->model);
	upk_loader_finish(&c->loader);
	upk_target_finish(&target);
	return done;
}

static int64_t rejected(const struct command *c)
{
	return c->loader.counts.rejected + c->refused;
}

static void write_json(const struct command *c, const char *error, struct upk_buffer *out)
{
	const struct upk_load_counts *n = &c->loader.counts;
	struct upk_json_writer w = upk_json_writer_on(out);
	upk_json_object(&w, NULL);
	upk_json_int(&w, "rows", c->rows);
	upk_json_int(&w, "accepted", n->accepted);
	upk_json_int(&w, "duplicates", n->duplicates);
	upk_json_int(&w, "joined", n->joined);
	upk_json_int(&w, "revised", n->revised);
	upk_json_int(&w, "waiting", n->waiting);
	upk_json_int(&w, "rejected", rejected(c));
	if (error)
		upk_json_string(&w, "error", error);
	upk_json_object_end(&w);
	upk_buffer_putc(out, '\n');
}

/* Files of one name have the same ids, and a row that moves to another line has another. */
static void say_ids(const struct command *c)
{
	const struct upk_load_counts *n = &c->loader.counts;
	const char *slash = strrchr(c->table.path, '/');
	const char *name = slash ? slash + 1 : c->table.path;
	const char *id = c->csv ? "--id COLUMN" : "an \"id\"";
	bool mended = rejected(c) > c->clashes && n->accepted > 0;
	bool met = n->duplicates > 0 || c->clashes > 0;
	if (!c->by_line || (!mended && !met))
		return;
	fprintf(stderr, "rows without an id got FILE:LINE, as %s:2\n", name);
	if (mended)
		fprintf(stderr,
			"to import the file again when it is mended, leave all rows on their "
			"lines: correct a rejected one in place, or leave its line empty. A row "
			"that moves is rejected or stored twice; %s from the first import on "
			"spares that\n",
			id);
	if (met)
		fprintf(stderr,
			"if another file of the name %s was imported, %s or another name keeps the "
			"two apart\n",
			name, id);
}

/* error: why it broke off; NULL: it did not. */
static void say_counts(const struct command *c, const char *error)
{
	const struct upk_load_counts *n = &c->loader.counts;
	char rows[UPK_GROUPED_SIZE], duplicates[UPK_GROUPED_SIZE], refused[UPK_GROUPED_SIZE],
		accepted[UPK_GROUPED_SIZE];
	if (c->told > TOLD_MAX)
		fprintf(stderr, "... and others\n");
	if (c->loader.ignored[0])
		fprintf(stderr, "left out, since the model does not have it: %s\n",
			c->loader.ignored);
	if (!error || c->rows > 0)
		fprintf(stderr, "%s rows, %s of them stored already, %s rejected\n",
			upk_grouped((uint64_t)c->rows, rows),
			upk_grouped((uint64_t)n->duplicates, duplicates),
			upk_grouped((uint64_t)rejected(c), refused));
	say_ids(c);
	if (error)
		fprintf(stderr, "upkeepd import: %s\n", error);
	if (error && c->rows > 0)
		fprintf(stderr,
			"%s rows were accepted before that: import the same file again to go on, "
			"what is stored counts as a duplicate\n",
			upk_grouped((uint64_t)n->accepted, accepted));
}

/* error as say_counts. */
static bool report(const struct command *c, const char *error)
{
	struct upk_buffer line = { 0 };
	say_counts(c, error);
	if (!c->json)
		return true;
	write_json(c, error, &line);
	bool done = !line.failed && fwrite(line.data, 1, line.size, stdout) == line.size &&
		fflush(stdout) == 0;
	upk_buffer_finish(&line);
	if (!done)
		fprintf(stderr, "upkeepd import: the result could not be written\n");
	return done;
}

static bool is_stopped(void)
{
	return upk_signal_wait(0) != 0;
}

static int run(int argc, char **argv)
{
	struct command c = { 0 };
	struct upk_error err = { 0 };
	int status = take_command_line(argc, argv, &c);
	if (status >= 0)
		return status;
	struct upk_client *client = upk_client_create(c.url, &err);
	if (client)
		upk_client_stop_when(client, is_stopped);
	bool done = client && check_file(c.table.path, &err) && load(&c, client, &err);
	upk_client_destroy(client);
	return report(&c, done ? NULL : err.message) && done && rejected(&c) == 0 ? UPK_EXIT_OK
										  : UPK_EXIT_FAILED;
}

const struct upk_command upk_cmd_import = {
	.name = "import",
	.summary = "send past predictions and labels to a running daemon",
	.run = run,
};
