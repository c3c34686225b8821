#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

/* A message that filled its place may end inside a character: leave that character out. What is
 * not UTF-8 at all (no start within the last 3 bytes) is kept as it is. */
static void trim(char *message)
{
	size_t size = strlen(message);
	size_t start = size;
	while (start > 0 && size - start < 3 && ((unsigned char)message[start - 1] & 0xc0) == 0x80)
		start--;
	if (start == 0 || (unsigned char)message[start - 1] < 0xc0)
		return;
	start--;
	if (upk_text_character((struct upk_text){ message, size }, start) == 0)
		message[start] = '\0';
}

static void format_message(char *out, size_t capacity, const char *format, va_list args)
	__attribute__((format(printf, 3, 0)));

static void format_message(char *out, size_t capacity, const char *format, va_list args)
{
	int length = vsnprintf(out, capacity, format, args);
	if (length < 0)
		out[0] = '\0';
	else if ((size_t)length >= capacity)
		trim(out);
}

bool upk_fail(struct upk_error *err, enum upk_code code, const char *format, ...)
{
	if (!err)
		return false;

	/* An argument may be the old message itself. */
	struct upk_error made = { .code = code };
	va_list args;
	va_start(args, format);
	format_message(made.message, sizeof made.message, format, args);
	va_end(args);
	*err = made;
	return false;
}

bool upk_fail_in(struct upk_error *err, const char *format, ...)
{
	if (!err)
		return false;

	struct upk_error made = { .code = err->code };
	va_list args;
	va_start(args, format);
	format_message(made.message, sizeof made.message, format, args);
	va_end(args);

	size_t used = strlen(made.message);
	size_t room = sizeof made.message - used;
	int length = snprintf(made.message + used, room, "%s", err->message);
	if (length >= 0 && (size_t)length >= room)
		trim(made.message);
	*err = made;
	return false;
}
