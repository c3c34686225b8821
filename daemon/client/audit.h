/* Windows that a daemon shows, beside the same counted by hand from the rows. */
#ifndef UPK_CLIENT_AUDIT_H
#define UPK_CLIENT_AUDIT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "client/client.h"
#include "store/store.h"

/* One thread at a time. */
struct upk_audit {
	struct upk_client *client; /* of the daemon whose windows are looked at: borrowed */
	struct upk_store *rows; /* that it should have counted, after upk_check_labels: borrowed */
	/* Told of each window that differs. */
	void (*found)(void *context, const char *model, const char *what);
	void *context;
	int64_t models, windows, pairs; /* looked at */
};

/* All models of the daemon. false: what the client or the store says. */
bool upk_audit_run(struct upk_audit *a, struct upk_error *err);

#endif
