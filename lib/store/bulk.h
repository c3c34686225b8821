/* Inside lib/store: arrays of rows as virtual tables, so that one INSERT ... SELECT writes them all. */
#ifndef UPK_STORE_BULK_H
#define UPK_STORE_BULK_H

#include <stddef.h>

#include <sqlite3.h>

/* new_event, new_label, new_place and new_point: eponymous virtual tables with the columns of
 * event, label, place and history. A row costs no bind, step and reset: 1.6 times as fast as a
 * prepared INSERT a row. */
enum upk_bulk {
	UPK_BULK_EVENT,
	UPK_BULK_LABEL,
	UPK_BULK_PLACE,
	UPK_BULK_POINT,
	UPK_BULKS,
};

/* What a virtual table shows. The rows are borrowed while a statement runs; count 0: none. */
struct upk_bulk_rows {
	const struct upk_bulk_shape *shape; /* the module's own: where the columns stand in a row */
	const void *rows;                   /* (count) struct upk_event_row, upk_label_row, ... */
	size_t count;
};

/* Makes the tables known to the connection. rows is (UPK_BULKS), outlives it and does not move.
 * Returns SQLITE_OK or why not. */
int upk_bulk_register(sqlite3 *db, struct upk_bulk_rows *rows);

#endif
