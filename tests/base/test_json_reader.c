#include "base/json_reader.h"

#include <inttypes.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/number.h"
#include "base/random.h"
#include "json_cases.h"
#include "json_tree.h"
#include "oracle.h"

static enum upk_json_token read_all(struct upk_json_reader *r, struct upk_text text)
{
	enum upk_json_token token;

	upk_json_reader_reset(r, text);
	do
		token = upk_json_next(r, NULL);
	while (token != UPK_JSON_END && token != UPK_JSON_ERROR);
	return token;
}

static void fault_is_at(const char *string, size_t at)
{
	struct upk_text text = upk_text_of(string);
	struct upk_json_reader *r = upk_json_reader_create(text);
	assert_int_equal(read_all(r, text), UPK_JSON_ERROR);
	assert_int_equal(upk_json_at(r), at);
	upk_json_reader_destroy(r);
}

static void every_case_gets_its_verdict_at_its_byte(void **state)
{
	(void)state;
	struct upk_json_reader *r = upk_json_reader_create(upk_text_of(""));
	assert_non_null(r);
	for (size_t i = 0; i < json_case_count; i++) {
		/* A copy without a NUL behind it lets AddressSanitizer see a byte read too far. */
		const struct json_case *c = &json_cases[i];
		char *copy = malloc(c->size ? c->size : 1);
		memcpy(copy, c->text, c->size);
		enum upk_json_token end = read_all(r, (struct upk_text){ copy, c->size });
		int fault = end == UPK_JSON_END ? JSON_VALID : (int)upk_json_at(r);
		if (fault != c->fault)
			fail_msg("case %zu, %s: fault at %d, not at %d", i, c->text, fault,
				c->fault);
		free(copy);
	}
	upk_json_reader_destroy(r);
}

static void write_hex(FILE *f, struct upk_text text)
{
	for (size_t i = 0; i < text.size; i++)
		fprintf(f, "%02x", (unsigned char)text.data[i]);
	fputc('\n', f);
}

static void same_trees_as_python(const struct upk_text *texts, size_t n)
{
	char path[64];
	FILE *input = oracle_input(path);
	for (size_t i = 0; i < n; i++)
		write_hex(input, texts[i]);
	assert_int_equal(fclose(input), 0);

	FILE *f = oracle_start("json_oracle.py", path);
	struct upk_json_reader *r = upk_json_reader_create(upk_text_of(""));
	struct upk_buffer tree = { 0 };
	char *line = NULL;
	size_t capacity = 0;
	for (size_t i = 0; i < n; i++) {
		oracle_line(f, &line, &capacity);
		upk_buffer_clear(&tree);
		upk_json_reader_reset(r, texts[i]);
		json_tree_of_tokens(&tree, r);
		upk_buffer_putc(&tree, '\0');
		if (strcmp(tree.data, line) != 0)
			fail_msg("%.*s: %s, Python reads %s", (int)texts[i].size, texts[i].data,
				tree.data, line);
	}
	oracle_end(f, path);
	free(line);
	upk_buffer_finish(&tree);
	upk_json_reader_destroy(r);
}

static void every_case_reads_as_in_python(void **state)
{
	(void)state;
	struct upk_text texts[1024];
	assert_true(json_case_count <= 1024);
	for (size_t i = 0; i < json_case_count; i++)
		texts[i] = (struct upk_text){ json_cases[i].text, json_cases[i].size };
	same_trees_as_python(texts, json_case_count);
}

/* One to three bytes of a case or of two joined cases change, come or go. */
static struct upk_text mutate(struct upk_random *r, struct upk_buffer *b)
{
	static const char bytes[] =
		"{}[]:,\"\\/ \n\t0123456789-+.eEtrufalsn\x01\x80\xc3\xa9\xed\xa0\xf0\x9f";
	size_t start = b->size;

	for (int part = 0; part < 2; part++) {
		const struct json_case *c = &json_cases[upk_random_below(r, json_case_count)];
		upk_buffer_append(b, c->text, c->size);
		if (part == 0)
			upk_buffer_puts(b, upk_random_below(r, 2) ? "," : ":");
		if (upk_random_below(r, 2))
			break;
	}
	for (uint64_t edits = upk_random_below(r, 4); edits > 0 && b->size > start; edits--) {
		size_t at = start + (size_t)upk_random_below(r, b->size - start);
		char byte = bytes[upk_random_below(r, sizeof bytes - 1)];
		if (upk_random_below(r, 3) == 0) {
			memmove(b->data + at, b->data + at + 1, b->size - at - 1);
			b->size--;
		} else {
			b->data[at] = byte;
		}
	}
	return (struct upk_text){ b->data + start, b->size - start };
}

static void mutated_cases_read_as_in_python(void **state)
{
	(void)state;
	enum { N = 4000 };
	static struct upk_buffer mutants[N];
	static struct upk_text texts[N];
	struct upk_random r;
	upk_random_seed(&r, 7);
	for (int i = 0; i < N; i++) {
		bool wrap = upk_random_below(&r, 2);
		if (wrap)
			upk_buffer_putc(&mutants[i], '[');
		mutate(&r, &mutants[i]);
		if (wrap)
			upk_buffer_putc(&mutants[i], ']');
		texts[i] = upk_buffer_text(&mutants[i]);
	}
	same_trees_as_python(texts, N);
	for (int i = 0; i < N; i++)
		upk_buffer_finish(&mutants[i]);
}

static void strings_without_escapes_are_views_of_the_input(void **state)
{
	(void)state;
	struct upk_text input = upk_text_of("[\"plain \xc3\xa9\",\"esc\\n\",-1.50]");
	struct upk_json_reader *r = upk_json_reader_create(input);
	struct upk_text text;
	upk_json_next(r, &text);
	assert_null(text.data);
	assert_int_equal(upk_json_next(r, &text), UPK_JSON_STRING);
	assert_ptr_equal(text.data, input.data + 2);
	assert_true(upk_text_is(text, "plain \xc3\xa9"));
	assert_int_equal(upk_json_next(r, &text), UPK_JSON_STRING);
	assert_true(upk_text_is(text, "esc\n"));
	assert_int_equal(upk_json_next(r, &text), UPK_JSON_NUMBER);
	assert_true(upk_text_is(text, "-1.50"));
	upk_json_reader_destroy(r);
}

static void zeros_are_taken_and_counted_where_that_is_asked_for(void **state)
{
	(void)state;
	struct upk_text input = upk_text_of("[\"a\\u0000b\",\"\\u0000\\u0000\",\"\\\\u0000\"]");
	struct upk_json_reader *r = upk_json_reader_create(input);
	struct upk_text text;
	upk_json_take_zeros(r);
	for (int i = 0; i < 2; i++) {
		upk_json_next(r, NULL);
		assert_int_equal(upk_json_next(r, &text), UPK_JSON_STRING);
		assert_int_equal(text.size, 3);
		assert_memory_equal(text.data, "a\0b", 3);
		assert_int_equal(upk_json_zeros(r), 1);
		assert_int_equal(upk_json_next(r, NULL), UPK_JSON_STRING);
		assert_int_equal(upk_json_zeros(r), 3);
		assert_int_equal(upk_json_next(r, NULL), UPK_JSON_STRING);
		assert_int_equal(upk_json_next(r, NULL), UPK_JSON_ARRAY_END);
		assert_int_equal(upk_json_zeros(r), 3);
		upk_json_reader_reset(r, input);
	}
	upk_json_reader_destroy(r);
}

static void skip_gives_the_bytes_of_a_value(void **state)
{
	(void)state;
	struct upk_text input = upk_text_of(
		"{ \"a\" : [1, {\"x\": \"]\"}] , \"b\": \"s\\n\", \"c\": {}, \"d\":-1.5 }");
	static const char *const raws[] = { "[1, {\"x\": \"]\"}]", "\"s\\n\"", "{}", "-1.5" };
	struct upk_json_reader *r = upk_json_reader_create(input);
	struct upk_text raw;
	assert_int_equal(upk_json_next(r, NULL), UPK_JSON_OBJECT);
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(upk_json_next(r, NULL), UPK_JSON_KEY);
		assert_true(upk_json_skip(r, UPK_JSON_KEY, &raw));
		assert_true(upk_text_is(raw, raws[i]));
	}
	assert_int_equal(upk_json_next(r, NULL), UPK_JSON_OBJECT_END);
	assert_int_equal(upk_json_next(r, NULL), UPK_JSON_END);
	assert_int_equal(upk_json_next(r, NULL), UPK_JSON_END);

	upk_json_reader_reset(r, input);
	assert_true(upk_json_skip(r, upk_json_next(r, NULL), &raw));
	assert_true(upk_text_equal(raw, input));
	assert_int_equal(upk_json_next(r, NULL), UPK_JSON_END);

	upk_json_reader_reset(r, upk_text_of("[[1,2],tru]"));
	assert_false(upk_json_skip(r, upk_json_next(r, NULL), &raw));
	assert_int_equal(upk_json_at(r), 10);
	upk_json_reader_destroy(r);
}

static void an_error_stays_and_says_its_byte(void **state)
{
	(void)state;
	struct upk_json_reader *r = upk_json_reader_create(upk_text_of("[1,]"));
	struct upk_error err = { 0 };
	struct upk_text text;
	upk_json_next(r, NULL);
	upk_json_next(r, NULL);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(upk_json_next(r, &text), UPK_JSON_ERROR);
		assert_null(text.data);
	}
	assert_false(upk_json_fail(r, &err));
	assert_int_equal(err.code, UPK_INVALID);
	assert_string_equal(err.message, "byte 3: want a value");
	upk_json_reader_reset(r, upk_text_of("1"));
	assert_int_equal(upk_json_next(r, NULL), UPK_JSON_NUMBER);
	assert_int_equal(upk_json_next(r, NULL), UPK_JSON_END);
	upk_json_reader_destroy(r);
}

/* `keys` keys, each with an object of `inner` keys as its value, then perhaps a key again. */
static void write_object(struct upk_buffer *b, int keys, int inner, int again)
{
	upk_buffer_clear(b);
	upk_buffer_putc(b, '{');
	for (int i = 0; i < keys; i++) {
		upk_buffer_printf(b, "%s\"k%d\":{", i ? "," : "", i);
		for (int j = 0; j < inner; j++)
			upk_buffer_printf(b, "%s\"k%d\":[]", j ? "," : "", j);
		upk_buffer_putc(b, '}');
	}
	if (again >= 0)
		upk_buffer_printf(b, ",\"k%d\":1", again);
	upk_buffer_puts(b, "}");
}

static void a_key_that_comes_twice_is_found_in_objects_of_any_size(void **state)
{
	(void)state;
	struct upk_buffer b = { 0 };
	struct upk_json_reader *r = upk_json_reader_create(upk_text_of(""));
	for (int keys = 1; keys < 200; keys += keys < 40 ? 1 : 53) {
		for (int inner = 0; inner < 120; inner += inner < 20 ? 4 : 39) {
			write_object(&b, keys, inner, -1);
			assert_int_equal(read_all(r, upk_buffer_text(&b)), UPK_JSON_END);
			size_t whole = b.size;
			for (int again = 0; again < keys; again += 1 + keys / 4) {
				write_object(&b, keys, inner, again);
				assert_int_equal(read_all(r, upk_buffer_text(&b)), UPK_JSON_ERROR);
				assert_int_equal(upk_json_at(r), whole);
			}
		}
	}
	upk_buffer_finish(&b);
	upk_json_reader_destroy(r);
}

static void a_hundred_thousand_keys_are_no_burden(void **state)
{
	(void)state;
	struct upk_buffer b = { 0 };
	struct upk_json_reader *r = upk_json_reader_create(upk_text_of(""));
	write_object(&b, 100000, 0, 77777);
	assert_int_equal(read_all(r, upk_buffer_text(&b)), UPK_JSON_ERROR);
	assert_string_equal(upk_json_reason(r), "the same key twice in one object");
	upk_buffer_finish(&b);
	upk_json_reader_destroy(r);
}

static void a_million_brackets_are_refused_at_the_65th(void **state)
{
	(void)state;
	char *deep = malloc(1000001);
	memset(deep, '[', 1000000);
	deep[1000000] = '\0';
	fault_is_at(deep, 64);
	free(deep);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_case_gets_its_verdict_at_its_byte),
		cmocka_unit_test(every_case_reads_as_in_python),
		cmocka_unit_test(mutated_cases_read_as_in_python),
		cmocka_unit_test(strings_without_escapes_are_views_of_the_input),
		cmocka_unit_test(zeros_are_taken_and_counted_where_that_is_asked_for),
		cmocka_unit_test(skip_gives_the_bytes_of_a_value),
		cmocka_unit_test(an_error_stays_and_says_its_byte),
		cmocka_unit_test(a_key_that_comes_twice_is_found_in_objects_of_any_size),
		cmocka_unit_test(a_hundred_thousand_keys_are_no_burden),
		cmocka_unit_test(a_million_brackets_are_refused_at_the_65th),
	};
	return cmocka_run_group_tests_name("json_reader", tests, NULL, NULL);
}
