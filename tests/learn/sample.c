#include "learn/sample.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static uint32_t next(uint32_t *state)
{
	*state = (*state * UINT32_C(1103515245) + 12345) & 0x7fffffff;
	return *state >> 8;
}

static double unit(uint32_t *state)
{
	return (double)next(state) / 8388608;
}

static uint16_t label(const double *x, size_t features, size_t classes, uint32_t *state)
{
	double best = -INFINITY;
	uint16_t label = 0;

	for (size_t k = 0; k < classes; k++) {
		double score = 4 * unit(state);
		for (size_t j = 0; j < features; j++)
			score += ((double)((k * 7 + j * 3) % 5) - 2) * x[j];
		if (score > best) {
			best = score;
			label = (uint16_t)k;
		}
	}
	return label;
}

const struct upk_columns *sample_columns(size_t features)
{
	static struct upk_columns *made[64];
	static const char *const first[] = { "len", "caps", "a \"b\"", "" };
	struct upk_column items[64] = { 0 };
	char names[64][8];

	if (features >= 64)
		abort();
	for (size_t i = 0; i < features; i++) {
		snprintf(names[i], sizeof names[i], "f%u", (unsigned char)i);
		items[i].name = upk_text_of(i < 4 ? first[i] : names[i]);
	}
	if (!made[features])
		made[features] = upk_columns_create(items, features, NULL);
	if (!made[features])
		abort();
	return made[features];
}

struct upk_inputs sample_inputs(const struct upk_dataset *d, size_t from, size_t rows)
{
	size_t features = d->table.columns->numbers;

	return (struct upk_inputs){ rows, features, d->table.numbers + from * features, NULL };
}

void sample_rows(struct upk_dataset *d, size_t rows, size_t features, size_t classes, uint32_t gaps)
{
	uint32_t state = 42;
	double *x = calloc(features, sizeof *x);

	upk_dataset_init(d, sample_columns(features), classes);
	for (size_t i = 0; x && i < rows; i++) {
		for (size_t j = 0; j < features; j++) {
			x[j] = unit(&state);
			x[j] += unit(&state);
			x[j] += unit(&state);
			x[j] = (x[j] - 1.5) * (double)(j + 1);
		}
		uint16_t y = label(x, features, classes, &state);
		for (size_t j = 0; gaps && j < features; j++)
			x[j] = next(&state) % gaps == 0 ? NAN : x[j];
		if (!upk_dataset_add(d, x, y, -1, (int64_t)i + 1, NULL))
			abort();
	}
	free(x);
}

static const char *const words[] = { "Offer", "MEETING", "тест", "Ünïcode", "ΑΒΓ", "free", "Free!",
	"money-back", "invoice", "at", "9", "a", "lunch?", "ŽIŽEK", "日本語", "win" };

static const struct upk_columns *typed_columns(void)
{
	static struct upk_columns *made;
	const struct upk_column items[] = {
		{ .name = { "x", 1 } },
		{ .name = { "lang", 4 }, .type = UPK_COLUMN_CATEGORY },
		{ .name = { "body", 4 }, .type = UPK_COLUMN_TEXT },
	};

	if (!made)
		made = upk_columns_create(items, 3, NULL);
	return made;
}

/* The words of a text into out; whether `free` is among them. */
static bool write_words(char *out, size_t room, uint32_t *state)
{
	size_t count = 1 + next(state) % 8, size = 0;
	bool is_free = false;

	for (size_t i = 0; i < count; i++) {
		uint32_t word = next(state) % 16;
		size += (size_t)snprintf(
			out + size, room - size, "%s%s", i ? " " : "", words[word]);
		is_free = is_free || word == 5 || word == 6;
	}
	return is_free;
}

void sample_typed(struct upk_dataset *d)
{
	static const char *const values[] = { "de", "fr", "en", "it", "es", "pt" };
	uint32_t state = 42;
	char text[256];

	upk_dataset_init(d, typed_columns(), 2);
	for (size_t i = 0; i < 400; i++) {
		double x = unit(&state) - 0.5;
		x = next(&state) % 9 == 0 ? NAN : x;
		uint32_t value = next(&state) % 8, other = next(&state) % 8;
		value = value < other ? value : other;
		bool is_free = write_words(text, sizeof text, &state);
		bool spam = is_free + (value == 1) + unit(&state) > 1;
		struct upk_text lang = upk_text_of(value < 6 ? values[value] : NULL);
		if (!upk_dataset_add(d, &x, spam, -1, (int64_t)i + 1, NULL) ||
			!upk_table_set_category(&d->table, i, 1, lang, NULL) ||
			!upk_table_set_text(&d->table, i, 2, upk_text_of(text), NULL))
			abort();
	}
}

static uint16_t skewed(size_t classes, uint32_t *state)
{
	uint32_t a = next(state) % (uint32_t)classes, b = next(state) % (uint32_t)classes;

	return (uint16_t)(a < b ? a : b);
}

void sample_answers(uint16_t *actual, uint16_t *predicted, size_t n, size_t classes, uint32_t seed)
{
	uint32_t state = seed;

	for (size_t i = 0; i < n; i++) {
		uint16_t other;
		actual[i] = skewed(classes, &state);
		other = skewed(classes, &state);
		predicted[i] = next(&state) % 4 ? actual[i] : other;
	}
}
