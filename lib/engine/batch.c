#include "engine/batch.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/arena.h"
#include "engine/decode.h"

static bool no_memory(struct upk_error *err)
{
	return upk_fail(err, UPK_NOMEM, "no memory for the items");
}

static struct upk_arena *arena_of(struct upk_batch *b)
{
	return b->arena;
}

/* Room for the next item, counted at once; capacity is the power of 2 above the count. */
static struct upk_item *add_item(struct upk_batch *b, struct upk_error *err)
{
	if (b->count == UPK_BATCH_ITEMS_MAX) {
		upk_fail(err, UPK_TOO_LARGE, "more than %d items in one request",
			UPK_BATCH_ITEMS_MAX);
		return NULL;
	}
	if (!(b->count & (b->count - 1))) {
		size_t capacity = b->count ? 2 * b->count : 1;
		struct upk_item *items = realloc(b->items, capacity * sizeof *items);
		if (!items) {
			no_memory(err);
			return NULL;
		}
		b->items = items;
	}
	return &b->items[b->count++];
}

static bool decode_one(struct upk_decoder *d, enum upk_json_token token, struct upk_text text,
	struct upk_error *err)
{
	struct upk_item *item = add_item(d->batch, err);
	if (!item)
		return false;
	upk_decode_item(d, token, text, item);
	return !d->no_memory || no_memory(err);
}

static bool decode_array(struct upk_decoder *d, struct upk_error *err)
{
	struct upk_text text;
	enum upk_json_token token;
	while ((token = upk_json_next(d->reader, &text)) != UPK_JSON_ARRAY_END) {
		if (token == UPK_JSON_ERROR)
			return upk_json_fail(d->reader, err);
		if (!decode_one(d, token, text, err))
			return false;
	}
	return true;
}

static bool decode_body(struct upk_decoder *d, struct upk_error *err)
{
	struct upk_text text;
	enum upk_json_token token = upk_json_next(d->reader, &text);
	if (token == UPK_JSON_ERROR)
		return upk_json_fail(d->reader, err);
	if (token != UPK_JSON_OBJECT && token != UPK_JSON_ARRAY)
		return upk_fail(err, UPK_INVALID, "byte 0: want an object or an array of objects");
	d->batch->single = token == UPK_JSON_OBJECT;
	if (!(d->batch->single ? decode_one(d, token, text, err) : decode_array(d, err)))
		return false;
	return upk_json_next(d->reader, &text) == UPK_JSON_END || upk_json_fail(d->reader, err);
}

/* A line that is not JSON is a rejected item; the offset is the body's. */
static bool reject_line(struct upk_decoder *d, struct upk_item *item, struct upk_error *err)
{
	struct upk_error cause = { 0 };
	upk_json_fail(d->reader, &cause);
	if (cause.code == UPK_NOMEM)
		return no_memory(err);
	size_t at = (size_t)(d->text.data - d->batch->body) + upk_json_at(d->reader);
	const char *reason = strstr(cause.message, ": ");
	item->error =
		upk_batch_say(d->batch, "byte %zu: %s", at, reason ? reason + 2 : cause.message);
	return item->error || no_memory(err);
}

static bool decode_line(struct upk_decoder *d, struct upk_text line, struct upk_error *err)
{
	struct upk_text text;
	d->text = line;
	upk_json_reader_reset(d->reader, line);
	if (!decode_one(d, upk_json_next(d->reader, &text), text, err))
		return false;
	return upk_json_next(d->reader, &text) == UPK_JSON_END ||
		reject_line(d, &d->batch->items[d->batch->count - 1], err);
}

static bool is_blank(struct upk_text line)
{
	for (size_t i = 0; i < line.size; i++)
		if (!memchr(" \t\r", line.data[i], 3))
			return false;
	return true;
}

static bool decode_lines(struct upk_decoder *d, struct upk_error *err)
{
	const char *at = d->batch->body, *end = at + d->batch->body_size;
	while (at < end) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		struct upk_text line = { at, (size_t)((newline ? newline : end) - at) };
		if (!is_blank(line) && !decode_line(d, line, err))
			return false;
		at = newline ? newline + 1 : end;
	}
	return true;
}

static bool decode(struct upk_batch *b, struct upk_error *err)
{
	struct upk_text body = { b->body, b->body_size };
	struct upk_decoder d = { .batch = b, .arena = arena_of(b), .text = body };
	d.reader = upk_json_reader_create(body);
	if (!d.reader)
		return no_memory(err);
	upk_decoder_begin(&d);
	bool ok = b->ndjson ? decode_lines(&d, err) : decode_body(&d, err);
	upk_json_reader_destroy(d.reader);
	upk_buffer_finish(&d.scratch);
	return ok;
}

struct upk_batch *upk_batch_decode(enum upk_item_kind kind, bool ndjson, char *body,
	size_t body_size, struct upk_schema *schema, int64_t now, struct upk_error *err)
{
	struct upk_batch *b = malloc(sizeof *b);
	struct upk_arena *arena = calloc(1, sizeof *arena);
	if (!b || !arena) {
		no_memory(err);
		free(b);
		free(arena);
		free(body);
		return NULL;
	}
	*b = (struct upk_batch){
		.kind = kind,
		.ndjson = ndjson,
		.schema = upk_schema_ref(schema),
		.now = now,
		.body = body,
		.body_size = body_size,
		.arena = arena,
	};
	if (!decode(b, err)) {
		upk_batch_destroy(b);
		return NULL;
	}
	return b;
}

bool upk_batch_redecode(struct upk_batch *b, struct upk_schema *schema, struct upk_error *err)
{
	struct upk_schema *old = b->schema;
	b->schema = upk_schema_ref(schema);
	upk_schema_unref(old);
	upk_arena_finish(arena_of(b));
	free(b->items);
	b->items = NULL;
	b->count = 0;
	b->ignored_count = 0;
	b->unlearnt = false;
	return decode(b, err);
}

void upk_batch_destroy(struct upk_batch *b)
{
	if (!b)
		return;
	upk_arena_finish(arena_of(b));
	free(b->arena);
	free(b->items);
	free(b->body);
	upk_schema_unref(b->schema);
	free(b);
}

const char *upk_batch_say(struct upk_batch *b, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	int length = vsnprintf(NULL, 0, format, args);
	va_end(args);
	char *text = length < 0 ? NULL : upk_arena_take(arena_of(b), (size_t)length + 1);
	if (!text)
		return NULL;
	va_start(args, format);
	vsnprintf(text, (size_t)length + 1, format, args);
	va_end(args);
	return text;
}
