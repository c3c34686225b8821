#include "http/routes.h"

#include <stdio.h>
#include <string.h>

#include "base/number.h"
#include "http/handlers.h"
#include "http/problem.h"

#define LIST "limit before from to"

const struct upk_route upk_routes[] = {
	{ "GET", "/", upk_page_get, "", UPK_ROUTE_BARE, true, true, 0 },
	{ "GET", "/page.css", upk_page_get_style, "", UPK_ROUTE_BARE, true, true, 0 },
	{ "GET", "/page.js", upk_page_get_script, "", UPK_ROUTE_BARE, true, true, 0 },
	{ "GET", "/icon.svg", upk_page_get_icon, "", UPK_ROUTE_BARE, true, true, 0 },
	{ "GET", "/livez", upk_process_live, "", UPK_ROUTE_BARE, true, true, 0 },
	{ "GET", "/readyz", upk_process_ready, "", UPK_ROUTE_BARE, true, true, 0 },
	{ "GET", "/openapi.yaml", upk_openapi_get, "", UPK_ROUTE_BARE, true, true, 0 },
	{ "GET", "/metrics", upk_metrics_scrape, "", UPK_ROUTE_BARE, false, false, 0 },
	{ "GET", "/v1/models", upk_models_list, "", UPK_ROUTE_BARE, false, false, 0 },
	{ "GET", "/v1/models/{model}", upk_models_get, "", UPK_ROUTE_BARE, false, false, 0 },
	{ "PUT", "/v1/models/{model}", upk_models_put, "", UPK_ROUTE_OBJECT, false, false, 0 },
	{ "DELETE", "/v1/models/{model}", upk_models_delete, "", UPK_ROUTE_BARE, false, false, 0 },
	{ "POST", "/v1/models/{model}/events", upk_events_post, "atomic settle", UPK_ROUTE_ITEMS,
		true, true, UPK_ITEM_EVENT },
	{ "GET", "/v1/models/{model}/events/{id}", upk_events_get, "", UPK_ROUTE_BARE, false, false,
		0 },
	{ "DELETE", "/v1/models/{model}/events/{id}", upk_events_delete, "", UPK_ROUTE_BARE, false,
		false, 0 },
	{ "POST", "/v1/models/{model}/labels", upk_labels_post, "atomic settle", UPK_ROUTE_ITEMS,
		true, true, UPK_ITEM_LABEL },
	{ "POST", "/v1/models/{model}/predict", upk_predict_post, "atomic settle store version",
		UPK_ROUTE_ITEMS, true, true, UPK_ITEM_PREDICT },
	{ "GET", "/v1/models/{model}/metrics", upk_metrics_get, "window level scores",
		UPK_ROUTE_BARE, false, false, 0 },
	{ "GET", "/v1/models/{model}/metrics/history", upk_metrics_get_history,
		"window metric average class from to points", UPK_ROUTE_BARE, false, false, 0 },
	{ "GET", "/v1/models/{model}/rules", upk_rules_list, "", UPK_ROUTE_BARE, false, false, 0 },
	{ "GET", "/v1/models/{model}/alerts", upk_alerts_list, LIST, UPK_ROUTE_BARE, false, false,
		0 },
	{ "GET", "/v1/models/{model}/runs", upk_runs_list, LIST, UPK_ROUTE_BARE, false, false, 0 },
	{ "POST", "/v1/models/{model}/runs", upk_runs_start, "", UPK_ROUTE_BARE, false, false, 0 },
	{ "GET", "/v1/models/{model}/runs/{run}", upk_runs_get, "", UPK_ROUTE_BARE, false, false,
		0 },
	{ "DELETE", "/v1/models/{model}/runs/{run}", upk_runs_cancel, "", UPK_ROUTE_MAYBE, false,
		false, 0 },
	{ "GET", "/v1/models/{model}/versions", upk_versions_list, LIST, UPK_ROUTE_BARE, false,
		false, 0 },
	{ "GET", "/v1/models/{model}/versions/{version}", upk_versions_get, "", UPK_ROUTE_BARE,
		false, false, 0 },
	{ "GET", "/v1/models/{model}/versions/{version}/revisions", upk_versions_list_revisions,
		LIST, UPK_ROUTE_BARE, false, false, 0 },
	{ "GET", "/v1/models/{model}/versions/{version}/model.json", upk_versions_get_bytes,
		"revision", UPK_ROUTE_BARE, false, false, 0 },
	{ "GET", "/v1/models/{model}/versions/{version}/model.onnx", upk_versions_get_onnx,
		"revision", UPK_ROUTE_BARE, false, false, 0 },
	{ "POST", "/v1/models/{model}/versions/{version}/promote", upk_versions_promote, "",
		UPK_ROUTE_MAYBE, false, false, 0 },
	{ "GET", "/v1/models/{model}/promotions", upk_versions_list_promotions, "", UPK_ROUTE_BARE,
		false, false, 0 },
	{ "POST", "/v1/models/{model}/rollback", upk_versions_rollback, "", UPK_ROUTE_BARE, false,
		false, 0 },
	{ "PUT", "/v1/models/{model}/retraining", upk_models_put_retraining, "", UPK_ROUTE_OBJECT,
		false, false, 0 },
	{ "GET", "/v2", upk_infer_get_server, "", UPK_ROUTE_BARE, true, true, 0 },
	{ "GET", "/v2/health/live", upk_infer_get_live, "", UPK_ROUTE_BARE, true, true, 0 },
	{ "GET", "/v2/health/ready", upk_infer_get_ready, "", UPK_ROUTE_BARE, true, true, 0 },
	{ "GET", "/v2/models/{model}", upk_infer_get_model, "", UPK_ROUTE_BARE, false, false, 0 },
	{ "GET", "/v2/models/{model}/ready", upk_infer_get_model_ready, "", UPK_ROUTE_BARE, false,
		false, 0 },
	{ "POST", "/v2/models/{model}/infer", upk_infer_post, "", UPK_ROUTE_TENSORS, true, true,
		0 },
	{ "GET", "/v2/models/{model}/versions/{version}", upk_infer_get_model, "", UPK_ROUTE_BARE,
		false, false, 0 },
	{ "GET", "/v2/models/{model}/versions/{version}/ready", upk_infer_get_model_ready, "",
		UPK_ROUTE_BARE, false, false, 0 },
	{ "POST", "/v2/models/{model}/versions/{version}/infer", upk_infer_post, "",
		UPK_ROUTE_TENSORS, false, false, 0 },
	{ NULL, NULL, NULL, NULL, UPK_ROUTE_BARE, false, false, 0 },
};

static bool take_model(struct upk_text segment, struct upk_request *request)
{
	request->model = segment.data;
	return upk_url_is_model_name(segment);
}

static bool take_id(struct upk_text segment, struct upk_request *request)
{
	enum { ID_MAX_BYTES = 128 };

	request->id = segment;
	return segment.size <= ID_MAX_BYTES;
}

static bool take_number(struct upk_text segment, struct upk_request *request)
{
	return upk_number_parse_int(segment, &request->number) && request->number > 0;
}

static bool take_version(struct upk_text segment, struct upk_request *request)
{
	request->number = 0;
	return upk_text_is(segment, "champion") || take_number(segment, request);
}

/* Segments of a route's path that stand for a value. */
static const struct {
	const char *name;
	bool (*take)(struct upk_text segment, struct upk_request *request);
	const char *wanted;
} kinds[] = {
	{ "{model}", take_model, "a model's name is [a-z0-9][a-z0-9._-]{0,62}" },
	{ "{id}", take_id, "an event's id has at most 128 bytes" },
	{ "{run}", take_number, "a run is a number from 1" },
	{ "{version}", take_version, "a version is a number from 1, or champion" },
};
enum { KINDS = sizeof kinds / sizeof *kinds };

static size_t kind_of(struct upk_text pattern)
{
	size_t i = 0;

	while (i < KINDS && !upk_text_is(pattern, kinds[i].name))
		i++;
	return i;
}

/* The next segment of a route's path; absent at its end. */
static struct upk_text next_segment(const char **path)
{
	if (**path == '/')
		(*path)++;
	struct upk_text segment = { *path, strcspn(*path, "/") };
	*path += segment.size;
	return segment.size > 0 ? segment : (struct upk_text){ 0 };
}

static bool fits(const struct upk_route *route, const struct upk_url *url)
{
	const char *path = route->path;

	for (size_t i = 0; i < url->segments_count; i++) {
		struct upk_text pattern = next_segment(&path);
		if (!pattern.data)
			return false;
		bool value = *pattern.data == '{';
		if (!value && !upk_text_equal(pattern, url->segments[i]))
			return false;
	}
	return !next_segment(&path).data;
}

/* Reads the values in the path; the reply is a 404 when one is not of its form. */
static bool take_values(
	const struct upk_route *route, struct upk_request *request, struct upk_reply *reply)
{
	const char *path = route->path;

	for (size_t i = 0; i < request->url.segments_count; i++) {
		size_t kind = kind_of(next_segment(&path));
		if (kind == KINDS || kinds[kind].take(request->url.segments[i], request))
			continue;
		upk_problem(reply, 404, "'%.200s': %s", request->url.segments[i].data,
			kinds[kind].wanted);
		return false;
	}
	return true;
}

static bool is_listed(const char *list, const char *word)
{
	size_t size = strlen(word);

	for (const char *at = list; *at;) {
		size_t length = strcspn(at, " ");
		if (length == size && strncmp(at, word, size) == 0)
			return true;
		at += length;
		at += strspn(at, " ");
	}
	return false;
}

static bool check_query(
	const struct upk_route *route, const struct upk_url *url, struct upk_reply *reply)
{
	for (size_t i = 0; i < url->parameters_count; i++) {
		const char *name = url->parameters[i].name;
		if (is_listed(route->query, name))
			continue;
		upk_problem(reply, 400, "'%.200s' is no parameter of %s %s; it takes: %s", name,
			route->method, route->path, *route->query ? route->query : "none");
		return false;
	}
	return true;
}

static void allow(struct upk_reply *reply, const char *method)
{
	size_t size = strlen(reply->allow);

	snprintf(reply->allow + size, sizeof reply->allow - size, "%s%s%s", size ? ", " : "",
		method, strcmp(method, "GET") == 0 ? ", HEAD" : "");
}

const struct upk_route *upk_route_find(
	const char *method, struct upk_request *request, struct upk_reply *reply)
{
	const char *wanted = strcmp(method, "HEAD") == 0 ? "GET" : method;

	for (const struct upk_route *r = upk_routes; r->method; r++) {
		if (!fits(r, &request->url))
			continue;
		if (strcmp(r->method, wanted) != 0) {
			allow(reply, r->method);
			continue;
		}
		reply->allow[0] = '\0';
		return take_values(r, request, reply) && check_query(r, &request->url, reply)
			? r
			: NULL;
	}
	if (reply->allow[0])
		upk_problem(reply, 405, "%.20s is not answered here; allowed: %s", method,
			reply->allow);
	else
		upk_problem(reply, 404,
			"there is nothing at this path; /openapi.yaml lists what there is");
	return NULL;
}
