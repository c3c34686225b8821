/* What a pair costs live adjustment: bench-shadow FEATURES CLASSES PAIRS prints a line of JSON, the
 * bytes of the members' parameters and the processor time of a pair: answered and learnt
 * from, and copied. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "item.h"
#include "learn/shadow.h"
#include "rows.h"

enum { ROWS = 500 };

static double processor(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double number(uint64_t n)
{
	return (double)(item_random(n) % 2001) / 1000 - 1;
}

int main(int argc, char **argv)
{
	if (argc != 4)
		rows_die("usage", "bench-shadow FEATURES CLASSES PAIRS");
	size_t features = strtoull(argv[1], NULL, 10), classes = strtoull(argv[2], NULL, 10);
	size_t pairs = strtoull(argv[3], NULL, 10);
	double *x = malloc(ROWS * features * sizeof *x);
	uint16_t *y = malloc(ROWS * sizeof *y);
	struct upk_error err = { 0 };

	if (!x || !y || classes == 0)
		rows_die("rows", "no memory, or no classes");
	for (size_t i = 0; i < ROWS * features; i++)
		x[i] = number(i);
	for (size_t i = 0; i < ROWS; i++)
		y[i] = (uint16_t)(item_random(i) % classes);
	const struct upk_shadow_rows rows = { ROWS, features, classes, x, y };
	struct upk_shadow *s = upk_shadow_create(&rows, NULL, &err);
	struct upk_shadow_copy *c = s ? upk_shadow_copy_create(s, &err) : NULL;
	if (!c)
		rows_die("shadow", err.message);

	double began = processor();
	for (size_t i = 0; i < pairs; i++) {
		uint16_t answers[UPK_SHADOW_MEMBERS];
		upk_shadow_answer(s, x + i % ROWS * features, answers);
		upk_shadow_learn(s, NULL, y[i % ROWS], answers);
	}
	double learnt = processor();
	for (size_t i = 0; i < pairs; i++)
		upk_shadow_copy_take(c, s);
	double copied = processor();
	printf("{\"bytes\": %zu, \"learn_ns\": %.1f, \"copy_ns\": %.1f}\n",
		upk_shadow_size(features, classes), 1e9 * (learnt - began) / (double)pairs,
		1e9 * (copied - learnt) / (double)pairs);
	upk_shadow_copy_destroy(c);
	upk_shadow_destroy(s);
	free(x);
	free(y);
	return 0;
}
