#include "versions/figures.h"

#include <cjson/cJSON.h>

#include "base/json.h"
#include "base/json_writer.h"
#include "metrics/metric.h"

static double macro_f1(const struct upk_confusion *c)
{
	struct upk_measure measure = { upk_metric_find("f1"), UPK_AVERAGE_MACRO, 0 };
	return upk_measure_value(measure, c);
}

static double accuracy(const struct upk_confusion *c)
{
	return (double)upk_confusion_hits(c) / (double)upk_confusion_pairs(c);
}

/* What answering the holdout's most frequent class would have scored. */
static void write_majority(
	const struct upk_confusion *c, const struct upk_schema *schema, struct upk_json_writer *w)
{
	size_t n = upk_confusion_classes(c), best = 0, seen = 0;
	for (size_t i = 0; i < n; i++) {
		seen += upk_confusion_actual(c, i) > 0;
		if (upk_confusion_actual(c, i) > upk_confusion_actual(c, best))
			best = i;
	}
	double hits = (double)upk_confusion_actual(c, best);
	double pairs = (double)upk_confusion_pairs(c);
	upk_json_object(w, "majority");
	upk_json_text(w, "class", schema->classes[best]);
	upk_json_double(w, "accuracy", hits / pairs);
	upk_json_double(w, "macro_f1", 2 * hits / (pairs + hits) / (double)seen);
	upk_json_object_end(w);
}

static void write_counts(
	const struct upk_confusion *c, const struct upk_schema *schema, struct upk_json_writer *w)
{
	size_t n = upk_confusion_classes(c);
	upk_json_array(w, "classes");
	for (size_t i = 0; i < n; i++)
		upk_json_text(w, NULL, schema->classes[i]);
	upk_json_array_end(w);
	upk_json_array(w, "matrix");
	for (size_t i = 0; i < n; i++) {
		upk_json_array(w, NULL);
		for (size_t j = 0; j < n; j++)
			upk_json_int(w, NULL, (int64_t)upk_confusion_cell(c, i, j));
		upk_json_array_end(w);
	}
	upk_json_array_end(w);
}

void upk_figures_write(const struct upk_confusion *c, const char *by, double threshold,
	const struct upk_schema *schema, struct upk_buffer *out)
{
	struct upk_json_writer w = upk_json_writer_on(out);
	if (!c || upk_confusion_pairs(c) == 0) {
		upk_json_null(&w, NULL);
		return;
	}
	upk_json_object(&w, NULL);
	upk_json_string(&w, "by", by);
	if (threshold > 0)
		upk_json_double(&w, "threshold", threshold);
	upk_json_int(&w, "pairs", (int64_t)upk_confusion_pairs(c));
	upk_json_double(&w, "accuracy", accuracy(c));
	upk_json_double(&w, "macro_f1", macro_f1(c));
	write_majority(c, schema, &w);
	write_counts(c, schema, &w);
	upk_json_object_end(&w);
}

static void add_cell(struct upk_confusion *c, int actual, int predicted, double count)
{
	struct upk_pair pair = { (uint16_t)actual, (uint16_t)predicted };
	for (uint64_t i = 0; i < (uint64_t)count; i++)
		upk_confusion_add(c, pair);
}

static bool read_counts(struct upk_confusion *c, const cJSON *json, const struct upk_schema *schema)
{
	const cJSON *classes = cJSON_GetObjectItemCaseSensitive(json, "classes");
	const cJSON *row = cJSON_GetObjectItemCaseSensitive(json, "matrix");
	row = row ? row->child : NULL;
	for (const cJSON *a = classes ? classes->child : NULL; a; a = a->next) {
		const cJSON *cell = row ? row->child : NULL;
		for (const cJSON *p = classes->child; p; p = p->next) {
			if (!cJSON_IsNumber(cell) || cell->valuedouble < 0 ||
				cell->valuedouble > 1e9 || !cJSON_IsString(a) || !cJSON_IsString(p))
				return false;
			int actual = upk_schema_class(schema, upk_text_of(a->valuestring));
			int predicted = upk_schema_class(schema, upk_text_of(p->valuestring));
			if (actual >= 0 && predicted >= 0)
				add_cell(c, actual, predicted, cell->valuedouble);
			cell = cell->next;
		}
		row = row->next;
	}
	return true;
}

struct upk_confusion *upk_figures_read(
	struct upk_text json, const struct upk_schema *schema, struct upk_error *err)
{
	cJSON *figures = upk_json_parse(json, err);
	if (!cJSON_IsObject(figures)) {
		cJSON_Delete(figures);
		return NULL;
	}
	struct upk_confusion *c = upk_confusion_create(schema->classes_count, err);
	if (c && !read_counts(c, figures, schema)) {
		upk_confusion_destroy(c);
		c = NULL;
		upk_fail(err, UPK_CORRUPT, "a version's figures can't be read");
	}
	cJSON_Delete(figures);
	return c;
}
