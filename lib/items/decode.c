#include "items/decode.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_writer.h"
#include "base/number.h"
#include "base/time.h"
#include "config/value.h"
#include "metrics/confusion.h"

enum { ID_MAX = 128, CLASS_MAX = 128, SLICE_MAX = 128, VERSION_MAX = 128, META_MAX = 1024 };

static const int64_t day_ms = INT64_C(24) * 3600 * 1000;
static const double sum_tolerance = 0.001;

/* A member and its value, whose first token was read. */
struct value {
	const char *name;
	enum upk_json_token token;
	struct upk_text text;
};

/* Sets the item's error unless it has one: the first fault is the one that is told. */
static void reject(struct upk_decoder *d, struct upk_item *item, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void reject(struct upk_decoder *d, struct upk_item *item, const char *format, ...)
{
	char message[1024];
	if (item->error)
		return;
	va_list args;
	va_start(args, format);
	vsnprintf(message, sizeof message, format, args);
	va_end(args);
	item->error = upk_batch_say(d->batch, "%s", message);
	if (!item->error)
		d->no_memory = true;
}

/* "NAME: VALUE: want WANT"; reads the value to its end. */
static void wrong(struct upk_decoder *d, struct upk_item *item, struct value v, const char *want)
{
	char shown[UPK_VALUE_SHOWN];
	upk_value_show(d->reader, v.token, v.text, shown);
	reject(d, item, "%s: %s: want %s", v.name, shown, want);
}

/* NAME has \u0000, which JSON has and no text that is stored: its item alone is at fault. */
static void refuse_zeros(struct upk_decoder *d, struct upk_item *item, const char *name)
{
	if (upk_json_zeros(d->reader) > d->zeros)
		reject(d, item, "%s: " UPK_VALUE_ZERO, name);
	d->zeros = upk_json_zeros(d->reader);
}

/* The text where it lies if that is the body, else a copy: a reader's text ends with the next
 * token. */
static struct upk_text keep(struct upk_decoder *d, struct upk_text text)
{
	uintptr_t body = (uintptr_t)d->text.data, at = (uintptr_t)text.data;
	if (at >= body && at < body + d->text.size)
		return text;
	char *copy = upk_arena_take(d->arena, text.size + 1);
	if (!copy) {
		d->no_memory = true;
		return (struct upk_text){ "", 0 };
	}
	memcpy(copy, text.data, text.size);
	copy[text.size] = 0;
	return (struct upk_text){ copy, text.size };
}

/* A copy of what stands in the scratch. */
static struct upk_text keep_scratch(struct upk_decoder *d)
{
	static const struct upk_text empty = { "", 0 };
	if (d->scratch.failed)
		d->no_memory = true;
	if (d->no_memory || !d->scratch.size)
		return empty;
	char *copy = upk_arena_take(d->arena, d->scratch.size);
	if (!copy) {
		d->no_memory = true;
		return empty;
	}
	memcpy(copy, d->scratch.data, d->scratch.size);
	return (struct upk_text){ copy, d->scratch.size };
}

/* Names an unknown member, "group" or "slices.country": left out, or refused by a strict model. Its
 * index among those that were left out; UPK_BATCH_IGNORED: it is not among them. */
static size_t ignore(
	struct upk_decoder *d, struct upk_item *item, const char *prefix, struct upk_text name)
{
	struct upk_batch *b = d->batch;
	char shown[UPK_VALUE_SHOWN], whole[UPK_VALUE_SHOWN + 16];
	snprintf(whole, sizeof whole, "%s%s", prefix, upk_text_show(name, shown));
	if (b->schema->config->strict) {
		reject(d, item, "%s: unknown member, and the model is strict", whole);
		return UPK_BATCH_IGNORED;
	}
	size_t i = 0;
	while (i < b->ignored_count && strcmp(b->ignored[i], whole) != 0)
		i++;
	if (i < b->ignored_count || i == UPK_BATCH_IGNORED)
		return i;
	struct upk_text kept = keep(d, upk_text_of(whole));
	if (d->no_memory)
		return UPK_BATCH_IGNORED;
	b->meant[i] = NULL;
	b->ignored[b->ignored_count++] = (char *)kept.data;
	return i;
}

/* Text of a string of 1..most bytes, of an integer's digits, of a boolean where `booleans`;
 * absent: none of these. */
static struct upk_text name_of(struct value v, size_t most, bool booleans)
{
	struct upk_text text = { 0 };
	if (v.token == UPK_JSON_STRING)
		text = v.text;
	else if (v.token == UPK_JSON_NUMBER)
		text = upk_value_digits(v.text);
	else if (booleans && v.token == UPK_JSON_TRUE)
		text = upk_text_of("true");
	else if (booleans && v.token == UPK_JSON_FALSE)
		text = upk_text_of("false");
	return text.size && text.size <= most ? text : (struct upk_text){ 0 };
}

static void read_id(struct upk_decoder *d, struct upk_item *item, struct value v)
{
	struct upk_text id = name_of(v, ID_MAX, false);
	if (id.data)
		item->id = keep(d, id);
	else
		wrong(d, item, v, "a string of 1 to 128 bytes or an integer");
}

static void read_timestamp(struct upk_decoder *d, struct upk_item *item, struct value v)
{
	int64_t now = d->batch->now, ms;
	struct upk_error err;
	bool integer = v.token == UPK_JSON_NUMBER && upk_number_parse_int(v.text, &ms);
	if (integer && !upk_time_check(ms, &err)) {
		reject(d, item, "timestamp: %s", err.message);
		return;
	}
	if (!integer && (v.token != UPK_JSON_STRING || !upk_time_parse(v.text, &ms, NULL))) {
		wrong(d, item, v, "RFC 3339 or integer milliseconds since 1970");
		return;
	}
	if (ms > now && ms - now > day_ms) {
		wrong(d, item, v, "at most a day ahead of the clock");
		return;
	}
	item->timed = true;
	item->time = ms > now && d->batch->kind == UPK_ITEM_LABEL ? now : ms;
}

static void read_class(struct upk_decoder *d, struct upk_item *item, struct value v,
	struct upk_text *class, uint16_t *found)
{
	struct upk_text text = name_of(v, CLASS_MAX, true);
	if (text.data) {
		*class = keep(d, text);
		*found = (uint16_t)(upk_schema_class(d->batch->schema, text) + 1);
	} else
		wrong(d, item, v, "a class: a string of 1 to 128 bytes, an integer or a boolean");
}

static void read_predicted(struct upk_decoder *d, struct upk_item *item, struct value v)
{
	read_class(d, item, v, &item->predicted, &item->predicted_found);
}

static void read_label(struct upk_decoder *d, struct upk_item *item, struct value v)
{
	if (v.token != UPK_JSON_NULL)
		read_class(d, item, v, &item->label, &item->label_found);
	else if (d->batch->kind == UPK_ITEM_LABEL)
		reject(d, item,
			"label: null: a label can't be withdrawn: post the right one, or DELETE "
			"the event");
	else
		reject(d, item, "label: null: leave it out where it is not known");
}

static bool read_probability(const struct upk_decoder *d, struct value v, double *x)
{
	return v.token == UPK_JSON_NUMBER && upk_json_read_double(d->reader, x) && *x >= 0 &&
		*x <= 1;
}

static void read_score(struct upk_decoder *d, struct upk_item *item, struct value v)
{
	const struct upk_schema *s = d->batch->schema;
	double x;
	if (!read_probability(d, v, &x))
		wrong(d, item, v, "0 to 1");
	else if (s->classes_declared && s->positive < 0)
		reject(d, item,
			"score: %.*s: the model has no positive class that it could be of: "
			"send scores",
			(int)v.text.size, v.text.data);
	item->scored = !item->error;
	item->score = item->scored ? x : 0;
}

/* Appends one probability to the scratch, classes still with the reader. */
static void add_probability(struct upk_decoder *d, struct upk_item *item, struct upk_text class,
	struct value v, double *sum)
{
	struct upk_class_score score = { .class = class };
	char shown[UPK_VALUE_SHOWN], at[UPK_VALUE_SHOWN];
	if (!read_probability(d, v, &score.probability)) {
		upk_value_show(d->reader, v.token, v.text, shown);
		snprintf(at, sizeof at, "[%zu]", item->scores_count);
		if (class.data)
			upk_text_show(class, at);
		reject(d, item, "scores%s%s: %s: want 0 to 1", class.data ? "." : "", at, shown);
	}
	if (item->scores_count == UPK_CLASSES_MAX)
		reject(d, item, "scores: more than %d: want one a class", UPK_CLASSES_MAX);
	if (item->error)
		return;
	upk_buffer_append(&d->scratch, &score, sizeof score);
	item->scores_count++;
	*sum += score.probability;
}

static void read_scores_object(struct upk_decoder *d, struct upk_item *item, double *sum)
{
	struct value v;
	char shown[UPK_VALUE_SHOWN];
	while (upk_json_next(d->reader, &v.text) == UPK_JSON_KEY) {
		struct upk_text class = keep(d, v.text);
		if (!class.size || class.size > CLASS_MAX)
			reject(d, item, "scores: \"%s\": want classes of 1 to 128 bytes",
				upk_text_show(class, shown));
		v.token = upk_json_next(d->reader, &v.text);
		add_probability(d, item, class, v, sum);
	}
}

static void read_scores_array(struct upk_decoder *d, struct upk_item *item, double *sum)
{
	const struct upk_schema *s = d->batch->schema;
	struct value v;
	if (!s->classes_declared)
		reject(d, item,
			"scores: an array: want an object by class: the model declares no "
			"classes");
	while ((v.token = upk_json_next(d->reader, &v.text)) != UPK_JSON_ARRAY_END) {
		if (v.token == UPK_JSON_ERROR)
			return;
		add_probability(d, item, (struct upk_text){ 0 }, v, sum);
	}
	if (item->scores_count != s->classes_count)
		reject(d, item, "scores: %zu: want %zu, one a class", item->scores_count,
			s->classes_count);
}

/* The scratch holds scores: they become the item's. */
static void keep_scores(struct upk_decoder *d, struct upk_item *item)
{
	if (d->scratch.failed)
		d->no_memory = true;
	if (d->no_memory)
		return;
	item->scores = upk_arena_take(d->arena, d->scratch.size);
	if (item->scores)
		memcpy(item->scores, d->scratch.data, d->scratch.size);
	else
		d->no_memory = true;
}

static void read_scores(struct upk_decoder *d, struct upk_item *item, struct value v)
{
	double sum = 0;
	upk_buffer_clear(&d->scratch);
	if (v.token == UPK_JSON_OBJECT)
		read_scores_object(d, item, &sum);
	else if (v.token == UPK_JSON_ARRAY)
		read_scores_array(d, item, &sum);
	else
		wrong(d, item, v, "an object of probabilities by class, or an array");
	if (!(fabs(sum - 1) <= sum_tolerance + 1e-12))
		reject(d, item, "scores: they sum to %g: want 1 within %g", sum, sum_tolerance);
	if (item->error)
		item->scores_count = 0;
	else
		keep_scores(d, item);
}

/* Whose features are read. */
struct told {
	struct upk_decoder *d;
	struct upk_item *item;
};

static void ignore_feature(void *context, struct upk_text name)
{
	struct told *told = context;
	ignore(told->d, told->item, "features.", name);
	if (told->d->unknown_count < UPK_BATCH_IGNORED)
		told->d->unknown[told->d->unknown_count++] = keep(told->d, name);
}

/* "; did you mean NAME?" of the first unknown name that is near one; "": none is. Comparing with
 * thousands of features takes a while, so once a body is enough. */
static void ask_features(struct upk_decoder *d, char near[UPK_SPELLING_SIZE])
{
	near[0] = '\0';
	for (size_t i = 0; i < d->unknown_count && !d->asked && !near[0]; i++) {
		char shown[UPK_VALUE_SHOWN];
		struct upk_spelling spelling = { .word = upk_text_show(d->unknown[i], shown) };
		upk_features_try(d->batch->schema->features, &spelling);
		upk_spelling_ask(&spelling, near);
	}
	d->asked = d->asked || d->unknown_count > 0;
}

/* A row without any feature of the model would get the answer to a row of missing ones, and an
 * example would teach it. */
static void refuse_strange(struct upk_decoder *d, struct upk_item *item)
{
	char unknown[UPK_SPELLING_SIZE] = "", known[UPK_SPELLING_SIZE], near[UPK_SPELLING_SIZE];
	char shown[UPK_VALUE_SHOWN];
	bool fits = true;
	for (size_t i = 0; fits && i < d->unknown_count; i++) {
		upk_text_show(d->unknown[i], shown);
		fits = upk_spelling_add(unknown, upk_text_of(shown));
	}
	ask_features(d, near);
	upk_features_list(d->batch->schema->features, known);
	if (d->unknown_count > 0)
		reject(d, item, "features: the model has none of %s%s want some of %s",
			unknown, near[0] ? near : ":", known);
	else
		reject(d, item, "features: {}: want some of %s", known);
}

/* Until features are learnt their JSON is kept; {} and [] teach nothing. */
static void keep_raw_features(struct upk_decoder *d, struct upk_item *item, struct value v)
{
	struct upk_text raw;
	if (!upk_json_skip(d->reader, v.token, &raw))
		return;
	size_t empty = 1;
	while (strchr(" \t\r\n", raw.data[empty]))
		empty++;
	if (empty == raw.size - 1)
		return;
	item->raw_features = raw;
	d->batch->unlearnt = true;
}

static void read_features(struct upk_decoder *d, struct upk_item *item, struct value v)
{
	const struct upk_features *features = d->batch->schema->features;
	struct told told = { .d = d, .item = item };
	struct upk_features_met met = { .ignored = ignore_feature, .context = &told };
	struct upk_error err;
	if (v.token != UPK_JSON_OBJECT && v.token != UPK_JSON_ARRAY) {
		wrong(d, item, v, "an array or an object");
		return;
	}
	if (!features) {
		keep_raw_features(d, item, v);
		return;
	}
	upk_buffer_clear(&d->scratch);
	err.message[0] = 0;
	if (!upk_features_encode(features, d->reader, v.token, &met, &d->scratch, &err))
		reject(d, item, "%s", err.message);
	else if (met.known || (d->batch->kind == UPK_ITEM_EVENT && d->unknown_count == 0))
		item->features = keep_scratch(d);
	else if (d->batch->kind == UPK_ITEM_EVENT)
		item->strange = true;
	else
		refuse_strange(d, item);
}

/* Index of a declared slice key; the count: none. */
static size_t slice_of(const struct upk_config *c, struct upk_text key)
{
	size_t i = 0;
	while (i < c->slices_count && !upk_text_is(key, c->slices[i]))
		i++;
	return i;
}

/* A declared key's value as text; absent: refused. */
static struct upk_text read_slice(
	struct upk_decoder *d, struct upk_item *item, struct value v, const char *key)
{
	struct upk_text text = name_of(v, SLICE_MAX, true);
	if (v.token == UPK_JSON_STRING && !v.text.size)
		return (struct upk_text){ "", 0 };
	bool zero = text.data && memchr(text.data, 0, text.size);
	if (text.data && !zero)
		return keep(d, text);
	char name[SLICE_MAX + 16];
	snprintf(name, sizeof name, "slices.%s", key);
	v.name = name;
	if (zero)
		refuse_zeros(d, item, name);
	else
		wrong(d, item, v, "a string of at most 128 bytes, an integer or a boolean");
	return (struct upk_text){ 0 };
}

static void keep_slices(struct upk_decoder *d, struct upk_item *item, const struct upk_text *values)
{
	const struct upk_config *c = d->batch->schema->config;
	struct upk_json_writer w = upk_json_writer_on(&d->scratch);
	size_t written = 0;
	upk_buffer_clear(&d->scratch);
	upk_json_object(&w, NULL);
	for (size_t i = 0; i < c->slices_count; i++) {
		size_t key = d->slice_order[i];
		if (!values[key].data)
			continue;
		upk_json_text(&w, c->slices[key], values[key]);
		written++;
	}
	upk_json_object_end(&w);
	if (written)
		item->slices = keep_scratch(d);
}

static void read_slices(struct upk_decoder *d, struct upk_item *item, struct value v)
{
	const struct upk_config *c = d->batch->schema->config;
	struct upk_text values[UPK_SLICES_MAX] = { 0 };
	if (v.token != UPK_JSON_OBJECT) {
		wrong(d, item, v, "an object");
		return;
	}
	while (upk_json_next(d->reader, &v.text) == UPK_JSON_KEY) {
		struct upk_error err = { 0 };
		size_t i = slice_of(c, v.text);
		if (i == c->slices_count)
			ignore(d, item, "slices.", v.text);
		v.token = upk_json_next(d->reader, &v.text);
		if (i < c->slices_count)
			values[i] = read_slice(d, item, v, c->slices[i]);
		else if (!upk_value_skip(d->reader, v.token, v.text, &err))
			reject(d, item, "slices: %s", err.message);
	}
	keep_slices(d, item, values);
}

static void read_version(struct upk_decoder *d, struct upk_item *item, struct value v)
{
	int64_t number;
	if (v.token == UPK_JSON_STRING && v.text.size && v.text.size <= VERSION_MAX)
		item->version.name = keep(d, v.text);
	else if (v.token == UPK_JSON_NUMBER && upk_number_parse_int(v.text, &number) && number > 0)
		item->version.number = number;
	else
		wrong(d, item, v, "a version's number, or a string of 1 to 128 bytes");
}

static void read_meta(struct upk_decoder *d, struct upk_item *item, struct value v)
{
	if (v.token != UPK_JSON_OBJECT) {
		wrong(d, item, v, "an object");
		return;
	}
	struct upk_error err = { 0 };
	size_t start = upk_json_at(d->reader) - 1;
	bool finite = upk_value_skip(d->reader, v.token, v.text, &err);
	size_t size = upk_json_at(d->reader) - start;
	if (!finite)
		reject(d, item, "meta: %s", err.message);
	else if (size > META_MAX)
		reject(d, item, "meta: %zu bytes: want at most %d", size, META_MAX);
	else
		item->meta = (struct upk_text){ d->text.data + start, size };
}

static void read_source(struct upk_decoder *d, struct upk_item *item, struct value v)
{
	if (v.token == UPK_JSON_STRING && v.text.size && v.text.size <= ID_MAX)
		item->source = keep(d, v.text);
	else
		wrong(d, item, v, "a string of 1 to 128 bytes");
}

static void refuse_prediction(struct upk_decoder *d, struct upk_item *item, struct value v)
{
	wrong(d, item, v,
		"it left out: the model makes the prediction; events take those made elsewhere");
}

static void refuse_label(struct upk_decoder *d, struct upk_item *item, struct value v)
{
	wrong(d, item, v, "it left out: send it to labels when it is known");
}

enum {
	EVENT = 1U << UPK_ITEM_EVENT,
	LABEL = 1U << UPK_ITEM_LABEL,
	PREDICT = 1U << UPK_ITEM_PREDICT,
};

struct member {
	const char *name;
	size_t size;    /* of the name */
	unsigned kinds; /* of items that have it */
	void (*read)(struct upk_decoder *d, struct upk_item *item, struct value v);
};

#define MEMBER(name, kinds, read) \
	{ \
		name, sizeof(name) - 1, kinds, read \
	}

enum { MEMBERS = UPK_DECODER_MEMBERS };
static const struct member members[MEMBERS] = {
	MEMBER("id", EVENT | LABEL | PREDICT, read_id),
	MEMBER("timestamp", EVENT | LABEL | PREDICT, read_timestamp),
	MEMBER("predicted", EVENT, read_predicted),
	MEMBER("score", EVENT, read_score),
	MEMBER("scores", EVENT, read_scores),
	MEMBER("features", EVENT | PREDICT, read_features),
	MEMBER("slices", EVENT | PREDICT, read_slices),
	MEMBER("version", EVENT, read_version),
	MEMBER("label", EVENT | LABEL, read_label),
	MEMBER("meta", EVENT | PREDICT, read_meta),
	MEMBER("source", LABEL, read_source),
	MEMBER("predicted", PREDICT, refuse_prediction),
	MEMBER("score", PREDICT, refuse_prediction),
	MEMBER("scores", PREDICT, refuse_prediction),
	MEMBER("version", PREDICT, refuse_prediction),
	MEMBER("label", PREDICT, refuse_label),
};

static bool is_member(const struct upk_decoder *d, size_t i, struct upk_text name)
{
	return members[i].size == name.size && members[i].kinds & 1U << d->batch->kind &&
		memcmp(members[i].name, name.data, name.size) == 0;
}

/* Index among the members; MEMBERS: none. Items of one body name theirs in one order, most often:
 * the first try is what followed the last member the last time. */
static size_t find_member(struct upk_decoder *d, size_t last, struct upk_text name)
{
	size_t i = d->follows[last];
	if (is_member(d, i, name))
		return i;
	for (i = 0; i < MEMBERS && !is_member(d, i, name);)
		i++;
	if (i < MEMBERS)
		d->follows[last] = (unsigned char)i;
	return i;
}

/* The member that somebody who wrote word may have meant; NULL: none. */
static const char *meant_by(const struct upk_decoder *d, const char *word)
{
	const char *names[MEMBERS + 1] = { NULL };
	size_t count = 0;
	for (size_t i = 0; i < MEMBERS; i++)
		if (members[i].kinds & 1U << d->batch->kind &&
			members[i].read != refuse_prediction && members[i].read != refuse_label)
			names[count++] = members[i].name;
	return upk_spelling_meant(word, names);
}

/* A name is compared once a body: when it is left out for the first time. */
static void leave_out(struct upk_decoder *d, struct upk_item *item, struct upk_text name)
{
	struct upk_batch *b = d->batch;
	size_t had = b->ignored_count, i = ignore(d, item, "", name);
	if (b->ignored_count > had)
		b->meant[i] = meant_by(d, b->ignored[i]);
	if (i == UPK_BATCH_IGNORED || !b->meant[i] || item->meant)
		return;
	item->meant =
		upk_batch_say(b, "; did you mean %s, not %s?", b->meant[i], b->ignored[i]);
	if (!item->meant)
		d->no_memory = true;
}

static void read_unknown(struct upk_decoder *d, struct upk_item *item, struct upk_text name)
{
	struct upk_error err = { 0 };
	struct upk_text text;
	char shown[UPK_VALUE_SHOWN];
	if (!upk_json_key_new(d->reader, name))
		return;
	upk_text_show(name, shown);
	leave_out(d, item, name);
	if (!upk_value_skip(d->reader, upk_json_next(d->reader, &text), text, &err))
		reject(d, item, "%s: %s", shown, err.message);
	refuse_zeros(d, item, shown);
}

/* seen: a bit for each member that the item has had. */
static void read_member(struct upk_decoder *d, struct upk_item *item, size_t i, unsigned *seen)
{
	struct value v = { .name = members[i].name };
	if (*seen & 1U << i) {
		upk_json_key_twice(d->reader);
		return;
	}
	*seen |= 1U << i;
	v.token = upk_json_next(d->reader, &v.text);
	if (v.token != UPK_JSON_ERROR)
		members[i].read(d, item, v);
	refuse_zeros(d, item, v.name);
}

static const char *asked(const struct upk_item *item)
{
	return item->meant ? item->meant : "";
}

static void check_event(struct upk_decoder *d, struct upk_item *item)
{
	const struct upk_schema *s = d->batch->schema;
	bool predicted = item->predicted.data || item->scored || item->scores_count;
	if (!predicted && !item->label.data)
		reject(d, item, "predicted: missing: want predicted, score, scores or label%s",
			asked(item));
	if (!predicted && item->strange)
		refuse_strange(d, item);
	if (!item->id.data && !item->label.data)
		reject(d, item, "id: missing: only an event with its label goes without");
	if (item->scored && !item->predicted.data && !item->scores_count && s->classes_declared &&
		s->classes_count > 2)
		reject(d, item,
			"score: %g: does not tell which of %zu classes: want predicted or "
			"scores",
			item->score, s->classes_count);
}

static void check_label(struct upk_decoder *d, struct upk_item *item)
{
	if (!item->id.data)
		reject(d, item, "id: missing: want the event's");
	if (!item->label.data)
		reject(d, item, "label: missing: want a class%s", asked(item));
}

static void check_predict(struct upk_decoder *d, struct upk_item *item)
{
	if (!item->features.data && !item->raw_features.data)
		reject(d, item, "features: missing: want an array or an object%s", asked(item));
}

void upk_decode_item(struct upk_decoder *d, enum upk_json_token token, struct upk_text text,
	struct upk_item *item)
{
	static void (*const checks[])(struct upk_decoder * d, struct upk_item * item) = {
		[UPK_ITEM_EVENT] = check_event,
		[UPK_ITEM_LABEL] = check_label,
		[UPK_ITEM_PREDICT] = check_predict,
	};
	size_t last = 0;
	unsigned seen = 0;
	d->zeros = upk_json_zeros(d->reader);
	d->unknown_count = 0;
	if (token != UPK_JSON_OBJECT) {
		wrong(d, item, (struct value){ "item", token, text }, "an object");
		return;
	}
	while ((token = upk_json_member(d->reader, &text)) == UPK_JSON_KEY) {
		size_t i = find_member(d, last, text);
		if (i == MEMBERS) {
			read_unknown(d, item, text);
			continue;
		}
		read_member(d, item, i, &seen);
		last = i;
	}
	if (token == UPK_JSON_OBJECT_END)
		checks[d->batch->kind](d, item);
}

void upk_decoder_begin(struct upk_decoder *d)
{
	const struct upk_config *c = d->batch->schema->config;
	for (size_t i = 0; i < c->slices_count; i++) {
		size_t at = i;
		for (; at && strcmp(c->slices[d->slice_order[at - 1]], c->slices[i]) > 0; at--)
			d->slice_order[at] = d->slice_order[at - 1];
		d->slice_order[at] = i;
	}
}
