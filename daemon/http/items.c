#include "http/items.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "http/problem.h"

bool upk_items_begin(enum upk_item_kind kind, struct upk_request *request, struct upk_error *err)
{
	struct upk_error missing = { 0 };
	struct upk_schema *schema =
		upk_engine_schema(upk_site_engine(request->site), request->model, &missing);

	if (!schema)
		return true;
	request->batch =
		upk_batch_begin(kind, true, schema, upk_clock_now(upk_clock_system()), err);
	upk_schema_unref(schema);
	if (!request->batch ||
		!upk_batch_feed(request->batch, upk_buffer_text(&request->body), err))
		return false;
	upk_buffer_finish(&request->body);
	return true;
}

/* The end of a body that was decoded as it came. */
static struct upk_batch *finish(struct upk_request *request, struct upk_error *err)
{
	struct upk_batch *batch = request->batch;

	request->batch = NULL;
	if (upk_batch_end(batch, err))
		return batch;
	upk_batch_destroy(batch);
	return NULL;
}

static struct upk_batch *decode(
	enum upk_item_kind kind, struct upk_request *request, struct upk_error *err)
{
	if (request->batch)
		return finish(request, err);
	struct upk_buffer body = request->body;
	struct upk_schema *schema =
		upk_engine_schema(upk_site_engine(request->site), request->model, err);

	if (!schema)
		return NULL;
	request->body = (struct upk_buffer){ 0 };
	struct upk_batch *batch = upk_batch_decode(kind, request->ndjson, body.data, body.size,
		schema, upk_clock_now(upk_clock_system()), err);
	upk_schema_unref(schema);
	return batch;
}

struct upk_post *upk_items_read(
	enum upk_item_kind kind, struct upk_request *request, struct upk_reply *reply)
{
	struct upk_error err = { 0 };
	struct upk_post *post = calloc(1, sizeof *post);

	if (!post) {
		upk_problem(reply, 503, "no memory for the request");
		return NULL;
	}
	post->model = request->model;
	if (upk_url_bool(&request->url, "atomic", &post->atomic, &err) &&
		upk_url_bool(&request->url, "settle", &post->settle, &err))
		post->batch = decode(kind, request, &err);
	if (!post->batch) {
		upk_problem_of(reply, &err);
		free(post);
		return NULL;
	}
	return post;
}

static void write_hints(const struct upk_batch *batch, struct upk_json_writer *w)
{
	size_t written = 0;

	for (size_t i = 0; i < batch->ignored_count; i++) {
		char hint[256];
		if (!batch->meant[i])
			continue;
		if (written++ == 0)
			upk_json_array(w, "hints");
		snprintf(hint, sizeof hint, "%s: did you mean %s?", batch->ignored[i],
			batch->meant[i]);
		upk_json_string(w, NULL, hint);
	}
	if (written > 0)
		upk_json_array_end(w);
}

void upk_items_write_ignored(const struct upk_batch *batch, struct upk_json_writer *w)
{
	if (batch->ignored_count == 0)
		return;
	upk_json_array(w, "ignored");
	for (size_t i = 0; i < batch->ignored_count; i++)
		upk_json_string(w, NULL, batch->ignored[i]);
	upk_json_array_end(w);
	write_hints(batch, w);
}

void upk_items_write_rejected(
	const struct upk_rejected *rejected, size_t listed, size_t total, struct upk_json_writer *w)
{
	upk_json_array(w, "rejected");
	for (size_t i = 0; i < listed; i++) {
		upk_json_object(w, NULL);
		upk_json_int(w, "index", (int64_t)rejected[i].index);
		if (rejected[i].id.data)
			upk_json_text(w, "id", rejected[i].id);
		upk_json_string(w, "error", rejected[i].error);
		upk_json_object_end(w);
	}
	upk_json_array_end(w);
	upk_json_int(w, "rejected_total", (int64_t)total);
}

bool upk_items_all_refused(const struct upk_post *post, size_t rejected_total)
{
	return rejected_total > 0 && (post->atomic || rejected_total == post->batch->count);
}

/* A post that was undone reports that nothing of it was stored. */
static void write_counts(const struct upk_post *post, struct upk_json_writer *w)
{
	bool stored = post->error.code == UPK_OK;

	upk_json_int(w, "accepted", stored ? (int64_t)post->accepted : 0);
	upk_json_int(w, "duplicates", stored ? (int64_t)post->duplicates : 0);
	upk_json_int(w, "joined", stored ? (int64_t)post->joined : 0);
	upk_json_int(w, "revised", stored ? (int64_t)post->revised : 0);
	upk_json_int(w, "waiting", stored ? (int64_t)post->waiting : 0);
	upk_items_write_rejected(post->rejected, post->rejected_listed, post->rejected_total, w);
	upk_items_write_ignored(post->batch, w);
}

struct upk_json_writer upk_items_begin_unsettled(
	const struct upk_post *post, struct upk_reply *reply)
{
	struct upk_error why;

	upk_fail(&why, UPK_BUSY,
		"stored (accepted: %zu), but upkeepd stopped before the run that settle waits for "
		"had ended; it goes on at the next start. Sent again, items with an id count once; "
		"do not send items without an id again: they would count twice",
		post->accepted);
	return upk_problem_begin(reply, 503, why.message);
}

static void answer(const struct upk_post *post, struct upk_reply *reply)
{
	struct upk_json_writer w;

	/* First, since an atomic post has an error as well as its list. */
	if (upk_items_all_refused(post, post->rejected_total)) {
		const char *why = post->rejected_listed > 0 ? post->rejected[0].error : NULL;
		w = upk_problem_begin(reply, 422, why ? why : "items were rejected");
		write_counts(post, &w);
		upk_problem_end(reply, &w);
	} else if (post->error.code != UPK_OK) {
		upk_problem_of(reply, &post->error);
	} else if (post->unsettled) {
		w = upk_items_begin_unsettled(post, reply);
		write_counts(post, &w);
		upk_problem_end(reply, &w);
	} else {
		w = upk_json_writer_on(&reply->body);
		upk_json_object(&w, NULL);
		write_counts(post, &w);
		upk_json_object_end(&w);
		upk_reply_json(reply, true, NULL);
	}
}

void upk_items_post(enum upk_item_kind kind, struct upk_request *request, struct upk_reply *reply)
{
	reply->post = upk_items_read(kind, request, reply);
	if (reply->post)
		upk_engine_ask_ahead(upk_site_engine(request->site), reply->post);
	reply->answer = answer;
}
