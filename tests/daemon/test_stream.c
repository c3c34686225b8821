#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "client/stream.h"

#define UNUSED __attribute__((unused))

static const char weather[] = "day,temp,sky,rain\n"
			      "1,20.50,clear,no\n"
			      "2,.5,cloudy,yes\n"
			      "3,NA,,no\n"
			      "4,+7,clear,maybe\n";

static struct upk_stream *read_text(
	const char *text, struct upk_stream_options options, struct upk_error *err)
{
	char path[] = "/tmp/upkeepd-stream-XXXXXX";
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
	options.path = path;
	struct upk_stream *s = upk_stream_read(&options, err);
	unlink(path);
	return s;
}

static void assert_schema(const struct upk_stream *s, const char *wanted)
{
	struct upk_buffer out = { 0 };
	struct upk_json_writer w = upk_json_writer_on(&out);
	upk_json_object(&w, NULL);
	upk_stream_write_schema(s, &w);
	upk_json_object_end(&w);
	upk_buffer_putc(&out, '\0');
	assert_string_equal(out.data, wanted);
	upk_buffer_finish(&out);
}

/* Features and label; the id, whose file name is random, from its colon on. */
static void assert_row(const struct upk_stream *s, size_t row, const char *line, const char *wanted)
{
	struct upk_buffer out = { 0 };
	struct upk_json_writer w = upk_json_writer_on(&out);
	upk_json_object(&w, NULL);
	upk_stream_write_features(s, row, &w);
	upk_stream_write_label(s, row, "label", &w);
	upk_stream_write_id(s, row, &w);
	upk_json_object_end(&w);
	upk_buffer_putc(&out, '\0');
	char *id = strstr(out.data, ",\"id\":\"upkeepd-stream-");
	assert_non_null(id);
	assert_string_equal(strrchr(id, ':'), line);
	*id = '\0';
	assert_string_equal(out.data, wanted);
	upk_buffer_finish(&out);
}

static void the_last_column_is_the_class(void **state UNUSED)
{
	struct upk_stream *s = read_text(weather, (struct upk_stream_options){ 0 }, NULL);
	assert_non_null(s);
	assert_int_equal(upk_stream_rows(s), 4);
	assert_schema(s,
		"{\"classes\":[\"no\",\"yes\",\"maybe\"],\"features\":"
		"[\"day\",\"temp\",{\"name\":\"sky\",\"type\":\"category\"}]}");
	assert_row(s, 0, ":2\"}", "{\"features\":[1,20.5,\"clear\"],\"label\":\"no\"");
	assert_row(s, 1, ":3\"}", "{\"features\":[2,0.5,\"cloudy\"],\"label\":\"yes\"");
	assert_row(s, 2, ":4\"}", "{\"features\":[3,null,null],\"label\":\"no\"");
	assert_row(s, 3, ":5\"}", "{\"features\":[4,7,\"clear\"],\"label\":\"maybe\"");
	upk_stream_destroy(s);
}

static void columns_can_be_chosen_and_dropped(void **state UNUSED)
{
	const char *drop[] = { "rain", "day" };
	struct upk_stream *s = read_text(weather,
		(struct upk_stream_options){ .label = "sky", .drop = drop, .drop_count = 2 }, NULL);
	assert_null(s); /* row 3 has no sky */
	s = read_text(weather, (struct upk_stream_options){ .drop = drop, .drop_count = 1 }, NULL);
	assert_null(s); /* likewise: sky is the last one left */
	s = read_text(weather,
		(struct upk_stream_options){ .label = "day", .drop = drop, .drop_count = 1 }, NULL);
	assert_non_null(s);
	assert_schema(s,
		"{\"classes\":[\"1\",\"2\",\"3\",\"4\"],\"features\":"
		"[\"temp\",{\"name\":\"sky\",\"type\":\"category\"}]}");
	upk_stream_destroy(s);
}

static void skipped_rows_still_name_their_classes(void **state UNUSED)
{
	struct upk_stream *s = read_text(weather, (struct upk_stream_options){ .skip = 3 }, NULL);
	assert_non_null(s);
	assert_int_equal(upk_stream_rows(s), 1);
	assert_int_equal(upk_stream_classes(s), 3);
	assert_int_equal(upk_stream_label(s, 0), 2);
	assert_row(s, 0, ":5\"}", "{\"features\":[4,7,\"clear\"],\"label\":\"maybe\"");
	upk_stream_destroy(s);
}

static uint64_t order_of(uint64_t seed)
{
	struct upk_buffer text = { 0 };
	upk_buffer_puts(&text, "x,class\n");
	for (int i = 0; i < 15; i++)
		upk_buffer_printf(&text, "%d,c%x\n", i, i);
	upk_buffer_putc(&text, '\0');
	struct upk_stream *s = read_text(
		text.data, (struct upk_stream_options){ .shuffle = true, .seed = seed }, NULL);
	upk_buffer_finish(&text);
	assert_non_null(s);
	uint64_t order = 0, seen = 0;
	for (size_t i = 0; i < upk_stream_rows(s); i++) {
		order = order << 4 | upk_stream_label(s, i);
		seen |= 1u << upk_stream_label(s, i);
	}
	assert_int_equal(seen, 0x7fff);
	upk_stream_destroy(s);
	return order;
}

static void a_seed_fixes_the_order(void **state UNUSED)
{
	assert_int_equal(order_of(1), order_of(1));
	assert_int_not_equal(order_of(1), order_of(2));
	assert_int_not_equal(order_of(1), 0x0123456789abcdeu);
}

static void classes_that_the_model_knows_are_added(void **state UNUSED)
{
	struct upk_stream *s = read_text(weather, (struct upk_stream_options){ 0 }, NULL);
	assert_non_null(s);
	uint16_t class = 9;
	assert_true(upk_stream_class(s, "yes", &class, NULL));
	assert_int_equal(class, 1);
	assert_true(upk_stream_class(s, "snow", &class, NULL));
	assert_int_equal(class, 3);
	assert_string_equal(upk_stream_class_name(s, 3), "snow");
	upk_stream_destroy(s);
}

static void faults_name_column_and_line(void **state UNUSED)
{
	const char *gone = "gone";
	const struct {
		const char *text, *words;
		struct upk_stream_options options;
	} rows[] = {
		{ "", "empty: want a header and rows", { 0 } },
		{ "a,b\n", "0 rows: none is left after --skip 0", { 0 } },
		{ "a,b\n1,x\n", "1 rows: none is left after --skip 1", { .skip = 1 } },
		{ "b\nx\n", "no feature beside the class \"b\" (1 columns", { 0 } },
		{ "1.5,2,-3e1\n1,2,3\n", "line 1 looks like data, not like names", { 0 } },
		{ "a,,b\n1,2,x\n", "column 2 has no name", { 0 } },
		{ "a,a,b\n1,2,x\n", "columns 1 and 2 are both named \"a\"", { 0 } },
		{ "a,b\n1,x\n1\n", "line 3: 1 fields: the header has 2", { 0 } },
		{ "a,b\n1,x\n1,\n", "line 3: no class in column \"b\"", { 0 } },
		{ "a,b\n1,x\n", "has no column \"gone\": it has a, b", { .label = "gone" } },
		{ "a,b\n1,x\n", "has no column \"gone\": it has a, b", { .drop = &gone, .drop_count = 1 } },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct upk_error err = { 0 };
		assert_null(read_text(rows[i].text, rows[i].options, &err));
		assert_int_equal(err.code, UPK_INVALID);
		if (!strstr(err.message, rows[i].words))
			fail_msg("want \"%s\", got \"%s\"", rows[i].words, err.message);
	}
}

static void too_many_classes_are_refused(void **state UNUSED)
{
	struct upk_buffer text = { 0 };
	upk_buffer_puts(&text, "x,class\n");
	for (int i = 0; i < 1025; i++)
		upk_buffer_printf(&text, "1,%d\n", i);
	upk_buffer_putc(&text, '\0');
	struct upk_error err = { 0 };
	assert_null(read_text(text.data, (struct upk_stream_options){ 0 }, &err));
	assert_int_equal(err.code, UPK_TOO_LARGE);
	assert_non_null(strstr(err.message, "line 1026: column \"class\" has more than 1024"));
	upk_buffer_finish(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_last_column_is_the_class),
		cmocka_unit_test(columns_can_be_chosen_and_dropped),
		cmocka_unit_test(skipped_rows_still_name_their_classes),
		cmocka_unit_test(a_seed_fixes_the_order),
		cmocka_unit_test(classes_that_the_model_knows_are_added),
		cmocka_unit_test(faults_name_column_and_line),
		cmocka_unit_test(too_many_classes_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
