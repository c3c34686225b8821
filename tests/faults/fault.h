/* Faults on demand: the n-th allocation, or the n-th write, sync, ... of SQLite's files fails. */
#ifndef UPK_TESTS_FAULTS_FAULT_H
#define UPK_TESTS_FAULTS_FAULT_H

#include <stdbool.h>

enum fault_kind {
	FAULT_ALLOC, /* malloc, calloc, realloc, strdup of our own code (linked with --wrap) */
	FAULT_SQLITE_ALLOC,
	FAULT_READ,
	FAULT_WRITE,
	FAULT_SYNC,
	FAULT_TRUNCATE,
	FAULT_OPEN,
	FAULT_SHARED, /* the memory that connections share grows */
	FAULT_KINDS,
};

/* Sets up SQLite's allocator and a VFS that is then the default one: before anything else of
 * SQLite. */
void fault_install(void);

/* Calls of the kind are counted from 0; the nth fails, and with `forever` all after it. `full`: as
 * on a full disk, not as on a broken one. Any thread's calls count. */
void fault_arm(enum fault_kind kind, int nth, bool forever, bool full);

/* Nothing fails from here on. false: the nth call never came. */
bool fault_stop(void);

/* Whether it has failed by now. */
bool fault_struck(void);

/* Every how many-th call is to fail: `usual`, or what the environment's UPK_FAULTS says (1: each).
 */
int fault_stride(int usual);

#endif
