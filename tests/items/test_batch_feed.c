#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/random.h"
#include "items/batch.h"

static const int64_t now = INT64_C(1767261600000); /* 2026-01-01T10:00:00Z */

static struct upk_schema *schema(void)
{
	struct upk_config *c = upk_config_parse(
		upk_text_of("{\"features\":[\"x\",{\"name\":\"c\",\"type\":\"category\"}],"
			    "\"slices\":[\"k\"]}"),
		NULL);
	struct upk_schema *s = upk_schema_create(c, NULL, 0, NULL, 0, 1, NULL);
	upk_config_unref(c);
	assert_non_null(s);
	return s;
}

static struct upk_batch *whole(
	bool ndjson, struct upk_text body, struct upk_schema *s, struct upk_error *err)
{
	char *copy = malloc(body.size + 1);
	assert_non_null(copy);
	memcpy(copy, body.data, body.size);
	return upk_batch_decode(UPK_ITEM_EVENT, ndjson, copy, body.size, s, now, err);
}

/* Pieces of `step` bytes after a first one of `first`; NULL: refused. */
static struct upk_batch *pieces(bool ndjson, struct upk_text body, size_t first, size_t step,
	struct upk_schema *s, struct upk_error *err)
{
	struct upk_batch *b = upk_batch_begin(UPK_ITEM_EVENT, ndjson, s, now, NULL);
	assert_non_null(b);
	bool ok = true;
	for (size_t at = 0, size = first; ok && at < body.size; at += size, size = step) {
		if (size > body.size - at)
			size = body.size - at;
		/* A copy of its own lets AddressSanitizer see a look into memory that is gone. */
		char *piece = malloc(size + 1);
		assert_non_null(piece);
		memcpy(piece, body.data + at, size);
		ok = upk_batch_feed(b, (struct upk_text){ piece, size }, err);
		free(piece);
	}
	if (ok && upk_batch_end(b, err))
		return b;
	upk_batch_destroy(b);
	return NULL;
}

static void assert_same_text(struct upk_text a, struct upk_text b)
{
	assert_true(upk_text_equal(a, b));
}

static void assert_same(const struct upk_batch *a, const struct upk_batch *b)
{
	assert_int_equal(a->count, b->count);
	assert_int_equal(a->single, b->single);
	assert_int_equal(a->body_size, b->body_size);
	assert_int_equal(a->ignored_count, b->ignored_count);
	for (size_t i = 0; i < a->count; i++) {
		const struct upk_item *x = &a->items[i], *y = &b->items[i];
		assert_string_equal(x->error ? x->error : "", y->error ? y->error : "");
		assert_same_text(x->id, y->id);
		assert_same_text(x->predicted, y->predicted);
		assert_same_text(x->label, y->label);
		assert_same_text(x->features, y->features);
		assert_same_text(x->slices, y->slices);
		assert_same_text(x->meta, y->meta);
		assert_same_text(x->version.name, y->version.name);
		assert_int_equal(x->time, y->time);
		assert_true(x->score == y->score);
	}
}

static const char *const bodies[] = {
	"",
	"\n",
	"{\"id\":\"r-1\",\"predicted\":\"a\",\"features\":[1,\"de\"],\"meta\":{\"q\":[1,2]}}\n"
	"{\"id\":\"\\u00e9\",\"predicted\":\"b\",\"features\":{\"c\":\"\xc3\xa9\",\"x\":0.5}}\r\n"
	"\n  {\"id\":3,\"label\":true,\"slices\":{\"k\":\"v\\n\"},\"group\":1}",
	"{\"id\":1,\"label\":\"a\"}\n{\"id\":2,\"label\":\nnope\n{\"id\":3,\"label\":\"\xff\"}\n"
	"{\"id\":4,\"label\":\"a\"} x\n{\"id\":5,\"label\":\"b\",\"version\":\"v\"}",
	"[{\"id\":1,\"label\":\"a\"}, {\"id\":\"two\",\"predicted\":\"b\",\"score\":7},3]",
	"{\"id\":1,\"label\":\"a\"}",
	"[{\"id\":1,\"label\":\"a\"},",
};

static void every_split_gives_the_same_items(void **state)
{
	(void)state;
	struct upk_schema *s = schema();
	for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++)
		for (int ndjson = 0; ndjson < 2; ndjson++) {
			struct upk_text body = upk_text_of(bodies[i]);
			struct upk_error want = { 0 };
			struct upk_batch *b = whole(ndjson, body, s, &want);
			for (size_t first = 1; first <= body.size; first++) {
				struct upk_error err = { 0 };
				struct upk_batch *fed =
					pieces(ndjson, body, first, body.size, s, &err);
				assert_string_equal(err.message, want.message);
				assert_true(!fed == !b);
				if (fed)
					assert_same(fed, b);
				upk_batch_destroy(fed);
			}
			upk_batch_destroy(b);
		}
	upk_schema_unref(s);
}

/* Lines of a few bytes to some ten thousand, more than any piece of memory holds. */
static void put_lines(struct upk_random *r, struct upk_buffer *body)
{
	for (int i = 0; i < 300; i++) {
		unsigned size = (unsigned)upk_random_below(r, i % 50 ? 300 : 40000);
		upk_buffer_printf(body,
			"{\"id\":\"%d\",\"predicted\":\"a\",\"features\":[%d.25,\"%0200d\"],"
			"\"more\":\"%0*u\"}\n",
			i, i, i, (int)size, 7U);
	}
}

static void lines_longer_than_a_piece_survive_any_step(void **state)
{
	(void)state;
	static const size_t steps[] = { 7, 1000, 4096, 16238, 100000, 1 << 22 };
	struct upk_schema *s = schema();
	struct upk_random r;
	struct upk_buffer body = { 0 };
	upk_random_seed(&r, 3);
	put_lines(&r, &body);
	struct upk_batch *b = whole(true, upk_buffer_text(&body), s, NULL);
	assert_int_equal(b->count, 300);
	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
		struct upk_batch *fed =
			pieces(true, upk_buffer_text(&body), steps[i], steps[i], s, NULL);
		assert_non_null(fed);
		assert_same(fed, b);
		assert_true(upk_batch_redecode(fed, s, NULL));
		assert_same(fed, b);
		upk_batch_destroy(fed);
	}
	upk_batch_destroy(b);
	upk_buffer_finish(&body);
	upk_schema_unref(s);
}

static void too_many_lines_are_refused_while_they_come(void **state)
{
	(void)state;
	struct upk_schema *s = schema();
	struct upk_batch *b = upk_batch_begin(UPK_ITEM_EVENT, true, s, now, NULL);
	struct upk_error err = { 0 };
	for (int i = 0; i < UPK_BATCH_ITEMS_MAX; i++)
		assert_true(upk_batch_feed(b, upk_text_of("{}\n"), &err));
	assert_false(upk_batch_feed(b, upk_text_of("{}\n"), &err));
	assert_int_equal(err.code, UPK_TOO_LARGE);
	upk_batch_destroy(b);
	upk_schema_unref(s);
}

static void a_batch_may_go_before_its_body_ends(void **state)
{
	(void)state;
	struct upk_schema *s = schema();
	for (int ndjson = 0; ndjson < 2; ndjson++) {
		struct upk_batch *b = upk_batch_begin(UPK_ITEM_EVENT, ndjson, s, now, NULL);
		upk_batch_destroy(b);
		b = upk_batch_begin(UPK_ITEM_EVENT, ndjson, s, now, NULL);
		assert_true(upk_batch_feed(b, upk_text_of("{\"id\":\"\\u0041\"}\n{"), NULL));
		upk_batch_destroy(b);
	}
	upk_schema_unref(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_split_gives_the_same_items),
		cmocka_unit_test(lines_longer_than_a_piece_survive_any_step),
		cmocka_unit_test(too_many_lines_are_refused_while_they_come),
		cmocka_unit_test(a_batch_may_go_before_its_body_ends),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
