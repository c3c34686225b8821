/* Inside lib/store: the connection, and constant SQL that is prepared when it opens. */
#ifndef UPK_STORE_STATEMENT_H
#define UPK_STORE_STATEMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sqlite3.h>

#include "base/error.h"
#include "base/text.h"
#include "store/bulk.h"
#include "store/event.h"
#include "store/filter.h"
#include "store/store.h"

enum { UPK_STORE_BUSY_MS = 5000 }; /* the writer: somebody in the sqlite3 shell */

/* The greatest sequence number ever given out. */
#define UPK_STORE_LAST_SEQ \
	"SELECT max(last, ifnull((SELECT max(seq) FROM event), 0), " \
	"ifnull((SELECT max(seq) FROM label), 0)) AS given FROM sequence"

enum upk_sql_slot {
	UPK_SQL_STORE,
	UPK_SQL_MODEL,
	UPK_SQL_EVENT,
	UPK_SQL_LABEL,
	UPK_SQL_PLACE,
	UPK_SQL_VERSION,
	UPK_SQL_RUN,
	UPK_SQL_TRIAL,
	UPK_SQL_ALERT,
	UPK_SQL_HISTORY,
	UPK_SQL_ITEM,
	UPK_SQL_ID_RUN,
	UPK_SQL_SWEEP,
	UPK_SQL_REMOVE,
	UPK_SQL_SPACE,
	UPK_SQL_LIVE,
	UPK_SQL_SLOTS,
};

/* The statements of one file. */
struct upk_sql {
	enum upk_sql_slot slot;
	const char *table; /* what messages call it */
	const char *const *text;
	size_t count;
};

extern const struct upk_sql upk_store_sql;
extern const struct upk_sql upk_model_sql;
extern const struct upk_sql upk_event_sql;
extern const struct upk_sql upk_label_sql;
extern const struct upk_sql upk_place_sql;
extern const struct upk_sql upk_version_sql;
extern const struct upk_sql upk_run_sql;
extern const struct upk_sql upk_trial_sql;
extern const struct upk_sql upk_alert_sql;
extern const struct upk_sql upk_history_sql;
extern const struct upk_sql upk_item_sql;
extern const struct upk_sql upk_id_run_sql;
extern const struct upk_sql upk_sweep_sql;
extern const struct upk_sql upk_remove_sql;
extern const struct upk_sql upk_space_sql;
extern const struct upk_sql upk_live_sql;

/* All of them, by slot. */
extern const struct upk_sql *const upk_sql_all[UPK_SQL_SLOTS];

struct upk_folder;

struct upk_store {
	sqlite3 *db;
	struct upk_folder *folder; /* NULL: a reader */
	sqlite3_stmt **statements[UPK_SQL_SLOTS];
	sqlite3_stmt *pinned; /* stands on the row whose texts were handed out last */
	enum {
		UPK_OUTSIDE, /* of any transaction */
		UPK_READING,
		UPK_WRITING,
		UPK_UNDONE, /* SQLite has rolled it back by itself, the owner hasn't yet */
	} transaction;
	struct upk_error undone; /* why */
	struct upk_error broken; /* UPK_OK: not; the writer's first UPK_IO */
	int64_t changes_before;  /* sqlite3_total_changes64 when the transaction began */
	int64_t appended;        /* rows that it added by bulk, of those tables that only append */
	int64_t last_seq;        /* greatest sequence number that it inserted */
	int64_t commits;         /* as in the table sequence */
	int64_t given_seq;       /* the writer's: greatest number and arrival that were committed, */
	int64_t given_arrival;   /* also where their rows are gone */
	bool unguarded;          /* the mark of commits was not known when it opened */
	int wal_pages;           /* in the WAL after the last commit */
	double *scores;          /* of the row that was read last, aligned */
	size_t scores_capacity;
	int64_t last_arrival;    /* greatest of the events and labels that it inserted */
	struct upk_bulk_rows bulk[UPK_BULKS];
};

/* Message and code of a failed SQLite call; returns false. */
bool upk_store_fail(sqlite3 *db, int result, const char *what, struct upk_error *err);

/* To be told of every failure of the writer's; a UPK_IO breaks the store. */
void upk_store_note(struct upk_store *s, const struct upk_error *cause);

/* Prepares all statements; the caller closes the store on failure. */
bool upk_statements_prepare(struct upk_store *s, struct upk_error *err);
void upk_statements_finish(struct upk_store *s); /* half-prepared is fine */

/* The transaction gave out this number, at that time. */
void upk_store_note_seq(struct upk_store *s, int64_t seq, int64_t arrival);

/* Resets the statement whose row was handed out last. */
void upk_store_unpin(struct upk_store *s);

/* A statement in use. Values are put in the order of its parameters, must stay where they are
 * until it has run, and a put that fails shows when it runs. Not to be begun again while a scan of
 * the same statement goes on. */
struct upk_query {
	struct upk_store *store;
	const struct upk_sql *sql;
	sqlite3_stmt *statement;
	int bound;
	int result; /* the first failed put; SQLITE_OK: none */
};

struct upk_query upk_query(struct upk_store *s, const struct upk_sql *sql, int which);
void upk_put_int(struct upk_query *q, int64_t value);
void upk_put_int_or_null(struct upk_query *q, int64_t value);          /* 0: NULL */
void upk_put_double(struct upk_query *q, double value);                /* NAN: NULL */
void upk_put_text(struct upk_query *q, struct upk_text value);         /* absent: NULL */
void upk_put_blob(struct upk_query *q, const void *data, size_t size); /* NULL: NULL */
void upk_put_made_by(struct upk_query *q, struct upk_made_by version);
/* Before, from, to and limit, those that are open as wide as can be. */
void upk_put_filter(struct upk_query *q, const struct upk_filter *filter);

/* Writes; must be inside a transaction. */
bool upk_query_run(struct upk_query *q, struct upk_error *err);
/* Runs one of the INSERT ... SELECT statements on rows that stay the caller's: all or, on failure,
 * none of them. */
bool upk_query_run_on_rows(struct upk_query *q, enum upk_bulk bulk, const void *rows, size_t count,
	struct upk_error *err);
/* The same for a row that must be there: UPK_NOT_FOUND when nothing changed. */
bool upk_query_run_on_one(struct upk_query *q, struct upk_error *err);

/* The only row wanted; it stays readable until the next call on the store. */
bool upk_query_one(struct upk_query *q, bool *found, struct upk_error *err);
/* The integer in the first column of the first row. */
bool upk_query_int(struct upk_query *q, int64_t *value, struct upk_error *err);

/* Row after row; after *found false or a failure the query has ended. */
bool upk_query_next(struct upk_query *q, bool *found, struct upk_error *err);
void upk_query_end(struct upk_query *q); /* before the last row */

bool upk_get_null(const struct upk_query *q, int column);
int64_t upk_get_int(const struct upk_query *q, int column);          /* NULL: 0 */
double upk_get_double(const struct upk_query *q, int column);        /* NULL: NAN */
struct upk_text upk_get_text(const struct upk_query *q, int column); /* of a BLOB, too */
struct upk_made_by upk_get_made_by(const struct upk_query *q, int column);

/* A BLOB of doubles, copied into memory of the store's. */
bool upk_get_doubles(const struct upk_query *q, int column, const double **values, size_t *count,
	struct upk_error *err);

#endif
