/* What all connections share: the bytes of bodies in flight, the requests in flight, the end. */
#ifndef UPK_DAEMON_HTTP_TRAFFIC_H
#define UPK_DAEMON_HTTP_TRAFFIC_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

enum {
	UPK_TRAFFIC_BYTES = 256 << 20, /* of bodies, inflated, over all connections */
	UPK_TRAFFIC_SMALL = 64 << 10,  /* a body up to here is small */
	UPK_TRAFFIC_KEPT = 32 << 20,   /* of the bytes, that only small bodies may take */
};

/* Starts as { 0 }. Any thread. */
struct upk_traffic {
	atomic_size_t bytes;
	atomic_size_t exchanges; /* requests that are not completed */
	atomic_bool refused;     /* there was no room for a body, since it was last asked */
	atomic_bool draining;    /* new requests are answered with 503 */
};

/* Room for `size` more bytes of a body that has `held` already. false: there is none, and nothing
 * was taken. */
bool upk_traffic_take(struct upk_traffic *t, size_t held, size_t size);
void upk_traffic_give_back(struct upk_traffic *t, size_t size);

/* Whether a body has been refused since the last call. */
bool upk_traffic_refused(struct upk_traffic *t);

#endif
