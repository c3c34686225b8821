#include "base/json_writer.h"

#include <inttypes.h>
#include <math.h>

#include "base/number.h"
#include "base/time.h"

struct upk_json_writer upk_json_writer_on(struct upk_buffer *out)
{
	return (struct upk_json_writer){ .out = out };
}

/* What stands for a byte that may not appear raw in a string; 'u' for the \u00XX form, 0 for a
 * byte that stands for itself. */
static char escape_of(unsigned char c)
{
	switch (c) {
	case '"':
	case '\\':
		return (char)c;
	case '\b':
		return 'b';
	case '\f':
		return 'f';
	case '\n':
		return 'n';
	case '\r':
		return 'r';
	case '\t':
		return 't';
	default:
		return c < 0x20 ? 'u' : 0;
	}
}

static void put_escape(struct upk_buffer *out, unsigned char c, char escape)
{
	static const char hex[] = "0123456789abcdef";
	char long_form[] = { '\\', 'u', '0', '0', hex[c >> 4], hex[c & 15] };
	char short_form[] = { '\\', escape };

	if (escape == 'u')
		upk_buffer_append(out, long_form, sizeof long_form);
	else
		upk_buffer_append(out, short_form, sizeof short_form);
}

static void quote(struct upk_buffer *out, struct upk_text text)
{
	size_t done = 0;

	upk_buffer_putc(out, '"');
	for (size_t i = 0; i < text.size; i++) {
		char escape = escape_of((unsigned char)text.data[i]);
		if (!escape)
			continue;
		upk_buffer_append(out, text.data + done, i - done);
		put_escape(out, (unsigned char)text.data[i], escape);
		done = i + 1;
	}
	upk_buffer_append(out, text.data ? text.data + done : NULL, text.size - done);
	upk_buffer_putc(out, '"');
}

void upk_json_key(struct upk_json_writer *w, struct upk_text name)
{
	if (w->comma)
		upk_buffer_putc(w->out, ',');
	quote(w->out, name);
	upk_buffer_putc(w->out, ':');
	w->comma = false;
}

/* Everything that stands before a value; afterwards the next one needs a comma. */
static void lead(struct upk_json_writer *w, const char *key)
{
	if (key)
		upk_json_key(w, upk_text_of(key));
	else if (w->comma)
		upk_buffer_putc(w->out, ',');
	w->comma = true;
}

static void open_level(struct upk_json_writer *w, const char *key, char bracket)
{
	lead(w, key);
	upk_buffer_putc(w->out, bracket);
	w->comma = false;
}

static void close_level(struct upk_json_writer *w, char bracket)
{
	upk_buffer_putc(w->out, bracket);
	w->comma = true;
}

void upk_json_object(struct upk_json_writer *w, const char *key)
{
	open_level(w, key, '{');
}

void upk_json_object_end(struct upk_json_writer *w)
{
	close_level(w, '}');
}

void upk_json_array(struct upk_json_writer *w, const char *key)
{
	open_level(w, key, '[');
}

void upk_json_array_end(struct upk_json_writer *w)
{
	close_level(w, ']');
}

void upk_json_text(struct upk_json_writer *w, const char *key, struct upk_text value)
{
	lead(w, key);
	if (value.data)
		quote(w->out, value);
	else
		upk_buffer_puts(w->out, "null");
}

void upk_json_string(struct upk_json_writer *w, const char *key, const char *value)
{
	upk_json_text(w, key, upk_text_of(value));
}

void upk_json_int(struct upk_json_writer *w, const char *key, int64_t value)
{
	char digits[20]; /* of 2^64 */
	size_t at = sizeof digits;
	uint64_t left = value < 0 ? -(uint64_t)value : (uint64_t)value;

	lead(w, key);
	do
		digits[--at] = (char)('0' + left % 10);
	while (left /= 10);
	if (value < 0)
		upk_buffer_putc(w->out, '-');
	upk_buffer_append(w->out, digits + at, sizeof digits - at);
}

void upk_json_double(struct upk_json_writer *w, const char *key, double value)
{
	char text[UPK_NUMBER_SIZE];

	lead(w, key);
	if (isfinite(value))
		upk_buffer_append(w->out, text, upk_number_print(value, text));
	else
		upk_buffer_puts(w->out, "null");
}

void upk_json_bool(struct upk_json_writer *w, const char *key, bool value)
{
	lead(w, key);
	upk_buffer_puts(w->out, value ? "true" : "false");
}

void upk_json_null(struct upk_json_writer *w, const char *key)
{
	lead(w, key);
	upk_buffer_puts(w->out, "null");
}

void upk_json_time(struct upk_json_writer *w, const char *key, int64_t ms)
{
	char text[UPK_TIME_SIZE];
	size_t size = upk_time_print(ms, text);
	upk_json_text(w, key, (struct upk_text){ text, size });
}

void upk_json_raw(struct upk_json_writer *w, const char *key, struct upk_text json)
{
	lead(w, key);
	upk_buffer_append(w->out, json.data, json.size);
}
