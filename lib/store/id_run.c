#include "store/id_run.h"

#include <assert.h>
#include <endian.h>
#include <string.h>

#include "store/statement.h"

enum {
	INDEX,
	SET_SPILLED,
	LAST_RUN,
	INSERT_RUN,
	UPDATE_RUN,
	EACH_RUN,
	RUN_BELOW,
	INSERT_PIECE,
	PIECE_AFTER,
	PIECE_UP_TO,
	INSERT_FILTER,
	EACH_FILTER,
	REMOVE_PIECES,
	REMOVE_FILTER,
	REMOVE_RUN,
	ROWS_AFTER,
	FIRST_ROW,
};

#define COLUMNS "run, state, tier, entries, room, first, last"

/* The first ?3 rows from ?1 to below ?2. */
#define REMOVE_FROM(table) \
	"DELETE FROM " table " WHERE piece >= ?1 AND piece <= coalesce((SELECT piece FROM " table \
	" WHERE piece >= ?1 AND piece < ?2 ORDER BY piece LIMIT 1 OFFSET ?3 - 1), ?2 - 1)"

static const char *const sql[] = {
	[INDEX] = "SELECT hash_key, spilled FROM id_index",
	[SET_SPILLED] = "UPDATE id_index SET spilled = ?1",
	[LAST_RUN] = "SELECT coalesce(max(run), 0) FROM id_run",
	[INSERT_RUN] = "INSERT INTO id_run (" COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
	[UPDATE_RUN] = "UPDATE id_run SET state = ?2, tier = ?3, entries = ?4, room = ?5, first = "
		       "?6, last = ?7 WHERE run = ?1",
	[EACH_RUN] = "SELECT " COLUMNS " FROM id_run",
	[RUN_BELOW] = "SELECT " COLUMNS " FROM id_run WHERE state = 'whole' AND last < ?1 "
		      "ORDER BY last DESC LIMIT 1",
	[INSERT_PIECE] = "INSERT INTO id_piece (piece, bytes) VALUES (?1, ?2)",
	[PIECE_AFTER] = "SELECT piece, bytes FROM id_piece WHERE piece > ?1 AND piece < ?2 "
			"ORDER BY piece LIMIT 1",
	[PIECE_UP_TO] = "SELECT piece, bytes FROM id_piece WHERE piece >= ?1 AND piece <= ?2 "
			"ORDER BY piece DESC LIMIT 1",
	[INSERT_FILTER] = "INSERT INTO id_filter (piece, bytes) VALUES (?1, ?2)",
	[EACH_FILTER] = "SELECT bytes FROM id_filter WHERE piece >= ?1 AND piece < ?2 "
			"ORDER BY piece",
	[REMOVE_PIECES] = REMOVE_FROM("id_piece"),
	[REMOVE_FILTER] = REMOVE_FROM("id_filter"),
	[REMOVE_RUN] = "DELETE FROM id_run WHERE run = ?1",
	[ROWS_AFTER] = "SELECT seq, model, id, 0 FROM event WHERE seq > ?1 AND id IS NOT NULL "
		       "UNION ALL "
		       "SELECT seq, model, id, 1 FROM label WHERE seq > ?1 AND id IS NOT NULL "
		       "ORDER BY seq",
	[FIRST_ROW] = "SELECT min(coalesce((SELECT min(seq) FROM event), ?1), "
		      "coalesce((SELECT min(seq) FROM label), ?1))",
};

const struct upk_sql upk_id_run_sql = {
	UPK_SQL_ID_RUN,
	"id_run",
	sql,
	sizeof sql / sizeof sql[0],
};

static const char *const states[] = { "making", "whole", "gone" };

bool upk_id_index_get(struct upk_store *s, struct upk_id_index *index, struct upk_error *err)
{
	struct upk_query q = upk_query(s, &upk_id_run_sql, INDEX);
	bool found;
	if (!upk_query_one(&q, &found, err))
		return false;
	struct upk_text key = found ? upk_get_text(&q, 0) : (struct upk_text){ NULL, 0 };
	if (key.size != sizeof index->hash_key)
		return upk_fail(err, UPK_CORRUPT, "id_index has no hash key");
	memcpy(&index->hash_key, key.data, key.size);
	index->spilled = upk_get_int(&q, 1);
	return true;
}

bool upk_id_index_set_spilled(struct upk_store *s, int64_t seq, struct upk_error *err)
{
	struct upk_query q = upk_query(s, &upk_id_run_sql, SET_SPILLED);
	upk_put_int(&q, seq);
	return upk_query_run_on_one(&q, err);
}

/* ---- runs ---- */

static void put_run(struct upk_query *q, const struct upk_id_run *run)
{
	upk_put_int(q, run->run);
	upk_put_text(q, upk_text_of(states[run->state]));
	upk_put_int(q, run->tier);
	upk_put_int(q, run->entries);
	upk_put_int(q, run->room);
	upk_put_int(q, (int64_t)run->first);
	upk_put_int(q, (int64_t)run->last);
}

bool upk_id_run_insert(struct upk_store *s, struct upk_id_run *run, struct upk_error *err)
{
	struct upk_query last = upk_query(s, &upk_id_run_sql, LAST_RUN);
	int64_t number;
	if (!upk_query_int(&last, &number, err))
		return false;

	struct upk_id_run row = *run;
	row.run = number + 1;
	struct upk_query q = upk_query(s, &upk_id_run_sql, INSERT_RUN);
	put_run(&q, &row);
	if (!upk_query_run(&q, err))
		return false;
	*run = row;
	return true;
}

bool upk_id_run_update(struct upk_store *s, const struct upk_id_run *run, struct upk_error *err)
{
	struct upk_query q = upk_query(s, &upk_id_run_sql, UPDATE_RUN);
	put_run(&q, run);
	return upk_query_run_on_one(&q, err);
}

static struct upk_id_run get_run(const struct upk_query *q)
{
	struct upk_text state = upk_get_text(q, 1);
	return (struct upk_id_run){ .run = upk_get_int(q, 0),
		.state = upk_text_is(state, states[UPK_ID_WHOLE])   ? UPK_ID_WHOLE
			: upk_text_is(state, states[UPK_ID_MAKING]) ? UPK_ID_MAKING
								    : UPK_ID_GONE,
		.tier = upk_get_int(q, 2),
		.entries = upk_get_int(q, 3),
		.room = upk_get_int(q, 4),
		.first = (uint64_t)upk_get_int(q, 5),
		.last = (uint64_t)upk_get_int(q, 6) };
}

bool upk_id_run_each(struct upk_store *s, bool (*take)(void *context, const struct upk_id_run *run),
	void *context, struct upk_error *err)
{
	struct upk_query q = upk_query(s, &upk_id_run_sql, EACH_RUN);
	for (;;) {
		bool found;
		if (!upk_query_next(&q, &found, err))
			return false;
		if (!found)
			return true;
		const struct upk_id_run run = get_run(&q);
		if (!take(context, &run)) {
			upk_query_end(&q);
			return true;
		}
	}
}

bool upk_id_run_below(struct upk_store *s, uint64_t below, bool *found, struct upk_id_run *run,
	struct upk_error *err)
{
	struct upk_query q = upk_query(s, &upk_id_run_sql, RUN_BELOW);
	upk_put_int(&q, (int64_t)below);
	bool there;
	if (!upk_query_one(&q, &there, err))
		return false;
	if (there)
		*run = get_run(&q);
	*found = there;
	return true;
}

/* ---- pieces ---- */

/* A piece's number is its run's and the first bits of its first key, so that the piece that would
 * hold a key is found by one search. Where that number is taken already, because one key fills more
 * than a piece, it gets the next one: there is room for as many again behind each run. */
enum { KEY_BITS = 36, RUN_SHIFT = KEY_BITS + 1 };

static int64_t first_piece(int64_t run)
{
	return run << RUN_SHIFT;
}

static int64_t piece_number(int64_t run, uint64_t key)
{
	return first_piece(run) | (int64_t)(key >> (64 - KEY_BITS));
}

/* Entries where SQLite has them, at any alignment. */
struct piece {
	int64_t number;
	const char *bytes;
	size_t count; /* 0: there is no such piece */
};

static struct upk_id_entry entry_at(const struct piece *p, size_t i)
{
	uint64_t half[2];
	memcpy(half, p->bytes + i * sizeof half, sizeof half);
	return (struct upk_id_entry){ le64toh(half[0]), le64toh(half[1]) };
}

bool upk_id_piece_insert(struct upk_store *s, int64_t run, int64_t *piece,
	const struct upk_id_entry *entries, size_t count, struct upk_error *err)
{
	uint64_t bytes[UPK_ID_PIECE * 2];
	assert(count > 0 && count <= UPK_ID_PIECE);
	for (size_t i = 0; i < count; i++) {
		bytes[2 * i] = htole64(entries[i].key);
		bytes[2 * i + 1] = htole64(entries[i].value);
	}
	int64_t number = piece_number(run, entries[0].key);
	if (number <= *piece)
		number = *piece + 1;
	struct upk_query q = upk_query(s, &upk_id_run_sql, INSERT_PIECE);
	upk_put_int(&q, number);
	upk_put_blob(&q, bytes, count * sizeof(struct upk_id_entry));
	if (!upk_query_run(&q, err))
		return false;
	*piece = number;
	return true;
}

/* The one piece between two numbers that a statement gives. */
static bool get_piece(struct upk_store *s, int which, int64_t from, int64_t to, struct piece *piece,
	struct upk_error *err)
{
	struct upk_query q = upk_query(s, &upk_id_run_sql, which);
	upk_put_int(&q, from);
	upk_put_int(&q, to);
	bool found;
	if (!upk_query_one(&q, &found, err))
		return false;
	*piece = (struct piece){ 0 };
	if (!found)
		return true;
	struct upk_text bytes = upk_get_text(&q, 1);
	*piece = (struct piece){ upk_get_int(&q, 0), bytes.data,
		bytes.size / sizeof(struct upk_id_entry) };
	if (bytes.size % sizeof(struct upk_id_entry) == 0 && piece->count > 0 &&
		piece->count <= UPK_ID_PIECE)
		return true;
	return upk_fail(err, UPK_CORRUPT, "id_piece %lld has %zu bytes", (long long)piece->number,
		bytes.size);
}

bool upk_id_piece_after(struct upk_store *s, int64_t run, int64_t *piece,
	struct upk_id_entry entries[UPK_ID_PIECE], size_t *count, struct upk_error *err)
{
	struct piece p;
	int64_t from = *piece > 0 ? *piece : first_piece(run) - 1;
	if (!get_piece(s, PIECE_AFTER, from, first_piece(run + 1), &p, err))
		return false;
	for (size_t i = 0; i < p.count; i++)
		entries[i] = entry_at(&p, i);
	if (p.count > 0)
		*piece = p.number;
	*count = p.count;
	return true;
}

/* How many entries of the piece come before (key, value). */
static size_t before(const struct piece *p, uint64_t key, uint64_t value)
{
	size_t low = 0, high = p->count;
	while (low < high) {
		size_t middle = (low + high) / 2;
		const struct upk_id_entry e = entry_at(p, middle);
		if (e.key < key || (e.key == key && e.value < value))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The last piece that begins before (key, below), and how many of its entries do. A key that fills
 * pieces makes them lie behind its own number, one after the other. */
static bool last_before(struct upk_store *s, int64_t run, uint64_t key, uint64_t below,
	struct piece *p, size_t *n, struct upk_error *err)
{
	int64_t number = piece_number(run, key);
	if (!get_piece(s, PIECE_UP_TO, first_piece(run), number, p, err))
		return false;
	*n = before(p, key, below);
	while (p->count > 0 && *n == p->count) {
		int64_t full = p->number;
		if (!get_piece(s, PIECE_UP_TO, full + 1, full + 1, p, err))
			return false;
		*n = before(p, key, below);
		if (*n > 0)
			continue;
		if (!get_piece(s, PIECE_UP_TO, full, full, p, err))
			return false;
		*n = p->count;
		return true;
	}
	return true;
}

bool upk_id_run_find(struct upk_store *s, int64_t run, uint64_t key, uint64_t below,
	uint64_t *values, size_t *count, struct upk_error *err)
{
	struct piece p;
	size_t n, found = 0;
	if (!last_before(s, run, key, below, &p, &n, err))
		return false;
	while (p.count > 0) {
		for (; n > 0 && found < *count; n--) {
			const struct upk_id_entry e = entry_at(&p, n - 1);
			if (e.key != key)
				break;
			values[found++] = e.value;
		}
		if (n > 0 || found == *count)
			break;
		if (!get_piece(s, PIECE_UP_TO, first_piece(run), p.number - 1, &p, err))
			return false;
		n = before(&p, key, below);
	}
	*count = found;
	return true;
}

/* ---- filters ---- */

bool upk_id_filter_insert(struct upk_store *s, int64_t run, size_t n, const void *bytes,
	size_t size, struct upk_error *err)
{
	struct upk_query q = upk_query(s, &upk_id_run_sql, INSERT_FILTER);
	upk_put_int(&q, first_piece(run) + (int64_t)n);
	upk_put_blob(&q, bytes, size);
	return upk_query_run(&q, err);
}

bool upk_id_filter_each(struct upk_store *s, int64_t run,
	bool (*take)(void *context, struct upk_text bytes), void *context, struct upk_error *err)
{
	struct upk_query q = upk_query(s, &upk_id_run_sql, EACH_FILTER);
	upk_put_int(&q, first_piece(run));
	upk_put_int(&q, first_piece(run + 1));
	for (;;) {
		bool found;
		if (!upk_query_next(&q, &found, err))
			return false;
		if (!found)
			return true;
		if (!take(context, upk_get_text(&q, 0))) {
			upk_query_end(&q);
			return true;
		}
	}
}

/* ---- the end of a run ---- */

/* *left: how many more may be removed; above 0 when there are no more. */
static bool remove_some(
	struct upk_store *s, int which, int64_t run, int64_t *left, struct upk_error *err)
{
	struct upk_query q = upk_query(s, &upk_id_run_sql, which);
	upk_put_int(&q, first_piece(run));
	upk_put_int(&q, first_piece(run + 1));
	upk_put_int(&q, *left);
	if (!upk_query_run(&q, err))
		return false;
	*left -= sqlite3_changes64(s->db);
	return true;
}

static bool remove_row(struct upk_store *s, int64_t run, struct upk_error *err)
{
	struct upk_query q = upk_query(s, &upk_id_run_sql, REMOVE_RUN);
	upk_put_int(&q, run);
	return upk_query_run(&q, err);
}

static bool remove_rows(struct upk_store *s, int64_t run, int64_t *left, struct upk_error *err)
{
	return remove_some(s, REMOVE_PIECES, run, left, err) &&
		(*left == 0 || remove_some(s, REMOVE_FILTER, run, left, err)) &&
		(*left == 0 || remove_row(s, run, err));
}

/* SQLite may have been built to fill what is deleted with zeros, which writes each page of a run
 * once more. There is nothing to hide in hashes under a key. */
static bool set_zeroing(struct upk_store *s, bool zeroing, struct upk_error *err)
{
	const char *setting = zeroing ? "PRAGMA secure_delete = 1" : "PRAGMA secure_delete = 0";
	int result = sqlite3_exec(s->db, setting, NULL, NULL, NULL);
	return result == SQLITE_OK || upk_store_fail(s->db, result, "secure_delete", err);
}

bool upk_id_run_remove(struct upk_store *s, int64_t run, int64_t *left, struct upk_error *err)
{
	int64_t still = *left;
	if (!set_zeroing(s, false, err))
		return false;
	bool removed = remove_rows(s, run, &still, err);
	if (!set_zeroing(s, true, removed ? err : NULL) || !removed)
		return false;
	*left = still;
	return true;
}

bool upk_id_first_row(struct upk_store *s, int64_t *seq, struct upk_error *err)
{
	int64_t last;
	if (!upk_store_last_seq(s, &last, err))
		return false;
	struct upk_query q = upk_query(s, &upk_id_run_sql, FIRST_ROW);
	upk_put_int(&q, last + 1);
	return upk_query_int(&q, seq, err);
}

bool upk_id_rows_after(struct upk_store *s, int64_t seq,
	bool (*take)(void *context, const struct upk_id_row *row), void *context,
	struct upk_error *err)
{
	struct upk_query q = upk_query(s, &upk_id_run_sql, ROWS_AFTER);
	upk_put_int(&q, seq);
	for (;;) {
		bool found;
		if (!upk_query_next(&q, &found, err))
			return false;
		if (!found)
			return true;
		const struct upk_id_row row = { .seq = upk_get_int(&q, 0),
			.model = upk_get_int(&q, 1),
			.id = upk_get_text(&q, 2),
			.is_label = upk_get_int(&q, 3) != 0 };
		if (!take(context, &row)) {
			upk_query_end(&q);
			return true;
		}
	}
}
