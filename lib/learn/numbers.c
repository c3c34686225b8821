#include "learn/numbers.h"

#include <math.h>

void upk_numbers_write(struct upk_json_writer *w, const char *key, const double *values, size_t n)
{
	upk_json_array(w, key);
	for (size_t i = 0; i < n; i++)
		upk_json_double(w, NULL, values[i]);
	upk_json_array_end(w);
}

bool upk_numbers_read(
	const cJSON *array, const char *name, size_t n, double *out, struct upk_error *err)
{
	size_t count = 0;

	if (!cJSON_IsArray(array))
		return upk_fail(err, UPK_CORRUPT, "%s is not an array", name);
	for (const cJSON *item = array->child; item; item = item->next, count++) {
		if (count == n || !cJSON_IsNumber(item) || !isfinite(item->valuedouble))
			return upk_fail(err, UPK_CORRUPT, "%s[%zu] is not one of %zu numbers", name,
				count, n);
		out[count] = item->valuedouble;
	}
	if (count != n)
		return upk_fail(
			err, UPK_CORRUPT, "%s has %zu numbers instead of %zu", name, count, n);
	return true;
}
