#include "client/stream.h"

#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/random.h"
#include "base/spelling.h"
#include "client/cell.h"
#include "client/csv.h"
#include "client/origin.h"
#include "metrics/confusion.h"

struct column {
	char *name;
	bool used;     /* a feature */
	bool category; /* some value is no number */
};

struct row {
	size_t at; /* in values: the features' texts, each followed by a NUL */
	uint64_t line;
	uint16_t label;
};

struct upk_stream {
	char *path;
	struct column *columns;
	size_t columns_count;
	size_t label; /* index of the class column */
	char **classes;
	size_t classes_count;
	struct upk_buffer values;
	struct upk_buffer rows; /* struct row, in the file's order */
	uint32_t *order;        /* of those that are played */
	size_t count;
};

static const struct row *row_at(const struct upk_stream *s, size_t row)
{
	return (const struct row *)(const void *)s->rows.data + s->order[row];
}

static bool no_memory(struct upk_error *err)
{
	return upk_fail(err, UPK_NOMEM, "no memory for the stream");
}

static bool is_dropped(const struct upk_stream_options *options, const char *name)
{
	for (size_t i = 0; i < options->drop_count; i++)
		if (strcmp(options->drop[i], name) == 0)
			return true;
	return false;
}

static bool fail_column(const struct upk_stream *s, const char *option, const char *path,
	const char *name, struct upk_error *err)
{
	enum { NAMES_MOST = 64 };
	const char *names[NAMES_MOST + 1] = { NULL };
	char known[UPK_SPELLING_SIZE];
	for (size_t i = 0; i < s->columns_count && i < NAMES_MOST; i++)
		names[i] = s->columns[i].name;
	return upk_fail(err, UPK_INVALID, "--%s: %s has no column \"%s\": it has %s", option, path,
		name, upk_spelling_list(names, known));
}

static bool check_drops(
	const struct upk_stream *s, const struct upk_stream_options *options, struct upk_error *err)
{
	for (size_t i = 0; i < options->drop_count; i++) {
		size_t column = 0;
		while (column < s->columns_count &&
			strcmp(s->columns[column].name, options->drop[i]) != 0)
			column++;
		if (column == s->columns_count)
			return fail_column(s, "drop", options->path, options->drop[i], err);
	}
	return true;
}

static bool check_names(
	const struct upk_stream *s, const struct upk_stream_options *options, struct upk_error *err)
{
	for (size_t i = 0; i < s->columns_count; i++) {
		if (!s->columns[i].used)
			continue;
		if (s->columns[i].name[0] == '\0')
			return upk_fail(err, UPK_INVALID,
				"%s: column %zu has no name in the header: give it one, or --drop "
				"''",
				options->path, i + 1);
		for (size_t j = 0; j < i; j++)
			if (s->columns[j].used &&
				strcmp(s->columns[j].name, s->columns[i].name) == 0)
				return upk_fail(err, UPK_INVALID,
					"%s: columns %zu and %zu are both named \"%s\"",
					options->path, j + 1, i + 1, s->columns[i].name);
	}
	return true;
}

/* Names that are all numbers are a first row: playing on would lose it and name columns after it.
 */
static bool check_header(
	const struct upk_stream *s, const struct upk_stream_options *options, struct upk_error *err)
{
	double number;
	for (size_t i = 0; i < s->columns_count; i++)
		if (!upk_cell_number(upk_text_of(s->columns[i].name), &number))
			return true;
	return upk_fail(err, UPK_INVALID,
		"%s: line 1 looks like data, not like names: give the file a header line",
		options->path);
}

static bool find_label(
	struct upk_stream *s, const struct upk_stream_options *options, struct upk_error *err)
{
	size_t found = s->columns_count, features = 0;
	for (size_t i = 0; i < s->columns_count; i++) {
		struct column *column = &s->columns[i];
		column->used = !is_dropped(options, column->name);
		features += column->used;
		if (options->label ? strcmp(column->name, options->label) == 0 : column->used)
			found = i;
	}
	if (found == s->columns_count)
		return fail_column(
			s, "label", options->path, options->label ? options->label : "", err);
	features -= s->columns[found].used;
	s->columns[found].used = false;
	s->label = found;
	if (features == 0)
		return upk_fail(err, UPK_INVALID,
			"%s: no feature beside the class \"%s\" (%zu columns, separated by commas)",
			options->path, s->columns[found].name, s->columns_count);
	return true;
}

static bool read_header(struct upk_stream *s, const struct upk_stream_options *options,
	struct upk_csv *csv, struct upk_error *err)
{
	struct upk_csv_row row;
	enum upk_csv_got got = upk_csv_next(csv, &row, err);
	if (got == UPK_CSV_END)
		return upk_fail(
			err, UPK_INVALID, "%s: empty: want a header and rows", options->path);
	if (got == UPK_CSV_ERROR)
		return false;
	s->columns = calloc(row.count, sizeof *s->columns);
	if (!s->columns)
		return no_memory(err);
	s->columns_count = row.count;
	for (size_t i = 0; i < row.count; i++) {
		s->columns[i].name = upk_text_copy(row.fields[i]);
		if (!s->columns[i].name)
			return no_memory(err);
	}
	return upk_csv_check_header(csv, &row, err) && check_header(s, options, err) &&
		check_drops(s, options, err) && find_label(s, options, err) &&
		check_names(s, options, err);
}

bool upk_stream_class(
	struct upk_stream *s, const char *name, uint16_t *class, struct upk_error *err)
{
	for (size_t i = 0; i < s->classes_count; i++) {
		if (strcmp(s->classes[i], name) == 0) {
			*class = (uint16_t)i;
			return true;
		}
	}
	if (s->classes_count == UPK_CLASSES_MAX)
		return upk_fail(err, UPK_TOO_LARGE,
			"column \"%s\" has more than %d classes: is it the class? (--label COLUMN)",
			s->columns[s->label].name, UPK_CLASSES_MAX);
	char **longer = realloc(s->classes, (s->classes_count + 1) * sizeof *longer);
	if (!longer)
		return no_memory(err);
	s->classes = longer;
	longer[s->classes_count] = strdup(name);
	if (!longer[s->classes_count])
		return no_memory(err);
	*class = (uint16_t)s->classes_count++;
	return true;
}

static bool take_row(struct upk_stream *s, const char *path, const struct upk_csv_row *got,
	struct upk_error *err)
{
	if (got->count != s->columns_count)
		return upk_fail(err, UPK_INVALID, "%s: line %llu: %zu fields: the header has %zu",
			path, (unsigned long long)got->line, got->count, s->columns_count);
	if (got->fields[s->label].size == 0)
		return upk_fail(err, UPK_INVALID, "%s: line %llu: no class in column \"%s\"", path,
			(unsigned long long)got->line, s->columns[s->label].name);
	struct row row = { .at = s->values.size, .line = got->line };
	if (!upk_stream_class(s, got->fields[s->label].data, &row.label, err))
		return upk_fail_in(err, "%s: line %llu: ", path, (unsigned long long)got->line);
	for (size_t i = 0; i < s->columns_count; i++) {
		if (!s->columns[i].used)
			continue;
		double number;
		if (!upk_cell_missing(got->fields[i]) && !upk_cell_number(got->fields[i], &number))
			s->columns[i].category = true;
		upk_buffer_append(&s->values, got->fields[i].data, got->fields[i].size + 1);
	}
	upk_buffer_append(&s->rows, &row, sizeof row);
	return s->values.failed || s->rows.failed ? no_memory(err) : true;
}

static bool put_in_order(
	struct upk_stream *s, const struct upk_stream_options *options, struct upk_error *err)
{
	size_t all = s->rows.size / sizeof(struct row);
	if (options->skip >= all)
		return upk_fail(err, UPK_INVALID, "%s: %zu rows: none is left after --skip %llu",
			options->path, all, (unsigned long long)options->skip);
	if (all > UINT32_MAX)
		return upk_fail(err, UPK_TOO_LARGE, "%s: over 2^32 rows", options->path);
	s->count = all - (size_t)options->skip;
	s->order = malloc(s->count * sizeof *s->order);
	if (!s->order)
		return no_memory(err);
	for (size_t i = 0; i < s->count; i++)
		s->order[i] = (uint32_t)(i + options->skip);
	if (options->shuffle) {
		struct upk_random random;
		upk_random_seed(&random, options->seed);
		upk_random_shuffle(&random, s->order, s->count);
	}
	return true;
}

static bool read_rows(struct upk_stream *s, const struct upk_stream_options *options,
	struct upk_csv *csv, struct upk_error *err)
{
	struct upk_csv_row row;
	enum upk_csv_got got;
	while ((got = upk_csv_next(csv, &row, err)) == UPK_CSV_ROW)
		if (!take_row(s, options->path, &row, err))
			return false;
	return got == UPK_CSV_END && put_in_order(s, options, err);
}

struct upk_stream *upk_stream_read(const struct upk_stream_options *options, struct upk_error *err)
{
	struct upk_csv *csv = upk_csv_open(options->path, err);
	if (!csv)
		return NULL;
	struct upk_stream *s = calloc(1, sizeof *s);
	bool ok = s ? true : no_memory(err);
	if (ok) {
		s->path = strdup(options->path);
		ok = s->path ? true : no_memory(err);
		ok = ok && read_header(s, options, csv, err) && read_rows(s, options, csv, err);
	}
	upk_csv_close(csv);
	if (ok)
		return s;
	upk_stream_destroy(s);
	return NULL;
}

void upk_stream_destroy(struct upk_stream *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->columns_count; i++)
		free(s->columns[i].name);
	for (size_t i = 0; i < s->classes_count; i++)
		free(s->classes[i]);
	free(s->path);
	free(s->columns);
	free(s->classes);
	free(s->order);
	upk_buffer_finish(&s->values);
	upk_buffer_finish(&s->rows);
	free(s);
}

size_t upk_stream_rows(const struct upk_stream *s)
{
	return s->count;
}

uint16_t upk_stream_label(const struct upk_stream *s, size_t row)
{
	return row_at(s, row)->label;
}

const char *upk_stream_feature(const struct upk_stream *s, size_t n)
{
	for (size_t i = 0; i < s->columns_count; i++)
		if (s->columns[i].used && n-- == 0)
			return s->columns[i].name;
	return NULL;
}

const char *upk_stream_label_column(const struct upk_stream *s)
{
	return s->columns[s->label].name;
}

size_t upk_stream_classes(const struct upk_stream *s)
{
	return s->classes_count;
}

const char *upk_stream_class_name(const struct upk_stream *s, size_t class)
{
	return s->classes[class];
}

void upk_stream_write_id(const struct upk_stream *s, size_t row, struct upk_json_writer *w)
{
	struct upk_buffer id = { 0 };
	upk_origin_write(s->path, row_at(s, row)->line, &id);
	upk_json_text(w, "id", upk_buffer_text(&id));
	w->out->failed |= id.failed;
	upk_buffer_finish(&id);
}

void upk_stream_write_label(
	const struct upk_stream *s, size_t row, const char *key, struct upk_json_writer *w)
{
	upk_json_string(w, key, s->classes[row_at(s, row)->label]);
}

static void write_value(const struct column *column, const char *value, struct upk_json_writer *w)
{
	struct upk_text text = upk_text_of(value);
	double number;
	if (upk_cell_missing(text))
		upk_json_null(w, NULL);
	else if (column->category)
		upk_json_text(w, NULL, text);
	else if (upk_cell_number(text, &number))
		upk_json_double(w, NULL, number);
}

void upk_stream_write_features(const struct upk_stream *s, size_t row, struct upk_json_writer *w)
{
	const char *value = s->values.data + row_at(s, row)->at;
	upk_json_array(w, "features");
	for (size_t i = 0; i < s->columns_count; i++) {
		if (!s->columns[i].used)
			continue;
		write_value(&s->columns[i], value, w);
		value += strlen(value) + 1;
	}
	upk_json_array_end(w);
}

static void write_column(const struct column *column, struct upk_json_writer *w)
{
	if (!column->category) {
		upk_json_string(w, NULL, column->name);
		return;
	}
	upk_json_object(w, NULL);
	upk_json_string(w, "name", column->name);
	upk_json_string(w, "type", "category");
	upk_json_object_end(w);
}

void upk_stream_write_schema(const struct upk_stream *s, struct upk_json_writer *w)
{
	upk_json_array(w, "classes");
	for (size_t i = 0; i < s->classes_count; i++)
		upk_json_string(w, NULL, s->classes[i]);
	upk_json_array_end(w);
	upk_json_array(w, "features");
	for (size_t i = 0; i < s->columns_count; i++)
		if (s->columns[i].used)
			write_column(&s->columns[i], w);
	upk_json_array_end(w);
}
