#include "metrics/confusion.h"

#include <stdlib.h>
#include <string.h>

/* Room is for `stride` classes, of which `classes` are in use; the rest is zero. `counts` holds
 * stride rows of stride cells, then the row sums, then the column sums. */
struct upk_confusion {
	size_t classes, stride;
	uint64_t pairs, hits;
	uint64_t *counts; /* NULL while stride is 0 */
};

static uint64_t *actual_sums(const struct upk_confusion *c)
{
	return c->counts + c->stride * c->stride;
}

static uint64_t *predicted_sums(const struct upk_confusion *c)
{
	return actual_sums(c) + c->stride;
}

static uint64_t *cell(const struct upk_confusion *c, struct upk_pair pair)
{
	return c->counts + pair.actual * c->stride + pair.predicted;
}

static size_t counts_size(size_t stride)
{
	return stride * (stride + 2);
}

/* Room for exactly `stride` classes, all counts zero; pairs and classes are the caller's. */
static bool reserve(struct upk_confusion *c, size_t stride, struct upk_error *err)
{
	uint64_t *counts = calloc(counts_size(stride), sizeof *counts);
	if (!counts)
		return upk_fail(err, UPK_NOMEM, "no memory for the counts of %zu classes", stride);

	c->counts = counts;
	c->stride = stride;
	return true;
}

static void copy_counts(struct upk_confusion *to, const struct upk_confusion *from)
{
	for (size_t i = 0; i < from->classes; i++)
		memcpy(to->counts + i * to->stride, from->counts + i * from->stride,
			from->classes * sizeof *to->counts);
	if (from->classes) {
		memcpy(actual_sums(to), actual_sums(from), from->classes * sizeof *to->counts);
		memcpy(predicted_sums(to), predicted_sums(from),
			from->classes * sizeof *to->counts);
	}
	to->pairs = from->pairs;
	to->hits = from->hits;
}

struct upk_confusion *upk_confusion_create(size_t classes, struct upk_error *err)
{
	if (classes > UPK_CLASSES_MAX) {
		upk_fail(err, UPK_INVALID, "%zu classes: at most %d are counted", classes,
			UPK_CLASSES_MAX);
		return NULL;
	}

	struct upk_confusion *c = malloc(sizeof *c);
	if (!c) {
		upk_fail(err, UPK_NOMEM, "no memory for the counts of %zu classes", classes);
		return NULL;
	}
	*c = (struct upk_confusion){ .classes = classes };
	if (classes && !reserve(c, classes, err)) {
		free(c);
		return NULL;
	}
	return c;
}

struct upk_confusion *upk_confusion_copy(const struct upk_confusion *c, struct upk_error *err)
{
	struct upk_confusion *copy = upk_confusion_create(c->classes, err);
	if (copy)
		copy_counts(copy, c);
	return copy;
}

void upk_confusion_destroy(struct upk_confusion *c)
{
	if (!c)
		return;
	free(c->counts);
	free(c);
}

bool upk_confusion_grow(struct upk_confusion *c, size_t classes, struct upk_error *err)
{
	if (classes > UPK_CLASSES_MAX)
		return upk_fail(err, UPK_INVALID, "%zu classes: at most %d are counted", classes,
			UPK_CLASSES_MAX);
	if (classes <= c->classes)
		return true;

	/* Classes come one by one: doubling keeps the copies to O(classes^2) in all. */
	if (classes > c->stride) {
		struct upk_confusion wider = { 0 };
		size_t stride = 2 * c->stride < UPK_CLASSES_MAX ? 2 * c->stride : UPK_CLASSES_MAX;
		if (!reserve(&wider, classes > stride ? classes : stride, err))
			return false;
		copy_counts(&wider, c);
		free(c->counts);
		*c = wider;
	}
	c->classes = classes;
	return true;
}

void upk_confusion_clear(struct upk_confusion *c)
{
	if (c->counts)
		memset(c->counts, 0, counts_size(c->stride) * sizeof *c->counts);
	c->pairs = 0;
	c->hits = 0;
}

void upk_confusion_add(struct upk_confusion *c, struct upk_pair pair)
{
	++*cell(c, pair);
	actual_sums(c)[pair.actual]++;
	predicted_sums(c)[pair.predicted]++;
	c->pairs++;
	c->hits += pair.actual == pair.predicted;
}

void upk_confusion_remove(struct upk_confusion *c, struct upk_pair pair)
{
	--*cell(c, pair);
	actual_sums(c)[pair.actual]--;
	predicted_sums(c)[pair.predicted]--;
	c->pairs--;
	c->hits -= pair.actual == pair.predicted;
}

void upk_confusion_set_margins(struct upk_confusion *c, size_t class, struct upk_margins margins)
{
	uint64_t *hits = cell(c, (struct upk_pair){ (uint16_t) class, (uint16_t) class });
	c->hits += margins.hits - *hits;
	c->pairs += margins.actual - actual_sums(c)[class];
	*hits = margins.hits;
	actual_sums(c)[class] = margins.actual;
	predicted_sums(c)[class] = margins.predicted;
}

size_t upk_confusion_classes(const struct upk_confusion *c)
{
	return c->classes;
}

uint64_t upk_confusion_pairs(const struct upk_confusion *c)
{
	return c->pairs;
}

uint64_t upk_confusion_hits(const struct upk_confusion *c)
{
	return c->hits;
}

uint64_t upk_confusion_cell(const struct upk_confusion *c, size_t actual, size_t predicted)
{
	return c->counts[actual * c->stride + predicted];
}

uint64_t upk_confusion_actual(const struct upk_confusion *c, size_t class)
{
	return actual_sums(c)[class];
}

uint64_t upk_confusion_predicted(const struct upk_confusion *c, size_t class)
{
	return predicted_sums(c)[class];
}
