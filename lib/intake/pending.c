#include "intake/pending.h"

#include <stdlib.h>
#include <string.h>

#include "metrics/confusion.h"

enum {
	ITEM_ROWS = 2, /* of one table that an item adds at most */
	SCORES_MOST = 64 * UPK_CLASSES_MAX,
};

struct upk_pending *upk_pending_create(struct upk_error *err)
{
	struct upk_pending *p = calloc(1, sizeof *p);
	if (!p)
		goto fail;
	p->events = malloc(UPK_PENDING_MOST * sizeof *p->events);
	p->labels = malloc(UPK_PENDING_MOST * sizeof *p->labels);
	p->places = malloc(UPK_PENDING_MOST * sizeof *p->places);
	p->scores = malloc(SCORES_MOST * sizeof *p->scores);
	if (p->events && p->labels && p->places && p->scores)
		return p;
fail:
	upk_pending_destroy(p);
	upk_fail(err, UPK_NOMEM, "no memory for the rows of a transaction");
	return NULL;
}

void upk_pending_destroy(struct upk_pending *p)
{
	if (!p)
		return;
	free(p->events);
	free(p->labels);
	free(p->places);
	free(p->scores);
	free(p);
}

bool upk_pending_ready(struct upk_pending *p, struct upk_store *store, struct upk_error *err)
{
	const size_t most = UPK_PENDING_MOST - ITEM_ROWS;
	bool room = p->events_count <= most && p->labels_count <= most && p->places_count <= most &&
		p->scores_count + UPK_CLASSES_MAX <= SCORES_MOST;
	return room || upk_pending_flush(p, store, err);
}

static void note(struct upk_pending *p, int64_t seq)
{
	if (p->first == 0)
		p->first = seq;
}

void upk_pending_event(struct upk_pending *p, const struct upk_event_row *row)
{
	struct upk_event_row *added = &p->events[p->events_count++];
	*added = *row;
	if (row->scores_count > 0) {
		added->scores = memcpy(&p->scores[p->scores_count], row->scores,
			row->scores_count * sizeof *row->scores);
		p->scores_count += row->scores_count;
	}
	note(p, row->seq);
}

void upk_pending_label(struct upk_pending *p, const struct upk_label_row *row)
{
	p->labels[p->labels_count++] = *row;
	note(p, row->seq);
}

void upk_pending_place(struct upk_pending *p, const struct upk_place_row *row)
{
	p->places[p->places_count++] = *row;
}

bool upk_pending_flush(struct upk_pending *p, struct upk_store *store, struct upk_error *err)
{
	if (!upk_event_insert_many(store, p->events, p->events_count, err) ||
		!upk_label_insert_many(store, p->labels, p->labels_count, err) ||
		!upk_place_insert_many(store, p->places, p->places_count, err))
		return false;
	upk_pending_clear(p);
	return true;
}

void upk_pending_clear(struct upk_pending *p)
{
	p->events_count = p->labels_count = p->places_count = p->scores_count = 0;
	p->first = 0;
}
