#include "report/export_parts.h"

#include <stdlib.h>

const struct upk_features *upk_export_list(
	struct upk_export *x, int64_t number, struct upk_error *err)
{
	for (size_t i = 0; i < x->lists_count; i++)
		if (x->lists[i].number == number)
			return x->lists[i].features;
	struct upk_feature_list *lists = realloc(x->lists, (x->lists_count + 1) * sizeof *lists);
	if (!lists) {
		upk_fail(err, UPK_NOMEM, "no memory for a feature list");
		return NULL;
	}
	x->lists = lists;
	struct upk_features *features;
	if (!upk_read_feature_list(x->store, x->model, number, &features, err))
		return NULL;
	x->lists[x->lists_count++] = (struct upk_feature_list){ number, features };
	return features;
}

bool upk_export_wants(const struct upk_export *x, int64_t time)
{
	const struct upk_export_options *o = x->options;
	return (o->from == 0 || time >= o->from) && (o->to == 0 || time < o->to);
}

bool upk_export_flush(struct upk_export *x, int64_t done, struct upk_error *err)
{
	const struct upk_export_options *o = x->options;
	if (x->lines.failed)
		return upk_fail(err, UPK_NOMEM, "no memory for the lines of an export");
	if (x->lines.size > 0 && !o->write(o->context, upk_buffer_text(&x->lines), err))
		return false;
	upk_buffer_clear(&x->lines);
	return !o->go_on || o->go_on(o->context, done, x->last_seq) ||
		upk_fail(err, UPK_CANCELLED, "stopped");
}
