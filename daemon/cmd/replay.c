#include "cmd/replay.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "client/replay.h"
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

enum option_id {
	MODEL = 256,
	URL,
	LABEL,
	DROP,
	SKIP,
	SHUFFLE,
	LABEL_DELAY,
	BATCH,
	LOCKSTEP,
	LEARNER,
	NO_LIVE,
	JSON,
	HELP,
};

static const struct option options[] = {
	{ "model", required_argument, NULL, MODEL },
	{ "url", required_argument, NULL, URL },
	{ "label", required_argument, NULL, LABEL },
	{ "drop", required_argument, NULL, DROP },
	{ "skip", required_argument, NULL, SKIP },
	{ "shuffle", required_argument, NULL, SHUFFLE },
	{ "label-delay", required_argument, NULL, LABEL_DELAY },
	{ "batch", required_argument, NULL, BATCH },
	{ "lockstep", no_argument, NULL, LOCKSTEP },
	{ "learner", required_argument, NULL, LEARNER },
	{ "no-live", no_argument, NULL, NO_LIVE },
	{ "json", no_argument, NULL, JSON },
	{ "help", no_argument, NULL, HELP },
	{ NULL, 0, NULL, 0 },
};

struct command {
	const char *url;
	const char *drop[DROPS_MAX];
	struct upk_stream_options stream;
	struct upk_player_options player;
	bool json, help;
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

/* [a-z0-9][a-z0-9._-]{0,62} */
static bool take_model(struct command *c, const char *name)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789._-";
	c->player.model = name;
	if (name[0] && !strchr("._-", name[0]) && strlen(name) <= 63 &&
		strspn(name, letters) == strlen(name))
		return true;
	upk_usage_fail("replay",
		"--model \"%s\": want 1 to 63 of a-z 0-9 . _ - that start with a letter or digit",
		name);
	return false;
}

static bool take_drop(struct command *c, const char *column)
{
	if (c->stream.drop_count == DROPS_MAX) {
		upk_usage_fail("replay", "--drop is given more than %d times", DROPS_MAX);
		return false;
	}
	c->drop[c->stream.drop_count++] = column;
	return true;
}

/* An option without an argument. */
static bool take_size(const char *text, const char *name, size_t *size)
{
	uint64_t count = 0;
	if (!take_count(text, name, &count))
		return false;
	*size = (size_t)count;
	return true;
}

static bool take_flag(struct command *c, int option, char **argv)
{
	switch (option) {
	case LOCKSTEP:
		c->player.lockstep = true;
		return true;
	case NO_LIVE:
		c->player.no_live = true;
		return true;
	case JSON:
		c->json = true;
		return true;
	case HELP:
		c->help = true;
		return true;
	default:
		upk_usage_bad_option("replay", option, argv, options);
		return false;
	}
}

static bool take_option(struct command *c, int option, char **argv)
{
	switch (option) {
	case MODEL:
		return take_model(c, optarg);
	case URL:
		c->url = optarg;
		return true;
	case LABEL:
		c->stream.label = optarg;
		return true;
	case DROP:
		return take_drop(c, optarg);
	case SKIP:
		return take_count(optarg, "skip", &c->stream.skip);
	case SHUFFLE:
		c->stream.shuffle = true;
		return take_count(optarg, "shuffle", &c->stream.seed);
	case LABEL_DELAY:
		return take_size(optarg, "label-delay", &c->player.label_delay);
	case BATCH:
		return take_size(optarg, "batch", &c->player.batch);
	case LEARNER:
		c->player.learner = optarg;
		return true;
	default:
		return take_flag(c, option, argv);
	}
}

static bool take_command_line(struct command *c, int argc, char **argv)
{
	*c = (struct command){ .url = "http://127.0.0.1:7850" };
	c->stream.drop = c->drop;
	opterr = 0;
	for (int option; (option = upk_usage_option(argc, argv, ":", options)) != -1;)
		if (!take_option(c, option, argv))
			return false;
	if (c->help)
		return true;
	if (optind + 1 != argc) {
		upk_usage_fail(
			"replay", optind == argc ? "a file is missing" : "one file at a time");
		return false;
	}
	c->stream.path = argv[optind];
	if (!c->player.model) {
		upk_usage_fail("replay", "--model is missing");
		return false;
	}
	if (c->player.batch > 1 && c->player.batch > c->player.label_delay) {
		upk_usage_fail("replay",
			"--batch %zu: at most --label-delay, %zu: labels wait for what one request "
			"predicts",
			c->player.batch, c->player.label_delay);
		return false;
	}
	return true;
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
	if (!take_command_line(&c, argc, argv))
		return UPK_EXIT_USAGE;
	if (c.help) {
		fputs(help, stdout);
		return fflush(stdout) == 0 ? UPK_EXIT_OK : UPK_EXIT_FAILED;
	}
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
