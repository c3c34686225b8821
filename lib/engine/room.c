#include "engine/room.h"

#include "engine/core.h"
#include "store/room.h"

static enum upk_room_state state_of(const struct upk_room *r)
{
	double used = (double)atomic_load(&r->used), most = (double)atomic_load(&r->most);
	if (r->disk_full || (most > 0 && used >= most))
		return UPK_ROOM_NONE;
	return most > 0 && used >= 0.9 * most ? UPK_ROOM_LITTLE : UPK_ROOM_OK;
}

const char *upk_room_state_name(enum upk_room_state state)
{
	static const char *const names[] = {
		[UPK_ROOM_OK] = "ok",
		[UPK_ROOM_LITTLE] = "nearly full",
		[UPK_ROOM_NONE] = "full",
	};
	return names[state];
}

static bool fail_full(const struct upk_room *r, struct upk_error *err)
{
	if (r->disk_full)
		return upk_fail(err, UPK_FULL,
			"the disk is full: nothing more is stored until there is space again; "
			"reads "
			"and deletions go on");
	return upk_fail(err, UPK_FULL,
		"the store holds %lld bytes and store.max_size is %lld: delete models or events, "
		"shorten a retention, or raise it",
		(long long)atomic_load(&r->used), (long long)atomic_load(&r->most));
}

static void tell(struct upk_engine *e, enum upk_room_state before, enum upk_room_state now)
{
	struct upk_error why = { 0 };
	if (now == before)
		return;
	if (now == UPK_ROOM_NONE)
		(void)fail_full(&e->room, &why);
	if (now == UPK_ROOM_NONE)
		upk_engine_log(e, UPK_LOG_ERROR, "%s", why.message);
	else if (now == UPK_ROOM_LITTLE)
		upk_engine_log(e, UPK_LOG_WARNING,
			"the store is nearly full: it holds %lld bytes and store.max_size is %lld",
			(long long)atomic_load(&e->room.used),
			(long long)atomic_load(&e->room.most));
	else
		upk_engine_log(e, UPK_LOG_NOTICE, "the store has room again");
}

static void measure(struct upk_engine *e)
{
	struct upk_room *r = &e->room;
	int64_t used;
	if (upk_store_used(e->store, &used, NULL))
		atomic_store(&r->used, used);
	enum upk_room_state now = state_of(r);
	tell(e, (enum upk_room_state)atomic_exchange(&r->state, (int)now), now);
}

void upk_room_look(struct upk_engine *e)
{
	e->room.disk_full = !upk_store_take_reserve(e->store) && e->room.disk_full;
	measure(e);
}

bool upk_room_check(struct upk_engine *e, struct upk_error *err)
{
	if (atomic_load(&e->room.most) > 0)
		measure(e);
	return state_of(&e->room) != UPK_ROOM_NONE || fail_full(&e->room, err);
}

/* Where there is space the reserve could be taken anew, it is not the disk that is full. */
void upk_room_failed(struct upk_engine *e)
{
	if (state_of(&e->room) == UPK_ROOM_NONE)
		return;
	upk_store_give_reserve(e->store);
	e->room.disk_full = !upk_store_take_reserve(e->store);
	if (e->room.disk_full)
		upk_store_give_reserve(e->store);
	measure(e);
}

void upk_room_limit(struct upk_engine *e, int64_t most)
{
	atomic_store(&e->room.most, most);
}
