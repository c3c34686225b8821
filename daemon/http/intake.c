#include "http/intake.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "http/problem.h"

static bool is_read(const char *method)
{
	return strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;
}

static bool refuse(struct upk_reply *reply, unsigned status, const char *detail)
{
	upk_problem(reply, status, "%s", detail);
	return false;
}

static struct upk_text header_of(const struct upk_intake_head *head, const char *name)
{
	return upk_guard_header(head->headers, head->count, name);
}

/* Who asks, and from where. */
static bool check_sender(const struct upk_intake_head *head, const struct upk_request *request,
	struct upk_reply *reply)
{
	struct upk_text host = header_of(head, "Host");

	if (!upk_site_knows_host(request->site, host))
		return refuse(reply, 403,
			"the Host is neither a loopback name nor one that this daemon has; "
			"\"hosts\" in its configuration file names more; over a unix socket "
			"ask for http://localhost");
	if (!is_read(head->method) && !upk_guard_origin(header_of(head, "Origin"), host))
		return refuse(reply, 403, "the Origin is another host");
	return true;
}

static bool check_content(const struct upk_intake_head *head, const struct upk_route *route,
	bool has_body, struct upk_request *request, struct upk_reply *reply)
{
	enum upk_content content = upk_guard_content(header_of(head, "Content-Type"));
	struct upk_text coding = header_of(head, "Content-Encoding");

	request->gzip = upk_guard_is(coding, "gzip") || upk_guard_is(coding, "x-gzip");
	if (coding.data && !request->gzip && !upk_guard_is(coding, "identity"))
		return refuse(reply, 415, "Content-Encoding: only gzip and identity are taken");
	request->ndjson = content == UPK_CONTENT_NDJSON;
	if (content == UPK_CONTENT_JSON ||
		(route->body == UPK_ROUTE_TENSORS && request->json_size))
		return true;
	if (route->body == UPK_ROUTE_ITEMS)
		return request->ndjson ||
			refuse(reply, 415,
				"Content-Type: want application/json or application/x-ndjson");
	return (route->body <= UPK_ROUTE_MAYBE && content == UPK_CONTENT_NONE && !has_body) ||
		refuse(reply, 415, "Content-Type: want application/json");
}

static bool check_body(const struct upk_intake_head *head, const struct upk_route *route,
	struct upk_request *request, struct upk_reply *reply, bool *hasty)
{
	struct upk_text text = header_of(head, "Content-Length");
	unsigned long long length = text.data ? strtoull(text.data, NULL, 10) : 0;
	bool has_body = length > 0 || header_of(head, "Transfer-Encoding").data;

	*hasty = length > UPK_INTAKE_DRAINED;
	if (!check_content(head, route, has_body, request, reply))
		return false;
	return length <= UPK_INTAKE_BODY || refuse(reply, 413, "the body is over 32 MiB");
}

const struct upk_route *upk_intake_take(const struct upk_intake_head *head,
	struct upk_request *request, struct upk_reply *reply, bool *hasty)
{
	struct upk_error err = { 0 };
	const char *fault = "there are too many headers";

	if (head->count <= UPK_INTAKE_HEADERS)
		fault = upk_guard_headers(head->headers, head->count, is_read(head->method));
	*hasty = fault;
	if (fault) {
		refuse(reply, 400, fault);
		return NULL;
	}
	if (!check_sender(head, request, reply))
		return NULL;
	request->accept = header_of(head, "Accept").data;
	request->json_size = header_of(head, "Inference-Header-Content-Length").data;
	request->if_match = header_of(head, "If-Match").data;
	request->if_none_match = header_of(head, "If-None-Match").data;
	if (!upk_url_parse(head->target, &request->url, &err)) {
		upk_problem_of(reply, &err);
		return NULL;
	}
	const struct upk_route *route = upk_route_find(head->method, request, reply);
	if (!route)
		return NULL;
	if (!is_read(head->method) && !check_body(head, route, request, reply, hasty))
		return NULL;
	if (!route->starting && !upk_site_ready(request->site)) {
		refuse(reply, 503, "starting: windows are being rebuilt");
		return NULL;
	}
	return route;
}

static bool is_empty_object(struct upk_text body)
{
	cJSON *json = upk_json_parse(body, NULL);
	bool empty = cJSON_IsObject(json) && !json->child;

	cJSON_Delete(json);
	return empty;
}

/* Bytes that no JSON text begins with. */
static bool is_gzip(const struct upk_buffer *body)
{
	return body->size >= 2 && memcmp(body->data, "\x1f\x8b", 2) == 0;
}

bool upk_intake_body(
	const struct upk_route *route, const struct upk_request *request, struct upk_reply *reply)
{
	if (request->body.failed)
		return refuse(reply, 503, "no memory for the body");
	if (!request->gzip && is_gzip(&request->body))
		return refuse(reply, 400, "the body looks like gzip: send Content-Encoding: gzip");
	if (route->body != UPK_ROUTE_BARE || request->body.size == 0 ||
		is_empty_object(upk_buffer_text(&request->body)))
		return true;
	return refuse(reply, 400, "no body is wanted here: send none, or {}");
}
