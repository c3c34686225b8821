/* A data folder of a test's own, and rows to put in it. */
#ifndef UPK_TESTS_STORE_FIXTURE_H
#define UPK_TESTS_STORE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/error.h"
#include "store/event.h"
#include "store/label.h"
#include "store/place.h"
#include "store/store.h"
#include "store/sweep.h"

enum { FIXTURE_PATH = 256 };

struct fixture {
	char folder[FIXTURE_PATH];  /* under /dev/shm or TMPDIR; removed in the end */
	struct upk_store *store;    /* its writer; NULL while closed */
	int64_t model;              /* "m" */
	int64_t seq, number, place; /* given out last */
};

/* cmocka's set-up and tear-down: *state is a struct fixture with the store open and a model. */
int fixture_setup(void **state);
int fixture_teardown(void **state);

void fixture_path(const struct fixture *f, const char *name, char path[FIXTURE_PATH]);
void fixture_close(struct fixture *f);
void fixture_reopen(struct fixture *f);
/* Opening must fail so. */
void fixture_refuse(struct fixture *f, enum upk_code code, const char *words);

/* Fails the test with the message of the error. */
void assert_ok(bool ok, const struct upk_error *err);
void assert_text(struct upk_text text, const char *wanted); /* NULL: absent */

void fixture_begin(struct fixture *f);
void fixture_commit(struct fixture *f);

/* Inside a transaction; each returns its sequence number (or place). An event's time is 1000 times
 * its sequence number; "" as id, NULL as predicted or label: none. */
int64_t fixture_event(struct fixture *f, const char *id, const char *predicted, const char *label);
int64_t fixture_label(struct fixture *f, const char *id, int64_t event, const char *class);
/* A label of a complete event, and what says that it revised it. */
int64_t fixture_revise(struct fixture *f, const char *id, int64_t event, int64_t place,
	const char *class);
int64_t fixture_place(struct fixture *f, int64_t event, int64_t label, int64_t time);

/* Inside a transaction: a run that goes on, and a trial of it, whose parent is the first; NAN: it
 * failed. */
void fixture_run(struct fixture *f, int64_t run);
void fixture_trial(struct fixture *f, int64_t run, int64_t trial, double score);

/* Outside a transaction: deletes a model and sweeps all that it had, `rows` a step. The steps. */
int fixture_delete(struct fixture *f, int64_t model, int64_t rows);

/* How many rows the table has, through a connection of its own. */
int64_t fixture_count(const struct fixture *f, const char *table);

#endif
