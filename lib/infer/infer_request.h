/* A request of the Open Inference Protocol: which tensors came, which are wanted. */
#ifndef UPK_INFER_INFER_REQUEST_H
#define UPK_INFER_INFER_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/text.h"
#include "config/feature.h"
#include "infer/tensor.h"
#include "items/arena.h"

enum { UPK_INFER_LABEL, UPK_INFER_PROBABILITIES, UPK_INFER_OUTPUTS };

/* Texts live in the body or the arena. One thread at a time. */
struct upk_infer_request {
	struct upk_arena arena;
	struct upk_text id; /* absent: none was sent */
	struct upk_tensor *inputs;
	size_t inputs_count, rows;
	struct {
		bool wanted; /* one of them at least */
		bool binary; /* behind the JSON of the answer */
	} outputs[UPK_INFER_OUTPUTS];
};

/* Reads a body, which must stay as it is until finish: its JSON, and binary data of inputs behind
 * it. All inputs have the same number of rows. false: UPK_INVALID naming what is at fault
 * ("inputs[1].shape: [0]: want ..."), UPK_TOO_LARGE or UPK_NOMEM. To be finished in any case. */
bool upk_infer_request_read(struct upk_infer_request *q, struct upk_text json,
	struct upk_text behind, struct upk_error *err);
void upk_infer_request_finish(struct upk_infer_request *q);

/* The rows of a list that has nothing but numbers, (rows, features): `features` of that shape
 * alone, or one input a feature. They live until finish. NULL: UPK_INVALID or UPK_NOMEM. */
double *upk_infer_request_numbers(
	struct upk_infer_request *q, const struct upk_features *list, struct upk_error *err);

/* The rows as above where `features` came alone, of that shape and as binary FP32: floats where
 * they lie in the body, little-endian. NULL: they did not. */
const char *upk_infer_request_packed(
	const struct upk_infer_request *q, const struct upk_features *list);

/* The rows as the list encodes them, one after the other, appended to out; ends (rows) gets where
 * each one ends in it. Wanted is one input a feature of the list. false: UPK_INVALID or UPK_NOMEM.
 */
bool upk_infer_request_encode(struct upk_infer_request *q, const struct upk_features *list,
	struct upk_buffer *out, size_t *ends, struct upk_error *err);

#endif
