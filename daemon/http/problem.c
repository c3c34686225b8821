#include "http/problem.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct {
	unsigned status;
	const char *title;
} titles[] = {
	{ 400, "Bad Request" },
	{ 403, "Forbidden" },
	{ 404, "Not Found" },
	{ 405, "Method Not Allowed" },
	{ 409, "Conflict" },
	{ 412, "Precondition Failed" },
	{ 413, "Content Too Large" },
	{ 415, "Unsupported Media Type" },
	{ 422, "Unprocessable Content" },
	{ 500, "Internal Server Error" },
	{ 503, "Service Unavailable" },
	{ 507, "Insufficient Storage" },
};

static const unsigned statuses[] = {
	[UPK_OK] = 500,
	[UPK_INVALID] = 400,
	[UPK_NOT_FOUND] = 404,
	[UPK_CONFLICT] = 409,
	[UPK_PRECONDITION] = 412,
	[UPK_TOO_LARGE] = 413,
	[UPK_BUSY] = 503,
	[UPK_FULL] = 507,
	[UPK_CANCELLED] = 503,
	[UPK_NOMEM] = 503,
	[UPK_IO] = 500,
	[UPK_CORRUPT] = 500,
};

static const char *title_of(unsigned status)
{
	for (size_t i = 0; i < sizeof titles / sizeof *titles; i++)
		if (titles[i].status == status)
			return titles[i].title;
	return "Error";
}

/* A detail quotes what was sent, perhaps cut within a character: nothing unprintable goes out. */
static void put_detail(struct upk_json_writer *w, const char *key, const char *detail)
{
	struct upk_buffer clean = { 0 };

	upk_log_printable(&clean, upk_text_of(detail));
	upk_json_text(w, key, upk_buffer_text(&clean));
	upk_buffer_finish(&clean);
}

bool upk_problem_is_inference(const char *target)
{
	return strncmp(target, "/v2", 3) == 0 && (target[3] == '\0' || strchr("/?", target[3]));
}

struct upk_json_writer upk_problem_begin(
	struct upk_reply *reply, unsigned status, const char *detail)
{
	upk_buffer_clear(&reply->body);
	reply->fixed = (struct upk_text){ 0 };
	reply->status = status;
	reply->type = reply->inference ? "application/json" : "application/problem+json";
	reply->etag[0] = reply->location[0] = '\0';
	reply->retry_after = status == 503 ? 1 : 0;

	struct upk_json_writer w = upk_json_writer_on(&reply->body);
	upk_json_object(&w, NULL);
	if (reply->inference) {
		put_detail(&w, "error", detail);
		return w;
	}
	upk_json_string(&w, "type", "about:blank");
	upk_json_string(&w, "title", title_of(status));
	upk_json_int(&w, "status", status);
	put_detail(&w, "detail", detail);
	return w;
}

void upk_problem_end(struct upk_reply *reply, struct upk_json_writer *w)
{
	static const char poor[] = "{\"type\":\"about:blank\",\"title\":\"Service Unavailable\","
				   "\"status\":503,\"detail\":\"no memory for the answer\"}\n";
	static const char poorer[] = "{\"error\":\"no memory for the answer\"}\n";

	upk_json_object_end(w);
	upk_buffer_putc(&reply->body, '\n');
	if (reply->body.failed) {
		reply->status = 503;
		reply->retry_after = 1;
		reply->fixed = upk_text_of(reply->inference ? poorer : poor);
	}
}

void upk_problem(struct upk_reply *reply, unsigned status, const char *format, ...)
{
	char detail[1024];
	va_list args;

	va_start(args, format);
	int size = vsnprintf(detail, sizeof detail, format, args);
	va_end(args);
	struct upk_json_writer w = upk_problem_begin(reply, status, size < 0 ? format : detail);
	upk_problem_end(reply, &w);
}

void upk_problem_of(struct upk_reply *reply, const struct upk_error *err)
{
	struct upk_json_writer w = upk_problem_begin(reply, statuses[err->code], err->message);
	upk_problem_end(reply, &w);
}
