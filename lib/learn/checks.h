/* What a challenger must show besides a better figure: one table, each row a check. */
#ifndef UPK_LEARN_CHECKS_H
#define UPK_LEARN_CHECKS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "learn/checks_wanted.h"
#include "learn/panel.h"
#include "learn/slices.h"

enum { UPK_CHECKS_NAME = 272, UPK_CHECKS_WORDS = 512, UPK_CHECKS_SLICES = 20 };

struct upk_slice_figures {
	char name[UPK_CHECKS_NAME];
	size_t pairs;
	bool by_accuracy; /* what follows is of accuracy; else of the panel's measure */
	double champion, challenger, difference, sd;
	double limit; /* it falls when difference < -limit; NAN: not asked for */
};

enum upk_check_end {
	UPK_CHECK_PASSED,
	UPK_CHECK_HELD,    /* a person is to decide */
	UPK_CHECK_REFUSED, /* stronger than held */
};

struct upk_checked {
	double flips;  /* share of the pairs that champion and challenger answer differently */
	double errors; /* challenger's, as a share of the pairs */
	double least_errors; /* the fewest so far: what the alarm compares with */
	size_t judged;       /* slices with enough pairs */
	size_t shown;
	struct upk_slice_figures slices[UPK_CHECKS_SLICES]; /* (shown) the furthest below first */
	enum upk_check_end end;
	char words[UPK_CHECKS_WORDS]; /* why it did not pass, to follow a "but"; "" when it did */
};

/* Who is checked against whom; all borrowed. */
struct upk_checks_input {
	const struct upk_panel *panel; /* of pairs */
	const struct upk_panel_answer *champion, *challenger;
	const struct upk_slices *slices; /* sorted; NULL: none are declared */
	double first_errors; /* share, of version 1 on its own holdout; NAN: not known */
	const struct upk_panel_answer *candidates; /* all of the run, the challenger's among them */
	size_t candidates_count;
};

/* false: UPK_NOMEM or UPK_INVALID. */
bool upk_checks_run(const struct upk_checks *wanted, const struct upk_checks_input *in,
	struct upk_checked *out, struct upk_error *err);

#endif
