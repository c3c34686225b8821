/* Random search (Bergstra and Bengio 2012): every setting is drawn by itself. */
#include "learn/search_method.h"

static bool propose(const struct upk_search_view *view, struct upk_proposal *out)
{
	out->share = 1;
	upk_search_draw(view, view->count - view->given, &out->point);
	return true;
}

const struct upk_search_method upk_search_random = {
	.name = "random",
	.propose = propose,
};
