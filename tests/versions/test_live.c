#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/pack.h"
#include "base/random.h"
#include "engine/bed.h"
#include "learn/predictor.h"
#include "report/report.h"
#include "store/live.h"
#include "store/store.h"
#include "store/version.h"
#include "versions/live.h"

/* ---- duels ---- */

static void fight(struct upk_duel *d, int64_t place, uint16_t served, uint16_t other)
{
	const struct upk_duel_pair pair = { place, { 0, served }, other };
	assert_true(upk_duel_add(d, &pair, NULL));
}

static void a_duel_counts_where_exactly_one_is_right(void **state)
{
	(void)state;
	struct upk_duel d = { .capacity = 4 };
	const struct upk_duel_rule rule = { .least = 3, .lead = -2, .z = -2 };
	struct upk_takeover t = { 0 };
	bool wins;
	fight(&d, 1, 0, 1); /* goes: four are held */
	fight(&d, 2, 1, 0);
	fight(&d, 3, 1, 0);
	fight(&d, 4, 1, 1);
	fight(&d, 5, 0, 0);
	upk_duel_count(&d, &t);
	assert_int_equal(t.lead, 2);
	assert_int_equal(t.differ, 2);
	assert_int_equal(t.pairs, 4);
	assert_int_equal(upk_duel_at(&d, 0)->place, 2);
	assert_true(upk_duel_judge(&d, &rule, 2, &wins, &t, NULL));
	assert_true(wins);

	upk_duel_revise(&d, 3, 1);
	upk_duel_remove(&d, 2);
	upk_duel_count(&d, &t);
	assert_int_equal(t.lead, -1);
	assert_int_equal(t.differ, 1);
	assert_int_equal(t.pairs, 3);
	assert_true(upk_duel_judge(&d, &rule, 2, &wins, &t, NULL));
	assert_false(wins); /* its F1 is not higher */
	upk_duel_finish(&d);
}

static void fight_often(
	struct upk_duel *d, size_t times, uint16_t actual, uint16_t served, uint16_t other)
{
	const struct upk_duel_pair pair = { 1, { actual, served }, other };
	for (size_t i = 0; i < times; i++)
		assert_true(upk_duel_add(d, &pair, NULL));
}

/* By hits and macro F1 (0.78 against 0.64) the other is ahead either way. Its F1 of class 1, 0.6
 * against 0.48, is not proven; without the 8 that it misses it is. */
static void where_a_class_is_tuned_for_its_f1_must_be_proven(void **state)
{
	struct upk_duel_rule rule = { .least = 50, .lead = 5, .z = 3.5 };
	struct upk_takeover t;
	bool wins;
	(void)state;
	for (size_t missed = 0; missed <= 8; missed += 8) {
		struct upk_duel d = { .capacity = 104 };
		fight_often(&d, 60, 0, 0, 0);
		fight_often(&d, 30, 0, 1, 0);
		fight_often(&d, 14 - missed, 1, 1, 1);
		fight_often(&d, missed, 1, 1, 0);
		rule.tuned = 0;
		assert_true(upk_duel_judge(&d, &rule, 2, &wins, &t, NULL));
		assert_true(wins);
		rule.tuned = 2;
		assert_true(upk_duel_judge(&d, &rule, 2, &wins, &t, NULL));
		assert_true(wins == (missed == 0));
		upk_duel_finish(&d);
	}
}

/* ---- the whole engine ---- */

/* The label is whether a + b / 2 > 0, and from TURN on the contrary of it. */
enum { EXAMPLES = 600, TURN = 800, ROWS = 1150, LATE = 25 };

static double feature(size_t row, size_t j)
{
	struct upk_random random;
	upk_random_seed(&random, 2 * row + j);
	return upk_random_unit(&random) - 0.5;
}

static int label(size_t row)
{
	return (feature(row, 0) + feature(row, 1) / 2 > 0) != (row >= TURN);
}

static void put(struct bed *b, const char *retrain)
{
	char config[200];
	snprintf(config, sizeof config, "{\"classes\":[\"0\",\"1\"],\"rules\":[],\"retrain\":{%s}}",
		retrain);
	bed_put(b, "m", config);
}

static void post_examples(struct bed *b)
{
	struct upk_buffer body = { 0 };
	struct upk_post post;
	for (size_t i = 0; i < EXAMPLES; i++)
		upk_buffer_printf(&body,
			"%s{\"id\":\"r%zu\",\"features\":[%.17g,%.17g],\"label\":\"%d\"}",
			i ? "," : "[", i, feature(i, 0), feature(i, 1), label(i));
	upk_buffer_append(&body, "]", 2);
	bed_post(b, &post, UPK_ITEM_EVENT, "m", body.data, BED_SETTLE);
	assert_int_equal(post.accepted, EXAMPLES);
	bed_finish(&post);
	upk_buffer_finish(&body);
}

struct answer {
	int64_t version, revision;
	double score;
};

static struct answer predict(struct bed *b, size_t row)
{
	char body[200];
	struct upk_post post;
	snprintf(body, sizeof body, "{\"id\":\"r%zu\",\"features\":[%.17g,%.17g]}", row,
		feature(row, 0), feature(row, 1));
	bed_post(b, &post, UPK_ITEM_PREDICT, "m", body, BED_SETTLE);
	assert_int_equal(post.accepted, 1);
	const struct upk_predicted *p = &post.predicted[0];
	const struct answer answer = { p->version, p->revision, post.scores[p->at + 1] };
	bed_finish(&post);
	return answer;
}

static void tell(struct bed *b, size_t row)
{
	char body[100];
	struct upk_post post;
	snprintf(body, sizeof body, "{\"id\":\"r%zu\",\"label\":\"%d\"}", row, label(row));
	bed_post(b, &post, UPK_ITEM_LABEL, "m", body, BED_SETTLE);
	assert_int_equal(post.joined, 1);
	bed_finish(&post);
}

/* Rows from .. to - 1 with their labels `late` rows later; the last one's answer. */
static struct answer play(struct bed *b, size_t from, size_t to, size_t late)
{
	struct answer last = { 0 };
	for (size_t i = from; i < to; i++) {
		last = predict(b, i);
		if (i >= EXAMPLES + late)
			tell(b, i - late);
	}
	return last;
}

static char *get(struct bed *b,
	bool (*report)(
		struct upk_engine *, const char *, struct upk_json_writer *, struct upk_error *))
{
	struct upk_error err = { 0 };
	struct upk_buffer out = { 0 };
	struct upk_json_writer w = upk_json_writer_on(&out);
	if (!report(b->engine, "m", &w, &err))
		fail_msg("%s", err.message);
	char *text = upk_text_copy(upk_buffer_text(&out));
	upk_buffer_finish(&out);
	return text;
}

static bool report_model(
	struct upk_engine *e, const char *name, struct upk_json_writer *w, struct upk_error *err)
{
	char etag[20];
	return upk_report_model(e, name, etag, w, err);
}

static void assert_contains(char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("%s is not in %s", part, text);
	free(text);
}

static void a_shadow_takes_over_when_it_is_proven_better(void **state)
{
	struct bed *b = *state;
	put(b, "\"every\":null");
	post_examples(b);
	assert_int_equal(play(b, EXAMPLES, TURN, 0).version, 1);
	struct answer last = play(b, TURN, ROWS, 0);
	assert_int_equal(last.version, 2);
	assert_true(last.revision > 100);
	int hits = 0;
	for (size_t i = ROWS; i < ROWS + 50; i++) {
		hits += (predict(b, i).score > 0.5) == label(i);
		tell(b, i);
	}
	assert_true(hits >= 40);
	assert_contains(get(b, upk_report_promotions), "\"by\":\"live\"");
}

/* The same label, told by a category alone. */
static void write_colored(struct upk_buffer *body, size_t row)
{
	bool above = feature(row, 0) + feature(row, 1) / 2 > 0;
	upk_buffer_printf(body, "{\"id\":\"r%zu\",\"features\":{\"x\":%.17g,\"color\":\"%s\"}", row,
		feature(row, 2), above ? "red" : "green");
}

static void post_colored_examples(struct bed *b)
{
	struct upk_buffer body = { 0 };
	struct upk_post post;
	for (size_t i = 0; i < EXAMPLES; i++) {
		upk_buffer_printf(&body, i ? "," : "[");
		write_colored(&body, i);
		upk_buffer_printf(&body, ",\"label\":\"%d\"}", label(i));
	}
	upk_buffer_append(&body, "]", 2);
	bed_post(b, &post, UPK_ITEM_EVENT, "m", body.data, BED_SETTLE);
	assert_int_equal(post.accepted, EXAMPLES);
	bed_finish(&post);
	upk_buffer_finish(&body);
}

static void a_shadow_learns_categories(void **state)
{
	struct bed *b = *state;
	int hits = 0;
	put(b, "\"every\":null");
	post_colored_examples(b);
	for (size_t i = EXAMPLES; i < ROWS; i++) {
		struct upk_buffer body = { 0 };
		struct upk_post post;
		write_colored(&body, i);
		upk_buffer_append(&body, "}", 2);
		bed_post(b, &post, UPK_ITEM_PREDICT, "m", body.data, BED_SETTLE);
		assert_int_equal(post.accepted, 1);
		const struct upk_predicted *p = &post.predicted[0];
		hits += i >= ROWS - 50 && (post.scores[p->at + 1] > 0.5) == label(i);
		bed_finish(&post);
		upk_buffer_finish(&body);
		tell(b, i);
	}
	assert_true(hits >= 40);
	assert_contains(get(b, upk_report_promotions), "\"by\":\"live\"");
}

static void switched_off_it_does_nothing(void **state)
{
	struct bed *b = *state;
	put(b, "\"live\":false");
	post_examples(b);
	assert_int_equal(play(b, EXAMPLES, ROWS, 0).version, 1);
}

static void by_hand_it_proposes_and_a_person_decides(void **state)
{
	struct bed *b = *state;
	struct upk_error err = { 0 };
	int64_t version;
	put(b, "\"promote\":\"manual\"");
	post_examples(b);
	assert_true(upk_engine_promote(b->engine, "m", 1, NULL, &err));
	assert_int_equal(play(b, EXAMPLES, ROWS, 0).version, 1);
	assert_contains(get(b, report_model),
		"\"proposed\":{\"version\":2,\"reason\":\"version 2, adjusted live");
	if (!upk_engine_promote(b->engine, "m", 2, NULL, &err))
		fail_msg("%s", err.message);
	struct answer first = predict(b, ROWS);
	assert_int_equal(first.version, 2);
	tell(b, ROWS);
	assert_true(predict(b, ROWS + 1).revision > first.revision);
	assert_true(upk_engine_rollback(b->engine, "m", &version, &err));
	assert_int_equal(version, 1);
	assert_int_equal(predict(b, ROWS + 2).version, 1);
}

/* ---- what is stored ---- */

static struct upk_store *open_store(const struct bed *b)
{
	struct upk_error err = { 0 };
	struct upk_store *s = upk_store_open(b->folder, UPK_STORE_READ, &err);
	if (!s)
		fail_msg("%s", err.message);
	return s;
}

/* The answer came from the bytes that are kept as its revision. */
static void assert_kept(const struct bed *b, size_t row, const struct answer *answer)
{
	struct upk_store *s = open_store(b);
	double x[] = { feature(row, 0), feature(row, 1) }, p[2];
	char *bytes;
	size_t size;
	bool found;
	assert_true(upk_copy_bytes(
		s, 1, answer->version, answer->revision, &found, &bytes, &size, NULL));
	assert_true(found);
	struct upk_predictor *version = upk_predictor_read((struct upk_text){ bytes, size }, NULL);
	struct upk_table t;
	upk_table_init(&t, upk_predictor_columns(version));
	assert_true(upk_table_add(&t, x, NULL));
	assert_true(upk_predictor_predict(version, &t, 0, 1, p, NULL));
	upk_table_finish(&t);
	assert_true(p[1] == answer->score);
	upk_predictor_unref(version);
	free(bytes);
	upk_store_close(s);
}

static void each_answer_comes_from_a_revision_that_is_kept(void **state)
{
	struct bed *b = *state;
	put(b, "\"every\":null");
	post_examples(b);
	play(b, EXAMPLES, ROWS, 0);
	for (size_t i = ROWS; i < ROWS + 20; i++) {
		struct answer answer = predict(b, i);
		assert_int_equal(answer.version, 2);
		assert_kept(b, i, &answer);
		tell(b, i);
	}
}

static bool count_copy(void *context, const struct upk_copy_row *row)
{
	assert_int_equal(row->version, 2);
	++*(size_t *)context;
	return true;
}

static void copies_that_did_not_predict_are_not_kept(void **state)
{
	struct bed *b = *state;
	size_t before = 0, after = 0;
	put(b, "\"renew\":7");
	post_examples(b);
	struct answer last = play(b, EXAMPLES, ROWS, 0);
	struct upk_store *s = open_store(b);
	assert_true(upk_copy_each(s, 1, 2, 0, count_copy, &before, NULL));
	assert_true(before > 10 && before < 100);
	for (size_t i = 0; i < 13; i++)
		assert_in_range(predict(b, ROWS + i).revision, last.revision, last.revision + 1);
	for (size_t i = 0; i < 13; i++)
		tell(b, ROWS + i);
	assert_true(upk_copy_each(s, 1, 2, 0, count_copy, &after, NULL));
	assert_in_range(after - before, 0, 1);
	upk_store_close(s);
}

/* ---- restarts ---- */

static void copy_file(const char *from, const char *to, const char *name)
{
	char path[200], bytes[4096];
	size_t n;
	snprintf(path, sizeof path, "%s/%s", from, name);
	FILE *in = fopen(path, "rb");
	if (!in)
		return;
	snprintf(path, sizeof path, "%s/%s", to, name);
	FILE *out = fopen(path, "wb");
	assert_non_null(out);
	while ((n = fread(bytes, 1, sizeof bytes, in)) > 0)
		assert_int_equal(fwrite(bytes, 1, n, out), n);
	assert_int_equal(fclose(out), 0);
	fclose(in);
}

/* As a kill leaves it: what was committed, and a state that has seen little of it. */
static void open_killed(struct bed *killed, const struct bed *b)
{
	static const char *const files[] = { "upkeepd.db", "upkeepd.db-wal", "committed" };
	*killed = (struct bed){ 0 };
	bed_open(killed);
	upk_engine_close(killed->engine);
	for (size_t i = 0; i < sizeof files / sizeof *files; i++)
		copy_file(b->folder, killed->folder, files[i]);
	bed_reopen_closed(killed);
}

/* Closing writes the state of all that came. */
static void close_and_read(struct bed *b, struct upk_buffer *live)
{
	struct upk_text bytes;
	upk_engine_close(b->engine);
	b->engine = NULL;
	struct upk_store *s = open_store(b);
	assert_true(upk_live_fetch(s, 1, &bytes, NULL));
	upk_buffer_append(live, bytes.data, bytes.size);
	upk_store_close(s);
}

static void assert_same_after_a_kill(struct bed *b, size_t to)
{
	struct bed killed;
	struct upk_buffer one = { 0 }, other = { 0 };
	put(b, "\"every\":null");
	post_examples(b);
	play(b, EXAMPLES, to, LATE);
	open_killed(&killed, b);
	struct answer here = play(b, to, to + 60, LATE), there = play(&killed, to, to + 60, LATE);
	assert_int_equal(here.version, there.version);
	assert_int_equal(here.revision, there.revision);
	assert_true(here.score == there.score);
	close_and_read(b, &one);
	close_and_read(&killed, &other);
	assert_int_equal(one.size, other.size);
	assert_memory_equal(one.data, other.data, one.size);
	upk_buffer_finish(&one);
	upk_buffer_finish(&other);
	bed_remove(&killed);
}

static void a_kill_in_the_shade_changes_no_bit(void **state)
{
	assert_same_after_a_kill(*state, TURN + 30);
}

static void a_kill_while_a_copy_serves_changes_no_bit(void **state)
{
	assert_same_after_a_kill(*state, ROWS);
}

/* Who has just opened again has the inputs of no event at hand. */
static void each_label_is_learnt_with_the_inputs_of_its_own_event(void **state)
{
	struct bed *b = *state, other;
	struct upk_buffer here = { 0 }, there = { 0 };
	put(b, "\"every\":null");
	post_examples(b);
	play(b, EXAMPLES, TURN, 0);
	predict(b, TURN);
	predict(b, TURN + 1);
	open_killed(&other, b);
	bed_reopen(&other);
	for (size_t row = TURN; row < TURN + 2; row++) {
		tell(b, row);
		tell(&other, row);
	}
	close_and_read(b, &here);
	close_and_read(&other, &there);
	assert_int_equal(here.size, there.size);
	assert_memory_equal(here.data, there.data, here.size);
	upk_buffer_finish(&here);
	upk_buffer_finish(&there);
	bed_remove(&other);
	bed_reopen_closed(b);
}

enum { NUMBER = 8, COUNTERS_BEFORE = 9, MEMBERS_CODE = 3 * 3 * 3 * 3 * 3 };

static int64_t number_at(const struct upk_buffer *state, size_t at)
{
	struct upk_unpack u = { .left = { state->data + at, NUMBER } };
	return upk_unpack_int(&u);
}

/* A state in the shade whose `waiting` last numbers are answers that wait, two a piece: in form 2 the
 * class that the copy answered stands where the code of all answers does now. of_form_2 false: what
 * that is in form 3, where nobody knows what the members answered. Neither has the last counter. */
static void forget_members(
	const struct upk_buffer *state, size_t waiting, bool of_form_2, struct upk_buffer *out)
{
	size_t list = state->size - 2 * waiting * NUMBER;
	assert_int_equal(number_at(state, list - NUMBER), waiting);
	upk_pack_int(out, of_form_2 ? -2 : -3);
	size_t head = NUMBER + (size_t)number_at(state, NUMBER) + COUNTERS_BEFORE * NUMBER;
	upk_buffer_append(out, state->data + NUMBER, head);
	head += 2 * NUMBER;
	upk_buffer_append(out, state->data + head, list - head);
	for (size_t at = list; at < state->size; at += 2 * NUMBER) {
		int64_t digit = number_at(state, at + NUMBER) / MEMBERS_CODE;
		assert_in_range(digit, 1, 2);
		upk_pack_int(out, number_at(state, at));
		upk_pack_int(out, of_form_2 ? digit - 1 : digit * MEMBERS_CODE);
	}
}

/* From form 2: the first had no mark in front, and between the third counter and the fourth one
 * that nobody read. */
static void write_first_form(const struct upk_buffer *state, struct upk_buffer *out)
{
	const char *why = state->data + NUMBER;
	size_t head = NUMBER + (size_t)(unsigned char)why[0] + 3 * NUMBER;
	upk_buffer_append(out, why, head);
	upk_buffer_append(out, "\0\1\2\3\4\5\6\7", NUMBER);
	upk_buffer_append(out, why + head, state->size - NUMBER - head);
}

static void store_state(struct bed *b, struct upk_text state)
{
	struct upk_store *s = upk_store_open(b->folder, UPK_STORE_WRITE, NULL);
	assert_non_null(s);
	assert_true(upk_store_begin(s, NULL));
	assert_true(upk_live_store(s, 1, state, NULL));
	assert_true(upk_store_commit(s, NULL));
	upk_store_close(s);
}

/* The state that a daemon comes to which goes on from this one. */
static void go_on_from(const struct bed *b, const struct upk_buffer *state, struct upk_buffer *out)
{
	struct bed other;
	open_killed(&other, b);
	upk_engine_close(other.engine);
	store_state(&other, upk_buffer_text(state));
	bed_reopen_closed(&other);
	play(&other, TURN, TURN + 60, LATE);
	close_and_read(&other, out);
	bed_remove(&other);
}

static void states_of_earlier_forms_go_on_as_one_of_now(void **state)
{
	struct bed *b = *state;
	struct upk_buffer now = { 0 }, forms[3] = { 0 }, ends[3] = { 0 };
	put(b, "\"every\":null");
	post_examples(b);
	play(b, EXAMPLES, TURN, LATE);
	close_and_read(b, &now);
	forget_members(&now, LATE, false, &forms[0]);
	forget_members(&now, LATE, true, &forms[1]);
	write_first_form(&forms[1], &forms[2]);
	for (size_t i = 0; i < 3; i++) {
		go_on_from(b, &forms[i], &ends[i]);
		assert_int_equal(ends[i].size, ends[0].size);
		assert_memory_equal(ends[i].data, ends[0].data, ends[0].size);
	}
	for (size_t i = 0; i < 3; i++) {
		upk_buffer_finish(&forms[i]);
		upk_buffer_finish(&ends[i]);
	}
	upk_buffer_finish(&now);
	bed_reopen_closed(b);
}

static void a_state_of_a_later_form_is_refused(void **state)
{
	(void)state;
	const struct upk_retrain_config config = { .policy = { .live_window = 50 } };
	struct upk_live *l = upk_live_create(&config, NULL);
	struct upk_buffer bytes = { 0 };
	struct upk_error err = { 0 };
	upk_pack_int(&bytes, -5);
	upk_pack_text(&bytes, upk_text_of(""));
	assert_false(upk_live_read(l, upk_buffer_text(&bytes), NULL, &err));
	assert_int_equal(err.code, UPK_CORRUPT);
	upk_buffer_finish(&bytes);
	upk_live_destroy(l);
}

#define ON_BED(test) cmocka_unit_test_setup_teardown(test, bed_setup, bed_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_duel_counts_where_exactly_one_is_right),
		cmocka_unit_test(where_a_class_is_tuned_for_its_f1_must_be_proven),
		ON_BED(a_shadow_takes_over_when_it_is_proven_better),
		ON_BED(a_shadow_learns_categories),
		ON_BED(switched_off_it_does_nothing),
		ON_BED(by_hand_it_proposes_and_a_person_decides),
		ON_BED(each_answer_comes_from_a_revision_that_is_kept),
		ON_BED(copies_that_did_not_predict_are_not_kept),
		ON_BED(a_kill_in_the_shade_changes_no_bit),
		ON_BED(a_kill_while_a_copy_serves_changes_no_bit),
		ON_BED(each_label_is_learnt_with_the_inputs_of_its_own_event),
		ON_BED(states_of_earlier_forms_go_on_as_one_of_now),
		cmocka_unit_test(a_state_of_a_later_form_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
