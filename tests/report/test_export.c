/* Exports of a model: which rows, in which words, and what stops them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "engine/bed.h"
#include "report/export.h"

/* Takes lines until `room` is used up. */
struct sink {
	struct upk_buffer text;
	size_t room; /* bytes; 0: no end */
	int64_t told, all;
	bool stops;
};

static bool take(void *context, struct upk_text lines, struct upk_error *err)
{
	struct sink *s = context;
	upk_buffer_append(&s->text, lines.data, lines.size);
	return s->room == 0 || s->text.size < s->room || upk_fail(err, UPK_IO, "the sink is full");
}

static bool go_on(void *context, int64_t done, int64_t all)
{
	struct sink *s = context;
	assert_true(done >= s->told && done <= all);
	s->told = done;
	s->all = all;
	return !s->stops;
}

static struct upk_export_options options(
	const struct bed *b, enum upk_export_format format, struct sink *s)
{
	*s = (struct sink){ 0 };
	return (struct upk_export_options){ .folder = b->folder,
		.model = "m",
		.format = format,
		.write = take,
		.go_on = go_on,
		.context = s };
}

static void assert_exported(const struct upk_export_options *o, const char *wanted, int64_t rows)
{
	struct upk_error err = { 0 };
	struct sink *s = o->context;
	int64_t count = -1;
	if (!upk_export(o, &count, &err))
		fail_msg("%s", err.message);
	upk_buffer_putc(&s->text, '\0');
	assert_string_equal(s->text.data, wanted);
	assert_int_equal(count, rows);
	assert_int_equal(s->told, s->all);
	upk_buffer_finish(&s->text);
}

#define AT(seconds) "\"timestamp\":\"2026-01-01T00:00:0" seconds "Z\""
#define EVENT(id, seconds) "{\"id\":\"" id "\"," AT(seconds) ",\"predicted\":\"x\"}"
#define LABEL(id, seconds) "{\"id\":\"" id "\",\"label\":\"y\"," AT(seconds) "}"
enum { SECOND = 1000 };
static const int64_t start = INT64_C(1767225600000); /* 2026-01-01T00:00:00Z */

/* Events at 1, 2 and 3 seconds, whose labels come later or before; and a label without an event. */
static void send_some(struct bed *b)
{
	bed_put(b, "m", "{}");
	bed_send(b, UPK_ITEM_EVENT, "[" EVENT("a", "1") "," EVENT("b", "2") "]");
	bed_send(
		b, UPK_ITEM_LABEL, "[" LABEL("a", "5") "," LABEL("c", "1") "," LABEL("z", "2") "]");
	bed_send(b, UPK_ITEM_EVENT, EVENT("c", "3"));
}

#define LINE_A EVENT("a", "1") "\n"
#define LINE_B EVENT("b", "2") "\n"
#define LINE_C EVENT("c", "3") "\n"
#define LABEL_A LABEL("a", "5") "\n"
#define LABEL_C LABEL("c", "1") "\n"
#define LABEL_Z LABEL("z", "2") "\n"

/* From the beginning of a range on, up to its end; a label goes with its event. */
static void a_range_holds_its_beginning_and_not_its_end(void **state)
{
	static const struct {
		int64_t from, to; /* seconds; 0: open */
		const char *lines;
		int64_t rows;
	} cases[] = {
		{ 0, 0, LINE_A LINE_B LABEL_A LABEL_C LABEL_Z LINE_C, 6 },
		{ 1, 2, LINE_A LABEL_A, 2 },
		{ 2, 3, LINE_B LABEL_Z, 2 },
		{ 2, 0, LINE_B LABEL_C LABEL_Z LINE_C, 4 },
		{ 0, 2, LINE_A LABEL_A, 2 },
		{ 3, 4, LABEL_C LINE_C, 2 },
		{ 4, 9, "", 0 },
	};
	struct bed *b = *state;
	struct sink s;
	send_some(b);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct upk_export_options o = options(b, UPK_EXPORT_NDJSON, &s);
		o.from = cases[i].from ? start + cases[i].from * SECOND : 0;
		o.to = cases[i].to ? start + cases[i].to * SECOND : 0;
		assert_exported(&o, cases[i].lines, cases[i].rows);
	}
}

/* Pairs in the order of their places, then what has no label. */
static void a_table_has_a_row_an_event_with_its_label(void **state)
{
	struct bed *b = *state;
	struct sink s;
	send_some(b);
	struct upk_export_options o = options(b, UPK_EXPORT_CSV, &s);
	assert_exported(&o,
		"id,timestamp,predicted,score,label\n"
		"a,2026-01-01T00:00:01Z,x,,y\n"
		"c,2026-01-01T00:00:03Z,x,,y\n"
		"b,2026-01-01T00:00:02Z,x,,\n",
		3);
	o = options(b, UPK_EXPORT_CSV, &s);
	o.from = start + 2 * SECOND;
	o.to = start + 3 * SECOND;
	assert_exported(&o, "id,timestamp,predicted,score,label\nb,2026-01-01T00:00:02Z,x,,\n", 1);
}

static void a_table_quotes_what_would_be_read_as_something_else(void **state)
{
	static const struct {
		const char *json, *cell;
	} cases[] = {
		{ "plain", "plain" },
		{ "a b", "a b" },
		{ "a,b", "\"a,b\"" },
		{ "say \\\"so\\\"", "\"say \"\"so\"\"\"" },
		{ "two\\nlines", "\"two\nlines\"" },
		{ " before", "\" before\"" },
		{ "behind ", "\"behind \"" },
		{ "NA", "\"NA\"" },
		{ "NAN", "NAN" },
		{ "None", "\"None\"" },
		{ "?", "\"?\"" },
		{ "", "\"\"" },
	};
	struct bed *b = *state;
	struct upk_buffer wanted = { 0 };
	struct sink s;
	char item[256];
	bed_put(b, "m",
		"{\"features\":[{\"name\":\"id\",\"type\":\"category\"},\"n\","
		"{\"name\":\"_label\",\"type\":\"category\"},\"label\"]}");
	upk_buffer_puts(&wanted, "_id,timestamp,predicted,score,__label,id,n,_label,label\n");
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		snprintf(item, sizeof item,
			"{\"id\":\"e%zu\"," AT("1") ",\"predicted\":\"x\","
						    "\"features\":{\"id\":\"%s\",\"n\":0.1}}",
			i, cases[i].json);
		bed_send(b, UPK_ITEM_EVENT, item);
		upk_buffer_printf(
			&wanted, "e%zu,2026-01-01T00:00:01Z,x,,,%s,0.1,,\n", i, cases[i].cell);
	}
	upk_buffer_putc(&wanted, '\0');
	struct upk_export_options o = options(b, UPK_EXPORT_CSV, &s);
	assert_exported(&o, wanted.data, sizeof cases / sizeof *cases);
	upk_buffer_finish(&wanted);
}

static void what_stops_an_export_is_told(void **state)
{
	struct bed *b = *state;
	struct upk_error err = { 0 };
	struct sink s;
	int64_t rows = -1;
	send_some(b);
	for (int format = 0; format < 2; format++) {
		struct upk_export_options o =
			options(b, format ? UPK_EXPORT_CSV : UPK_EXPORT_NDJSON, &s);
		s.stops = true;
		assert_false(upk_export(&o, &rows, &err));
		assert_int_equal(err.code, UPK_CANCELLED);
		upk_buffer_finish(&s.text);

		o = options(b, o.format, &s);
		s.room = 1;
		assert_false(upk_export(&o, &rows, &err));
		assert_int_equal(err.code, UPK_IO);
		assert_string_equal(err.message, "the sink is full");
		upk_buffer_finish(&s.text);

		o = options(b, o.format, &s);
		o.model = "n";
		bed_put(b, "spam", "{}");
		assert_false(upk_export(&o, &rows, &err));
		assert_int_equal(err.code, UPK_NOT_FOUND);
		assert_non_null(strstr(err.message, "it has: m spam"));
	}
	assert_int_equal(rows, -1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, bed_setup, bed_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_range_holds_its_beginning_and_not_its_end),
		TEST(a_table_has_a_row_an_event_with_its_label),
		TEST(a_table_quotes_what_would_be_read_as_something_else),
		TEST(what_stops_an_export_is_told),
	};
	return cmocka_run_group_tests_name("export", tests, NULL, NULL);
}
