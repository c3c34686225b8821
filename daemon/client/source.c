#include "client/source.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static gzFile open_file(const char *path)
{
	if (strcmp(path, "-") != 0)
		return gzopen(path, "rb");
	int fd = dup(STDIN_FILENO);
	if (fd < 0)
		return NULL;
	gzFile file = gzdopen(fd, "rb");
	if (!file)
		close(fd);
	return file;
}

bool upk_source_open(struct upk_source *s, const char *path, struct upk_error *err)
{
	s->path = strdup(path);
	if (!s->path)
		return upk_fail(err, UPK_NOMEM, "%s: no memory for a reader", path);
	errno = 0;
	s->file = open_file(path);
	return s->file ||
		upk_fail(err, errno ? UPK_IO : UPK_NOMEM, "%s: %s", path,
			errno ? strerror(errno) : "no memory");
}

void upk_source_finish(struct upk_source *s)
{
	if (s->file)
		gzclose(s->file);
	free(s->path);
}

bool upk_source_fill(struct upk_source *s, uint64_t line, struct upk_error *err)
{
	int got = gzread(s->file, s->chunk, UPK_SOURCE_CHUNK);
	int code = Z_OK;
	const char *what = gzerror(s->file, &code);
	if (got < 0 || (got == 0 && code == Z_BUF_ERROR))
		return upk_fail(err, UPK_IO, "%s: line %llu: %s", s->path, (unsigned long long)line,
			code == Z_ERRNO               ? strerror(errno)
				: code == Z_BUF_ERROR ? "the gzip file is cut short"
						      : what);
	s->at = 0;
	s->end = (size_t)got;
	return true;
}

int64_t upk_source_at(const struct upk_source *s)
{
	return (int64_t)gzoffset(s->file);
}
