#include "options.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/spelling.h"
#include "cmd/command.h"
#include "usage.h"

enum { OPTIONS_MAX = 30, WORD_MAX = 32, FIRST = 256, HELP = FIRST + OPTIONS_MAX };

/* Ends with help and with the row that getopt wants. */
static void list(const struct upk_options *o, struct option known[OPTIONS_MAX + 2])
{
	int n = 0;
	for (; n < OPTIONS_MAX && o->items[n].name; n++)
		known[n] = (struct option){ .name = o->items[n].name,
			.has_arg = o->items[n].kind == UPK_OPTION_FLAG ? no_argument
								       : required_argument,
			.val = FIRST + n };
	known[n] = (struct option){ .name = "help", .val = HELP };
	known[n + 1] = (struct option){ 0 };
}

/* As getopt_long has it; but a long one that is cut short is unknown: '?'. */
static int next(int argc, char *const *argv, const struct option *known)
{
	int at = -1, what = getopt_long(argc, argv, ":h", known, &at);
	if (at < 0 || what == '?' || what == ':')
		return what;
	int word = optarg && optarg == argv[optind - 1] ? optind - 2 : optind - 1;
	if (strcspn(argv[word] + 2, "=") == strlen(known[at].name))
		return what;
	optind = word + 1;
	optopt = 0;
	return '?';
}

/* Names the option at fault, and the one that was probably meant. */
static int refuse(const char *command, int what, char *const *argv, const struct option *known)
{
	const char *names[OPTIONS_MAX + 2] = { NULL };
	const char *word = argv[optind - 1];
	char name[WORD_MAX + 1];
	if (what == ':')
		return upk_usage_fail(command, "%s wants a value", word);
	if (optopt >= FIRST)
		return upk_usage_fail(
			command, "%.*s takes no value", (int)strcspn(word, "="), word);
	if (optopt > 0 && optopt < 128)
		return upk_usage_fail(command, "unknown option -%c", optopt);
	for (size_t i = 0; known[i].name; i++)
		names[i] = known[i].name;
	snprintf(name, sizeof name, "%.*s", (int)strcspn(word + 2, "="), word + 2);
	const char *meant = upk_spelling_nearest(name, names);
	if (meant)
		return upk_usage_fail(
			command, "unknown option %s; did you mean --%s?", word, meant);
	return upk_usage_fail(command, "unknown option %s", word);
}

/* [a-z0-9][a-z0-9._-]{0,62} */
static bool check_model(const char *command, const char *name)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789._-";
	if (name[0] && !strchr("._-", name[0]) && strlen(name) <= 63 &&
		strspn(name, letters) == strlen(name))
		return true;
	upk_usage_fail(command,
		"--model \"%s\": want 1 to 63 of a-z 0-9 . _ - that start with a letter or digit",
		name);
	return false;
}

/* What may not be empty is named. */
static bool check_there(const char *command, const struct upk_option *option)
{
	static const char *const wanted[] = {
		[UPK_OPTION_FOLDER] = "a folder",
		[UPK_OPTION_FILE] = "a file",
		[UPK_OPTION_MODEL] = "a model's name",
		[UPK_OPTION_TAKE] = NULL,
	};
	if (!wanted[option->kind] || optarg[0])
		return true;
	upk_usage_fail(command, "--%s: want %s, not nothing", option->name, wanted[option->kind]);
	return false;
}

static bool put(const char *command, const struct upk_option *option, void *into)
{
	void *place = (char *)into + option->at;
	if (!check_there(command, option))
		return false;
	if (option->kind == UPK_OPTION_TAKE)
		return option->take(into, optarg);
	if (option->kind == UPK_OPTION_FLAG)
		*(bool *)place = true;
	else
		*(const char **)place = optarg;
	return option->kind != UPK_OPTION_MODEL || check_model(command, optarg);
}

int upk_options_read(const struct upk_options *o, int argc, char **argv, void *into)
{
	struct option known[OPTIONS_MAX + 2];
	list(o, known);
	opterr = 0;
	for (int what; (what = next(argc, argv, known)) != -1;) {
		if (what == 'h' || what == HELP) {
			fputs(o->help, stdout);
			return fflush(stdout) == 0 ? UPK_EXIT_OK : UPK_EXIT_FAILED;
		}
		if (what < FIRST)
			return refuse(o->command, what, argv, known);
		if (!put(o->command, &o->items[what - FIRST], into))
			return UPK_EXIT_USAGE;
	}
	return -1;
}
