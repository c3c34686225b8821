#include <stdio.h>

#include "base/json.h"
#include "config/value.h"
#include "http/handlers.h"
#include "http/problem.h"
#include "report/report.h"

void upk_models_list(struct upk_request *request, struct upk_reply *reply)
{
	struct upk_error err = { 0 };
	struct upk_json_writer w = upk_json_writer_on(&reply->body);

	upk_reply_json(reply, upk_report_models(upk_site_engine(request->site), &w, &err), &err);
}

void upk_models_get(struct upk_request *request, struct upk_reply *reply)
{
	struct upk_error err = { 0 };
	struct upk_json_writer w = upk_json_writer_on(&reply->body);
	char etag[20];

	bool fine =
		upk_report_model(upk_site_engine(request->site), request->model, etag, &w, &err);
	if (fine)
		snprintf(reply->etag, sizeof reply->etag, "\"%s\"", etag);
	upk_reply_json(reply, fine, &err);
}

void upk_models_put(struct upk_request *request, struct upk_reply *reply)
{
	struct upk_error err = { 0 };
	bool created;

	if (!upk_engine_put_model(upk_site_engine(request->site), request->model,
		    upk_buffer_text(&request->body), request->if_match, &created, &err)) {
		upk_problem_of(reply, &err);
		return;
	}
	upk_models_get(request, reply);
	if (created && reply->status == 200) {
		reply->status = 201;
		snprintf(reply->location, sizeof reply->location, "/v1/models/%s", request->model);
	}
}

void upk_models_delete(struct upk_request *request, struct upk_reply *reply)
{
	struct upk_error err = { 0 };

	if (upk_engine_delete_model(upk_site_engine(request->site), request->model, &err))
		reply->status = 204;
	else
		upk_problem_of(reply, &err);
}

/* {"paused": true} and nothing else. */
static bool read_paused(struct upk_text body, bool *paused, struct upk_error *err)
{
	cJSON *json = upk_json_parse(body, err);
	if (!json)
		return false;
	const cJSON *member = cJSON_IsObject(json) ? json->child : NULL;
	bool fine = member && !member->next && cJSON_IsBool(member) &&
		upk_text_is(upk_text_of(member->string), "paused");
	char shown[UPK_VALUE_SHOWN];
	if (fine)
		*paused = cJSON_IsTrue(member);
	else
		upk_fail(err, UPK_INVALID, "paused: %s: want {\"paused\": true} or false",
			upk_value_show_json(json, shown));
	cJSON_Delete(json);
	return fine;
}

void upk_models_put_retraining(struct upk_request *request, struct upk_reply *reply)
{
	struct upk_error err = { 0 };
	bool paused = false;

	bool fine = read_paused(upk_buffer_text(&request->body), &paused, &err) &&
		upk_engine_pause(upk_site_engine(request->site), request->model, paused, &err);
	struct upk_json_writer w = upk_json_writer_on(&reply->body);
	upk_json_object(&w, NULL);
	upk_json_bool(&w, "paused", paused);
	upk_json_object_end(&w);
	upk_reply_json(reply, fine, &err);
}
