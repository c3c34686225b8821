/* A text as the weights of its terms: sublinear term frequency times inverse document frequency.
 *
 * Of the terms that at least two rows of the training part have (or, where there is a limit, those
 * that most rows have, the lower bucket first), one that a text has n times weighs (1 + ln n) idf,
 * where idf = 1 + ln((1 + rows) / (1 + rows that have it)); the weights of a text are divided by
 * the root of their squares' sum. As scikit-learn's TfidfVectorizer with sublinear_tf and min_df 2,
 * on buckets (learn/terms.h) instead of words. */
#ifndef UPK_LEARN_TFIDF_H
#define UPK_LEARN_TFIDF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "base/error.h"
#include "base/json_writer.h"
#include "learn/sparse.h"
#include "learn/table.h"
#include "learn/terms.h"

/* Starts as { 0 }; not changed once made, so any thread may weigh. */
struct upk_tfidf {
	unsigned bits;    /* of buckets */
	size_t count;     /* terms that have a column */
	uint32_t *bucket; /* (count) increasing */
	double *idf;      /* (count) */
	uint32_t *place;  /* (2^bits) 1 + the bucket's index; 0: it has none */
};

struct upk_tfidf_options {
	unsigned bits; /* of buckets, 1 .. UPK_TERMS_BITS_MAX */
	size_t most;   /* terms that get a column; 0: all */
};

/* Of a text column in rows from .. to - 1. false: UPK_NOMEM, v as it was. */
bool upk_tfidf_fit(struct upk_tfidf *v, const struct upk_table *t, size_t column, size_t from,
	size_t to, const struct upk_tfidf_options *options, struct upk_error *err);
void upk_tfidf_finish(struct upk_tfidf *v);

/* Adds the weights of a text (absent: none) to a row under way, from column `first` on. false:
 * UPK_NOMEM; out says itself when it had none. */
bool upk_tfidf_weigh(const struct upk_tfidf *v, struct upk_text text, struct upk_terms *terms,
	size_t first, struct upk_sparse *out, struct upk_error *err);

/* Members "bits", "buckets" and "idf" of an open object, and back. read: false is UPK_CORRUPT or
 * UPK_NOMEM, v as it was. */
void upk_tfidf_write(const struct upk_tfidf *v, struct upk_json_writer *w);
bool upk_tfidf_read(struct upk_tfidf *v, const cJSON *json, struct upk_error *err);

#endif
