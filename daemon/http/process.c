#include "base/json_writer.h"
#include "http/handlers.h"
#include "report/report.h"

void upk_process_live(struct upk_request *request, struct upk_reply *reply)
{
	struct upk_json_writer w = upk_json_writer_on(&reply->body);

	(void)request;
	upk_json_object(&w, NULL);
	upk_json_string(&w, "status", "live");
	upk_json_string(&w, "version", UPK_PROJECT_VERSION);
	upk_json_object_end(&w);
	upk_reply_json(reply, true, NULL);
}

/* A configuration that could not be read leaves the former one at work: ready, and says so. */
void upk_process_ready(struct upk_request *request, struct upk_reply *reply)
{
	bool ready = upk_site_ready(request->site);
	char fault[1024];
	struct upk_json_writer w = upk_json_writer_on(&reply->body);

	upk_site_fault(request->site, fault, sizeof fault);
	upk_json_object(&w, NULL);
	upk_json_string(&w, "status", ready ? "ready" : "starting");
	if (!ready)
		upk_json_string(&w, "detail", "windows are being rebuilt");
	if (*fault)
		upk_json_string(&w, "configuration_error", fault);
	upk_report_health(upk_site_engine(request->site), &w);
	upk_json_object_end(&w);
	upk_reply_json(reply, true, NULL);
	if (!ready) {
		reply->status = 503;
		reply->retry_after = 1;
	}
}
