#include "store/check.h"

#include <string.h>

#include "store/statement.h"

/* Rows of models that are being deleted go in an order of their own. */
#define LIVE(table) \
	table ".model IN (SELECT model FROM model WHERE model NOT IN (SELECT model FROM " \
	      "deletion))"

/* Each counts the rows that break it. */
static const struct {
	const char *what, *sql;
} rules[] = {
	{ "references to rows that are not there",
		"SELECT count(*) FROM pragma_foreign_key_check" },
	{ "sequence numbers of an event and a label at once",
		"SELECT count(*) FROM label JOIN event ON event.seq = label.seq" },
	{ "sequence numbers above the last one given out",
		"SELECT (saved > given) + (SELECT count(*) FROM upgrade WHERE seq > given) + "
		"(SELECT count(*) FROM model WHERE state_seq > given) + "
		"(SELECT count(*) FROM id_index WHERE spilled > given) FROM sequence, "
		"(" UPK_STORE_LAST_SEQ ")" },
	/* An event that is too old goes before the labels that came later, and these take its place
	 * with them: but never an event between two that stay. */
	{ "places without their event",
		"SELECT count(*) FROM place JOIN (SELECT model, min(seq) AS first FROM event "
		"GROUP BY model) AS oldest ON oldest.model = place.model WHERE " LIVE(
			"place") " AND (place.event > first OR place.label IS NULL) AND NOT EXISTS "
				 "(SELECT 1 FROM event WHERE event.seq = place.event AND "
				 "event.model = place.model)" },
	{ "places whose label is not there",
		"SELECT count(*) FROM place WHERE " LIVE(
			"place") " AND label IS NOT NULL AND NOT "
				 "EXISTS (SELECT 1 FROM label WHERE label.seq = place.label)" },
	{ "places whose event has another place",
		"SELECT count(*) - count(DISTINCT event) FROM place WHERE " LIVE("place") },
	{ "places that arrived before the one before them",
		"SELECT count(*) FROM (SELECT arrival < lag(arrival) OVER "
		"(PARTITION BY model ORDER BY place) AS back FROM place) WHERE back" },
	{ "pairs and examples without a label",
		"SELECT count(*) FROM place JOIN event ON event.seq = place.event WHERE "
		"place.label IS NULL AND event.label IS NULL" },
	{ "events that name a place of another event",
		"SELECT count(*) FROM event WHERE " LIVE(
			"event") " AND place IS NOT NULL AND NOT "
				 "EXISTS (SELECT 1 FROM place WHERE place.model = event.model AND "
				 "place.place = event.place AND place.event = event.seq)" },
	{ "labels that name a place which they did not complete",
		"SELECT count(*) FROM label WHERE " LIVE(
			"label") " AND place IS NOT NULL AND NOT "
				 "EXISTS (SELECT 1 FROM place WHERE place.model = label.model AND "
				 "place.place = label.place AND place.event = label.event)" },
	{ "predictions without a number, and examples with one",
		"SELECT count(*) FROM event WHERE (number IS NULL) <> (predicted IS NULL)" },
	{ "numbers of two predictions of a model",
		"SELECT count(*) FROM (SELECT 1 FROM event WHERE number IS NOT NULL "
		"GROUP BY model, number HAVING count(*) > 1)" },
	{ "numbers between a model's predictions that neither one has nor a deleted one had",
		"SELECT coalesce(sum(abs(last - first + 1 - there - (SELECT count(*) FROM gone "
		"WHERE gone.model = given.model AND number BETWEEN first AND last))), 0) FROM "
		"(SELECT model, min(number) AS first, max(number) AS last, count(*) AS there "
		"FROM event WHERE " LIVE("event") " AND number IS NOT NULL GROUP BY model) AS "
						  "given" },
	{ "numbers of deleted predictions that one has",
		"SELECT count(*) FROM event JOIN gone ON gone.model = event.model AND "
		"gone.number = event.number WHERE " LIVE("event") },
	{ "events without a timestamp that are not dated by their arrival",
		"SELECT count(*) FROM event WHERE NOT timed AND time <> arrival" },
	/* An example has its event's time, and keeps it when it becomes a pair. */
	{ "places whose time is not the later one of their event's and their label's",
		"SELECT count(*) FROM place JOIN event ON event.seq = place.event LEFT JOIN label "
		"ON label.seq = place.label WHERE " LIVE(
			"place") " AND place.time <> CASE WHEN "
				 "event.predicted IS NULL OR EXISTS (SELECT 1 FROM upgrade WHERE "
				 "upgrade.event = "
				 "place.event) THEN event.time ELSE max(event.time, "
				 "coalesce(label.time, "
				 "event.time)) END" },
	{ "models whose last removed place is there",
		"SELECT count(*) FROM model JOIN place ON place.model = model.model AND "
		"place.place = model.last_place WHERE " LIVE("model") },
	{ "places missing above a model's last removed one",
		"SELECT coalesce(sum(last - last_place - there), 0) FROM (SELECT last_place, "
		"max(place) AS last, count(*) AS there FROM model JOIN place ON place.model = "
		"model.model AND place > last_place WHERE " LIVE("model") " GROUP BY "
									  "model.model)" },
	{ "ids of two events of a model",
		"SELECT count(*) FROM (SELECT 1 FROM event WHERE id IS NOT NULL "
		"GROUP BY model, id HAVING count(*) > 1)" },
	{ "events whose features follow a list that is not there",
		"SELECT count(*) FROM event WHERE " LIVE(
			"event") " AND features IS NOT NULL AND NOT "
				 "EXISTS (SELECT 1 FROM feature_list WHERE feature_list.model = "
				 "event.model AND "
				 "list = feature_list)" },
	/* That of an example is given up when it becomes a pair. */
	{ "revisions whose label or place is not there",
		"SELECT count(*) FROM revision JOIN event ON event.seq = revision.event "
		"WHERE " LIVE(
			"event") " AND (NOT EXISTS (SELECT 1 FROM label WHERE label.seq = "
				 "revision.seq) "
				 "OR NOT EXISTS (SELECT 1 FROM place WHERE place.model = "
				 "event.model AND "
				 "place.place = revision.place) AND NOT EXISTS (SELECT 1 FROM "
				 "upgrade WHERE upgrade.event = event.seq AND upgrade.place IN "
				 "(revision.place, 0)))" },
	{ "versions that lack bytes",
		"SELECT count(*) FROM version WHERE " LIVE(
			"version") " AND size <> (SELECT "
				   "coalesce(sum(length(bytes)), 0) FROM version_piece WHERE "
				   "version_piece.model = version.model AND version_piece.version "
				   "= version.version)" },
};

/* Prepared here: they belong to nobody's daily work. */
static bool prepare(
	struct upk_store *s, const char *sql, sqlite3_stmt **statement, struct upk_error *err)
{
	upk_store_unpin(s);
	int result = sqlite3_prepare_v2(s->db, sql, -1, statement, NULL);
	return result == SQLITE_OK || upk_store_fail(s->db, result, "check", err);
}

static bool check_rule(struct upk_store *s, size_t rule,
	void (*found)(void *context, const char *what, int64_t rows), void *context,
	struct upk_error *err)
{
	sqlite3_stmt *statement = NULL;
	if (!prepare(s, rules[rule].sql, &statement, err))
		return false;
	int result = sqlite3_step(statement);
	int64_t rows = result == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : 0;
	if (result != SQLITE_ROW)
		upk_store_fail(s->db, result, rules[rule].what, err);
	sqlite3_finalize(statement);
	if (rows > 0)
		found(context, rules[rule].what, rows);
	return result == SQLITE_ROW;
}

/* What is damaged is found; that it can't be read at all is found too. */
static bool check_pages(struct upk_store *s,
	void (*found)(void *context, const char *what, int64_t rows), void *context,
	struct upk_error *err)
{
	sqlite3_stmt *statement = NULL;
	if (!prepare(s, "PRAGMA integrity_check", &statement, err))
		return false;
	int result;
	while ((result = sqlite3_step(statement)) == SQLITE_ROW) {
		const char *line = (const char *)sqlite3_column_text(statement, 0);
		if (line && strcmp(line, "ok") != 0)
			found(context, line, 1);
	}
	sqlite3_finalize(statement);
	return result == SQLITE_DONE || upk_store_fail(s->db, result, "upkeepd.db", err);
}

bool upk_check_rows(struct upk_store *s,
	void (*found)(void *context, const char *what, int64_t rows), void *context,
	struct upk_error *err)
{
	if (!check_pages(s, found, context, err))
		return false;
	for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
		if (!check_rule(s, i, found, context, err))
			return false;
	return true;
}

bool upk_check_labels(struct upk_store *s, struct upk_error *err)
{
	upk_store_unpin(s);
	int result = sqlite3_exec(s->db,
		"PRAGMA query_only = 0;" /* the file is opened read-only */
		"PRAGMA temp_store = FILE;"
		"CREATE TEMP TABLE newest (event INTEGER PRIMARY KEY, seq INTEGER, class TEXT);"
		"INSERT INTO newest (event, seq, class) SELECT event, max(seq), class FROM label "
		"WHERE event IS NOT NULL GROUP BY event",
		NULL, NULL, NULL);
	return result == SQLITE_OK || upk_store_fail(s->db, result, "label", err);
}

static struct upk_text text_of(sqlite3_stmt *statement, int column)
{
	const char *data = sqlite3_column_blob(statement, column);
	return (struct upk_text){ data ? data : "",
		(size_t)sqlite3_column_bytes(statement, column) };
}

bool upk_check_pairs(struct upk_store *s, const char *model,
	bool (*take)(void *context, const struct upk_checked_pair *pair), void *context,
	struct upk_error *err)
{
	sqlite3_stmt *statement = NULL;
	if (!prepare(s,
		    "SELECT place.time, event.predicted, coalesce(newest.class, "
		    "(SELECT class FROM label WHERE label.seq = place.label), event.label) "
		    "FROM place JOIN event ON event.seq = place.event "
		    "LEFT JOIN newest ON newest.event = place.event "
		    "WHERE place.model = (SELECT model FROM model WHERE name = ?1) "
		    "AND event.predicted IS NOT NULL ORDER BY place.place DESC",
		    &statement, err))
		return false;
	int result = sqlite3_bind_text(statement, 1, model, -1, SQLITE_STATIC);
	bool more = result == SQLITE_OK;
	while (more && (result = sqlite3_step(statement)) == SQLITE_ROW) {
		const struct upk_checked_pair pair = { .time = sqlite3_column_int64(statement, 0),
			.predicted = text_of(statement, 1),
			.actual = text_of(statement, 2) };
		more = take(context, &pair);
	}
	bool done = result == SQLITE_DONE || (result == SQLITE_ROW && !more) ||
		upk_store_fail(s->db, result, "place", err);
	sqlite3_finalize(statement);
	return done;
}

/* Of the stored state, and of what came after it. */
bool upk_check_clock(
	struct upk_store *s, const char *model, int64_t *clock, struct upk_error *err)
{
	sqlite3_stmt *statement = NULL;
	if (!prepare(s,
		    "SELECT max(CASE WHEN json_valid(CAST(state AS TEXT)) THEN "
		    "ifnull(json_extract(CAST(state AS TEXT), '$.clock'), 0) ELSE 0 END, "
		    "ifnull((SELECT max(arrival) FROM event WHERE event.model = model.model), 0), "
		    "ifnull((SELECT max(arrival) FROM label WHERE label.model = model.model), 0), "
		    "ifnull((SELECT max(arrival) FROM place WHERE place.model = model.model), 0)) "
		    "FROM model WHERE name = ?1",
		    &statement, err))
		return false;
	int result = sqlite3_bind_text(statement, 1, model, -1, SQLITE_STATIC);
	*clock = 0;
	if (result == SQLITE_OK && (result = sqlite3_step(statement)) == SQLITE_ROW) {
		*clock = sqlite3_column_int64(statement, 0);
		result = SQLITE_DONE;
	}
	sqlite3_finalize(statement);
	return result == SQLITE_DONE || upk_store_fail(s->db, result, "model", err);
}
