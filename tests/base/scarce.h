/* Memory that runs out: the n-th allocation of our own code fails. */
#ifndef UPK_TESTS_BASE_SCARCE_H
#define UPK_TESTS_BASE_SCARCE_H

#include <stdbool.h>

/* For programs that are linked with --wrap of malloc, calloc, realloc and strdup, and allocate on
 * one thread. Allocations are counted from 0; the nth fails, and none after it. */
void scarce_begin(int nth);
void scarce_end(void);

/* Whether it has failed since the last beginning. */
bool scarce_struck(void);

/* Allocations of the test's own, in between: what pause returns goes into resume. */
int scarce_pause(void);
void scarce_resume(int left);

#endif
