#include "learn/tuning.h"

#include <math.h>
#include <string.h>

#include "base/json.h"
#include "learn/objective.h"

enum {
	VALIDATED_ONE_IN = 5,
	ROWS_MIN = 100, /* to tune on at all */
	VALIDATED_MOST = 10000,
	ADJUSTED_ONE_IN = 4,
};

static size_t cut_of(const struct upk_tuning_rows *rows)
{
	size_t validated = (rows->to - rows->from) / VALIDATED_ONE_IN;

	return rows->to - (validated < VALIDATED_MOST ? validated : VALIDATED_MOST);
}

static bool is_enough(const struct upk_tuning_rows *rows)
{
	return rows->to >= rows->from + ROWS_MIN;
}

/* The rows that the champion has not seen. */
static struct upk_tuning_rows since(const struct upk_tuning *t, const struct upk_tuning_rows *rows)
{
	size_t first = upk_dataset_at(rows->data, t->champion_to);

	return (struct upk_tuning_rows){ rows->data, first < rows->to ? first : rows->to,
		rows->to };
}

size_t upk_tuning_adjustments(const struct upk_tuning *t, const struct upk_tuning_rows *rows)
{
	struct upk_tuning_rows newer;

	if (!t->champion)
		return 0;
	newer = since(t, rows);
	return is_enough(&newer) ? t->trials / ADJUSTED_ONE_IN : 0;
}

static struct upk_search_request request_of(const struct upk_tuning *t,
	const struct upk_predictor_setup *setup, struct upk_decision decision,
	const struct upk_tuning_rows *rows)
{
	return (struct upk_search_request){ .data = rows->data,
		.from = rows->from,
		.cut = cut_of(rows),
		.to = rows->to,
		.setup = *setup,
		.space = t->space,
		.method = t->method,
		.repetitions = t->repetitions,
		.decision = decision,
		.objective = t->objective,
		.watch = t->watch };
}

/* The best trial's settings, fitted on all of the rows. */
static bool take(const struct upk_search_request *r, const struct upk_trial *best,
	struct upk_tuned *out, struct upk_error *err)
{
	out->kind = r->kind;
	out->from = r->from;
	out->base = r->setup.from ? upk_predictor_ref(r->setup.from) : NULL;
	out->settings = upk_json_parse(upk_text_of(best->settings), err);
	if (!out->settings)
		return false;
	out->predictor = upk_tuning_refit(out, &r->setup, r->data, r->to, err);
	if (out->predictor)
		out->trial = best->number;
	return out->predictor != NULL;
}

static bool is_ahead(const struct upk_search_request *r, double score, double before)
{
	bool lower = upk_metric_lower_is_better(r->objective.metric);

	return isnan(before) || (lower ? score < before : score > before);
}

/* A limit of time that is used up is not "no limit". */
static double left_of(double limit, double spent)
{
	return limit == 0 ? 0 : fmax(limit - spent, 1e-9);
}

bool upk_tuning_adjust(const struct upk_tuning *t, const struct upk_predictor_setup *setup,
	struct upk_decision decision, const struct upk_tuning_rows *rows, double *seconds,
	struct upk_tuned *out, struct upk_error *err)
{
	struct upk_tuning_rows newer = since(t, rows);
	struct upk_search_request r = request_of(t, setup, decision, &newer);
	cJSON *own = upk_json_parse(upk_text_of(upk_predictor_settings(t->champion)), err);
	struct upk_search s;
	double before;
	bool ok;

	if (!own)
		return false;
	r.kind = UPK_TRIAL_ADJUST;
	r.first = 1;
	r.trials = upk_tuning_adjustments(t, rows);
	r.seconds = left_of(t->seconds, 0) / ADJUSTED_ONE_IN;
	r.setup.from = t->champion;
	r.setup.settings = own;
	upk_space_init(&r.space, setup->learner->adjust);
	ok = upk_objective(r.objective, decision, t->champion, r.data, r.cut, r.to, &before, err) &&
		upk_search(&r, &s, err);
	if (ok) {
		*seconds += s.seconds;
		ok = s.best == s.count || !is_ahead(&r, s.trials[s.best].score, before) ||
			take(&r, &s.trials[s.best], out, err);
		upk_search_finish(&s);
	}
	cJSON_Delete(own);
	return ok;
}

/* The settings that windows are fitted with are tried first: what the search brings has to be
 * better than they are. */
bool upk_tuning_optimise(const struct upk_tuning *t, const struct upk_predictor_setup *setup,
	struct upk_decision decision, const struct upk_tuning_rows *rows, double *seconds,
	struct upk_tuned *out, struct upk_error *err)
{
	struct upk_search_request r = request_of(t, setup, decision, rows);
	size_t adjustments = upk_tuning_adjustments(t, rows);
	cJSON *own =
		setup->settings ? cJSON_Duplicate(setup->settings, true) : cJSON_CreateObject();
	struct upk_search s;
	bool ok;

	if (!own)
		return upk_fail(err, UPK_NOMEM, "no memory for a search");
	r.kind = UPK_TRIAL_OPTIMISE;
	r.first = (int64_t)adjustments + 1;
	r.trials = is_enough(rows) ? t->trials - adjustments : 0;
	r.seconds = left_of(t->seconds, *seconds);
	r.given[0] = own;
	r.given_count = 1;
	ok = upk_search(&r, &s, err);
	cJSON_Delete(own);
	if (!ok)
		return false;
	*seconds += s.seconds;
	ok = s.best == s.count || s.best == 0 || take(&r, &s.trials[s.best], out, err);
	upk_search_finish(&s);
	return ok;
}

struct upk_predictor *upk_tuning_refit(const struct upk_tuned *tuned,
	const struct upk_predictor_setup *setup, const struct upk_dataset *d, size_t to,
	struct upk_error *err)
{
	struct upk_predictor_setup own = *setup;

	own.settings = tuned->settings;
	own.from = tuned->base;
	return upk_predictor_fit(&own, d, tuned->from, to, err);
}

void upk_tuned_finish(struct upk_tuned *t)
{
	cJSON_Delete(t->settings);
	upk_predictor_unref(t->base);
	upk_predictor_unref(t->predictor);
	*t = (struct upk_tuned){ 0 };
}
