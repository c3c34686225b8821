#include "writer/keep.h"

#include <stdlib.h>

#include "store/alert.h"
#include "store/run.h"
#include "store/trial.h"
#include "store/version.h"
#include "versions/promotion_log.h"

enum {
	VERSIONS_A_STEP = 4, /* their bytes may be many */
	ROWS_A_STEP = 16,
};

struct old {
	const struct upk_tail *tail;
	const struct upk_promotion_log *log;
	int64_t versions[VERSIONS_A_STEP];
	size_t count;
};

static bool is_needed(const struct old *old, int64_t version)
{
	const struct upk_tail *t = old->tail;
	bool needed = version == t->champion || version == t->holdout_version ||
		version == t->proposed || upk_tail_is_live(t, version) || version == upk_tag_version(t->in_use.tag) ||
		version == upk_tag_version(t->in_use.awaited) ||
		upk_bench_find(t->bench, version) != NULL;
	for (size_t i = 0; i <= UPK_KEEP_ROLLBACKS && !needed; i++)
		needed = upk_promotion_log_at(old->log, i) == version;
	return needed;
}

static bool take_version(void *context, int64_t version)
{
	struct old *old = context;
	if (!is_needed(old, version))
		old->versions[old->count++] = version;
	return old->count < VERSIONS_A_STEP;
}

bool upk_keep_versions(struct upk_engine *e, struct upk_model *m, struct upk_error *err)
{
	int64_t last = m->tail->last_version - m->tail->config->keep.versions;
	if (last <= 0)
		return true;
	struct upk_promotion_log *log = upk_promotion_log_read(e->store, m->number, err);
	if (!log)
		return false;
	struct old old = { .tail = m->tail, .log = log };
	bool done = upk_version_each_old(e->store, m->number, last, take_version, &old, err);
	for (size_t i = 0; done && i < old.count; i++)
		done = upk_version_remove(e->store, m->number, old.versions[i], err);
	free(log);
	return done;
}

bool upk_keep_runs(struct upk_engine *e, struct upk_model *m, struct upk_error *err)
{
	int64_t last = m->tail->last_run - m->tail->config->keep.runs;
	return last <= 0 || upk_run_remove_old(e->store, m->number, last, ROWS_A_STEP, err);
}

bool upk_keep_trials(struct upk_engine *e, struct upk_model *m, struct upk_error *err)
{
	int64_t last = m->tail->open_run ? m->tail->open_run - 1 : m->tail->last_run;
	return upk_trial_remove_old(
		e->store, m->number, last, m->tail->config->keep.trials, ROWS_A_STEP, err);
}

bool upk_keep_alerts(struct upk_engine *e, struct upk_model *m, struct upk_error *err)
{
	int64_t last = m->tail->last_alert - m->tail->config->keep.alerts;
	return last <= 0 || upk_alert_remove_old(e->store, m->number, last, ROWS_A_STEP, err);
}
