/* One model of a running daemon, through its API, with the rows of a stream. */
#ifndef UPK_CLIENT_REMOTE_H
#define UPK_CLIENT_REMOTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "base/buffer.h"
#include "base/error.h"
#include "client/client.h"
#include "client/stream.h"

/* One thread at a time. What fails fails as upk_client_call says; a single item that the daemon
 * refuses fails the whole call with its id and reason. */
struct upk_remote {
	struct upk_client *client;    /* borrowed */
	struct upk_stream *stream;    /* borrowed; learns the classes that the model answers with */
	bool settle;                  /* posts wait for all that they cause */
	struct upk_buffer base;       /* "/v1/models/NAME", not ended */
	struct upk_buffer path, body; /* of the request at hand */
};

/* The caller finishes it, on failure too. */
bool upk_remote_init(struct upk_remote *r, struct upk_client *client, struct upk_stream *stream,
	const char *model, struct upk_error *err);
void upk_remote_finish(struct upk_remote *r);

/* What the daemon says of the model; *model NULL: there is none. The caller frees it with
 * cJSON_Delete. */
bool upk_remote_find(struct upk_remote *r, cJSON **model, struct upk_error *err);

/* Whether the model takes the stream's rows as they are sent. false: UPK_CONFLICT naming the
 * columns that are no feature of it or the classes that it does not declare, or UPK_NOMEM. */
bool upk_remote_fits(const struct upk_remote *r, const cJSON *model, struct upk_error *err);

/* From the stream's header and classes, without a wall-clock budget for its runs. learner NULL: the
 * default; live: with live adjustment where the daemon has it; rules (a JSON array) NULL: none of
 * its own. */
bool upk_remote_create(struct upk_remote *r, const char *learner, bool live, const char *rules,
	struct upk_error *err);

bool upk_remote_pause(struct upk_remote *r, bool paused, struct upk_error *err);

/* Starts a run by hand and waits until it has ended; its number in *run. Fails when the model has
 * no champion afterwards, with the run's reason. */
bool upk_remote_run(struct upk_remote *r, int64_t *run, struct upk_error *err);

/* Rows from .. to - 1: as examples (*known of them were sent before); to predict (out[i - from] is
 * the class); their labels. */
bool upk_remote_examples(
	struct upk_remote *r, size_t from, size_t to, size_t *known, struct upk_error *err);
bool upk_remote_predict(
	struct upk_remote *r, size_t from, size_t to, uint16_t *out, struct upk_error *err);
bool upk_remote_labels(struct upk_remote *r, size_t from, size_t to, struct upk_error *err);

/* What a version would say, without a trace. */
bool upk_remote_ask_version(struct upk_remote *r, int64_t version, size_t from, size_t to,
	uint16_t *out, struct upk_error *err);

/* GET of the model's path + what ("/runs?limit=100"). The caller frees it with cJSON_Delete. */
cJSON *upk_remote_get(struct upk_remote *r, const char *what, struct upk_error *err);

/* Members of what the daemon sends: 0 and "" where they are missing. */
int64_t upk_member_int(const cJSON *object, const char *name);
double upk_member_double(const cJSON *object, const char *name); /* NAN when missing */
const char *upk_member_string(const cJSON *object, const char *name);

#endif
