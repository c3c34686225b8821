#include "versions/bench.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A version and what it answered on the record's pairs since it came. */
struct seat {
	struct upk_serving *serving;
	bool alike; /* takes the same features as the first: one row is read for both */
	struct upk_duel duel;
};

/* The record has the pairs alone: a seat of as many answered all of them. */
struct upk_bench {
	const struct upk_policy *policy;
	struct seat seats[UPK_BENCH_MOST];
	size_t count;
	struct upk_duel record;
};

struct upk_bench *upk_bench_create(const struct upk_policy *policy, struct upk_error *err)
{
	struct upk_bench *b = calloc(1, sizeof *b);
	if (!b) {
		upk_fail(err, UPK_NOMEM, "no memory for the bench");
		return NULL;
	}
	b->policy = policy;
	b->record.capacity = (size_t)policy->bench_window;
	return b;
}

static void finish_seat(struct seat *seat)
{
	upk_serving_destroy(seat->serving);
	upk_duel_finish(&seat->duel);
}

void upk_bench_destroy(struct upk_bench *b)
{
	if (!b)
		return;
	for (size_t i = 0; i < b->count; i++)
		finish_seat(&b->seats[i]);
	upk_duel_finish(&b->record);
	free(b);
}

static void compare_features(struct upk_bench *b)
{
	for (size_t i = 1; i < b->count; i++)
		b->seats[i].alike = upk_serving_is_alike(b->seats[i].serving, b->seats[0].serving);
}

static void drop_seat(struct upk_bench *b, size_t i)
{
	finish_seat(&b->seats[i]);
	b->count--;
	memmove(&b->seats[i], &b->seats[i + 1], (b->count - i) * sizeof *b->seats);
	compare_features(b);
}

static size_t seat_of(const struct upk_bench *b, int64_t version)
{
	size_t i = 0;
	while (i < b->count && upk_serving_version(b->seats[i].serving) != version)
		i++;
	return i;
}

static void insert(struct upk_bench *b, const struct seat *seat)
{
	size_t i = b->count;
	while (i > 0 &&
		upk_serving_version(b->seats[i - 1].serving) > upk_serving_version(seat->serving))
		i--;
	memmove(&b->seats[i + 1], &b->seats[i], (b->count - i) * sizeof *b->seats);
	b->seats[i] = *seat;
	b->count++;
	compare_features(b);
}

bool upk_bench_enter(struct upk_bench *b, struct upk_serving *serving, struct upk_error *err)
{
	struct seat seat = { .serving = serving, .duel = { .capacity = b->record.capacity } };
	if (seat_of(b, upk_serving_version(serving)) < b->count) {
		upk_serving_destroy(serving);
		return true;
	}
	if (!upk_duel_reserve(&b->record, err) || !upk_duel_reserve(&seat.duel, err)) {
		upk_serving_destroy(serving);
		return false;
	}
	size_t most = (size_t)fmin(b->policy->bench_versions + 1, UPK_BENCH_MOST);
	if (b->count == most)
		drop_seat(b, 0);
	insert(b, &seat);
	return true;
}

void upk_bench_leave(struct upk_bench *b, int64_t version)
{
	size_t i = seat_of(b, version);
	if (i < b->count)
		drop_seat(b, i);
}

size_t upk_bench_count(const struct upk_bench *b)
{
	return b->count;
}

struct upk_serving *upk_bench_at(const struct upk_bench *b, size_t i)
{
	return b->seats[i].serving;
}

struct upk_serving *upk_bench_find(const struct upk_bench *b, int64_t version)
{
	size_t i = seat_of(b, version);
	return i < b->count ? b->seats[i].serving : NULL;
}

void upk_bench_begin(struct upk_bench *b)
{
	upk_duel_begin(&b->record);
	for (size_t i = 0; i < b->count; i++)
		upk_duel_begin(&b->seats[i].duel);
}

static bool answer(struct upk_bench *b, size_t i, const struct upk_features *list,
	struct upk_text features, uint16_t *class, struct upk_error *err)
{
	struct upk_serving *s = b->seats[i].serving;
	return i > 0 && b->seats[i].alike
		? upk_serving_answer_after(s, b->seats[0].serving, class, err)
		: upk_serving_answer(s, list, features, class, NULL, err);
}

bool upk_bench_pair(struct upk_bench *b, int64_t place, struct upk_pair pair,
	const struct upk_features *list, struct upk_text features, struct upk_error *err)
{
	struct upk_duel_pair answered[UPK_BENCH_MOST];
	const struct upk_duel_pair alone = { place, pair, UPK_NO_CLASS };
	bool done = true;
	if (b->count == 0 || !list || !features.data)
		return true;

	for (size_t i = 0; i < b->count; i++) {
		answered[i] = alone;
		if (!answer(b, i, list, features, &answered[i].other, err))
			return false;
	}
	for (size_t i = 0; done && i < b->count; i++)
		done = upk_duel_add(&b->seats[i].duel, &answered[i], err);
	return done && upk_duel_add(&b->record, &alone, err);
}

void upk_bench_revise(struct upk_bench *b, int64_t place, uint16_t actual)
{
	upk_duel_revise(&b->record, place, actual);
	for (size_t i = 0; i < b->count; i++)
		upk_duel_revise(&b->seats[i].duel, place, actual);
}

void upk_bench_remove(struct upk_bench *b, int64_t place)
{
	upk_duel_remove(&b->record, place);
	for (size_t i = 0; i < b->count; i++)
		upk_duel_remove(&b->seats[i].duel, place);
}

int64_t upk_bench_start(const struct upk_bench *b)
{
	return b->record.size > 0 ? upk_duel_at(&b->record, 0)->place : 0;
}

bool upk_bench_judge(const struct upk_bench *b, int64_t in_use, int64_t champion, size_t classes,
	int tuned, bool *wins, struct upk_takeover *out, struct upk_error *err)
{
	const struct upk_policy *policy = b->policy;
	const struct upk_duel_rule rule = { policy->bench_least, policy->bench_lead,
		policy->bench_z, tuned };
	*wins = false;

	for (size_t i = 0; i < b->count; i++) {
		const struct seat *seat = &b->seats[i];
		struct upk_takeover t;
		bool better;
		int64_t version = upk_serving_version(seat->serving);
		if (version == in_use || version == champion || seat->duel.size < b->record.size)
			continue;
		if (!upk_duel_judge(&seat->duel, &rule, classes, &better, &t, err))
			return false;
		if (!better || (*wins && t.lead <= out->lead))
			continue;
		*out = t;
		out->version = version;
		*wins = true;
	}
	return true;
}
