#include "base/spelling.h"

#include <stdio.h>
#include <string.h>

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

const char *upk_spelling_nearest(const char *word, const char *const *names)
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

const char *upk_spelling_list(const char *const *names, char out[UPK_SPELLING_SIZE])
{
	size_t used = 0, left = UPK_SPELLING_SIZE - sizeof ", ...";

	out[0] = '\0';
	for (; *names; names++) {
		size_t needed = strlen(*names) + (used ? 2 : 0);
		if (used + needed > left) {
			snprintf(out + used, UPK_SPELLING_SIZE - used, "%s...", used ? ", " : "");
			break;
		}
		used += (size_t)snprintf(
			out + used, UPK_SPELLING_SIZE - used, "%s%s", used ? ", " : "", *names);
	}
	return out;
}
