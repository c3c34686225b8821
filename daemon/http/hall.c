#include "http/hall.h"

#include <microhttpd.h>
#include <stddef.h>
#include <stdlib.h>

#include "base/clock.h"
#include "http/exchange.h"
#include "http/loop.h"
#include "http/problem.h"

/* A post at the engine. It outlives its exchange when that is given up. */
struct upk_visit {
	struct upk_parcel parcel;
	struct upk_hall *hall;
	struct upk_exchange *exchange; /* NULL: given up */
	struct upk_post *post;
	size_t flight; /* of the exchange, when it was given up */
};

void upk_hall_init(struct upk_hall *h, const struct upk_hall_parts *parts, struct upk_loop *loop)
{
	*h = (struct upk_hall){ .parts = *parts, .loop = loop };
}

void upk_hall_finish(struct upk_hall *h)
{
	upk_responses_finish(&h->responses);
}

/* ---- away and back ---- */

static void go_away(struct upk_hall *h, struct upk_exchange *x)
{
	MHD_suspend_connection(x->connection);
	x->away = true;
	upk_reaper_set(x->reaped, 0);
	x->since = upk_clock_monotonic_ns();
	x->next = NULL;
	x->before = h->last;
	*(h->last ? &h->last->next : &h->first) = x;
	h->last = x;
}

static void come_back(struct upk_hall *h, struct upk_exchange *x)
{
	*(x->before ? &x->before->next : &h->first) = x->next;
	*(x->next ? &x->next->before : &h->last) = x->before;
	x->away = false;
	MHD_resume_connection(x->connection);
}

/* ---- with the engine ---- */

/* On the loop's thread. */
static void open_visit(struct upk_parcel *parcel)
{
	struct upk_visit *v = (struct upk_visit *)(void *)parcel;
	struct upk_hall *h = v->hall;

	if (v->exchange) {
		v->exchange->visit = NULL;
		come_back(h, v->exchange);
	} else {
		upk_traffic_give_back(h->parts.traffic, v->flight);
		upk_exchange_free_post(v->post);
	}
	free(v);
}

/* Takes the parcels of one loop's posts out of a list. */
static struct upk_parcel *take_parcels(struct upk_post **posts, const struct upk_hall *h)
{
	struct upk_parcel *parcels = NULL, **end = &parcels;

	while (*posts) {
		struct upk_visit *v = (*posts)->context;
		if (v->hall != h) {
			posts = &(*posts)->next;
			continue;
		}
		*posts = (*posts)->next;
		v->parcel.next = NULL;
		*end = &v->parcel;
		end = &v->parcel.next;
	}
	return parcels;
}

/* On any thread. A loop that was woken by its first post would run while the others are sent. */
static void on_done(struct upk_post *posts)
{
	while (posts) {
		struct upk_hall *h = ((struct upk_visit *)posts->context)->hall;
		upk_loop_send(h->loop, take_parcels(&posts, h));
	}
}

static bool prepare_visit(struct upk_hall *h, struct upk_exchange *x, struct upk_error *err)
{
	struct upk_visit *v = calloc(1, sizeof *v);
	if (!v)
		return upk_fail(err, UPK_NOMEM, "no memory for the request");
	v->parcel.open = open_visit;
	v->hall = h;
	v->exchange = x;
	v->post = x->post;
	x->visit = v;
	x->post->done = on_done;
	x->post->context = v;
	return true;
}

void upk_hall_leave(struct upk_hall *h, struct upk_exchange *x)
{
	x->leaving = true;
	x->next_leaving = NULL;
	*(h->last_leaving ? &h->last_leaving->next_leaving : &h->leaving) = x;
	h->last_leaving = x;
	upk_reaper_set(x->reaped, 0);
}

void upk_hall_forget(struct upk_hall *h, struct upk_exchange *x)
{
	struct upk_exchange *before = NULL, *at = x->leaving ? h->leaving : NULL;

	for (; at && at != x; at = at->next_leaving)
		before = at;
	if (!at)
		return;
	*(before ? &before->next_leaving : &h->leaving) = x->next_leaving;
	if (h->last_leaving == x)
		h->last_leaving = before;
}

static void turn_back(struct upk_hall *h, struct upk_exchange *x, const struct upk_error *err)
{
	upk_problem_of(&x->reply, err);
	free(x->visit);
	x->visit = NULL;
	come_back(h, x);
}

static bool set_out(struct upk_hall *h, struct upk_exchange *x)
{
	struct upk_error err = { 0 };

	x->leaving = false;
	if (!x->away)
		go_away(h, x);
	if (atomic_load(&h->parts.traffic->draining))
		upk_fail(&err, UPK_BUSY, "the daemon is stopping");
	else if (prepare_visit(h, x, &err))
		return true;
	turn_back(h, x, &err);
	return false;
}

/* Together, so that they wake the writer once and share a commit. */
static void hand_over(struct upk_hall *h, struct upk_exchange *leaving)
{
	struct upk_post *posts = NULL, **end = &posts;

	for (struct upk_exchange *x = leaving, *next; x; x = next) {
		next = x->next_leaving;
		if (!set_out(h, x))
			continue;
		*end = x->post;
		x->post->next = NULL;
		end = &x->post->next;
	}
	while (posts) {
		struct upk_error err = { 0 };
		posts = upk_engine_post(upk_site_engine(h->parts.site), posts, &err);
		if (!posts)
			break;
		struct upk_visit *v = posts->context;
		posts = posts->next;
		turn_back(h, v->exchange, &err);
	}
}

/* A small post that leaves alone the loop writes itself: nobody has to be woken. Several are better
 * handed over, since the loop reads on while they are written. */
static bool write_lone(struct upk_hall *h)
{
	struct upk_exchange *x = h->leaving;

	if (x->next_leaving || x->away || x->post->atomic || x->post->settle ||
		x->post->batch->body_size > UPK_TRAFFIC_SMALL ||
		atomic_load(&h->parts.traffic->draining))
		return false;
	x->post->next = NULL;
	return upk_engine_write(upk_site_engine(h->parts.site), x->post);
}

void upk_hall_send(struct upk_hall *h)
{
	struct upk_exchange *x = h->leaving;
	bool written = x && write_lone(h);

	h->leaving = h->last_leaving = NULL;
	if (written)
		x->leaving = false;
	else
		hand_over(h, x);
}

/* ---- with a worker ---- */

static struct upk_exchange *of_errand(struct upk_errand *errand)
{
	return (struct upk_exchange *)(void *)((char *)errand - offsetof(struct upk_exchange, errand));
}

static struct upk_exchange *of_parcel(struct upk_parcel *parcel)
{
	return (struct upk_exchange *)(void *)((char *)parcel -
		offsetof(struct upk_exchange, parcel));
}

/* On the loop's thread: the handler has ended. */
static void open_worked(struct upk_parcel *parcel)
{
	struct upk_exchange *x = of_parcel(parcel);

	x->post = x->reply.post;
	if (x->post)
		upk_hall_leave(x->hall, x);
	else
		come_back(x->hall, x);
}

/* On a worker's thread. */
static void run_errand(struct upk_errand *errand)
{
	struct upk_exchange *x = of_errand(errand);

	x->route->handler(&x->request, &x->reply);
	x->parcel.next = NULL;
	upk_loop_send(x->hall->loop, &x->parcel);
}

void upk_hall_work(struct upk_hall *h, struct upk_exchange *x)
{
	struct upk_workers *workers = x->route->quick ? h->parts.decoders : h->parts.errands;

	x->errand.run = run_errand;
	x->parcel.open = open_worked;
	go_away(h, x);
	if (upk_workers_add(workers, &x->errand))
		return;
	upk_problem(&x->reply, 503, "too many requests wait for a thread");
	come_back(h, x);
}

/* ---- too long away ---- */

static bool may_stay(const struct upk_exchange *x)
{
	return x->visit && x->post->settle;
}

static void give_up_visit(struct upk_exchange *x)
{
	x->visit->exchange = NULL;
	x->visit->flight = x->flight;
	x->visit = NULL;
	x->flight = 0;
	x->post = NULL;
	upk_problem(&x->reply, 503,
		"no answer in time: whether it was stored is not known; sent again, items "
		"with an id count once");
}

/* false: a worker has begun with it. */
static bool withdraw(struct upk_hall *h, struct upk_exchange *x)
{
	if (!upk_workers_withdraw(h->parts.errands, &x->errand) &&
		!upk_workers_withdraw(h->parts.decoders, &x->errand))
		return false;
	upk_problem(&x->reply, 503, "no thread was free in time: nothing was done");
	return true;
}

static void give_up(struct upk_hall *h, struct upk_exchange *x)
{
	if (x->visit)
		give_up_visit(x);
	else if (!withdraw(h, x))
		return;
	come_back(h, x);
}

void upk_hall_tick(struct upk_hall *h, int64_t now)
{
	int64_t since = 0;

	for (struct upk_exchange *x = h->first, *next; x; x = next) {
		next = x->next;
		if (may_stay(x))
			continue;
		if (now - x->since >= UPK_HALL_PATIENCE_NS)
			give_up(h, x);
		else if (x->visit && since == 0)
			since = x->since;
	}
	atomic_store(&h->since, since);
}

bool upk_hall_answers(const struct upk_hall *h, int64_t now)
{
	int64_t since = atomic_load(&h->since);

	return since == 0 || now - since < UPK_HALL_PATIENCE_NS / 2;
}
