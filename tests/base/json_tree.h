/* What a JSON text means, written as json_oracle.py writes it. */
#ifndef UPK_TESTS_BASE_JSON_TREE_H
#define UPK_TESTS_BASE_JSON_TREE_H

#include <cjson/cJSON.h>

#include "base/buffer.h"
#include "base/json_reader.h"

/* The rest of the text; "-" alone when it is not JSON. */
void json_tree_of_tokens(struct upk_buffer *out, struct upk_json_reader *r);

void json_tree_of_document(struct upk_buffer *out, const cJSON *json);

#endif
