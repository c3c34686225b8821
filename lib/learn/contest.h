/* One run: candidates fitted on different pasts, compared on the same holdout, and a verdict. */
#ifndef UPK_LEARN_CONTEST_H
#define UPK_LEARN_CONTEST_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "learn/checks.h"
#include "learn/dataset.h"
#include "learn/gate.h"
#include "learn/predictor.h"
#include "learn/tuning.h"
#include "metrics/confusion.h"

enum {
	UPK_CONTEST_OLD = 4,
	UPK_CONTEST_OTHERS = 7,
	UPK_CONTEST_TUNED = 2,
	UPK_CONTEST_CANDIDATES = 24
};
enum { UPK_CONTEST_METRIC = 160, UPK_CONTEST_VERDICT = 1024 };

/* A version on the bench that takes part as it is. */
struct upk_contest_old {
	int64_t version;
	struct upk_predictor *predictor; /* borrowed; its inputs are the dataset's columns */
	int64_t trained_to; /* place after its last training row; it takes part where all of them
			     * were known when the holdout was predicted */
};

/* Another learner, which may take the place of the one that the run goes by. */
struct upk_contest_other {
	struct upk_predictor_setup setup;
	struct upk_space space; /* of a search */
};

/* Whom the others must beat. */
struct upk_contest_champion {
	int64_t version; /* the answers served are its own; 0: whoever answered is the champion */
	const struct upk_predictor *predictor; /* NULL: it can't be asked */
	int64_t trained_to;                    /* place after its last training row */
};

struct upk_contest_request {
	const struct upk_dataset *data; /* all rows up to the run's `now` */
	struct upk_predictor_setup setup;
	const struct upk_contest_other
		*others;     /* fitted on the window that is picked with the setup */
	size_t others_count; /* UPK_CONTEST_OTHERS at most */
	struct upk_decision decision;
	bool calibrate;             /* what is fitted on all rows, by the rows held out */
	bool threshold;             /* what is fitted may decide by a threshold of its own */
	struct upk_measure measure; /* the gate's */
	enum upk_gate_kind kind;
	double margin;     /* 0.002 */
	double confidence; /* 0: auto */
	struct upk_checks checks;
	const struct upk_slices *slices; /* of the rows held out, sorted; NULL: none are declared */
	double first_errors; /* share, of version 1 on its own holdout; NAN: not known */
	int64_t change;      /* c, a place */
	struct upk_contest_champion champion;
	const struct upk_contest_old
		*old; /* the newest of the bench; the first UPK_CONTEST_OLD count */
	size_t olds;
	const struct upk_tuning *tuning; /* NULL: windows and old ones alone */
	/* Told between candidates and trials; NULL: nobody. Runs on the caller's thread. */
	void (*progress)(void *context, size_t done, size_t total);
	void *context;
};

struct upk_contest_candidate {
	int64_t version;                   /* > 0: an old one; 0: fitted here */
	const struct upk_learner *learner; /* NULL for an old one */
	int64_t trial;                     /* whose settings it has; 0: the run's own */
	bool adjusted;                     /* it goes on from the champion */
	int64_t from, to; /* places: [from, to) of its training rows; 0, 0 for an old one */
	size_t rows;
	double score; /* on the compared rows */
};

struct upk_contest_outcome {
	size_t holdout, compared;         /* rows held out, pairs among them */
	int64_t holdout_from, holdout_to; /* places [from, to) */
	struct upk_contest_candidate candidates[UPK_CONTEST_CANDIDATES];
	size_t count, picked;            /* picked: index; count when there was no candidate */
	char metric[UPK_CONTEST_METRIC]; /* what was compared: "macro f1", "accuracy", "f1 of spam"
					  */
	double champion, challenger, difference, sd, z, limit;
	struct upk_checked checked; /* of a contest with a champion */
	bool threshold_asked;       /* two classes, and compared by the f1 of the positive one */
	struct upk_threshold threshold; /* of the one picked among those fitted here */
	bool passed;
	bool held;                       /* it would have passed, but a person is to decide */
	int64_t change;                  /* the model's c afterwards when passed */
	struct upk_predictor *predictor; /* passed or held: refitted on [from, now); refused: as it
					    was judged. NULL when an old version was picked. The
					    caller's reference */
	int64_t version;  /* the old version picked, when passed or held and not fitted here */
	int64_t from, to; /* places [from, to) that predictor was fitted on */
	size_t rows;
	struct upk_confusion
		*figures; /* the picked candidate on the holdout; the caller destroys it */
	char verdict[UPK_CONTEST_VERDICT]; /* a sentence with the figures */
};

/* How many rows before the holdout a run of its kind leaves out, because they were not known when
 * the holdout was predicted. */
size_t upk_contest_lag(const struct upk_contest_request *request, size_t holdout);

/* What a run fails for can mostly be told before any fit: this does, of one with a champion and of
 * a first one. It may be asked while `others`, the setup's learner and the tuning's space stand for
 * any: `steps` is what `progress` will be told as the total. false: as below. */
bool upk_contest_check(
	const struct upk_contest_request *request, size_t *steps, struct upk_error *err);
bool upk_contest_first_check(
	const struct upk_contest_request *request, size_t *steps, struct upk_error *err);

/* A run with a champion: docs/policy.md section 2. The threshold (learn/threshold.h) of each window
 * and of what a search came to is looked for by a fit on the older four fifths of its own rows,
 * none of them held out, which answers the newest fifth (10,000 rows at most); by it they are
 * compared and judged. Runs as long as its fits take, on the caller's thread. false: UPK_INVALID
 * (fewer than 50 pairs in the holdout, one class, no features, ...: the run failed, with the
 * reason), UPK_CANCELLED or UPK_NOMEM; out is then empty. */
bool upk_contest(const struct upk_contest_request *request, struct upk_contest_outcome *out,
	struct upk_error *err);

/* The first run, where there is neither version nor prediction: all rows, whatever the gate says.
 * figures come from a twin that did not see the holdout (NULL with too few rows for one); champion
 * is then the majority class's score there. */
bool upk_contest_first(const struct upk_contest_request *request, struct upk_contest_outcome *out,
	struct upk_error *err);

void upk_contest_finish(struct upk_contest_outcome *out); /* frees what it holds */

#endif
