#include "learn/minimise.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <cblas.h>

enum { MEMORY = 10, SEARCHES = 20 };

/* A step must gain `gain` of what the slope promises; or, where the value changes by less than
 * doubles can tell (`noise` of it), the slope along it must have fallen as much: the approximate
 * condition of Hager and Zhang 2005. */
static const double gain = 1e-4, noise = 1e-12;

/* Pairs of steps and changes of slope, in a ring; rho is 1 / (step . change). */
struct memory {
	double *step[MEMORY], *change[MEMORY], rho[MEMORY], along[MEMORY];
	size_t count, next;
	double scale; /* of the first guess at the inverse Hessian */
};

struct descent {
	const struct upk_minimise *m;
	double *x;                         /* the caller's */
	double *g, *direction, *at, *g_at; /* g owns the block */
	double value, value_at;
	struct memory memory;
};

static double dot(const struct descent *d, const double *a, const double *b)
{
	return cblas_ddot((int)d->m->count, a, 1, b, 1);
}

static void add(const struct descent *d, double factor, const double *from, double *to)
{
	cblas_daxpy((int)d->m->count, factor, from, 1, to, 1);
}

static bool allocate(struct descent *d, struct upk_error *err)
{
	size_t n = d->m->count;
	double *at = calloc(n, (4 + 2 * MEMORY) * sizeof *at);

	if (!at)
		return upk_fail(err, UPK_NOMEM, "no memory to fit %zu weights", n);
	d->g = at;
	d->direction = at + n;
	d->at = at + 2 * n;
	d->g_at = at + 3 * n;
	for (size_t i = 0; i < MEMORY; i++) {
		d->memory.step[i] = at + (4 + 2 * i) * n;
		d->memory.change[i] = at + (5 + 2 * i) * n;
	}
	return true;
}

static void guess(const struct descent *d, double *v)
{
	if (d->m->precondition)
		d->m->precondition(d->m->context, v);
	cblas_dscal((int)d->m->count, d->memory.scale, v, 1);
}

/* The two loops of Nocedal 1980: direction = - inverse Hessian times g. */
static void aim(struct descent *d)
{
	struct memory *h = &d->memory;
	double *v = d->direction;

	memcpy(v, d->g, d->m->count * sizeof *v);
	for (size_t i = 1; i <= h->count; i++) {
		size_t k = (h->next + MEMORY - i) % MEMORY;
		h->along[k] = h->rho[k] * dot(d, h->step[k], v);
		add(d, -h->along[k], h->change[k], v);
	}
	guess(d, v);
	for (size_t i = h->count; i >= 1; i--) {
		size_t k = (h->next + MEMORY - i) % MEMORY;
		add(d, h->along[k] - h->rho[k] * dot(d, h->change[k], v), h->step[k], v);
	}
	cblas_dscal((int)d->m->count, -1, v, 1);
}

/* Keeps the step from x to at, if the slope grew along it. Uses `direction` as room. */
static void remember(struct descent *d)
{
	struct memory *h = &d->memory;
	size_t n = d->m->count;
	double *step = h->step[h->next], *change = h->change[h->next];
	double product;

	for (size_t i = 0; i < n; i++) {
		step[i] = d->at[i] - d->x[i];
		change[i] = d->g_at[i] - d->g[i];
	}
	product = dot(d, step, change);
	if (!(product > 0 && isfinite(1 / product)))
		return;
	memcpy(d->direction, change, n * sizeof *change);
	h->scale = 1;
	guess(d, d->direction);
	h->scale = product / dot(d, change, d->direction);
	h->rho[h->next] = 1 / product;
	h->next = (h->next + 1) % MEMORY;
	h->count += h->count < MEMORY;
}

/* Shortens the step until it gains enough. false: none does. */
static bool search(struct descent *d, double step)
{
	double slope = dot(d, d->g, d->direction);

	if (!(slope < 0))
		return false;
	for (int i = 0; i < SEARCHES; i++, step /= 2) {
		memcpy(d->at, d->x, d->m->count * sizeof *d->at);
		add(d, step, d->direction, d->at);
		d->value_at = d->m->evaluate(d->m->context, d->at, d->g_at);
		if (d->value_at <= d->value + gain * step * slope)
			return true;
		if (d->value_at <= d->value + noise * fabs(d->value) &&
			dot(d, d->g_at, d->direction) <= (2 * gain - 1) * slope)
			return true;
	}
	return false;
}

static bool has_arrived(const struct descent *d)
{
	return sqrt(dot(d, d->g, d->g)) <= d->m->tolerance * fmax(1, sqrt(dot(d, d->x, d->x)));
}

static bool is_last(const struct descent *d)
{
	size_t most = cblas_idamax((int)d->m->count, d->direction, 1);

	return d->m->precondition && fabs(d->direction[most]) <= d->m->settled;
}

static bool descend(struct descent *d, struct upk_error *err)
{
	const struct upk_minimise *m = d->m;

	d->value = m->evaluate(m->context, d->x, d->g);
	d->memory.scale = 1;
	for (int i = 0; i < m->iterations && !has_arrived(d); i++) {
		bool blind = d->memory.count == 0 && !m->precondition;
		aim(d);
		if (is_last(d)) {
			add(d, 1, d->direction, d->x);
			break;
		}
		if (!search(d, blind ? 1 / sqrt(dot(d, d->g, d->g)) : 1))
			break;
		remember(d);
		memcpy(d->x, d->at, m->count * sizeof *d->x);
		memcpy(d->g, d->g_at, m->count * sizeof *d->g);
		d->value = d->value_at;
		if (!m->look(m->context, d->value, err))
			return false;
	}
	return true;
}

bool upk_minimise(const struct upk_minimise *m, double *x, struct upk_error *err)
{
	struct descent d = { .m = m, .x = x };
	bool ok;

	if (!allocate(&d, err))
		return false;
	ok = descend(&d, err);
	free(d.g);
	return ok;
}
