/* `upkeepd import`: sends past predictions, labels and examples to a running daemon. */
#ifndef UPK_DAEMON_CMD_IMPORT_H
#define UPK_DAEMON_CMD_IMPORT_H

#include "cmd/command.h"

extern const struct upk_command upk_cmd_import;

#endif
