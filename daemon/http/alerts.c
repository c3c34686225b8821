#include "http/handlers.h"
#include "http/list.h"

void upk_alerts_list(struct upk_request *request, struct upk_reply *reply)
{
	upk_list_answer(upk_report_alerts, request, reply);
}
