/* Threads that share out the blocks of a fit, so that what comes out does not depend on them. */
#ifndef UPK_LEARN_CREW_H
#define UPK_LEARN_CREW_H

#include <stddef.h>

#include "base/error.h"

/* Belongs to one thread, the caller of all these functions, which takes part in the work. Where a
 * crew is given, NULL is one of the caller alone. */
struct upk_crew;

enum { UPK_CREW_MOST = 256, UPK_CREW_DEFAULT_MOST = 8 };

/* The processors that the process may use, without one, but 1 at least and 8 at most. */
size_t upk_crew_default(void);

/* `threads`, the caller's own included: 1 to UPK_CREW_MOST, or fewer where no more can be started.
 * The others have the priority that the caller has now, and block all signals. NULL: UPK_NOMEM. */
struct upk_crew *upk_crew_create(size_t threads, struct upk_error *err);
void upk_crew_destroy(struct upk_crew *c); /* NULL is fine */

size_t upk_crew_threads(const struct upk_crew *c);

/* Calls work(context, 0 .. blocks - 1), each once, in any order and on any of the threads, and
 * returns after the last has returned. A block writes where no other reads or writes; sums over
 * blocks are the caller's to add, in order, afterwards. */
void upk_crew_run(struct upk_crew *c, size_t blocks, void (*work)(void *context, size_t block),
	void *context);

#endif
