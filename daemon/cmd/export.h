/* `upkeepd export`: a model's rows as NDJSON or CSV. */
#ifndef UPK_DAEMON_CMD_EXPORT_H
#define UPK_DAEMON_CMD_EXPORT_H

#include "cmd/command.h"

extern const struct upk_command upk_cmd_export;

#endif
