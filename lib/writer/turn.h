/* Whose turn the writer's is: one thread at a time has what belongs to the writer. */
#ifndef UPK_WRITER_TURN_H
#define UPK_WRITER_TURN_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#define UPK_TURN_SLOW_NS (5 * INT64_C(1000000)) /* a visit that takes longer was too long */
#define UPK_TURN_REST 20 /* times as long as that visit took, there is none */

/* The writer's thread has the turn but for when it waits for work. Then other threads may visit: do
 * with the writer's state what its thread would do, and give the turn back. The thread that wants it
 * back comes before all visitors.
 *
 * `lock` is the owner's, held over each call; calls that wait give it back meanwhile. What is written
 * by one thread that has the turn is seen by the next. */
struct upk_turn {
	pthread_mutex_t *lock;
	pthread_cond_t changed; /* the turn was given back, or visitors are no longer let in */
	bool taken;             /* by anybody */
	bool visited;           /* by a visitor */
	bool wanted;            /* the writer's thread waits for it */
	unsigned waiting;       /* visitors */
	int64_t closed_until;   /* monotonic ns */
};

/* The writer's thread has it. */
void upk_turn_init(struct upk_turn *t, pthread_mutex_t *lock);
void upk_turn_finish(struct upk_turn *t);

/* The writer's thread: waits for its turn. */
void upk_turn_take(struct upk_turn *t);
void upk_turn_leave(struct upk_turn *t);

/* Another thread: waits while another visitor has it, at most for UPK_TURN_SLOW_NS and as long as
 * may(context), which is asked under the lock, says so. false: not now, or a visit was too long a
 * while ago. */
bool upk_turn_visit(struct upk_turn *t, bool (*may)(const void *context), const void *context);
void upk_turn_end_visit(struct upk_turn *t, int64_t took_ns);

/* The answer of a visitor's `may` may have changed. */
void upk_turn_notice(struct upk_turn *t);

#endif
