/* What the store gives back may be anything, a disk can flip its bits: a tail's state, what a model
 * learnt, a version's bytes and coded features are read or refused, and what was read can be used.
 * The first byte chooses. */
#include "base/json_writer.h"
#include "fuzz.h"
#include "items/schema.h"
#include "learn/predictor.h"
#include "tail/tail_state.h"

static const char config_text[] =
	"{\"features\":[\"x\",{\"name\":\"c\",\"type\":\"category\"},{\"name\":\"v\",\"type\":"
	"\"vector\",\"size\":2},\"y\"],\"windows\":[{\"name\":\"w\",\"count\":200},{\"name\":\"d\","
	"\"duration\":\"1d\"}],\"rules\":[{\"name\":\"fell\",\"change\":\"down\",\"actions\":["
	"\"alert\",\"retrain\"]},{\"name\":\"low\",\"metric\":\"accuracy\",\"window\":\"w\","
	"\"below\":0.85,\"actions\":[\"alert\",\"retrain\"]}]}";

static const struct upk_text classes[] = { { "a", 1 }, { "b", 1 } };

static void check_state(struct upk_config *c, struct upk_schema *s, struct upk_text text)
{
	struct upk_tail *t = upk_tail_create(c, s, true, NULL);
	struct upk_record_start record;
	struct upk_buffer out = { 0 };
	struct upk_error err = { 0 };
	must(t);
	if (upk_tail_state_read(t, text, &record, &err)) {
		upk_tail_state_settle(t);
		upk_tail_state_write(t, &out);
		must(!out.failed);
	} else {
		must(err.code == UPK_CORRUPT || err.code == UPK_INVALID);
	}
	upk_buffer_finish(&out);
	upk_tail_destroy(t);
}

static void check_learnt(struct upk_schema *s, struct upk_text text)
{
	struct upk_text *names = NULL;
	struct upk_features *features = NULL;
	struct upk_used used = { 0 };
	size_t count = 0;
	if (upk_schema_read_learnt(text, &names, &count, &features, NULL)) {
		must(names && count <= UPK_CLASSES_MAX);
		upk_features_unref(features);
		free(names);
	}
	upk_schema_read_used(s, text, &used, NULL);
}

static void check_version(struct upk_text text)
{
	struct upk_error err = { 0 };
	struct upk_predictor *p = upk_predictor_read(text, &err);
	if (!p) {
		must(err.code == UPK_CORRUPT);
		return;
	}
	const struct upk_columns *columns = upk_predictor_columns(p);
	double *x = calloc(columns->numbers + 1, sizeof *x);
	double *probabilities = calloc(upk_predictor_classes(p) + 1, sizeof *x);
	struct upk_table table;
	struct upk_buffer out = { 0 };
	upk_table_init(&table, columns);
	must(x && probabilities && upk_table_add(&table, x, NULL) &&
		upk_predictor_predict(p, &table, 0, 1, probabilities, NULL));
	upk_table_finish(&table);
	upk_predictor_write(p, &out);
	struct upk_predictor *again = upk_predictor_read(upk_buffer_text(&out), NULL);
	must(again);
	upk_predictor_unref(again);
	upk_buffer_finish(&out);
	free(probabilities);
	free(x);
	upk_predictor_unref(p);
}

static void check_features(struct upk_schema *s, struct upk_text text)
{
	double numbers[2];
	struct upk_buffer out = { 0 };
	struct upk_json_writer w = upk_json_writer_on(&out);
	bool read = upk_features_numbers(s->features, text, numbers);
	upk_json_object(&w, NULL);
	must(upk_features_show(s->features, text, &w, "features") == read);
	upk_json_object_end(&w);
	upk_buffer_finish(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	char *copy = fuzz_copy(data + 1, size - 1);
	struct upk_text text = { copy, size - 1 };
	struct upk_config *c = upk_config_parse(upk_text_of(config_text), NULL);
	struct upk_schema *s = upk_schema_create(c, classes, 2, NULL, 0, 1, NULL);
	must(c && s);
	switch (data[0] % 4) {
	case 0:
		check_state(c, s, text);
		break;
	case 1:
		check_learnt(s, text);
		break;
	case 2:
		check_version(text);
		break;
	default:
		check_features(s, text);
	}
	upk_schema_unref(s);
	upk_config_unref(c);
	free(copy);
	return 0;
}
