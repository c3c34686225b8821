/* A request from its first line to its completion: libmicrohttpd's callbacks for it. */
#ifndef UPK_DAEMON_HTTP_EXCHANGE_H
#define UPK_DAEMON_HTTP_EXCHANGE_H

#include <microhttpd.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "http/hall.h"
#include "http/inflate.h"
#include "http/loop.h"
#include "http/request.h"
#include "http/routes.h"

#define UPK_EXCHANGE_GRACE_NS \
	(10 * INT64_C(1000000000)) /* for a head, and before slowness counts */

struct upk_visit;

/* Thread: the loop's; while a worker has it, the worker's. */
struct upk_exchange {
	struct upk_hall *hall;
	struct MHD_Connection *connection;
	struct upk_reaped *reaped;
	char *target;
	bool begun;
	bool replied; /* the reply is filled in; what comes of the body is thrown away */
	bool hasty;   /* the reply goes out at once, and the connection closes */
	const struct upk_route *route;
	struct upk_request request;
	struct upk_reply reply;
	struct upk_inflate *inflate; /* NULL: the body is sent as it is */
	struct upk_post *post;
	int64_t began, pressed; /* pressed: overdue then while others are refused */
	size_t received, flight;

	/* hall's */
	struct upk_errand errand;
	struct upk_parcel parcel;
	struct upk_visit *visit; /* to the engine; NULL: it makes none */
	bool leaving;            /* its post is not with the engine yet */
	bool away;               /* the connection is suspended */
	int64_t since;           /* it has been away */
	struct upk_exchange *next, *before, *next_leaving;
};

/* The context of each is the loop's struct upk_hall. */
void *upk_exchange_on_target(void *context, const char *target, struct MHD_Connection *connection);
enum MHD_Result upk_exchange_on_request(void *context, struct MHD_Connection *connection,
	const char *url, const char *method, const char *version, const char *data,
	size_t *data_size, void **state);
void upk_exchange_on_completed(void *context, struct MHD_Connection *connection, void **state,
	enum MHD_RequestTerminationCode why);

/* Frees a post that was not handed over, or that the engine has done with. NULL is fine. */
void upk_exchange_free_post(struct upk_post *post);

#endif
