#include "store/event.h"

#include <math.h>

#include "store/statement.h"

enum { INSERT, FIND, GET, SET_PREDICTION, LAST_NUMBER, MARKS, PREDICTIONS, USES_CLASS };

#define COLUMNS \
	"seq, model, number, id, time, timed, arrival, predicted, stated, score, scores, " \
	"features, " \
	"feature_list, slices, version, meta, label"

static const char *const sql[] = {
	[INSERT] = "INSERT INTO event (" COLUMNS ") VALUES "
		   "(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)",
	[FIND] = "SELECT " COLUMNS " FROM event WHERE model = ?1 AND id = ?2",
	[GET] = "SELECT " COLUMNS " FROM event WHERE seq = ?1",
	[SET_PREDICTION] = "UPDATE event SET predicted = ?2, stated = ?3, score = ?4, scores = ?5, "
			   "version = ?6, time = ?7, timed = ?8 WHERE seq = ?1",
	[LAST_NUMBER] = "SELECT coalesce(max(number), 0) FROM event WHERE model = ?1",
	[MARKS] = "SELECT seq, number, arrival, version FROM event "
		  "WHERE model = ?1 AND number > ?2 AND predicted IS NOT NULL ORDER BY number",
	[PREDICTIONS] = "SELECT coalesce((SELECT max(number) FROM event WHERE model = ?1), 0) "
			"- ?2 + 1 - (SELECT count(*) FROM event WHERE model = ?1 AND number >= ?2 "
			"AND predicted IS NULL)",
	[USES_CLASS] =
		"SELECT EXISTS (SELECT 1 FROM event WHERE model = ?1 AND (predicted = ?2 OR label "
		"= ?2)) "
		"OR EXISTS (SELECT 1 FROM label WHERE model = ?1 AND event IS NULL AND class = ?2) "
		"OR EXISTS (SELECT 1 FROM event JOIN label ON label.event = event.seq "
		"WHERE event.model = ?1 AND label.class = ?2)",
};

const struct upk_sql upk_event_sql = {
	UPK_SQL_EVENT,
	"event",
	sql,
	sizeof sql / sizeof sql[0],
};

static void put_scores(struct upk_query *q, const struct upk_event_row *row)
{
	upk_put_double(q, row->scored ? row->score : NAN);
	upk_put_blob(q, row->scores, row->scores_count * sizeof *row->scores);
}

bool upk_event_insert(struct upk_store *s, const struct upk_event_row *row, struct upk_error *err)
{
	struct upk_query q = upk_query(s, &upk_event_sql, INSERT);
	upk_put_int(&q, row->seq);
	upk_put_int(&q, row->model);
	upk_put_int(&q, row->number);
	upk_put_text(&q, row->id);
	upk_put_int(&q, row->time);
	upk_put_int(&q, row->timed);
	upk_put_int(&q, row->arrival);
	upk_put_text(&q, row->predicted);
	upk_put_int(&q, row->stated);
	put_scores(&q, row);
	upk_put_blob(&q, row->features.data, row->features.size);
	upk_put_int(&q, row->feature_list);
	upk_put_text(&q, row->slices);
	upk_put_made_by(&q, row->version);
	upk_put_text(&q, row->meta);
	upk_put_text(&q, row->label);
	if (!upk_query_run(&q, err))
		return false;
	upk_store_note_seq(s, row->seq);
	return true;
}

static bool read_one(
	struct upk_query *q, bool *found, struct upk_event_row *row, struct upk_error *err)
{
	bool there;
	if (!upk_query_one(q, &there, err))
		return false;
	if (!there) {
		*found = false;
		return true;
	}

	const double *scores;
	size_t count;
	if (!upk_get_doubles(q, 10, &scores, &count, err))
		return false;
	*found = true;
	*row = (struct upk_event_row){
		.seq = upk_get_int(q, 0),
		.model = upk_get_int(q, 1),
		.number = upk_get_int(q, 2),
		.id = upk_get_text(q, 3),
		.time = upk_get_int(q, 4),
		.timed = upk_get_int(q, 5) != 0,
		.arrival = upk_get_int(q, 6),
		.predicted = upk_get_text(q, 7),
		.stated = upk_get_int(q, 8) != 0,
		.scored = !upk_get_null(q, 9),
		.score = upk_get_double(q, 9),
		.scores = scores,
		.scores_count = count,
		.features = upk_get_text(q, 11),
		.feature_list = upk_get_int(q, 12),
		.slices = upk_get_text(q, 13),
		.version = upk_get_made_by(q, 14),
		.meta = upk_get_text(q, 15),
		.label = upk_get_text(q, 16),
	};
	return true;
}

bool upk_event_find(struct upk_store *s, int64_t model, struct upk_text id, bool *found,
	struct upk_event_row *row, struct upk_error *err)
{
	struct upk_query q = upk_query(s, &upk_event_sql, FIND);
	upk_put_int(&q, model);
	upk_put_text(&q, id);
	return read_one(&q, found, row, err);
}

bool upk_event_get(struct upk_store *s, int64_t seq, bool *found, struct upk_event_row *row,
	struct upk_error *err)
{
	struct upk_query q = upk_query(s, &upk_event_sql, GET);
	upk_put_int(&q, seq);
	return read_one(&q, found, row, err);
}

bool upk_event_set_prediction(
	struct upk_store *s, const struct upk_event_row *row, struct upk_error *err)
{
	struct upk_query q = upk_query(s, &upk_event_sql, SET_PREDICTION);
	upk_put_int(&q, row->seq);
	upk_put_text(&q, row->predicted);
	upk_put_int(&q, row->stated);
	put_scores(&q, row);
	upk_put_made_by(&q, row->version);
	upk_put_int(&q, row->time);
	upk_put_int(&q, row->timed);
	return upk_query_run_on_one(&q, err);
}

bool upk_event_last_number(
	struct upk_store *s, int64_t model, int64_t *number, struct upk_error *err)
{
	struct upk_query q = upk_query(s, &upk_event_sql, LAST_NUMBER);
	upk_put_int(&q, model);
	return upk_query_int(&q, number, err);
}

bool upk_event_marks(struct upk_store *s, int64_t model, int64_t after,
	bool (*take)(void *context, const struct upk_event_mark *mark), void *context,
	struct upk_error *err)
{
	struct upk_query q = upk_query(s, &upk_event_sql, MARKS);
	upk_put_int(&q, model);
	upk_put_int(&q, after);
	for (;;) {
		bool found;
		if (!upk_query_next(&q, &found, err))
			return false;
		if (!found)
			return true;
		const struct upk_event_mark mark = { .seq = upk_get_int(&q, 0),
			.number = upk_get_int(&q, 1),
			.arrival = upk_get_int(&q, 2),
			.version = upk_get_made_by(&q, 3) };
		if (!take(context, &mark)) {
			upk_query_end(&q);
			return true;
		}
	}
}

bool upk_event_predictions(struct upk_store *s, int64_t model, int64_t from_number, int64_t *count,
	struct upk_error *err)
{
	struct upk_query q = upk_query(s, &upk_event_sql, PREDICTIONS);
	upk_put_int(&q, model);
	upk_put_int(&q, from_number);
	return upk_query_int(&q, count, err);
}

bool upk_event_uses_class(struct upk_store *s, int64_t model, struct upk_text class, bool *used,
	struct upk_error *err)
{
	struct upk_query q = upk_query(s, &upk_event_sql, USES_CLASS);
	upk_put_int(&q, model);
	upk_put_text(&q, class);
	int64_t answer;
	if (!upk_query_int(&q, &answer, err))
		return false;
	*used = answer != 0;
	return true;
}
