/* Inside the export: what both formats read a model's rows with. */
#ifndef UPK_REPORT_EXPORT_PARTS_H
#define UPK_REPORT_EXPORT_PARTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"
#include "core/model.h"
#include "items/schema.h"
#include "report/export.h"
#include "store/store.h"

/* One thread. */
struct upk_export {
	const struct upk_export_options *options;
	struct upk_store *store;
	struct upk_schema *schema; /* as it was at the beginning */
	int64_t model;             /* its number */
	int64_t last_seq;          /* what came later is left out */
	struct upk_feature_list *lists;
	size_t lists_count;
	struct upk_buffer lines; /* of the piece at hand */
	int64_t rows;
};

/* The features of a stored list, read once. Borrowed, as long as x. NULL: UPK_NOMEM or the store's
 * error. */
const struct upk_features *upk_export_list(
	struct upk_export *x, int64_t number, struct upk_error *err);

/* The time is in the range that the options ask for. */
bool upk_export_wants(const struct upk_export *x, int64_t time);

/* Hands over the piece, and says how far it is. false: UPK_NOMEM (the piece lacks lines),
 * UPK_CANCELLED, or what `write` says. */
bool upk_export_flush(struct upk_export *x, int64_t done, struct upk_error *err);

#endif
