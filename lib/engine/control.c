#include "engine/control.h"

#include "core/health.h"

static void run(struct upk_engine *e, struct upk_task *task)
{
	struct upk_control *c = (struct upk_control *)(void *)task;
	if (upk_engine_broken(e, c->err))
		c->done = false;
	else if (!upk_engine_ready(e))
		c->done = upk_fail(c->err, UPK_BUSY, "the models have not been rebuilt");
	else
		c->done = c->act(e, c, c->err);
}

bool upk_control_call(struct upk_engine *e, struct upk_control *c, struct upk_error *err)
{
	struct upk_error unused;
	c->err = err ? err : &unused;
	c->task.run = run;
	upk_writer_call(e->writer, &c->task);
	return c->done;
}

bool upk_control_transact(struct upk_engine *e, struct upk_model *m, struct upk_control *c,
	upk_control_change *change, struct upk_error *err)
{
	if (!upk_store_begin(e->store, err))
		return false;
	if (change(e, m, c, err) && upk_store_commit(e->store, err))
		return true;
	upk_store_rollback(e->store);
	return false;
}
