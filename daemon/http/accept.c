#include "http/accept.h"

#include <string.h>
#include <strings.h>

#include "base/number.h"
#include "base/text.h"

static struct upk_text next_piece(struct upk_text *rest, char separator)
{
	struct upk_text piece = *rest;
	const char *end = rest->size > 0 ? memchr(rest->data, separator, rest->size) : NULL;

	if (end) {
		piece.size = (size_t)(end - rest->data);
		*rest = (struct upk_text){ end + 1, rest->size - piece.size - 1 };
	} else {
		*rest = (struct upk_text){ 0 };
	}
	while (piece.size > 0 && strchr(" \t", *piece.data)) {
		piece.data++;
		piece.size--;
	}
	while (piece.size > 0 && strchr(" \t", piece.data[piece.size - 1]))
		piece.size--;
	return piece;
}

/* How closely a range names the type: 3 itself, 2 its "type" with a star, 1 everything, 0 not. */
static int closeness(struct upk_text range, const char *type)
{
	size_t major = strcspn(type, "/") + 1;

	if (range.size == strlen(type) && strncasecmp(range.data, type, range.size) == 0)
		return 3;
	if (range.size == major + 1 && range.data[major] == '*' &&
		strncasecmp(range.data, type, major) == 0)
		return 2;
	return upk_text_is(range, "*/*");
}

static double quality_of(struct upk_text parameters)
{
	double quality = 1;

	while (parameters.data) {
		struct upk_text one = next_piece(&parameters, ';');
		if (one.size < 3 || strncasecmp(one.data, "q=", 2) != 0)
			continue;
		struct upk_text number = { one.data + 2, one.size - 2 };
		if (!upk_number_parse(number, &quality) || !(quality >= 0 && quality <= 1))
			return 0;
	}
	return quality;
}

double upk_accept_quality(const char *accept, const char *type)
{
	struct upk_text rest = upk_text_of(accept);
	double quality = 0;
	int closest = 0;

	if (!accept)
		return 1;
	while (rest.data) {
		struct upk_text parameters = next_piece(&rest, ',');
		int close = closeness(next_piece(&parameters, ';'), type);
		if (close > closest) {
			closest = close;
			quality = quality_of(parameters);
		}
	}
	return quality;
}

bool upk_accept_openmetrics(const char *accept)
{
	static const char type[] = "application/openmetrics-text";
	double quality = upk_accept_quality(accept, type);

	return accept && strcasestr(accept, type) && quality > 0 &&
		quality >= upk_accept_quality(accept, "text/plain");
}
