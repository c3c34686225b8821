#include "engine/bench.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "metrics/metric.h"

/* One pair of the record and what everybody answered. */
struct row {
	int64_t place;
	struct upk_pair pair;
	uint16_t answers[UPK_BENCH_MOST]; /* by slot; UPK_NO_CLASS: did not take part */
};

/* Slots are the index into versions; when one leaves, the answers behind it move up. */
struct upk_bench {
	const struct upk_policy *policy;
	struct upk_serving *versions[UPK_BENCH_MOST];
	bool alike[UPK_BENCH_MOST]; /* takes the same features as the first: one row is read for
				       both */
	size_t count;
	struct row *rows; /* a ring of `capacity` */
	size_t capacity, at, size;
};

struct upk_bench *upk_bench_create(const struct upk_policy *policy, struct upk_error *err)
{
	struct upk_bench *b = calloc(1, sizeof *b);
	if (!b) {
		upk_fail(err, UPK_NOMEM, "no memory for the bench");
		return NULL;
	}
	b->policy = policy;
	return b;
}

void upk_bench_destroy(struct upk_bench *b)
{
	if (!b)
		return;
	for (size_t i = 0; i < b->count; i++)
		upk_serving_destroy(b->versions[i]);
	free(b->rows);
	free(b);
}

static void compare_features(struct upk_bench *b)
{
	for (size_t i = 1; i < b->count; i++)
		b->alike[i] = upk_serving_is_alike(b->versions[i], b->versions[0]);
}

static void drop_slot(struct upk_bench *b, size_t slot)
{
	upk_serving_destroy(b->versions[slot]);
	b->count--;
	memmove(&b->versions[slot], &b->versions[slot + 1],
		(b->count - slot) * sizeof *b->versions);
	compare_features(b);
	for (size_t i = 0; i < b->size; i++) {
		uint16_t *answers = b->rows[i].answers;
		memmove(&answers[slot], &answers[slot + 1], (b->count - slot) * sizeof *answers);
		answers[b->count] = UPK_NO_CLASS;
	}
}

static size_t slot_of(const struct upk_bench *b, int64_t version)
{
	size_t slot = 0;
	while (slot < b->count && upk_serving_version(b->versions[slot]) != version)
		slot++;
	return slot;
}

static void insert(struct upk_bench *b, struct upk_serving *serving)
{
	size_t slot = b->count;
	while (slot > 0 &&
		upk_serving_version(b->versions[slot - 1]) > upk_serving_version(serving))
		slot--;
	memmove(&b->versions[slot + 1], &b->versions[slot],
		(b->count - slot) * sizeof *b->versions);
	b->versions[slot] = serving;
	for (size_t i = 0; i < b->size; i++) {
		uint16_t *answers = b->rows[i].answers;
		memmove(&answers[slot + 1], &answers[slot], (b->count - slot) * sizeof *answers);
		answers[slot] = UPK_NO_CLASS;
	}
	b->count++;
	compare_features(b);
}

bool upk_bench_enter(struct upk_bench *b, struct upk_serving *serving, struct upk_error *err)
{
	if (slot_of(b, upk_serving_version(serving)) < b->count) {
		upk_serving_destroy(serving);
		return true;
	}
	if (!b->rows) {
		b->capacity = (size_t)b->policy->bench_window;
		b->rows = calloc(b->capacity, sizeof *b->rows);
		if (!b->rows) {
			upk_serving_destroy(serving);
			return upk_fail(err, UPK_NOMEM, "no memory for the bench");
		}
	}
	size_t most = (size_t)fmin(b->policy->bench_versions + 1, UPK_BENCH_MOST);
	if (b->count == most)
		drop_slot(b, 0);
	insert(b, serving);
	return true;
}

void upk_bench_leave(struct upk_bench *b, int64_t version)
{
	size_t slot = slot_of(b, version);
	if (slot < b->count)
		drop_slot(b, slot);
}

size_t upk_bench_count(const struct upk_bench *b)
{
	return b->count;
}

struct upk_serving *upk_bench_at(const struct upk_bench *b, size_t i)
{
	return b->versions[i];
}

struct upk_serving *upk_bench_find(const struct upk_bench *b, int64_t version)
{
	size_t slot = slot_of(b, version);
	return slot < b->count ? b->versions[slot] : NULL;
}

void upk_bench_begin(struct upk_bench *b)
{
	b->at = b->size = 0;
}

static bool answer(struct upk_bench *b, size_t slot, const struct upk_features *list,
	struct upk_text features, uint16_t *class, struct upk_error *err)
{
	struct upk_serving *s = b->versions[slot];
	return slot > 0 && b->alike[slot] ? upk_serving_answer_after(s, b->versions[0], class, err)
					  : upk_serving_answer(s, list, features, class, NULL, err);
}

bool upk_bench_pair(struct upk_bench *b, int64_t place, struct upk_pair pair,
	const struct upk_features *list, struct upk_text features, struct upk_error *err)
{
	if (b->count == 0 || !list || !features.data)
		return true;

	struct row row = { .place = place, .pair = pair };
	memset(row.answers, 0xff, sizeof row.answers);
	for (size_t i = 0; i < b->count; i++)
		if (!answer(b, i, list, features, &row.answers[i], err))
			return false;

	b->rows[b->at] = row;
	b->at = (b->at + 1) % b->capacity;
	if (b->size < b->capacity)
		b->size++;
	return true;
}

void upk_bench_revise(struct upk_bench *b, int64_t place, uint16_t actual)
{
	for (size_t i = 0; i < b->size; i++)
		if (b->rows[i].place == place)
			b->rows[i].pair.actual = actual;
}

static size_t row_at(const struct upk_bench *b, size_t i)
{
	return (b->at + b->capacity - b->size + i) % b->capacity;
}

void upk_bench_remove(struct upk_bench *b, int64_t place)
{
	bool found = false;
	for (size_t i = 0; i < b->size; i++) {
		if (found)
			b->rows[row_at(b, i - 1)] = b->rows[row_at(b, i)];
		found = found || b->rows[row_at(b, i)].place == place;
	}
	if (!found)
		return;
	b->at = (b->at + b->capacity - 1) % b->capacity;
	b->size--;
}

int64_t upk_bench_start(const struct upk_bench *b)
{
	return b->size > 0 ? b->rows[row_at(b, 0)].place : 0;
}

static double macro_f1(const struct upk_bench *b, size_t slot, size_t classes)
{
	struct upk_confusion *c = upk_confusion_create(classes, NULL);
	if (!c)
		return NAN;
	for (size_t i = 0; i < b->size; i++) {
		struct upk_pair pair = b->rows[i].pair;
		if (slot < b->count)
			pair.predicted = b->rows[i].answers[slot];
		upk_confusion_add(c, pair);
	}
	struct upk_measure macro = { upk_metric_find("f1"), UPK_AVERAGE_MACRO, 0 };
	double f1 = upk_measure_value(macro, c);
	upk_confusion_destroy(c);
	return f1;
}

/* false: the slot did not answer on every row. */
static bool compare(const struct upk_bench *b, size_t slot, struct upk_takeover *out)
{
	for (size_t i = 0; i < b->size; i++) {
		const struct row *row = &b->rows[i];
		if (row->answers[slot] == UPK_NO_CLASS)
			return false;
		bool it = row->answers[slot] == row->pair.actual;
		bool champion = row->pair.predicted == row->pair.actual;
		out->lead += it - champion;
		out->differ += it != champion;
	}
	return true;
}

bool upk_bench_judge(const struct upk_bench *b, int64_t in_use, int64_t champion, size_t classes,
	struct upk_takeover *out)
{
	bool found = false;
	if (b->size < (size_t)b->policy->bench_least)
		return false;

	for (size_t slot = 0; slot < b->count; slot++) {
		struct upk_takeover t = { .version = upk_serving_version(b->versions[slot]),
			.pairs = b->size };
		if (t.version == in_use || t.version == champion || !compare(b, slot, &t))
			continue;
		if ((double)t.lead <= b->policy->bench_lead ||
			(double)t.lead <= b->policy->bench_z * sqrt((double)t.differ))
			continue;
		t.f1 = macro_f1(b, slot, classes);
		t.champion_f1 = macro_f1(b, b->count, classes);
		if (t.f1 > t.champion_f1 && (!found || t.lead > out->lead)) {
			*out = t;
			found = true;
		}
	}
	return found;
}
