/* A model's rows as text that `import` takes back: NDJSON with all of them, or a CSV table. */
#ifndef UPK_REPORT_EXPORT_H
#define UPK_REPORT_EXPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/text.h"

enum upk_export_format {
	UPK_EXPORT_NDJSON, /* a line an event or label, in the order in which they came */
	UPK_EXPORT_CSV,    /* a row an event, with the label that it has now: pairs and examples in
			      the order of their places, then events without a label */
};

struct upk_export_options {
	const char *folder;
	const char *model;
	enum upk_export_format format;
	int64_t from, to; /* timestamps of events in [from, to) ms; 0: open. A label goes with its
			     event, one that still waits for it by its own timestamp */
	/* Takes the next lines; false with err stops the export. */
	bool (*write)(void *context, struct upk_text lines, struct upk_error *err);
	/* Told now and then how far of how many sequence numbers it is; false stops the export. */
	bool (*go_on)(void *context, int64_t done, int64_t all);
	void *context;
};

/* Reads the data folder in read transactions of a fraction of a second each, so that it holds up
 * neither the writer nor the WAL, however long it takes: what comes meanwhile is left out, what is
 * deleted meanwhile may be. Any thread, any process. Memory: a piece of about a megabyte; of a CSV
 * also a bit a sequence number. *rows: lines, the header excepted.
 * false: UPK_NOT_FOUND (no such model), UPK_CANCELLED, what the store says, what write says. */
bool upk_export(const struct upk_export_options *options, int64_t *rows, struct upk_error *err);

#endif
