/* Errors as RFC 9457 or the Open Inference Protocol has them, and which status an error of the
 * library is. */
#ifndef UPK_DAEMON_HTTP_PROBLEM_H
#define UPK_DAEMON_HTTP_PROBLEM_H

#include "base/error.h"
#include "base/json_writer.h"
#include "http/request.h"

/* Makes the reply a problem, throwing away what its body held. */
void upk_problem(struct upk_reply *reply, unsigned status, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void upk_problem_of(struct upk_reply *reply, const struct upk_error *err);

/* Whether a target's errors are those of the Open Inference Protocol: {"error": "..."}. */
bool upk_problem_is_inference(const char *target);

/* The same with members of its own: begin, write them, end. */
struct upk_json_writer upk_problem_begin(
	struct upk_reply *reply, unsigned status, const char *detail);
void upk_problem_end(struct upk_reply *reply, struct upk_json_writer *w);

#endif
