/* upkeepd serve: the daemon itself. */
#ifndef UPK_DAEMON_CMD_SERVE_H
#define UPK_DAEMON_CMD_SERVE_H

#include "cmd/command.h"

extern const struct upk_command upk_cmd_serve;

#endif
