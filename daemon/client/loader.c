#include "client/loader.h"

#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "client/remote.h"

enum { BLOCK_BYTES = 4 << 20 };

/* Never 0. A chance equality only begins a block early. */
static uint64_t hash_of(struct upk_text id)
{
	uint64_t hash = upk_hash(upk_hash_process_key(), id.data, id.size);
	return hash ? hash : 1;
}

/* Its slot, or the free one where it belongs. A block has fewer labels than slots. */
static uint64_t *slot_of(struct upk_loader *l, struct upk_text id)
{
	uint64_t hash = hash_of(id);
	size_t i = hash % UPK_LOAD_LABEL_SLOTS;
	while (l->ids[i] != 0 && l->ids[i] != hash)
		i = (i + 1) % UPK_LOAD_LABEL_SLOTS;
	return &l->ids[i];
}

static void tell_rejected(struct upk_loader *l, const struct upk_block *b, const cJSON *answer)
{
	const uint64_t *lines = (const uint64_t *)(const void *)b->lines.data;
	const cJSON *one;
	cJSON_ArrayForEach(one, cJSON_GetObjectItemCaseSensitive(answer, "rejected"))
	{
		int64_t index = upk_member_int(one, "index");
		if (l->reject && index >= 0 && (size_t)index < b->count)
			l->reject(l->context, lines[index], upk_member_string(one, "error"));
	}
}

static void note_ignored(struct upk_loader *l, const cJSON *answer)
{
	const cJSON *one;
	if (l->ignored[0])
		return;
	cJSON_ArrayForEach(one, cJSON_GetObjectItemCaseSensitive(answer, "ignored"))
	{
		size_t size = strlen(l->ignored);
		snprintf(l->ignored + size, sizeof l->ignored - size, "%s%s", size ? ", " : "",
			one->valuestring ? one->valuestring : "");
	}
}

static void count(struct upk_loader *l, const cJSON *answer)
{
	struct upk_load_counts *c = &l->counts;
	c->accepted += upk_member_int(answer, "accepted");
	c->duplicates += upk_member_int(answer, "duplicates");
	c->joined += upk_member_int(answer, "joined");
	c->revised += upk_member_int(answer, "revised");
	c->waiting += upk_member_int(answer, "waiting");
	c->rejected += upk_member_int(answer, "rejected_total");
	l->early = l->early || upk_member_int(answer, "waiting") > 0;
}

static bool post(struct upk_loader *l, struct upk_block *b, const char *what, struct upk_error *err)
{
	if (b->count == 0)
		return true;
	upk_buffer_putc(&b->body, ']');
	if (b->body.failed || b->lines.failed)
		return upk_fail(err, UPK_NOMEM, "no memory for a block of items");
	cJSON *answer = upk_target_post(l->target, what, upk_buffer_text(&b->body), err);
	if (!answer)
		return false;
	count(l, answer);
	tell_rejected(l, b, answer);
	note_ignored(l, answer);
	cJSON_Delete(answer);
	upk_buffer_clear(&b->body);
	upk_buffer_clear(&b->lines);
	b->count = 0;
	return true;
}

bool upk_loader_flush(struct upk_loader *l, struct upk_error *err)
{
	if (!post(l, &l->events, "/events", err) || !post(l, &l->labels, "/labels", err))
		return false;
	memset(l->ids, 0, sizeof l->ids);
	return true;
}

/* Events go out before labels: one that completes a pair when it comes would overtake the labels
 * that stand before it. */
static bool overtakes(struct upk_loader *l, const struct upk_load_item *item)
{
	if (item->is_label || l->labels.count == 0)
		return false;
	return item->labelled || l->early || !item->id.data || *slot_of(l, item->id) != 0;
}

static bool is_full(const struct upk_loader *l)
{
	return l->events.count + l->labels.count >= UPK_LOAD_BLOCK ||
		l->events.body.size + l->labels.body.size >= BLOCK_BYTES;
}

bool upk_loader_add(struct upk_loader *l, const struct upk_load_item *item, struct upk_error *err)
{
	if ((is_full(l) || overtakes(l, item)) && !upk_loader_flush(l, err))
		return false;
	struct upk_block *b = item->is_label ? &l->labels : &l->events;
	upk_buffer_putc(&b->body, b->count > 0 ? ',' : '[');
	upk_buffer_append(&b->body, item->json.data, item->json.size);
	upk_buffer_append(&b->lines, &item->line, sizeof item->line);
	b->count++;
	if (item->is_label && item->id.data)
		*slot_of(l, item->id) = hash_of(item->id);
	return true;
}

void upk_loader_finish(struct upk_loader *l)
{
	upk_buffer_finish(&l->events.body);
	upk_buffer_finish(&l->events.lines);
	upk_buffer_finish(&l->labels.body);
	upk_buffer_finish(&l->labels.lines);
}
