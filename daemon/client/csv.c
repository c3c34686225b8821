#include "client/csv.h"

#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "client/source.h"

enum { END = -1, FAILED = -2 };

struct upk_csv {
	struct upk_source source;
	uint64_t line;          /* that the next byte stands on */
	struct upk_buffer text; /* the row's fields, each followed by a NUL */
	struct upk_buffer ends; /* size_t: where each field's NUL stands in text */
	struct upk_buffer fields;
	struct upk_buffer quoted; /* a byte a field */
};

struct upk_csv *upk_csv_open(const char *path, struct upk_error *err)
{
	struct upk_csv *c = calloc(1, sizeof *c);
	if (!c) {
		upk_fail(err, UPK_NOMEM, "%s: no memory for a reader", path);
		return NULL;
	}
	c->line = 1;
	if (upk_source_open(&c->source, path, err))
		return c;
	upk_csv_close(c);
	return NULL;
}

void upk_csv_close(struct upk_csv *c)
{
	if (!c)
		return;
	upk_source_finish(&c->source);
	upk_buffer_finish(&c->text);
	upk_buffer_finish(&c->ends);
	upk_buffer_finish(&c->fields);
	upk_buffer_finish(&c->quoted);
	free(c);
}

int64_t upk_csv_at(const struct upk_csv *c)
{
	return upk_source_at(&c->source);
}

/* The next byte without taking it, END or FAILED. */
static int peek(struct upk_csv *c, struct upk_error *err)
{
	struct upk_source *s = &c->source;
	if (s->at == s->end && !upk_source_fill(s, c->line, err))
		return FAILED;
	return s->at == s->end ? END : s->chunk[s->at];
}

static void skip(struct upk_csv *c)
{
	if (c->source.chunk[c->source.at++] == '\n')
		c->line++;
}

static int fail_at(const struct upk_csv *c, uint64_t line, enum upk_code code, const char *what,
	struct upk_error *err)
{
	upk_fail(err, code, "%s: line %llu: %s", c->source.path, (unsigned long long)line, what);
	return FAILED;
}

static bool append(struct upk_csv *c, int byte, struct upk_error *err)
{
	if (byte == '\0')
		return fail_at(c, c->line, UPK_INVALID, "a NUL byte: save the file as UTF-8",
			       err) != FAILED;
	if (c->text.size >= UPK_CSV_ROW_MAX)
		return fail_at(c, c->line, UPK_TOO_LARGE, "a row of over 16 MiB", err) != FAILED;
	upk_buffer_putc(&c->text, (char)byte);
	return true;
}

/* From the opening quote to the byte after the closing one, which is returned. */
static int quoted(struct upk_csv *c, struct upk_error *err)
{
	uint64_t start = c->line;
	skip(c);
	for (;;) {
		int byte = peek(c, err);
		if (byte == END)
			return fail_at(
				c, start, UPK_INVALID, "a quoted field that never ends", err);
		if (byte == FAILED)
			return FAILED;
		skip(c);
		if (byte == '"') {
			int after = peek(c, err);
			if (after != '"')
				return after;
			skip(c);
		}
		if (!append(c, byte, err))
			return FAILED;
	}
}

static int plain(struct upk_csv *c, int byte, struct upk_error *err)
{
	while (byte != END && byte != FAILED && byte != ',' && byte != '\r' && byte != '\n') {
		if (byte == '"')
			return fail_at(c, c->line, UPK_INVALID, "a quote inside a field", err);
		if (!append(c, byte, err))
			return FAILED;
		skip(c);
		byte = peek(c, err);
	}
	return byte;
}

static const char semicolons[] = "the delimiter looks like ';': want commas";
static const char tabs[] = "the delimiter looks like a tab: want commas";

/* Reads a field and what ends it: ',', '\n', END or FAILED is returned. */
static int field(struct upk_csv *c, int byte, struct upk_error *err)
{
	upk_buffer_putc(&c->quoted, byte == '"');
	byte = byte == '"' ? quoted(c, err) : plain(c, byte, err);
	upk_buffer_append(&c->ends, &c->text.size, sizeof c->text.size);
	upk_buffer_putc(&c->text, '\0');
	if (byte == '\r') {
		skip(c);
		byte = peek(c, err);
		if (byte != '\n' && byte != FAILED)
			return fail_at(c, c->line, UPK_INVALID,
				"a carriage return without a line feed", err);
	}
	if (byte == ',' || byte == '\n')
		skip(c);
	else if (byte == ';' || byte == '\t')
		return fail_at(c, c->line, UPK_INVALID, byte == ';' ? semicolons : tabs, err);
	else if (byte != END && byte != FAILED)
		return fail_at(c, c->line, UPK_INVALID, "text after a closing quote", err);
	return byte;
}

static int skip_mark(struct upk_csv *c, int byte, struct upk_error *err)
{
	if (c->line > 1 || c->source.end - c->source.at < 3 ||
		memcmp(c->source.chunk + c->source.at, "\xef\xbb\xbf", 3) != 0)
		return byte;
	c->source.at += 3;
	return peek(c, err);
}

/* The first byte of a row, past empty lines. */
static int row_start(struct upk_csv *c, struct upk_error *err)
{
	int byte = skip_mark(c, peek(c, err), err);
	while (byte == '\n' || byte == '\r') {
		skip(c);
		byte = peek(c, err);
	}
	return byte;
}

static bool split(struct upk_csv *c, struct upk_csv_row *row, struct upk_error *err)
{
	size_t count = c->ends.size / sizeof(size_t);
	upk_buffer_clear(&c->fields);
	struct upk_text *fields = upk_buffer_grow(&c->fields, count * sizeof *fields);
	if (!fields || c->text.failed || c->ends.failed || c->quoted.failed)
		return fail_at(c, row->line, UPK_NOMEM, "no memory", err) != FAILED;
	const size_t *ends = (const size_t *)(const void *)c->ends.data;
	for (size_t i = 0, from = 0; i < count; from = ends[i++] + 1)
		fields[i] = (struct upk_text){ c->text.data + from, ends[i] - from };
	if (!upk_text_is_utf8(upk_buffer_text(&c->text)))
		return fail_at(c, row->line, UPK_INVALID, "not UTF-8: save the file as UTF-8",
			       err) != FAILED;
	row->fields = fields;
	row->quoted = (const unsigned char *)c->quoted.data;
	row->count = count;
	return true;
}

enum upk_csv_got upk_csv_next(struct upk_csv *c, struct upk_csv_row *row, struct upk_error *err)
{
	upk_buffer_clear(&c->text);
	upk_buffer_clear(&c->ends);
	upk_buffer_clear(&c->quoted);
	int byte = row_start(c, err);
	if (byte == END)
		return UPK_CSV_END;
	row->line = c->line;
	for (int ended = ','; ended == ','; byte = ended == ',' ? peek(c, err) : END) {
		ended = byte == FAILED ? FAILED : field(c, byte, err);
		if (ended == FAILED)
			return UPK_CSV_ERROR;
	}
	return split(c, row, err) ? UPK_CSV_ROW : UPK_CSV_ERROR;
}

bool upk_csv_check_header(
	const struct upk_csv *c, const struct upk_csv_row *header, struct upk_error *err)
{
	const struct upk_text *only = header->fields;
	if (header->count != 1 || header->quoted[0])
		return true;
	if (memchr(only->data, ';', only->size))
		return fail_at(c, header->line, UPK_INVALID, semicolons, err) != FAILED;
	return !memchr(only->data, '\t', only->size) ||
		fail_at(c, header->line, UPK_INVALID, tabs, err) != FAILED;
}
