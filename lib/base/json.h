/* Strict documents for control requests and configuration: cJSON behind the strict reader. */
#ifndef UPK_BASE_JSON_H
#define UPK_BASE_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "base/error.h"
#include "base/text.h"

/* Reads what upk_json_reader accepts and nothing else; numbers that overflow are refused too.
 * The caller frees it with cJSON_Delete. NULL: UPK_INVALID with the byte offset, or UPK_NOMEM. */
cJSON *upk_json_parse(struct upk_text text, struct upk_error *err);

/* The same for a file that may hold // and block comments outside strings (blanked in place, so
 * that offsets stay true); a message gives line and column. */
cJSON *upk_json_parse_commented(struct upk_text text, struct upk_error *err);

/* Compact text of a document; doubles print as upk_number_print does, integers up to 2^53 without
 * an exponent. The caller frees it. NULL: no memory. */
char *upk_json_print(const cJSON *json);

/* Same value: objects whatever the order of their keys, numbers as doubles. NULL equals NULL. */
bool upk_json_equal(const cJSON *a, const cJSON *b);

#endif
