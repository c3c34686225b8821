/* What the tail wants done: alerts, runs, promotions, points of history. */
#ifndef UPK_TAIL_ORDERS_H
#define UPK_TAIL_ORDERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "config/run_kind.h"
#include "tail/rule.h"
#include "versions/bench.h"

/* The caller stores them in one transaction with the tail's state. Thread: the writer. */
enum upk_order_kind {
	UPK_ORDER_ALERT,   /* a rule fired */
	UPK_ORDER_RESOLVE, /* its alert is over */
	UPK_ORDER_RUN,     /* a run starts: queue it */
	UPK_ORDER_PROMOTE, /* a version on the bench takes over, or the shadow, or from it */
	UPK_ORDER_POINT,   /* a window's counts for the history */
};

struct upk_order {
	enum upk_order_kind kind;
	int64_t seq, time, place; /* of the step; time is its clock, ms */
	size_t rule;              /* ALERT, RESOLVE, RUN by an alert: index */
	int64_t alert;
	const char *resolved_by; /* RESOLVE: static */
	struct upk_judgement judgement; /* ALERT */
	int64_t run_at;           /* ALERT: place; 0: no run */
	enum upk_run_kind run_kind;
	int64_t run, now, change; /* RUN; change: ALERT too (0: none) */
	int64_t rows;     /* RUN: pairs and examples with features by then */
	int64_t champion; /* RUN: the version in use, to go on from; 0: none of upkeepd's */
	int64_t resumed;  /* RUN: how many crashes it has met while it went on */
	struct upk_takeover takeover; /* PROMOTE */
	bool live;                /* PROMOTE: the shadow takes over, or is taken over from */
	size_t window;            /* POINT: index */
	struct upk_buffer counts; /* POINT: as windows/history.h encodes them; the order's */
	int64_t point_time;       /* POINT: greatest pair time so far */
};

struct upk_orders {
	struct upk_order *items;
	size_t count, capacity;
	bool failed; /* an order was lost for want of memory: the tail must be built again */
};

/* A new order at the end, to be filled in; NULL: no memory, and failed is set. */
struct upk_order *upk_orders_add(struct upk_orders *o, enum upk_order_kind kind);
void upk_orders_clear(struct upk_orders *o); /* keeps the memory of a few */
void upk_orders_finish(struct upk_orders *o);

#endif
