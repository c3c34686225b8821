#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "http/handlers.h"
#include "http/items.h"
#include "http/problem.h"

static void write_fault(const struct upk_predicted *p, size_t index, struct upk_json_writer *w)
{
	upk_json_object(w, NULL);
	upk_json_int(w, "index", (int64_t)index);
	upk_json_string(w, "error", p->error);
	upk_json_object_end(w);
}

/* The members of one answer, without the braces. */
static void write_prediction(
	const struct upk_post *post, const struct upk_predicted *p, struct upk_json_writer *w)
{
	upk_json_text(w, "id", p->id);
	upk_json_text(w, "predicted", post->classes[p->class]);
	upk_json_object(w, "scores");
	for (size_t k = 0; k < p->classes_count; k++) {
		upk_json_key(w, post->classes[k]);
		upk_json_double(w, NULL, post->scores[p->at + k]);
	}
	upk_json_object_end(w);
	upk_json_int(w, "version", p->version);
	if (p->revision != 0)
		upk_json_int(w, "revision", p->revision);
	if (!isnan(p->threshold))
		upk_json_double(w, "threshold", p->threshold);
}

static void write_many(const struct upk_post *post, struct upk_json_writer *w)
{
	upk_json_array(w, "predictions");
	for (size_t i = 0; i < post->batch->count; i++) {
		const struct upk_predicted *p = &post->predicted[i];
		if (p->error) {
			write_fault(p, i, w);
			continue;
		}
		upk_json_object(w, NULL);
		write_prediction(post, p, w);
		upk_json_object_end(w);
	}
	upk_json_array_end(w);
}

static void refuse(const struct upk_post *post, size_t total, struct upk_reply *reply)
{
	struct upk_rejected rejected[UPK_REJECTED_LISTED];
	size_t listed = 0;

	for (size_t i = 0; i < post->batch->count && listed < UPK_REJECTED_LISTED; i++) {
		const struct upk_predicted *p = &post->predicted[i];
		if (p->error)
			rejected[listed++] = (struct upk_rejected){ i, p->id, p->error };
	}
	struct upk_json_writer w = upk_problem_begin(reply, 422, rejected[0].error);
	upk_items_write_rejected(rejected, listed, total, &w);
	upk_items_write_ignored(post->batch, &w);
	upk_problem_end(reply, &w);
}

static void refuse_unsettled(const struct upk_post *post, struct upk_reply *reply)
{
	struct upk_json_writer w = upk_items_begin_unsettled(post, reply);

	upk_json_int(&w, "accepted", (int64_t)post->accepted);
	upk_problem_end(reply, &w);
}

static void answer(const struct upk_post *post, struct upk_reply *reply)
{
	size_t faults = 0;

	if (post->error.code != UPK_OK) {
		upk_problem_of(reply, &post->error);
		return;
	}
	for (size_t i = 0; i < post->batch->count; i++)
		faults += post->predicted[i].error != NULL;
	if (upk_items_all_refused(post, faults)) {
		refuse(post, faults, reply);
		return;
	}
	if (post->unsettled) {
		refuse_unsettled(post, reply);
		return;
	}
	struct upk_json_writer w = upk_json_writer_on(&reply->body);
	upk_json_object(&w, NULL);
	if (post->batch->single)
		write_prediction(post, &post->predicted[0], &w);
	else
		write_many(post, &w);
	upk_items_write_ignored(post->batch, &w);
	upk_json_object_end(&w);
	upk_reply_json(reply, true, NULL);
}

static bool read_query(
	const struct upk_url *url, bool *store, int64_t *version, struct upk_error *err)
{
	const char *given = upk_url_value(url, "version");

	if (!upk_url_bool(url, "store", store, err))
		return false;
	if (given && strcmp(given, "champion") != 0 &&
		!upk_url_int(url, "version", 1, version, err))
		return false;
	if (*version > 0 && *store)
		return upk_fail(err, UPK_INVALID,
			"version: '%s': only the champion's predictions are stored; want "
			"store=false beside it",
			given);
	return true;
}

void upk_predict_post(struct upk_request *request, struct upk_reply *reply)
{
	struct upk_error err = { 0 };
	bool store = true;
	int64_t version = 0;

	if (!read_query(&request->url, &store, &version, &err)) {
		upk_problem_of(reply, &err);
		return;
	}
	struct upk_post *post = upk_items_read(UPK_ITEM_PREDICT, request, reply);
	if (!post)
		return;
	if (store) {
		upk_engine_ask_ahead(upk_site_engine(request->site), post);
		reply->post = post;
		reply->answer = answer;
		return;
	}
	if (upk_engine_predict(upk_site_engine(request->site), post, version, &err))
		answer(post, reply);
	else
		upk_problem_of(reply, &err);
	upk_post_finish(post);
	free(post);
}
