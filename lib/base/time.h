/* Times and durations as text: RFC 3339 in UTC, "90d", "5m". */
#ifndef UPK_BASE_TIME_H
#define UPK_BASE_TIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/text.h"

/* Times are milliseconds since 1970-01-01T00:00:00Z; years 0001 to 9999 can be said. */
enum { UPK_TIME_SIZE = 32 };

/* "2026-01-01T10:00:00.250Z" (the fraction only when not 0). Returns the length. */
size_t upk_time_print(int64_t ms, char out[UPK_TIME_SIZE]);

/* RFC 3339 with Z or an offset; fractions beyond milliseconds are cut; a leap second is taken as
 * the next second's start. UPK_INVALID names the value. */
bool upk_time_parse(struct upk_text text, int64_t *ms, struct upk_error *err);

/* Integer milliseconds as an input time: values below 1e11 are refused (seconds were meant), as
 * are those beyond the year 9999. */
bool upk_time_check(int64_t ms, struct upk_error *err);

/* "1d", "90m", "500ms", "1h30m": units ms s m h d w, each at most once, largest first; "0s" is
 * fine. Result in milliseconds. UPK_INVALID names the value and says what is wanted. */
bool upk_duration_parse(struct upk_text text, int64_t *ms, struct upk_error *err);

/* Such a text in units up to days: 86400000 is "1d", 90000 is "1m30s", 0 is "0s". ms is not
 * negative. Returns the length. */
size_t upk_duration_print(int64_t ms, char out[UPK_TIME_SIZE]);

#endif
