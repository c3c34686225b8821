/* The daemon's configuration file and the folder models.d beside it. */
#ifndef UPK_DAEMON_CONFIG_H
#define UPK_DAEMON_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "engine/engine.h"
#include "http/guard.h"

/* Its texts are its own. */
struct upk_daemon_config {
	struct upk_hosts hosts;
	bool auto_create;
	int64_t max_models;
	int64_t max_store; /* bytes; 0: no cap */
	int threads;       /* of a run; 0: all processors but one */
	struct upk_model_file *models; /* of the file, then of models.d by name */
	size_t models_count;
};

/* Reads path (NULL: the defaults), a JSON object with comments, and models.d/NAME.json beside it;
 * each model's configuration is checked. false, with nothing in *config: UPK_INVALID that names
 * file and member, UPK_IO or UPK_NOMEM. */
bool upk_daemon_config_read(
	const char *path, struct upk_daemon_config *config, struct upk_error *err);
void upk_daemon_config_finish(struct upk_daemon_config *config);

#endif
