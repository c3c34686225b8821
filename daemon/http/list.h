/* The query of every list: limit, before, from, to. */
#ifndef UPK_DAEMON_HTTP_LIST_H
#define UPK_DAEMON_HTTP_LIST_H

#include "http/request.h"
#include "report/report.h"

typedef bool (*upk_list_report)(struct upk_engine *e, const char *model,
	const struct upk_list_query *query, struct upk_json_writer *w, struct upk_error *err);

/* false: UPK_INVALID, naming the parameter. */
bool upk_list_read(const struct upk_url *url, struct upk_list_query *query, struct upk_error *err);

/* Answers with what the report writes for the request's model and query. */
void upk_list_answer(
	upk_list_report report, const struct upk_request *request, struct upk_reply *reply);

#endif
