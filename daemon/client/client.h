/* Requests to a running daemon, one after another over one kept connection. */
#ifndef UPK_CLIENT_CLIENT_H
#define UPK_CLIENT_CLIENT_H

#include <cjson/cJSON.h>

#include "base/error.h"
#include "base/text.h"

/* One thread at a time. */
struct upk_client;

/* url: "http://HOST:PORT" or "unix:PATH". Nothing is connected yet. NULL: UPK_INVALID (neither of
 * the two) or UPK_NOMEM. */
struct upk_client *upk_client_create(const char *url, struct upk_error *err);
void upk_client_destroy(struct upk_client *c); /* NULL is fine */

/* From now on a call ends with UPK_CANCELLED soon after `stopped` (called between bytes, and each
 * second while nothing comes) says true. NULL: nothing stops a call. */
void upk_client_stop_when(struct upk_client *c, bool (*stopped)(void));

/* From now on `meanwhile` is called while something waits, once a second at most. It may use other
 * clients, not this one. NULL: nothing is called. */
void upk_client_meanwhile(struct upk_client *c, void (*meanwhile)(void *context), void *context);

/* Waits, as for an answer. false: UPK_CANCELLED. */
bool upk_client_pause(struct upk_client *c, long ms, struct upk_error *err);

/* Sends `body` (absent: none) as JSON to `path` and waits for the answer, however long that takes:
 * a post that settles waits for trainings. A daemon that is busy (503) is asked again for half a
 * minute. The caller frees the document (JSON null where the answer is empty) with cJSON_Delete.
 * NULL: UPK_IO when nobody answers, UPK_NOT_FOUND (404), UPK_CONFLICT (409), UPK_BUSY (503),
 * UPK_INVALID (other 4xx) or UPK_IO with the request, the status and the problem's detail. */
cJSON *upk_client_call(struct upk_client *c, const char *method, const char *path,
	struct upk_text body, struct upk_error *err);

/* The same whatever the answer's status says: it stands in *status. NULL: nobody answers, or what
 * answers is no JSON. */
cJSON *upk_client_ask(struct upk_client *c, const char *method, const char *path,
	struct upk_text body, long *status, struct upk_error *err);

#endif
