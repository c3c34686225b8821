#include "metrics/confusion.h"

#include <stdlib.h>
#include <string.h>

#include "metrics/cells.h"

/* Room is for `stride` classes, of which `classes` are in use; the rest is zero. `counts` holds
 * stride rows of stride cells, then the row sums, then the column sums. Lean counts of more than
 * UPK_CONFUSION_DENSE classes have them in `cells` instead, by keys of both classes. */
struct upk_confusion {
	size_t classes, stride;
	uint64_t pairs, hits;
	bool lean;
	uint64_t *counts; /* NULL while stride is 0 */
	struct upk_cells cells;
};

enum { MARGIN = 0xffff, CELLS_A_PAIR = 3 };

static uint32_t key_of(size_t actual, size_t predicted)
{
	return (uint32_t)(actual << 16 | predicted);
}

static bool is_sparse(const struct upk_confusion *c)
{
	return c->lean && c->classes > UPK_CONFUSION_DENSE;
}

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

struct upk_confusion *upk_confusion_create_lean(size_t classes, struct upk_error *err)
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
	*c = (struct upk_confusion){ .classes = classes, .lean = true };
	return c;
}

struct upk_confusion *upk_confusion_create(size_t classes, struct upk_error *err)
{
	struct upk_confusion *c = upk_confusion_create_lean(classes, err);
	if (!c)
		return NULL;
	c->lean = false;
	if (classes && !reserve(c, classes, err)) {
		free(c);
		return NULL;
	}
	return c;
}

struct upk_confusion *upk_confusion_copy(const struct upk_confusion *c, struct upk_error *err)
{
	struct upk_confusion *copy = upk_confusion_create_lean(c->classes, err);
	if (!copy)
		return NULL;
	copy->lean = c->lean;
	copy->pairs = c->pairs;
	copy->hits = c->hits;
	if (is_sparse(c) ? upk_cells_copy(&copy->cells, &c->cells, err)
			 : !c->counts || reserve(copy, c->classes, err)) {
		if (c->counts)
			copy_counts(copy, c);
		return copy;
	}
	upk_confusion_destroy(copy);
	return NULL;
}

void upk_confusion_destroy(struct upk_confusion *c)
{
	if (!c)
		return;
	upk_cells_finish(&c->cells);
	free(c->counts);
	free(c);
}

/* From the square to the table: the pairs of counts that became too wide for it. */
static bool thin_out(struct upk_confusion *c, size_t classes, struct upk_error *err)
{
	struct upk_cells cells = { 0 };
	for (size_t i = 0; c->counts && i < c->classes; i++) {
		for (size_t j = 0; j < c->classes; j++) {
			uint64_t n = upk_confusion_cell(c, i, j);
			if (n == 0)
				continue;
			if (!upk_cells_reserve(&cells, CELLS_A_PAIR, err)) {
				upk_cells_finish(&cells);
				return false;
			}
			*upk_cells_at(&cells, key_of(i, j)) += n;
			*upk_cells_at(&cells, key_of(i, MARGIN)) += n;
			*upk_cells_at(&cells, key_of(MARGIN, j)) += n;
		}
	}
	free(c->counts);
	c->counts = NULL;
	c->stride = 0;
	c->cells = cells;
	c->classes = classes;
	return true;
}

bool upk_confusion_room(struct upk_confusion *c, struct upk_error *err)
{
	if (is_sparse(c))
		return upk_cells_reserve(&c->cells, CELLS_A_PAIR, err);
	return c->counts || c->classes == 0 || reserve(c, c->classes, err);
}

bool upk_confusion_grow(struct upk_confusion *c, size_t classes, struct upk_error *err)
{
	if (classes > UPK_CLASSES_MAX)
		return upk_fail(err, UPK_INVALID, "%zu classes: at most %d are counted", classes,
			UPK_CLASSES_MAX);
	if (classes <= c->classes)
		return true;
	if (c->lean && !is_sparse(c) && classes > UPK_CONFUSION_DENSE)
		return thin_out(c, classes, err);
	if (c->lean && !c->counts) {
		c->classes = classes;
		return true;
	}

	/* Classes come one by one: doubling keeps the copies to O(classes^2) in all. */
	if (classes > c->stride) {
		struct upk_confusion wider = { .lean = c->lean };
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
	upk_cells_clear(&c->cells);
	c->pairs = 0;
	c->hits = 0;
}

/* by: 1, or UINT64_MAX for -1. */
static void count(struct upk_confusion *c, struct upk_pair pair, uint64_t by)
{
	if (is_sparse(c)) {
		*upk_cells_at(&c->cells, key_of(pair.actual, pair.predicted)) += by;
		*upk_cells_at(&c->cells, key_of(pair.actual, MARGIN)) += by;
		*upk_cells_at(&c->cells, key_of(MARGIN, pair.predicted)) += by;
	} else {
		*cell(c, pair) += by;
		actual_sums(c)[pair.actual] += by;
		predicted_sums(c)[pair.predicted] += by;
	}
	c->pairs += by;
	c->hits += pair.actual == pair.predicted ? by : 0;
}

void upk_confusion_add(struct upk_confusion *c, struct upk_pair pair)
{
	count(c, pair, 1);
}

void upk_confusion_remove(struct upk_confusion *c, struct upk_pair pair)
{
	count(c, pair, UINT64_MAX);
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

/* Without a square: of the table, or of lean counts that have no pairs yet. */
static uint64_t table_count(const struct upk_confusion *c, size_t actual, size_t predicted)
{
	return upk_cells_count(&c->cells, key_of(actual, predicted));
}

uint64_t upk_confusion_cell(const struct upk_confusion *c, size_t actual, size_t predicted)
{
	return c->counts ? c->counts[actual * c->stride + predicted]
			 : table_count(c, actual, predicted);
}

uint64_t upk_confusion_actual(const struct upk_confusion *c, size_t class)
{
	return c->counts ? actual_sums(c)[class] : table_count(c, class, MARGIN);
}

uint64_t upk_confusion_predicted(const struct upk_confusion *c, size_t class)
{
	return c->counts ? predicted_sums(c)[class] : table_count(c, MARGIN, class);
}
