/* Which handler answers which method and path: one table. */
#ifndef UPK_DAEMON_HTTP_ROUTES_H
#define UPK_DAEMON_HTTP_ROUTES_H

#include <stdbool.h>
#include <stddef.h>

#include "http/request.h"
#include "items/batch.h"

enum upk_route_body {
	UPK_ROUTE_BARE,    /* none is wanted; an empty JSON object is fine */
	UPK_ROUTE_MAYBE,   /* JSON, or none */
	UPK_ROUTE_OBJECT,  /* JSON */
	UPK_ROUTE_ITEMS,   /* JSON or NDJSON */
	UPK_ROUTE_TENSORS, /* JSON, or JSON and what its header says stands behind it: no page
			      elsewhere can send that header, so that the type may be any then */
};

struct upk_route {
	const char *method;
	const char *path; /* as openapi.yaml has it */
	upk_handler handler;
	const char *query; /* the parameters that it takes, separated by spaces */
	enum upk_route_body body;
	bool starting; /* answers before the engine is ready */
	bool quick;    /* neither waits for another thread nor reads rows: what is small runs on the
			  loop's, the rest on a decoder's */
	enum upk_item_kind items; /* of UPK_ROUTE_ITEMS */
};

/* Ends with a row whose method is NULL. */
extern const struct upk_route upk_routes[];

/* The route of a method (HEAD is GET) and of request->url, with the request's model, id and number
 * filled in and the names in its query checked. NULL: the reply says why: 404, 405, 400. */
const struct upk_route *upk_route_find(
	const char *method, struct upk_request *request, struct upk_reply *reply);

#endif
