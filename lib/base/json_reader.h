/* A strict JSON reader, token by token: RFC 8259, nothing more. */
#ifndef UPK_BASE_JSON_READER_H
#define UPK_BASE_JSON_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/text.h"

enum upk_json_token {
	UPK_JSON_OBJECT,     /* { */
	UPK_JSON_OBJECT_END, /* } */
	UPK_JSON_ARRAY,      /* [ */
	UPK_JSON_ARRAY_END,  /* ] */
	UPK_JSON_KEY,        /* text is the member's name, decoded */
	UPK_JSON_STRING,     /* text is the value, decoded */
	UPK_JSON_NUMBER,     /* text is the number as written; its grammar was checked */
	UPK_JSON_TRUE,
	UPK_JSON_FALSE,
	UPK_JSON_NULL,
	UPK_JSON_END,   /* the value is complete and nothing but white space follows */
	UPK_JSON_ERROR, /* not JSON: see error and at; every later call gives this again */
};

enum { UPK_JSON_DEPTH = 64 };

/* Refused, with the byte's offset: trailing text, leading zeros, raw control characters, invalid
 * UTF-8, lone surrogates, \u0000, duplicate keys in one object (compared decoded), nesting deeper
 * than UPK_JSON_DEPTH, a byte order mark. Numbers that overflow a double are the caller's to
 * refuse (upk_number_parse does), and so is \u0000 once it takes them. One thread at a time. */
struct upk_json_reader;

/* Reads text, which must stay as it is until destroy. NULL: no memory. */
struct upk_json_reader *upk_json_reader_create(struct upk_text text);
void upk_json_reader_destroy(struct upk_json_reader *r); /* NULL is fine */

/* Begins anew on another text, keeping the memory. */
void upk_json_reader_reset(struct upk_json_reader *r, struct upk_text text);

/* From now on \u0000 is read as the byte 0, which no text can have otherwise, and counted. */
void upk_json_take_zeros(struct upk_json_reader *r);
size_t upk_json_zeros(const struct upk_json_reader *r);

/* The next token. `text` (may be NULL) is absent but for KEY, STRING and NUMBER. The text of KEY,
 * STRING and NUMBER lies in the input where it can, else in the reader's memory, and then lives
 * until the next call. */
enum upk_json_token upk_json_next(struct upk_json_reader *r, struct upk_text *text);

/* upk_json_next where a key or the object's end is due, for callers that know most keys: a key is
 * not held against those before it until the caller says which it is. One of these must follow each
 * KEY: upk_json_key_new (false: it came before, or no memory), upk_json_key_twice (always false),
 * or, where the caller keeps account of it and it is the first, nothing. After false the next token
 * is UPK_JSON_ERROR. */
enum upk_json_token upk_json_member(struct upk_json_reader *r, struct upk_text *key);
bool upk_json_key_new(struct upk_json_reader *r, struct upk_text key);
bool upk_json_key_twice(struct upk_json_reader *r);

/* The value of the NUMBER that was just read; false: it overflows a double. */
bool upk_json_read_double(const struct upk_json_reader *r, double *x);

/* Where a value or an array's end is due: reads numbers while they come, at most `most` of them;
 * how many. What comes then, or is wrong with it, is the next token. */
size_t upk_json_numbers(struct upk_json_reader *r, double *out, size_t most);

/* After UPK_JSON_OBJECT or UPK_JSON_ARRAY: reads to its end. After KEY: reads its whole value.
 * After any other value nothing is left to read. `raw` (may be NULL) becomes the value's bytes in
 * the input. false: not JSON, or token ends something. */
bool upk_json_skip(struct upk_json_reader *r, enum upk_json_token token, struct upk_text *raw);

/* Bytes read so far; after UPK_JSON_ERROR the offset of the byte at fault. */
size_t upk_json_at(const struct upk_json_reader *r);

/* After UPK_JSON_ERROR: why, without the place; a constant. */
const char *upk_json_reason(const struct upk_json_reader *r);

/* After UPK_JSON_ERROR: "byte 17: ..." as UPK_INVALID (or UPK_NOMEM). Returns false. */
bool upk_json_fail(const struct upk_json_reader *r, struct upk_error *err);

#endif
