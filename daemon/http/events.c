#include "engine/report.h"
#include "http/handlers.h"
#include "http/items.h"

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
