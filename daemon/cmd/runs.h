/* `upkeepd runs`: what runs left in a data folder, and one of them made again. */
#ifndef UPK_DAEMON_CMD_RUNS_H
#define UPK_DAEMON_CMD_RUNS_H

#include "cmd/command.h"

extern const struct upk_command upk_cmd_runs;

#endif
