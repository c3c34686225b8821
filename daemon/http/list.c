#include "http/list.h"

enum { LIMIT_MOST = 10000 };

bool upk_list_read(const struct upk_url *url, struct upk_list_query *query, struct upk_error *err)
{
	*query = (struct upk_list_query){ 0 };
	return upk_url_int_within(url, "limit", 1, LIMIT_MOST, &query->limit, err) &&
		upk_url_int(url, "before", 1, &query->before, err) &&
		upk_url_range(url, &query->from, &query->to, err);
}

void upk_list_answer(
	upk_list_report report, const struct upk_request *request, struct upk_reply *reply)
{
	struct upk_error err = { 0 };
	struct upk_list_query query;
	struct upk_json_writer w = upk_json_writer_on(&reply->body);

	bool fine = upk_list_read(&request->url, &query, &err) &&
		report(upk_site_engine(request->site), request->model, &query, &w, &err);
	upk_reply_json(reply, fine, &err);
}
