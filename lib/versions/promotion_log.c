#include "versions/promotion_log.h"

#include <stdlib.h>
#include <string.h>

#include "store/version.h"

enum { ENTRIES_MOST = 4096 };

struct upk_promotion_log {
	int64_t versions[ENTRIES_MOST];
	size_t count;
};

static bool read_entry(void *context, const struct upk_promotion_row *row)
{
	struct upk_promotion_log *log = context;
	if (upk_text_is(row->by, "rollback")) {
		log->count -= log->count > 0;
		return true;
	}
	if (log->count == ENTRIES_MOST) {
		log->count--;
		memmove(log->versions, log->versions + 1, log->count * sizeof *log->versions);
	}
	log->versions[log->count++] = row->version;
	return true;
}

struct upk_promotion_log *upk_promotion_log_read(
	struct upk_store *s, int64_t model, struct upk_error *err)
{
	struct upk_promotion_log *log = calloc(1, sizeof *log);
	if (!log) {
		upk_fail(err, UPK_NOMEM, "no memory for the promotion log");
		return NULL;
	}
	if (!upk_promotion_each(s, model, read_entry, log, err)) {
		free(log);
		return NULL;
	}
	return log;
}

int64_t upk_promotion_log_at(const struct upk_promotion_log *log, size_t steps)
{
	return steps < log->count ? log->versions[log->count - 1 - steps] : 0;
}
