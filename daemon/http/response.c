#include "http/response.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

static bool add_fixed(struct MHD_Response *response, const struct upk_reply *reply)
{
	static const char *const headers[][2] = {
		{ "X-Content-Type-Options", "nosniff" },
		{ "Referrer-Policy", "no-referrer" },
		{ "Content-Security-Policy",
			"default-src 'self'; base-uri 'none'; form-action 'none'; "
			"frame-ancestors 'none'" },
	};
	bool fine = MHD_add_response_header(response, "Cache-Control",
			    reply->revalidate ? "no-cache" : "no-store") == MHD_YES;

	for (size_t i = 0; i < sizeof headers / sizeof *headers; i++)
		fine = fine && MHD_add_response_header(response, headers[i][0], headers[i][1]);
	return fine;
}

static bool add_headers(struct MHD_Response *response, const struct upk_reply *reply, bool last_one)
{
	char seconds[16] = "";
	if (reply->retry_after > 0)
		snprintf(seconds, sizeof seconds, "%u", reply->retry_after);
	char json_size[24] = "";
	if (reply->json_size > 0)
		snprintf(json_size, sizeof json_size, "%zu", reply->json_size);
	const char *const headers[][2] = {
		{ "Inference-Header-Content-Length", json_size },
		{ "Content-Type", reply->type ? reply->type : "" },
		{ "ETag", reply->etag },
		{ "Location", reply->location },
		{ "Allow", reply->allow },
		{ "Retry-After", seconds },
		{ "Accept-Encoding", reply->status == 415 ? "gzip, identity" : "" },
		{ "Connection", last_one ? "close" : "" },
	};

	for (size_t i = 0; i < sizeof headers / sizeof *headers; i++)
		if (headers[i][1][0] &&
			MHD_add_response_header(response, headers[i][0], headers[i][1]) != MHD_YES)
			return false;
	return add_fixed(response, reply);
}

/* Takes the body's memory only when it succeeds. */
static struct MHD_Response *make(struct upk_reply *reply, enum MHD_ResponseMemoryMode mode)
{
	size_t size = reply->fixed.data ? reply->fixed.size : reply->body.size;

	if (reply->fixed.data || size == 0) /* MHD does not write to it */
		return MHD_create_response_from_buffer(
			size, (void *)(uintptr_t)reply->fixed.data, MHD_RESPMEM_PERSISTENT);
	struct MHD_Response *response =
		MHD_create_response_from_buffer(size, reply->body.data, mode);
	if (response && mode == MHD_RESPMEM_MUST_FREE)
		reply->body = (struct upk_buffer){ 0 };
	return response;
}

/* It has no header that another reply of the same bytes might lack. */
static bool is_plain(const struct upk_reply *reply, bool last_one)
{
	return reply->status == 200 && !last_one && !reply->fixed.data && reply->type &&
		strcmp(reply->type, "application/json") == 0 && !reply->etag[0] &&
		!reply->location[0] && !reply->allow[0] && reply->retry_after == 0 &&
		!reply->revalidate && reply->body.size > 0 && reply->body.size <= UPK_RESPONSE_KEPT;
}

static bool is_last(const struct upk_responses *r, const struct upk_reply *reply)
{
	return r->last && r->size == reply->body.size &&
		memcmp(r->bytes, reply->body.data, r->size) == 0;
}

static void keep(
	struct upk_responses *r, struct MHD_Response *response, const void *bytes, size_t n)
{
	upk_responses_finish(r);
	r->last = response;
	r->size = n;
	memcpy(r->bytes, bytes, n);
}

enum MHD_Result upk_response_queue(struct upk_responses *r, struct MHD_Connection *connection,
	struct upk_reply *reply, bool last_one)
{
	bool plain = is_plain(reply, last_one);

	if (plain && is_last(r, reply))
		return MHD_queue_response(connection, reply->status, r->last);
	struct MHD_Response *response =
		make(reply, plain ? MHD_RESPMEM_MUST_COPY : MHD_RESPMEM_MUST_FREE);
	if (!response)
		return MHD_NO;
	enum MHD_Result queued = add_headers(response, reply, last_one)
		? MHD_queue_response(connection, reply->status, response)
		: MHD_NO;
	if (plain && queued == MHD_YES)
		keep(r, response, reply->body.data, reply->body.size);
	else
		MHD_destroy_response(response);
	return queued;
}

void upk_responses_finish(struct upk_responses *r)
{
	if (r->last)
		MHD_destroy_response(r->last);
	*r = (struct upk_responses){ 0 };
}
