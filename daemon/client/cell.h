/* What people write into the fields of a CSV file. */
#ifndef UPK_CLIENT_CELL_H
#define UPK_CLIENT_CELL_H

#include <stdbool.h>

#include "base/text.h"

/* A value that is not there: nothing, "?", "NA", "null", ... Any thread. */
bool upk_cell_missing(struct upk_text value);

/* JSON's numbers, and those that only lack its form: +1, .5, 1., 007. The text is ended by a NUL.
 */
bool upk_cell_number(struct upk_text value, double *out);

#endif
