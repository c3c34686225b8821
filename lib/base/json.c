#include "base/json.h"

#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/json_reader.h"
#include "base/json_writer.h"
#include "base/number.h"

/* A document as it grows: `open` are the containers that have not ended, outermost first. */
struct builder {
	struct upk_json_reader *reader;
	cJSON *root;
	cJSON *open[UPK_JSON_DEPTH];
	size_t depth;
	struct upk_buffer key;  /* of the member that is read; ended by a NUL */
	struct upk_buffer text; /* a string's value; ended by a NUL */
	struct upk_text lines;  /* messages say line and column of this text; absent: the byte */
};

/* Lines and columns count from 1, columns in characters. */
static bool fail_at_line(struct upk_text text, size_t at, const char *reason, struct upk_error *err)
{
	size_t line = 1, column = 1;

	for (size_t i = 0; i < at; i++) {
		if (text.data[i] == '\n') {
			line++;
			column = 1;
		} else if (((unsigned char)text.data[i] & 0xc0) != 0x80) {
			column++;
		}
	}
	return upk_fail(err, UPK_INVALID, "line %zu, column %zu: %s", line, column, reason);
}

static bool fail_nomem(struct upk_error *err)
{
	return upk_fail(err, UPK_NOMEM, "no memory for a JSON document");
}

static bool set_string(struct upk_buffer *b, struct upk_text text)
{
	upk_buffer_clear(b);
	upk_buffer_append(b, text.data, text.size);
	upk_buffer_putc(b, '\0');
	return !b->failed;
}

/* Takes the item, even when it fails. NULL: there was no memory for it. */
static bool add(struct builder *b, cJSON *item)
{
	cJSON *parent = b->depth > 0 ? b->open[b->depth - 1] : NULL;
	bool ok = item != NULL;

	if (ok && !parent)
		b->root = item;
	else if (ok && cJSON_IsObject(parent))
		ok = cJSON_AddItemToObject(parent, b->key.data, item);
	else if (ok)
		ok = cJSON_AddItemToArray(parent, item);
	if (!ok)
		cJSON_Delete(item);
	return ok;
}

static bool add_container(struct builder *b, cJSON *item)
{
	if (!add(b, item))
		return false;
	b->open[b->depth++] = item;
	return true;
}

static bool add_string(struct builder *b, struct upk_text text)
{
	return set_string(&b->text, text) && add(b, cJSON_CreateString(b->text.data));
}

/* false: no memory. */
static bool take_token(
	struct builder *b, enum upk_json_token token, struct upk_text text, double number)
{
	switch (token) {
	case UPK_JSON_OBJECT:
		return add_container(b, cJSON_CreateObject());
	case UPK_JSON_ARRAY:
		return add_container(b, cJSON_CreateArray());
	case UPK_JSON_OBJECT_END:
	case UPK_JSON_ARRAY_END:
		b->depth--;
		return true;
	case UPK_JSON_KEY:
		return set_string(&b->key, text);
	case UPK_JSON_STRING:
		return add_string(b, text);
	case UPK_JSON_NUMBER:
		return add(b, cJSON_CreateNumber(number));
	case UPK_JSON_TRUE:
	case UPK_JSON_FALSE:
		return add(b, cJSON_CreateBool(token == UPK_JSON_TRUE));
	case UPK_JSON_NULL:
		return add(b, cJSON_CreateNull());
	case UPK_JSON_END:
	case UPK_JSON_ERROR:
		break;
	}
	return true;
}

static bool fail_at(const struct builder *b, size_t at, const char *reason, struct upk_error *err)
{
	if (b->lines.data)
		return fail_at_line(b->lines, at, reason, err);
	return upk_fail(err, UPK_INVALID, "byte %zu: %s", at, reason);
}

/* After UPK_JSON_ERROR. */
static bool fail_as_reader(const struct builder *b, struct upk_error *err)
{
	struct upk_error cause;

	upk_json_fail(b->reader, &cause);
	if (cause.code == UPK_NOMEM)
		return fail_nomem(err);
	return fail_at(b, upk_json_at(b->reader), upk_json_reason(b->reader), err);
}

static bool build(struct builder *b, struct upk_error *err)
{
	for (;;) {
		struct upk_text text;
		double number = 0;
		enum upk_json_token token = upk_json_next(b->reader, &text);
		if (token == UPK_JSON_END)
			return true;
		if (token == UPK_JSON_ERROR)
			return fail_as_reader(b, err);
		if (token == UPK_JSON_NUMBER && !upk_number_parse(text, &number))
			return fail_at(b, upk_json_at(b->reader) - text.size,
				"a number beyond the range of a double", err);
		if (!take_token(b, token, text, number))
			return fail_nomem(err);
	}
}

static cJSON *parse(struct upk_text text, struct upk_text lines, struct upk_error *err)
{
	struct builder b = { .lines = lines };

	b.reader = upk_json_reader_create(text);
	if (!b.reader) {
		fail_nomem(err);
		return NULL;
	}
	if (!build(&b, err)) {
		cJSON_Delete(b.root);
		b.root = NULL;
	}
	upk_buffer_finish(&b.text);
	upk_buffer_finish(&b.key);
	upk_json_reader_destroy(b.reader);
	return b.root;
}

cJSON *upk_json_parse(struct upk_text text, struct upk_error *err)
{
	return parse(text, upk_text_of(NULL), err);
}

/* Where the string that begins at `at` ends: behind its closing quote or at the text's end. */
static size_t string_end(struct upk_text text, size_t at)
{
	for (at++; at < text.size && text.data[at] != '"'; at++)
		if (text.data[at] == '\\')
			at++;
	return at < text.size ? at + 1 : text.size;
}

/* Where the comment that begins at `at` ends; past text.size when a block is never closed. */
static size_t comment_end(struct upk_text text, size_t at)
{
	bool block = text.data[at + 1] == '*';
	const char *closing = block ? "*/" : "\n";
	size_t size = strlen(closing);
	const char *end = memmem(text.data + at + 2, text.size - at - 2, closing, size);

	if (!end)
		return block ? text.size + 1 : text.size;
	return (size_t)(end - text.data) + size;
}

/* As many spaces as there were bytes, so that offsets stay true. */
static bool blank_comments(struct upk_text text, char *copy, struct upk_error *err)
{
	size_t at = 0;

	while (at < text.size) {
		bool comment = text.data[at] == '/' && at + 1 < text.size &&
			(text.data[at + 1] == '/' || text.data[at + 1] == '*');
		if (comment) {
			size_t end = comment_end(text, at);
			if (end > text.size)
				return fail_at_line(text, at, "a comment that never ends", err);
			memset(copy + at, ' ', end - at);
			at = end;
		} else {
			at = text.data[at] == '"' ? string_end(text, at) : at + 1;
		}
	}
	return true;
}

cJSON *upk_json_parse_commented(struct upk_text text, struct upk_error *err)
{
	cJSON *json = NULL;
	char *copy = upk_text_copy(text);
	if (!copy) {
		fail_nomem(err);
		return NULL;
	}
	if (blank_comments(text, copy, err))
		json = parse((struct upk_text){ copy, text.size }, text, err);
	free(copy);
	return json;
}

static void print(struct upk_json_writer *w, const cJSON *item)
{
	const cJSON *child;

	switch (item->type & 0xff) {
	case cJSON_Object:
		upk_json_object(w, NULL);
		cJSON_ArrayForEach(child, item)
		{
			upk_json_key(w, upk_text_of(child->string));
			print(w, child);
		}
		upk_json_object_end(w);
		break;
	case cJSON_Array:
		upk_json_array(w, NULL);
		cJSON_ArrayForEach(child, item) print(w, child);
		upk_json_array_end(w);
		break;
	case cJSON_String:
		upk_json_string(w, NULL, item->valuestring);
		break;
	case cJSON_Raw:
		upk_json_raw(w, NULL, upk_text_of(item->valuestring));
		break;
	case cJSON_Number:
		upk_json_double(w, NULL, item->valuedouble);
		break;
	case cJSON_True:
	case cJSON_False:
		upk_json_bool(w, NULL, cJSON_IsTrue(item));
		break;
	default:
		upk_json_null(w, NULL);
	}
}

char *upk_json_print(const cJSON *json)
{
	struct upk_buffer out = { 0 };
	struct upk_json_writer w = upk_json_writer_on(&out);

	print(&w, json);
	upk_buffer_putc(&out, '\0');
	if (out.failed)
		upk_buffer_finish(&out);
	return out.data;
}

static bool equal_arrays(const cJSON *a, const cJSON *b)
{
	const cJSON *in_a = a->child;
	const cJSON *in_b = b->child;

	for (; in_a && in_b; in_a = in_a->next, in_b = in_b->next)
		if (!upk_json_equal(in_a, in_b))
			return false;
	return !in_a && !in_b;
}

/* The member of that key, looked for from `from` on and then from the start. */
static const cJSON *find_member(const cJSON *object, const cJSON *from, const char *key)
{
	const cJSON *m;

	for (m = from; m; m = m->next)
		if (strcmp(m->string, key) == 0)
			return m;
	for (m = object->child; m != from; m = m->next)
		if (strcmp(m->string, key) == 0)
			return m;
	return NULL;
}

/* Keys are unique. Most often the order is the same too, and then this is linear. */
static bool equal_objects(const cJSON *a, const cJSON *b)
{
	const cJSON *in_b = b->child;
	const cJSON *in_a;

	if (cJSON_GetArraySize(a) != cJSON_GetArraySize(b))
		return false;
	cJSON_ArrayForEach(in_a, a)
	{
		const cJSON *same = find_member(b, in_b, in_a->string);
		if (!same || !upk_json_equal(in_a, same))
			return false;
		in_b = same->next;
	}
	return true;
}

bool upk_json_equal(const cJSON *a, const cJSON *b)
{
	if (!a || !b)
		return a == b;
	if ((a->type & 0xff) != (b->type & 0xff))
		return false;

	switch (a->type & 0xff) {
	case cJSON_Object:
		return equal_objects(a, b);
	case cJSON_Array:
		return equal_arrays(a, b);
	case cJSON_String:
	case cJSON_Raw:
		return strcmp(a->valuestring, b->valuestring) == 0;
	case cJSON_Number:
		return a->valuedouble == b->valuedouble;
	default:
		return true;
	}
}
