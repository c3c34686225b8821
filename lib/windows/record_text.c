#include "windows/record_text.h"

#include <math.h>
#include <string.h>

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* Five bits a character, the least first; the sixth says that more follow. */
static void put(struct upk_buffer *out, uint64_t value)
{
	for (; value >= 32; value >>= 5)
		upk_buffer_putc(out, digits[32 | (value & 31)]);
	upk_buffer_putc(out, digits[value]);
}

static bool take(struct upk_text *text, uint64_t *value)
{
	*value = 0;
	for (unsigned shift = 0; text->size > 0 && shift < 60; shift += 5) {
		const char *digit = memchr(digits, *text->data, sizeof digits - 1);
		text->data++;
		text->size--;
		if (!digit)
			return false;
		uint64_t bits = (uint64_t)(digit - digits);
		*value |= (bits & 31) << shift;
		if (bits < 32)
			return true;
	}
	return false;
}

/* Pairs numbered by their greater class, so that small classes make small numbers whatever their
 * number (Rosenberg and Strong). */
static uint64_t number_of(struct upk_pair pair)
{
	uint64_t greater = pair.actual > pair.predicted ? pair.actual : pair.predicted;
	return greater * greater + greater + pair.actual - pair.predicted;
}

static struct upk_pair pair_of(uint64_t number)
{
	uint64_t greater = (uint64_t)sqrt((double)number), rest = number - greater * greater;
	if (rest <= greater)
		return (struct upk_pair){ (uint16_t)rest, (uint16_t)greater };
	return (struct upk_pair){ (uint16_t)greater, (uint16_t)(2 * greater - rest) };
}

void upk_record_text_write(const struct upk_record *r, struct upk_buffer *out)
{
	int64_t last = 0, place;
	for (size_t i = 0; i < upk_record_firsts(r); i++, last = place) {
		struct upk_pair pair = upk_record_first(r, i, &place);
		bool next = place == last + 1;
		put(out, number_of(pair) << 1 | !next);
		if (!next)
			put(out, (uint64_t)(place - last));
	}
}

bool upk_record_text_read(
	struct upk_text text, size_t classes, struct upk_record *r, struct upk_error *err)
{
	int64_t place = 0;
	while (text.size > 0) {
		uint64_t number, step = 1;
		bool read = take(&text, &number) && (number % 2 == 0 || take(&text, &step));
		struct upk_pair pair = pair_of(number >> 1);
		if (!read || number >= UINT64_C(1) << 22 || step == 0 || step > INT64_MAX / 2 ||
			pair.actual >= classes || pair.predicted >= classes)
			return upk_fail(err, UPK_CORRUPT, "a record's first pairs can't be read");
		place += (int64_t)step;
		if (!upk_record_recall_first(r, place, pair, err))
			return false;
	}
	return true;
}
