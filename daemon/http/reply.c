#include <string.h>

#include "http/problem.h"
#include "http/request.h"

void upk_reply_json(struct upk_reply *reply, bool fine, const struct upk_error *err)
{
	upk_buffer_putc(&reply->body, '\n');
	if (!fine) {
		upk_problem_of(reply, err);
	} else if (reply->body.failed) {
		upk_problem(reply, 503, "no memory for the answer");
	} else {
		reply->status = 200;
		reply->type = "application/json";
	}
}

bool upk_reply_matches(const char *header, const char *etag)
{
	const char *at = header ? strstr(header, etag) : NULL;

	return header && (strcmp(header, "*") == 0 || at);
}

void upk_reply_finish(struct upk_reply *reply)
{
	upk_buffer_finish(&reply->body);
}
