#include "report/export.h"

#include <stdlib.h>
#include <string.h>

#include "base/spelling.h"
#include "report/export_csv.h"
#include "report/export_ndjson.h"
#include "report/export_parts.h"
#include "store/model.h"

enum { LISTED = 10 };

/* The model's row while the list of models is read. */
struct search {
	struct upk_text name;
	int64_t model; /* 0: not found */
	char *config, *learnt;
	bool failed;
	struct upk_buffer names; /* of the first models, each after a blank */
	size_t count;
	struct upk_spelling near; /* its name is kept in nearest */
	char nearest[UPK_SPELLING_SIZE];
};

/* What the store shows of a row is gone with the next one. */
static void note_near(struct search *s, struct upk_text name)
{
	upk_spelling_try(&s->near, name);
	if (s->near.nearest.data != name.data)
		return;
	memcpy(s->nearest, name.data, name.size);
	s->near.nearest.data = s->nearest;
}

/* A model that is being deleted has a blank in its name. */
static void note_name(struct search *s, struct upk_text name)
{
	if (memchr(name.data, ' ', name.size))
		return;
	note_near(s, name);
	if (s->count++ >= LISTED)
		return;
	upk_buffer_putc(&s->names, ' ');
	upk_buffer_append(&s->names, name.data, name.size);
}

static bool take_model(void *context, const struct upk_model_row *row)
{
	struct search *s = context;
	if (!upk_text_equal(row->name, s->name)) {
		note_name(s, row->name);
		return true;
	}
	s->model = row->model;
	s->config = upk_text_copy(row->config);
	s->learnt = upk_text_copy(row->learnt);
	s->failed = !s->config || !s->learnt;
	return false;
}

static bool read_schema(struct upk_export *x, const struct search *s, struct upk_error *err)
{
	struct upk_text *classes = NULL;
	struct upk_features *learnt = NULL;
	size_t count = 0;
	struct upk_config *config = upk_config_parse(upk_text_of(s->config), err);
	if (config &&
		upk_schema_read_learnt(upk_text_of(s->learnt), &classes, &count, &learnt, err)) {
		struct upk_features *features = config->features ? config->features : learnt;
		x->schema = upk_schema_create(config, classes, count, features, 0, 1, err);
		upk_features_unref(learnt);
		free(classes);
	}
	upk_config_unref(config);
	return x->schema != NULL;
}

static bool fail_model(const struct upk_export *x, const struct search *s, struct upk_error *err)
{
	struct upk_text names = upk_buffer_text(&s->names);
	char near[UPK_SPELLING_SIZE];
	upk_spelling_ask(&s->near, near);
	return upk_fail(err, UPK_NOT_FOUND, "there is no model %s in %s%s %s%.*s%s",
		x->options->model, x->options->folder, near[0] ? near : ";",
		s->count > 0 ? "it has:" : "it has none", (int)names.size,
		names.size > 0 ? names.data : "", s->count > LISTED ? " ..." : "");
}

static bool find_model(struct upk_export *x, struct upk_error *err)
{
	struct search s = { .name = upk_text_of(x->options->model),
		.near = { .word = x->options->model } };
	bool done = upk_model_each(x->store, take_model, &s, err);
	if (done && s.failed)
		done = upk_fail(err, UPK_NOMEM, "no memory for a model");
	if (done && s.model == 0)
		done = fail_model(x, &s, err);
	x->model = s.model;
	done = done && read_schema(x, &s, err);
	free(s.config);
	free(s.learnt);
	upk_buffer_finish(&s.names);
	return done;
}

static void finish(struct upk_export *x)
{
	for (size_t i = 0; i < x->lists_count; i++)
		upk_features_unref(x->lists[i].features);
	free(x->lists);
	upk_schema_unref(x->schema);
	upk_buffer_finish(&x->lines);
	upk_store_close(x->store);
}

bool upk_export(const struct upk_export_options *options, int64_t *rows, struct upk_error *err)
{
	struct upk_export x = { .options = options };
	x.store = upk_store_open(options->folder, UPK_STORE_READ, err);
	if (!x.store)
		return false;
	bool done = upk_store_last_seq(x.store, &x.last_seq, err) && find_model(&x, err) &&
		(options->format == UPK_EXPORT_CSV ? upk_export_csv(&x, err)
						   : upk_export_ndjson(&x, err));
	if (done)
		*rows = x.rows;
	finish(&x);
	return done;
}
