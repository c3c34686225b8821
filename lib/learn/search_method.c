#include "learn/search_method.h"

#include <string.h>

static const struct upk_search_method *const methods[] = {
	&upk_search_bayes,
	&upk_search_random,
	&upk_search_grid,
	&upk_search_hyperband,
};

const struct upk_search_method *upk_search_method_at(size_t i)
{
	return i < sizeof methods / sizeof *methods ? methods[i] : NULL;
}

const struct upk_search_method *upk_search_method_find(const char *name)
{
	if (strcmp(name, "auto") == 0)
		return methods[0];
	for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
		if (strcmp(name, methods[i]->name) == 0)
			return methods[i];
	return NULL;
}

void upk_search_draw(const struct upk_search_view *view, uint64_t number, struct upk_point *point)
{
	struct upk_random random;

	/* The golden ratio's bits keep neighbouring seeds and numbers apart. */
	upk_random_seed(&random, view->seed ^ ((number + 1) * UINT64_C(0x9e3779b97f4a7c15)));
	upk_space_draw(view->space, &random, point);
}

double upk_search_work(const struct upk_search_view *view, const struct upk_point *point)
{
	const struct upk_learner *l = view->learner;
	cJSON *named, *whole;
	double work = 1;

	if (!l->work)
		return work;
	named = upk_space_settings(view->space, point, view->settings, NULL);
	whole = named ? upk_settings_whole(named, l->name, l->settings, NULL) : NULL;
	if (whole)
		work = l->work(&view->size, whole);
	cJSON_Delete(named);
	cJSON_Delete(whole);
	return work;
}
