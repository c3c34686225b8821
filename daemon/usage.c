#include "usage.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cmd/command.h"

enum { WORD_MAX = 32, NEAR = 2 };

static size_t least(size_t a, size_t b, size_t c)
{
	size_t ab = a < b ? a : b;
	return ab < c ? ab : c;
}

/* Levenshtein distance, one row at a time; both words are at most WORD_MAX long. */
static size_t distance(const char *a, const char *b)
{
	size_t width = strlen(b), row[WORD_MAX + 1];

	for (size_t j = 0; j <= width; j++)
		row[j] = j;
	for (size_t i = 1; a[i - 1]; i++) {
		size_t diagonal = row[0];
		row[0] = i;
		for (size_t j = 1; j <= width; j++) {
			size_t above = row[j];
			size_t change = diagonal + (a[i - 1] != b[j - 1]);
			row[j] = least(above + 1, row[j - 1] + 1, change);
			diagonal = above;
		}
	}
	return row[width];
}

const char *upk_usage_nearest(const char *word, const char *const *names)
{
	const char *nearest = NULL;
	size_t best = NEAR + 1;

	if (strlen(word) > WORD_MAX)
		return NULL;
	for (; *names; names++) {
		size_t d = strlen(*names) <= WORD_MAX ? distance(word, *names) : best;
		if (d < best) {
			best = d;
			nearest = *names;
		}
	}
	return nearest;
}

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
	const char *meant = upk_usage_nearest(name, names);
	if (meant)
		return upk_usage_fail(
			command, "unknown option %s; did you mean --%s?", word, meant);
	return upk_usage_fail(command, "unknown option %s", word);
}
