#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/scarce.h"
#include "engine/stream.h"
#include "tail/tail_state.h"
#include "windows/record_text.h"

static const char config[] =
	"{\"features\":[\"x\"],\"windows\":[{\"name\":\"w\",\"count\":200},{\"name\":\"d\","
	"\"duration\":\"1d\"}],\"rules\":[{\"name\":\"fell\",\"change\":\"down\",\"actions\":["
	"\"alert\",\"retrain\"]},{\"name\":\"low\",\"metric\":\"accuracy\",\"window\":\"w\","
	"\"below\":0.85,\"actions\":[\"alert\",\"retrain\"]}]}";

static char *state_of(const struct upk_tail *t)
{
	struct upk_buffer out = { 0 };
	upk_tail_state_write(t, &out);
	upk_buffer_putc(&out, '\0');
	assert_false(out.failed);
	return out.data;
}

/* A tail with an open run, a firing alert, a version in its trial, names and half a ring. */
static void open_busy(struct stream *s)
{
	upk_tag tag;
	stream_open(s, config, 2);
	const struct upk_made_by by = { .name = upk_text_of("mine \"1\"") };
	assert_true(upk_tags_of(&s->tail->tags, by, &tag, NULL));
	stream_random(s, tag, 1000, 0.9);
	for (int i = 0; i < 3; i++)
		upk_pace_take(&s->tail->pace, s->tail->policy, s->place + 1);
	stream_example(s, 1);
	upk_in_use_promote(&s->tail->in_use, 4);
	stream_event(s, 4);
	stream_random(s, 4, 400, 0.9);
	stream_random(s, tag, 3, 0.9);
	while (s->tail->open_run == 0)
		stream_random(s, 4, 1, 0.5);
	snprintf(s->tail->proposed_reason, sizeof s->tail->proposed_reason, "better by 7");
	s->tail->proposed = 3;
}

/* What the caller rebuilds from rows, as far as the state shows it. */
static void rebuild_record(struct upk_tail *t, const struct upk_record_start *start)
{
	assert_true(start->any);
	assert_true(start->kept);
	assert_true(upk_tail_begin_record(t, start->rarer, NULL));
	const struct upk_pair pair = { 0, 0 };
	upk_record_recall_pairs(t->record, (uint64_t)start->pairs);
	assert_true(upk_record_text_read(upk_buffer_text(&start->first), 2, t->record, NULL));
	assert_true(upk_record_recall_last(t->record, start->last, pair, NULL));
}

static void state_reads_back_to_the_same_state(void **state)
{
	(void)state;
	struct stream s, fresh;
	struct upk_record_start start = { 0 };
	struct upk_error err = { 0 };
	open_busy(&s);
	char *written = state_of(s.tail);
	stream_open(&fresh, config, 2);
	if (!upk_tail_state_read(fresh.tail, upk_text_of(written), &start, &err))
		fail_msg("%s", err.message);
	assert_int_equal(start.place, upk_record_start(s.tail->record));
	rebuild_record(fresh.tail, &start);
	char *again = state_of(fresh.tail);
	assert_string_equal(again, written);

	const struct upk_tail *t = fresh.tail;
	assert_int_equal(t->rarer, s.tail->rarer);
	assert_int_equal(t->open_run, s.tail->open_run);
	assert_int_equal(t->open.rule, s.tail->open.rule);
	assert_int_equal(t->in_use.ring_size, s.tail->in_use.ring_size);
	assert_string_equal(upk_tags_name(&t->tags, UPK_TAG_NAMED), "mine \"1\"");
	free(written);
	free(again);
	stream_close(&s);
	stream_close(&fresh);
	upk_record_start_finish(&start);
}

/* Ring, clock, rests and all: what follows is the same as if nothing had happened. */
static void ring_goes_on_where_it_was(void **state)
{
	(void)state;
	struct stream s, fresh;
	struct upk_record_start start = { 0 };
	stream_open(&s, "{\"rules\":[]}", 2);
	stream_random(&s, 0, 700, 0.9);
	stream_random(&s, 9, 250, 0.9);
	char *written = state_of(s.tail);
	stream_open(&fresh, "{\"rules\":[]}", 2);
	assert_true(upk_tail_state_read(fresh.tail, upk_text_of(written), &start, NULL));
	struct upk_in_use *a = &s.tail->in_use, *b = &fresh.tail->in_use;
	for (int64_t event = 951; event < 951 + 50; event++) {
		bool changed = upk_in_use_pair(a, event, 9);
		assert_int_equal(upk_in_use_pair(b, event, 9), changed);
		assert_int_equal(changed, event == 1000);
	}
	free(written);
	stream_close(&s);
	stream_close(&fresh);
	upk_record_start_finish(&start);
}

static upk_tag named(struct upk_tail *t, const char *name)
{
	upk_tag tag;
	const struct upk_made_by by = { .name = upk_text_of(name) };
	assert_true(upk_tags_of(&t->tags, by, &tag, NULL));
	return tag;
}

/* A tail whose windows were built beside it has numbered the names in the order of its rows. */
static void names_stay_what_they_were_where_others_are_known(void **state)
{
	(void)state;
	struct stream s, fresh;
	struct upk_record_start start = { 0 };
	stream_open(&s, "{\"rules\":[]}", 2);
	stream_random(&s, named(s.tail, "one"), 400, 0.9);
	stream_random(&s, named(s.tail, "two"), 200, 0.9);
	char *written = state_of(s.tail);
	stream_open(&fresh, "{\"rules\":[]}", 2);
	named(fresh.tail, "two");
	assert_true(upk_tail_state_read(fresh.tail, upk_text_of(written), &start, NULL));
	const struct upk_in_use *u = &fresh.tail->in_use;
	assert_string_equal(upk_tags_name(&fresh.tail->tags, u->tag), "one");
	assert_string_equal(upk_tags_name(&fresh.tail->tags, u->ring[0]), "one");
	assert_string_equal(upk_tags_name(&fresh.tail->tags, u->ring[u->ring_size - 1]), "two");
	free(written);
	stream_close(&s);
	stream_close(&fresh);
	upk_record_start_finish(&start);
}

static void changed_rule_starts_at_ok(void **state)
{
	(void)state;
	struct stream s, fresh;
	struct upk_record_start start = { 0 };
	open_busy(&s);
	assert_int_equal(s.tail->rules[0].state, UPK_RULE_FIRING);
	char *written = state_of(s.tail);
	char *changed = strdup(config), *count = strstr(changed, "200");
	memcpy(count, "201", 3); /* low's window is another one now */
	stream_open(&fresh, changed, 2);
	assert_true(upk_tail_state_read(fresh.tail, upk_text_of(written), &start, NULL));
	assert_int_equal(fresh.tail->rules[0].state, UPK_RULE_FIRING);
	assert_int_equal(fresh.tail->rules[0].alert, s.tail->rules[0].alert);
	assert_int_equal(fresh.tail->rules[1].state, UPK_RULE_OK);
	assert_int_equal(fresh.tail->rules[1].alert, 0);
	assert_int_equal(fresh.tail->rules[1].rest, 500);
	free(written);
	free(changed);
	stream_close(&s);
	stream_close(&fresh);
	upk_record_start_finish(&start);
}

static void settled_points_and_scores_count_on(void **state)
{
	(void)state;
	struct stream s, fresh;
	struct upk_record_start start = { 0 };
	open_busy(&s);
	char *written = state_of(s.tail);
	uint64_t since = upk_window_changes(s.tail->windows.at[0]) - s.tail->points[0].changes;
	stream_open(&fresh, config, 2);
	assert_true(upk_tail_state_read(fresh.tail, upk_text_of(written), &start, NULL));
	const struct upk_seat seat = { .place = 1, .time = 1, .event = 1 };
	assert_true(upk_windows_add(&fresh.tail->windows, &seat, NULL));
	upk_tail_state_settle(fresh.tail);
	assert_int_equal(
		upk_window_changes(fresh.tail->windows.at[0]) - fresh.tail->points[0].changes,
		since);
	free(written);
	stream_close(&s);
	stream_close(&fresh);
	upk_record_start_finish(&start);
}

static void state_that_lacks_something_for_want_of_memory_is_failed(void **state)
{
	(void)state;
	struct stream s;
	bool struck = true;
	open_busy(&s);
	for (int nth = 0; struck; nth++) {
		struct upk_buffer out = { 0 };
		scarce_begin(nth);
		upk_tail_state_write(s.tail, &out);
		scarce_end();
		struck = scarce_struck();
		assert_int_equal(out.failed, struck);
		upk_buffer_finish(&out);
	}
	stream_close(&s);
}

static void model_without_pairs_has_no_record(void **state)
{
	(void)state;
	struct stream s, fresh;
	struct upk_record_start start = { .any = true };
	stream_open(&s, "{}", 0);
	char *written = state_of(s.tail);
	stream_open(&fresh, "{}", 0);
	assert_true(upk_tail_state_read(fresh.tail, upk_text_of(written), &start, NULL));
	assert_false(start.any);
	assert_int_equal(start.rarer, -1);
	free(written);
	stream_close(&s);
	stream_close(&fresh);
	upk_record_start_finish(&start);
}

/* Classes, windows and rules come and go with the configuration; a definition that is missing is
 * another one. */
static bool may_be_missing(const char *key, size_t size)
{
	static const char *const names[] = { "a", "b", "w", "d", "fell", "low", "definition",
		"clock", "kept", "challenged", "score_pairs" };
	bool found = false;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		found = found || upk_text_is((struct upk_text){ key, size }, names[i]);
	return found;
}

/* Every member taken away in turn. */
static void broken_states_are_refused(void **state)
{
	(void)state;
	static const char *const broken[] = { "", "{}", "[]", "{\"place\":1}", "null" };
	struct stream s, fresh;
	struct upk_record_start start = { 0 };
	for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
		struct upk_error err = { 0 };
		stream_open(&fresh, config, 2);
		assert_false(upk_tail_state_read(fresh.tail, upk_text_of(broken[i]), &start, &err));
		assert_int_equal(err.code, UPK_CORRUPT);
		stream_close(&fresh);
		upk_record_start_finish(&start);
	}
	open_busy(&s);
	char *written = state_of(s.tail);
	for (char *end = strstr(written, "\":"); end; end = strstr(end + 1, "\":")) {
		char *key = end;
		while (key[-1] != '"')
			key--;
		if (may_be_missing(key, (size_t)(end - key)))
			continue;
		char kept = *key;
		*key = '~';
		stream_open(&fresh, config, 2);
		struct upk_error err = { 0 };
		if (upk_tail_state_read(fresh.tail, upk_text_of(written), &start, &err))
			fail_msg("read without %.20s", key);
		assert_int_equal(err.code, UPK_CORRUPT);
		stream_close(&fresh);
		upk_record_start_finish(&start);
		*key = kept;
	}
	free(written);
	stream_close(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(state_reads_back_to_the_same_state),
		cmocka_unit_test(ring_goes_on_where_it_was),
		cmocka_unit_test(names_stay_what_they_were_where_others_are_known),
		cmocka_unit_test(changed_rule_starts_at_ok),
		cmocka_unit_test(settled_points_and_scores_count_on),
		cmocka_unit_test(state_that_lacks_something_for_want_of_memory_is_failed),
		cmocka_unit_test(model_without_pairs_has_no_record),
		cmocka_unit_test(broken_states_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
