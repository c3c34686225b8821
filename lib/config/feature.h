/* Feature lists: names and types, and how an event's features are encoded. */
#ifndef UPK_CONFIG_FEATURE_H
#define UPK_CONFIG_FEATURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/json_reader.h"
#include "base/spelling.h"
#include "base/text.h"

enum upk_feature_type {
	UPK_FEATURE_NUMBER,
	UPK_FEATURE_CATEGORY,
	UPK_FEATURE_TEXT,
	UPK_FEATURE_VECTOR,
};

/* As configurations write it. */
const char *upk_feature_type_name(enum upk_feature_type type);

struct upk_feature {
	char *name;
	enum upk_feature_type type;
	uint32_t size;  /* of a vector */
	int32_t number; /* its index among the list's numbers; -1: it is none */
	uint32_t name_size;
	uint32_t run;   /* numbers in a row from it on; 0: it is none */
};

enum { UPK_FEATURES_MAX = 10000 };

/* Immutable once made; counted references, any thread. It is the model's, for its events' bytes: a
 * version's columns (learn/table.h) stay as fitted, and learners know no engine, so they are two.
 * Encoding of one event's features, in the list's order: a number is 8 bytes (double, little
 * endian; NaN is missing); a category or text is a 4-byte length (0xFFFFFFFF: missing) and its
 * bytes; a vector is a byte (0: missing, 1) and, when there, `size` floats of 4 bytes. */
struct upk_features;

/* From a configuration's array: "name" or {"name", "type", "size"}. Names unique, 1..128 bytes.
 * NULL: UPK_INVALID (names the member) or UPK_NOMEM. */
struct upk_features *upk_features_parse(const cJSON *json, struct upk_error *err);

/* Learnt from the first event that has some: an object gives its names, and types by their JSON
 * types (strings: category; numbers, null, booleans: number; arrays: vector of that size); an array
 * gives f0, f1, ... */
struct upk_features *upk_features_learn(struct upk_text json, struct upk_error *err);

struct upk_features *upk_features_ref(struct upk_features *f);
void upk_features_unref(struct upk_features *f); /* NULL is fine */

size_t upk_features_count(const struct upk_features *f);
const struct upk_feature *upk_features_at(const struct upk_features *f, size_t i);
int upk_features_find(const struct upk_features *f, struct upk_text name); /* -1: none; O(1) */
/* Index of the number of that name among the list's numbers; -1: there is none. O(1). */
int32_t upk_features_number(const struct upk_features *f, struct upk_text name);

/* The names as upk_spelling_list has them. Returns out. */
const char *upk_features_list(const struct upk_features *f, char out[UPK_SPELLING_SIZE]);

/* Tells the search all names. */
void upk_features_try(const struct upk_features *f, struct upk_spelling *s);

/* The JSON array that upk_features_parse reads back. */
void upk_features_write(const struct upk_features *f, struct upk_buffer *out);

/* Who is told of an object's members that the list does not have; `known`: it has some of them. */
struct upk_features_met {
	void (*ignored)(void *context, struct upk_text name);
	void *context;
	bool known;
};

/* Reads one "features" value whose first token (`token`) has been read, and appends its encoding.
 * met: NULL, nobody wants to know.
 * false with UPK_INVALID: wrong type or count, named with its value; the value has been read to its
 * end, so that decoding can go on. false with the reader at UPK_JSON_ERROR: not JSON. */
bool upk_features_encode(const struct upk_features *f, struct upk_json_reader *r,
	enum upk_json_token token, struct upk_features_met *met, struct upk_buffer *out,
	struct upk_error *err);

/* Appends the encoding of values that were checked already, in the list's order: numbers (NAN:
 * missing); a category or text (absent: missing); a vector (its first one NAN: missing). */
void upk_features_put_numbers(const double *x, size_t count, struct upk_buffer *out);
void upk_features_put_text(struct upk_text text, struct upk_buffer *out);
void upk_features_put_vector(const double *x, size_t size, struct upk_buffer *out);

/* The values of the number features, in the list's order, others skipped; out has room for
 * upk_features_numbers_count. false: the bytes are not an encoding of this list. */
bool upk_features_numbers(const struct upk_features *f, struct upk_text encoded, double *out);
size_t upk_features_numbers_count(const struct upk_features *f);

/* The values of the other features, out[i] of the list's i-th: the bytes of a category or text, the
 * floats of a vector (4 bytes each, little endian, unaligned); absent: missing. They lie in encoded;
 * out has room for upk_features_count. false: the bytes are not an encoding of this list. */
bool upk_features_others(
	const struct upk_features *f, struct upk_text encoded, struct upk_text *out);

/* Encoded features as JSON: an object by name, for `GET .../events/{id}`. */
struct upk_json_writer;
bool upk_features_show(const struct upk_features *f, struct upk_text encoded,
	struct upk_json_writer *w, const char *key);

#endif
