/* The Open Inference Protocol: predictions in tensors, and what its metadata says of a model. */
#ifndef UPK_INFER_INFER_H
#define UPK_INFER_INFER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/json_writer.h"
#include "base/text.h"

struct upk_engine;

/* Any thread. version 0: the champion. Each writes one JSON value and returns false with what
 * upk_loan_take says, or as below; what was written so far is then to be thrown away. */

/* Answers a request, which infer/infer_request.h describes, from one version; nothing is stored.
 * `behind` stands behind its JSON. Outputs that are wanted so stand behind the JSON of the answer,
 * whose size json_size becomes; 0: none do. UPK_INVALID names what is at fault, UPK_TOO_LARGE: over
 * 16 million probabilities. */
bool upk_infer(struct upk_engine *e, const char *model, int64_t version, struct upk_text json,
	struct upk_text behind, struct upk_buffer *out, size_t *json_size, struct upk_error *err);

/* name, versions, platform, inputs and outputs. */
bool upk_infer_describe(struct upk_engine *e, const char *model, int64_t version,
	struct upk_json_writer *w, struct upk_error *err);

#endif
