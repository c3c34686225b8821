#include "http/accept.h"
#include "http/handlers.h"
#include "http/problem.h"
#include "report/report.h"

static bool read_metrics_query(
	const struct upk_url *url, struct upk_metrics_query *query, struct upk_error *err)
{
	*query =
		(struct upk_metrics_query){ .window = upk_url_value(url, "window"), .level = 0.95 };
	if (!upk_url_double(url, "level", &query->level, err) ||
		!upk_url_bool(url, "scores", &query->scores, err))
		return false;
	if (!(query->level > 0 && query->level < 1))
		return upk_fail(err, UPK_INVALID, "level: '%s': want a number between 0 and 1",
			upk_url_value(url, "level"));
	return true;
}

void upk_metrics_get(struct upk_request *request, struct upk_reply *reply)
{
	struct upk_error err = { 0 };
	struct upk_metrics_query query;
	struct upk_json_writer w = upk_json_writer_on(&reply->body);

	bool fine = read_metrics_query(&request->url, &query, &err) &&
		upk_report_metrics(
			upk_site_engine(request->site), request->model, &query, &w, &err);
	upk_reply_json(reply, fine, &err);
}

static bool read_history_query(
	const struct upk_url *url, struct upk_history_query *query, struct upk_error *err)
{
	*query = (struct upk_history_query){
		.window = upk_url_value(url, "window"),
		.metric = upk_url_value(url, "metric"),
		.average = upk_url_value(url, "average"),
		.class = upk_url_value(url, "class"),
	};
	return upk_url_range(url, &query->from, &query->to, err) &&
		upk_url_int(url, "points", 1, &query->points, err);
}

void upk_metrics_get_history(struct upk_request *request, struct upk_reply *reply)
{
	struct upk_error err = { 0 };
	struct upk_history_query query;
	struct upk_json_writer w = upk_json_writer_on(&reply->body);

	bool fine = read_history_query(&request->url, &query, &err) &&
		upk_report_history(
			upk_site_engine(request->site), request->model, &query, &w, &err);
	upk_reply_json(reply, fine, &err);
}

void upk_metrics_scrape(struct upk_request *request, struct upk_reply *reply)
{
	struct upk_error err = { 0 };
	bool openmetrics = upk_accept_openmetrics(request->accept);

	if (!upk_report_prometheus(
		    upk_site_engine(request->site), openmetrics, &reply->body, &err)) {
		upk_problem_of(reply, &err);
	} else if (reply->body.failed) {
		upk_problem(reply, 503, "no memory for the answer");
	} else {
		reply->status = 200;
		reply->type = openmetrics
			? "application/openmetrics-text; version=1.0.0; charset=utf-8"
			: "text/plain; version=0.0.4; charset=utf-8";
	}
}
