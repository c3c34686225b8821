#include "base/json_reader.h"

#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/json_keys.h"
#include "base/json_scan.h"
#include "base/number_scan.h"

enum state {
	VALUE,       /* a value and nothing else */
	FIRST_VALUE, /* a value or ] */
	KEY,         /* a key and nothing else */
	FIRST_KEY,   /* a key or } */
	AFTER_VALUE, /* a comma or what closes the level; at the top, the end */
	FAILED,
};

/* at <= text.size; below FAILED all bytes before `at` are a prefix of JSON text. */
struct upk_json_reader {
	struct upk_text text;
	size_t at;
	size_t start; /* where the last token begins */
	enum state state;
	unsigned depth;
	bool is_object[UPK_JSON_DEPTH]; /* of each open level */
	struct upk_json_keys keys;
	struct upk_buffer decoded; /* of the last string, when it had escapes */
	struct upk_decimal number; /* the last one, which ends at `at` */
	bool takes_zeros;
	size_t zeros; /* that it took */
	const char *reason;
	enum upk_code code;
};

struct upk_json_reader *upk_json_reader_create(struct upk_text text)
{
	struct upk_json_reader *r = calloc(1, sizeof *r);
	if (!r)
		return NULL;
	upk_json_reader_reset(r, text);
	return r;
}

void upk_json_reader_destroy(struct upk_json_reader *r)
{
	if (!r)
		return;
	upk_json_keys_finish(&r->keys);
	upk_buffer_finish(&r->decoded);
	free(r);
}

void upk_json_reader_reset(struct upk_json_reader *r, struct upk_text text)
{
	upk_json_keys_clear(&r->keys);
	upk_buffer_clear(&r->decoded);
	r->text = text;
	r->at = 0;
	r->start = 0;
	r->state = VALUE;
	r->depth = 0;
	r->zeros = 0;
	r->reason = NULL;
	r->code = UPK_OK;
}

void upk_json_take_zeros(struct upk_json_reader *r)
{
	r->takes_zeros = true;
}

size_t upk_json_zeros(const struct upk_json_reader *r)
{
	return r->zeros;
}

/* Always false. */
static bool fail_at(struct upk_json_reader *r, size_t at, const char *reason)
{
	r->state = FAILED;
	r->at = at;
	r->reason = reason;
	r->code = UPK_INVALID;
	return false;
}

bool upk_json_key_twice(struct upk_json_reader *r)
{
	return fail_at(r, r->start, "the same key twice in one object");
}

static bool fail_nomem(struct upk_json_reader *r)
{
	fail_at(r, r->at, "no memory");
	r->code = UPK_NOMEM;
	return false;
}

static int peek(const struct upk_json_reader *r)
{
	return r->at < r->text.size ? (unsigned char)r->text.data[r->at] : -1;
}

/* Fails at the byte that is next. */
static bool fail_here(struct upk_json_reader *r, const char *reason)
{
	return fail_at(r, r->at, peek(r) < 0 ? "the text ends too early" : reason);
}

/* The first byte from `at` on that is no white space. */
static size_t skipped(struct upk_text text, size_t at)
{
	const char *data = text.data;
	while (at < text.size && data[at] <= ' ' &&
		(data[at] == ' ' || data[at] == '\n' || data[at] == '\r' || data[at] == '\t'))
		at++;
	return at;
}

static void skip_space(struct upk_json_reader *r)
{
	r->at = skipped(r->text, r->at);
}

static int hex_digit(int c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* The four digits of a \u escape. */
static bool read_hex(struct upk_json_reader *r, unsigned *unit)
{
	*unit = 0;
	for (int i = 0; i < 4; i++) {
		int digit = hex_digit(peek(r));
		if (digit < 0)
			return fail_here(r, "four hexadecimal digits follow \\u");
		*unit = *unit * 16 + (unsigned)digit;
		r->at++;
	}
	return true;
}

static void put_utf8(struct upk_buffer *out, unsigned c)
{
	char bytes[4];
	size_t size = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
	static const unsigned char lead[] = { 0, 0, 0xc0, 0xe0, 0xf0 };

	for (size_t i = size; i-- > 1; c >>= 6)
		bytes[i] = (char)(0x80 | (c & 0x3f));
	bytes[0] = (char)(lead[size] | c);
	upk_buffer_append(out, bytes, size);
}

/* After \u, which begins at `escape`. */
static bool read_unicode(struct upk_json_reader *r, size_t escape)
{
	unsigned c, low;

	if (!read_hex(r, &c))
		return false;
	if (c == 0 && !r->takes_zeros)
		return fail_at(r, escape, "\\u0000 is not allowed");
	r->zeros += c == 0;
	if (c >= 0xdc00 && c <= 0xdfff)
		return fail_at(r, escape, "a lone surrogate");
	if (c >= 0xd800 && c <= 0xdbff) {
		if (r->text.size - r->at < 2 || memcmp(r->text.data + r->at, "\\u", 2) != 0)
			return fail_at(r, escape, "a lone surrogate");
		r->at += 2;
		if (!read_hex(r, &low))
			return false;
		if (low < 0xdc00 || low > 0xdfff)
			return fail_at(r, escape, "a lone surrogate");
		c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
	}
	put_utf8(&r->decoded, c);
	return true;
}

/* At the backslash. */
static bool read_escape(struct upk_json_reader *r)
{
	static const char names[] = "\"\\/bfnrt";
	static const char bytes[] = "\"\\/\b\f\n\r\t";
	size_t escape = r->at++;
	int c = peek(r);

	if (c == 'u') {
		r->at++;
		return read_unicode(r, escape);
	}
	const char *name = c > 0 ? strchr(names, c) : NULL;
	if (!name)
		return fail_here(r, "no such escape");
	upk_buffer_putc(&r->decoded, bytes[name - names]);
	r->at++;
	return true;
}

/* Moves over characters that stand for themselves. */
static bool read_run(struct upk_json_reader *r)
{
	size_t at = r->at;

	for (;;) {
		at += upk_json_plain(r->text.data + at, r->text.size - at);
		if (at == r->text.size || (unsigned char)r->text.data[at] < 0x80)
			break;
		size_t bytes = upk_text_character(r->text, at);
		if (bytes == 0)
			return fail_at(r, at, "not UTF-8");
		at += bytes;
	}
	r->at = at;
	return true;
}

/* The rest of a string that has more than plain characters; it began at `run`. */
static bool read_rest(struct upk_json_reader *r, size_t run, struct upk_text *text)
{
	bool escapes = false;

	if (!read_run(r))
		return false;
	while (peek(r) == '\\') {
		if (!escapes)
			upk_buffer_clear(&r->decoded);
		escapes = true;
		upk_buffer_append(&r->decoded, r->text.data + run, r->at - run);
		if (!read_escape(r))
			return false;
		run = r->at;
		if (!read_run(r))
			return false;
	}
	if (peek(r) != '"')
		return fail_here(r, "a raw control character in a string");

	*text = (struct upk_text){ r->text.data + run, r->at - run };
	if (escapes) {
		upk_buffer_append(&r->decoded, text->data, text->size);
		if (r->decoded.failed)
			return fail_nomem(r);
		*text = upk_buffer_text(&r->decoded);
	}
	r->at++;
	return true;
}

/* At the opening quote. A string without escapes is a view of the input. */
static bool read_string(struct upk_json_reader *r, struct upk_text *text)
{
	size_t run = ++r->at;

	r->at += upk_json_plain(r->text.data + run, r->text.size - run);
	if (peek(r) != '"')
		return read_rest(r, run, text);
	*text = (struct upk_text){ r->text.data + run, r->at - run };
	r->at++;
	return true;
}

static bool is_digit(int c)
{
	return c >= '0' && c <= '9';
}

static bool read_digits(struct upk_json_reader *r)
{
	if (!is_digit(peek(r)))
		return fail_here(r, "a digit is missing");
	while (is_digit(peek(r)))
		r->at++;
	return true;
}

/* Fails at the byte of a number that its grammar does not have. */
static bool fail_number(struct upk_json_reader *r)
{
	if (peek(r) == '-')
		r->at++;
	if (peek(r) == '0')
		r->at++;
	else if (!read_digits(r))
		return false;
	if (is_digit(peek(r)))
		return fail_here(r, "a number begins with 0");

	if (peek(r) == '.') {
		r->at++;
		if (!read_digits(r))
			return false;
	}
	if (peek(r) == 'e' || peek(r) == 'E')
		r->at++;
	if (peek(r) == '+' || peek(r) == '-')
		r->at++;
	return read_digits(r);
}

static bool read_number(struct upk_json_reader *r, struct upk_text *text)
{
	const char *data = r->text.data + r->at;
	size_t size = upk_number_scan(data, r->text.size - r->at, &r->number);

	if (size == 0)
		return fail_number(r);
	*text = (struct upk_text){ data, size };
	r->at += size;
	return true;
}

static bool read_word(struct upk_json_reader *r, const char *word)
{
	for (; *word; word++, r->at++)
		if (peek(r) != *word)
			return fail_here(r, "want a value");
	return true;
}

static bool open_level(struct upk_json_reader *r, bool is_object)
{
	if (r->depth == UPK_JSON_DEPTH)
		return fail_here(r, "nested too deep");
	if (is_object && !upk_json_keys_open(&r->keys))
		return fail_nomem(r);
	r->is_object[r->depth++] = is_object;
	r->state = is_object ? FIRST_KEY : FIRST_VALUE;
	r->at++;
	return true;
}

static enum upk_json_token close_level(struct upk_json_reader *r)
{
	bool is_object = r->is_object[--r->depth];
	if (is_object)
		upk_json_keys_close(&r->keys);
	r->state = AFTER_VALUE;
	r->at++;
	return is_object ? UPK_JSON_OBJECT_END : UPK_JSON_ARRAY_END;
}

static enum upk_json_token read_value(struct upk_json_reader *r, struct upk_text *text)
{
	bool ok = false;
	enum upk_json_token token = UPK_JSON_NUMBER;
	int c = peek(r);

	r->state = AFTER_VALUE;
	if (c == '"') {
		token = UPK_JSON_STRING;
		ok = read_string(r, text);
	} else if (c == '-' || is_digit(c)) {
		ok = read_number(r, text);
	} else if (c == '{' || c == '[') {
		token = c == '{' ? UPK_JSON_OBJECT : UPK_JSON_ARRAY;
		ok = open_level(r, c == '{');
	} else if (c == 't') {
		token = UPK_JSON_TRUE;
		ok = read_word(r, "true");
	} else if (c == 'f') {
		token = UPK_JSON_FALSE;
		ok = read_word(r, "false");
	} else if (c == 'n') {
		token = UPK_JSON_NULL;
		ok = read_word(r, "null");
	} else {
		bool mark = c == 0xef && r->at == 0;
		fail_here(r, mark ? "a byte order mark" : "want a value");
	}
	return ok ? token : UPK_JSON_ERROR;
}

/* A key of the innermost object that begins at `start`. */
static bool add_key(struct upk_json_reader *r, struct upk_text key)
{
	switch (upk_json_keys_add(&r->keys, key)) {
	case UPK_JSON_KEY_NEW:
		break;
	case UPK_JSON_KEY_TWICE:
		return upk_json_key_twice(r);
	case UPK_JSON_KEY_NOMEM:
		return fail_nomem(r);
	}
	return true;
}

/* The key, held against the object's others unless the caller does that, with its colon. */
static enum upk_json_token read_key(struct upk_json_reader *r, struct upk_text *key, bool held)
{
	if (peek(r) != '"') {
		fail_here(r, "want a key in quotes");
		return UPK_JSON_ERROR;
	}
	if (!read_string(r, key) || (held && !add_key(r, *key)))
		return UPK_JSON_ERROR;

	skip_space(r);
	if (peek(r) != ':') {
		fail_here(r, "want a colon after the key");
		return UPK_JSON_ERROR;
	}
	r->at++;
	r->state = VALUE;
	return UPK_JSON_KEY;
}

/* What follows a value: the level's end (true: *token is it), or a comma, passed over. */
static bool read_end(struct upk_json_reader *r, enum upk_json_token *token)
{
	int c = peek(r);

	*token = UPK_JSON_ERROR;
	if (r->depth == 0) {
		if (c < 0)
			*token = UPK_JSON_END;
		else
			fail_here(r, "text after the value");
		return true;
	}
	bool is_object = r->is_object[r->depth - 1];
	if (c == (is_object ? '}' : ']')) {
		*token = close_level(r);
		return true;
	}
	if (c != ',') {
		fail_here(r, is_object ? "want a comma or }" : "want a comma or ]");
		return true;
	}
	r->at++;
	r->state = is_object ? KEY : VALUE;
	skip_space(r);
	r->start = r->at;
	return false;
}

static enum upk_json_token next(struct upk_json_reader *r, struct upk_text *text, bool held)
{
	enum upk_json_token token;

	*text = (struct upk_text){ NULL, 0 };
	if (r->state == FAILED)
		return UPK_JSON_ERROR;

	skip_space(r);
	r->start = r->at;
	if (r->state == AFTER_VALUE && read_end(r, &token))
		return token;
	if (r->state == VALUE)
		return read_value(r, text);
	int c = peek(r);
	if ((r->state == FIRST_VALUE && c == ']') || (r->state == FIRST_KEY && c == '}'))
		return close_level(r);
	if (r->state == FIRST_VALUE)
		return read_value(r, text);
	token = read_key(r, text, held);
	if (token == UPK_JSON_ERROR)
		*text = (struct upk_text){ NULL, 0 };
	return token;
}

enum upk_json_token upk_json_next(struct upk_json_reader *r, struct upk_text *text)
{
	struct upk_text unused;
	return next(r, text ? text : &unused, true);
}

enum upk_json_token upk_json_member(struct upk_json_reader *r, struct upk_text *key)
{
	return next(r, key, false);
}

bool upk_json_key_new(struct upk_json_reader *r, struct upk_text key)
{
	return add_key(r, key);
}

/* Bytes of the white space and, between an array's values, the comma before the next value; the
 * text's rest where there is no comma. */
static size_t gap(const struct upk_json_reader *r)
{
	const char *data = r->text.data;
	size_t size = r->text.size, at = skipped(r->text, r->at);
	if (r->state == AFTER_VALUE) {
		if (at == size || data[at] != ',')
			return size - r->at;
		at = skipped(r->text, at + 1);
	}
	return at - r->at;
}

size_t upk_json_numbers(struct upk_json_reader *r, double *out, size_t most)
{
	size_t count = 0;
	for (; count < most; count++) {
		struct upk_decimal d;
		size_t start = r->at + gap(r);
		const char *data = r->text.data + start;
		size_t size = upk_number_scan(data, r->text.size - start, &d);
		if (size == 0)
			break;
		if (upk_number_is_exact(&d))
			out[count] = upk_number_exact(&d);
		else if (!upk_number_value((struct upk_text){ data, size }, &d, &out[count]))
			break;
		r->at = start + size;
		r->state = AFTER_VALUE;
	}
	return count;
}

bool upk_json_read_double(const struct upk_json_reader *r, double *x)
{
	struct upk_text number = { r->text.data + r->start, r->at - r->start };
	return upk_number_value(number, &r->number, x);
}

bool upk_json_skip(struct upk_json_reader *r, enum upk_json_token token, struct upk_text *raw)
{
	if (token == UPK_JSON_KEY)
		token = upk_json_next(r, NULL);
	if (token == UPK_JSON_OBJECT_END || token == UPK_JSON_ARRAY_END || token == UPK_JSON_END ||
		token == UPK_JSON_ERROR)
		return false;

	size_t start = r->start;
	if (token == UPK_JSON_OBJECT || token == UPK_JSON_ARRAY) {
		unsigned outer = r->depth - 1;
		while (r->depth > outer)
			if (upk_json_next(r, NULL) == UPK_JSON_ERROR)
				return false;
	}
	if (raw)
		*raw = (struct upk_text){ r->text.data + start, r->at - start };
	return true;
}

size_t upk_json_at(const struct upk_json_reader *r)
{
	return r->at;
}

const char *upk_json_reason(const struct upk_json_reader *r)
{
	return r->reason;
}

bool upk_json_fail(const struct upk_json_reader *r, struct upk_error *err)
{
	return upk_fail(err, r->code, "byte %zu: %s", r->at, r->reason);
}
