#include "windows/totals.h"

#include <stdlib.h>
#include <string.h>

bool upk_totals_grow(struct upk_totals *t, size_t classes, struct upk_error *err)
{
	if (classes <= t->count)
		return true;
	struct upk_class_totals *grown = realloc(t->classes, classes * sizeof *grown);
	if (!grown)
		return upk_fail(
			err, UPK_NOMEM, "no memory for the counters of %zu classes", classes);
	memset(&grown[t->count], 0, (classes - t->count) * sizeof *grown);
	t->classes = grown;
	t->count = classes;
	return true;
}

void upk_totals_finish(struct upk_totals *t)
{
	free(t->classes);
	*t = (struct upk_totals){ 0 };
}

void upk_totals_add(struct upk_totals *t, struct upk_pair pair)
{
	t->pairs++;
	if (pair.actual == pair.predicted) {
		t->classes[pair.actual].tp++;
		return;
	}
	t->classes[pair.predicted].fp++;
	t->classes[pair.actual].fn++;
}

void upk_totals_remove(struct upk_totals *t, struct upk_pair pair)
{
	if (pair.actual == pair.predicted) {
		t->classes[pair.actual].tp_removed++;
		return;
	}
	t->classes[pair.predicted].fp_removed++;
	t->classes[pair.actual].fn_removed++;
}
