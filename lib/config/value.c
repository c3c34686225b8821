#include "config/value.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/number.h"

enum { SHOWN_BYTES = 64 };

/* Bytes of text to show: all, or as many as end at a character. */
static size_t cut(struct upk_text text)
{
	if (text.size <= SHOWN_BYTES)
		return text.size;
	size_t size = SHOWN_BYTES;
	while (size > SHOWN_BYTES - 4 && ((unsigned char)text.data[size] & 0xC0) == 0x80)
		size--;
	return size;
}

static size_t show_bytes(struct upk_text text, char *out)
{
	size_t size = cut(text);
	for (size_t i = 0; i < size; i++) {
		unsigned char c = (unsigned char)text.data[i];
		out[i] = c < 0x20 || c == 0x7F ? '?' : text.data[i];
	}
	out[size] = 0;
	if (size < text.size) {
		memcpy(out + size, "...", 4);
		size += 3;
	}
	return size;
}

const char *upk_text_show(struct upk_text text, char out[UPK_VALUE_SHOWN])
{
	show_bytes(text, out);
	return out;
}

static const char *show_quoted(struct upk_text text, char out[UPK_VALUE_SHOWN])
{
	out[0] = '"';
	size_t size = show_bytes(text, out + 1);
	memcpy(out + 1 + size, "\"", 2);
	return out;
}

const char *upk_value_show(struct upk_json_reader *r, enum upk_json_token token,
	struct upk_text text, char out[UPK_VALUE_SHOWN])
{
	switch (token) {
	case UPK_JSON_STRING:
		return show_quoted(text, out);
	case UPK_JSON_NUMBER:
		return upk_text_show(text, out);
	case UPK_JSON_TRUE:
		return upk_text_show(upk_text_of("true"), out);
	case UPK_JSON_FALSE:
		return upk_text_show(upk_text_of("false"), out);
	case UPK_JSON_NULL:
		return upk_text_show(upk_text_of("null"), out);
	case UPK_JSON_OBJECT:
	case UPK_JSON_ARRAY: {
		struct upk_text raw;
		if (upk_json_skip(r, token, &raw))
			return upk_text_show(raw, out);
		break;
	}
	default:
		break;
	}
	out[0] = 0;
	return out;
}

bool upk_value_wrong(struct upk_json_reader *r, const char *member, enum upk_json_token token,
	struct upk_text text, const char *want, struct upk_error *err)
{
	char shown[UPK_VALUE_SHOWN];

	upk_value_show(r, token, text, shown);
	if (upk_json_reason(r))
		return upk_json_fail(r, err);
	return upk_fail(err, UPK_INVALID, "%s: %s: want %s", member, shown, want);
}

const char *upk_value_show_json(const cJSON *json, char out[UPK_VALUE_SHOWN])
{
	if (cJSON_IsString(json))
		return show_quoted(upk_text_of(json->valuestring), out);
	char *text = upk_json_print(json);
	upk_text_show(upk_text_of(text ? text : "?"), out);
	free(text);
	return out;
}

bool upk_value_skip(struct upk_json_reader *r, enum upk_json_token token, struct upk_text text,
	struct upk_error *err)
{
	bool finite = true;
	for (size_t depth = 0; token != UPK_JSON_ERROR; token = upk_json_next(r, &text)) {
		double x;
		if (token == UPK_JSON_NUMBER && finite && !upk_number_parse(text, &x)) {
			char shown[UPK_VALUE_SHOWN];
			finite = upk_fail(err, UPK_INVALID, "%s: too large for a number",
				upk_text_show(text, shown));
		}
		if (token == UPK_JSON_OBJECT || token == UPK_JSON_ARRAY)
			depth++;
		else if (token == UPK_JSON_OBJECT_END || token == UPK_JSON_ARRAY_END)
			depth--;
		if (!depth)
			return finite;
	}
	return false;
}

struct upk_text upk_value_digits(struct upk_text number)
{
	if (memchr(number.data, '.', number.size) || memchr(number.data, 'e', number.size) ||
		memchr(number.data, 'E', number.size))
		return (struct upk_text){ 0 };
	if (upk_text_is(number, "-0"))
		return upk_text_of("0");
	return number;
}
