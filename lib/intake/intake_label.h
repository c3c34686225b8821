/* An item of POST .../labels. */
#ifndef UPK_INTAKE_INTAKE_LABEL_H
#define UPK_INTAKE_INTAKE_LABEL_H

#include <stdbool.h>

#include "base/error.h"
#include "intake/intake.h"

/* Sets k->fate. Thread: the writer. false: the store's error or UPK_NOMEM, the transaction has
 * failed. */
bool upk_intake_label(struct upk_intake *k, struct upk_error *err);

#endif
