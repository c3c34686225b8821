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

static bool same(struct upk_text a, size_t i, struct upk_text b, size_t j)
{
	return lower(a.data[i]) == lower(b.data[j]);
}

/* Optimal string alignment (a swap of neighbours is one step), or any above NEAR: a row and the one
 * after it that are both further leave none nearer. Both words are at most WORD_MAX long. */
static size_t distance(struct upk_text a, struct upk_text b)
{
	size_t rows[3][WORD_MAX + 1], nearest_before = 0;

	for (size_t j = 0; j <= b.size; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= a.size; i++) {
		size_t *row = rows[i % 3], *above = rows[(i + 2) % 3], *second = rows[(i + 1) % 3];
		size_t nearest = row[0] = i;
		for (size_t j = 1; j <= b.size; j++) {
			size_t change = above[j - 1] + !same(a, i - 1, b, j - 1);
			row[j] = least(above[j] + 1, row[j - 1] + 1, change);
			if (i > 1 && j > 1 && same(a, i - 1, b, j - 2) && same(a, i - 2, b, j - 1))
				row[j] = least(row[j], second[j - 2] + 1, row[j]);
			nearest = row[j] < nearest ? row[j] : nearest;
		}
		if (nearest > NEAR && nearest_before > NEAR)
			return nearest;
		nearest_before = nearest;
	}
	return rows[a.size % 3][b.size];
}

static bool starts_alike(struct upk_text word, struct upk_text name)
{
	return word.size > 0 && name.size > 0 && same(word, 0, name, 0);
}

static bool is_nearer(
	const struct upk_spelling *s, struct upk_text word, struct upk_text name, size_t d)
{
	if (!s->nearest.data || d != s->distance)
		return !s->nearest.data || d < s->distance;
	return starts_alike(word, name) && !starts_alike(word, s->nearest);
}

void upk_spelling_try(struct upk_spelling *s, struct upk_text name)
{
	struct upk_text word = upk_text_of(s->word);
	size_t d;

	if (word.size > WORD_MAX || name.size > WORD_MAX || name.size > word.size + NEAR ||
		word.size > name.size + NEAR)
		return;
	d = distance(word, name);
	if (d <= NEAR && (d < word.size || d < name.size) && is_nearer(s, word, name, d)) {
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

const char *upk_spelling_meant(const char *word, const char *const *names)
{
	enum { WHOLE_LEAST = 4, BEGINNING_LEAST = 6 };
	const char *nearest = upk_spelling_nearest(word, names);

	for (; !nearest && *names; names++) {
		size_t alike = 0;
		while (word[alike] != '\0' && lower(word[alike]) == lower((*names)[alike]))
			alike++;
		if (alike >= BEGINNING_LEAST || (alike >= WHOLE_LEAST && word[alike] == '\0'))
			nearest = *names;
	}
	return nearest;
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
