/* The process's log: one line an event on stderr, safe to print, never a flood. */
#ifndef UPK_DAEMON_LOG_H
#define UPK_DAEMON_LOG_H

#include "base/buffer.h"
#include "base/text.h"
#include "engine/engine.h"

/* Any thread. A line that comes again within ten seconds is counted, not written. */
struct upk_log;

/* Writes to file descriptor fd, which stays the caller's. `journal`: lines begin with <N> for
 * journald, else with the time and the level. NULL: no memory. */
struct upk_log *upk_log_create(int fd, bool journal);
void upk_log_destroy(struct upk_log *log); /* NULL is fine */

/* fd is the journal's stream that $JOURNAL_STREAM names. */
bool upk_log_is_journal(int fd);

void upk_log_say(struct upk_log *log, enum upk_log_level level, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The engine's callback; context is the log. */
void upk_log_line(void *context, enum upk_log_level level, const char *line);

/* The text with every control character and byte that is no UTF-8 as \xNN. */
void upk_log_printable(struct upk_buffer *out, struct upk_text text);

#endif
