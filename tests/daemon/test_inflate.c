#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/buffer.h"
#include "http/inflate.h"

/* One gzip member by zlib. */
static void deflate_to(struct upk_buffer *out, const char *text, size_t size)
{
	unsigned char packed[65536];
	z_stream z = { 0 };

	assert_int_equal(
		deflateInit2(&z, 9, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
	z.next_in = (Bytef *)(uintptr_t)text;
	z.avail_in = (uInt)size;
	z.next_out = packed;
	z.avail_out = sizeof packed;
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	upk_buffer_append(out, packed, sizeof packed - z.avail_out);
	deflateEnd(&z);
}

/* Feeds `step` bytes at a time and takes `room` at a time. false: broken. */
static bool inflate_all(
	struct upk_inflate *i, struct upk_text in, size_t step, size_t room, struct upk_buffer *out)
{
	char piece[256];
	size_t size;

	assert_true(room <= sizeof piece);
	for (size_t at = 0; at < in.size; at += step) {
		size_t left = in.size - at;
		struct upk_text some = { in.data + at, left < step ? left : step };
		do {
			size = room;
			if (!upk_inflate_next(i, &some, piece, &size))
				return false;
			upk_buffer_append(out, piece, size);
		} while (some.size > 0 || size == room);
	}
	return true;
}

static void members_in_pieces_of_any_size_give_the_text(void **state)
{
	(void)state;
	static const char text[] = "{\"id\":\"a\"}\n{\"id\":\"b\"}\n{\"id\":\"c\"}\n";
	static const size_t sizes[] = { 1, 2, 3, 7, 12, 24, 36, 256 };
	enum { SIZES = sizeof sizes / sizeof *sizes };
	struct upk_buffer packed = { 0 };

	deflate_to(&packed, text, 12);
	deflate_to(&packed, "", 0);
	deflate_to(&packed, text + 12, sizeof text - 1 - 12);
	for (size_t i = 0; i < SIZES * SIZES; i++) {
		struct upk_buffer out = { 0 };
		struct upk_inflate *inflate = upk_inflate_create();
		assert_true(inflate_all(inflate, upk_buffer_text(&packed), sizes[i / SIZES],
			sizes[i % SIZES], &out));
		assert_true(upk_inflate_ended(inflate));
		assert_int_equal(out.size, sizeof text - 1);
		assert_memory_equal(out.data, text, out.size);
		upk_inflate_destroy(inflate);
		upk_buffer_finish(&out);
	}
	upk_buffer_finish(&packed);
}

static void a_cut_stream_has_not_ended(void **state)
{
	(void)state;
	struct upk_buffer packed = { 0 };

	deflate_to(&packed, "hello, hello, hello", 19);
	for (size_t size = 1; size < packed.size; size++) {
		struct upk_buffer out = { 0 };
		struct upk_inflate *inflate = upk_inflate_create();
		assert_false(upk_inflate_ended(inflate));
		assert_true(inflate_all(
			inflate, (struct upk_text){ packed.data, size }, size, 256, &out));
		assert_false(upk_inflate_ended(inflate));
		upk_inflate_destroy(inflate);
		upk_buffer_finish(&out);
	}
	upk_buffer_finish(&packed);
}

static void what_is_no_gzip_or_fails_its_checksum_is_refused(void **state)
{
	(void)state;
	struct upk_buffer packed = { 0 }, out = { 0 };

	deflate_to(&packed, "hello", 5);
	for (size_t at = packed.size - 8; at < packed.size; at++) {
		struct upk_inflate *inflate = upk_inflate_create();
		packed.data[at] ^= 1;
		assert_false(inflate_all(inflate, upk_buffer_text(&packed), 256, 256, &out));
		packed.data[at] ^= 1;
		upk_inflate_destroy(inflate);
	}
	upk_buffer_append(&packed, "more", 4);
	struct upk_inflate *inflate = upk_inflate_create();
	assert_false(inflate_all(inflate, upk_buffer_text(&packed), 256, 256, &out));
	upk_inflate_destroy(inflate);
	upk_inflate_destroy(NULL);
	upk_buffer_finish(&packed);
	upk_buffer_finish(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(members_in_pieces_of_any_size_give_the_text),
		cmocka_unit_test(a_cut_stream_has_not_ended),
		cmocka_unit_test(what_is_no_gzip_or_fails_its_checksum_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
