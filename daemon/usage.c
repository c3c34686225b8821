#include "usage.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/spelling.h"
#include "cmd/command.h"

enum { WORD_MAX = 32 };

int upk_usage_fail(const char *command, const char *format, ...)
{
	va_list args;

	fprintf(stderr, "upkeepd%s%s: ", command ? " " : "", command ? command : "");
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fprintf(stderr, "\nTry: upkeepd%s%s --help\n", command ? " " : "", command ? command : "");
	return UPK_EXIT_USAGE;
}

int upk_usage_option(
	int argc, char *const *argv, const char *short_options, const struct option *options)
{
	int at = -1, what = getopt_long(argc, argv, short_options, options, &at);

	if (at < 0 || what == '?' || what == ':')
		return what;
	int word = optarg && optarg == argv[optind - 1] ? optind - 2 : optind - 1;
	if (strcspn(argv[word] + 2, "=") == strlen(options[at].name))
		return what;
	optind = word + 1;
	optopt = 0;
	return '?';
}

int upk_usage_bad_option(
	const char *command, int what, char *const *argv, const struct option *options)
{
	enum { OPTIONS_MAX = 64 };
	const char *names[OPTIONS_MAX + 1] = { NULL };
	char name[WORD_MAX + 1];
	const char *word = argv[optind - 1];

	if (what == ':')
		return upk_usage_fail(command, "%s wants a value", word);
	if (optopt > 0 && optopt < 128)
		return upk_usage_fail(command, "unknown option -%c", optopt);
	for (size_t i = 0; i < OPTIONS_MAX && options[i].name; i++)
		names[i] = options[i].name;
	snprintf(name, sizeof name, "%.*s", (int)strcspn(word + 2, "="), word + 2);
	const char *meant = upk_spelling_nearest(name, names);
	if (meant)
		return upk_usage_fail(
			command, "unknown option %s; did you mean --%s?", word, meant);
	return upk_usage_fail(command, "unknown option %s", word);
}
