#include "versions/live.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/pack.h"
#include "learn/predictor.h"
#include "versions/awaited.h"

/* Plain integers of the state; writing and reading walk them as an array. */
struct counters {
	int64_t version, revision; /* revision: of `copy` */
	int64_t since;             /* pairs since that copy was taken */
	int64_t other;             /* the last version that is not the shadow's */
	int64_t held;              /* a person rolled it back */
	int64_t noted;             /* the change was noted while this copy serves */
	int64_t from, rows, pairs; /* began with; learnt from since */
	int64_t judged;            /* of these pairs, what the members answered was known */
};
enum { COUNTERS = sizeof(struct counters) / sizeof(int64_t) };

/* The state's form is its first number, below 0: in the first form, which had no mark, a size
 * stands there. That form had a counter before FIRST_FORM_OTHER which nothing reads. Before form 4
 * there was no `judged`. */
enum { FORM = 4, FIRST_FORM_OTHER = 3 };

/* What was answered to an event, as one number: digits of the base classes + 1, the copy's in
 * front, then the members'; a digit is 0 for none, or 1 + the shadow's class. Before form 3 the
 * copy's class of the model stood alone. */
struct answers {
	uint16_t members[UPK_SHADOW_MEMBERS], copy;
	bool judged; /* the members' are known */
};

struct upk_live {
	const struct upk_retrain_config *config;
	char why[UPK_LIVE_REASON];
	struct upk_shadow *shadow; /* NULL: not begun, as are the next four */
	struct upk_shadow_copy *copy;
	struct upk_buffer first;    /* bytes of the first copy: names of inputs and classes */
	struct upk_serving *inputs; /* serves the first copy: picks inputs, names classes */
	double *x, *probabilities;
	uint16_t own[UPK_CLASSES_MAX];   /* the model's classes as the shadow's; UPK_NO_CLASS */
	uint16_t named[UPK_CLASSES_MAX]; /* and the other way */
	struct counters n;
	int64_t every; /* pairs from one copy to the next */
	struct upk_duel duel;
	struct upk_awaited awaited;
	int64_t at_hand; /* event answered last, when nothing has been learnt since; 0: none */
	struct upk_serving *serving; /* of the copy that was published last */
	struct upk_buffer bytes;
	int64_t published;
};

struct upk_live *upk_live_create(const struct upk_retrain_config *config, struct upk_error *err)
{
	struct upk_live *l = calloc(1, sizeof *l);
	if (!l) {
		upk_fail(err, UPK_NOMEM, "no memory for live adjustment");
		return NULL;
	}
	l->config = config;
	l->duel.capacity = (size_t)config->policy.live_window;
	return l;
}

static void empty(struct upk_live *l)
{
	upk_shadow_destroy(l->shadow);
	upk_shadow_copy_destroy(l->copy);
	upk_serving_destroy(l->inputs);
	upk_buffer_finish(&l->first);
	free(l->x);
	l->shadow = NULL;
	l->copy = NULL;
	l->inputs = NULL;
	l->x = NULL;
}

void upk_live_destroy(struct upk_live *l)
{
	if (!l)
		return;
	empty(l);
	upk_duel_finish(&l->duel);
	upk_awaited_finish(&l->awaited);
	upk_serving_destroy(l->serving);
	upk_buffer_finish(&l->bytes);
	free(l);
}

/* ---- answers that wait ---- */

static uint64_t base_of(const struct upk_live *l)
{
	return upk_shadow_classes(l->shadow) + 1;
}

static uint64_t encode(const struct upk_live *l, const struct answers *a)
{
	uint64_t base = base_of(l), code = a->copy == UPK_NO_CLASS ? 0 : a->copy + 1u;
	for (size_t m = 0; m < UPK_SHADOW_MEMBERS; m++)
		code = base * code + (a->judged ? a->members[m] + 1u : 0);
	return code;
}

static void decode(const struct upk_live *l, uint64_t code, struct answers *a)
{
	uint64_t base = base_of(l);
	a->judged = true;
	for (size_t m = UPK_SHADOW_MEMBERS; m-- > 0; code /= base) {
		a->judged = a->judged && code % base > 0;
		a->members[m] = (uint16_t)(code % base - 1);
	}
	a->copy = code == 0 ? UPK_NO_CLASS : (uint16_t)(code - 1);
}

static uint64_t greatest_code(const struct upk_live *l)
{
	struct answers a = { .judged = true };
	a.copy = (uint16_t)(upk_shadow_classes(l->shadow) - 1);
	for (size_t m = 0; m < UPK_SHADOW_MEMBERS; m++)
		a.members[m] = a.copy;
	return encode(l, &a);
}

/* ---- begin ---- */

static void map_classes(struct upk_live *l, const struct upk_schema *schema)
{
	const struct upk_predictor *p = upk_serving_predictor(l->inputs);
	for (size_t i = 0; i < UPK_CLASSES_MAX; i++)
		l->own[i] = UPK_NO_CLASS;
	for (size_t k = 0; k < upk_predictor_classes(p); k++) {
		int class = upk_schema_class(schema, upk_predictor_class(p, k));
		l->named[k] = class < 0 ? UPK_NO_CLASS : (uint16_t) class;
		if (class >= 0)
			l->own[class] = (uint16_t)k;
	}
}

static bool read_version(
	struct upk_live *l, int64_t version, struct upk_schema *schema, struct upk_error *err)
{
	struct upk_predictor *p = upk_predictor_read(upk_buffer_text(&l->first), err);
	size_t features = upk_shadow_features(l->shadow), classes = upk_shadow_classes(l->shadow);
	if (p &&
		(upk_live_inputs(upk_predictor_expand(p)) != features ||
			upk_predictor_classes(p) != classes)) {
		upk_fail(err, UPK_CORRUPT, "live adjustment has other inputs than its copies");
		upk_predictor_unref(p);
		return false;
	}
	l->inputs = p ? upk_serving_create(version, p, schema, err) : NULL;
	upk_predictor_unref(p);
	if (!l->inputs)
		return false;
	map_classes(l, schema);
	l->awaited.width = upk_awaited_width(greatest_code(l));
	size_t width = upk_expand_row_width(upk_predictor_expand(upk_serving_predictor(l->inputs)));
	l->x = calloc(width + classes, sizeof *l->x);
	if (!l->x)
		return upk_fail(err, UPK_NOMEM, "no memory for live adjustment");
	l->probabilities = l->x + width;
	return true;
}

/* "auto": a copy's bytes / 1,024, so that keeping those that predicted costs a pair 1 KiB at most.
 */
static int64_t renew_every(const struct upk_live *l)
{
	return l->config->renew > 0 ? l->config->renew : (int64_t)(l->first.size + 1023) / 1024;
}

bool upk_live_begin(struct upk_live *l, struct upk_live_start *start, struct upk_schema *schema,
	int64_t champion, struct upk_error *err)
{
	if (l->shadow)
		return true;
	memcpy(l->why, start->why, sizeof l->why);
	if (!start->shadow)
		return true;
	l->shadow = start->shadow;
	l->first = start->version;
	start->shadow = NULL;
	start->version = (struct upk_buffer){ 0 };
	l->n = (struct counters){
		.revision = 1, .other = champion, .from = start->from, .rows = start->rows
	};
	l->every = renew_every(l);
	l->copy = upk_shadow_copy_create(l->shadow, err);
	if (l->copy && read_version(l, 0, schema, err))
		return true;
	empty(l);
	return false;
}

bool upk_live_wants_start(const struct upk_live *l)
{
	return l->config->live && !l->shadow;
}

bool upk_live_learns(const struct upk_live *l)
{
	return l->config->live && l->shadow;
}

/* ---- who is who ---- */

int64_t upk_live_version(const struct upk_live *l)
{
	return l->n.version;
}

int64_t upk_live_other(const struct upk_live *l)
{
	return l->n.other;
}

void upk_live_number(struct upk_live *l, int64_t version)
{
	l->n.version = version;
}

void upk_live_face(struct upk_live *l, int64_t version)
{
	l->n.other = version;
}

void upk_live_hold(struct upk_live *l, bool held)
{
	l->n.held = held;
}

/* ---- pairs ---- */

static bool read_inputs(struct upk_live *l, const struct upk_features *list,
	struct upk_text features, struct upk_error *err)
{
	return upk_serving_row(l->inputs, list, features, l->x, err);
}

static uint16_t ask_copy(struct upk_live *l)
{
	upk_shadow_copy_predict(l->copy, l->x, l->probabilities);
	uint16_t class = upk_serving_decide(l->inputs, l->probabilities);
	return class == UPK_NO_CLASS ? class : l->own[class];
}

bool upk_live_answer(struct upk_live *l, int64_t event, const struct upk_features *list,
	struct upk_text features, bool copy, struct upk_error *err)
{
	struct answers a = { .judged = true };
	l->at_hand = 0;
	if (!read_inputs(l, list, features, err))
		return false;
	a.copy = copy ? ask_copy(l) : UPK_NO_CLASS;
	upk_shadow_answer(l->shadow, l->x, a.members);
	l->at_hand = event;
	return upk_awaited_put(&l->awaited, event, encode(l, &a), err);
}

uint16_t upk_live_answered(const struct upk_live *l, int64_t event)
{
	struct answers a;
	decode(l, upk_awaited_at(&l->awaited, event), &a);
	return a.copy == UPK_NO_CLASS ? a.copy : l->named[a.copy];
}

bool upk_live_judge_pair(struct upk_live *l, int64_t place, struct upk_pair pair, uint16_t other,
	struct upk_error *err)
{
	const struct upk_duel_pair judged = { place, pair, other };
	return other == UPK_NO_CLASS || upk_duel_add(&l->duel, &judged, err);
}

bool upk_live_learn(struct upk_live *l, int64_t event, const struct upk_features *list,
	struct upk_text features, uint16_t actual, struct upk_error *err)
{
	struct answers a;
	bool at_hand = event != 0 && event == l->at_hand;
	l->at_hand = 0;
	if (!at_hand && !read_inputs(l, list, features, err))
		return false;
	decode(l, upk_awaited_at(&l->awaited, event), &a);
	upk_awaited_forget(&l->awaited, event);
	upk_shadow_learn(
		l->shadow, at_hand ? NULL : l->x, l->own[actual], a.judged ? a.members : NULL);
	l->n.pairs++;
	l->n.judged += a.judged;
	if (++l->n.since < l->every)
		return true;
	upk_shadow_copy_take(l->copy, l->shadow);
	l->n.since = 0;
	l->n.revision++;
	return true;
}

void upk_live_begin_record(struct upk_live *l)
{
	upk_duel_begin(&l->duel);
	l->n.noted = 0;
}

void upk_live_revise(struct upk_live *l, int64_t place, uint16_t actual)
{
	upk_duel_revise(&l->duel, place, actual);
}

void upk_live_remove(struct upk_live *l, int64_t place)
{
	upk_duel_remove(&l->duel, place);
}

bool upk_live_judge(const struct upk_live *l, bool serving, size_t classes, int tuned, bool *wins,
	struct upk_takeover *out, struct upk_error *err)
{
	const struct upk_policy *policy = &l->config->policy;
	const struct upk_duel_rule rule = { policy->live_least, policy->live_lead, policy->live_z,
		tuned };
	*wins = false;
	return (l->n.held && !serving) || upk_duel_judge(&l->duel, &rule, classes, wins, out, err);
}

int64_t upk_live_change(struct upk_live *l)
{
	struct upk_takeover t = { 0 };
	if ((double)l->duel.size < l->config->policy.live_least || l->n.noted)
		return 0;
	upk_duel_count(&l->duel, &t);
	if (-(double)t.lead <= l->config->policy.live_change_z * sqrt((double)t.differ))
		return 0;
	l->n.noted = 1;
	return upk_duel_at(&l->duel, 0)->place;
}

/* ---- the copy at work ---- */

struct upk_serving *upk_live_serving(const struct upk_live *l)
{
	return l->serving;
}

int64_t upk_live_revision(const struct upk_live *l)
{
	return l->published;
}

struct upk_text upk_live_bytes(const struct upk_live *l)
{
	return upk_buffer_text(&l->bytes);
}

bool upk_live_write_copy(const struct upk_live *l, struct upk_buffer *out, struct upk_error *err)
{
	const struct upk_predictor *p = upk_serving_predictor(l->inputs);
	size_t classes = upk_predictor_classes(p);
	struct upk_text *names = calloc(classes, sizeof *names);
	if (!names)
		return upk_fail(err, UPK_NOMEM, "no memory for a copy");
	for (size_t i = 0; i < classes; i++)
		names[i] = upk_predictor_class(p, i);
	upk_shadow_copy_write_version(l->copy, upk_predictor_expand(p), names, out);
	free(names);
	return !out->failed || upk_fail(err, UPK_NOMEM, "no memory for a copy");
}

bool upk_live_publish(struct upk_live *l, struct upk_schema *schema, struct upk_error *err)
{
	struct upk_buffer bytes = { 0 };
	struct upk_serving *serving = NULL;
	if (!l->shadow ||
		(l->serving && l->published == l->n.revision &&
			upk_serving_version(l->serving) == l->n.version))
		return true;
	if (upk_live_write_copy(l, &bytes, err)) {
		struct upk_predictor *p = upk_predictor_read(upk_buffer_text(&bytes), err);
		serving = p ? upk_serving_create(l->n.version, p, schema, err) : NULL;
		upk_predictor_unref(p);
	}
	if (!serving) {
		upk_buffer_finish(&bytes);
		return false;
	}
	upk_serving_destroy(l->serving);
	upk_buffer_finish(&l->bytes);
	l->serving = serving;
	l->bytes = bytes;
	l->published = l->n.revision;
	return true;
}

void upk_live_view(const struct upk_live *l, struct upk_live_view *out)
{
	*out = (struct upk_live_view){ .begun = l->shadow,
		.held = l->n.held != 0,
		.why = l->why,
		.version = l->n.version,
		.revision = l->n.revision,
		.renew = l->every,
		.pairs = l->n.pairs,
		.from = l->n.from,
		.rows = l->n.rows };
	if (!l->shadow)
		return;
	size_t speaker = upk_shadow_speaker(l->shadow);
	out->accuracy = upk_shadow_accuracy(l->shadow, speaker, l->n.judged);
	out->rate = upk_shadow_rate(speaker);
	out->size = upk_shadow_size(upk_shadow_features(l->shadow), upk_shadow_classes(l->shadow));
}

/* ---- for a restart ---- */

static void put_judged(const struct upk_duel *duel, struct upk_buffer *out)
{
	upk_pack_int(out, (int64_t)duel->size);
	for (size_t i = 0; i < duel->size; i++) {
		const struct upk_duel_pair *p = upk_duel_at(duel, i);
		upk_pack_int(out, p->place);
		upk_pack_int(out, p->pair.actual);
		upk_pack_int(out, p->pair.predicted);
		upk_pack_int(out, p->other);
	}
}

static void put_awaited(const struct upk_awaited *awaited, struct upk_buffer *out)
{
	uint64_t code;
	upk_pack_int(out, (int64_t)awaited->waiting);
	for (int64_t event = upk_awaited_from(awaited, 1, &code); event != 0;
		event = upk_awaited_from(awaited, event + 1, &code)) {
		upk_pack_int(out, event);
		upk_pack_int(out, (int64_t)code);
	}
}

void upk_live_write(const struct upk_live *l, struct upk_buffer *out)
{
	struct upk_buffer shadow = { 0 }, copy = { 0 };
	int64_t counters[COUNTERS];
	upk_pack_int(out, -FORM);
	upk_pack_text(out, upk_text_of(l->why));
	if (!l->shadow)
		return;
	upk_shadow_write(l->shadow, &shadow);
	upk_shadow_copy_write(l->copy, &copy);
	memcpy(counters, &l->n, sizeof counters);
	for (size_t i = 0; i < COUNTERS; i++)
		upk_pack_int(out, counters[i]);
	upk_pack_text(out, upk_buffer_text(&l->first));
	upk_pack_text(out, upk_buffer_text(&shadow));
	upk_pack_text(out, upk_buffer_text(&copy));
	put_judged(&l->duel, out);
	put_awaited(&l->awaited, out);
	out->failed = out->failed || shadow.failed || copy.failed;
	upk_buffer_finish(&shadow);
	upk_buffer_finish(&copy);
}

static uint16_t get_class(struct upk_unpack *u)
{
	int64_t class = upk_unpack_int(u);
	u->cut = u->cut || class < 0 || class >= UPK_CLASSES_MAX;
	return u->cut ? 0 : (uint16_t) class;
}

static bool get_judged(struct upk_live *l, struct upk_unpack *u, struct upk_error *err)
{
	for (int64_t left = upk_unpack_int(u); left > 0 && !u->cut; left--) {
		struct upk_duel_pair p = { .place = upk_unpack_int(u) };
		p.pair.actual = get_class(u);
		p.pair.predicted = get_class(u);
		p.other = get_class(u);
		if (!u->cut && !upk_duel_add(&l->duel, &p, err))
			return false;
	}
	return true;
}

static uint64_t get_code(const struct upk_live *l, int64_t form, struct upk_unpack *u)
{
	if (form < 3) {
		uint16_t class = get_class(u);
		const struct answers a = { .copy = u->cut ? UPK_NO_CLASS : l->own[class] };
		return encode(l, &a);
	}
	int64_t code = upk_unpack_int(u);
	u->cut = u->cut || code < 1 || (uint64_t)code > greatest_code(l);
	return u->cut ? 0 : (uint64_t)code;
}

static bool get_awaited(
	struct upk_live *l, int64_t form, struct upk_unpack *u, struct upk_error *err)
{
	for (int64_t left = upk_unpack_int(u); left > 0 && !u->cut; left--) {
		int64_t event = upk_unpack_int(u);
		uint64_t code = get_code(l, form, u);
		if (!u->cut && !upk_awaited_put(&l->awaited, event, code, err))
			return false;
	}
	return true;
}

static void get_counters(struct upk_live *l, int64_t form, struct upk_unpack *u)
{
	int64_t counters[COUNTERS] = { 0 };
	for (size_t i = 0; i < COUNTERS - (form < 4); i++) {
		if (form == 1 && i == FIRST_FORM_OTHER)
			upk_unpack_int(u);
		counters[i] = upk_unpack_int(u);
	}
	memcpy(&l->n, counters, sizeof counters);
	if (form < 4)
		l->n.judged = l->n.pairs;
}

static int64_t get_form(struct upk_unpack *u)
{
	struct upk_unpack ahead = *u;
	int64_t first = upk_unpack_int(&ahead);
	if (first >= 0)
		return 1;
	*u = ahead;
	return first == INT64_MIN ? INT64_MAX : -first;
}

static bool read_all(
	struct upk_live *l, struct upk_unpack *u, struct upk_schema *schema, struct upk_error *err)
{
	int64_t form = get_form(u);
	if (form > FORM)
		return upk_fail(err, UPK_CORRUPT,
			"the state of live adjustment has form %lld: this upkeepd knows up to %d",
			(long long)form, FORM);
	struct upk_text why = upk_unpack_text(u);
	snprintf(l->why, sizeof l->why, "%.*s", (int)why.size, why.data);
	if (u->cut || u->left.size == 0)
		return true;
	get_counters(l, form, u);
	struct upk_text first = upk_unpack_text(u);
	upk_buffer_append(&l->first, first.data, first.size);
	if (l->first.failed)
		return upk_fail(err, UPK_NOMEM, "no memory for live adjustment");
	l->shadow = upk_shadow_read(upk_unpack_text(u), err);
	l->copy = l->shadow ? upk_shadow_copy_read(l->shadow, upk_unpack_text(u), err) : NULL;
	if (!l->copy || !read_version(l, l->n.version, schema, err))
		return false;
	l->every = renew_every(l);
	return get_judged(l, u, err) && get_awaited(l, form, u, err);
}

bool upk_live_read(
	struct upk_live *l, struct upk_text bytes, struct upk_schema *schema, struct upk_error *err)
{
	struct upk_unpack u = { .left = bytes };
	return read_all(l, &u, schema, err) &&
		(upk_unpack_whole(&u) ||
			upk_fail(err, UPK_CORRUPT,
				"the state of live adjustment is not as long as it should be"));
}
