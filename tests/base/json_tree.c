#include "json_tree.h"

#include <inttypes.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "base/number.h"

static void put_hex(struct upk_buffer *out, char kind, struct upk_text text)
{
	upk_buffer_putc(out, kind);
	for (size_t i = 0; i < text.size; i++)
		upk_buffer_printf(out, "%02x", (unsigned char)text.data[i]);
}

static void put_number(struct upk_buffer *out, double x)
{
	uint64_t bits;
	memcpy(&bits, &x, sizeof bits);
	upk_buffer_printf(out, "n%016" PRIx64, bits);
}

/* The reader leaves it to its callers to refuse what overflows; Python reads infinity. */
static void put_written(struct upk_buffer *out, struct upk_text text)
{
	double x;
	if (!upk_number_parse(text, &x))
		x = text.data[0] == '-' ? -INFINITY : INFINITY;
	put_number(out, x);
}

void json_tree_of_tokens(struct upk_buffer *out, struct upk_json_reader *r)
{
	static const char marks[] = {
		[UPK_JSON_OBJECT] = '{',
		[UPK_JSON_OBJECT_END] = '}',
		[UPK_JSON_ARRAY] = '[',
		[UPK_JSON_ARRAY_END] = ']',
		[UPK_JSON_TRUE] = 't',
		[UPK_JSON_FALSE] = 'f',
		[UPK_JSON_NULL] = 'z',
	};
	struct upk_text text;
	enum upk_json_token token;

	while ((token = upk_json_next(r, &text)) != UPK_JSON_END) {
		if (token == UPK_JSON_ERROR) {
			upk_buffer_clear(out);
			upk_buffer_putc(out, '-');
			return;
		}
		if (token == UPK_JSON_KEY || token == UPK_JSON_STRING)
			put_hex(out, token == UPK_JSON_KEY ? 'k' : 's', text);
		else if (token == UPK_JSON_NUMBER)
			put_written(out, text);
		else
			upk_buffer_putc(out, marks[token]);
	}
}

void json_tree_of_document(struct upk_buffer *out, const cJSON *json)
{
	const cJSON *child;

	if (cJSON_IsNumber(json))
		put_number(out, json->valuedouble);
	else if (cJSON_IsString(json))
		put_hex(out, 's', upk_text_of(json->valuestring));
	else if (!cJSON_IsArray(json) && !cJSON_IsObject(json))
		upk_buffer_putc(out, cJSON_IsNull(json) ? 'z' : cJSON_IsTrue(json) ? 't' : 'f');
	else {
		upk_buffer_putc(out, cJSON_IsObject(json) ? '{' : '[');
		cJSON_ArrayForEach(child, json)
		{
			if (cJSON_IsObject(json))
				put_hex(out, 'k', upk_text_of(child->string));
			json_tree_of_document(out, child);
		}
		upk_buffer_putc(out, cJSON_IsObject(json) ? '}' : ']');
	}
}
