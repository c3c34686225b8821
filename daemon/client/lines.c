#include "client/lines.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <zlib.h>

#include "base/buffer.h"

enum { CHUNK = 1 << 16 };

struct upk_lines {
	gzFile file;
	char *path;
	char chunk[CHUNK];
	size_t at, end; /* what of chunk is not yet read */
	uint64_t number;
	struct upk_buffer line;
};

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

struct upk_lines *upk_lines_open(const char *path, struct upk_error *err)
{
	struct upk_lines *l = calloc(1, sizeof *l);
	char *copy = strdup(path);
	if (!l || !copy) {
		free(l);
		free(copy);
		upk_fail(err, UPK_NOMEM, "%s: no memory for a reader", path);
		return NULL;
	}
	l->path = copy;
	errno = 0;
	l->file = open_file(path);
	if (l->file)
		return l;
	upk_fail(err, errno ? UPK_IO : UPK_NOMEM, "%s: %s", path,
		errno ? strerror(errno) : "no memory");
	upk_lines_close(l);
	return NULL;
}

void upk_lines_close(struct upk_lines *l)
{
	if (!l)
		return;
	if (l->file)
		gzclose(l->file);
	upk_buffer_finish(&l->line);
	free(l->path);
	free(l);
}

int64_t upk_lines_at(const struct upk_lines *l)
{
	return (int64_t)gzoffset(l->file);
}

static bool fill(struct upk_lines *l, struct upk_error *err)
{
	int got = gzread(l->file, l->chunk, CHUNK);
	int code = Z_OK;
	const char *what = gzerror(l->file, &code);
	if (got < 0 || (got == 0 && code == Z_BUF_ERROR))
		return upk_fail(err, UPK_IO, "%s: line %llu: %s", l->path,
			(unsigned long long)l->number,
			code == Z_ERRNO               ? strerror(errno)
				: code == Z_BUF_ERROR ? "the gzip file is cut short"
						      : what);
	l->at = 0;
	l->end = (size_t)got;
	return true;
}

/* Collects one line with its end; *more false: the file has ended before any byte of it. */
static bool collect(struct upk_lines *l, bool *more, struct upk_error *err)
{
	upk_buffer_clear(&l->line);
	for (const char *end = NULL; !end;) {
		if (l->at == l->end && !fill(l, err))
			return false;
		size_t size = l->end - l->at;
		if (size == 0)
			break;
		end = memchr(l->chunk + l->at, '\n', size);
		if (end)
			size = (size_t)(end + 1 - (l->chunk + l->at));
		upk_buffer_append(&l->line, l->chunk + l->at, size);
		l->at += size;
		if (l->line.failed || l->line.size > UPK_LINE_MAX)
			return upk_fail(err, l->line.failed ? UPK_NOMEM : UPK_TOO_LARGE,
				"%s: line %llu: %s", l->path, (unsigned long long)l->number,
				l->line.failed ? "no memory" : "over 16 MiB");
	}
	*more = l->line.size > 0;
	return true;
}

static struct upk_text trim(struct upk_text line)
{
	while (line.size > 0 && strchr(" \t\r\n", line.data[line.size - 1]))
		line.size--;
	while (line.size > 0 && strchr(" \t\r\n", line.data[0])) {
		line.data++;
		line.size--;
	}
	return line;
}

enum upk_lines_got upk_lines_next(
	struct upk_lines *l, struct upk_text *line, uint64_t *number, struct upk_error *err)
{
	for (;;) {
		bool more = false;
		l->number++;
		if (!collect(l, &more, err))
			return UPK_LINES_ERROR;
		if (!more)
			return UPK_LINES_END;
		*line = trim(upk_buffer_text(&l->line));
		*number = l->number;
		if (line->size > 0)
			return UPK_LINES_LINE;
	}
}
