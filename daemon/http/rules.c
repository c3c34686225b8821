#include "http/handlers.h"
#include "report/report.h"

void upk_rules_list(struct upk_request *request, struct upk_reply *reply)
{
	struct upk_error err = { 0 };
	struct upk_json_writer w = upk_json_writer_on(&reply->body);

	upk_reply_json(reply,
		upk_report_rules(upk_site_engine(request->site), request->model, &w, &err), &err);
}
