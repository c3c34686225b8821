#include "http/exchange.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "http/intake.h"
#include "http/items.h"
#include "http/problem.h"
#include "log.h"

enum {
	IDLE_SECONDS = 60,
	SLOWEST = 16 << 10,        /* bytes a second that a client must move */
	PRESSED = 1 << 20,         /* the same of a large body while others are refused */
	QUICK_TENSORS = 256 << 10, /* a body of binary tensors up to here: read at once */
};
#define SECOND_NS INT64_C(1000000000)

static int64_t time_for(size_t bytes)
{
	return UPK_EXCHANGE_GRACE_NS + (int64_t)bytes * SECOND_NS / SLOWEST;
}

void upk_exchange_free_post(struct upk_post *post)
{
	if (!post)
		return;
	upk_post_finish(post);
	free(post);
}

static bool is_draining(const struct upk_exchange *x)
{
	return atomic_load(&x->hall->parts.traffic->draining);
}

/* ---- replies ---- */

/* What is no fault of the client's is for the operator to see. */
static void log_failure(const struct upk_exchange *x)
{
	const struct upk_reply *reply = &x->reply;
	size_t size = reply->body.size;

	if (reply->status != 500 && reply->status != 507)
		return;
	if (size > 0 && reply->body.data[size - 1] == '\n')
		size--;
	upk_log_say(upk_site_log(x->hall->parts.site), UPK_LOG_ERROR, "%.200s: %.*s", x->target,
		(int)size, size > 0 ? reply->body.data : "");
}

static enum MHD_Result send_reply(struct upk_exchange *x)
{
	struct upk_reply *reply = &x->reply;
	size_t size = reply->fixed.data ? reply->fixed.size : reply->body.size;
	bool last_one = x->hasty || is_draining(x);

	log_failure(x);
	upk_reaper_set(x->reaped, upk_clock_monotonic_ns() + time_for(size));
	return upk_response_queue(&x->hall->responses, x->connection, reply, last_one);
}

/* Frees what came of the body. */
static void forget(struct upk_exchange *x)
{
	upk_traffic_give_back(x->hall->parts.traffic, x->flight);
	x->flight = 0;
	upk_buffer_finish(&x->request.body);
	upk_batch_destroy(x->request.batch);
	x->request.batch = NULL;
}

static void refuse(struct upk_exchange *x, unsigned status, const char *detail)
{
	forget(x);
	upk_problem(&x->reply, status, "%s", detail);
	x->replied = true;
}

/* ---- heads ---- */

static enum MHD_Result collect_header(void *context, enum MHD_ValueKind kind, const char *name,
	size_t name_size, const char *value, size_t value_size)
{
	struct upk_intake_head *head = context;

	(void)kind;
	if (++head->count > UPK_INTAKE_HEADERS)
		return MHD_NO;
	head->headers[head->count - 1] = (struct upk_header){ { name, name_size },
		{ value ? value : "", value ? value_size : 0 } };
	return MHD_YES;
}

static void begin(struct upk_exchange *x, const char *method)
{
	struct upk_intake_head head; /* large: its headers are set by count alone */

	head.method = method;
	head.target = x->target;
	head.count = 0;
	x->begun = true;
	x->began = upk_clock_monotonic_ns();
	x->pressed = x->began + UPK_EXCHANGE_GRACE_NS;
	x->request.site = x->hall->parts.site;
	x->reply.inference = upk_problem_is_inference(x->target);
	upk_reaper_set_busy(x->reaped, true);
	MHD_get_connection_values_n(x->connection, MHD_HEADER_KIND, collect_header, &head);
	if (is_draining(x)) {
		refuse(x, 503, "the daemon is stopping");
		return;
	}
	x->route = upk_intake_take(&head, &x->request, &x->reply, &x->hasty);
	x->replied = !x->route;
	if (!x->route || !x->request.gzip)
		return;
	x->inflate = upk_inflate_create();
	if (!x->inflate)
		refuse(x, 503, "no memory for the request");
}

/* ---- bodies ---- */

/* What is decoded as it comes: NDJSON once it is not small. */
static bool is_fed(const struct upk_exchange *x)
{
	return x->request.ndjson && x->route->body == UPK_ROUTE_ITEMS &&
		x->flight > UPK_TRAFFIC_SMALL && !x->request.body.failed;
}

static void take(struct upk_exchange *x, const char *data, size_t size)
{
	struct upk_request *r = &x->request;
	struct upk_error err = { 0 };
	bool taken = true;

	if (r->batch) {
		taken = upk_batch_feed(r->batch, (struct upk_text){ data, size }, &err);
	} else {
		upk_buffer_append(&r->body, data, size);
		if (is_fed(x))
			taken = upk_items_begin(x->route->items, r, &err);
	}
	if (taken)
		return;
	forget(x);
	upk_problem_of(&x->reply, &err);
	x->replied = true;
}

static void keep(struct upk_exchange *x, const char *data, size_t size)
{
	if (size == 0)
		return;
	if (x->flight + size > UPK_INTAKE_BODY) {
		refuse(x, 413, "the body is over 32 MiB");
		return;
	}
	if (!upk_traffic_take(x->hall->parts.traffic, x->flight, size)) {
		refuse(x, 503, "too many bytes of other requests are in flight");
		return;
	}
	x->flight += size;
	take(x, data, size);
}

static void inflate_and_keep(struct upk_exchange *x, struct upk_text in)
{
	char out[32 << 10];
	size_t size;

	do {
		size = sizeof out;
		if (!upk_inflate_next(x->inflate, &in, out, &size)) {
			refuse(x, 400,
				"Content-Encoding: the body is no gzip, or it is broken: compress "
				"it, or leave the "
				"header out");
			return;
		}
		keep(x, out, size);
	} while (!x->replied && (in.size > 0 || size == sizeof out));
}

/* What came at once gives no more time than the first bytes do: who sends much and then drips is
 * overdue soon. */
static void press(struct upk_exchange *x, size_t size)
{
	int64_t most = upk_clock_monotonic_ns() + UPK_EXCHANGE_GRACE_NS;

	x->pressed += (int64_t)size * SECOND_NS / PRESSED;
	if (x->pressed > most)
		x->pressed = most;
	upk_reaper_set_pressed(x->reaped, x->flight > UPK_TRAFFIC_SMALL ? x->pressed : 0);
}

/* Keeps what came of a body, or throws it away when it is refused. */
static void receive(struct upk_exchange *x, const char *data, size_t size)
{
	x->received += size;
	upk_reaper_set(x->reaped, x->began + time_for(x->received));
	if (x->replied)
		x->hasty = x->received > UPK_INTAKE_DRAINED;
	else if (x->inflate)
		inflate_and_keep(x, (struct upk_text){ data, size });
	else
		keep(x, data, size);
	press(x, size);
}

/* ---- handlers ---- */

/* What neither waits for another thread nor takes long runs on the loop's: two threads that wake
 * each other cost as much as 1,000 rows of a small model. */
static bool is_quick(const struct upk_exchange *x)
{
	bool binary = x->route->body == UPK_ROUTE_TENSORS && x->request.json_size;

	return x->route->quick && x->flight <= (binary ? QUICK_TENSORS : UPK_TRAFFIC_SMALL);
}

/* true: there is no reply yet; libmicrohttpd asks again. */
static bool run(struct upk_exchange *x)
{
	x->replied = true;
	upk_reaper_set_pressed(x->reaped, 0);
	if (x->inflate && !upk_inflate_ended(x->inflate)) {
		refuse(x, 400,
			"Content-Encoding: the gzip stream ends too early, or a byte follows its "
			"end: send all of it, and nothing else");
		return false;
	}
	if (is_draining(x)) {
		refuse(x, 503, "the daemon is stopping");
		return false;
	}
	if (!upk_intake_body(x->route, &x->request, &x->reply))
		return false;
	if (!is_quick(x)) {
		upk_hall_work(x->hall, x);
		return true;
	}
	x->route->handler(&x->request, &x->reply);
	x->post = x->reply.post;
	if (x->post)
		upk_hall_leave(x->hall, x);
	return x->leaving;
}

/* The engine has done with the post, unless there is a reply already. */
static void take_answer(struct upk_exchange *x)
{
	if (x->post && x->reply.status == 0)
		x->reply.answer(x->post, &x->reply);
	upk_exchange_free_post(x->post);
	x->post = NULL;
}

/* ---- libmicrohttpd's callbacks ---- */

enum MHD_Result upk_exchange_on_request(void *context, struct MHD_Connection *connection,
	const char *url, const char *method, const char *version, const char *data,
	size_t *data_size, void **state)
{
	struct upk_exchange *x = *state;

	(void)context;
	(void)url;
	(void)version;
	if (!x)
		return MHD_NO;
	if (!x->begun) {
		begin(x, method);
		bool now = x->replied &&
			(x->hasty ||
				MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Expect"));
		return now ? send_reply(x) : MHD_YES;
	}
	if (*data_size > 0) {
		receive(x, data, *data_size);
		*data_size = 0;
		return x->replied && x->hasty ? MHD_NO : MHD_YES;
	}
	if (x->leaving || (!x->replied && run(x)))
		return MHD_YES;
	take_answer(x);
	return send_reply(x);
}

/* The request line is there: MHD's own reading of the target is not used. */
void *upk_exchange_on_target(void *context, const char *target, struct MHD_Connection *connection)
{
	struct upk_hall *hall = context;
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	struct upk_exchange *x = calloc(1, sizeof *x);

	if (!x)
		return NULL;
	x->hall = hall;
	x->connection = connection;
	x->reaped = info ? info->socket_context : NULL;
	x->target = strdup(target);
	if (!x->target) {
		free(x);
		return NULL;
	}
	upk_reaper_set(x->reaped, upk_clock_monotonic_ns() + UPK_EXCHANGE_GRACE_NS);
	atomic_fetch_add(&hall->parts.traffic->exchanges, 1);
	return x;
}

void upk_exchange_on_completed(void *context, struct MHD_Connection *connection, void **state,
	enum MHD_RequestTerminationCode why)
{
	struct upk_hall *hall = context;
	struct upk_exchange *x = *state;

	(void)connection;
	(void)why;
	if (!x)
		return;
	*state = NULL;
	upk_hall_forget(hall, x);
	upk_reaper_set_pressed(x->reaped, 0);
	upk_reaper_set_busy(x->reaped, false);
	upk_reaper_set(x->reaped, upk_clock_monotonic_ns() + IDLE_SECONDS * SECOND_NS);
	upk_exchange_free_post(x->post);
	upk_reply_finish(&x->reply);
	forget(x);
	upk_url_finish(&x->request.url);
	upk_inflate_destroy(x->inflate);
	free(x->target);
	free(x);
	atomic_fetch_sub(&hall->parts.traffic->exchanges, 1);
}
