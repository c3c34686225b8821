/* What is decided on a request's head and body before its handler runs. */
#ifndef UPK_DAEMON_HTTP_INTAKE_H
#define UPK_DAEMON_HTTP_INTAKE_H

#include <stdbool.h>
#include <stddef.h>

#include "http/guard.h"
#include "http/request.h"
#include "http/routes.h"

enum {
	UPK_INTAKE_HEADERS = 128,
	UPK_INTAKE_BODY = 32 << 20,
	UPK_INTAKE_DRAINED =
		64 << 20, /* of a refused body that is read, so that the answer is seen */
};

struct upk_intake_head {
	const char *method;
	const char *target;
	struct upk_header headers[UPK_INTAKE_HEADERS]; /* values are ended by a NUL */
	size_t count; /* more than UPK_INTAKE_HEADERS: the rest is not here */
};

/* The route of a request that may go on, with the request's site set by the caller and its url,
 * path values, header values and content type filled in. NULL: the reply says why; `hasty`: the
 * connection is to be closed without reading a body. */
const struct upk_route *upk_intake_take(const struct upk_intake_head *head,
	struct upk_request *request, struct upk_reply *reply, bool *hasty);

/* The whole body is there. false: the reply says what is wrong with it. */
bool upk_intake_body(
	const struct upk_route *route, const struct upk_request *request, struct upk_reply *reply);

#endif
