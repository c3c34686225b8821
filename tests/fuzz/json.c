/* The strict reader and the documents made with it: whatever it accepts, cJSON accepts and reads to
 * the same values; skipping a value finds the same faults as reading it; what is printed reads back
 * to an equal document; and comments change nothing but the places of faults. */
#include "base/json.h"
#include "base/json_reader.h"
#include "base/number.h"
#include "fuzz.h"

/* Reads the value that begins with token beside cJSON's. */
static void compare(struct upk_json_reader *r, enum upk_json_token token, struct upk_text text,
	const cJSON *json)
{
	double x, y;
	const cJSON *child = json->child;
	switch (token) {
	case UPK_JSON_OBJECT:
		must(cJSON_IsObject(json));
		for (; (token = upk_json_next(r, &text)) == UPK_JSON_KEY; child = child->next) {
			must(child && upk_text_is(text, child->string));
			token = upk_json_next(r, &text);
			compare(r, token, text, child);
		}
		must(token == UPK_JSON_OBJECT_END && !child);
		break;
	case UPK_JSON_ARRAY:
		must(cJSON_IsArray(json));
		for (; (token = upk_json_next(r, &text)) != UPK_JSON_ARRAY_END;
			child = child->next) {
			must(child);
			compare(r, token, text, child);
		}
		must(!child);
		break;
	case UPK_JSON_STRING:
		must(cJSON_IsString(json) && upk_text_is(text, json->valuestring));
		break;
	case UPK_JSON_NUMBER:
		must(cJSON_IsNumber(json) && upk_number_parse(text, &x));
		must(upk_json_read_double(r, &y) && same_bits(x, y));
		must(same_bits(x, json->valuedouble));
		break;
	default:
		must(cJSON_IsNull(json)
				? token == UPK_JSON_NULL
				: token == (cJSON_IsTrue(json) ? UPK_JSON_TRUE : UPK_JSON_FALSE));
	}
}

/* The verdict of the reader, and of one that overflows no double; where the fault is. */
static bool read_all(struct upk_json_reader *r, struct upk_text text, bool *finite, size_t *at)
{
	struct upk_text value;
	enum upk_json_token token;
	double x;
	*finite = true;
	upk_json_reader_reset(r, text);
	while ((token = upk_json_next(r, &value)) != UPK_JSON_END && token != UPK_JSON_ERROR)
		if (token == UPK_JSON_NUMBER)
			*finite = upk_number_parse(value, &x) && *finite;
	*at = upk_json_at(r);
	return token == UPK_JSON_END;
}

static bool skip_all(struct upk_json_reader *r, struct upk_text text)
{
	upk_json_reader_reset(r, text);
	return upk_json_skip(r, upk_json_next(r, NULL), NULL) &&
		upk_json_next(r, NULL) == UPK_JSON_END;
}

static void check_printed(const cJSON *json)
{
	char *text = upk_json_print(json);
	must(text);
	cJSON *again = upk_json_parse(upk_text_of(text), NULL);
	must(again && upk_json_equal(again, json));
	cJSON_Delete(again);
	free(text);
}

static void check_valid(struct upk_json_reader *r, struct upk_text text, bool finite)
{
	cJSON *json = upk_json_parse(text, NULL);
	cJSON *commented = upk_json_parse_commented(text, NULL);
	must((json != NULL) == finite && (commented != NULL) == finite);
	if (finite) {
		cJSON *lax = cJSON_ParseWithLength(text.data, text.size);
		struct upk_text value;
		must(lax && upk_json_equal(json, commented));
		upk_json_reader_reset(r, text);
		enum upk_json_token token = upk_json_next(r, &value);
		compare(r, token, value, lax);
		cJSON_Delete(lax);
		check_printed(json);
	}
	cJSON_Delete(json);
	cJSON_Delete(commented);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *copy = fuzz_copy(data, size);
	struct upk_text text = { copy, size };
	struct upk_json_reader *r = upk_json_reader_create(text);
	bool finite;
	size_t at;
	must(r);
	bool valid = read_all(r, text, &finite, &at);
	must(at <= size && (valid || upk_json_reason(r)));
	must(skip_all(r, text) == valid);
	if (valid) {
		check_valid(r, text, finite);
	} else {
		must(!upk_json_parse(text, NULL));
		cJSON_Delete(upk_json_parse_commented(text, NULL));
	}
	upk_json_reader_destroy(r);
	free(copy);
	return 0;
}
