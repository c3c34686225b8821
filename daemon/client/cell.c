#include "client/cell.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"

bool upk_cell_missing(struct upk_text value)
{
	static const char *const words[] = { "", "?", "NA", "N/A", "NaN", "nan", "null", "None" };
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (upk_text_is(value, words[i]))
			return true;
	return false;
}

bool upk_cell_number(struct upk_text value, double *out)
{
	if (upk_number_parse(value, out))
		return true;
	if (value.size == 0 || value.size != strspn(value.data, "0123456789+-.eE"))
		return false;
	char *end = NULL;
	*out = strtod(value.data, &end);
	return *end == '\0' && isfinite(*out);
}
