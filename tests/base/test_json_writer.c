#include "base/json_writer.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cjson/cJSON.h>
#include <cmocka.h>

#include "base/json_reader.h"

static void commas_and_colons_stand_where_they_belong(void **state)
{
	(void)state;
	struct upk_buffer b = { 0 };
	struct upk_json_writer w = upk_json_writer_on(&b);

	upk_json_object(&w, NULL);
	upk_json_string(&w, "s", "x");
	upk_json_string(&w, "none", NULL);
	upk_json_text(&w, "t", (struct upk_text){ "yz", 1 });
	upk_json_text(&w, "absent", upk_text_of(NULL));
	upk_json_array(&w, "list");
	upk_json_int(&w, NULL, INT64_MIN);
	upk_json_array(&w, NULL);
	upk_json_array_end(&w);
	upk_json_object(&w, NULL);
	upk_json_object_end(&w);
	upk_json_double(&w, NULL, 0.1);
	upk_json_double(&w, NULL, NAN);
	upk_json_double(&w, NULL, -INFINITY);
	upk_json_array_end(&w);
	upk_json_bool(&w, "yes", true);
	upk_json_bool(&w, "no", false);
	upk_json_null(&w, "null");
	upk_json_time(&w, "time", 1767261600250);
	upk_json_raw(&w, "raw", upk_text_of("[1]"));
	upk_json_key(&w, (struct upk_text){ "cl\"ass", 6 });
	upk_json_object(&w, NULL);
	upk_json_int(&w, "n", 1);
	upk_json_object_end(&w);
	upk_json_int(&w, "last", 2);
	upk_json_object_end(&w);

	assert_false(b.failed);
	upk_buffer_putc(&b, '\0');
	assert_string_equal(b.data,
		"{\"s\":\"x\",\"none\":null,\"t\":\"y\",\"absent\":null,"
		"\"list\":[-9223372036854775808,[],{},0.1,null,null],\"yes\":true,\"no\":false,"
		"\"null\":null,\"time\":\"2026-01-01T10:00:00.250Z\",\"raw\":[1],"
		"\"cl\\\"ass\":{\"n\":1},\"last\":2}");
	upk_buffer_finish(&b);
}

static void strings_read_back_in_cjson_and_in_our_reader(void **state)
{
	(void)state;
	char all[300];
	struct upk_buffer b = { 0 };
	struct upk_json_writer w = upk_json_writer_on(&b);
	for (int i = 0; i < 127; i++)
		all[i] = (char)(i + 1);
	strcpy(all + 127, "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80</script>");
	upk_json_string(&w, NULL, all);

	cJSON *json = cJSON_ParseWithLength(b.data, b.size);
	assert_string_equal(cJSON_GetStringValue(json), all);
	cJSON_Delete(json);

	struct upk_json_reader *r = upk_json_reader_create(upk_buffer_text(&b));
	struct upk_text text;
	assert_int_equal(upk_json_next(r, &text), UPK_JSON_STRING);
	assert_true(upk_text_is(text, all));
	assert_int_equal(upk_json_next(r, NULL), UPK_JSON_END);
	upk_json_reader_destroy(r);
	upk_buffer_finish(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(commas_and_colons_stand_where_they_belong),
		cmocka_unit_test(strings_read_back_in_cjson_and_in_our_reader),
	};
	return cmocka_run_group_tests_name("json_writer", tests, NULL, NULL);
}
