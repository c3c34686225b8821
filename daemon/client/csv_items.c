#include "client/csv_items.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/json_writer.h"
#include "base/number.h"
#include "base/spelling.h"
#include "client/cell.h"
#include "client/origin.h"

enum { SAMPLE_ROWS = 1000, SAMPLE_BYTES = 16 << 20 };

enum role { FEATURE, LABEL, PREDICTED, SCORE, ID, TIME, DROPPED };

struct column {
	char *name;
	enum role role;
	enum upk_target_column type;
	bool words; /* some value of the first rows is no number */
};

struct upk_csv_items {
	const struct upk_csv_items_options *options;
	struct upk_csv *csv;
	struct column *columns;
	size_t count;
	struct upk_buffer
		fields; /* of the first rows: size_t size, a byte quoted, the text, a NUL */
	struct upk_buffer lines;  /* uint64_t: where each begins */
	struct upk_error fault;   /* why the row behind them can't be read */
	size_t next_row, next_at; /* of them that was not given out yet */
	struct upk_text *cells;   /* (count) of the row at hand */
	unsigned char *quoted;
	struct upk_buffer id, json;
	struct upk_buffer empty; /* why the row at hand is no item */
};

static bool no_memory(const struct upk_csv_items *t, struct upk_error *err)
{
	return upk_fail(err, UPK_NOMEM, "%s: no memory", t->options->path);
}

/* ---- header ---- */

static struct column *find(const struct upk_csv_items *t, const char *name)
{
	for (size_t i = 0; i < t->count; i++)
		if (strcmp(t->columns[i].name, name) == 0)
			return &t->columns[i];
	return NULL;
}

static bool fail_column(const struct upk_csv_items *t, const char *option, const char *path,
	const char *name, struct upk_error *err)
{
	enum { NAMES_MOST = 64 };
	struct upk_spelling spelling = { .word = name };
	char known[UPK_SPELLING_SIZE] = "", quoted[UPK_SPELLING_SIZE], near[64] = ":";
	bool fits = true;
	for (size_t i = 0; i < t->count && i < NAMES_MOST; i++) {
		snprintf(quoted, sizeof quoted, "\"%.200s\"", t->columns[i].name);
		fits = fits && upk_spelling_add(known, upk_text_of(quoted));
		upk_spelling_try(&spelling, upk_text_of(t->columns[i].name));
	}
	if (spelling.nearest.data)
		snprintf(near, sizeof near, "; did you mean \"%.*s\"?", (int)spelling.nearest.size,
			spelling.nearest.data);
	return upk_fail(err, UPK_INVALID, "--%s: %s has no column \"%s\"%s it has %s", option, path,
		name, near, known);
}

static bool take_role(struct upk_csv_items *t, const char *option, const char *name, enum role role,
	struct upk_error *err)
{
	struct column *column = name ? find(t, name) : NULL;
	if (!name)
		return true;
	if (!column)
		return fail_column(t, option, t->options->path, name, err);
	if (column->role != FEATURE)
		return upk_fail(err, UPK_INVALID, "--%s: column \"%s\" has another part already",
			option, name);
	column->role = role;
	return true;
}

static bool take_roles(struct upk_csv_items *t, struct upk_error *err)
{
	const struct upk_csv_items_options *o = t->options;
	for (size_t i = 0; i < o->drop_count; i++)
		if (!take_role(t, "drop", o->drop[i], DROPPED, err))
			return false;
	return take_role(t, "label", o->label, LABEL, err) &&
		take_role(t, "predicted", o->predicted, PREDICTED, err) &&
		take_role(t, "score", o->score, SCORE, err) && take_role(t, "id", o->id, ID, err) &&
		take_role(t, "time", o->time, TIME, err);
}

static bool check_names(const struct upk_csv_items *t, struct upk_error *err)
{
	for (size_t i = 0; i < t->count; i++) {
		const struct column *column = &t->columns[i];
		if (column->role != FEATURE)
			continue;
		if (column->name[0] == '\0')
			return upk_fail(err, UPK_INVALID,
				"%s: column %zu has no name in the header: give it one, or --drop "
				"''",
				t->options->path, i + 1);
		if (find(t, column->name) != column)
			return upk_fail(err, UPK_INVALID, "%s: two columns are named \"%s\"",
				t->options->path, column->name);
	}
	return true;
}

static bool read_header(struct upk_csv_items *t, struct upk_error *err)
{
	struct upk_csv_row row;
	enum upk_csv_got got = upk_csv_next(t->csv, &row, err);
	if (got == UPK_CSV_END)
		return upk_fail(
			err, UPK_INVALID, "%s: empty: want a header and rows", t->options->path);
	if (got == UPK_CSV_ERROR)
		return false;
	t->columns = calloc(row.count, sizeof *t->columns);
	t->cells = calloc(row.count, sizeof *t->cells);
	t->quoted = calloc(row.count, 1);
	if (!t->columns || !t->cells || !t->quoted)
		return no_memory(t, err);
	t->count = row.count;
	bool named = true;
	for (size_t i = 0; i < row.count; i++)
		named = (t->columns[i].name = upk_text_copy(row.fields[i])) != NULL && named;
	return named ? upk_csv_check_header(t->csv, &row, err) && take_roles(t, err) &&
			check_names(t, err)
		     : no_memory(t, err);
}

/* ---- first rows ---- */

static bool check_count(
	const struct upk_csv_items *t, const struct upk_csv_row *row, struct upk_error *err)
{
	return row->count == t->count ||
		upk_fail(err, UPK_INVALID, "%s: line %llu: %zu fields: the header has %zu",
			t->options->path, (unsigned long long)row->line, row->count, t->count);
}

static void see_types(struct upk_csv_items *t, const struct upk_csv_row *row)
{
	double number;
	for (size_t i = 0; i < row->count; i++)
		if (!upk_cell_missing(row->fields[i]) && !upk_cell_number(row->fields[i], &number))
			t->columns[i].words = true;
}

static void hold(struct upk_csv_items *t, const struct upk_csv_row *row)
{
	upk_buffer_append(&t->lines, &row->line, sizeof row->line);
	for (size_t i = 0; i < row->count; i++) {
		upk_buffer_append(&t->fields, &row->fields[i].size, sizeof row->fields[i].size);
		upk_buffer_append(&t->fields, &row->quoted[i], 1);
		upk_buffer_append(&t->fields, row->fields[i].data, row->fields[i].size + 1);
	}
}

/* Rows behind one with too few or too many fields aren't held, but show types as well: the model
 * that is made for the rows before it takes the mended file. */
static bool read_sample(struct upk_csv_items *t, struct upk_error *err)
{
	struct upk_csv_row row;
	for (size_t i = 0; i < SAMPLE_ROWS && t->fields.size < SAMPLE_BYTES; i++) {
		struct upk_error *fault = t->fault.code == UPK_OK ? &t->fault : NULL;
		if (upk_csv_next(t->csv, &row, fault) != UPK_CSV_ROW)
			break;
		if (!check_count(t, &row, fault))
			continue;
		see_types(t, &row);
		if (t->fault.code == UPK_OK)
			hold(t, &row);
	}
	if (t->fields.failed || t->lines.failed)
		return no_memory(t, err);
	return t->fault.code == UPK_OK || t->lines.size > 0 ||
		upk_fail(err, t->fault.code, "%s", t->fault.message);
}

struct upk_csv_items *upk_csv_items_open(
	const struct upk_csv_items_options *options, struct upk_error *err)
{
	struct upk_csv_items *t = calloc(1, sizeof *t);
	if (!t) {
		upk_fail(err, UPK_NOMEM, "%s: no memory", options->path);
		return NULL;
	}
	t->options = options;
	t->csv = upk_csv_open(options->path, err);
	if (t->csv && read_header(t, err) && read_sample(t, err))
		return t;
	upk_csv_items_close(t);
	return NULL;
}

void upk_csv_items_close(struct upk_csv_items *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < t->count; i++)
		free(t->columns[i].name);
	free(t->columns);
	free(t->cells);
	free(t->quoted);
	upk_csv_close(t->csv);
	upk_buffer_finish(&t->fields);
	upk_buffer_finish(&t->lines);
	upk_buffer_finish(&t->id);
	upk_buffer_finish(&t->json);
	upk_buffer_finish(&t->empty);
	free(t);
}

int64_t upk_csv_items_at(const struct upk_csv_items *t)
{
	return upk_csv_at(t->csv);
}

void upk_csv_items_fit(struct upk_csv_items *t, const struct upk_target *target)
{
	for (size_t i = 0; i < t->count; i++) {
		struct column *column = &t->columns[i];
		column->type = upk_target_type(target, column->name);
		if (column->type == UPK_TARGET_UNKNOWN)
			column->type = column->words ? UPK_TARGET_WORDS : UPK_TARGET_NUMBER;
	}
}

void upk_csv_items_write_features(const struct upk_csv_items *t, struct upk_buffer *out)
{
	struct upk_json_writer w = upk_json_writer_on(out);
	bool any = false;
	for (size_t i = 0; i < t->count; i++) {
		const struct column *column = &t->columns[i];
		if (column->role != FEATURE)
			continue;
		if (!any)
			upk_json_array(&w, NULL);
		any = true;
		upk_json_object(&w, NULL);
		upk_json_string(&w, "name", column->name);
		upk_json_string(
			&w, "type", column->type == UPK_TARGET_WORDS ? "category" : "number");
		upk_json_object_end(&w);
	}
	if (any)
		upk_json_array_end(&w);
}

void upk_csv_items_list_features(const struct upk_csv_items *t, char out[UPK_SPELLING_SIZE])
{
	bool fits = true;
	out[0] = '\0';
	for (size_t i = 0; fits && i < t->count; i++) {
		const struct column *column = &t->columns[i];
		char words[160];
		if (column->role != FEATURE)
			continue;
		snprintf(words, sizeof words, "%.140s %s", column->name,
			column->type == UPK_TARGET_WORDS ? "category" : "number");
		fits = upk_spelling_add(out, upk_text_of(words));
	}
}

/* ---- rows ---- */

/* The next row's cells and line, from what is held or from the file. */
static enum upk_csv_got next_cells(struct upk_csv_items *t, uint64_t *line, struct upk_error *err)
{
	struct upk_csv_row row;
	if (t->next_row < t->lines.size / sizeof *line) {
		memcpy(line, t->lines.data + t->next_row++ * sizeof *line, sizeof *line);
		for (size_t i = 0; i < t->count; i++) {
			const char *at = t->fields.data + t->next_at;
			memcpy(&t->cells[i].size, at, sizeof t->cells[i].size);
			at += sizeof t->cells[i].size;
			t->quoted[i] = (unsigned char)*at++;
			t->cells[i].data = at;
			t->next_at = (size_t)(at - t->fields.data) + t->cells[i].size + 1;
		}
		return UPK_CSV_ROW;
	}
	if (t->fault.code != UPK_OK) {
		upk_fail(err, t->fault.code, "%s", t->fault.message);
		return UPK_CSV_ERROR;
	}
	enum upk_csv_got got = upk_csv_next(t->csv, &row, err);
	if (got != UPK_CSV_ROW)
		return got;
	if (!check_count(t, &row, err))
		return UPK_CSV_ERROR;
	memcpy(t->cells, row.fields, t->count * sizeof *t->cells);
	memcpy(t->quoted, row.quoted, t->count);
	*line = row.line;
	return UPK_CSV_ROW;
}

/* An empty field is missing, and so is "NA" without quotes. */
static bool is_missing(const struct upk_csv_items *t, size_t i)
{
	return t->cells[i].size == 0 || (!t->quoted[i] && upk_cell_missing(t->cells[i]));
}

static void write_number(
	const struct upk_csv_items *t, size_t i, const char *key, struct upk_json_writer *w)
{
	double number;
	if (upk_cell_number(t->cells[i], &number))
		upk_json_double(w, key, number);
	else
		upk_json_text(w, key, t->cells[i]); /* the daemon says what is wrong with it */
}

static void write_vector(
	const struct upk_csv_items *t, size_t i, const char *key, struct upk_json_writer *w)
{
	cJSON *json = upk_json_parse(t->cells[i], NULL);
	if (json)
		upk_json_raw(w, key, t->cells[i]);
	else
		upk_json_text(w, key, t->cells[i]);
	cJSON_Delete(json);
}

static void write_feature(const struct upk_csv_items *t, size_t i, struct upk_json_writer *w)
{
	const struct column *column = &t->columns[i];
	bool words = column->type == UPK_TARGET_WORDS;
	if (is_missing(t, i) && !(words && t->quoted[i]))
		upk_json_null(w, column->name);
	else if (words)
		upk_json_text(w, column->name, t->cells[i]);
	else if (column->type == UPK_TARGET_VECTOR)
		write_vector(t, i, column->name, w);
	else
		write_number(t, i, column->name, w);
}

static void write_time(const struct upk_csv_items *t, size_t i, struct upk_json_writer *w)
{
	int64_t ms;
	if (upk_number_parse_int(t->cells[i], &ms))
		upk_json_int(w, "timestamp", ms);
	else
		upk_json_text(w, "timestamp", t->cells[i]);
}

static void write_part(const struct upk_csv_items *t, size_t i, struct upk_json_writer *w)
{
	if (is_missing(t, i))
		return;
	switch (t->columns[i].role) {
	case LABEL:
		upk_json_text(w, "label", t->cells[i]);
		break;
	case PREDICTED:
		upk_json_text(w, "predicted", t->cells[i]);
		break;
	case SCORE:
		write_number(t, i, "score", w);
		break;
	case TIME:
		write_time(t, i, w);
		break;
	case ID:
	case FEATURE:
	case DROPPED:
		break;
	}
}

static struct upk_text id_of(struct upk_csv_items *t, uint64_t line)
{
	for (size_t i = 0; i < t->count; i++)
		if (t->columns[i].role == ID && !is_missing(t, i))
			return t->cells[i];
	upk_buffer_clear(&t->id);
	upk_origin_write(t->options->path, line, &t->id);
	return upk_buffer_text(&t->id);
}

static void write_item(struct upk_csv_items *t, struct upk_text id)
{
	struct upk_json_writer w = upk_json_writer_on(&t->json);
	bool features = false;
	upk_buffer_clear(&t->json);
	upk_json_object(&w, NULL);
	upk_json_text(&w, "id", id);
	for (size_t i = 0; i < t->count; i++)
		write_part(t, i, &w);
	for (size_t i = 0; i < t->count; i++) {
		if (t->columns[i].role != FEATURE)
			continue;
		if (!features)
			upk_json_object(&w, "features");
		features = true;
		write_feature(t, i, &w);
	}
	if (features)
		upk_json_object_end(&w);
	upk_json_object_end(&w);
}

static bool has_label(const struct upk_csv_items *t)
{
	for (size_t i = 0; i < t->count; i++)
		if (t->columns[i].role == LABEL)
			return !is_missing(t, i);
	return false;
}

/* Says of a row with neither label nor prediction where they were looked for; false: it has one. */
static bool say_empty(struct upk_csv_items *t)
{
	size_t count = 0;
	upk_buffer_clear(&t->empty);
	for (size_t i = 0; i < t->count; i++) {
		const struct column *column = &t->columns[i];
		if (column->role != LABEL && column->role != PREDICTED && column->role != SCORE)
			continue;
		if (!is_missing(t, i))
			return false;
		upk_buffer_printf(&t->empty, "%scolumn \"%s\" is %s", count++ > 0 ? ", " : "",
			column->name, t->cells[i].size > 0 ? t->cells[i].data : "empty");
	}
	upk_buffer_puts(&t->empty, count > 1 ? ": want a value in one of them" : ": want a value");
	upk_buffer_putc(&t->empty, '\0');
	return true;
}

enum upk_csv_got upk_csv_items_next(struct upk_csv_items *t, struct upk_load_item *item,
	const char **fault, struct upk_error *err)
{
	uint64_t line;
	enum upk_csv_got got = next_cells(t, &line, err);
	if (got != UPK_CSV_ROW)
		return got;
	struct upk_text id = id_of(t, line);
	write_item(t, id);
	*fault = say_empty(t) ? t->empty.data : NULL;
	if (t->id.failed || t->json.failed || t->empty.failed) {
		no_memory(t, err);
		return UPK_CSV_ERROR;
	}
	*item = (struct upk_load_item){ .labelled = has_label(t),
		.by_line = id.data == t->id.data,
		.id = id,
		.json = upk_buffer_text(&t->json),
		.line = line };
	return UPK_CSV_ROW;
}
