#include "client/journal.h"

#include <stdlib.h>
#include <string.h>

#include "base/json_reader.h"
#include "base/json_writer.h"
#include "base/number.h"
#include "client/origin.h"

struct upk_journal {
	char *path;
	int64_t last_version;
	struct upk_lines *lines;
	struct upk_json_reader *reader;
	struct upk_buffer json, id;
	struct upk_error fault;
	bool event, labelled, named; /* of the line at hand */
};

struct upk_journal *upk_journal_open(const char *path, int64_t last_version, struct upk_error *err)
{
	struct upk_journal *j = calloc(1, sizeof *j);
	if (!j)
		goto fail;
	j->last_version = last_version;
	j->path = strdup(path);
	j->reader = upk_json_reader_create((struct upk_text){ "", 0 });
	if (!j->path || !j->reader)
		goto close_journal;
	j->lines = upk_lines_open(path, err);
	if (j->lines)
		return j;
	upk_journal_close(j);
	return NULL;

close_journal:
	upk_journal_close(j);
fail:
	upk_fail(err, UPK_NOMEM, "%s: no memory for a reader", path);
	return NULL;
}

void upk_journal_close(struct upk_journal *j)
{
	if (!j)
		return;
	upk_lines_close(j->lines);
	upk_json_reader_destroy(j->reader);
	upk_buffer_finish(&j->json);
	upk_buffer_finish(&j->id);
	free(j->path);
	free(j);
}

int64_t upk_journal_at(const struct upk_journal *j)
{
	return upk_lines_at(j->lines);
}

/* A string or the digits of a number; other values are the daemon's to refuse. */
static bool take_id(struct upk_journal *j, struct upk_json_writer *w)
{
	struct upk_text text, raw;
	enum upk_json_token token = upk_json_next(j->reader, &text);
	j->named = true;
	upk_json_key(w, upk_text_of("id"));
	if (token == UPK_JSON_STRING || token == UPK_JSON_NUMBER)
		upk_buffer_append(&j->id, text.data, text.size);
	if (token == UPK_JSON_STRING)
		upk_json_text(w, NULL, text);
	else if (token == UPK_JSON_NUMBER)
		upk_json_raw(w, NULL, text);
	else if (upk_json_skip(j->reader, token, &raw))
		upk_json_raw(w, NULL, raw.size ? raw : upk_text_of("null"));
	return token != UPK_JSON_ERROR;
}

static void write_version(struct upk_journal *j, struct upk_text raw, struct upk_json_writer *w)
{
	int64_t number;
	upk_json_key(w, upk_text_of("version"));
	if (upk_number_parse_int(raw, &number) && number > j->last_version)
		upk_json_text(w, NULL, raw);
	else
		upk_json_raw(w, NULL, raw);
}

static void note_kind(struct upk_journal *j, struct upk_text name)
{
	static const char *const of_events[] = { "predicted", "score", "scores", "features",
		"example" };
	for (size_t i = 0; i < sizeof of_events / sizeof of_events[0]; i++)
		j->event = j->event || upk_text_is(name, of_events[i]);
	j->labelled = j->labelled || upk_text_is(name, "label");
}

/* Copies a member; its name is copied first, since it may not outlive its value. */
static bool take_member(struct upk_journal *j, struct upk_text name, struct upk_json_writer *w)
{
	struct upk_text raw;
	if (upk_text_is(name, "id"))
		return take_id(j, w);
	bool marker = upk_text_is(name, "example"), version = upk_text_is(name, "version");
	note_kind(j, name);
	if (!marker && !version)
		upk_json_key(w, name);
	if (!upk_json_skip(j->reader, UPK_JSON_KEY, &raw))
		return false;
	if (version)
		write_version(j, raw, w);
	else if (!marker)
		upk_json_raw(w, NULL, raw);
	return true;
}

/* The line's members as an item; false: it is none, and j->fault says why. */
static bool read_item(struct upk_journal *j, struct upk_text line, uint64_t number)
{
	struct upk_text name;
	struct upk_json_writer w = upk_json_writer_on(&j->json);
	upk_buffer_clear(&j->json);
	upk_buffer_clear(&j->id);
	j->event = j->labelled = j->named = false;
	upk_json_reader_reset(j->reader, line);
	enum upk_json_token token = upk_json_next(j->reader, NULL);
	if (token == UPK_JSON_ERROR)
		return upk_json_fail(j->reader, &j->fault);
	if (token != UPK_JSON_OBJECT)
		return upk_fail(&j->fault, UPK_INVALID, "want one object a line%s",
			token == UPK_JSON_ARRAY
				? ", not an array: jq -c '.[]' FILE makes that of it"
				: "");
	upk_json_object(&w, NULL);
	while ((token = upk_json_next(j->reader, &name)) == UPK_JSON_KEY)
		if (!take_member(j, name, &w))
			break;
	if (token != UPK_JSON_OBJECT_END || upk_json_next(j->reader, NULL) != UPK_JSON_END)
		return upk_json_fail(j->reader, &j->fault);
	if (!j->named && j->event) {
		upk_origin_write(j->path, number, &j->id);
		upk_json_text(&w, "id", upk_buffer_text(&j->id));
	}
	upk_json_object_end(&w);
	return true;
}

enum upk_lines_got upk_journal_next(struct upk_journal *j, struct upk_load_item *item,
	const char **fault, struct upk_error *err)
{
	struct upk_text line;
	*item = (struct upk_load_item){ 0 };
	enum upk_lines_got got = upk_lines_next(j->lines, &line, &item->line, err);
	if (got != UPK_LINES_LINE)
		return got;
	*fault = read_item(j, line, item->line) ? NULL : j->fault.message;
	if (j->json.failed || j->id.failed) {
		upk_fail(err, UPK_NOMEM, "%s: no memory", j->path);
		return UPK_LINES_ERROR;
	}
	item->is_label = !j->event && j->labelled;
	item->labelled = j->event && j->labelled;
	item->by_line = j->event && !j->named;
	item->id = upk_buffer_text(&j->id);
	item->json = upk_buffer_text(&j->json);
	return UPK_LINES_LINE;
}
