#include "infer/lending.h"

#include <stdlib.h>

#include "core/core.h"
#include "core/health.h"
#include "learn/predictor.h"
#include "store/version.h"
#include "tail/standing.h"

static struct upk_predictor *read_predictor(
	struct upk_engine *e, const struct upk_model *m, int64_t version, struct upk_error *err)
{
	struct upk_store *store = upk_readers_take(e->readers, err);
	if (!store)
		return NULL;
	char *bytes;
	size_t size;
	bool done = upk_version_bytes(store, m->number, version, &bytes, &size, err);
	upk_readers_give_back(e->readers, store);
	if (!done) {
		upk_fail_in(err, "model %s: ", m->name);
		return NULL;
	}
	struct upk_predictor *p = upk_predictor_read((struct upk_text){ bytes, size }, err);
	free(bytes);
	return p;
}

static bool take(struct upk_engine *e, struct upk_model *m, int64_t version, struct upk_loan *loan,
	struct upk_error *err)
{
	if (!upk_model_begin_read(m, err))
		return false;
	loan->schema = upk_schema_ref(m->schema);
	int64_t wanted = version != 0 ? version : m->tail->champion;
	bool champion = wanted == m->tail->champion;
	struct upk_serving *known = champion ? upk_tail_champion(m->tail)
					     : upk_bench_find(m->tail->bench, wanted);
	loan->revision = champion ? upk_tail_revision(m->tail) : 0;
	struct upk_predictor *p = known ? upk_predictor_ref(upk_serving_predictor(known)) : NULL;
	if (wanted == 0)
		upk_standing_no_champion(m->tail, m->name, err);
	upk_model_end_read(m);
	if (wanted == 0)
		return false;
	if (!p)
		p = read_predictor(e, m, wanted, err);
	if (!p)
		return false;
	loan->serving = upk_serving_create(wanted, p, loan->schema, err);
	upk_predictor_unref(p);
	return loan->serving != NULL;
}

bool upk_loan_take(struct upk_engine *e, const char *model, int64_t version, struct upk_loan *loan,
	struct upk_error *err)
{
	struct upk_model *m = upk_registry_find(e->registry, model);
	*loan = (struct upk_loan){ 0 };
	if (!m && !upk_engine_ready(e))
		return upk_fail(err, UPK_BUSY, "starting: windows are being rebuilt");
	if (!m)
		return upk_registry_missing(e->registry, model, err);
	bool taken = take(e, m, version, loan, err);
	upk_model_unref(m);
	if (!taken)
		upk_loan_give_back(loan);
	return taken;
}

void upk_loan_give_back(struct upk_loan *loan)
{
	upk_serving_destroy(loan->serving);
	upk_schema_unref(loan->schema);
	*loan = (struct upk_loan){ 0 };
}
