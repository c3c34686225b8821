#include "learn/tfidf.h"

#include <math.h>
#include <stdlib.h>

#include "learn/numbers.h"

enum { ROWS_LEAST = 2 };

static bool allocate(struct upk_tfidf *v, size_t count, unsigned bits, struct upk_error *err)
{
	struct upk_tfidf made = { .bits = bits };

	made.bucket = calloc(count + 1, sizeof *made.bucket);
	made.idf = calloc(count + 1, sizeof *made.idf);
	made.place = calloc((size_t)1 << bits, sizeof *made.place);
	if (!made.bucket || !made.idf || !made.place) {
		upk_tfidf_finish(&made);
		return upk_fail(err, UPK_NOMEM, "no memory for %zu terms", count);
	}
	*v = made;
	return true;
}

static void add(struct upk_tfidf *v, uint32_t bucket, double idf)
{
	v->bucket[v->count] = bucket;
	v->idf[v->count] = idf;
	v->place[bucket] = (uint32_t)++v->count;
}

static bool count_rows(const struct upk_table *t, size_t column, size_t from, size_t to,
	unsigned bits, uint32_t *rows, struct upk_error *err)
{
	struct upk_terms terms = { 0 };
	bool ok = true;

	for (size_t i = from; ok && i < to; i++) {
		ok = upk_terms_take(&terms, upk_table_text(t, i, column), bits, err);
		for (size_t k = 0; ok && k < terms.count; k++)
			rows[terms.bucket[k]]++;
	}
	upk_terms_finish(&terms);
	return ok;
}

/* How many buckets at least `least` rows have. */
static size_t count_buckets(const uint32_t *rows, size_t buckets, size_t least)
{
	size_t count = 0;

	for (size_t i = 0; i < buckets; i++)
		count += rows[i] >= least;
	return count;
}

/* The least count of rows that at most `most` buckets reach; low reaches too many, high does not.
 */
static size_t find_least(const uint32_t *rows, size_t buckets, size_t most, size_t low, size_t high)
{
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;
		if (count_buckets(rows, buckets, middle) > most)
			low = middle;
		else
			high = middle;
	}
	return high;
}

static bool keep_terms(struct upk_tfidf *v, const uint32_t *rows, size_t all,
	const struct upk_tfidf_options *options, struct upk_error *err)
{
	size_t buckets = (size_t)1 << options->bits, least = ROWS_LEAST, tied = 0;
	size_t count = count_buckets(rows, buckets, least);

	if (options->most && count > options->most) {
		least = find_least(rows, buckets, options->most, least, all + 1);
		tied = options->most - count_buckets(rows, buckets, least);
		count = options->most;
	}
	if (!allocate(v, count, options->bits, err))
		return false;
	for (size_t i = 0; i < buckets; i++) {
		bool is_tied = tied > 0 && rows[i] == least - 1;
		tied -= is_tied;
		if (rows[i] >= least || is_tied)
			add(v, (uint32_t)i, 1 + log((1 + (double)all) / (1 + (double)rows[i])));
	}
	return true;
}

bool upk_tfidf_fit(struct upk_tfidf *v, const struct upk_table *t, size_t column, size_t from,
	size_t to, const struct upk_tfidf_options *options, struct upk_error *err)
{
	uint32_t *rows = calloc((size_t)1 << options->bits, sizeof *rows);
	bool ok;

	if (!rows)
		return upk_fail(err, UPK_NOMEM, "no memory for 2^%u buckets", options->bits);
	ok = count_rows(t, column, from, to, options->bits, rows, err) &&
		keep_terms(v, rows, to - from, options, err);
	free(rows);
	return ok;
}

void upk_tfidf_finish(struct upk_tfidf *v)
{
	free(v->bucket);
	free(v->idf);
	free(v->place);
	*v = (struct upk_tfidf){ 0 };
}

bool upk_tfidf_weigh(const struct upk_tfidf *v, struct upk_text text, struct upk_terms *terms,
	size_t first, struct upk_sparse *out, struct upk_error *err)
{
	double squares = 0, root;
	size_t start = out->count;

	if (!upk_terms_take(terms, text, v->bits, err))
		return false;
	for (size_t k = 0; k < terms->count; k++) {
		uint32_t place = v->place[terms->bucket[k]];
		if (!place)
			continue;
		double weight = (1 + log(terms->times[k])) * v->idf[place - 1];
		squares += weight * weight;
		upk_sparse_add(out, (uint32_t)first + place - 1, (float)weight);
	}
	root = sqrt(squares);
	for (size_t k = start; k < out->count; k++)
		out->value[k] = (float)((double)out->value[k] / root);
	return true;
}

void upk_tfidf_write(const struct upk_tfidf *v, struct upk_json_writer *w)
{
	upk_json_int(w, "bits", v->bits);
	upk_json_array(w, "buckets");
	for (size_t i = 0; i < v->count; i++)
		upk_json_int(w, NULL, v->bucket[i]);
	upk_json_array_end(w);
	upk_numbers_write(w, "idf", v->idf, v->count);
}

/* buckets were read into idf, which comes behind them. */
static bool take_buckets(struct upk_tfidf *v, size_t count, struct upk_error *err)
{
	double least = 0;

	for (size_t i = 0; i < count; i++) {
		double bucket = v->idf[i];
		if (!(bucket >= least && bucket < (double)((size_t)1 << v->bits)) ||
			bucket != floor(bucket))
			return upk_fail(err, UPK_CORRUPT,
				"buckets[%zu] is not a bucket after the one before", i);
		add(v, (uint32_t)bucket, 0);
		least = bucket + 1;
	}
	return true;
}

bool upk_tfidf_read(struct upk_tfidf *v, const cJSON *json, struct upk_error *err)
{
	const cJSON *bits = cJSON_GetObjectItemCaseSensitive(json, "bits");
	const cJSON *buckets = cJSON_GetObjectItemCaseSensitive(json, "buckets");
	const cJSON *idf = cJSON_GetObjectItemCaseSensitive(json, "idf");
	size_t count = (size_t)cJSON_GetArraySize(buckets);
	struct upk_tfidf made;

	if (!cJSON_IsNumber(bits) || !(bits->valuedouble >= 1) ||
		!(bits->valuedouble <= UPK_TERMS_BITS_MAX))
		return upk_fail(err, UPK_CORRUPT, "bits is not 1 to %d", UPK_TERMS_BITS_MAX);
	if (!allocate(&made, count, (unsigned)bits->valuedouble, err))
		return false;
	if (!upk_numbers_read(buckets, "buckets", count, made.idf, err) ||
		!take_buckets(&made, count, err) ||
		!upk_numbers_read(idf, "idf", count, made.idf, err)) {
		upk_tfidf_finish(&made);
		return false;
	}
	*v = made;
	return true;
}
