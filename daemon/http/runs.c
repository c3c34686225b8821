#include <inttypes.h>
#include <stdio.h>

#include "http/decider.h"
#include "http/handlers.h"
#include "http/list.h"
#include "http/problem.h"

void upk_runs_list(struct upk_request *request, struct upk_reply *reply)
{
	upk_list_answer(upk_report_runs, request, reply);
}

void upk_runs_start(struct upk_request *request, struct upk_reply *reply)
{
	struct upk_error err = { 0 };
	int64_t run;

	if (!upk_engine_start_run(upk_site_engine(request->site), request->model, &run, &err)) {
		upk_problem_of(reply, &err);
		return;
	}
	struct upk_json_writer w = upk_json_writer_on(&reply->body);
	upk_json_object(&w, NULL);
	upk_json_int(&w, "run", run);
	upk_json_object_end(&w);
	upk_reply_json(reply, true, NULL);
	if (reply->status != 200)
		return;
	reply->status = 202;
	snprintf(reply->location, sizeof reply->location, "/v1/models/%s/runs/%" PRId64,
		request->model, run);
}

void upk_runs_get(struct upk_request *request, struct upk_reply *reply)
{
	struct upk_error err = { 0 };
	struct upk_json_writer w = upk_json_writer_on(&reply->body);

	upk_reply_json(reply,
		upk_report_run(
			upk_site_engine(request->site), request->model, request->number, &w, &err),
		&err);
}

void upk_runs_cancel(struct upk_request *request, struct upk_reply *reply)
{
	struct upk_error err = { 0 };
	struct upk_decider decider = { 0 };

	if (upk_decider_read(&decider, upk_buffer_text(&request->body), &err) &&
		upk_engine_cancel_run(upk_site_engine(request->site), request->model,
			request->number, &decider.person, &err))
		reply->status = 204;
	else
		upk_problem_of(reply, &err);
	upk_decider_finish(&decider);
}
