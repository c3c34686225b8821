#include "cmd/replay.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/number.h"
#include "client/replay.h"
#include "options.h"
#include "signals.h"
#include "usage.h"

enum { DROPS_MAX = 1024 };

static const char help[] =
	"Plays a labelled CSV file in time order against a running daemon, as a service would.\n"
	"\n"
	"Usage: upkeepd replay FILE.csv[.gz] --model NAME [OPTION]...\n"
	"\n"
	"The first tenth of the rows (500 at least) is posted as examples and makes version 1 "
	"while\n"
	"retraining is paused. Every later row goes through predict, its label some rows later. "
	"At\n"
	"the end: what was served, beside version 1 left alone and two floors. FILE - is standard\n"
	"input. The model is created from the file with the defaults, unless it exists:\n"
	"then the file's columns must be its features, and the first run is a run by hand.\n"
	"\n"
	"  --model NAME         the model that is played to\n"
	"  --url URL            the daemon: http://HOST:PORT or unix:PATH\n"
	"                       (default http://127.0.0.1:7850)\n"
	"  --label COLUMN       the column with the class (default: the last one)\n"
	"  --drop COLUMN        leave a column out; may be given again\n"
	"  --skip N             leave out the first N rows: another start of the same stream\n"
	"  --shuffle SEED       play the rows in random order: a stream without drift\n"
	"  --label-delay N      a label comes N rows after its row (default 0), and later by as many\n"
	"                       as one request predicts\n"
	"  --batch N            one request predicts N rows at most (default, and the most: the label\n"
	"                       delay; 1 without one)\n"
	"  --lockstep           each post waits for all that it causes (settle=true): the result\n"
	"                       does not depend on the machine's speed\n"
	"  --learner NAME       of a model that is created: logistic, trees, mlp or auto\n"
	"                       (default: the daemon's)\n"
	"  --no-live            a model that is created goes without live adjustment\n"
	"  --json               print the result as one line of JSON\n"
	"  --help               this text\n"
	"\n"
	"rolling F1 is the mean of the macro F1 of windows of 1,000 rows, one every 200 rows (500 "
	"and\n"
	"100 where fewer than 10,000 rows are played, the first tenth included, 250 and 50 below\n"
	"3,000). With --label-delay the floor that repeats the last known label goes by the one\n"
	"known when the request with the row was sent.\n"
	"\n"
	"Example: upkeepd replay data/electricity.csv.gz --model electricity --label-delay 24\n";

struct command {
	const char *url;
	const char *drop[DROPS_MAX];
	struct upk_stream_options stream;
	struct upk_player_options player;
	bool json;
};

static bool take_count(const char *text, const char *option, uint64_t *out)
{
	int64_t value;
	if (upk_number_parse_int(upk_text_of(text), &value) && value >= 0) {
		*out = (uint64_t)value;
		return true;
	}
	upk_usage_fail("replay", "--%s %s: want an integer of 0 or more", option, text);
	return false;
}

static bool take_drop(void *into, const char *column)
{
	struct command *c = into;
	if (c->stream.drop_count == DROPS_MAX) {
		upk_usage_fail("replay", "--drop is given more than %d times", DROPS_MAX);
		return false;
	}
	c->drop[c->stream.drop_count++] = column;
	return true;
}

static bool take_skip(void *into, const char *text)
{
	struct command *c = into;
	return take_count(text, "skip", &c->stream.skip);
}

static bool take_shuffle(void *into, const char *text)
{
	struct command *c = into;
	c->stream.shuffle = true;
	return take_count(text, "shuffle", &c->stream.seed);
}

static bool take_size(const char *text, const char *option, size_t *size)
{
	uint64_t count = 0;
	if (!take_count(text, option, &count))
		return false;
	*size = (size_t)count;
	return true;
}

static bool take_label_delay(void *into, const char *text)
{
	struct command *c = into;
	return take_size(text, "label-delay", &c->player.label_delay);
}

static bool take_batch(void *into, const char *text)
{
	struct command *c = into;
	if (!take_size(text, "batch", &c->player.batch))
		return false;
	if (c->player.batch == 0)
		upk_usage_fail("replay", "--batch %s: want an integer of 1 or more", text);
	return c->player.batch > 0;
}

static const struct upk_option options[] = {
	UPK_OPTION("model", MODEL, struct command, player.model),
	UPK_OPTION("url", TEXT, struct command, url),
	UPK_OPTION("label", TEXT, struct command, stream.label),
	UPK_OPTION_OF("drop", take_drop),
	UPK_OPTION_OF("skip", take_skip),
	UPK_OPTION_OF("shuffle", take_shuffle),
	UPK_OPTION_OF("label-delay", take_label_delay),
	UPK_OPTION_OF("batch", take_batch),
	UPK_OPTION("lockstep", FLAG, struct command, player.lockstep),
	UPK_OPTION("learner", TEXT, struct command, player.learner),
	UPK_OPTION("no-live", FLAG, struct command, player.no_live),
	UPK_OPTION("json", FLAG, struct command, json),
	{ 0 },
};

/* -1: go on; else the exit status. */
static int take_command_line(struct command *c, int argc, char **argv)
{
	const struct upk_options known = { "replay", help, options };
	*c = (struct command){ .url = "http://127.0.0.1:7850" };
	c->stream.drop = c->drop;
	int status = upk_options_read(&known, argc, argv, c);
	if (status >= 0)
		return status;
	if (optind + 1 != argc)
		return upk_usage_fail(
			"replay", optind == argc ? "a file is missing" : "one file at a time");
	c->stream.path = argv[optind];
	if (!c->player.model)
		return upk_usage_fail("replay", "--model is missing");
	if (c->player.batch > 1 && c->player.batch > c->player.label_delay)
		return upk_usage_fail("replay",
			"--batch %zu: at most --label-delay, %zu: labels wait for what one request "
			"predicts",
			c->player.batch, c->player.label_delay);
	return -1;
}

static bool play(const struct command *c, struct upk_client *client, struct upk_replay *outcome,
	struct upk_error *err)
{
	struct upk_stream *stream = upk_stream_read(&c->stream, err);
	if (!stream)
		return false;
	struct upk_progress progress = upk_progress_begin(upk_stream_rows(stream));
	upk_progress_say(&progress, "the class is column \"%s\"%s", upk_stream_label_column(stream),
		c->stream.label ? "" : ", the last one (--label COLUMN takes another)");
	/* Not before: reading from a terminal ends with Ctrl-C as ever. */
	bool ok = upk_signal_catch(err) &&
		upk_play(client, stream, &c->player, &progress, NULL, outcome, err);
	upk_stream_destroy(stream);
	return ok;
}

static bool report(const struct command *c, const struct upk_replay *outcome, struct upk_error *err)
{
	if (c->json)
		return upk_replay_print_json(outcome, stdout, err);
	upk_replay_print_table(outcome, stdout);
	return fflush(stdout) == 0 || upk_fail(err, UPK_IO, "the result could not be written");
}

static bool is_stopped(void)
{
	return upk_signal_wait(0) != 0;
}

static int run(int argc, char **argv)
{
	struct command c;
	struct upk_error err = { 0 };
	struct upk_replay outcome;
	int status = take_command_line(&c, argc, argv);
	if (status >= 0)
		return status;
	struct upk_client *client = upk_client_create(c.url, &err);
	if (client)
		upk_client_stop_when(client, is_stopped);
	bool ok = client && play(&c, client, &outcome, &err) && report(&c, &outcome, &err);
	upk_client_destroy(client);
	if (ok)
		return UPK_EXIT_OK;
	fprintf(stderr, "upkeepd replay: %s\n", err.message);
	return UPK_EXIT_FAILED;
}

const struct upk_command upk_cmd_replay = {
	.name = "replay",
	.summary = "play a labelled CSV file against a running daemon",
	.run = run,
};
