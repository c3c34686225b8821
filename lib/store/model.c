#include "store/model.h"

#include "store/statement.h"

enum {
	INSERT,
	SET_CONFIG,
	SET_LEARNT,
	SET_PAUSED,
	SET_STATE,
	ALL,
	FIND_LIST,
	LAST_LIST,
	INSERT_LIST,
	GET_LIST,
	TAKE_BACK,
};

static const char *const sql[] = {
	[INSERT] = "INSERT INTO model (name, config, learnt, created, automatic, paused, state, "
		   "state_place, state_seq) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
	[SET_CONFIG] = "UPDATE model SET config = ?2, automatic = ?3 WHERE model = ?1",
	[SET_LEARNT] = "UPDATE model SET learnt = ?2 WHERE model = ?1",
	[SET_PAUSED] = "UPDATE model SET paused = ?2 WHERE model = ?1",
	[SET_STATE] = "UPDATE model SET state_place = ?2, state = ?3, state_seq = ?4 "
		      "WHERE model = ?1",
	[ALL] = "SELECT model, name, config, learnt, created, automatic, paused, state, "
		"state_place, state_seq "
		"FROM model WHERE model NOT IN (SELECT model FROM deletion) ORDER BY name",
	[FIND_LIST] = "SELECT list FROM feature_list WHERE model = ?1 AND features = ?2",
	[LAST_LIST] = "SELECT coalesce(max(list), 0) FROM feature_list WHERE model = ?1",
	[INSERT_LIST] = "INSERT INTO feature_list (model, list, features) VALUES (?1, ?2, ?3)",
	[GET_LIST] = "SELECT features FROM feature_list WHERE model = ?1 AND list = ?2",
	[TAKE_BACK] = "DELETE FROM model WHERE model = ?1",
};

const struct upk_sql upk_model_sql = {
	UPK_SQL_MODEL,
	"model",
	sql,
	sizeof sql / sizeof sql[0],
};

bool upk_model_insert(
	struct upk_store *s, const struct upk_model_row *row, int64_t *model, struct upk_error *err)
{
	struct upk_query q = upk_query(s, &upk_model_sql, INSERT);
	upk_put_text(&q, row->name);
	upk_put_text(&q, row->config);
	upk_put_text(&q, row->learnt);
	upk_put_int(&q, row->created);
	upk_put_int(&q, row->automatic);
	upk_put_int(&q, row->paused);
	upk_put_text(&q, row->state);
	upk_put_int(&q, row->state_place);
	upk_put_int(&q, row->state_seq);
	if (!upk_query_run(&q, err))
		return false;
	*model = sqlite3_last_insert_rowid(s->db);
	return true;
}

bool upk_model_take_back(struct upk_store *s, int64_t model, struct upk_error *err)
{
	struct upk_query q = upk_query(s, &upk_model_sql, TAKE_BACK);
	upk_put_int(&q, model);
	return upk_query_run_on_one(&q, err);
}

bool upk_model_set_config(struct upk_store *s, int64_t model, struct upk_text config,
	bool automatic, struct upk_error *err)
{
	struct upk_query q = upk_query(s, &upk_model_sql, SET_CONFIG);
	upk_put_int(&q, model);
	upk_put_text(&q, config);
	upk_put_int(&q, automatic);
	return upk_query_run_on_one(&q, err);
}

bool upk_model_set_learnt(
	struct upk_store *s, int64_t model, struct upk_text learnt, struct upk_error *err)
{
	struct upk_query q = upk_query(s, &upk_model_sql, SET_LEARNT);
	upk_put_int(&q, model);
	upk_put_text(&q, learnt);
	return upk_query_run_on_one(&q, err);
}

bool upk_model_set_paused(struct upk_store *s, int64_t model, bool paused, struct upk_error *err)
{
	struct upk_query q = upk_query(s, &upk_model_sql, SET_PAUSED);
	upk_put_int(&q, model);
	upk_put_int(&q, paused);
	return upk_query_run_on_one(&q, err);
}

bool upk_model_set_state(struct upk_store *s, int64_t model, int64_t place, int64_t seq,
	struct upk_text state, struct upk_error *err)
{
	struct upk_query q = upk_query(s, &upk_model_sql, SET_STATE);
	upk_put_int(&q, model);
	upk_put_int(&q, place);
	upk_put_text(&q, state);
	upk_put_int(&q, seq);
	return upk_query_run_on_one(&q, err);
}

bool upk_model_each(struct upk_store *s,
	bool (*take)(void *context, const struct upk_model_row *row), void *context,
	struct upk_error *err)
{
	struct upk_query q = upk_query(s, &upk_model_sql, ALL);
	for (;;) {
		bool found;
		if (!upk_query_next(&q, &found, err))
			return false;
		if (!found)
			return true;

		struct upk_model_row row = {
			.model = upk_get_int(&q, 0),
			.name = upk_get_text(&q, 1),
			.config = upk_get_text(&q, 2),
			.learnt = upk_get_text(&q, 3),
			.created = upk_get_int(&q, 4),
			.automatic = upk_get_int(&q, 5) != 0,
			.paused = upk_get_int(&q, 6) != 0,
			.state = upk_get_text(&q, 7),
			.state_place = upk_get_int(&q, 8),
			.state_seq = upk_get_int(&q, 9),
		};
		if (!take(context, &row)) {
			upk_query_end(&q);
			return true;
		}
	}
}

static bool insert_list(struct upk_store *s, int64_t model, struct upk_text features, int64_t *list,
	struct upk_error *err)
{
	struct upk_query last = upk_query(s, &upk_model_sql, LAST_LIST);
	upk_put_int(&last, model);
	int64_t number;
	if (!upk_query_int(&last, &number, err))
		return false;

	struct upk_query q = upk_query(s, &upk_model_sql, INSERT_LIST);
	upk_put_int(&q, model);
	upk_put_int(&q, number + 1);
	upk_put_text(&q, features);
	if (!upk_query_run(&q, err))
		return false;
	*list = number + 1;
	return true;
}

bool upk_feature_list_number(struct upk_store *s, int64_t model, struct upk_text features,
	int64_t *list, struct upk_error *err)
{
	struct upk_query q = upk_query(s, &upk_model_sql, FIND_LIST);
	upk_put_int(&q, model);
	upk_put_text(&q, features);
	bool found;
	if (!upk_query_one(&q, &found, err))
		return false;
	if (!found)
		return insert_list(s, model, features, list, err);
	*list = upk_get_int(&q, 0);
	return true;
}

bool upk_feature_list_get(struct upk_store *s, int64_t model, int64_t list,
	struct upk_text *features, struct upk_error *err)
{
	struct upk_query q = upk_query(s, &upk_model_sql, GET_LIST);
	upk_put_int(&q, model);
	upk_put_int(&q, list);
	bool found;
	if (!upk_query_one(&q, &found, err))
		return false;
	if (!found)
		return upk_fail(err, UPK_NOT_FOUND, "model %lld has no feature list %lld",
			(long long)model, (long long)list);
	*features = upk_get_text(&q, 0);
	return true;
}
