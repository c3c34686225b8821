#include "stream.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

void stream_open(struct stream *s, const char *config, size_t classes)
{
	static const char names[] = "abcdefgh";
	struct upk_text texts[8];
	struct upk_error err = { 0 };
	for (size_t i = 0; i < classes; i++)
		texts[i] = (struct upk_text){ &names[i], 1 };
	struct upk_config *c = upk_config_parse(upk_text_of(config), &err);
	if (!c)
		fail_msg("%s", err.message);
	struct upk_schema *schema =
		upk_schema_create(c, texts, classes, c->features, c->features ? 1 : 0, 1, &err);
	if (!schema)
		fail_msg("%s", err.message);
	*s = (struct stream){ .clock = 1700000000000 };
	s->tail = upk_tail_create(c, schema, true, &err);
	assert_non_null(s->tail);
	upk_schema_unref(schema);
	upk_config_unref(c);
	upk_random_seed(&s->random, 1);
}

void stream_close(struct stream *s)
{
	upk_tail_destroy(s->tail);
	upk_orders_finish(&s->orders);
}

static void take(struct stream *s, struct upk_step *step)
{
	struct upk_error err = { 0 };
	step->seq = ++s->seq;
	step->arrival = s->clock;
	if (!upk_tail_step(s->tail, step, &s->orders, &err))
		fail_msg("%s", err.message);
}

static void add_features(struct stream *s, struct upk_step *step, double *x)
{
	if (!s->tail->schema->features)
		return;
	*x = (double)step->pair.actual;
	step->list = s->tail->schema->features;
	step->features = (struct upk_text){ (const char *)x, sizeof *x };
}

int64_t stream_event(struct stream *s, upk_tag tag)
{
	struct upk_step step = { .kind = UPK_STEP_EVENT, .event = ++s->event, .tag = tag };
	take(s, &step);
	return s->event;
}

static void label_at(
	struct stream *s, int64_t time, int64_t event, upk_tag tag, int actual, int predicted)
{
	double x;
	struct upk_step step = { .kind = UPK_STEP_PAIR,
		.event = event,
		.tag = tag,
		.place = ++s->place,
		.time = time,
		.pair = { (uint16_t)actual, (uint16_t)predicted } };
	add_features(s, &step, &x);
	take(s, &step);
}

void stream_label(struct stream *s, int64_t event, upk_tag tag, int actual, int predicted)
{
	s->clock++;
	label_at(s, s->clock, event, tag, actual, predicted);
}

void stream_pair(struct stream *s, upk_tag tag, int actual, int predicted)
{
	stream_label(s, stream_event(s, tag), tag, actual, predicted);
}

void stream_pair_at(struct stream *s, int64_t time, upk_tag tag, int actual, int predicted)
{
	label_at(s, time, stream_event(s, tag), tag, actual, predicted);
}

void stream_example(struct stream *s, int actual)
{
	double x;
	s->clock++;
	struct upk_step step = { .kind = UPK_STEP_EXAMPLE,
		.event = ++s->event,
		.place = ++s->place,
		.time = s->clock,
		.pair = { .actual = (uint16_t)actual } };
	add_features(s, &step, &x);
	take(s, &step);
}

void stream_revise(struct stream *s, int64_t place, int64_t time, upk_tag tag, int was, int actual,
	int predicted)
{
	struct upk_step step = { .kind = UPK_STEP_REVISION,
		.event = place,
		.tag = tag,
		.place = place,
		.time = time,
		.was = (uint16_t)was,
		.pair = { (uint16_t)actual, (uint16_t)predicted } };
	take(s, &step);
}

void stream_tick(struct stream *s, int64_t now)
{
	struct upk_error err = { 0 };
	s->clock = now;
	if (!upk_tail_tick(s->tail, s->seq, now, &s->orders, &err))
		fail_msg("%s", err.message);
}

void stream_random(struct stream *s, upk_tag tag, size_t pairs, double accuracy)
{
	size_t classes = s->tail->schema->classes_count;
	for (size_t i = 0; i < pairs; i++) {
		int actual = (int)upk_random_below(&s->random, classes);
		bool right = upk_random_unit(&s->random) < accuracy;
		int other = (actual + 1) % (int)classes;
		stream_pair(s, tag, actual, right ? actual : other);
	}
}

void stream_even(struct stream *s, upk_tag tag, size_t pairs, int hits, int of)
{
	for (size_t i = 0; i < pairs; i++)
		stream_pair(s, tag, 0, (int)(i % (size_t)of) < hits ? 0 : 1);
}

size_t stream_count(const struct stream *s, enum upk_order_kind kind)
{
	size_t n = 0;
	for (size_t i = 0; i < s->orders.count; i++)
		n += s->orders.items[i].kind == kind;
	return n;
}

const struct upk_order *stream_newest(const struct stream *s, enum upk_order_kind kind)
{
	for (size_t i = s->orders.count; i > 0; i--)
		if (s->orders.items[i - 1].kind == kind)
			return &s->orders.items[i - 1];
	fail_msg("no order of kind %d", kind);
	return NULL;
}
