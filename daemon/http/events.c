#include "http/handlers.h"
#include "http/items.h"
#include "report/report.h"

void upk_events_post(struct upk_request *request, struct upk_reply *reply)
{
	upk_items_post(UPK_ITEM_EVENT, request, reply);
}

void upk_events_get(struct upk_request *request, struct upk_reply *reply)
{
	struct upk_error err = { 0 };
	struct upk_json_writer w = upk_json_writer_on(&reply->body);

	upk_reply_json(reply,
		upk_report_event(
			upk_site_engine(request->site), request->model, request->id, &w, &err),
		&err);
}

/* What was trained on it goes on as it is: the answer says which versions that are. */
void upk_events_delete(struct upk_request *request, struct upk_reply *reply)
{
	struct upk_error err = { 0 };
	struct upk_erasure erasure;
	struct upk_json_writer w = upk_json_writer_on(&reply->body);

	bool done = upk_engine_erase(
		upk_site_engine(request->site), request->model, request->id, &erasure, &err);
	upk_json_object(&w, NULL);
	upk_json_text(&w, "id", request->id);
	upk_json_bool(&w, "event", erasure.event);
	upk_json_int(&w, "labels", (int64_t)erasure.labels);
	upk_json_array(&w, "trained");
	for (size_t i = 0; i < erasure.versions_count; i++)
		upk_json_int(&w, NULL, erasure.versions[i]);
	upk_json_array_end(&w);
	upk_json_object_end(&w);
	upk_reply_json(reply, done, &err);
}
