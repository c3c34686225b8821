#include "config/run_kind.h"

const char *upk_run_kind_name(enum upk_run_kind kind)
{
	static const char *const names[] = { "first", "alert", "growth", "schedule", "manual" };
	return names[kind];
}
