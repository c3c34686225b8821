/* Versions as stored, their bytes, and the promotion log. */
#ifndef UPK_STORE_VERSION_H
#define UPK_STORE_VERSION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/text.h"
#include "store/store.h"

struct upk_version_row {
	int64_t model, version; /* from 1 per model */
	struct upk_text learner;
	struct upk_text settings;  /* JSON object */
	int64_t from, to;          /* places [from, to) that it was fitted on */
	int64_t rows;              /* training rows in them */
	int64_t as_of;             /* labels as known at this sequence */
	int64_t run;
	int64_t created;
	struct upk_text figures;   /* JSON object: on its holdout, by whom, the majority class's */
	struct upk_text processor; /* the OpenBLAS core that it was fitted on */
	int64_t size;              /* of its bytes */
	bool off_bench;            /* a person rolled it back */
	int64_t base;              /* the version that its fit went on from; 0: none */
};

/* Header and bytes, the bytes in pieces of 256 KiB; within the caller's transaction. */
bool upk_version_insert(struct upk_store *s, const struct upk_version_row *row, struct upk_text bytes,
	struct upk_error *err);
bool upk_version_get(struct upk_store *s, int64_t model, int64_t version, bool *found,
	struct upk_version_row *row, struct upk_error *err);

/* All bytes of a version, in memory that the caller frees. UPK_NOT_FOUND. */
bool upk_version_bytes(struct upk_store *s, int64_t model, int64_t version, char **bytes,
	size_t *size, struct upk_error *err);
bool upk_version_last(struct upk_store *s, int64_t model, int64_t *version, struct upk_error *err);
bool upk_version_set_off_bench(struct upk_store *s, int64_t model, int64_t version, bool off,
	struct upk_error *err);

/* Newest first, those below `before` (0: all), at most limit. */
bool upk_version_each(struct upk_store *s, int64_t model, int64_t before, int64_t limit,
	bool (*take)(void *context, const struct upk_version_row *row), void *context,
	struct upk_error *err);

/* Oldest first, those up to `last` whose run is not queued, running or waiting for a person. */
bool upk_version_each_old(struct upk_store *s, int64_t model, int64_t last,
	bool (*take)(void *context, int64_t version), void *context, struct upk_error *err);

/* With its bytes; the promotion log and events still name it. */
bool upk_version_remove(struct upk_store *s, int64_t model, int64_t version, struct upk_error *err);

/* One entry of the promotion log: from `time` on this version answers predict. */
struct upk_promotion_row {
	int64_t model, promotion; /* from 1 per model */
	int64_t version;
	int64_t time;
	int64_t place;           /* the last place at that moment */
	struct upk_text by;      /* "run", "bench", "live", "hand", "rollback" */
	struct upk_text reason;  /* a sentence, or what the person said */
	int64_t run;             /* 0: none */
	struct upk_text person;  /* name of who did it by hand; absent: not told, or nobody */
	struct upk_text against; /* the verdict that it goes against; absent: none */
};

bool upk_promotion_insert(struct upk_store *s, const struct upk_promotion_row *row,
	struct upk_error *err);

/* Oldest first. */
bool upk_promotion_each(struct upk_store *s, int64_t model,
	bool (*take)(void *context, const struct upk_promotion_row *row), void *context,
	struct upk_error *err);

#endif
