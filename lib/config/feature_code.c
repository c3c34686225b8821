/* Features of one event, coded by a list: from JSON, to numbers, to JSON again. */
#include <endian.h>
#include <math.h>
#include <string.h>

#include "base/json_writer.h"
#include "base/number.h"
#include "config/feature_list.h"
#include "config/value.h"

static const uint32_t missing_text = UINT32_MAX;

static void put_double(struct upk_buffer *out, double x)
{
	uint64_t bits;
	memcpy(&bits, &x, sizeof bits);
	bits = htole64(bits);
	upk_buffer_append(out, &bits, sizeof bits);
}

static void put_length(struct upk_buffer *out, uint32_t length)
{
	length = htole32(length);
	upk_buffer_append(out, &length, sizeof length);
}

static void put_float(struct upk_buffer *out, float x)
{
	uint32_t bits;
	memcpy(&bits, &x, sizeof bits);
	put_length(out, bits);
}

void upk_features_put_numbers(const double *x, size_t count, struct upk_buffer *out)
{
	char *room = upk_buffer_grow(out, count * sizeof *x);
	for (size_t i = 0; room && i < count; i++) {
		uint64_t bits;
		memcpy(&bits, &x[i], sizeof bits);
		bits = htole64(bits);
		memcpy(room + i * sizeof bits, &bits, sizeof bits);
	}
}

void upk_features_put_text(struct upk_text text, struct upk_buffer *out)
{
	put_length(out, text.data ? (uint32_t)text.size : missing_text);
	upk_buffer_append(out, text.data, text.size);
}

void upk_features_put_vector(const double *x, size_t size, struct upk_buffer *out)
{
	upk_buffer_putc(out, isnan(x[0]) ? 0 : 1);
	for (size_t i = 0; !isnan(x[0]) && i < size; i++)
		put_float(out, (float)x[i]);
}

static void put_missing(const struct upk_feature *feature, struct upk_buffer *out)
{
	if (feature->type == UPK_FEATURE_NUMBER)
		put_double(out, NAN);
	else if (feature->type == UPK_FEATURE_VECTOR)
		upk_buffer_putc(out, 0);
	else
		put_length(out, missing_text);
}

static bool wrong(const struct upk_feature *feature, struct upk_json_reader *r,
	enum upk_json_token token, struct upk_text text, const char *want, struct upk_error *err)
{
	char shown[UPK_VALUE_SHOWN];
	return upk_fail(err, UPK_INVALID, "features.%s: %s: want %s", feature->name,
		upk_value_show(r, token, text, shown), want);
}

/* Numbers from feature i on, as far as they are written as numbers: how many. */
static size_t encode_run(
	const struct upk_features *f, size_t i, struct upk_json_reader *r, struct upk_buffer *out)
{
	enum { AT_ONCE = 32 };
	uint64_t coded[AT_ONCE];
	double numbers[AT_ONCE];
	size_t run = f->items[i].run, count = 0, most, n;
	do {
		most = run - count < AT_ONCE ? run - count : AT_ONCE;
		n = upk_json_numbers(r, numbers, most);
		memcpy(coded, numbers, n * sizeof *coded);
		for (size_t k = 0; k < n; k++)
			coded[k] = htole64(coded[k]);
		upk_buffer_append(out, coded, n * sizeof *coded);
		count += n;
	} while (n == most && count < run);
	return count;
}

static bool encode_number(const struct upk_feature *feature, struct upk_json_reader *r,
	enum upk_json_token token, struct upk_text text, struct upk_buffer *out,
	struct upk_error *err)
{
	double x;
	if (token == UPK_JSON_TRUE || token == UPK_JSON_FALSE)
		x = token == UPK_JSON_TRUE;
	else if (token != UPK_JSON_NUMBER || !upk_json_read_double(r, &x))
		return wrong(feature, r, token, text, "a number, a boolean or null", err);
	put_double(out, x);
	return true;
}

static bool encode_text(const struct upk_feature *feature, struct upk_json_reader *r,
	enum upk_json_token token, struct upk_text text, struct upk_buffer *out,
	struct upk_error *err)
{
	bool category = feature->type == UPK_FEATURE_CATEGORY;
	const char *want = category ? "a string of at most 256 bytes or null"
				    : "a string of at most 64 KiB or null";
	if (token == UPK_JSON_STRING && category && text.size > UPK_CATEGORY_MAX)
		want = "a string of at most 256 bytes or null, since it is a category: a longer "
		       "one needs the type text, declared before the model's first event";
	if (token != UPK_JSON_STRING || text.size > (category ? UPK_CATEGORY_MAX : UPK_TEXT_MAX))
		return wrong(feature, r, token, text, want, err);
	if (upk_json_zeros(r) && memchr(text.data, 0, text.size))
		return upk_fail(err, UPK_INVALID, "features.%s: " UPK_VALUE_ZERO, feature->name);
	put_length(out, (uint32_t)text.size);
	upk_buffer_append(out, text.data, text.size);
	return true;
}

/* Reads the array to its end whatever is in it. */
static bool encode_floats(const struct upk_feature *feature, struct upk_json_reader *r,
	struct upk_buffer *out, struct upk_error *err)
{
	struct upk_text text;
	enum upk_json_token token;
	size_t count = 0;
	bool ok = true;
	upk_buffer_putc(out, 1);
	for (; (token = upk_json_next(r, &text)) != UPK_JSON_ARRAY_END; count++) {
		double x = 0;
		char shown[UPK_VALUE_SHOWN];
		if (token == UPK_JSON_ERROR)
			return false;
		bool number = token == UPK_JSON_NUMBER && upk_json_read_double(r, &x) &&
			isfinite((float)x);
		if (!number)
			upk_value_show(r, token, text, shown);
		if (!number && ok)
			ok = upk_fail(err, UPK_INVALID,
				"features.%s[%zu]: %s: want a number that a float32 holds",
				feature->name, count, shown);
		if (ok && count < feature->size)
			put_float(out, (float)x);
	}
	if (ok && count != feature->size)
		ok = upk_fail(err, UPK_INVALID, "features.%s: %zu numbers: want %u", feature->name,
			count, (unsigned)feature->size);
	return ok;
}

/* RFC 4648 section 4; -1: not of the alphabet. */
static int sextet(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Exactly `size` bytes with their padding, appended to out. */
static bool decode_base64(struct upk_text text, size_t size, struct upk_buffer *out)
{
	size_t padding = (3 - size % 3) % 3;
	if (text.size != (size + 2) / 3 * 4)
		return false;
	for (size_t i = 0; i < padding; i++)
		if (text.data[text.size - 1 - i] != '=')
			return false;
	uint32_t bits = 0;
	unsigned held = 0;
	for (size_t i = 0; i < text.size - padding; i++) {
		int six = sextet(text.data[i]);
		if (six < 0)
			return false;
		bits = bits << 6 | (uint32_t)six;
		held += 6;
		if (held >= 8) {
			held -= 8;
			upk_buffer_putc(out, (char)(bits >> held & 0xFF));
		}
	}
	return true;
}

static float float_at(const char *bytes)
{
	uint32_t bits;
	float x;
	memcpy(&bits, bytes, sizeof bits);
	bits = le32toh(bits);
	memcpy(&x, &bits, sizeof x);
	return x;
}

static bool encode_base64(const struct upk_feature *feature, struct upk_text text,
	struct upk_buffer *out, struct upk_error *err)
{
	char shown[UPK_VALUE_SHOWN];
	upk_buffer_putc(out, 1);
	size_t start = out->size;
	if (!decode_base64(text, 4 * (size_t)feature->size, out))
		return upk_fail(err, UPK_INVALID,
			"features.%s: \"%s\": want %u numbers or the base64 of %u bytes of float32",
			feature->name, upk_text_show(text, shown), (unsigned)feature->size,
			4 * (unsigned)feature->size);
	for (size_t i = 0; !out->failed && i < feature->size; i++)
		if (!isfinite(float_at(out->data + start + 4 * i)))
			return upk_fail(err, UPK_INVALID,
				"features.%s[%zu]: not finite: want a finite float32",
				feature->name, i);
	return true;
}

/* Appends one value's encoding; what was appended when it fails is of no use. */
static bool encode_value(const struct upk_feature *feature, struct upk_json_reader *r,
	enum upk_json_token token, struct upk_text text, struct upk_buffer *out,
	struct upk_error *err)
{
	if (token == UPK_JSON_NULL) {
		put_missing(feature, out);
		return true;
	}
	if (feature->type == UPK_FEATURE_NUMBER)
		return encode_number(feature, r, token, text, out, err);
	if (feature->type != UPK_FEATURE_VECTOR)
		return encode_text(feature, r, token, text, out, err);
	if (token == UPK_JSON_ARRAY)
		return encode_floats(feature, r, out, err);
	if (token == UPK_JSON_STRING)
		return encode_base64(feature, text, out, err);
	return wrong(feature, r, token, text, "an array of numbers, base64 or null", err);
}

static bool encode_array(const struct upk_features *f, struct upk_json_reader *r,
	struct upk_buffer *out, struct upk_error *err)
{
	struct upk_text text;
	enum upk_json_token token;
	size_t count = 0;
	bool ok = true;
	for (;; count++) {
		if (ok && count < f->count && f->items[count].run > 0)
			count += encode_run(f, count, r, out);
		token = upk_json_next(r, &text);
		if (token == UPK_JSON_ARRAY_END)
			break;
		if (token == UPK_JSON_ERROR)
			return false;
		if (ok && count < f->count)
			ok = encode_value(&f->items[count], r, token, text, out, err);
		else
			upk_value_skip(r, token, text, NULL);
	}
	if (ok && count != f->count)
		ok = upk_fail(err, UPK_INVALID, "features: %zu values: want %zu", count, f->count);
	return ok;
}

/* Where a member's encoding lies in the buffer; size 0: it has not come. */
struct span {
	uint32_t offset, size;
};

/* Members come in any order: their encodings are appended as they come, behind a span for each
 * feature, and then put in order. */
struct object {
	const struct upk_features *f;
	struct upk_json_reader *r;
	struct upk_buffer *out;
	size_t start;  /* of the spans, then of the encoding */
	size_t next;   /* the feature that comes next if the members are in the list's order */
	bool in_order; /* they have been so far */
	struct upk_features_met *met; /* may be NULL */
};

static int find_member(struct object *o, struct upk_text name)
{
	size_t next = o->next < o->f->count ? o->next : 0;
	const struct upk_feature *guess = &o->f->items[next];
	if (name.size != guess->name_size || memcmp(name.data, guess->name, name.size) != 0) {
		int found = upk_names_find(o->f->names, name);
		if (found < 0)
			return -1;
		next = (size_t)found;
	}
	o->in_order = o->in_order && next == o->next;
	o->next = next + 1;
	return (int)next;
}

static struct span span_of(const struct object *o, size_t i)
{
	struct span span = { 0, 0 };
	if (!o->out->failed)
		memcpy(&span, o->out->data + o->start + i * sizeof span, sizeof span);
	return span;
}

/* The member's encoding goes from offset to the buffer's end. */
static void set_span(struct object *o, size_t i, size_t offset)
{
	struct span span = { (uint32_t)(offset - o->start), (uint32_t)(o->out->size - offset) };
	if (!o->out->failed)
		memcpy(o->out->data + o->start + i * sizeof span, &span, sizeof span);
}

static bool encode_member(struct object *o, size_t i, struct upk_error *err)
{
	const struct upk_feature *feature = &o->f->items[i];
	size_t offset = o->out->size;
	struct upk_text text;
	double x;
	bool ok = true;
	if (feature->run > 0 && upk_json_numbers(o->r, &x, 1) == 1) {
		put_double(o->out, x);
	} else {
		enum upk_json_token token = upk_json_next(o->r, &text);
		ok = encode_value(feature, o->r, token, text, o->out, err);
	}
	if (!ok)
		upk_buffer_putc(o->out, 0); /* a span of nothing would say that it has not come */
	set_span(o, i, offset);
	return ok;
}

static bool read_member(struct object *o, struct upk_text name, struct upk_error *err)
{
	struct upk_text text;
	int i = find_member(o, name);
	if (i >= 0)
		return span_of(o, (size_t)i).size > 0 ? upk_json_key_twice(o->r)
						      : encode_member(o, (size_t)i, err);
	if (!upk_json_key_new(o->r, name))
		return false;
	if (o->met)
		o->met->ignored(o->met->context, name);
	return upk_value_skip(o->r, upk_json_next(o->r, &text), text, err) ||
		upk_fail_in(err, "features: ");
}

/* Appends all members in the list's order. */
static void copy_in_order(struct object *o)
{
	for (size_t i = 0; i < o->f->count && !o->out->failed; i++) {
		struct span span = span_of(o, i);
		char *room = span.size ? upk_buffer_grow(o->out, span.size) : NULL;
		if (room)
			memcpy(room, o->out->data + o->start + span.offset, span.size);
		else
			put_missing(&o->f->items[i], o->out);
	}
}

/* Leaves nothing but the encoding behind `start`. */
static void put_in_order(struct object *o)
{
	size_t ordered = o->start + o->f->count * sizeof(struct span);
	if (!o->in_order || o->next != o->f->count) {
		ordered = o->out->size;
		copy_in_order(o);
	}
	if (o->out->failed)
		return;
	memmove(o->out->data + o->start, o->out->data + ordered, o->out->size - ordered);
	o->out->size -= ordered - o->start;
}

static bool encode_object(struct object *o, struct upk_error *err)
{
	struct upk_text text;
	enum upk_json_token token;
	size_t size = o->f->count * sizeof(struct span);
	bool ok = true;
	void *spans = upk_buffer_grow(o->out, size);
	if (spans)
		memset(spans, 0, size);
	while ((token = upk_json_member(o->r, &text)) == UPK_JSON_KEY)
		ok = read_member(o, text, ok ? err : NULL) && ok;
	if (token != UPK_JSON_OBJECT_END)
		return false;
	if (o->met)
		o->met->known = o->next > 0;
	if (ok)
		put_in_order(o);
	return ok;
}

bool upk_features_encode(const struct upk_features *f, struct upk_json_reader *r,
	enum upk_json_token token, struct upk_features_met *met, struct upk_buffer *out,
	struct upk_error *err)
{
	struct object o = { f, r, out, out->size, 0, true, met };
	if (met)
		met->known = true;
	if (token == UPK_JSON_ARRAY)
		return encode_array(f, r, out, err);
	if (token == UPK_JSON_OBJECT)
		return encode_object(&o, err);
	return upk_fail(err, UPK_INVALID, "features: want an array or an object");
}

/* What is left of an encoding. */
struct rest {
	const char *data;
	size_t size;
};

/* The next size bytes; NULL: there are not so many. */
static const char *take(struct rest *rest, size_t size)
{
	if (rest->size < size)
		return NULL;
	const char *data = rest->data;
	rest->data += size;
	rest->size -= size;
	return data;
}

static bool take_double(struct rest *rest, double *x)
{
	uint64_t bits;
	const char *bytes = take(rest, sizeof bits);
	if (!bytes)
		return false;
	memcpy(&bits, bytes, sizeof bits);
	bits = le64toh(bits);
	memcpy(x, &bits, sizeof bits);
	return true;
}

/* Absent when missing. */
static bool take_text(struct rest *rest, struct upk_text *text)
{
	uint32_t length;
	const char *bytes = take(rest, sizeof length);
	if (!bytes)
		return false;
	memcpy(&length, bytes, sizeof length);
	length = le32toh(length);
	*text = (struct upk_text){ 0 };
	if (length == missing_text)
		return true;
	*text = (struct upk_text){ take(rest, length), length };
	return text->data;
}

/* floats becomes NULL when missing. */
static bool take_vector(struct rest *rest, uint32_t size, const char **floats)
{
	const char *there = take(rest, 1);
	*floats = NULL;
	if (!there || !*there)
		return there;
	*floats = take(rest, 4 * (size_t)size);
	return *floats;
}

static bool take_other(
	struct rest *rest, const struct upk_feature *feature, struct upk_text *value)
{
	if (feature->type != UPK_FEATURE_VECTOR)
		return take_text(rest, value);
	value->size = 4 * (size_t)feature->size;
	return take_vector(rest, feature->size, &value->data);
}

bool upk_features_numbers(const struct upk_features *f, struct upk_text encoded, double *out)
{
	struct rest rest = { encoded.data, encoded.size };
	struct upk_text other;
	size_t n = 0;
	for (size_t i = 0; i < f->count; i++) {
		const struct upk_feature *feature = &f->items[i];
		bool ok = feature->type == UPK_FEATURE_NUMBER ? take_double(&rest, &out[n++])
							      : take_other(&rest, feature, &other);
		if (!ok)
			return false;
	}
	return rest.size == 0;
}

bool upk_features_others(
	const struct upk_features *f, struct upk_text encoded, struct upk_text *out)
{
	struct rest rest = { encoded.data, encoded.size };
	double number;
	for (size_t i = 0; i < f->count; i++) {
		const struct upk_feature *feature = &f->items[i];
		bool ok = feature->type == UPK_FEATURE_NUMBER ? take_double(&rest, &number)
							      : take_other(&rest, feature, &out[i]);
		if (!ok)
			return false;
	}
	return rest.size == 0;
}

size_t upk_features_numbers_count(const struct upk_features *f)
{
	return f->numbers;
}

static bool show_vector(
	const struct upk_feature *feature, struct rest *rest, struct upk_json_writer *w)
{
	const char *floats;
	if (!take_vector(rest, feature->size, &floats))
		return false;
	if (!floats) {
		upk_json_null(w, feature->name);
		return true;
	}
	upk_json_array(w, feature->name);
	for (size_t i = 0; i < feature->size; i++)
		upk_json_double(w, NULL, (double)float_at(floats + 4 * i));
	upk_json_array_end(w);
	return true;
}

static bool show_value(
	const struct upk_feature *feature, struct rest *rest, struct upk_json_writer *w)
{
	double x;
	struct upk_text text;
	if (feature->type == UPK_FEATURE_VECTOR)
		return show_vector(feature, rest, w);
	if (feature->type == UPK_FEATURE_NUMBER) {
		if (!take_double(rest, &x))
			return false;
		upk_json_double(w, feature->name, x);
		return true;
	}
	if (!take_text(rest, &text))
		return false;
	upk_json_text(w, feature->name, text);
	return true;
}

bool upk_features_show(const struct upk_features *f, struct upk_text encoded,
	struct upk_json_writer *w, const char *key)
{
	struct rest rest = { encoded.data, encoded.size };
	bool ok = true;
	upk_json_object(w, key);
	for (size_t i = 0; ok && i < f->count; i++)
		ok = show_value(&f->items[i], &rest, w);
	upk_json_object_end(w);
	return ok && rest.size == 0;
}
