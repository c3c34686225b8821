/* The rows that candidates are compared on, and what each of them answers there. */
#ifndef UPK_LEARN_PANEL_H
#define UPK_LEARN_PANEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "learn/dataset.h"
#include "learn/gate.h"
#include "learn/predictor.h"
#include "metrics/confusion.h"

/* Starts as { 0 }; one thread. The fields may be read. */
struct upk_panel {
	const struct upk_dataset *data; /* borrowed */
	struct upk_decision decision;
	struct upk_measure measure;
	/* Says what the champion would have answered on rows that others answered, from the place on
	 * from which it was fitted on none. NULL: those rows are not compared. */
	const struct upk_predictor *champion;
	int64_t champion_from;
	size_t first;          /* of the data's rows: those held out are first .. rows - 1 */
	size_t n;              /* rows compared */
	size_t *rows;          /* (n) which they are, increasing */
	uint16_t *actual;      /* (n) their labels */
	double *probabilities; /* (rows held out, classes) of whoever answers */
};

/* One's answers on the n rows. Starts as { 0 }. */
struct upk_panel_answer {
	uint16_t *predicted; /* (n) */
	double *v;           /* (n) influence of each on the score */
	double score;
};

/* Compares on the newest `holdout` rows, with `pairs` on those alone that the champion answered or
 * would have, which the fields above say.
 * false: UPK_NOMEM; finish it in any case. */
bool upk_panel_init(struct upk_panel *p, const struct upk_dataset *data, size_t holdout, bool pairs,
	struct upk_error *err);
void upk_panel_finish(struct upk_panel *p);

/* What the champion answered on the rows (only of a panel of pairs), what a version says, and one class for
 * all of them. false: UPK_NOMEM or UPK_INVALID; finish the answer in any case. */
bool upk_panel_ask_champion(struct upk_panel *p, struct upk_panel_answer *a, struct upk_error *err);
bool upk_panel_ask(struct upk_panel *p, const struct upk_predictor *predictor,
	struct upk_panel_answer *a, struct upk_error *err);
bool upk_panel_ask_constant(
	struct upk_panel *p, uint16_t class, struct upk_panel_answer *a, struct upk_error *err);
void upk_panel_answer_finish(struct upk_panel_answer *a);

/* sd of the difference of two answers' scores. */
double upk_panel_sd(const struct upk_panel *p, const struct upk_panel_answer *a,
	const struct upk_panel_answer *b);

/* The caller destroys it. NULL: UPK_NOMEM. */
struct upk_confusion *upk_panel_confusion(
	const struct upk_panel *p, const struct upk_panel_answer *a, struct upk_error *err);

/* For upk_gate_z and upk_gate_by_accuracy; predicted is NULL. */
struct upk_answers upk_panel_labels(const struct upk_panel *p);

#endif
