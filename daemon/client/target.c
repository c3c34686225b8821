#include "client/target.h"

#include <string.h>

#include "client/remote.h"

static cJSON *call(struct upk_target *t, const char *method, const char *what, struct upk_text body,
	long *status, struct upk_error *err)
{
	struct upk_buffer path = { 0 };
	upk_buffer_printf(&path, "%s%s", t->base.data, what);
	upk_buffer_putc(&path, '\0');
	cJSON *answer = NULL;
	if (path.failed)
		upk_fail(err, UPK_NOMEM, "no memory for a path");
	else if (status)
		answer = upk_client_ask(t->client, method, path.data, body, status, err);
	else
		answer = upk_client_call(t->client, method, path.data, body, err);
	upk_buffer_finish(&path);
	return answer;
}

static bool read_last_version(struct upk_target *t, struct upk_error *err)
{
	cJSON *answer = call(t, "GET", "/versions?limit=1", (struct upk_text){ 0 }, NULL, err);
	if (!answer)
		return false;
	const cJSON *list = cJSON_GetObjectItemCaseSensitive(answer, "versions");
	t->last_version = upk_member_int(cJSON_GetArrayItem(list, 0), "version");
	cJSON_Delete(answer);
	return true;
}

bool upk_target_look(
	struct upk_target *t, struct upk_client *client, const char *name, struct upk_error *err)
{
	struct upk_error why = { 0 };
	*t = (struct upk_target){ .client = client };
	upk_buffer_printf(&t->base, "/v1/models/%s", name);
	upk_buffer_putc(&t->base, '\0');
	if (t->base.failed)
		return upk_fail(err, UPK_NOMEM, "no memory for a path");
	t->model = call(t, "GET", "", (struct upk_text){ 0 }, NULL, &why);
	if (t->model)
		return read_last_version(t, err);
	return why.code == UPK_NOT_FOUND || upk_fail(err, why.code, "%s", why.message);
}

void upk_target_finish(struct upk_target *t)
{
	upk_buffer_finish(&t->base);
	cJSON_Delete(t->model);
}

static const cJSON *features_of(const struct upk_target *t)
{
	return cJSON_GetObjectItemCaseSensitive(
		cJSON_GetObjectItemCaseSensitive(t->model, "effective"), "features");
}

static enum upk_target_column type_of(const char *type)
{
	if (strcmp(type, "category") == 0 || strcmp(type, "text") == 0)
		return UPK_TARGET_WORDS;
	return strcmp(type, "vector") == 0 ? UPK_TARGET_VECTOR : UPK_TARGET_NUMBER;
}

enum upk_target_column upk_target_type(const struct upk_target *t, const char *feature)
{
	const cJSON *item;
	cJSON_ArrayForEach(item, features_of(t))
	{
		const char *name = cJSON_GetStringValue(item);
		if (strcmp(name ? name : upk_member_string(item, "name"), feature) == 0)
			return type_of(upk_member_string(item, "type"));
	}
	return UPK_TARGET_UNKNOWN;
}

bool upk_target_create(struct upk_target *t, const char *features, struct upk_error *err)
{
	struct upk_buffer body = { 0 };
	if (features)
		upk_buffer_printf(&body, "{\"features\": %s}", features);
	else
		upk_buffer_puts(&body, "{}");
	if (!body.failed)
		t->model = call(t, "PUT", "", upk_buffer_text(&body), NULL, err);
	else
		upk_fail(err, UPK_NOMEM, "no memory for a configuration");
	upk_buffer_finish(&body);
	t->created = t->model != NULL;
	return t->created;
}

/* Each item that is accepted names a class. */
static bool is_untouched(const struct upk_target *t, const cJSON *model)
{
	const cJSON *classes = cJSON_GetObjectItemCaseSensitive(model, "classes");
	return cJSON_IsObject(classes) && !classes->child &&
		strcmp(upk_member_string(model, "etag"), upk_member_string(t->model, "etag")) == 0;
}

bool upk_target_withdraw(struct upk_target *t)
{
	const struct upk_text nothing = { 0 };
	cJSON *model = t->created ? call(t, "GET", "", nothing, NULL, NULL) : NULL;
	cJSON *answer =
		model && is_untouched(t, model) ? call(t, "DELETE", "", nothing, NULL, NULL) : NULL;
	cJSON_Delete(model);
	cJSON_Delete(answer);
	return answer != NULL;
}

cJSON *upk_target_post(
	struct upk_target *t, const char *what, struct upk_text items, struct upk_error *err)
{
	long status = 0;
	cJSON *answer = call(t, "POST", what, items, &status, err);
	if (!answer || status == 200 || status == 422)
		return answer;
	upk_fail(err,
		status == 503           ? UPK_BUSY
			: status == 507 ? UPK_FULL
					: UPK_INVALID,
		"POST %s%s: %ld: %s", t->base.data, what, status,
		upk_member_string(answer, "detail"));
	cJSON_Delete(answer);
	return NULL;
}
