#include "oracle.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
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

FILE *oracle_start(const char *script, const char *path)
{
	char command[1024];
	const char *slash = strrchr(__FILE__, '/');
	int folder = slash ? (int)(slash - __FILE__) : 0;
	snprintf(command, sizeof command, "env -u LD_PRELOAD /usr/bin/python3 '%.*s/%s' %s", folder,
		__FILE__, script, path);
	FILE *f = popen(command, "r");
	assert_non_null(f);
	return f;
}

void oracle_line(FILE *f, char **line, size_t *capacity)
{
	ssize_t length = getline(line, capacity, f);
	assert_true(length > 0);
	assert_int_equal((*line)[length - 1], '\n');
	(*line)[length - 1] = '\0';
}

void oracle_end(FILE *f, const char *path)
{
	assert_int_equal(fgetc(f), EOF);
	assert_int_equal(pclose(f), 0);
	unlink(path);
}
