#include "base/spelling.h"

#include <stdio.h>
#include <string.h>

enum { WORD_MAX = 32, NEAR = 2 };

static size_t least(size_t a, size_t b, size_t c)
{
	size_t ab = a < b ? a : b;
	return ab < c ? ab : c;
}

static unsigned char lower(char c)
{
	return (unsigned char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

/* Levenshtein distance, one row at a time, or any above NEAR: no row is nearer than the one before.
 * Both words are at most WORD_MAX long. */
static size_t distance(struct upk_text a, struct upk_text b)
{
	size_t row[WORD_MAX + 1];

	for (size_t j = 0; j <= b.size; j++)
		row[j] = j;
	for (size_t i = 1; i <= a.size; i++) {
		size_t diagonal = row[0], nearest = i;
		row[0] = i;
		for (size_t j = 1; j <= b.size; j++) {
			size_t above = row[j];
			size_t change = diagonal + (lower(a.data[i - 1]) != lower(b.data[j - 1]));
			row[j] = least(above + 1, row[j - 1] + 1, change);
			diagonal = above;
			nearest = row[j] < nearest ? row[j] : nearest;
		}
		if (nearest > NEAR)
			return nearest;
	}
	return row[b.size];
}

void upk_spelling_try(struct upk_spelling *s, struct upk_text name)
{
	struct upk_text word = upk_text_of(s->word);
	size_t d;

	if (word.size > WORD_MAX || name.size > WORD_MAX || name.size > word.size + NEAR ||
		word.size > name.size + NEAR)
		return;
	d = distance(word, name);
	if (d <= NEAR && (d < word.size || d < name.size) &&
		(!s->nearest.data || d < s->distance)) {
		s->nearest = name;
		s->distance = d;
	}
}

const char *upk_spelling_nearest(const char *word, const char *const *names)
{
	struct upk_spelling s = { .word = word };

	for (; *names; names++)
		upk_spelling_try(&s, upk_text_of(*names));
	return s.nearest.data;
}

const char *upk_spelling_ask(const struct upk_spelling *s, char out[UPK_SPELLING_SIZE])
{
	out[0] = '\0';
	if (s->nearest.data)
		snprintf(out, UPK_SPELLING_SIZE, "; did you mean %.*s?", (int)s->nearest.size,
			s->nearest.data);
	return out;
}

bool upk_spelling_add(char out[UPK_SPELLING_SIZE], struct upk_text name)
{
	size_t used = strlen(out), left = UPK_SPELLING_SIZE - sizeof ", ...";
	const char *between = used > 0 ? ", " : "";
	bool fits = used + strlen(between) + name.size <= left;

	snprintf(out + used, UPK_SPELLING_SIZE - used, "%s%.*s", between, fits ? (int)name.size : 3,
		fits ? name.data : "...");
	return fits;
}

const char *upk_spelling_list(const char *const *names, char out[UPK_SPELLING_SIZE])
{
	out[0] = '\0';
	while (*names && upk_spelling_add(out, upk_text_of(*names)))
		names++;
	return out;
}
