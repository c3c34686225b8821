#include "usage.h"

#include <stdarg.h>
#include <stdio.h>

#include "cmd/command.h"

int upk_usage_fail(const char *command, const char *format, ...)
{
	va_list args;

	fprintf(stderr, "upkeepd%s%s: ", command ? " " : "", command ? command : "");
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fprintf(stderr, "\nTry: upkeepd%s%s --help\n", command ? " " : "", command ? command : "");
	return UPK_EXIT_USAGE;
}
