/* `upkeepd check`: whether a data folder holds together. */
#ifndef UPK_DAEMON_CMD_CHECK_H
#define UPK_DAEMON_CMD_CHECK_H

#include "cmd/command.h"

extern const struct upk_command upk_cmd_check;

#endif
