#include "log.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/time.h"

enum { RECENT = 16, LINE_MAX_BYTES = 2048 };
static const int64_t quiet_ns = 10 * INT64_C(1000000000);

/* A line that was written lately. */
struct recent {
	uint64_t hash;
	int64_t until; /* monotonic; 0: the slot is free */
	unsigned more; /* times that it came since */
};

struct upk_log {
	int fd;
	bool journal;
	pthread_mutex_t mutex; /* guards what follows */
	struct recent recent[RECENT];
};

struct upk_log *upk_log_create(int fd, bool journal)
{
	struct upk_log *log = calloc(1, sizeof *log);
	if (!log)
		return NULL;
	log->fd = fd;
	log->journal = journal;
	if (pthread_mutex_init(&log->mutex, NULL) != 0) {
		free(log);
		return NULL;
	}
	return log;
}

void upk_log_destroy(struct upk_log *log)
{
	if (!log)
		return;
	pthread_mutex_destroy(&log->mutex);
	free(log);
}

bool upk_log_is_journal(int fd)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long device, inode;
	struct stat at;

	return stream && sscanf(stream, "%llu:%llu", &device, &inode) == 2 && fstat(fd, &at) == 0 &&
		at.st_dev == device && at.st_ino == inode;
}

/* Bytes of the character at the start of text; 0: it is not to be printed as it is. */
static size_t printable(struct upk_text text)
{
	unsigned char first = (unsigned char)text.data[0];
	size_t size = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;

	if (size > text.size || !upk_text_is_utf8((struct upk_text){ text.data, size }))
		return 0;
	bool control = first < 0x20 || first == 0x7f ||
		(first == 0xc2 && (unsigned char)text.data[1] < 0xa0);
	return control ? 0 : size;
}

void upk_log_printable(struct upk_buffer *out, struct upk_text text)
{
	while (text.size > 0) {
		size_t size = printable(text);
		if (size > 0)
			upk_buffer_append(out, text.data, size);
		else
			upk_buffer_printf(out, "\\x%02x", (unsigned)(unsigned char)*text.data);
		size = size > 0 ? size : 1;
		text = (struct upk_text){ text.data + size, text.size - size };
	}
}

static const char *level_name(enum upk_log_level level)
{
	switch (level) {
	case UPK_LOG_ERROR:
		return "error";
	case UPK_LOG_WARNING:
		return "warning";
	case UPK_LOG_NOTICE:
		return "notice";
	case UPK_LOG_INFO:
		break;
	}
	return "info";
}

static void write_all(int fd, const char *data, size_t size)
{
	while (size > 0) {
		ssize_t written = write(fd, data, size);
		if (written <= 0)
			return;
		data += written;
		size -= (size_t)written;
	}
}

/* Want of memory is told without any. */
static void put_poorly(const struct upk_log *log, const char *line)
{
	char plain[LINE_MAX_BYTES];
	size_t size = 0;

	for (; *line && size < sizeof plain - 1; line++)
		plain[size++] = *line >= 0x20 && *line < 0x7f ? *line : '?';
	plain[size++] = '\n';
	write_all(log->fd, plain, size);
}

static void put(struct upk_log *log, enum upk_log_level level, const char *line, unsigned more)
{
	struct upk_buffer out = { 0 };
	char time[UPK_TIME_SIZE];

	if (log->journal) {
		upk_buffer_printf(&out, "<%d>", (int)level);
	} else {
		upk_time_print(upk_clock_now(upk_clock_system()), time);
		upk_buffer_printf(&out, "%s %s ", time, level_name(level));
	}
	upk_log_printable(&out, upk_text_of(line));
	if (more > 0)
		upk_buffer_printf(&out, " (and %u times before)", more);
	upk_buffer_putc(&out, '\n');
	if (out.failed)
		put_poorly(log, line);
	else
		write_all(log->fd, out.data, out.size);
	upk_buffer_finish(&out);
}

/* The slot of a line: its own, else a free one, else the one that ends first. */
static struct recent *slot_of(struct upk_log *log, uint64_t hash)
{
	struct recent *slot = log->recent;

	for (size_t i = 0; i < RECENT; i++) {
		if (log->recent[i].until && log->recent[i].hash == hash)
			return &log->recent[i];
		if (log->recent[i].until < slot->until)
			slot = &log->recent[i];
	}
	return slot;
}

void upk_log_line(void *context, enum upk_log_level level, const char *line)
{
	struct upk_log *log = context;
	uint64_t hash = upk_hash(upk_hash_process_key(), line, strlen(line));
	int64_t now = upk_clock_monotonic_ns();

	pthread_mutex_lock(&log->mutex);
	struct recent *slot = slot_of(log, hash);
	bool same = slot->until && slot->hash == hash;
	if (same && now < slot->until) {
		slot->more++;
	} else {
		put(log, level, line, same ? slot->more : 0);
		*slot = (struct recent){ .hash = hash, .until = now + quiet_ns };
	}
	pthread_mutex_unlock(&log->mutex);
}

void upk_log_say(struct upk_log *log, enum upk_log_level level, const char *format, ...)
{
	char line[LINE_MAX_BYTES];
	va_list args;

	va_start(args, format);
	int size = vsnprintf(line, sizeof line, format, args);
	va_end(args);
	if (size >= 0)
		upk_log_line(log, level, line);
}
