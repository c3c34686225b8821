/* What came of a replay: a line for programs, a table for people. */
#ifndef UPK_CLIENT_REPLAY_H
#define UPK_CLIENT_REPLAY_H

#include <stdbool.h>
#include <stdio.h>

#include "base/error.h"
#include "client/player.h"

/* One line of JSON with its end. false: UPK_NOMEM or UPK_IO (it could not be written). */
bool upk_replay_print_json(const struct upk_replay *o, FILE *to, struct upk_error *err);

/* The figures side by side, and the runs. */
void upk_replay_print_table(const struct upk_replay *o, FILE *to);

#endif
