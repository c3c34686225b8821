/* Ids as stored: sorted runs of the entries of the id index. */
#ifndef UPK_STORE_ID_RUN_H
#define UPK_STORE_ID_RUN_H

#include <stdint.h>

/* One row with an id, an event or a label. */
struct upk_id_entry {
	uint64_t key;   /* hash of model and id */
	uint64_t value; /* of its row, grows with the sequence number */
};

#endif
