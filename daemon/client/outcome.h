/* What came of a replay: a line for programs, a table for people. */
#ifndef UPK_CLIENT_OUTCOME_H
#define UPK_CLIENT_OUTCOME_H

#include <stdbool.h>
#include <stdio.h>

#include "base/error.h"
#include "client/player.h"

/* One line of JSON with its end. false: UPK_NOMEM or UPK_IO (it could not be written). */
bool upk_outcome_print_json(const struct upk_outcome *o, FILE *to, struct upk_error *err);

/* The figures side by side, and the runs. */
void upk_outcome_print_table(const struct upk_outcome *o, FILE *to);

#endif
