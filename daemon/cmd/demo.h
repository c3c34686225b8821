/* `upkeepd demo`: the whole loop on a shipped stream, told as it happens. */
#ifndef UPK_DAEMON_CMD_DEMO_H
#define UPK_DAEMON_CMD_DEMO_H

#include "cmd/command.h"

extern const struct upk_command upk_cmd_demo;

#endif
