#include "runs/reproduce.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "base/random.h"
#include "engine/bed.h"
#include "learn/predictor.h"
#include "runs/rows.h"
#include "store/run.h"
#include "store/store.h"
#include "store/version.h"

enum { EXAMPLES = 600, MODEL = 1, SEED = 5 };

static const char settings[] = "{\"iterations\":2}";

/* What the second run made: its rows, and the bytes of its version. */
struct made {
	struct upk_buffer bytes;
	int64_t from, to, rows;
};

static const int64_t as_of = INT64_C(1) << 40;
static const atomic_bool never = false;

/* A run by the engine made version 1; then the engine is closed. */
static void post_examples(struct bed *b)
{
	struct upk_buffer body = { 0 };
	struct upk_random random;
	struct upk_post post;
	upk_random_seed(&random, 1);
	bed_put(b, "m",
		"{\"classes\":[\"0\",\"1\"],\"features\":[\"x\",\"y\"],\"rules\":[],"
		"\"retrain\":{\"learner\":\"logistic\",\"live\":false,\"trials\":0}}");
	for (size_t i = 0; i < EXAMPLES; i++) {
		double x = upk_random_unit(&random) - 0.5, y = upk_random_unit(&random) - 0.5;
		double noise = upk_random_unit(&random) - 0.5;
		upk_buffer_printf(&body, "%s{\"features\":[%.17g,%.17g],\"label\":\"%d\"}",
			i ? "," : "[", x, y, x + y / 2 + noise / 4 > 0);
	}
	upk_buffer_append(&body, "]", 2);
	bed_post(b, &post, UPK_ITEM_EVENT, "m", body.data, BED_SETTLE);
	assert_int_equal(post.accepted, EXAMPLES);
	bed_finish(&post);
	upk_buffer_finish(&body);
	upk_engine_close(b->engine);
	b->engine = NULL;
}

static struct upk_store *open_store(const struct bed *b, enum upk_store_mode mode)
{
	struct upk_error err = { 0 };
	struct upk_store *s = upk_store_open(b->folder, mode, &err);
	if (!s)
		fail_msg("%s", err.message);
	return s;
}

static struct upk_schema *make_schema(void)
{
	static const struct upk_text classes[] = { { "0", 1 }, { "1", 1 } };
	cJSON *json = cJSON_Parse("[\"x\",\"y\"]");
	struct upk_features *features = upk_features_parse(json, NULL);
	struct upk_config *config = upk_config_parse(upk_text_of("{}"), NULL);
	struct upk_schema *schema = upk_schema_create(config, classes, 2, features, 1, 1, NULL);
	assert_non_null(schema);
	upk_config_unref(config);
	upk_features_unref(features);
	cJSON_Delete(json);
	return schema;
}

/* Two iterations from version 1 on. */
static void go_on(const struct bed *b, struct made *made)
{
	struct upk_store *s = open_store(b, UPK_STORE_READ);
	struct upk_schema *schema = make_schema();
	struct upk_rows rows = { 0 };
	char *bytes;
	size_t size;
	assert_true(upk_version_bytes(s, MODEL, 1, &bytes, &size, NULL));
	assert_true(upk_rows_read(s, MODEL, schema, EXAMPLES + 1, as_of, 0, &never, &rows, NULL));
	struct upk_predictor *first = upk_predictor_read((struct upk_text){ bytes, size }, NULL);
	cJSON *json = cJSON_Parse(settings);
	const struct upk_predictor_setup setup = { .learner = &upk_logistic,
		.settings = json,
		.classes = schema->classes,
		.seed = SEED,
		.from = first };
	struct upk_predictor *p = upk_predictor_fit(&setup, &rows.data, 0, rows.data.rows, NULL);
	assert_non_null(p);
	upk_predictor_write(p, &made->bytes);
	made->from = rows.data.place[0];
	made->to = EXAMPLES + 1;
	made->rows = (int64_t)rows.data.rows;
	upk_predictor_unref(p);
	upk_predictor_unref(first);
	cJSON_Delete(json);
	free(bytes);
	upk_rows_finish(&rows);
	upk_schema_unref(schema);
	upk_store_close(s);
}

/* As run 2 and version 2, which say that it went on from `base`. */
static void store_made(const struct bed *b, const struct made *made, int64_t base)
{
	const struct upk_run_row run = { .model = MODEL,
		.run = 2,
		.state = upk_text_of("succeeded"),
		.kind = upk_text_of("manual"),
		.reason = upk_text_of("by hand"),
		.now = made->to,
		.as_of = as_of,
		.seed = SEED,
		.queued = 1,
		.version = 2 };
	const struct upk_version_row version = { .model = MODEL,
		.version = 2,
		.learner = upk_text_of("logistic"),
		.settings = upk_text_of(settings),
		.from = made->from,
		.to = made->to,
		.rows = made->rows,
		.as_of = as_of,
		.run = 2,
		.created = 1,
		.base = base };
	struct upk_store *s = open_store(b, UPK_STORE_WRITE);
	assert_true(upk_store_begin(s, NULL));
	assert_true(upk_run_insert(s, &run, NULL));
	assert_true(upk_version_insert(s, &version, upk_buffer_text(&made->bytes), NULL));
	assert_true(upk_store_commit(s, NULL));
	upk_store_close(s);
}

static bool reproduce_from(
	struct bed *b, int64_t base, struct upk_reproduction *out, struct upk_error *err)
{
	struct made made = { 0 };
	post_examples(b);
	go_on(b, &made);
	store_made(b, &made, base);
	upk_buffer_finish(&made.bytes);
	return upk_reproduce(b->folder, "m", 2, &never, out, err);
}

static void a_fit_that_went_on_from_a_version_does_so_again(void **state)
{
	struct upk_reproduction r;
	struct upk_error err = { 0 };
	if (!reproduce_from(*state, 1, &r, &err))
		fail_msg("%s", err.message);
	assert_true(r.equal);
	assert_int_equal(r.version, 2);
	assert_int_equal(r.rows, EXAMPLES);
	assert_int_equal(r.rows_then, EXAMPLES);
	assert_int_equal(r.size, r.size_then);
}

static void the_same_fit_from_scratch_gives_other_bytes(void **state)
{
	struct upk_reproduction r;
	struct upk_error err = { 0 };
	if (!reproduce_from(*state, 0, &r, &err))
		fail_msg("%s", err.message);
	assert_false(r.equal);
	assert_true(r.differs_at < r.size);
}

static void a_version_to_go_on_from_that_is_not_kept_is_said(void **state)
{
	struct upk_reproduction r;
	struct upk_error err = { 0 };
	assert_false(reproduce_from(*state, 7, &r, &err));
	assert_int_equal(err.code, UPK_NOT_FOUND);
	assert_non_null(strstr(err.message, "the fit went on from it"));
}

static void a_run_of_the_engine_is_made_again(void **state)
{
	struct bed *b = *state;
	struct upk_reproduction r;
	struct upk_error err = { 0 };
	post_examples(b);
	assert_true(upk_reproduce(b->folder, "m", 1, &never, &r, NULL));
	assert_true(r.equal);
	assert_string_equal(r.learner, "logistic");
	assert_string_equal(r.processor, r.here);
	assert_false(upk_reproduce(b->folder, "m", 2, &never, &r, &err));
	assert_int_equal(err.code, UPK_NOT_FOUND);
	err = (struct upk_error){ 0 };
	assert_false(upk_reproduce(b->folder, "none", 1, &never, &r, &err));
	assert_int_equal(err.code, UPK_NOT_FOUND);
}

#define ON_BED(test) cmocka_unit_test_setup_teardown(test, bed_setup, bed_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_BED(a_run_of_the_engine_is_made_again),
		ON_BED(a_fit_that_went_on_from_a_version_does_so_again),
		ON_BED(the_same_fit_from_scratch_gives_other_bytes),
		ON_BED(a_version_to_go_on_from_that_is_not_kept_is_said),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
