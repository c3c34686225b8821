#include "store/item.h"

#include "store/statement.h"

enum { EVENTS, LABELS };

static const char *const sql[] = {
	[EVENTS] = "SELECT seq, model, id, time, timed, arrival, predicted, stated, score, scores, "
		   "features, feature_list, slices, version, meta, label FROM event "
		   "WHERE seq > ?2 AND seq <= ?3 AND +model = ?1 ORDER BY seq",
	[LABELS] = "SELECT seq, model, id, event, class, time, arrival, source, carried, "
		   "CASE WHEN ?4 THEN (SELECT time FROM event WHERE event.seq = label.event) END "
		   "FROM label WHERE seq > ?2 AND seq <= ?3 AND +model = ?1 ORDER BY seq",
};

const struct upk_sql upk_item_sql = {
	UPK_SQL_ITEM,
	"event",
	sql,
	sizeof sql / sizeof sql[0],
};

static struct upk_query query(struct upk_store *s, int which, const struct upk_item_scan *scan)
{
	struct upk_query q = upk_query(s, &upk_item_sql, which);
	upk_put_int(&q, scan->model);
	upk_put_int(&q, scan->after);
	upk_put_int(&q, scan->to);
	if (which == LABELS)
		upk_put_int(&q, scan->with_event_time);
	return q;
}

static bool read_event(const struct upk_query *q, struct upk_event_row *row, struct upk_error *err)
{
	*row = (struct upk_event_row){ .seq = upk_get_int(q, 0),
		.model = upk_get_int(q, 1),
		.id = upk_get_text(q, 2),
		.time = upk_get_int(q, 3),
		.timed = upk_get_int(q, 4) != 0,
		.arrival = upk_get_int(q, 5),
		.predicted = upk_get_text(q, 6),
		.stated = upk_get_int(q, 7) != 0,
		.scored = !upk_get_null(q, 8),
		.score = upk_get_double(q, 8),
		.features = upk_get_text(q, 10),
		.feature_list = upk_get_int(q, 11),
		.slices = upk_get_text(q, 12),
		.version = upk_get_made_by(q, 13),
		.meta = upk_get_text(q, 14),
		.label = upk_get_text(q, 15) };
	return upk_get_doubles(q, 9, &row->scores, &row->scores_count, err);
}

static struct upk_label_row read_label(const struct upk_query *q)
{
	return (struct upk_label_row){ .seq = upk_get_int(q, 0),
		.model = upk_get_int(q, 1),
		.id = upk_get_text(q, 2),
		.event = upk_get_int(q, 3),
		.class = upk_get_text(q, 4),
		.time = upk_get_int(q, 5),
		.arrival = upk_get_int(q, 6),
		.source = upk_get_text(q, 7),
		.carried = upk_get_int(q, 8) != 0 };
}

/* Both tables side by side: which of them has the next row. */
struct merge {
	struct upk_query events, labels;
	bool event, label; /* each stands on a row */
};

static bool advance(struct upk_query *q, bool *there, struct upk_error *err)
{
	*there = false;
	return upk_query_next(q, there, err);
}

static bool take_next(struct merge *m, struct upk_item_row *row, struct upk_error *err)
{
	row->is_label =
		!m->event || (m->label && upk_get_int(&m->labels, 0) < upk_get_int(&m->events, 0));
	row->event_time = row->is_label ? upk_get_int(&m->labels, 9) : 0;
	if (!row->is_label)
		return read_event(&m->events, &row->event, err);
	row->label = read_label(&m->labels);
	return true;
}

static bool run(struct merge *m, bool (*take)(void *context, const struct upk_item_row *row),
	void *context, struct upk_error *err)
{
	if (!advance(&m->events, &m->event, err) || !advance(&m->labels, &m->label, err))
		return false;
	while (m->event || m->label) {
		struct upk_item_row row;
		if (!take_next(m, &row, err))
			return false;
		if (!take(context, &row))
			return true;
		if (!(row.is_label ? advance(&m->labels, &m->label, err)
				   : advance(&m->events, &m->event, err)))
			return false;
	}
	return true;
}

bool upk_item_scan(struct upk_store *s, const struct upk_item_scan *scan,
	bool (*take)(void *context, const struct upk_item_row *row), void *context,
	struct upk_error *err)
{
	struct merge m = { .events = query(s, EVENTS, scan), .labels = query(s, LABELS, scan) };
	bool done = run(&m, take, context, err);
	if (m.event)
		upk_query_end(&m.events);
	if (m.label)
		upk_query_end(&m.labels);
	return done;
}
