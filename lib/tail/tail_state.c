#include "tail/tail_state.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/json_writer.h"
#include "tail/alerting.h"
#include "windows/record_text.h"

/* Plain integers by name, so that writing and reading walk the same list. */
struct member {
	const char *name;
	size_t offset;
};

static const struct member counters[] = {
	{ "place", offsetof(struct upk_tail, place) },
	{ "event", offsetof(struct upk_tail, event) },
	{ "rows", offsetof(struct upk_tail, rows) },
	{ "pairs", offsetof(struct upk_tail, pairs) },
	{ "examples", offsetof(struct upk_tail, examples) },
	{ "predictions", offsetof(struct upk_tail, predictions) },
	{ "newest", offsetof(struct upk_tail, newest) },
	{ "first_due", offsetof(struct upk_tail, first_due) },
	{ "scheduled", offsetof(struct upk_tail, scheduled) },
	{ "proposed", offsetof(struct upk_tail, proposed) },
	{ NULL, 0 },
};

static const struct member in_use_members[] = {
	{ "since", offsetof(struct upk_in_use, since) },
	{ "tried", offsetof(struct upk_in_use, tried) },
	{ "carried", offsetof(struct upk_in_use, carried) },
	{ NULL, 0 },
};

static const struct member pace_members[] = {
	{ "change", offsetof(struct upk_pace, change) },
	{ "growth", offsetof(struct upk_pace, growth) },
	{ "token_place", offsetof(struct upk_pace, token_place) },
	{ NULL, 0 },
};

static const struct member rule_members[] = {
	{ "pending_since", offsetof(struct upk_rule, pending_since) },
	{ "alert", offsetof(struct upk_rule, alert) },
	{ "change", offsetof(struct upk_rule, change) },
	{ "run", offsetof(struct upk_rule, run) },
	{ "rest_until", offsetof(struct upk_rule, rest_until) },
	{ "rest", offsetof(struct upk_rule, rest) },
	{ "cooldown_until", offsetof(struct upk_rule, cooldown_until) },
	{ NULL, 0 },
};

static const struct member order_members[] = {
	{ "run", offsetof(struct upk_order, run) },
	{ "seq", offsetof(struct upk_order, seq) },
	{ "now", offsetof(struct upk_order, now) },
	{ "change", offsetof(struct upk_order, change) },
	{ "alert", offsetof(struct upk_order, alert) },
	{ NULL, 0 },
};

static const char *const stream_names[UPK_STREAMS] = { "all", "class" };

static const char *stream_name(size_t i)
{
	return i < UPK_STREAMS ? stream_names[i] : NULL;
}

static const char *state_name(size_t i)
{
	return i <= UPK_RULE_FIRING ? upk_rule_state_name((enum upk_rule_state)i) : NULL;
}

static const char *kind_name(size_t i)
{
	return i <= UPK_RUN_MANUAL ? upk_run_kind_name((enum upk_run_kind)i) : NULL;
}

static void write_members(const struct member *members, const void *from, struct upk_json_writer *w)
{
	for (const struct member *m = members; m->name; m++) {
		int64_t value;
		memcpy(&value, (const char *)from + m->offset, sizeof value);
		upk_json_int(w, m->name, value);
	}
}

static void write_labels(const struct upk_tail *t, struct upk_json_writer *w)
{
	upk_json_object(w, "labels");
	for (size_t i = 0; i < t->schema->classes_count; i++) {
		upk_json_key(w, t->schema->classes[i]);
		upk_json_int(w, NULL, (int64_t)t->labels[i]);
	}
	upk_json_object_end(w);
}

static upk_tag ring_at(const struct upk_in_use *u, size_t i)
{
	return u->ring[(u->ring_at + UPK_OTHER_PAIRS - u->ring_size + i) % UPK_OTHER_PAIRS];
}

/* Names that senders use are numbered anew in a state, as they are in it: few of all that ever
 * came. */
enum { NAMES_MOST = 3 + UPK_OTHER_PAIRS };

struct names {
	upk_tag tags[NAMES_MOST];
	size_t count;
};

static upk_tag number_of(const struct names *n, upk_tag tag)
{
	for (size_t i = 0; i < n->count; i++)
		if (n->tags[i] == tag)
			return (upk_tag)(UPK_TAG_NAMED + i);
	return tag;
}

static void add_name(struct names *n, upk_tag tag)
{
	for (size_t i = 0; i < n->count; i++)
		if (n->tags[i] == tag)
			return;
	if (tag >= UPK_TAG_NAMED)
		n->tags[n->count++] = tag;
}

static void collect_names(const struct upk_in_use *u, struct names *n)
{
	n->count = 0;
	add_name(n, u->tag);
	add_name(n, u->before);
	add_name(n, u->awaited);
	for (size_t i = 0; i < u->ring_size; i++)
		add_name(n, ring_at(u, i));
}

static void write_tags(
	const struct upk_tail *t, const struct names *names, struct upk_json_writer *w)
{
	upk_json_array(w, "tags");
	for (size_t i = 0; i < names->count; i++)
		upk_json_string(w, NULL, upk_tags_name(&t->tags, names->tags[i]));
	upk_json_array_end(w);
}

/* Oldest first: tag, how often, tag, how often, ... */
static void write_ring(
	const struct upk_in_use *u, const struct names *names, struct upk_json_writer *w)
{
	upk_json_array(w, "ring");
	for (size_t i = 0, next; i < u->ring_size; i = next) {
		next = i + 1;
		while (next < u->ring_size && ring_at(u, next) == ring_at(u, i))
			next++;
		upk_json_int(w, NULL, number_of(names, ring_at(u, i)));
		upk_json_int(w, NULL, (int64_t)(next - i));
	}
	upk_json_array_end(w);
}

static void write_in_use(
	const struct upk_in_use *u, const struct names *names, struct upk_json_writer *w)
{
	upk_json_object(w, "in_use");
	upk_json_bool(w, "any", u->any);
	upk_json_bool(w, "trial", u->trial);
	upk_json_int(w, "tag", number_of(names, u->tag));
	upk_json_int(w, "before", number_of(names, u->before));
	upk_json_int(w, "awaited", number_of(names, u->awaited));
	write_members(in_use_members, u, w);
	write_ring(u, names, w);
	upk_json_object_end(w);
}

static void write_pace(const struct upk_pace *p, struct upk_json_writer *w)
{
	upk_json_object(w, "pace");
	write_members(pace_members, p, w);
	upk_json_double(w, "tokens", p->tokens);
	upk_json_double(w, "taken", p->taken);
	upk_json_object_end(w);
}

static void write_kept(const struct upk_tail *t, struct upk_json_writer *w)
{
	struct upk_buffer first = { 0 };
	upk_record_text_write(t->record, &first);
	upk_json_object(w, "kept");
	upk_json_int(w, "pairs", (int64_t)upk_record_pairs(t->record));
	upk_json_int(w, "last", upk_record_last_start(t->record));
	upk_json_int(w, "bench", upk_bench_start(t->bench));
	upk_json_text(w, "first", first.size > 0 ? upk_buffer_text(&first) : upk_text_of(""));
	w->out->failed = w->out->failed || first.failed;
	upk_json_object_end(w);
	upk_buffer_finish(&first);
}

static void write_record(const struct upk_tail *t, struct upk_json_writer *w)
{
	if (!t->record) {
		upk_json_null(w, "record");
		return;
	}
	int64_t start = upk_record_start(t->record);
	upk_json_object(w, "record");
	upk_json_int(w, "place", start ? start : t->place + 1);
	upk_json_text(
		w, "rarer", t->rarer < 0 ? (struct upk_text){ 0 } : t->schema->classes[t->rarer]);
	write_kept(t, w);
	upk_json_object_end(w);
}

static void write_points(const struct upk_tail *t, struct upk_json_writer *w)
{
	upk_json_object(w, "points");
	for (size_t i = 0; i < t->config->windows_count; i++) {
		uint64_t since = upk_window_changes(t->windows.at[i]) - t->points[i].changes;
		upk_json_object(w, t->config->windows[i].name);
		upk_json_int(w, "since", (int64_t)since);
		upk_json_int(w, "time", t->points[i].time);
		upk_json_object_end(w);
	}
	upk_json_object_end(w);
}

static void write_window_definition(const struct upk_window_config *c, struct upk_json_writer *w)
{
	upk_json_string(w, NULL, c->name);
	upk_json_int(w, NULL, c->count);
	upk_json_int(w, NULL, c->duration);
}

/* What makes a rule the same rule, as an array: all of it, its window's definition too; its name is
 * the rule's. */
static void write_definition(
	const struct upk_tail *t, const struct upk_rule_config *c, struct upk_json_writer *w)
{
	upk_json_array(w, "definition");
	upk_json_int(w, NULL, c->kind);
	upk_json_string(w, NULL, c->measure.name);
	upk_json_string(w, NULL, c->measure.class);
	upk_json_string(w, NULL, c->measure.average);
	upk_json_double(w, NULL, c->threshold);
	upk_json_double(w, NULL, c->clear);
	upk_json_double(w, NULL, c->confidence);
	upk_json_int(w, NULL, c->min_pairs);
	upk_json_int(w, NULL, c->for_ms);
	upk_json_int(w, NULL, c->cooldown_pairs);
	upk_json_int(w, NULL, c->cooldown_ms);
	upk_json_int(w, NULL, c->actions);
	if (c->kind != UPK_RULE_CHANGE)
		write_window_definition(&t->config->windows[c->window], w);
	upk_json_array_end(w);
}

static void write_judgement(const struct upk_judgement *j, struct upk_json_writer *w)
{
	upk_json_object(w, "last");
	upk_json_bool(w, "wrong", j->wrong);
	upk_json_bool(w, "clear", j->clear);
	upk_json_double(w, "value", j->value);
	upk_json_double(w, "bound", j->bound);
	upk_json_double(w, "threshold", j->threshold);
	upk_json_int(w, "pairs", (int64_t)j->pairs);
	upk_json_object_end(w);
}

static uint64_t changes_of(const struct upk_tail *t, const struct upk_rule *rule)
{
	return rule->config->kind == UPK_RULE_CHANGE
		? 0
		: upk_window_changes(t->windows.at[rule->config->window]);
}

static void write_rule(
	const struct upk_tail *t, const struct upk_rule *rule, struct upk_json_writer *w)
{
	upk_json_object(w, rule->config->name);
	write_definition(t, rule->config, w);
	upk_json_string(w, "state", upk_rule_state_name(rule->state));
	write_members(rule_members, rule, w);
	upk_json_string(w, "stream", stream_names[rule->stream]);
	upk_json_double(w, "fired_l", rule->fired_l);
	upk_json_bool(w, "waiting", rule->waiting);
	upk_json_double(w, "score", rule->score);
	upk_json_int(w, "score_pairs", (int64_t)rule->score_pairs);
	upk_json_bool(w, "scored", rule->scored);
	upk_json_int(w, "scored_since", (int64_t)(changes_of(t, rule) - rule->scored_at));
	write_judgement(&rule->last, w);
	upk_json_object_end(w);
}

static void write_open(const struct upk_tail *t, struct upk_json_writer *w)
{
	const struct upk_order *run = &t->open;
	bool by_rule = run->run_kind == UPK_RUN_ALERT && run->rule < t->rules_count;
	if (t->open_run == 0) {
		upk_json_null(w, "open");
		return;
	}
	upk_json_object(w, "open");
	upk_json_string(w, "kind", upk_run_kind_name(run->run_kind));
	upk_json_string(w, "rule", by_rule ? t->rules[run->rule].config->name : NULL);
	write_members(order_members, run, w);
	upk_json_int(w, "challenged", run->champion);
	upk_json_int(w, "resumed", run->resumed);
	upk_json_object_end(w);
}

void upk_tail_state_write(const struct upk_tail *t, struct upk_buffer *out)
{
	struct upk_json_writer w = upk_json_writer_on(out);
	struct names names;
	collect_names(&t->in_use, &names);
	upk_json_object(&w, NULL);
	write_members(counters, t, &w);
	upk_json_int(&w, "clock", t->clock);
	upk_json_string(&w, "proposed_reason", t->proposed_reason);
	if (t->no_champion[0]) /* by the name that it had first, for states of then */
		upk_json_string(&w, "first_failed", t->no_champion);
	write_labels(t, &w);
	write_tags(t, &names, &w);
	write_in_use(&t->in_use, &names, &w);
	write_pace(&t->pace, &w);
	write_record(t, &w);
	write_points(t, &w);
	upk_json_object(&w, "rules");
	for (size_t i = 0; i < t->rules_count; i++)
		write_rule(t, &t->rules[i], &w);
	upk_json_object_end(&w);
	write_open(t, &w);
	upk_json_object_end(&w);
}

/* The first member that is not what it should be; later ones are still read, to no effect. */
struct reading {
	const char *fault; /* NULL: none yet */
	bool no_memory;
	bool same[UPK_RULES_MAX]; /* rules whose definition is the stored one */
	struct names names;       /* the tail's tags of the state's names: it may know others already */
};

static const cJSON *member_of(struct reading *r, const cJSON *o, const char *name, bool fine)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(o, name);
	if ((!item || !fine) && !r->fault)
		r->fault = name;
	return item;
}

static int64_t to_int(struct reading *r, const cJSON *item, const char *name)
{
	static const double most = 9007199254740992.0; /* 2^53 */
	double x = cJSON_IsNumber(item) ? item->valuedouble : NAN;
	if (x >= -most && x <= most && x == floor(x))
		return (int64_t)x;
	if (!r->fault)
		r->fault = name;
	return 0;
}

static int64_t take_int(struct reading *r, const cJSON *o, const char *name)
{
	return to_int(r, cJSON_GetObjectItemCaseSensitive(o, name), name);
}

static double take_double(struct reading *r, const cJSON *o, const char *name)
{
	const cJSON *item = member_of(r, o, name, true);
	if (cJSON_IsNumber(item))
		return item->valuedouble;
	if (!cJSON_IsNull(item) && !r->fault)
		r->fault = name;
	return NAN;
}

static bool take_bool(struct reading *r, const cJSON *o, const char *name)
{
	const cJSON *item = member_of(r, o, name, true);
	if (!cJSON_IsBool(item) && !r->fault)
		r->fault = name;
	return cJSON_IsTrue(item);
}

/* NULL for null, and when it is no text. */
static const char *take_string(struct reading *r, const cJSON *o, const char *name)
{
	const cJSON *item = member_of(r, o, name, true);
	if (!cJSON_IsString(item) && !cJSON_IsNull(item) && !r->fault)
		r->fault = name;
	return cJSON_GetStringValue(item);
}

static size_t take_name(
	struct reading *r, const cJSON *o, const char *name, const char *(*name_of)(size_t i))
{
	const char *text = take_string(r, o, name);
	for (size_t i = 0; text && name_of(i); i++)
		if (strcmp(text, name_of(i)) == 0)
			return i;
	if (!r->fault)
		r->fault = name;
	return 0;
}

static upk_tag to_tag(struct reading *r, const cJSON *item, const char *name)
{
	int64_t tag = to_int(r, item, name);
	if (tag >= 0 && tag < UPK_TAG_NAMED)
		return (upk_tag)tag;
	if (tag >= UPK_TAG_NAMED && tag - UPK_TAG_NAMED < (int64_t)r->names.count)
		return r->names.tags[tag - UPK_TAG_NAMED];
	r->fault = r->fault ? r->fault : name;
	return 0;
}

static upk_tag take_tag(struct reading *r, const cJSON *o, const char *name)
{
	return to_tag(r, cJSON_GetObjectItemCaseSensitive(o, name), name);
}

static void read_members(struct reading *r, const struct member *members, const cJSON *o, void *to)
{
	for (const struct member *m = members; m->name; m++) {
		int64_t value = take_int(r, o, m->name);
		memcpy((char *)to + m->offset, &value, sizeof value);
	}
}

static void read_labels(struct reading *r, const cJSON *labels, struct upk_tail *t)
{
	const cJSON *item;
	cJSON_ArrayForEach(item, labels)
	{
		int class = upk_schema_class(t->schema, upk_text_of(item->string));
		int64_t count = to_int(r, item, "labels");
		if (class >= 0)
			t->labels[class] = (uint64_t)count;
	}
}

static void read_tags(struct reading *r, const cJSON *tags, struct upk_tail *t)
{
	const cJSON *item;
	cJSON_ArrayForEach(item, tags)
	{
		upk_tag tag;
		struct upk_error err = { 0 };
		struct upk_made_by by = { .name = upk_text_of(cJSON_GetStringValue(item)) };
		if (r->names.count == NAMES_MOST || !by.name.data ||
			!upk_tags_of(&t->tags, by, &tag, &err)) {
			r->fault = r->fault ? r->fault : "tags";
			r->no_memory = r->no_memory || err.code == UPK_NOMEM;
			return;
		}
		r->names.tags[r->names.count++] = tag;
	}
}

static void read_ring(struct reading *r, const cJSON *ring, struct upk_in_use *u)
{
	for (const cJSON *tag = ring ? ring->child : NULL; tag; tag = tag->next->next) {
		int64_t n = to_int(r, tag->next, "ring");
		upk_tag value = to_tag(r, tag, "ring");
		if (n < 1 || n > (int64_t)(UPK_OTHER_PAIRS - u->ring_size)) {
			r->fault = r->fault ? r->fault : "ring";
			return;
		}
		while (n-- > 0)
			u->ring[u->ring_size++] = value;
	}
	u->ring_at = u->ring_size % UPK_OTHER_PAIRS;
}

static void read_in_use(struct reading *r, const cJSON *o, struct upk_in_use *u)
{
	u->any = take_bool(r, o, "any");
	u->trial = take_bool(r, o, "trial");
	u->tag = take_tag(r, o, "tag");
	u->before = take_tag(r, o, "before");
	u->awaited = take_tag(r, o, "awaited");
	read_members(r, in_use_members, o, u);
	const cJSON *ring = cJSON_GetObjectItemCaseSensitive(o, "ring");
	member_of(r, o, "ring", cJSON_IsArray(ring));
	read_ring(r, ring, u);
}

static void read_kept(struct reading *r, const cJSON *o, struct upk_record_start *record)
{
	const char *first = take_string(r, o, "first");
	record->kept = first != NULL;
	record->pairs = take_int(r, o, "pairs");
	record->last = take_int(r, o, "last");
	record->bench = take_int(r, o, "bench");
	if (first)
		upk_buffer_append(&record->first, first, strlen(first));
	r->no_memory = r->no_memory || record->first.failed;
}

void upk_record_start_finish(struct upk_record_start *record)
{
	upk_buffer_finish(&record->first);
}

/* States of before had no "kept" and no "clock". */
static void read_record(struct reading *r, const cJSON *o, const struct upk_tail *t,
	struct upk_record_start *record)
{
	*record = (struct upk_record_start){ .rarer = -1 };
	if (cJSON_IsNull(o))
		return;
	record->any = true;
	record->place = take_int(r, o, "place");
	const char *rarer = take_string(r, o, "rarer");
	if (rarer)
		record->rarer = upk_schema_class(t->schema, upk_text_of(rarer));
	const cJSON *kept = cJSON_GetObjectItemCaseSensitive(o, "kept");
	if (kept)
		read_kept(r, kept, record);
}

static void read_points(struct reading *r, const cJSON *points, struct upk_tail *t)
{
	for (size_t i = 0; i < t->config->windows_count; i++) {
		const cJSON *o =
			cJSON_GetObjectItemCaseSensitive(points, t->config->windows[i].name);
		if (!o)
			continue;
		t->points[i].changes = 0 - (uint64_t)take_int(r, o, "since");
		t->points[i].time = take_int(r, o, "time");
	}
}

static bool same_definition(struct reading *r, const struct upk_tail *t,
	const struct upk_rule_config *config, const cJSON *stored)
{
	struct upk_buffer text = { 0 };
	struct upk_json_writer w = upk_json_writer_on(&text);
	upk_json_object(&w, NULL);
	write_definition(t, config, &w);
	upk_json_object_end(&w);
	cJSON *own = text.failed ? NULL : upk_json_parse(upk_buffer_text(&text), NULL);
	upk_buffer_finish(&text);
	r->no_memory = r->no_memory || !own;

	const char *const name = "definition";
	bool same = own &&
		upk_json_equal(cJSON_GetObjectItemCaseSensitive(own, name),
			cJSON_GetObjectItemCaseSensitive(stored, name));
	cJSON_Delete(own);
	return same;
}

static void read_judgement(struct reading *r, const cJSON *o, struct upk_judgement *j)
{
	j->wrong = take_bool(r, o, "wrong");
	j->clear = take_bool(r, o, "clear");
	j->value = take_double(r, o, "value");
	j->bound = take_double(r, o, "bound");
	j->threshold = take_double(r, o, "threshold");
	j->pairs = (uint64_t)take_int(r, o, "pairs");
}

/* States of before had no "score_pairs". */
static void read_rule(struct reading *r, const cJSON *o, struct upk_rule *rule)
{
	rule->state = (enum upk_rule_state)take_name(r, o, "state", state_name);
	read_members(r, rule_members, o, rule);
	rule->stream = (enum upk_record_stream)take_name(r, o, "stream", stream_name);
	rule->fired_l = take_double(r, o, "fired_l");
	rule->waiting = take_bool(r, o, "waiting");
	rule->score = take_double(r, o, "score");
	rule->scored = take_bool(r, o, "scored");
	rule->scored_at = 0 - (uint64_t)take_int(r, o, "scored_since");
	read_judgement(r, member_of(r, o, "last", true), &rule->last);
	rule->score_pairs = cJSON_GetObjectItemCaseSensitive(o, "score_pairs")
		? (uint64_t)take_int(r, o, "score_pairs")
		: rule->last.pairs;
}

static void read_rules(struct reading *r, const cJSON *rules, struct upk_tail *t)
{
	for (size_t i = 0; i < t->rules_count; i++) {
		struct upk_rule *rule = &t->rules[i];
		const cJSON *o = cJSON_GetObjectItemCaseSensitive(rules, rule->config->name);
		r->same[i] = o && same_definition(r, t, rule->config, o);
		if (r->same[i])
			read_rule(r, o, rule);
	}
}

/* The rule that ordered a run; none when it is another rule by now. */
static size_t rule_of(const struct reading *r, const struct upk_tail *t, const char *name)
{
	for (size_t i = 0; name && i < t->rules_count; i++)
		if (r->same[i] && strcmp(t->rules[i].config->name, name) == 0)
			return i;
	return UPK_RULES_MAX;
}

static void read_open(struct reading *r, const cJSON *o, struct upk_tail *t)
{
	if (cJSON_IsNull(o))
		return;
	t->open = (struct upk_order){ .kind = UPK_ORDER_RUN };
	t->open.run_kind = (enum upk_run_kind)take_name(r, o, "kind", kind_name);
	read_members(r, order_members, o, &t->open);
	if (cJSON_GetObjectItemCaseSensitive(o, "challenged")) {
		t->open.champion = take_int(r, o, "challenged");
		t->open.resumed = take_int(r, o, "resumed");
	}
	t->open.rule = rule_of(r, t, take_string(r, o, "rule"));
	t->open_run = t->open.run;
}

static void read_all(
	struct reading *r, const cJSON *o, struct upk_tail *t, struct upk_record_start *record)
{
	read_members(r, counters, o, t);
	if (cJSON_GetObjectItemCaseSensitive(o, "clock"))
		t->clock = take_int(r, o, "clock");
	const char *reason = take_string(r, o, "proposed_reason");
	if (reason)
		snprintf(t->proposed_reason, sizeof t->proposed_reason, "%s", reason);
	const cJSON *failed = cJSON_GetObjectItemCaseSensitive(o, "first_failed");
	if (cJSON_IsString(failed))
		snprintf(t->no_champion, sizeof t->no_champion, "%s", failed->valuestring);
	read_labels(r, member_of(r, o, "labels", true), t);
	read_tags(r, member_of(r, o, "tags", true), t);
	read_in_use(r, member_of(r, o, "in_use", true), &t->in_use);
	const cJSON *pace = member_of(r, o, "pace", true);
	read_members(r, pace_members, pace, &t->pace);
	t->pace.tokens = take_double(r, pace, "tokens");
	t->pace.taken = take_double(r, pace, "taken");
	read_record(r, member_of(r, o, "record", true), t, record);
	read_points(r, member_of(r, o, "points", true), t);
	read_rules(r, member_of(r, o, "rules", true), t);
	read_open(r, member_of(r, o, "open", true), t);
}

bool upk_tail_state_read(struct upk_tail *t, struct upk_text json, struct upk_record_start *record,
	struct upk_error *err)
{
	struct reading r = { 0 };
	cJSON *o = upk_json_parse(json, err);
	if (!o) {
		if (err && err->code == UPK_INVALID)
			err->code = UPK_CORRUPT;
		return upk_fail_in(err, "the state of a model's rules: ");
	}
	read_all(&r, o, t, record);
	cJSON_Delete(o);
	if (r.no_memory)
		return upk_fail(err, UPK_NOMEM, "no memory for the state of a model's rules");
	if (r.fault)
		return upk_fail(err, UPK_CORRUPT,
			"the state of a model's rules: '%s' is missing or not what it should be",
			r.fault);
	return true;
}

void upk_tail_state_settle(struct upk_tail *t)
{
	for (size_t i = 0; i < t->config->windows_count; i++)
		t->points[i].changes += upk_window_changes(t->windows.at[i]);
	for (size_t i = 0; i < t->rules_count; i++)
		t->rules[i].scored_at += changes_of(t, &t->rules[i]);
}
