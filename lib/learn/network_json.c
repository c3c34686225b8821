#include "learn/network_json.h"

#include <math.h>
#include <stdlib.h>

#include "learn/numbers.h"

static void write_layer(const struct upk_network *n, size_t l, struct upk_json_writer *w)
{
	const float *weights = upk_network_weights(n, l), *biases = upk_network_biases(n, l);
	size_t in = n->sizes[l], out = n->sizes[l + 1];

	upk_json_object(w, NULL);
	upk_json_array(w, "weights");
	for (size_t i = 0; i < in; i++) {
		upk_json_array(w, NULL);
		for (size_t k = 0; k < out; k++)
			upk_json_double(w, NULL, (double)weights[i * out + k]);
		upk_json_array_end(w);
	}
	upk_json_array_end(w);
	upk_json_array(w, "biases");
	for (size_t k = 0; k < out; k++)
		upk_json_double(w, NULL, (double)biases[k]);
	upk_json_array_end(w);
	upk_json_object_end(w);
}

void upk_network_write(const struct upk_network *n, struct upk_json_writer *w)
{
	upk_json_array(w, "layers");
	for (size_t l = 0; l < n->layers; l++)
		write_layer(n, l, w);
	upk_json_array_end(w);
}

static const cJSON *layer_at(const cJSON *layers, size_t l)
{
	return cJSON_GetArrayItem(layers, (int)l);
}

/* The row of floats stands where the doubles were read to: each is a float's own value. */
static bool read_floats(const cJSON *array, const char *name, size_t n, float *out, double *room,
	struct upk_error *err)
{
	if (!upk_numbers_read(array, name, n, room, err))
		return false;
	for (size_t i = 0; i < n; i++) {
		out[i] = (float)room[i];
		if (!isfinite(out[i]))
			return upk_fail(err, UPK_CORRUPT, "%s[%zu] is too large", name, i);
	}
	return true;
}

static bool read_layer(
	struct upk_network *n, size_t l, const cJSON *json, double *room, struct upk_error *err)
{
	const cJSON *rows = cJSON_GetObjectItemCaseSensitive(json, "weights");
	size_t in = n->sizes[l], out = n->sizes[l + 1], i = 0;

	for (const cJSON *row = cJSON_IsArray(rows) ? rows->child : NULL; row; row = row->next, i++)
		if (i == in ||
			!read_floats(row, "weights[]", out, upk_network_weights(n, l) + i * out,
				room, err))
			return upk_fail(err, UPK_CORRUPT,
				"layers[%zu].weights[%zu] is not one of %zu "
				"rows of %zu numbers",
				l, i, in, out);
	if (i != in)
		return upk_fail(err, UPK_CORRUPT, "layers[%zu].weights has %zu rows instead of %zu",
			l, i, in);
	return read_floats(cJSON_GetObjectItemCaseSensitive(json, "biases"), "biases", out,
		upk_network_biases(n, l), room, err);
}

/* How many neurons a hidden layer has, by its biases; false: not as many as there can be. */
static bool read_neurons(const cJSON *layers, size_t l, size_t most, size_t *neurons)
{
	*neurons = (size_t)cJSON_GetArraySize(
		cJSON_GetObjectItemCaseSensitive(layer_at(layers, l), "biases"));
	return *neurons >= 1 && *neurons <= most;
}

static bool read_layers(struct upk_network *n, const cJSON *layers, struct upk_error *err)
{
	size_t widest = 0;
	double *room;
	bool ok = true;

	for (size_t l = 1; l <= n->layers; l++)
		widest = n->sizes[l] > widest ? n->sizes[l] : widest;
	room = calloc(widest, sizeof *room);
	if (!room)
		return upk_fail(err, UPK_NOMEM, "no memory for a network");
	for (size_t l = 0; ok && l < n->layers; l++)
		ok = read_layer(n, l, layer_at(layers, l), room, err);
	free(room);
	return ok;
}

bool upk_network_read(struct upk_network *n, const cJSON *json, size_t features, size_t classes,
	size_t most, struct upk_error *err)
{
	const cJSON *layers = cJSON_GetObjectItemCaseSensitive(json, "layers");
	size_t hidden = (size_t)cJSON_GetArraySize(layers) - 1;
	size_t neurons[UPK_NETWORK_HIDDEN];
	bool whole = cJSON_IsArray(layers) && hidden >= 1 && hidden <= UPK_NETWORK_HIDDEN;

	for (size_t l = 0; whole && l < hidden; l++)
		whole = read_neurons(layers, l, most, &neurons[l]);
	if (!whole)
		return upk_fail(err, UPK_CORRUPT, "layers is not a network's");
	if (!upk_network_init(n, features, classes, neurons, hidden, err))
		return false;
	if (read_layers(n, layers, err))
		return true;
	upk_network_finish(n);
	return false;
}
