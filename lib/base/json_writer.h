/* JSON text written as it goes: every answer of the daemon. */
#ifndef UPK_BASE_JSON_WRITER_H
#define UPK_BASE_JSON_WRITER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/text.h"

/* Commas and colons are put in by the writer; the caller keeps begin and end in balance. A failed
 * allocation shows in out->failed. One thread at a time.
 * `key` is the member's name inside an object and NULL inside an array or at the top. */
struct upk_json_writer {
	struct upk_buffer *out;
	bool comma; /* a value stands before the next one at this level */
};

struct upk_json_writer upk_json_writer_on(struct upk_buffer *out);

void upk_json_object(struct upk_json_writer *w, const char *key);
void upk_json_object_end(struct upk_json_writer *w);
void upk_json_array(struct upk_json_writer *w, const char *key);
void upk_json_array_end(struct upk_json_writer *w);

void upk_json_text(
	struct upk_json_writer *w, const char *key, struct upk_text value); /* absent: null */
void upk_json_string(
	struct upk_json_writer *w, const char *key, const char *value); /* NULL: null */
void upk_json_int(struct upk_json_writer *w, const char *key, int64_t value);
void upk_json_double(
	struct upk_json_writer *w, const char *key, double value); /* not finite: null */
void upk_json_bool(struct upk_json_writer *w, const char *key, bool value);
void upk_json_null(struct upk_json_writer *w, const char *key);
void upk_json_time(struct upk_json_writer *w, const char *key, int64_t ms);          /* RFC 3339 */
void upk_json_raw(struct upk_json_writer *w, const char *key, struct upk_text json); /* as it is */

/* A member whose name is not a C string: a class, a window. */
void upk_json_key(struct upk_json_writer *w, struct upk_text name); /* then a value with key NULL */

#endif
