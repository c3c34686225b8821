#include "windows/history.h"

#include <stdint.h>

static void put(struct upk_buffer *out, uint64_t value)
{
	for (; value >= 0x80; value >>= 7)
		upk_buffer_putc(out, (char)(value | 0x80));
	upk_buffer_putc(out, (char)value);
}

/* Takes a varint from the front of `text`; at most 64 bits, in the fewest bytes. */
static bool take(struct upk_text *text, uint64_t *value)
{
	uint64_t sum = 0;
	for (unsigned shift = 0; text->size > 0 && shift < 64; shift += 7) {
		unsigned char byte = (unsigned char)*text->data;
		text->data++;
		text->size--;
		if (shift == 63 && byte > 1)
			return false;
		sum |= (uint64_t)(byte & 0x7f) << shift;
		if (byte < 0x80) {
			*value = sum;
			return byte != 0 || shift == 0;
		}
	}
	return false;
}

static bool appears(const struct upk_confusion *c, size_t class)
{
	return upk_confusion_actual(c, class) || upk_confusion_predicted(c, class);
}

void upk_history_encode(const struct upk_confusion *c, struct upk_buffer *out)
{
	size_t classes = upk_confusion_classes(c);
	while (classes > 0 && !appears(c, classes - 1))
		classes--;

	put(out, classes);
	for (size_t k = 0; k < classes; k++) {
		put(out, upk_confusion_cell(c, k, k));
		put(out, upk_confusion_actual(c, k));
		put(out, upk_confusion_predicted(c, k));
	}
}

static bool take_margins(struct upk_text *text, struct upk_margins *m)
{
	return take(text, &m->hits) && take(text, &m->actual) && take(text, &m->predicted) &&
		m->hits <= m->actual && m->hits <= m->predicted;
}

bool upk_history_decode(struct upk_text counts, struct upk_confusion *into, struct upk_error *err)
{
	uint64_t classes;
	if (!take(&counts, &classes) || classes > UPK_CLASSES_MAX)
		return upk_fail(err, UPK_CORRUPT, "a point of history has no number of classes");
	if (!upk_confusion_grow(into, (size_t)classes, err))
		return false;

	for (size_t k = 0; k < upk_confusion_classes(into); k++) {
		struct upk_margins margins = { 0 };
		if (k < classes && !take_margins(&counts, &margins))
			return upk_fail(err, UPK_CORRUPT,
				"a point of history has no counts of class %zu", k);
		upk_confusion_set_margins(into, k, margins);
	}
	return counts.size == 0 || upk_fail(err, UPK_CORRUPT, "a point of history is too long");
}
