/* One JSON value at fault: how a message shows it, and how reading gets past it. */
#ifndef UPK_CONFIG_VALUE_H
#define UPK_CONFIG_VALUE_H

#include <stdbool.h>

#include <cjson/cJSON.h>

#include "base/error.h"
#include "base/json_reader.h"
#include "base/text.h"

enum { UPK_VALUE_SHOWN = 96 };

/* What is told of a text that has a zero. */
#define UPK_VALUE_ZERO "\\u0000: want text without it"

/* At most 64 bytes of the text, cut at a character, control characters as '?', ended by "..." where
 * it was cut. Returns out. */
const char *upk_text_show(struct upk_text text, char out[UPK_VALUE_SHOWN]);

/* The same of a value whose first token was read; a string stands in quotes. Reads it to its end.
 * Only the reader's state tells that it was not JSON. */
const char *upk_value_show(struct upk_json_reader *r, enum upk_json_token token,
	struct upk_text text, char out[UPK_VALUE_SHOWN]);

/* Fails with "MEMBER: VALUE: want WANT", or with the fault when it is not JSON. */
bool upk_value_wrong(struct upk_json_reader *r, const char *member, enum upk_json_token token,
	struct upk_text text, const char *want, struct upk_error *err);

/* What upk_value_show gives, of a document's value. */
const char *upk_value_show_json(const cJSON *json, char out[UPK_VALUE_SHOWN]);

/* Reads to the end of a value that is not used, whose first token was read. A number in it that
 * overflows a double is UPK_INVALID all the same, so that nothing is accepted that a parser of
 * documents refuses. false with the reader at UPK_JSON_ERROR: not JSON. */
bool upk_value_skip(struct upk_json_reader *r, enum upk_json_token token, struct upk_text text,
	struct upk_error *err);

/* An integer's digits as they are written ("-0" is "0"); absent when it is not an integer. */
struct upk_text upk_value_digits(struct upk_text number);

#endif
