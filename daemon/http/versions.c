#include <inttypes.h>
#include <stdio.h>

#include "base/hash.h"
#include "http/decider.h"
#include "http/handlers.h"
#include "http/list.h"
#include "http/problem.h"

void upk_versions_list(struct upk_request *request, struct upk_reply *reply)
{
	upk_list_answer(upk_report_versions, request, reply);
}

void upk_versions_get(struct upk_request *request, struct upk_reply *reply)
{
	struct upk_error err = { 0 };
	struct upk_json_writer w = upk_json_writer_on(&reply->body);

	upk_reply_json(reply,
		upk_report_version(
			upk_site_engine(request->site), request->model, request->number, &w, &err),
		&err);
}

/* The tag is of the bytes alone, so that it stays when a daemon restarts. */
static void answer_bytes(struct upk_request *request, const char *type, struct upk_reply *reply)
{
	static const struct upk_hash_key fixed_key = { 0, 0 };

	if (reply->body.failed) {
		upk_problem(reply, 503, "no memory for the answer");
		return;
	}
	snprintf(reply->etag, sizeof reply->etag, "\"%016" PRIx64 "\"",
		upk_hash(&fixed_key, reply->body.data, reply->body.size));
	reply->revalidate = true;
	reply->type = type;
	reply->status = 200;
	if (upk_reply_matches(request->if_none_match, reply->etag)) {
		reply->status = 304;
		upk_buffer_finish(&reply->body);
	}
}

void upk_versions_list_revisions(struct upk_request *request, struct upk_reply *reply)
{
	struct upk_error err = { 0 };
	struct upk_list_query query;
	struct upk_json_writer w = upk_json_writer_on(&reply->body);

	bool fine = upk_list_read(&request->url, &query, &err) &&
		upk_report_revisions(upk_site_engine(request->site), request->model,
			request->number, &query, &w, &err);
	upk_reply_json(reply, fine, &err);
}

typedef bool (*bytes_report)(struct upk_engine *e, const char *model, int64_t version,
	int64_t revision, struct upk_buffer *out, struct upk_error *err);

static void get_bytes(
	bytes_report report, const char *type, struct upk_request *request, struct upk_reply *reply)
{
	struct upk_error err = { 0 };
	int64_t revision = 0;

	if (upk_url_int(&request->url, "revision", 1, &revision, &err) &&
		report(upk_site_engine(request->site), request->model, request->number, revision,
			&reply->body, &err))
		answer_bytes(request, type, reply);
	else
		upk_problem_of(reply, &err);
}

void upk_versions_get_bytes(struct upk_request *request, struct upk_reply *reply)
{
	get_bytes(upk_report_version_bytes, "application/json", request, reply);
}

void upk_versions_get_onnx(struct upk_request *request, struct upk_reply *reply)
{
	get_bytes(upk_report_version_onnx, "application/octet-stream", request, reply);
}

static void answer_champion(int64_t version, struct upk_reply *reply)
{
	struct upk_json_writer w = upk_json_writer_on(&reply->body);

	upk_json_object(&w, NULL);
	upk_json_int(&w, "champion", version);
	upk_json_object_end(&w);
	upk_reply_json(reply, true, NULL);
}

void upk_versions_promote(struct upk_request *request, struct upk_reply *reply)
{
	struct upk_error err = { 0 };
	struct upk_decider decider = { 0 };

	if (request->number == 0)
		upk_problem(reply, 409, "the champion serves already");
	else if (upk_decider_read(&decider, upk_buffer_text(&request->body), &err) &&
		upk_engine_promote(upk_site_engine(request->site), request->model, request->number,
			&decider.person, &err))
		answer_champion(request->number, reply);
	else
		upk_problem_of(reply, &err);
	upk_decider_finish(&decider);
}

void upk_versions_rollback(struct upk_request *request, struct upk_reply *reply)
{
	struct upk_error err = { 0 };
	int64_t version;

	if (upk_engine_rollback(upk_site_engine(request->site), request->model, &version, &err))
		answer_champion(version, reply);
	else
		upk_problem_of(reply, &err);
}

void upk_versions_list_promotions(struct upk_request *request, struct upk_reply *reply)
{
	struct upk_error err = { 0 };
	struct upk_json_writer w = upk_json_writer_on(&reply->body);

	upk_reply_json(reply,
		upk_report_promotions(upk_site_engine(request->site), request->model, &w, &err),
		&err);
}
