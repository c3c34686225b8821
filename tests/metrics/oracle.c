#include "oracle.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

FILE *oracle_input(char path[64])
{
	strcpy(path, "/tmp/upkeepd-oracle-XXXXXX");
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	FILE *f = fdopen(fd, "w");
	assert_non_null(f);
	return f;
}

void oracle_run(struct oracle *o, const char *script, const char *path)
{
	char command[1024];
	const char *slash = strrchr(__FILE__, '/');
	int folder = slash ? (int)(slash - __FILE__) : 0;
	snprintf(command, sizeof command, "env -u LD_PRELOAD /usr/bin/python3 '%.*s/%s' %s", folder,
		__FILE__, script, path);

	FILE *f = popen(command, "r");
	assert_non_null(f);
	char value[64];
	o->n = 0;
	while (o->n < sizeof o->rows / sizeof o->rows[0] &&
		fscanf(f, "%63s %63s", o->rows[o->n].name, value) == 2)
		o->rows[o->n++].value = strtod(value, NULL);
	assert_int_equal(pclose(f), 0);
	assert_true(o->n > 0);
	unlink(path);
}

double oracle_value(const struct oracle *o, const char *format, ...)
{
	char name[64];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(name, sizeof name, format, arguments);
	va_end(arguments);

	for (size_t i = 0; i < o->n; i++)
		if (strcmp(o->rows[i].name, name) == 0)
			return o->rows[i].value;
	fail_msg("the oracle says nothing of %s", name);
	return NAN;
}

void assert_near(double ours, double theirs, double tolerance, const char *what)
{
	if (isnan(ours) && isnan(theirs))
		return;
	if (!(fabs(ours - theirs) <= tolerance * fmax(1, fabs(theirs))))
		fail_msg("%s: ours %.17g, theirs %.17g", what, ours, theirs);
}
