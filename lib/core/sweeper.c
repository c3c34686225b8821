#include "core/sweeper.h"

#include <stdlib.h>

#include "core/core.h"
#include "core/health.h"
#include "core/model.h"
#include "ids/ids.h"
#include "store/id_run.h"
#include "store/sweep.h"

void upk_sweeper_wake(struct upk_engine *e)
{
	e->sweeper.any = true;
}

bool upk_sweeper_due(const struct upk_engine *e, bool busy)
{
	const struct upk_sweeper *s = &e->sweeper;
	return s->any && upk_background_due(&s->pace, busy);
}

/* The id index forgets what can't be found any more. Before the engine is ready not all models
 * are known. */
static bool tell_ids(struct upk_engine *e, struct upk_error *err)
{
	int64_t first;
	size_t count;
	if (!upk_engine_ready(e))
		return true;
	if (!upk_id_first_row(e->store, &first, err))
		return false;
	struct upk_model **models = upk_registry_all(e->registry, &count, err);
	int64_t *numbers = models ? malloc((count + 1) * sizeof *numbers) : NULL;
	if (numbers) {
		for (size_t i = 0; i < count; i++)
			numbers[i] = models[i]->number;
		upk_ids_forget_before(e->ids, first);
		upk_ids_keep_models(e->ids, numbers, count);
	} else if (models) {
		upk_fail(err, UPK_NOMEM, "no memory for the numbers of %zu models", count);
	}
	bool done = numbers != NULL;
	free(numbers);
	upk_registry_give_back(models);
	return done;
}

static bool step(struct upk_engine *e, int64_t *took, struct upk_error *err)
{
	struct upk_sweep sweep;
	int64_t left;
	if (!upk_sweep_next(e->store, &sweep, err))
		return false;
	e->sweeper.any = sweep.model != 0;
	if (sweep.model == 0) {
		atomic_store(&e->sweeper.left, 0);
		return tell_ids(e, err);
	}
	if (!upk_store_begin(e->store, err))
		return false;
	int64_t started = upk_clock_monotonic_ns();
	bool done = upk_sweep_step(e->store, &sweep, upk_background_rows(&e->sweeper.pace), err) &&
		upk_sweep_left(e->store, &left, err);
	*took = upk_clock_monotonic_ns() - started;
	if (!done || !upk_store_commit(e->store, err)) {
		upk_store_rollback(e->store);
		return false;
	}
	atomic_store(&e->sweeper.left, left);
	return true;
}

void upk_sweeper_run(struct upk_engine *e)
{
	struct upk_error err = { 0 };
	struct upk_sweeper *s = &e->sweeper;
	int64_t took = 0;
	if (!step(e, &took, &err)) {
		if (err.code == UPK_FULL) {
			upk_room_failed(e, true);
			s->pace.rows = took = 0; /* the smallest step next */
		}
		upk_engine_log(e, UPK_LOG_WARNING,
			"rows of deleted models can't be taken away yet: %s", err.message);
		s->any = false;
	}
	upk_background_stepped(&s->pace, took);
}
