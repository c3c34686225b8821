#include "core/room.h"

#include "core/core.h"
#include "store/space.h"

enum {
	MARGIN = 16 << 20,
	UNSEEN_PAGES = 16, /* of the WAL, far fewer than are got ahead */
};

static enum upk_room_state state_of(const struct upk_room *r)
{
	double used = (double)atomic_load(&r->used), most = (double)atomic_load(&r->most);
	if (r->disk == UPK_ROOM_NONE || (most > 0 && used >= most))
		return UPK_ROOM_NONE;
	bool little = r->disk == UPK_ROOM_LITTLE || (most > 0 && used >= 0.9 * most);
	return little ? UPK_ROOM_LITTLE : UPK_ROOM_OK;
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
	if (r->disk == UPK_ROOM_NONE)
		return upk_fail(err, UPK_FULL,
			"the disk is full but for %lld bytes that deletions need: nothing more is "
			"stored until there is space again; reads and deletions go on",
			(long long)r->disk_left);
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
	else if (now == UPK_ROOM_LITTLE && e->room.disk == UPK_ROOM_LITTLE)
		upk_engine_log(e, UPK_LOG_WARNING,
			"the disk is nearly full: it has %lld bytes left",
			(long long)e->room.disk_left);
	else if (now == UPK_ROOM_LITTLE)
		upk_engine_log(e, UPK_LOG_WARNING,
			"the store is nearly full: it holds %lld bytes and store.max_size is %lld",
			(long long)atomic_load(&e->room.used),
			(long long)atomic_load(&e->room.most));
	else
		upk_engine_log(e, UPK_LOG_NOTICE, "the store has room again");
}

static void settle(struct upk_engine *e)
{
	struct upk_room *r = &e->room;
	enum upk_room_state now = state_of(r);
	tell(e, (enum upk_room_state)atomic_exchange(&r->state, (int)now), now);
}

static void measure(struct upk_engine *e)
{
	int64_t used;
	if (upk_store_used(e->store, &used, NULL))
		atomic_store(&e->room.used, used);
	settle(e);
}

/* What deletions may need of the disk, half of it in the WAL. */
static int64_t margin_of(int64_t disk)
{
	return disk / 16 < MARGIN ? disk / 16 : MARGIN;
}

/* Space that deletions made in the file counts as the disk's does, as long as the WAL has room. */
static enum upk_room_state disk_state(const struct upk_disk_space *s, enum upk_room_state before)
{
	int64_t margin = margin_of(s->disk), free = s->left + s->wal, room = free + s->unused;
	int64_t wanted = before == UPK_ROOM_NONE ? margin / 2 * 5 : margin * 2;
	if (s->missing > 0 || free < margin || room < wanted)
		return UPK_ROOM_NONE;
	return room < margin * 4 ? UPK_ROOM_LITTLE : UPK_ROOM_OK;
}

/* Copying back needs nothing of the disk, whose space was taken before; so it goes even where a
 * transaction has filled the disk with a WAL that was then undone. */
static bool empty_wal(struct upk_engine *e)
{
	struct upk_error err = { 0 };
	bool done = upk_store_empty_wal(e->store, &err);
	if (!done && err.code != UPK_BUSY)
		upk_engine_log(e, UPK_LOG_WARNING,
			"little is left on the disk, and the WAL can't be emptied: %s",
			err.message);
	return done;
}

static void look_at_disk(struct upk_engine *e)
{
	struct upk_room *r = &e->room;
	struct upk_disk_space space;
	if (!upk_store_space(e->store, &space))
		return;
	r->seen_pages = upk_store_wal_pages(e->store);
	if (space.missing > 0) {
		upk_store_give_reserve(e->store);
		if (!upk_store_space(e->store, &space))
			return;
	}
	int64_t margin = margin_of(space.disk);
	bool short_of = space.left < margin * 2 && space.wal > 0 &&
		(space.left < margin || space.wal >= margin / 2);
	if (short_of && empty_wal(e) && !upk_store_space(e->store, &space))
		return;
	atomic_store(&r->used, space.used);
	r->disk_left = space.left;
	r->disk = (int)disk_state(&space, (enum upk_room_state)r->disk);
	settle(e);
}

void upk_room_look(struct upk_engine *e)
{
	(void)upk_store_take_reserve(e->store);
	look_at_disk(e);
}

void upk_room_follow(struct upk_engine *e)
{
	int grown = upk_store_wal_pages(e->store) - e->room.seen_pages;
	if (state_of(&e->room) != UPK_ROOM_OK || grown < 0 || grown >= UNSEEN_PAGES)
		look_at_disk(e);
}

bool upk_room_check(struct upk_engine *e, struct upk_error *err)
{
	if (atomic_load(&e->room.most) > 0)
		measure(e);
	return state_of(&e->room) != UPK_ROOM_NONE || fail_full(&e->room, err);
}

/* The WAL is emptied first: what it took is more than the reserve. */
void upk_room_failed(struct upk_engine *e, bool deleting)
{
	struct upk_disk_space space;
	if (state_of(&e->room) == UPK_ROOM_NONE && e->room.disk != UPK_ROOM_NONE)
		return;
	(void)empty_wal(e);
	if (deleting && upk_store_space(e->store, &space) && space.left < margin_of(space.disk))
		upk_store_give_reserve(e->store);
	look_at_disk(e);
}

bool upk_room_made(struct upk_engine *e, const struct upk_error *err)
{
	if (err->code != UPK_FULL)
		return false;
	upk_room_failed(e, true);
	return true;
}

void upk_room_limit(struct upk_engine *e, int64_t most)
{
	atomic_store(&e->room.most, most);
}
