/* A whole life of an engine in little, to be played while something fails: opening, PUT, events,
 * labels, revisions, an alert, a run, predictions, metrics, a restart. What it was told and what
 * came of it must agree in the end. */
#ifndef UPK_TESTS_FAULTS_SCENARIO_H
#define UPK_TESTS_FAULTS_SCENARIO_H

#include <stdbool.h>

#include "base/clock.h"
#include "engine/engine.h"

enum { SCENARIO_STEPS = 32 };

enum scenario_outcome { NOT_SENT, STORED, REFUSED, UNKNOWN };

struct scenario {
	char folder[64];
	const struct upk_clock *clock; /* NULL: the system's */
	struct upk_engine *engine;
	enum scenario_outcome outcomes[SCENARIO_STEPS];
	enum upk_code codes[SCENARIO_STEPS]; /* of the refusals */
	bool broke;                          /* the engine said that it can't go on */
	bool late;                           /* and said so only when the fault had gone */
	unsigned posts;                      /* so far */
	enum upk_code opening;               /* of an open that failed; UPK_OK: none did */
};

/* A fresh folder; scenario_finish closes the engine and removes the folder. */
void scenario_init(struct scenario *s);
void scenario_finish(struct scenario *s);

/* Plays every step, whatever fails. A broken engine is closed and opened anew. */
void scenario_play(struct scenario *s);

/* When nothing fails any more: opens or goes on, sends again what was refused, and then everything;
 * what was acknowledged must be there once, what was refused must not be there in part, windows
 * must equal the rows, before a restart and after it. Fails the test otherwise. */
void scenario_check(struct scenario *s);

#endif
