/* Where a command finds the data folder. */
#ifndef UPK_DAEMON_FOLDER_H
#define UPK_DAEMON_FOLDER_H

#include <stdbool.h>

#include "base/error.h"

/* `given` (what --data says; NULL: nothing), else $STATE_DIRECTORY, else ./upkeepd-data. */
const char *upk_data_folder(const char *given);

/* Whether a daemon has kept data there, for commands that only read; UPK_NOT_FOUND names the
 * folder. */
bool upk_data_find(const char *folder, struct upk_error *err);

#endif
