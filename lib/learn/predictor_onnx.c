#include "learn/predictor_inside.h"

#include <math.h>
#include <stdlib.h>

/* Classes without rows get their 0: a product with a matrix of 0 and 1, exact. */
static const char *spread_onnx(
	const struct upk_predictor *p, struct upk_onnx *g, const char *probabilities)
{
	size_t classes = p->classes.count;
	float *places;
	const char *spread = "";

	if (p->presents == classes)
		return probabilities;
	places = calloc(p->presents * classes, sizeof *places);
	if (places) {
		for (size_t k = 0; k < p->presents; k++)
			places[k * classes + p->present[k]] = 1;
		spread = upk_onnx_node(g, "MatMul", probabilities,
			upk_onnx_floats(g, places, p->presents, classes), NULL, NULL);
	} else {
		upk_onnx_fail(g);
	}
	free(places);
	return spread;
}

/* Whether the positive class is the answer, as the 0 or 1 of the classes' two indices. */
static const char *decide_onnx(
	struct upk_decision decision, struct upk_onnx *g, const char *probabilities)
{
	const int64_t positive = decision.positive, other = 1 - decision.positive;
	const float threshold = (float)decision.threshold;
	const char *p = upk_onnx_node(
		g, "Gather", probabilities, upk_onnx_ints(g, &positive, 1), NULL, NULL);

	upk_onnx_set_int(g, "axis", 1);
	p = upk_onnx_node(g, "GreaterOrEqual", p, upk_onnx_floats(g, &threshold, 0, 1), NULL, NULL);
	return upk_onnx_node(
		g, "Where", p, upk_onnx_ints(g, &positive, 1), upk_onnx_ints(g, &other, 1), NULL);
}

static const char *choose_onnx(const struct upk_predictor *p, struct upk_decision decision,
	struct upk_onnx *g, const char *probabilities)
{
	const char *index;

	if (decision.positive >= 0 && p->classes.count == 2) {
		const int64_t column = -1;
		index = decide_onnx(decision, g, probabilities);
		return upk_onnx_node(g, "Reshape", index, upk_onnx_ints(g, &column, 1), NULL, NULL);
	}
	index = upk_onnx_node(g, "ArgMax", probabilities, NULL, NULL, NULL);
	upk_onnx_set_int(g, "axis", 1);
	upk_onnx_set_int(g, "keepdims", 0);
	return index;
}

/* Categories as a learner takes them: doubles, or of a raw one floats with NAN for 0, as a sparse
 * input that is absent. */
static const char *hot_onnx(const struct upk_predictor *p, struct upk_onnx *g, const char *hot)
{
	static const float zero = 0, missing = NAN;
	const char *is;

	if (p->learner->raw) {
		is = upk_onnx_node(g, "Greater", hot, upk_onnx_floats(g, &zero, 0, 1), NULL, NULL);
		return upk_onnx_node(g, "Where", is, hot, upk_onnx_floats(g, &missing, 0, 1), NULL);
	}
	hot = upk_onnx_node(g, "Cast", hot, NULL, NULL, NULL);
	upk_onnx_set_int(g, "to", UPK_ONNX_DOUBLE);
	return hot;
}

static const char *inputs_onnx(const struct upk_predictor *p, struct upk_onnx *g)
{
	struct upk_expand_onnx in = upk_expand_onnx(p->expand, g);
	const char *parts[2];
	size_t count = 0;

	if (in.dense)
		parts[count++] =
			p->learner->raw ? in.dense : upk_encode_onnx(&p->encode, g, in.dense);
	if (in.hot)
		parts[count++] = hot_onnx(p, g, in.hot);
	return upk_onnx_concat(g, parts, count);
}

static void graph(const struct upk_predictor *p, struct upk_decision decision, struct upk_onnx *g)
{
	enum upk_onnx_type type;
	const char *x = p->learner->onnx(p->fitted, g, inputs_onnx(p, g), &type);

	if (type != UPK_ONNX_FLOAT) {
		x = upk_onnx_node(g, "Cast", x, NULL, NULL, NULL);
		upk_onnx_set_int(g, "to", UPK_ONNX_FLOAT);
	}
	x = spread_onnx(p, g, x);
	upk_onnx_node_as(g, "label", "Gather",
		upk_onnx_strings(g, p->classes.items, p->classes.count),
		choose_onnx(p, decision, g, x));
	upk_onnx_node_as(g, "probabilities", "Identity", x, NULL);
	upk_onnx_output(g, "label", UPK_ONNX_STRING, 0);
	upk_onnx_output(g, "probabilities", UPK_ONNX_FLOAT, (int64_t)p->classes.count);
}

/* A graph has no n-grams of characters, nor their hashes, and gives each of its values one name. */
static bool can_be_onnx(const struct upk_predictor *p, struct upk_error *err)
{
	const struct upk_columns *c = upk_expand_columns(p->expand);

	for (size_t i = 0; i < c->count; i++) {
		const struct upk_text name = c->items[i].name;
		if (c->items[i].type == UPK_COLUMN_TEXT)
			return upk_fail(err, UPK_CONFLICT,
				"the version takes the text feature \"%.*s\", and texts can't be "
				"said in ONNX: model.json has all of the version",
				(int)name.size, name.data);
		if (c->numbers < c->count &&
			(upk_text_is(name, "label") || upk_text_is(name, "probabilities")))
			return upk_fail(err, UPK_CONFLICT,
				"a feature is called %.*s, as an output of the graph is: an input "
				"can't have that name",
				(int)name.size, name.data);
	}
	return true;
}

bool upk_predictor_write_onnx(const struct upk_predictor *p, struct upk_decision decision,
	struct upk_buffer *out, struct upk_error *err)
{
	struct upk_onnx *g = can_be_onnx(p, err) ? upk_onnx_create("upkeepd", err) : NULL;
	bool ok;

	if (!g)
		return false;
	graph(p, decision, g);
	ok = upk_onnx_write(g, out, err);
	upk_onnx_destroy(g);
	return ok;
}
