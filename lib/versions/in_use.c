#include "versions/in_use.h"

static void change(struct upk_in_use *u, upk_tag tag, int64_t event)
{
	u->before = u->tag;
	u->tag = tag;
	u->since = event;
	u->trial = false;
	u->ring_at = u->ring_size = 0;
	if (u->awaited == tag)
		u->awaited = 0;
}

void upk_in_use_promote(struct upk_in_use *u, upk_tag tag)
{
	u->awaited = u->any && u->tag == tag ? 0 : tag;
}

bool upk_in_use_event(struct upk_in_use *u, int64_t number, upk_tag tag)
{
	if (u->awaited != 0 && tag == u->awaited) {
		bool trial = u->any;
		change(u, tag, number);
		u->any = true;
		u->trial = trial;
		u->tried = u->carried = 0;
		return true;
	}
	if (!u->any) {
		u->any = true;
		change(u, tag, number);
		return true;
	}
	if (!u->trial)
		return false;

	u->tried++;
	u->carried += tag == u->tag;
	if (u->tried < UPK_TRIAL_EVENTS)
		return false;
	u->trial = false;
	if (u->carried >= UPK_TRIAL_LEAST)
		return false;
	change(u, u->before, number);
	return true;
}

static size_t count(const struct upk_in_use *u, upk_tag tag)
{
	size_t n = 0;
	for (size_t i = 0; i < u->ring_size; i++)
		n += u->ring[i] == tag;
	return n;
}

bool upk_in_use_pair(struct upk_in_use *u, int64_t event, upk_tag tag)
{
	if (event <= u->since)
		return false;

	u->ring[u->ring_at] = tag;
	u->ring_at = (u->ring_at + 1) % UPK_OTHER_PAIRS;
	if (u->ring_size < UPK_OTHER_PAIRS)
		u->ring_size++;
	if (tag == u->tag || count(u, tag) < UPK_OTHER_LEAST)
		return false;
	change(u, tag, event);
	return true;
}
