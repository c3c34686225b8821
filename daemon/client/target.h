/* The model that rows are sent to: what it knows of its features and versions. */
#ifndef UPK_CLIENT_TARGET_H
#define UPK_CLIENT_TARGET_H

#include <stdbool.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "base/buffer.h"
#include "base/error.h"
#include "client/client.h"

/* One thread at a time. */
struct upk_target {
	struct upk_client *client; /* borrowed */
	struct upk_buffer base;    /* "/v1/models/NAME", ended by a NUL */
	cJSON *model;              /* what the daemon says of it; NULL: there is none */
	bool created;              /* by us */
	int64_t last_version;
};

enum upk_target_column {
	UPK_TARGET_UNKNOWN, /* the model has no such feature */
	UPK_TARGET_NUMBER,
	UPK_TARGET_WORDS, /* category or text */
	UPK_TARGET_VECTOR,
};

/* Asks for the model; name is of the form that models have. The caller finishes it, on failure too.
 * false: what upk_client_call says. */
bool upk_target_look(
	struct upk_target *t, struct upk_client *client, const char *name, struct upk_error *err);
void upk_target_finish(struct upk_target *t);

enum upk_target_column upk_target_type(const struct upk_target *t, const char *feature);

/* Creates the model, with these features (JSON array). false: what upk_client_call says, or
 * UPK_NOMEM. */
bool upk_target_create(struct upk_target *t, const char *features, struct upk_error *err);

/* Deletes the model if it was created here and is as it was then: neither configured since, nor has
 * anybody's item been accepted. Whether it is deleted. */
bool upk_target_withdraw(struct upk_target *t);

/* Posts JSON items to what ("/events"). The answer's counts and rejects, also when all were
 * rejected; the caller frees it. NULL: as upk_client_call. */
cJSON *upk_target_post(
	struct upk_target *t, const char *what, struct upk_text items, struct upk_error *err);

#endif
