/* How far a long command is: one line on a terminal that is drawn over, nothing elsewhere. */
#ifndef UPK_CLIENT_PROGRESS_H
#define UPK_CLIENT_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>


/* One thread at a time. All of it goes to stderr. */
struct upk_progress {
	bool shown;       /* stderr is a terminal */
	bool coloured;    /* and NO_COLOR is not set */
	bool drawn;       /* a bar stands on the current line */
	const char *unit; /* what is counted: "rows" */
	size_t total;
	int64_t started; /* monotonic ns; rate and time left are measured from here */
	int64_t next;    /* not drawn again before */
};

/* Looks at stderr and the environment. */
struct upk_progress upk_progress_begin(size_t total);

/* The clock starts now: what came before does not count for the rate. */
void upk_progress_restart(struct upk_progress *p);

/* Draws at most ten times a second. */
void upk_progress_show(struct upk_progress *p, size_t done);

/* Takes the bar away and writes a line, on a terminal or not. */
void upk_progress_say(struct upk_progress *p, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void upk_progress_end(struct upk_progress *p);

/* 45312 as "45,312". */
enum { UPK_GROUPED_SIZE = 28 };
const char *upk_grouped(uint64_t n, char out[UPK_GROUPED_SIZE]);

#endif
