/* `upkeepd backup`: a consistent copy of a data folder, made beside a running daemon. */
#ifndef UPK_DAEMON_CMD_BACKUP_H
#define UPK_DAEMON_CMD_BACKUP_H

#include "cmd/command.h"

extern const struct upk_command upk_cmd_backup;

#endif
