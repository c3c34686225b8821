#include "client/remote.h"

#include <math.h>
#include <string.h>

#include "base/json_writer.h"

enum { POLL_MS = 10, POLL_MS_MOST = 200 };

bool upk_remote_init(struct upk_remote *r, struct upk_client *client, struct upk_stream *stream,
	const char *model, struct upk_error *err)
{
	static const char plain[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
	*r = (struct upk_remote){ .client = client, .stream = stream };
	upk_buffer_puts(&r->base, "/v1/models/");
	for (const char *at = model; *at; at++) {
		if (strchr(plain, *at))
			upk_buffer_putc(&r->base, *at);
		else
			upk_buffer_printf(&r->base, "%%%02X", (unsigned char)*at);
	}
	return r->base.failed ? upk_fail(err, UPK_NOMEM, "no memory for a path") : true;
}

void upk_remote_finish(struct upk_remote *r)
{
	upk_buffer_finish(&r->base);
	upk_buffer_finish(&r->path);
	upk_buffer_finish(&r->body);
}

int64_t upk_member_int(const cJSON *object, const char *name)
{
	const cJSON *member = cJSON_GetObjectItemCaseSensitive(object, name);
	return cJSON_IsNumber(member) ? (int64_t)member->valuedouble : 0;
}

double upk_member_double(const cJSON *object, const char *name)
{
	const cJSON *member = cJSON_GetObjectItemCaseSensitive(object, name);
	return cJSON_IsNumber(member) ? member->valuedouble : NAN;
}

const char *upk_member_string(const cJSON *object, const char *name)
{
	const char *value = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
	return value ? value : "";
}

/* Sends what r->body holds (nothing: no body) to the model's path + what. */
static cJSON *call(
	struct upk_remote *r, const char *method, const char *what, struct upk_error *err)
{
	upk_buffer_clear(&r->path);
	upk_buffer_append(&r->path, r->base.data, r->base.size);
	upk_buffer_puts(&r->path, what);
	upk_buffer_putc(&r->path, '\0');
	if (r->path.failed || r->body.failed) {
		upk_fail(err, UPK_NOMEM, "no memory for a request");
		return NULL;
	}
	struct upk_text body = { 0 };
	if (r->body.size > 0)
		body = upk_buffer_text(&r->body);
	return upk_client_call(r->client, method, r->path.data, body, err);
}

/* call, where the answer says nothing that matters. */
static bool tell(struct upk_remote *r, const char *method, const char *what, struct upk_error *err)
{
	cJSON *answer = call(r, method, what, err);
	cJSON_Delete(answer);
	return answer != NULL;
}

cJSON *upk_remote_get(struct upk_remote *r, const char *what, struct upk_error *err)
{
	upk_buffer_clear(&r->body);
	return call(r, "GET", what, err);
}

bool upk_remote_find(struct upk_remote *r, cJSON **model, struct upk_error *err)
{
	struct upk_error why = { 0 };
	*model = upk_remote_get(r, "", &why);
	if (*model || why.code == UPK_NOT_FOUND)
		return true;
	return upk_fail(err, why.code, "%s", why.message);
}

/* A list's item is a name, or an object with one. */
static const char *name_of(const cJSON *item)
{
	const char *name = cJSON_GetStringValue(item);
	return name ? name : upk_member_string(item, "name");
}

static bool has_name(const cJSON *list, const char *name)
{
	const cJSON *item;
	cJSON_ArrayForEach(item, list)
	{
		if (strcmp(name_of(item), name) == 0)
			return true;
	}
	return false;
}

static void add_name(struct upk_buffer *names, const char *name)
{
	upk_buffer_printf(names, "%s\"%s\"", names->size > 0 ? ", " : "", name);
}

/* Ends with UPK_CONFLICT when there are names. */
static bool fail_with(
	struct upk_buffer *names, const char *what, const char *advice, struct upk_error *err)
{
	bool ok = names->size == 0 && !names->failed;
	upk_buffer_putc(names, '\0');
	if (names->failed)
		ok = upk_fail(err, UPK_NOMEM, "no memory for names");
	else if (!ok)
		upk_fail(err, UPK_CONFLICT, "%s %s: use another --model%s", what, names->data,
			advice);
	upk_buffer_finish(names);
	return ok;
}

static bool check_classes(const struct upk_remote *r, const cJSON *declared, struct upk_error *err)
{
	struct upk_buffer names = { 0 };
	for (size_t i = 0; i < upk_stream_classes(r->stream); i++) {
		const char *name = upk_stream_class_name(r->stream, i);
		if (!has_name(declared, name))
			add_name(&names, name);
	}
	return fail_with(&names, "the model's classes lack the file's", "", err);
}

static bool check_features(const struct upk_remote *r, const cJSON *features, struct upk_error *err)
{
	struct upk_buffer names = { 0 };
	const char *name;
	for (size_t n = 0; (name = upk_stream_feature(r->stream, n)); n++)
		if (!has_name(features, name))
			add_name(&names, name);
	return fail_with(&names, "the model has no feature for the column", " or --drop", err);
}

/* Rows go out as arrays, by place: a column in another place would be taken for another feature. */
static bool check_places(const struct upk_remote *r, const cJSON *features, struct upk_error *err)
{
	size_t n = 0;
	const cJSON *item;
	cJSON_ArrayForEach(item, features)
	{
		const char *name = upk_stream_feature(r->stream, n++);
		if (!name || strcmp(name, name_of(item)) != 0)
			return upk_fail(err, UPK_CONFLICT,
				"feature %zu of the model is \"%s\", of the file \"%s\": give the "
				"file the model's columns in the model's order, or use another "
				"--model",
				n, name_of(item), name ? name : "");
	}
	return true;
}

bool upk_remote_fits(const struct upk_remote *r, const cJSON *model, struct upk_error *err)
{
	const cJSON *effective = cJSON_GetObjectItemCaseSensitive(model, "effective");
	const cJSON *config = cJSON_GetObjectItemCaseSensitive(model, "config");
	const cJSON *features = cJSON_GetObjectItemCaseSensitive(effective, "features");
	const cJSON *classes = cJSON_GetObjectItemCaseSensitive(effective, "classes");
	/* Classes that are not declared are learnt. */
	bool declared = cJSON_IsArray(cJSON_GetObjectItemCaseSensitive(config, "classes"));
	return check_features(r, features, err) && check_places(r, features, err) &&
		(!declared || check_classes(r, classes, err));
}

bool upk_remote_create(struct upk_remote *r, const char *learner, bool live, const char *rules,
	struct upk_error *err)
{
	upk_buffer_clear(&r->body);
	struct upk_json_writer w = upk_json_writer_on(&r->body);
	upk_json_object(&w, NULL);
	upk_stream_write_schema(r->stream, &w);
	if (rules)
		upk_json_raw(&w, "rules", upk_text_of(rules));
	upk_json_object(&w, "retrain");
	upk_json_null(&w, "budget");
	if (learner)
		upk_json_string(&w, "learner", learner);
	if (!live)
		upk_json_bool(&w, "live", false);
	upk_json_object_end(&w);
	upk_json_object_end(&w);
	return tell(r, "PUT", "", err);
}

bool upk_remote_pause(struct upk_remote *r, bool paused, struct upk_error *err)
{
	upk_buffer_clear(&r->body);
	upk_buffer_printf(&r->body, "{\"paused\": %s}", paused ? "true" : "false");
	return tell(r, "PUT", "/retraining", err);
}

static bool is_under_way(const char *state)
{
	return strcmp(state, "queued") == 0 || strcmp(state, "running") == 0;
}

/* The run when it has ended. */
static cJSON *wait_for(struct upk_remote *r, int64_t run, struct upk_error *err)
{
	struct upk_buffer what = { 0 };
	upk_buffer_printf(&what, "/runs/%lld", (long long)run);
	upk_buffer_putc(&what, '\0');
	cJSON *answer = NULL;
	if (what.failed)
		upk_fail(err, UPK_NOMEM, "no memory for a path");
	for (long ms = POLL_MS; !what.failed; ms = ms < POLL_MS_MOST ? ms * 2 : ms) {
		answer = upk_remote_get(r, what.data, err);
		if (!answer || !is_under_way(upk_member_string(answer, "state")))
			break;
		cJSON_Delete(answer);
		answer = NULL;
		if (!upk_client_pause(r->client, ms, err))
			break;
	}
	upk_buffer_finish(&what);
	return answer;
}

static bool check_champion(struct upk_remote *r, const cJSON *run, struct upk_error *err)
{
	cJSON *champion = upk_remote_get(r, "/versions/champion", NULL);
	cJSON_Delete(champion);
	if (champion)
		return true;
	const char *why = upk_member_string(run, "verdict");
	return upk_fail(err, UPK_CONFLICT, "run %lld is %s and there is no champion: %s",
		(long long)upk_member_int(run, "run"), upk_member_string(run, "state"),
		why[0] ? why : upk_member_string(run, "reason"));
}

bool upk_remote_run(struct upk_remote *r, int64_t *run, struct upk_error *err)
{
	upk_buffer_clear(&r->body);
	cJSON *started = call(r, "POST", "/runs", err);
	if (!started)
		return false;
	*run = upk_member_int(started, "run");
	cJSON_Delete(started);

	cJSON *ended = wait_for(r, *run, err);
	if (!ended)
		return false;
	bool ok = strcmp(upk_member_string(ended, "state"), "succeeded") == 0 ||
		check_champion(r, ended, err);
	cJSON_Delete(ended);
	return ok;
}

enum part { PART_ID = 1, PART_FEATURES = 2, PART_LABEL = 4 };

static void write_rows(struct upk_remote *r, size_t from, size_t to, unsigned parts)
{
	upk_buffer_clear(&r->body);
	struct upk_json_writer w = upk_json_writer_on(&r->body);
	upk_json_array(&w, NULL);
	for (size_t row = from; row < to; row++) {
		upk_json_object(&w, NULL);
		if (parts & PART_ID)
			upk_stream_write_id(r->stream, row, &w);
		if (parts & PART_FEATURES)
			upk_stream_write_features(r->stream, row, &w);
		if (parts & PART_LABEL)
			upk_stream_write_label(r->stream, row, "label", &w);
		upk_json_object_end(&w);
	}
	upk_json_array_end(&w);
}

static bool check_rejected(const cJSON *answer, const char *what, struct upk_error *err)
{
	int64_t total = upk_member_int(answer, "rejected_total");
	if (total == 0)
		return true;
	const cJSON *first =
		cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(answer, "rejected"), 0);
	return upk_fail(err, UPK_INVALID, "%s: %lld items were rejected; the first, %s: %s", what,
		(long long)total, upk_member_string(first, "id"),
		upk_member_string(first, "error"));
}

static bool post(struct upk_remote *r, const char *what, size_t *known, struct upk_error *err)
{
	cJSON *answer = call(r, "POST", what, err);
	bool ok = answer && check_rejected(answer, what, err);
	if (ok && known)
		*known = (size_t)upk_member_int(answer, "duplicates");
	cJSON_Delete(answer);
	return ok;
}

bool upk_remote_examples(
	struct upk_remote *r, size_t from, size_t to, size_t *known, struct upk_error *err)
{
	write_rows(r, from, to, PART_ID | PART_FEATURES | PART_LABEL);
	return post(r, r->settle ? "/events?settle=true" : "/events", known, err);
}

bool upk_remote_labels(struct upk_remote *r, size_t from, size_t to, struct upk_error *err)
{
	write_rows(r, from, to, PART_ID | PART_LABEL);
	return post(r, r->settle ? "/labels?settle=true" : "/labels", NULL, err);
}

static bool read_predictions(struct upk_remote *r, const cJSON *answer, size_t count, uint16_t *out,
	struct upk_error *err)
{
	const cJSON *list = cJSON_GetObjectItemCaseSensitive(answer, "predictions"), *one = NULL;
	size_t got = 0;
	cJSON_ArrayForEach(one, list)
	{
		const char *class = upk_member_string(one, "predicted");
		if (got == count || class[0] == '\0')
			break;
		if (!upk_stream_class(r->stream, class, &out[got++], err))
			return false;
	}
	if (one && got < count)
		return upk_fail(err, UPK_INVALID, "/predict: item %zu: %s", got,
			upk_member_string(one, "error"));
	if (one || got < count)
		return upk_fail(err, UPK_IO, "/predict: %zu rows were asked, %d answered", count,
			cJSON_GetArraySize(list));
	return true;
}

static bool ask(
	struct upk_remote *r, const char *what, size_t count, uint16_t *out, struct upk_error *err)
{
	cJSON *answer = call(r, "POST", what, err);
	bool ok = answer && read_predictions(r, answer, count, out, err);
	cJSON_Delete(answer);
	return ok;
}

bool upk_remote_predict(
	struct upk_remote *r, size_t from, size_t to, uint16_t *out, struct upk_error *err)
{
	write_rows(r, from, to, PART_ID | PART_FEATURES);
	return ask(r, r->settle ? "/predict?settle=true" : "/predict", to - from, out, err);
}

bool upk_remote_ask_version(struct upk_remote *r, int64_t version, size_t from, size_t to,
	uint16_t *out, struct upk_error *err)
{
	struct upk_buffer what = { 0 };
	upk_buffer_printf(&what, "/predict?version=%lld&store=false", (long long)version);
	upk_buffer_putc(&what, '\0');
	write_rows(r, from, to, PART_FEATURES);
	bool ok = what.failed ? upk_fail(err, UPK_NOMEM, "no memory for a path")
			      : ask(r, what.data, to - from, out, err);
	upk_buffer_finish(&what);
	return ok;
}
