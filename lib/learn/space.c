#include "learn/space.h"

#include <math.h>
#include <string.h>

static const char *const kinds[] = {
	[UPK_SPACE_FLOAT] = "float",
	[UPK_SPACE_INT] = "int",
	[UPK_SPACE_CHOICE] = "choice",
	[UPK_SPACE_BOOLEAN] = "boolean",
	[UPK_SPACE_FIXED] = "fixed",
};

void upk_space_init(struct upk_space *s, const struct upk_parameter *table)
{
	*s = (struct upk_space){ 0 };
	for (; table && table->name; table++)
		s->parameters[s->count++] = *table;
}

size_t upk_space_find(const struct upk_space *s, const char *name)
{
	size_t i = 0;

	while (i < s->count && strcmp(s->parameters[i].name, name) != 0)
		i++;
	return i;
}

/* The parameter with those that hang on it, which stand after it. */
static void leave_out(struct upk_space *s, const char *name)
{
	size_t i = upk_space_find(s, name);

	if (i == s->count)
		return;
	s->count--;
	for (size_t k = i; k < s->count; k++)
		s->parameters[k] = s->parameters[k + 1];
	for (size_t k = i; k < s->count;)
		if (s->parameters[k].when && strcmp(s->parameters[k].when, name) == 0)
			leave_out(s, s->parameters[k].name);
		else
			k++;
}

void upk_space_fix(struct upk_space *s, const cJSON *settings)
{
	for (const cJSON *m = settings ? settings->child : NULL; m; m = m->next) {
		size_t i = upk_space_find(s, m->string);
		if (i < s->count && cJSON_IsNumber(m))
			s->parameters[i] = (struct upk_parameter){ .name = m->string,
				.kind = UPK_SPACE_FIXED,
				.values = { m->valuedouble },
				.count = 1 };
	}
}

/* ---- values ---- */

static bool is_range(const struct upk_parameter *p)
{
	return p->kind == UPK_SPACE_FLOAT || p->kind == UPK_SPACE_INT;
}

/* Steps that fit between low and high. */
static double steps_of(const struct upk_parameter *p)
{
	return floor((p->high - p->low) / p->step + 1e-9);
}

/* Where the range begins and ends before values are rounded to steps: half a step beyond, so that
 * the first and the last value come as often as the others. */
static void span_of(const struct upk_parameter *p, double *low, double *high)
{
	*low = p->low;
	*high = p->step > 0 ? p->low + steps_of(p) * p->step : p->high;
	if (!p->log && p->step > 0) {
		*low -= p->step / 2;
		*high += p->step / 2;
	}
	if (p->log) {
		*low = log(*low);
		*high = log(*high);
	}
}

static double on_step(const struct upk_parameter *p, double value)
{
	double k = fmin(fmax(round((value - p->low) / p->step), 0), steps_of(p));

	return p->low + k * p->step;
}

double upk_space_value(const struct upk_parameter *p, double at)
{
	double low, high, value;

	if (!is_range(p)) {
		double k = floor(at * (double)p->count);
		return p->values[(size_t)fmin(fmax(k, 0), (double)p->count - 1)];
	}
	span_of(p, &low, &high);
	value = low + fmin(fmax(at, 0), 1) * (high - low);
	if (p->log)
		value = exp(value);
	if (p->step > 0)
		return on_step(p, value);
	return fmin(fmax(value, p->low), p->high);
}

double upk_space_at(const struct upk_parameter *p, double value)
{
	double low, high;

	if (!is_range(p)) {
		size_t nearest = 0;
		for (size_t k = 1; k < p->count; k++)
			if (fabs(p->values[k] - value) < fabs(p->values[nearest] - value))
				nearest = k;
		return ((double)nearest + 0.5) / (double)p->count;
	}
	span_of(p, &low, &high);
	value = fmin(fmax(value, p->low), p->high);
	if (p->log)
		value = log(value);
	return high > low ? (value - low) / (high - low) : 0.5;
}

size_t upk_space_levels(const struct upk_parameter *p, size_t most)
{
	double levels = is_range(p) ? (double)most : (double)p->count;

	if (is_range(p) && p->step > 0)
		levels = steps_of(p) + 1;
	if (is_range(p) && p->low == p->high)
		levels = 1;
	return levels < (double)most ? (size_t)levels : most;
}

/* ---- points ---- */

static bool among(double value, const double *values, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (values[i] == value)
			return true;
	return false;
}

bool upk_space_active(const struct upk_space *s, const struct upk_point *point, size_t i)
{
	const struct upk_parameter *p = &s->parameters[i];
	size_t on = p->when ? upk_space_find(s, p->when) : s->count;

	if (on == s->count)
		return true;
	return !isnan(point->at[on]) && upk_space_active(s, point, on) &&
		among(upk_space_value(&s->parameters[on], point->at[on]), p->when_values,
			p->when_count);
}

void upk_space_settle(const struct upk_space *s, struct upk_point *point)
{
	for (size_t i = 0; i < s->count; i++)
		if (!upk_space_active(s, point, i))
			point->at[i] = NAN;
}

void upk_space_draw(const struct upk_space *s, struct upk_random *random, struct upk_point *point)
{
	for (size_t i = 0; i < s->count; i++)
		point->at[i] = upk_random_unit(random);
	upk_space_settle(s, point);
}

void upk_space_point(const struct upk_space *s, const cJSON *settings, struct upk_point *point)
{
	for (size_t i = 0; i < s->count; i++) {
		const struct upk_parameter *p = &s->parameters[i];
		const cJSON *m = cJSON_GetObjectItemCaseSensitive(settings, p->name);
		point->at[i] = cJSON_IsNumber(m) ? upk_space_at(p, m->valuedouble) : 0.5;
	}
	upk_space_settle(s, point);
}

static bool put(cJSON *settings, const struct upk_parameter *p, double at)
{
	cJSON_DeleteItemFromObjectCaseSensitive(settings, p->name);
	return isnan(at) ||
		cJSON_AddNumberToObject(settings, p->name, upk_space_value(p, at)) != NULL;
}

cJSON *upk_space_settings(const struct upk_space *s, const struct upk_point *point,
	const cJSON *base, struct upk_error *err)
{
	cJSON *settings = base ? cJSON_Duplicate(base, true) : cJSON_CreateObject();
	bool ok = settings != NULL;

	for (size_t i = 0; ok && i < s->count; i++)
		ok = put(settings, &s->parameters[i], point->at[i]);
	if (ok)
		return settings;
	cJSON_Delete(settings);
	upk_fail(err, UPK_NOMEM, "no memory for a trial's settings");
	return NULL;
}

/* ---- reading ---- */

static bool wrong(const cJSON *m, const char *want, struct upk_error *err)
{
	return upk_fail(err, UPK_INVALID, "%s: want %s", m->string, want);
}

static bool take_number(const cJSON *m, double *out, struct upk_error *err)
{
	*out = m->valuedouble;
	return cJSON_IsNumber(m) || wrong(m, "a number", err);
}

static bool take_numbers(const cJSON *m, double *out, size_t *count, struct upk_error *err)
{
	const cJSON *item = cJSON_IsArray(m) ? m->child : m;

	*count = 0;
	for (; item; item = cJSON_IsArray(m) ? item->next : NULL) {
		if (!cJSON_IsNumber(item) || *count == UPK_SPACE_VALUES)
			return upk_fail(err, UPK_INVALID, "%s: want 1 to %d numbers", m->string,
				UPK_SPACE_VALUES);
		out[(*count)++] = item->valuedouble;
	}
	return *count > 0 ||
		upk_fail(err, UPK_INVALID, "%s: want 1 to %d numbers", m->string, UPK_SPACE_VALUES);
}

static bool take_kind(struct upk_parameter *p, const cJSON *object, struct upk_error *err)
{
	const cJSON *type = cJSON_GetObjectItemCaseSensitive(object, "type");

	for (size_t i = 0; i < UPK_SPACE_FIXED; i++)
		if (cJSON_IsString(type) && strcmp(type->valuestring, kinds[i]) == 0) {
			p->kind = (enum upk_space_kind)i;
			return true;
		}
	return upk_fail(err, UPK_INVALID, "type: want float, int, choice or boolean");
}

static bool take_sampling(struct upk_parameter *p, const cJSON *m, struct upk_error *err)
{
	p->log = cJSON_IsString(m) && strcmp(m->valuestring, "log") == 0;
	return p->log || (cJSON_IsString(m) && strcmp(m->valuestring, "linear") == 0) ||
		wrong(m, "linear or log", err);
}

static bool take_when(struct upk_parameter *p, const cJSON *m, struct upk_error *err)
{
	if (!cJSON_IsObject(m) || cJSON_GetArraySize(m) != 1)
		return wrong(m, "an object of one parameter and its values", err);
	p->when = m->child->string;
	return take_numbers(m->child, p->when_values, &p->when_count, err) ||
		upk_fail_in(err, "when.");
}

static bool take_member(struct upk_parameter *p, const cJSON *m, struct upk_error *err)
{
	bool range = is_range(p);

	if (strcmp(m->string, "type") == 0)
		return true;
	if (strcmp(m->string, "when") == 0)
		return take_when(p, m, err);
	if (range && strcmp(m->string, "low") == 0)
		return take_number(m, &p->low, err);
	if (range && strcmp(m->string, "high") == 0)
		return take_number(m, &p->high, err);
	if (range && strcmp(m->string, "step") == 0)
		return take_number(m, &p->step, err) &&
			(p->step > 0 || wrong(m, "more than 0", err));
	if (range && strcmp(m->string, "sampling") == 0)
		return take_sampling(p, m, err);
	if (p->kind == UPK_SPACE_CHOICE && strcmp(m->string, "values") == 0)
		return take_numbers(m, p->values, &p->count, err);
	return upk_fail(err, UPK_INVALID, "%s: a %s has no such member: want one of type, when%s",
		m->string, kinds[p->kind],
		range                                ? ", low, high, step, sampling"
			: p->kind == UPK_SPACE_CHOICE ? ", values"
						      : "");
}

static bool check_range(const struct upk_parameter *p, struct upk_error *err)
{
	if (isnan(p->low) || isnan(p->high))
		return upk_fail(err, UPK_INVALID, "low and high are wanted");
	if (p->low > p->high)
		return upk_fail(err, UPK_INVALID, "low is %g: want at most high, which is %g",
			p->low, p->high);
	if (p->log && p->low <= 0)
		return upk_fail(
			err, UPK_INVALID, "low is %g: want more than 0 to sample log", p->low);
	if (p->kind == UPK_SPACE_INT && (p->low != floor(p->low) || p->step != floor(p->step)))
		return upk_fail(err, UPK_INVALID, "low and step of an int: want whole numbers");
	return true;
}

static bool take_object(struct upk_parameter *p, const cJSON *object, struct upk_error *err)
{
	if (!take_kind(p, object, err))
		return false;
	p->low = p->high = NAN;
	p->step = p->kind == UPK_SPACE_INT;
	for (const cJSON *m = object->child; m; m = m->next)
		if (!take_member(p, m, err))
			return false;
	if (p->kind == UPK_SPACE_BOOLEAN) {
		p->values[1] = 1;
		p->count = 2;
	}
	if (is_range(p))
		return check_range(p, err);
	return p->count > 0 || upk_fail(err, UPK_INVALID, "values are wanted");
}

static bool check_value(const struct upk_parameter *p, double value,
	bool (*check)(const cJSON *settings, struct upk_error *err), struct upk_error *err)
{
	cJSON *settings = cJSON_CreateObject();
	bool ok = settings && cJSON_AddNumberToObject(settings, p->name, value);

	if (!ok)
		upk_fail(err, UPK_NOMEM, "no memory for a search's space");
	ok = ok && check(settings, err);
	cJSON_Delete(settings);
	return ok;
}

static bool check_values(const struct upk_parameter *p,
	bool (*check)(const cJSON *settings, struct upk_error *err), struct upk_error *err)
{
	if (is_range(p))
		return check_value(p, p->low, check, err) && check_value(p, p->high, check, err);
	for (size_t i = 0; i < p->count; i++)
		if (!check_value(p, p->values[i], check, err))
			return false;
	return true;
}

static bool take_parameter(struct upk_space *s, const cJSON *m,
	bool (*check)(const cJSON *settings, struct upk_error *err), struct upk_error *err)
{
	struct upk_parameter p = { .name = m->string, .kind = UPK_SPACE_FIXED, .count = 1 };
	size_t at = upk_space_find(s, m->string);

	if (cJSON_IsNull(m)) {
		leave_out(s, m->string);
		return true;
	}
	p.values[0] = cJSON_IsNumber(m) ? m->valuedouble : 0;
	if (!cJSON_IsNumber(m) && !cJSON_IsObject(m))
		return upk_fail(err, UPK_INVALID, ": want an object, a number or null");
	if (cJSON_IsObject(m)) {
		p.count = 0;
		if (!take_object(&p, m, err))
			return upk_fail_in(err, ".");
	}
	if (!check_values(&p, check, err))
		return upk_fail_in(err, ": ");
	if (at == UPK_SPACE_PARAMETERS)
		return upk_fail(
			err, UPK_INVALID, ": want at most %d parameters", UPK_SPACE_PARAMETERS);
	s->count += at == s->count;
	s->parameters[at] = p;
	return true;
}

/* What hangs on each other in a ring would never end. */
static bool check_conditions(const struct upk_space *s, struct upk_error *err)
{
	for (size_t i = 0; i < s->count; i++) {
		const struct upk_parameter *p = &s->parameters[i];
		for (size_t steps = 0; p->when; steps++) {
			size_t on = upk_space_find(s, p->when);
			if (on == s->count || steps == s->count)
				return upk_fail(err, UPK_INVALID,
					"%s.when.%s: want another parameter that does not hang on "
					"it",
					p->name, p->when);
			p = &s->parameters[on];
		}
	}
	return true;
}

bool upk_space_read(struct upk_space *s, const cJSON *json,
	bool (*check)(const cJSON *settings, struct upk_error *err), struct upk_error *err)
{
	if (!cJSON_IsObject(json))
		return upk_fail(err, UPK_INVALID, "want an object");
	for (const cJSON *m = json->child; m; m = m->next)
		if (!take_parameter(s, m, check, err))
			return upk_fail_in(err, "%s", m->string);
	return check_conditions(s, err);
}

/* ---- writing ---- */

static void write_numbers(
	struct upk_json_writer *w, const char *key, const double *values, size_t count)
{
	upk_json_array(w, key);
	for (size_t i = 0; i < count; i++)
		upk_json_double(w, NULL, values[i]);
	upk_json_array_end(w);
}

static void write_range(const struct upk_parameter *p, struct upk_json_writer *w)
{
	upk_json_double(w, "low", p->low);
	upk_json_double(w, "high", p->high);
	if (p->step > 0)
		upk_json_double(w, "step", p->step);
	upk_json_string(w, "sampling", p->log ? "log" : "linear");
}

static void write_parameter(const struct upk_parameter *p, struct upk_json_writer *w)
{
	if (p->kind == UPK_SPACE_FIXED) {
		upk_json_double(w, p->name, p->values[0]);
		return;
	}
	upk_json_object(w, p->name);
	upk_json_string(w, "type", kinds[p->kind]);
	if (is_range(p))
		write_range(p, w);
	if (p->kind == UPK_SPACE_CHOICE)
		write_numbers(w, "values", p->values, p->count);
	if (p->when) {
		upk_json_object(w, "when");
		write_numbers(w, p->when, p->when_values, p->when_count);
		upk_json_object_end(w);
	}
	upk_json_object_end(w);
}

void upk_space_write(const struct upk_space *s, struct upk_json_writer *w, const char *key)
{
	upk_json_object(w, key);
	for (size_t i = 0; i < s->count; i++)
		write_parameter(&s->parameters[i], w);
	upk_json_object_end(w);
}
