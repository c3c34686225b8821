/* The Open Inference Protocol, https://github.com/kserve/open-inference-protocol: its REST form. */
#include "base/number.h"
#include "http/handlers.h"
#include "http/problem.h"
#include "infer/infer.h"

void upk_infer_get_server(struct upk_request *request, struct upk_reply *reply)
{
	struct upk_json_writer w = upk_json_writer_on(&reply->body);

	(void)request;
	upk_json_object(&w, NULL);
	upk_json_string(&w, "name", "upkeepd");
	upk_json_string(&w, "version", UPK_PROJECT_VERSION);
	upk_json_array(&w, "extensions");
	upk_json_string(&w, NULL, "binary_tensor_data");
	upk_json_array_end(&w);
	upk_json_object_end(&w);
	upk_reply_json(reply, true, NULL);
}

/* {"live": true}, {"name": NAME, "ready": false} with 503, and so on. */
static void answer_health(const char *name, const char *what, bool holds, struct upk_reply *reply)
{
	struct upk_json_writer w = upk_json_writer_on(&reply->body);

	upk_json_object(&w, NULL);
	if (name)
		upk_json_string(&w, "name", name);
	upk_json_bool(&w, what, holds);
	upk_json_object_end(&w);
	upk_reply_json(reply, true, NULL);
	if (!holds) {
		reply->status = 503;
		reply->retry_after = 1;
	}
}

void upk_infer_get_live(struct upk_request *request, struct upk_reply *reply)
{
	(void)request;
	answer_health(NULL, "live", true, reply);
}

void upk_infer_get_ready(struct upk_request *request, struct upk_reply *reply)
{
	answer_health(NULL, "ready", upk_site_ready(request->site), reply);
}

void upk_infer_get_model(struct upk_request *request, struct upk_reply *reply)
{
	struct upk_error err = { 0 };
	struct upk_json_writer w = upk_json_writer_on(&reply->body);

	upk_reply_json(reply,
		upk_infer_describe(
			upk_site_engine(request->site), request->model, request->number, &w, &err),
		&err);
}

void upk_infer_get_model_ready(struct upk_request *request, struct upk_reply *reply)
{
	struct upk_error err = { 0 };
	struct upk_json_writer w = upk_json_writer_on(&reply->body);
	bool ready = upk_infer_describe(
		upk_site_engine(request->site), request->model, request->number, &w, &err);

	upk_buffer_clear(&reply->body);
	if (ready || err.code == UPK_CONFLICT || err.code == UPK_BUSY)
		answer_health(request->model, "ready", ready, reply);
	else
		upk_problem_of(reply, &err);
}

/* The body in two parts where the header says so. */
static bool split(const struct upk_request *request, struct upk_text *json, struct upk_text *behind,
	struct upk_error *err)
{
	struct upk_text body = upk_buffer_text(&request->body);
	int64_t size = (int64_t)body.size;

	if (request->json_size &&
		(!upk_number_parse_int(upk_text_of(request->json_size), &size) || size < 0 ||
			(uint64_t)size > body.size))
		return upk_fail(err, UPK_INVALID,
			"Inference-Header-Content-Length: %.40s: want bytes of the body's JSON, of "
			"%zu in all",
			request->json_size, body.size);
	*json = (struct upk_text){ body.data, (size_t)size };
	*behind =
		(struct upk_text){ body.data ? body.data + size : NULL, body.size - (size_t)size };
	return true;
}

void upk_infer_post(struct upk_request *request, struct upk_reply *reply)
{
	struct upk_error err = { 0 };
	struct upk_text json, behind;
	size_t json_size = 0;
	bool fine = split(request, &json, &behind, &err) &&
		upk_infer(upk_site_engine(request->site), request->model, request->number, json,
			behind, &reply->body, &json_size, &err);

	if (json_size == 0) {
		upk_reply_json(reply, fine, &err);
	} else if (reply->body.failed) {
		upk_problem(reply, 503, "no memory for the answer");
	} else {
		reply->status = 200;
		reply->type = "application/octet-stream";
		reply->json_size = json_size;
	}
}
