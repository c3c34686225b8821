#include "store/bulk.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/event.h"
#include "store/history.h"
#include "store/label.h"
#include "store/place.h"

enum type {
	INTEGER,         /* int64_t */
	INTEGER_OR_NULL, /* int64_t; 0: NULL */
	BOOLEAN,
	TEXT,       /* struct upk_text; absent: NULL */
	BYTES,      /* the same as a BLOB */
	VERSION,    /* struct upk_made_by */
	SCORE,      /* of an event */
	SCORE_LIST, /* of an event */
};

struct column {
	enum type type;
	size_t at; /* in the row */
};

struct upk_bulk_shape {
	const char *name, *declaration;
	size_t row_size;
	const struct column *columns;
};

#define EVENT(type, member) \
	{ \
		type, offsetof(struct upk_event_row, member) \
	}
#define LABEL(type, member) \
	{ \
		type, offsetof(struct upk_label_row, member) \
	}
#define PLACE(type, member) \
	{ \
		type, offsetof(struct upk_place_row, member) \
	}
#define POINT(type, member) \
	{ \
		type, offsetof(struct upk_history_row, member) \
	}

/* Each in the order of its declaration. */
static const struct column event_columns[] = {
	EVENT(INTEGER, seq),
	EVENT(INTEGER, model),
	EVENT(INTEGER_OR_NULL, number),
	EVENT(INTEGER_OR_NULL, place),
	EVENT(TEXT, id),
	EVENT(INTEGER, time),
	EVENT(BOOLEAN, timed),
	EVENT(INTEGER, arrival),
	EVENT(TEXT, predicted),
	EVENT(BOOLEAN, stated),
	EVENT(TEXT, label),
	EVENT(VERSION, version),
	{ SCORE, 0 },
	EVENT(INTEGER, feature_list),
	EVENT(TEXT, slices),
	EVENT(TEXT, meta),
	{ SCORE_LIST, 0 },
	EVENT(BYTES, features),
	EVENT(INTEGER_OR_NULL, version.revision),
};
static const struct column label_columns[] = {
	LABEL(INTEGER, seq),
	LABEL(INTEGER, model),
	LABEL(TEXT, id),
	LABEL(INTEGER_OR_NULL, event),
	LABEL(INTEGER_OR_NULL, place),
	LABEL(TEXT, class),
	LABEL(INTEGER, time),
	LABEL(INTEGER, arrival),
	LABEL(BOOLEAN, carried),
	LABEL(TEXT, source),
};
static const struct column place_columns[] = {
	PLACE(INTEGER, model),
	PLACE(INTEGER, place),
	PLACE(INTEGER, event),
	PLACE(INTEGER_OR_NULL, label),
	PLACE(INTEGER, time),
	PLACE(INTEGER, arrival),
};
static const struct column point_columns[] = {
	POINT(INTEGER, model),
	POINT(TEXT, window),
	POINT(INTEGER, place),
	POINT(INTEGER, time),
	POINT(BYTES, counts),
};

static const struct upk_bulk_shape shapes[UPK_BULKS] = {
	[UPK_BULK_EVENT] = { "new_event",
		"CREATE TABLE x (seq, model, number, place, id, time, timed, arrival, predicted, "
		"stated, label, version, score, feature_list, slices, meta, scores, features, "
		"revision)",
		sizeof(struct upk_event_row), event_columns },
	[UPK_BULK_LABEL] = { "new_label",
		"CREATE TABLE x (seq, model, id, event, place, class, time, arrival, carried, "
		"source)",
		sizeof(struct upk_label_row), label_columns },
	[UPK_BULK_PLACE] = { "new_place",
		"CREATE TABLE x (model, place, event, label, time, arrival)",
		sizeof(struct upk_place_row), place_columns },
	[UPK_BULK_POINT] = { "new_point", "CREATE TABLE x (model, window, place, time, counts)",
		sizeof(struct upk_history_row), point_columns },
};

struct table {
	sqlite3_vtab base;
	const struct upk_bulk_rows *shown;
};

struct cursor {
	sqlite3_vtab_cursor base;
	const struct upk_bulk_rows *shown;
	size_t at;
};

static int connect_table(
	sqlite3 *db, void *shown, int argc, const char *const *argv, sqlite3_vtab **out, char **err)
{
	(void)argc, (void)argv, (void)err;
	const struct upk_bulk_rows *rows = shown;
	int result = sqlite3_declare_vtab(db, rows->shape->declaration);
	if (result != SQLITE_OK)
		return result;
	struct table *t = sqlite3_malloc(sizeof *t);
	if (!t)
		return SQLITE_NOMEM;
	*t = (struct table){ .shown = rows };
	*out = &t->base;
	return SQLITE_OK;
}

static int disconnect(sqlite3_vtab *table)
{
	sqlite3_free(table);
	return SQLITE_OK;
}

static int plan(sqlite3_vtab *table, sqlite3_index_info *info)
{
	(void)table;
	info->estimatedCost = 1000;
	info->estimatedRows = 1000;
	return SQLITE_OK;
}

static int open_cursor(sqlite3_vtab *table, sqlite3_vtab_cursor **out)
{
	struct cursor *c = sqlite3_malloc(sizeof *c);
	if (!c)
		return SQLITE_NOMEM;
	*c = (struct cursor){ .shown = ((struct table *)(void *)table)->shown };
	*out = &c->base;
	return SQLITE_OK;
}

static int close_cursor(sqlite3_vtab_cursor *cursor)
{
	sqlite3_free(cursor);
	return SQLITE_OK;
}

static int filter(
	sqlite3_vtab_cursor *cursor, int number, const char *name, int argc, sqlite3_value **argv)
{
	(void)number, (void)name, (void)argc, (void)argv;
	((struct cursor *)(void *)cursor)->at = 0;
	return SQLITE_OK;
}

static int next(sqlite3_vtab_cursor *cursor)
{
	((struct cursor *)(void *)cursor)->at++;
	return SQLITE_OK;
}

static int is_at_end(sqlite3_vtab_cursor *cursor)
{
	const struct cursor *c = (const struct cursor *)(void *)cursor;
	return c->at >= c->shown->count;
}

static int row_number(sqlite3_vtab_cursor *cursor, sqlite3_int64 *number)
{
	*number = (sqlite3_int64)((const struct cursor *)(void *)cursor)->at;
	return SQLITE_OK;
}

static void show_text(sqlite3_context *out, struct upk_text text)
{
	if (text.data)
		sqlite3_result_text64(out, text.data, text.size, SQLITE_STATIC, SQLITE_UTF8);
}

static void show_version(sqlite3_context *out, const struct upk_made_by *version)
{
	if (version->number > 0)
		sqlite3_result_int64(out, version->number);
	else
		show_text(out, version->name);
}

static void show_scores(sqlite3_context *out, const struct upk_event_row *row)
{
	if (row->scores)
		sqlite3_result_blob64(
			out, row->scores, row->scores_count * sizeof *row->scores, SQLITE_STATIC);
}

/* A value that is not shown is NULL. */
static int show(sqlite3_vtab_cursor *cursor, sqlite3_context *out, int number)
{
	const struct cursor *c = (const struct cursor *)(void *)cursor;
	const struct upk_bulk_shape *shape = c->shown->shape;
	const char *row = (const char *)c->shown->rows + c->at * shape->row_size;
	const void *value = row + shape->columns[number].at;
	const struct upk_event_row *event = (const void *)row;
	const struct upk_text *bytes = value;
	switch (shape->columns[number].type) {
	case INTEGER:
		sqlite3_result_int64(out, *(const int64_t *)value);
		break;
	case INTEGER_OR_NULL:
		if (*(const int64_t *)value != 0)
			sqlite3_result_int64(out, *(const int64_t *)value);
		break;
	case BOOLEAN:
		sqlite3_result_int(out, *(const bool *)value);
		break;
	case TEXT:
		show_text(out, *bytes);
		break;
	case BYTES:
		if (bytes->data)
			sqlite3_result_blob64(out, bytes->data, bytes->size, SQLITE_STATIC);
		break;
	case VERSION:
		show_version(out, value);
		break;
	case SCORE:
		if (event->scored)
			sqlite3_result_double(out, event->score);
		break;
	case SCORE_LIST:
		show_scores(out, event);
		break;
	}
	return SQLITE_OK;
}

static const sqlite3_module module = {
	.xConnect = connect_table,
	.xBestIndex = plan,
	.xDisconnect = disconnect,
	.xOpen = open_cursor,
	.xClose = close_cursor,
	.xFilter = filter,
	.xNext = next,
	.xEof = is_at_end,
	.xColumn = show,
	.xRowid = row_number,
};

int upk_bulk_register(sqlite3 *db, struct upk_bulk_rows *rows)
{
	int result = SQLITE_OK;
	for (size_t i = 0; i < UPK_BULKS && result == SQLITE_OK; i++) {
		rows[i] = (struct upk_bulk_rows){ .shape = &shapes[i] };
		result = sqlite3_create_module_v2(db, shapes[i].name, &module, &rows[i], NULL);
	}
	return result;
}
