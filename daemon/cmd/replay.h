/* `upkeepd replay`: plays a labelled file against a running daemon. */
#ifndef UPK_DAEMON_CMD_REPLAY_H
#define UPK_DAEMON_CMD_REPLAY_H

#include "cmd/command.h"

extern const struct upk_command upk_cmd_replay;

#endif
