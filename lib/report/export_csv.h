/* The export as a CSV table: a row an event. */
#ifndef UPK_REPORT_EXPORT_CSV_H
#define UPK_REPORT_EXPORT_CSV_H

#include <stdbool.h>

#include "base/error.h"
#include "report/export_parts.h"

/* Writes all rows of a model that was found, piece by piece, and counts them in x->rows. Thread:
 * the export's. false: as upk_export. */
bool upk_export_csv(struct upk_export *x, struct upk_error *err);

#endif
