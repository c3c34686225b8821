/* Rows to fit, as samples.py wrote them: three uint64 (rows, features, classes), then x as doubles,
 * then y as uint16. */
#ifndef UPK_BENCH_ROWS_H
#define UPK_BENCH_ROWS_H

#include <stdint.h>

struct rows {
	uint64_t size[3];
	double *x;   /* (rows, features) */
	uint16_t *y; /* (rows) */
};

/* Ends the process when the file can't be read. The caller frees x and y. */
struct rows rows_read(const char *path);

/* Says what failed, and why, and ends the process. */
_Noreturn void rows_die(const char *what, const char *why);

#endif
