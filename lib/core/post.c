#include "core/post.h"

#include <stdlib.h>

#include "items/schema.h"

void upk_post_finish(struct upk_post *post)
{
	upk_batch_destroy(post->batch);
	upk_schema_unref(post->schema);
	free(post->rejected);
	free(post->predicted);
	free(post->scores);
	free(post->name);
	post->batch = NULL;
	post->schema = NULL;
	post->rejected = NULL;
	post->predicted = NULL;
	post->scores = NULL;
	post->name = NULL;
}
