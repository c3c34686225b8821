/* What went wrong, for the caller and for a person. */
#ifndef UPK_BASE_ERROR_H
#define UPK_BASE_ERROR_H

#include <stdbool.h>

enum upk_code {
	UPK_OK,
	UPK_INVALID,   /* what was sent or configured is wrong; the message names field and value */
	UPK_NOT_FOUND, /* no model, event, run, ... of that name */
	UPK_CONFLICT,  /* what was asked does not go with what is there */
	UPK_PRECONDITION, /* If-Match does not match */
	UPK_TOO_LARGE,    /* over a stated limit */
	UPK_BUSY,         /* the queue is full or the process is stopping: try again later */
	UPK_FULL,         /* no space on the disk */
	UPK_CANCELLED,    /* somebody asked for it to stop */
	UPK_NOMEM,        /* no memory */
	UPK_IO,           /* a read, a write or a system call failed */
	UPK_CORRUPT,      /* the data folder is not what it should be */
};

/* The first cause, in words. Copy freely; nothing to free. Any thread. */
struct upk_error {
	enum upk_code code;
	char message[1024]; /* UTF-8, cut at a character when too long, always ended */
};

/* Fills err (NULL: fill nothing) and returns false, so that
 * `return upk_fail(err, UPK_INVALID, "below is %g: want 0 to 1", x);` is a whole error path. */
bool upk_fail(struct upk_error *err, enum upk_code code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Puts words in front of a message that a callee left: "rules[2]: " + "below is 7: ...".
 * Keeps the code; returns false. */
bool upk_fail_in(struct upk_error *err, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
