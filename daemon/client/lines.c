#include "client/lines.h"

#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "client/source.h"

struct upk_lines {
	struct upk_source source;
	uint64_t number;
	struct upk_buffer line;
};

struct upk_lines *upk_lines_open(const char *path, struct upk_error *err)
{
	struct upk_lines *l = calloc(1, sizeof *l);
	if (!l) {
		upk_fail(err, UPK_NOMEM, "%s: no memory for a reader", path);
		return NULL;
	}
	if (upk_source_open(&l->source, path, err))
		return l;
	upk_lines_close(l);
	return NULL;
}

void upk_lines_close(struct upk_lines *l)
{
	if (!l)
		return;
	upk_source_finish(&l->source);
	upk_buffer_finish(&l->line);
	free(l);
}

int64_t upk_lines_at(const struct upk_lines *l)
{
	return upk_source_at(&l->source);
}

/* Collects one line with its end; *more false: the file has ended before any byte of it. */
static bool collect(struct upk_lines *l, bool *more, struct upk_error *err)
{
	struct upk_source *s = &l->source;
	upk_buffer_clear(&l->line);
	for (const char *end = NULL; !end;) {
		if (s->at == s->end && !upk_source_fill(s, l->number, err))
			return false;
		size_t size = s->end - s->at;
		if (size == 0)
			break;
		const char *from = (const char *)s->chunk + s->at;
		end = memchr(from, '\n', size);
		if (end)
			size = (size_t)(end + 1 - from);
		upk_buffer_append(&l->line, from, size);
		s->at += size;
		if (l->line.failed || l->line.size > UPK_LINE_MAX)
			return upk_fail(err, l->line.failed ? UPK_NOMEM : UPK_TOO_LARGE,
				"%s: line %llu: %s", s->path, (unsigned long long)l->number,
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
