#include "intake/intake_predict.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/random.h"
#include "intake/intake_event.h"
#include "intake/intake_insert.h"
#include "store/live.h"

static double *answer_at(struct upk_intake *k, struct upk_predicted **answer)
{
	struct upk_post *post = k->post;
	*answer = &post->predicted[k->index];
	**answer = (struct upk_predicted){ .id = k->item->id,
		.threshold = NAN,
		.at = k->index * post->classes_count,
		.classes_count = post->classes_count };
	return &post->scores[(*answer)->at];
}

/* The champion's probabilities in the order of the model's classes. */
static bool ask(struct upk_intake *k, struct upk_error *err)
{
	const struct upk_schema *schema = k->in->schema;
	struct upk_serving *champion = k->in->champion;
	uint16_t class;
	if (!upk_serving_answer_in(
		    champion, schema, schema->features, k->item->features, &class, k->scores, err))
		return false;
	k->resolved.predicted = class == UPK_NO_CLASS ? -1 : class;

	struct upk_predicted *answer;
	double *scores = answer_at(k, &answer);
	memcpy(scores, k->scores, answer->classes_count * sizeof *scores);
	answer->class = class;
	answer->version = k->in->made_by.number;
	answer->revision = k->in->made_by.revision;
	answer->threshold = upk_serving_threshold(champion);
	return true;
}

static bool stored_answer(
	struct upk_intake *k, const struct upk_event_row *row, struct upk_error *err)
{
	bool same;
	if (!upk_intake_same_features(k, row, &same, err))
		return false;
	if (!same)
		return upk_intake_reject(k, "id: \"%.*s\" has a prediction for other features",
			(int)k->item->id.size, k->item->id.data);

	struct upk_predicted *answer;
	double *scores = answer_at(k, &answer);
	answer->class = (uint16_t)upk_schema_class(k->in->schema, row->predicted);
	answer->version = row->version.number;
	answer->revision = row->version.revision;
	if (row->scores_count < answer->classes_count)
		answer->classes_count = row->scores_count;
	memcpy(scores, row->scores ? row->scores : scores, answer->classes_count * sizeof *scores);
	k->fate = UPK_FATE_DUPLICATE;
	return true;
}

static bool make_id(struct upk_intake *k, struct upk_error *err)
{
	uint64_t bits[2];
	if (!upk_random_bytes(bits, sizeof bits))
		return upk_fail(err, UPK_IO, "the system has no random numbers for an id");
	const char *id = upk_batch_say(k->post->batch, "%016llx%016llx",
		(unsigned long long)bits[0], (unsigned long long)bits[1]);
	if (!id)
		return upk_fail(err, UPK_NOMEM, "no memory for an id");
	k->item->id = upk_text_of(id);
	k->key = upk_ids_key(k->engine->ids, k->in->model->number, k->item->id);
	return true;
}

/* A revision's bytes are stored with the first event that it predicts; those that no event of the
 * model's retention can name any more go. */
static bool keep_copy(struct upk_intake *k, struct upk_error *err)
{
	struct upk_store *store = k->engine->store;
	const struct upk_tail *tail = k->in->model->tail;
	if (k->in->made_by.revision == 0 || k->in->copied)
		return true;
	const struct upk_copy_row row = { .model = k->in->model->number,
		.version = k->in->made_by.number,
		.revision = k->in->made_by.revision,
		.created = k->now,
		.place = tail->place };
	int64_t retention = tail->config->retention_ms;
	k->in->copied = true;
	return upk_copy_insert(store, &row, upk_live_bytes(tail->live), err) &&
		(retention == 0 || upk_copy_remove_old(store, row.model, k->now - retention, err));
}

/* known: an example of that id, or a label that waits for it; NULL: nothing. */
static bool predict_new(struct upk_intake *k, struct upk_known *known, struct upk_error *err)
{
	struct upk_error why = { 0 };
	if (!upk_serving_knows(k->in->champion, k->in->schema->features, &why))
		return why.code == UPK_INVALID ? upk_intake_reject(k, "%s", why.message)
					       : upk_fail(err, why.code, "%s", why.message);
	if (!ask(k, err))
		return false;
	if (k->resolved.predicted < 0)
		return upk_intake_reject(k,
			"the champion answers a class that the model no longer "
			"has");
	if (!keep_copy(k, err))
		return false;
	return known && known->found ? upk_intake_upgrade(k, known, k->in->made_by, err)
				     : upk_intake_insert(k, known, k->in->made_by, err);
}

static bool predict_known(struct upk_intake *k, struct upk_known *known, struct upk_error *err)
{
	const struct upk_event_row *row = &known->event.row;
	bool same;
	if (row->predicted.data)
		return stored_answer(k, row, err);
	if (!upk_intake_same_features(k, row, &same, err))
		return false;
	if (!same)
		return upk_intake_reject(k, "id: \"%.*s\" is stored with other features",
			(int)k->item->id.size, k->item->id.data);
	return predict_new(k, known, err);
}

static bool predict(struct upk_intake *k, struct upk_error *err)
{
	struct upk_known known;
	if (!k->item->id.data)
		return make_id(k, err) && predict_new(k, NULL, err);
	if (!upk_intake_known(k, &known, err))
		return false;
	bool done = known.found ? predict_known(k, &known, err) : predict_new(k, &known, err);
	upk_known_finish(&known);
	return done;
}

bool upk_intake_predict(struct upk_intake *k, struct upk_error *err)
{
	if (!k->item->features.data)
		return upk_intake_reject(k, "features: missing, and nothing else to predict from");
	return predict(k, err);
}
