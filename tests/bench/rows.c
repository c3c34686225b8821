#include "rows.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void rows_die(const char *what, const char *why)
{
	fprintf(stderr, "%s: %s\n", what, why);
	exit(1);
}

static void take(FILE *file, const char *path, void *into, size_t size, size_t count)
{
	if (!into || fread(into, size, count, file) != count)
		rows_die(path, "cannot be read whole");
}

struct rows rows_read(const char *path)
{
	struct rows r = { 0 };
	FILE *file = fopen(path, "rb");

	if (!file)
		rows_die(path, strerror(errno));
	take(file, path, r.size, sizeof *r.size, 3);
	r.x = malloc(r.size[0] * r.size[1] * sizeof *r.x);
	r.y = malloc(r.size[0] * sizeof *r.y);
	take(file, path, r.x, sizeof *r.x, r.size[0] * r.size[1]);
	take(file, path, r.y, sizeof *r.y, r.size[0]);
	fclose(file);
	return r;
}
