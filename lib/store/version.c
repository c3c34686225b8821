#include "store/version.h"

#include <stdlib.h>
#include <string.h>

#include "store/statement.h"

enum { PIECE_SIZE = 256 * 1024 };

enum {
	INSERT,
	INSERT_PIECE,
	GET,
	PIECES,
	LAST,
	SET_OFF_BENCH,
	BEFORE,
	OLD,
	REMOVE,
	INSERT_PROMOTION,
	PROMOTIONS,
};

#define COLUMNS \
	"model, version, learner, settings, from_place, to_place, rows, as_of, run, created, " \
	"figures, processor, size, off_bench, base"

static const char *const sql[] = {
	[INSERT] = "INSERT INTO version (" COLUMNS ") VALUES "
		   "(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
	[INSERT_PIECE] = "INSERT INTO version_piece (model, version, piece, bytes) "
			 "VALUES (?1, ?2, ?3, ?4)",
	[GET] = "SELECT " COLUMNS " FROM version WHERE model = ?1 AND version = ?2",
	[PIECES] = "SELECT bytes FROM version_piece WHERE model = ?1 AND version = ?2 "
		   "ORDER BY piece",
	[LAST] = "SELECT coalesce(max(version), 0) FROM version WHERE model = ?1",
	[SET_OFF_BENCH] = "UPDATE version SET off_bench = ?3 WHERE model = ?1 AND version = ?2",
	[BEFORE] = "SELECT " COLUMNS " FROM version WHERE model = ?1 AND version < ?2 "
		   "ORDER BY version DESC LIMIT ?3",
	[OLD] = "SELECT version FROM version WHERE model = ?1 AND version <= ?2 AND NOT EXISTS "
		"(SELECT 1 FROM run WHERE run.model = ?1 AND run.run = version.run AND state IN "
		"('queued', 'running', 'waiting')) ORDER BY version",
	[REMOVE] = "DELETE FROM version WHERE model = ?1 AND version = ?2",
	[INSERT_PROMOTION] = "INSERT INTO promotion (model, promotion, version, time, place, by, "
			     "reason, run, person, against) "
			     "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
	[PROMOTIONS] = "SELECT model, promotion, version, time, place, by, reason, run, person, "
		       "against FROM promotion WHERE model = ?1 ORDER BY promotion",
};

const struct upk_sql upk_version_sql = {
	UPK_SQL_VERSION,
	"version",
	sql,
	sizeof sql / sizeof sql[0],
};

static bool insert_pieces(struct upk_store *s, const struct upk_version_row *row,
	struct upk_text bytes, struct upk_error *err)
{
	int64_t piece = 1;
	for (size_t at = 0; at < bytes.size; at += PIECE_SIZE) {
		size_t left = bytes.size - at;
		struct upk_query q = upk_query(s, &upk_version_sql, INSERT_PIECE);
		upk_put_int(&q, row->model);
		upk_put_int(&q, row->version);
		upk_put_int(&q, piece++);
		upk_put_blob(&q, bytes.data + at, left < PIECE_SIZE ? left : PIECE_SIZE);
		if (!upk_query_run(&q, err))
			return false;
	}
	return true;
}

bool upk_version_insert(struct upk_store *s, const struct upk_version_row *row,
	struct upk_text bytes, struct upk_error *err)
{
	struct upk_query q = upk_query(s, &upk_version_sql, INSERT);
	upk_put_int(&q, row->model);
	upk_put_int(&q, row->version);
	upk_put_text(&q, row->learner);
	upk_put_text(&q, row->settings);
	upk_put_int(&q, row->from);
	upk_put_int(&q, row->to);
	upk_put_int(&q, row->rows);
	upk_put_int(&q, row->as_of);
	upk_put_int_or_null(&q, row->run);
	upk_put_int(&q, row->created);
	upk_put_text(&q, row->figures);
	upk_put_text(&q, row->processor);
	upk_put_int(&q, (int64_t)bytes.size);
	upk_put_int(&q, row->off_bench);
	upk_put_int_or_null(&q, row->base);
	return upk_query_run(&q, err) && insert_pieces(s, row, bytes, err);
}

static struct upk_version_row read_row(const struct upk_query *q)
{
	return (struct upk_version_row){
		.model = upk_get_int(q, 0),
		.version = upk_get_int(q, 1),
		.learner = upk_get_text(q, 2),
		.settings = upk_get_text(q, 3),
		.from = upk_get_int(q, 4),
		.to = upk_get_int(q, 5),
		.rows = upk_get_int(q, 6),
		.as_of = upk_get_int(q, 7),
		.run = upk_get_int(q, 8),
		.created = upk_get_int(q, 9),
		.figures = upk_get_text(q, 10),
		.processor = upk_get_text(q, 11),
		.size = upk_get_int(q, 12),
		.off_bench = upk_get_int(q, 13) != 0,
		.base = upk_get_int(q, 14),
	};
}

bool upk_version_get(struct upk_store *s, int64_t model, int64_t version, bool *found,
	struct upk_version_row *row, struct upk_error *err)
{
	struct upk_query q = upk_query(s, &upk_version_sql, GET);
	upk_put_int(&q, model);
	upk_put_int(&q, version);
	if (!upk_query_one(&q, found, err))
		return false;
	if (*found)
		*row = read_row(&q);
	return true;
}

static bool fail_pieces(int64_t version, struct upk_error *err)
{
	return upk_fail(err, UPK_CORRUPT,
		"version %lld has not the bytes that it should have: restore a backup of the "
		"data folder",
		(long long)version);
}

/* Fills the size bytes from a version's pieces, which must be as many. */
static bool read_pieces(struct upk_store *s, int64_t model, int64_t version, char *bytes,
	size_t size, struct upk_error *err)
{
	struct upk_query q = upk_query(s, &upk_version_sql, PIECES);
	upk_put_int(&q, model);
	upk_put_int(&q, version);
	size_t at = 0;
	for (;;) {
		bool found;
		if (!upk_query_next(&q, &found, err))
			return false;
		if (!found)
			return at == size || fail_pieces(version, err);

		struct upk_text piece = upk_get_text(&q, 0);
		if (piece.size > size - at) {
			upk_query_end(&q);
			return fail_pieces(version, err);
		}
		memcpy(bytes + at, piece.data, piece.size);
		at += piece.size;
	}
}

bool upk_version_bytes(struct upk_store *s, int64_t model, int64_t version, char **bytes,
	size_t *size, struct upk_error *err)
{
	bool found;
	struct upk_version_row row;
	if (!upk_version_get(s, model, version, &found, &row, err))
		return false;
	if (!found)
		return upk_fail(err, UPK_NOT_FOUND, "there is no version %lld", (long long)version);
	if (row.size < 0)
		return fail_pieces(version, err);

	size_t all = (size_t)row.size;
	char *copy = malloc(all > 0 ? all : 1);
	if (!copy)
		return upk_fail(err, UPK_NOMEM, "no memory for the %zu bytes of version %lld", all,
			(long long)version);
	if (!read_pieces(s, model, version, copy, all, err)) {
		free(copy);
		return false;
	}
	*bytes = copy;
	*size = all;
	return true;
}

bool upk_version_last(struct upk_store *s, int64_t model, int64_t *version, struct upk_error *err)
{
	struct upk_query q = upk_query(s, &upk_version_sql, LAST);
	upk_put_int(&q, model);
	return upk_query_int(&q, version, err);
}

bool upk_version_set_off_bench(
	struct upk_store *s, int64_t model, int64_t version, bool off, struct upk_error *err)
{
	struct upk_query q = upk_query(s, &upk_version_sql, SET_OFF_BENCH);
	upk_put_int(&q, model);
	upk_put_int(&q, version);
	upk_put_int(&q, off);
	return upk_query_run_on_one(&q, err);
}

bool upk_version_each(struct upk_store *s, int64_t model, int64_t before, int64_t limit,
	bool (*take)(void *context, const struct upk_version_row *row), void *context,
	struct upk_error *err)
{
	struct upk_query q = upk_query(s, &upk_version_sql, BEFORE);
	upk_put_int(&q, model);
	upk_put_int(&q, before != 0 ? before : INT64_MAX);
	upk_put_int(&q, limit);
	for (;;) {
		bool found;
		if (!upk_query_next(&q, &found, err))
			return false;
		if (!found)
			return true;
		struct upk_version_row row = read_row(&q);
		if (!take(context, &row)) {
			upk_query_end(&q);
			return true;
		}
	}
}

bool upk_version_each_old(struct upk_store *s, int64_t model, int64_t last,
	bool (*take)(void *context, int64_t version), void *context, struct upk_error *err)
{
	struct upk_query q = upk_query(s, &upk_version_sql, OLD);
	upk_put_int(&q, model);
	upk_put_int(&q, last);
	for (;;) {
		bool found;
		if (!upk_query_next(&q, &found, err))
			return false;
		if (!found)
			return true;
		if (!take(context, upk_get_int(&q, 0))) {
			upk_query_end(&q);
			return true;
		}
	}
}

bool upk_version_remove(struct upk_store *s, int64_t model, int64_t version, struct upk_error *err)
{
	struct upk_query q = upk_query(s, &upk_version_sql, REMOVE);
	upk_put_int(&q, model);
	upk_put_int(&q, version);
	return upk_query_run_on_one(&q, err);
}

bool upk_promotion_insert(
	struct upk_store *s, const struct upk_promotion_row *row, struct upk_error *err)
{
	struct upk_query q = upk_query(s, &upk_version_sql, INSERT_PROMOTION);
	upk_put_int(&q, row->model);
	upk_put_int(&q, row->promotion);
	upk_put_int(&q, row->version);
	upk_put_int(&q, row->time);
	upk_put_int(&q, row->place);
	upk_put_text(&q, row->by);
	upk_put_text(&q, row->reason);
	upk_put_int_or_null(&q, row->run);
	upk_put_text(&q, row->person);
	upk_put_text(&q, row->against);
	return upk_query_run(&q, err);
}

bool upk_promotion_each(struct upk_store *s, int64_t model,
	bool (*take)(void *context, const struct upk_promotion_row *row), void *context,
	struct upk_error *err)
{
	struct upk_query q = upk_query(s, &upk_version_sql, PROMOTIONS);
	upk_put_int(&q, model);
	for (;;) {
		bool found;
		if (!upk_query_next(&q, &found, err))
			return false;
		if (!found)
			return true;

		struct upk_promotion_row row = {
			.model = upk_get_int(&q, 0),
			.promotion = upk_get_int(&q, 1),
			.version = upk_get_int(&q, 2),
			.time = upk_get_int(&q, 3),
			.place = upk_get_int(&q, 4),
			.by = upk_get_text(&q, 5),
			.reason = upk_get_text(&q, 6),
			.run = upk_get_int(&q, 7),
			.person = upk_get_text(&q, 8),
			.against = upk_get_text(&q, 9),
		};
		if (!take(context, &row)) {
			upk_query_end(&q);
			return true;
		}
	}
}
