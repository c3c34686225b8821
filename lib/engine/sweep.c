#include "engine/sweep.h"

#include <stdlib.h>

#include "engine/core.h"
#include "engine/ids.h"
#include "engine/model.h"
#include "store/id_run.h"
#include "store/sweep.h"

enum {
	ROWS_LEAST = 64,
	ROWS_MOST = 65536,
	STEP_NS = 5 * 1000 * 1000,     /* what a step may take */
	BETWEEN_NS = 20 * 1000 * 1000, /* between the steps while others wait */
};

void upk_sweep_wake(struct upk_engine *e)
{
	e->sweeper.any = true;
}

bool upk_sweep_due(const struct upk_engine *e, bool busy)
{
	const struct upk_sweeper *s = &e->sweeper;
	return s->any && (!busy || upk_clock_monotonic_ns() - s->stepped >= BETWEEN_NS);
}

/* By what the last one took without its commit, whose time is the disk's. */
static void adapt(struct upk_sweeper *s, int64_t took)
{
	if (took > STEP_NS && s->rows > ROWS_LEAST)
		s->rows /= 2;
	else if (took < STEP_NS / 4 && s->rows < ROWS_MOST)
		s->rows *= 2;
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

static bool step(struct upk_engine *e, struct upk_error *err)
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
	bool done = upk_sweep_step(e->store, &sweep, e->sweeper.rows, err) &&
		upk_sweep_left(e->store, &left, err);
	adapt(&e->sweeper, upk_clock_monotonic_ns() - started);
	if (!done || !upk_store_commit(e->store, err)) {
		upk_store_rollback(e->store);
		return false;
	}
	atomic_store(&e->sweeper.left, left);
	return true;
}

void upk_sweep_run(struct upk_engine *e)
{
	struct upk_error err = { 0 };
	struct upk_sweeper *s = &e->sweeper;
	if (s->rows == 0)
		s->rows = ROWS_LEAST;
	if (!step(e, &err)) {
		if (err.code == UPK_FULL)
			upk_room_failed(e);
		upk_engine_log(e, UPK_LOG_WARNING,
			"rows of deleted models can't be taken away yet: %s", err.message);
		s->any = false;
	}
	s->stepped = upk_clock_monotonic_ns();
}
