/* A network as JSON: the same floats come back, and what is no such network is refused. */
#include "learn/network_json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/json.h"

#define UNUSED __attribute__((unused))

enum { FEATURES = 3, MOST = 300 };

static void assert_ok(bool ok, const struct upk_error *err)
{
	if (!ok)
		fail_msg("%s", err->message);
}

static void draw(struct upk_network *n, size_t classes, const size_t *hidden, size_t count)
{
	struct upk_error err = { 0 };
	struct upk_random random;
	assert_ok(upk_network_init(n, FEATURES, classes, hidden, count, &err), &err);
	upk_random_seed(&random, 3);
	upk_network_draw(n, &random);
	n->params[0] = 1e-45F; /* the least float, and the greatest */
	n->params[1] = -3.4028234e38F;
}

static cJSON *written(const struct upk_network *n)
{
	struct upk_error err = { 0 };
	struct upk_buffer out = { 0 };
	struct upk_json_writer w = upk_json_writer_on(&out);
	upk_json_object(&w, NULL);
	upk_network_write(n, &w);
	upk_json_object_end(&w);
	cJSON *json = upk_json_parse(upk_buffer_text(&out), &err);
	assert_ok(json != NULL, &err);
	upk_buffer_finish(&out);
	return json;
}

static void every_float_comes_back(void **state UNUSED)
{
	static const struct {
		size_t classes, hidden[UPK_NETWORK_HIDDEN], count;
	} cases[] = {
		{ 2, { 1 }, 1 }, { 3, { 4 }, 1 },
		{ 5, { 2, MOST }, 2 }, /* the second is wider than all others */
		{ 2, { 7, 1, 6, 2 }, 4 }, { 40, { 2 }, 1 }, /* the output is the widest */
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct upk_error err = { 0 };
		struct upk_network n, back;
		draw(&n, cases[i].classes, cases[i].hidden, cases[i].count);
		cJSON *json = written(&n);
		assert_ok(upk_network_read(&back, json, FEATURES, cases[i].classes, MOST, &err),
			&err);
		assert_int_equal(back.layers, n.layers);
		assert_int_equal(back.classes, n.classes);
		assert_memory_equal(back.sizes, n.sizes, (n.layers + 1) * sizeof *n.sizes);
		assert_int_equal(back.count, n.count);
		assert_memory_equal(back.params, n.params, n.count * sizeof *n.params);
		cJSON_Delete(json);
		upk_network_finish(&n);
		upk_network_finish(&back);
	}
}

/* What the damage takes apart: the layers, those of the first two. */
struct parts {
	cJSON *root, *layers, *first, *second, *weights, *biases;
};

static struct parts parts_of(cJSON *root)
{
	struct parts p = { .root = root, .layers = cJSON_GetObjectItem(root, "layers") };
	p.first = cJSON_GetArrayItem(p.layers, 0);
	p.second = cJSON_GetArrayItem(p.layers, 1);
	p.weights = cJSON_GetObjectItem(p.first, "weights");
	p.biases = cJSON_GetObjectItem(p.first, "biases");
	return p;
}

static void no_layers(struct parts *p)
{
	cJSON_DeleteItemFromObject(p->root, "layers");
}

static void an_object(struct parts *p)
{
	cJSON_ReplaceItemInObject(p->root, "layers", cJSON_CreateObject());
}

/* That would fit the features and classes. */
static void one_layer(struct parts *p)
{
	cJSON_DeleteItemFromArray(p->layers, 0);
	cJSON_DeleteItemFromArray(p->layers, 0);
	cJSON_DeleteItemFromArray(cJSON_GetObjectItem(p->layers->child, "weights"), 0);
}

static void add_layers(struct parts *p, int count)
{
	cJSON *output = cJSON_DetachItemFromArray(p->layers, 2);
	for (int i = 0; i < count; i++)
		cJSON_AddItemToArray(p->layers, cJSON_Duplicate(p->second, true));
	cJSON_AddItemToArray(p->layers, output);
}

static void a_layer_too_many(struct parts *p)
{
	add_layers(p, UPK_NETWORK_HIDDEN - 1);
}

static void far_too_many_layers(struct parts *p)
{
	add_layers(p, 1000);
}

static void far_too_many_rows(struct parts *p)
{
	cJSON *rows = cJSON_GetObjectItem(cJSON_GetArrayItem(p->layers, 2), "weights");
	for (int i = 0; i < 20000; i++)
		cJSON_AddItemToArray(rows, cJSON_Duplicate(rows->child, true));
}

static void a_row_more(struct parts *p)
{
	cJSON_AddItemToArray(p->weights, cJSON_Duplicate(p->weights->child, true));
}

static void a_row_less(struct parts *p)
{
	cJSON_DeleteItemFromArray(p->weights, 0);
}

static void a_weight_more(struct parts *p)
{
	cJSON_AddItemToArray(p->weights->child, cJSON_CreateNumber(1));
}

static void a_weight_less(struct parts *p)
{
	cJSON_DeleteItemFromArray(p->weights->child, 0);
}

static void no_weights(struct parts *p)
{
	cJSON_DeleteItemFromObject(p->first, "weights");
}

static void a_bias_more(struct parts *p)
{
	cJSON_AddItemToArray(p->biases, cJSON_CreateNumber(1));
}

static void no_bias(struct parts *p)
{
	cJSON_ReplaceItemInObject(p->first, "biases", cJSON_CreateArray());
	cJSON_ReplaceItemInObject(p->first, "weights", cJSON_CreateArray());
	for (int i = 0; i < FEATURES; i++)
		cJSON_AddItemToArray(cJSON_GetObjectItem(p->first, "weights"), cJSON_CreateArray());
	cJSON_ReplaceItemInObject(p->second, "weights", cJSON_CreateArray());
}

static void a_word(struct parts *p)
{
	cJSON_ReplaceItemInArray(p->biases, 0, cJSON_CreateString("1"));
}

static void no_float(struct parts *p)
{
	cJSON_SetNumberValue(p->biases->child, 3.5e38);
}

static void output_of_more_classes(struct parts *p)
{
	cJSON *last = cJSON_GetArrayItem(p->layers, 2);
	cJSON_AddItemToArray(cJSON_GetObjectItem(last, "biases"), cJSON_CreateNumber(1));
}

static void what_is_no_such_network_is_refused(void **state UNUSED)
{
	static void (*const damages[])(struct parts *) = { no_layers, an_object, one_layer,
		a_layer_too_many, far_too_many_layers, far_too_many_rows, a_row_more, a_row_less,
		a_weight_more, a_weight_less, no_weights, a_bias_more, no_bias, a_word, no_float,
		output_of_more_classes };
	static const size_t hidden[] = { 4, 4 };
	for (size_t i = 0; i < sizeof damages / sizeof *damages; i++) {
		struct upk_error err = { 0 };
		struct upk_network n, back;
		draw(&n, 3, hidden, 2);
		struct parts p = parts_of(written(&n));
		damages[i](&p);
		bool read = upk_network_read(&back, p.root, FEATURES, 3, MOST, &err);
		if (read || err.code != UPK_CORRUPT)
			fail_msg("damage %zu: %d %s", i, err.code, err.message);
		cJSON_Delete(p.root);
		upk_network_finish(&n);
	}
}

static void a_layer_has_as_many_neurons_as_are_allowed(void **state UNUSED)
{
	static const size_t hidden[] = { 4, 6 };
	struct upk_error err = { 0 };
	struct upk_network n, back;
	draw(&n, 3, hidden, 2);
	cJSON *json = written(&n);
	assert_false(upk_network_read(&back, json, FEATURES, 3, 5, &err));
	assert_int_equal(err.code, UPK_CORRUPT);
	assert_ok(upk_network_read(&back, json, FEATURES, 3, 6, &err), &err);
	upk_network_finish(&back);
	assert_false(upk_network_read(&back, json, FEATURES + 1, 3, 6, &err));
	assert_false(upk_network_read(&back, json, FEATURES, 4, 6, &err));
	cJSON_Delete(json);
	upk_network_finish(&n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_float_comes_back),
		cmocka_unit_test(what_is_no_such_network_is_refused),
		cmocka_unit_test(a_layer_has_as_many_neurons_as_are_allowed),
	};
	return cmocka_run_group_tests_name("network_json", tests, NULL, NULL);
}
