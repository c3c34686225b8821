/* The pace of work in the background: steps between posts that hold up nobody for long. */
#ifndef UPK_CORE_BACKGROUND_H
#define UPK_CORE_BACKGROUND_H

#include <stdbool.h>
#include <stdint.h>

/* Starts as { 0 }. Thread: the writer. */
struct upk_background {
	int64_t rows;    /* of the next step; upk_background_rows */
	int64_t stepped; /* when the last step ended; monotonic ns */
	bool behind;     /* the work grows faster than it is done: it comes after every group, in
			    longer steps, so that posts wait for it and not it for ever for them */
	int64_t least;   /* rows of a step while behind */
};

/* Whether a step may come: at once while nobody waits for the writer, else one in a while. */
bool upk_background_due(const struct upk_background *b, bool busy);

/* So many rows have come since the last step: while the work is behind, a step takes twice as many,
 * however long that is, so that it catches up on a machine that has little time for it, too. */
void upk_background_came(struct upk_background *b, int64_t rows);

/* How many rows the next step may look at: as many as take a few milliseconds. */
int64_t upk_background_rows(const struct upk_background *b);

/* Rows cost more than those before: a step that can end at any row should end after so many. */
bool upk_background_over(const struct upk_background *b, int64_t started, int64_t rows);

/* A step has ended. took: ns of its own work without what it waited for the disk, which is the same
 * for few rows and for many; 0: there was nothing to do. */
void upk_background_stepped(struct upk_background *b, int64_t took);

#endif
