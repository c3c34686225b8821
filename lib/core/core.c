#include "core/core.h"

#include <stdarg.h>
#include <stdio.h>

void upk_engine_log(const struct upk_engine *e, enum upk_log_level level, const char *format, ...)
{
	char line[2048];
	if (!e->log)
		return;
	va_list args;
	va_start(args, format);
	vsnprintf(line, sizeof line, format, args);
	va_end(args);
	e->log(e->log_context, level, line);
}

int64_t upk_engine_now(const struct upk_engine *e)
{
	int64_t now = upk_clock_now(e->clock);
	return now > e->arrival ? now : e->arrival;
}

void upk_engine_break(struct upk_engine *e, const struct upk_error *cause)
{
	if (atomic_load(&e->broken))
		return;
	e->cause = *cause;
	atomic_store(&e->broken, true);
}

void upk_engine_notice_broken_store(struct upk_engine *e)
{
	struct upk_error err;
	if (upk_store_broken(e->store, &err))
		upk_engine_break(e, &err);
}
