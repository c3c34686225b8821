#include "items/batch.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "items/arena.h"
#include "items/decode.h"

enum { PIECE_SMALLEST = 4096, PIECE_LARGEST = 256 * 1024 };

/* Some of the body, in one run of memory. Items look into it, so that it stays where it is once
 * something in it was decoded. */
struct piece {
	struct piece *next;
	char *data;
	size_t size, capacity;
	size_t base;     /* bytes of the body before it */
	size_t decoded;  /* bytes at its start whose items are in the batch */
	size_t searched; /* bytes at its start, decoded or without a line's end */
};

/* What upk_batch.memory points to. All of an NDJSON body's lines lie in one piece each: a line that
 * is cut off by a piece's end begins the next one. Any other body is one piece. */
struct upk_batch_memory {
	struct upk_arena arena;
	struct piece *first, *last;
	struct upk_decoder decoder; /* its reader is NULL but while the body comes in */
};

static bool no_memory(struct upk_error *err)
{
	return upk_fail(err, UPK_NOMEM, "no memory for the items");
}

static bool fail_count(struct upk_error *err)
{
	return upk_fail(
		err, UPK_TOO_LARGE, "more than %d items in one request", UPK_BATCH_ITEMS_MAX);
}

/* The next item, all 0, counted at once; capacity is the power of 2 above the count, and what lies
 * beyond the count is 0. */
static struct upk_item *add_item(struct upk_batch *b, struct upk_error *err)
{
	if (b->count == UPK_BATCH_ITEMS_MAX) {
		fail_count(err);
		return NULL;
	}
	if (!(b->count & (b->count - 1))) {
		size_t capacity = b->count ? 2 * b->count : 1;
		struct upk_item *items = realloc(b->items, capacity * sizeof *items);
		if (!items) {
			no_memory(err);
			return NULL;
		}
		memset(items + b->count, 0, (capacity - b->count) * sizeof *items);
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

static size_t count_byte(struct upk_text text, char byte)
{
	size_t count = 0;
	for (size_t i = 0; i < text.size; i++)
		count += text.data[i] == byte;
	return count;
}

/* The end of a string that begins at `at`: its closing quote, or the text's end. */
static size_t skip_string(struct upk_text text, size_t at)
{
	while (++at < text.size && text.data[at] != '"')
		at += text.data[at] == '\\';
	return at;
}

/* Of an array, as far as it is one: commas of its own. Stops beyond `most`. */
static size_t count_items(struct upk_text text, size_t most)
{
	size_t commas = 0, depth = 0;
	for (size_t i = 0; i < text.size && commas < most; i++) {
		switch (text.data[i]) {
		case '"':
			i = skip_string(text, i);
			break;
		case '[':
		case '{':
			depth++;
			break;
		case ']':
		case '}':
			depth--;
			break;
		case ',':
			commas += depth == 1;
			break;
		}
	}
	return commas + 1;
}

/* What is too long is refused without decoding it: items end with a brace, so that few bodies are
 * looked at twice. Others are found out at the last item that may be. */
static bool check_count(struct upk_text body, struct upk_error *err)
{
	return count_byte(body, '}') <= UPK_BATCH_ITEMS_MAX ||
		count_items(body, UPK_BATCH_ITEMS_MAX) <= UPK_BATCH_ITEMS_MAX || fail_count(err);
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

static bool decode_document(struct upk_decoder *d, struct upk_text body, struct upk_error *err)
{
	struct upk_text text;
	d->text = body;
	upk_json_reader_reset(d->reader, body);
	enum upk_json_token token = upk_json_next(d->reader, &text);
	if (token == UPK_JSON_ERROR)
		return upk_json_fail(d->reader, err);
	if (token != UPK_JSON_OBJECT && token != UPK_JSON_ARRAY)
		return upk_fail(err, UPK_INVALID, "byte 0: want an object or an array of objects");
	d->batch->single = token == UPK_JSON_OBJECT;
	if (!d->batch->single && !check_count(body, err))
		return false;
	if (!(d->batch->single ? decode_one(d, token, text, err) : decode_array(d, err)))
		return false;
	return upk_json_next(d->reader, &text) == UPK_JSON_END || upk_json_fail(d->reader, err);
}

/* A line that is not JSON is a rejected item; the offset is the body's. */
static bool reject_line(
	struct upk_decoder *d, struct upk_item *item, size_t base, struct upk_error *err)
{
	struct upk_error cause = { 0 };
	upk_json_fail(d->reader, &cause);
	if (cause.code == UPK_NOMEM)
		return no_memory(err);
	item->error = upk_batch_say(d->batch, "byte %zu: %s", base + upk_json_at(d->reader),
		upk_json_reason(d->reader));
	return item->error || no_memory(err);
}

/* base: bytes of the body before the line. */
static bool decode_line(
	struct upk_decoder *d, struct upk_text line, size_t base, struct upk_error *err)
{
	struct upk_text text;
	d->text = line;
	upk_json_reader_reset(d->reader, line);
	if (!decode_one(d, upk_json_next(d->reader, &text), text, err))
		return false;
	return upk_json_next(d->reader, &text) == UPK_JSON_END ||
		reject_line(d, &d->batch->items[d->batch->count - 1], base, err);
}

static bool is_blank(struct upk_text line)
{
	size_t i = 0;
	while (i < line.size &&
		(line.data[i] == ' ' || line.data[i] == '\t' || line.data[i] == '\r'))
		i++;
	return i == line.size;
}

/* Decodes the lines of a piece that are complete; at the body's end the last one is, too. */
static bool decode_lines(struct upk_decoder *d, struct piece *p, bool end, struct upk_error *err)
{
	while (p->decoded < p->size) {
		const char *newline = memchr(p->data + p->searched, '\n', p->size - p->searched);
		if (!newline && !end) {
			p->searched = p->size;
			break;
		}
		size_t stop = newline ? (size_t)(newline - p->data) : p->size;
		struct upk_text line = { p->data + p->decoded, stop - p->decoded };
		if (!is_blank(line) && !decode_line(d, line, p->base + p->decoded, err))
			return false;
		p->decoded = p->searched = newline ? stop + 1 : stop;
	}
	return true;
}

static bool begin_decoding(struct upk_batch *b, struct upk_error *err)
{
	struct upk_decoder *d = &b->memory->decoder;
	*d = (struct upk_decoder){ .batch = b, .arena = &b->memory->arena };
	d->reader = upk_json_reader_create((struct upk_text){ "", 0 });
	if (!d->reader)
		return no_memory(err);
	upk_json_take_zeros(d->reader);
	upk_decoder_begin(d);
	return true;
}

static void end_decoding(struct upk_batch *b)
{
	struct upk_decoder *d = &b->memory->decoder;
	upk_json_reader_destroy(d->reader);
	d->reader = NULL;
	upk_buffer_finish(&d->scratch);
}

struct upk_batch *upk_batch_begin(enum upk_item_kind kind, bool ndjson, struct upk_schema *schema,
	int64_t now, struct upk_error *err)
{
	struct upk_batch *b = malloc(sizeof *b);
	struct upk_batch_memory *memory = calloc(1, sizeof *memory);
	if (!b || !memory) {
		no_memory(err);
		free(b);
		free(memory);
		return NULL;
	}
	*b = (struct upk_batch){
		.kind = kind,
		.ndjson = ndjson,
		.schema = upk_schema_ref(schema),
		.now = now,
		.memory = memory,
	};
	if (!begin_decoding(b, err)) {
		upk_batch_destroy(b);
		return NULL;
	}
	return b;
}

/* Takes data, even on failure. */
static bool add_piece(
	struct upk_batch *b, char *data, size_t size, size_t capacity, struct upk_error *err)
{
	struct upk_batch_memory *m = b->memory;
	struct piece *p = data ? malloc(sizeof *p) : NULL;
	if (!p) {
		free(data);
		return no_memory(err);
	}
	*p = (struct piece){ .data = data, .size = size, .capacity = capacity };
	if (m->last) {
		p->base = m->last->base + m->last->size;
		m->last->next = p;
	} else {
		m->first = p;
	}
	m->last = p;
	return true;
}

static bool grow_piece(struct piece *p, size_t more, struct upk_error *err)
{
	size_t capacity = 2 * p->capacity;
	while (capacity < p->size + more)
		capacity *= 2;
	char *data = realloc(p->data, capacity);
	if (!data)
		return no_memory(err);
	p->data = data;
	p->capacity = capacity;
	return true;
}

/* The last piece is full: the next one begins with the line that it was cut off in. */
static bool next_piece(struct upk_batch *b, size_t more, struct upk_error *err)
{
	struct piece *last = b->memory->last;
	size_t cut = last ? last->size - last->decoded : 0;
	size_t capacity = last ? 2 * last->capacity : PIECE_SMALLEST;
	if (capacity > PIECE_LARGEST)
		capacity = PIECE_LARGEST;
	while (capacity < cut + more)
		capacity *= 2;
	char *data = malloc(capacity);
	if (data && cut > 0)
		memcpy(data, last->data + last->decoded, cut);
	if (last)
		last->size -= cut;
	if (!add_piece(b, data, cut, capacity, err))
		return false;
	b->memory->last->searched = cut;
	return true;
}

bool upk_batch_feed(struct upk_batch *b, struct upk_text bytes, struct upk_error *err)
{
	if (bytes.size == 0)
		return true;
	struct piece *p = b->memory->last;
	if (!p || bytes.size > p->capacity - p->size) {
		bool moves = p && p->decoded == 0;
		if (!(moves ? grow_piece(p, bytes.size, err) : next_piece(b, bytes.size, err)))
			return false;
		p = b->memory->last;
	}
	memcpy(p->data + p->size, bytes.data, bytes.size);
	p->size += bytes.size;
	b->body_size += bytes.size;
	return !b->ndjson || decode_lines(&b->memory->decoder, p, false, err);
}

bool upk_batch_end(struct upk_batch *b, struct upk_error *err)
{
	struct upk_decoder *d = &b->memory->decoder;
	struct piece *p = b->memory->last;
	bool ok = true;
	if (b->ndjson)
		ok = !p || decode_lines(d, p, true, err);
	else
		ok = decode_document(
			d, p ? (struct upk_text){ p->data, p->size } : upk_text_of(""), err);
	end_decoding(b);
	return ok;
}

struct upk_batch *upk_batch_decode(enum upk_item_kind kind, bool ndjson, char *body,
	size_t body_size, struct upk_schema *schema, int64_t now, struct upk_error *err)
{
	struct upk_batch *b = upk_batch_begin(kind, ndjson, schema, now, err);
	if (!b) {
		free(body);
		return NULL;
	}
	b->body_size = body_size;
	if ((body && !add_piece(b, body, body_size, body_size, err)) || !upk_batch_end(b, err)) {
		upk_batch_destroy(b);
		return NULL;
	}
	return b;
}

static bool decode_again(struct upk_batch *b, struct upk_error *err)
{
	for (struct piece *p = b->memory->first; b->ndjson && p && p->next; p = p->next) {
		p->decoded = p->searched = 0;
		if (!decode_lines(&b->memory->decoder, p, true, err))
			return false;
	}
	if (b->memory->last)
		b->memory->last->decoded = b->memory->last->searched = 0;
	return upk_batch_end(b, err);
}

bool upk_batch_redecode(struct upk_batch *b, struct upk_schema *schema, struct upk_error *err)
{
	struct upk_schema *old = b->schema;
	b->schema = upk_schema_ref(schema);
	upk_schema_unref(old);
	upk_arena_finish(&b->memory->arena);
	free(b->items);
	b->items = NULL;
	b->count = 0;
	b->ignored_count = 0;
	b->unlearnt = false;
	b->asked.model = 0;
	return begin_decoding(b, err) && decode_again(b, err);
}

void upk_batch_destroy(struct upk_batch *b)
{
	if (!b)
		return;
	end_decoding(b);
	upk_arena_finish(&b->memory->arena);
	for (struct piece *p = b->memory->first, *next; p; p = next) {
		next = p->next;
		free(p->data);
		free(p);
	}
	free(b->memory);
	free(b->items);
	upk_schema_unref(b->schema);
	free(b);
}

const char *upk_batch_say(struct upk_batch *b, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	int length = vsnprintf(NULL, 0, format, args);
	va_end(args);
	char *text = length < 0 ? NULL : upk_arena_take(&b->memory->arena, (size_t)length + 1);
	if (!text)
		return NULL;
	va_start(args, format);
	vsnprintf(text, (size_t)length + 1, format, args);
	va_end(args);
	return text;
}
