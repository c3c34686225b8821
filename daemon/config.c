#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/json.h"
#include "base/number.h"
#include "base/spelling.h"
#include "config/config.h"
#include "http/url.h"
#include "learn/crew.h"

enum { FILE_MOST = 64 << 20, MODELS_MOST = 10000 };

static bool read_all(int fd, struct upk_buffer *out, struct upk_error *err)
{
	enum { PIECE = 64 << 10 };

	for (;;) {
		char *to = upk_buffer_grow(out, PIECE);
		if (!to)
			return upk_fail(err, UPK_NOMEM, "no memory for the file");
		ssize_t got = read(fd, to, PIECE);
		if (got < 0)
			return upk_fail(err, UPK_IO, "%s", strerror(errno));
		out->size -= (size_t)(PIECE - got);
		if (got == 0)
			return true;
		if (out->size > FILE_MOST)
			return upk_fail(err, UPK_TOO_LARGE, "over 64 MiB");
	}
}

static cJSON *read_json(const char *path, struct upk_error *err)
{
	struct upk_buffer text = { 0 };
	cJSON *json = NULL;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0) {
		upk_fail(err, UPK_IO, "%s: %s", path, strerror(errno));
		return NULL;
	}
	if (read_all(fd, &text, err))
		json = upk_json_parse_commented(upk_buffer_text(&text), err);
	if (!json)
		upk_fail_in(err, "%s: ", path);
	upk_buffer_finish(&text);
	close(fd);
	return json;
}

static bool check_model(const char *name, struct upk_text text, struct upk_error *err)
{
	if (!upk_url_is_model_name(upk_text_of(name)))
		return upk_fail(err, UPK_INVALID,
			"'%s': a model's name is [a-z0-9][a-z0-9._-]{0,62}", name);
	struct upk_config *parsed = upk_config_parse(text, err);
	if (!parsed)
		return upk_fail_in(err, "model %s: ", name);
	upk_config_unref(parsed);
	return true;
}

static bool is_new(const struct upk_daemon_config *config, const char *name, struct upk_error *err)
{
	for (size_t i = 0; i < config->models_count; i++)
		if (strcmp(config->models[i].name, name) == 0)
			return upk_fail(err, UPK_INVALID, "model %s is in %s already", name,
				config->models[i].origin);
	return true;
}

static void free_model(struct upk_model_file *model)
{
	free((char *)(uintptr_t)model->name);
	free((char *)(uintptr_t)model->config.data);
	free((char *)(uintptr_t)model->origin);
}

static bool add_model(struct upk_daemon_config *config, const char *name, const cJSON *json,
	const char *origin, struct upk_error *err)
{
	char *text = upk_json_print(json);
	struct upk_model_file model = { strdup(name), upk_text_of(text), strdup(origin) };
	struct upk_model_file *grown =
		realloc(config->models, (config->models_count + 1) * sizeof *grown);

	if (grown)
		config->models = grown;
	if (!grown || !text || !model.name || !model.origin) {
		free_model(&model);
		return upk_fail(err, UPK_NOMEM, "no memory for model %s", name);
	}
	if (!check_model(name, model.config, err) || !is_new(config, name, err)) {
		free_model(&model);
		return false;
	}
	config->models[config->models_count++] = model;
	return true;
}

/* ---- members of the file ---- */

static bool read_hosts(struct upk_daemon_config *config, const cJSON *json, const char *path,
	struct upk_error *err)
{
	int count = cJSON_GetArraySize(json);

	(void)path;
	if (!cJSON_IsArray(json))
		return upk_fail(err, UPK_INVALID, "want an array of names");
	config->hosts.names = calloc((size_t)count + 1, sizeof(char *));
	if (!config->hosts.names)
		return upk_fail(err, UPK_NOMEM, "no memory for the hosts");
	for (const cJSON *item = json->child; item; item = item->next) {
		const char *name = cJSON_GetStringValue(item);
		if (!name || !*name || strpbrk(name, ":/ "))
			return upk_fail(err, UPK_INVALID,
				"want names without scheme or port, like \"upkeep.example\"");
		config->hosts.names[config->hosts.count] = strdup(name);
		if (!config->hosts.names[config->hosts.count])
			return upk_fail(err, UPK_NOMEM, "no memory for the hosts");
		config->hosts.count++;
	}
	return true;
}

static bool read_auto_create(struct upk_daemon_config *config, const cJSON *json, const char *path,
	struct upk_error *err)
{
	(void)path;
	config->auto_create = cJSON_IsTrue(json);
	return cJSON_IsBool(json) || upk_fail(err, UPK_INVALID, "want true or false");
}

static bool read_max_models(struct upk_daemon_config *config, const cJSON *json, const char *path,
	struct upk_error *err)
{
	double most = cJSON_IsNumber(json) ? json->valuedouble : 0;

	(void)path;
	if (!(most >= 1 && most <= 1e9 && most == (double)(int64_t)most))
		return upk_fail(err, UPK_INVALID, "want an integer of at least 1");
	config->max_models = (int64_t)most;
	return true;
}

/* Bytes: a number, or "20GB", "512MiB". */
static bool read_size(const cJSON *json, int64_t *bytes, struct upk_error *err)
{
	double size = cJSON_IsNumber(json) ? json->valuedouble : 0;
	const char *text = cJSON_GetStringValue(json);

	if (text && !upk_number_parse_bytes(upk_text_of(text), &size))
		size = 0;
	if (!(size >= 1e6 && size <= 1e18))
		return upk_fail(err, UPK_INVALID,
			"want at least 1000000 bytes, or a text like \"20GB\" or \"512MiB\"");
	*bytes = (int64_t)size;
	return true;
}

static bool read_store(struct upk_daemon_config *config, const cJSON *json, const char *path,
	struct upk_error *err)
{
	const cJSON *size = cJSON_IsObject(json) ? json->child : NULL;

	(void)path;
	if (!size || size->next || strcmp(size->string, "max_size") != 0)
		return upk_fail(err, UPK_INVALID, "want {\"max_size\": ...}");
	config->max_store = 0;
	return cJSON_IsNull(size) || read_size(size, &config->max_store, err) ||
		upk_fail_in(err, "max_size: ");
}

static bool read_threads(struct upk_daemon_config *config, const cJSON *json, const char *path,
	struct upk_error *err)
{
	double threads = cJSON_IsNumber(json) ? json->valuedouble : 0;

	(void)path;
	if (!(threads >= 1 && threads <= UPK_CREW_MOST && threads == (double)(int)threads))
		return upk_fail(err, UPK_INVALID, "want an integer from 1 to %d", UPK_CREW_MOST);
	config->threads = (int)threads;
	return true;
}

static bool read_models(struct upk_daemon_config *config, const cJSON *json, const char *path,
	struct upk_error *err)
{
	if (!cJSON_IsObject(json))
		return upk_fail(err, UPK_INVALID, "want an object of models by name");
	for (const cJSON *model = json->child; model; model = model->next)
		if (!add_model(config, model->string, model, path, err))
			return false;
	return true;
}

static const struct {
	const char *name;
	bool (*read)(struct upk_daemon_config *config, const cJSON *json, const char *path,
		struct upk_error *err);
} members[] = {
	{ "hosts", read_hosts },
	{ "auto_create", read_auto_create },
	{ "max_models", read_max_models },
	{ "store", read_store },
	{ "threads", read_threads },
	{ "models", read_models },
};
enum { MEMBERS = sizeof members / sizeof *members };

static bool fail_unknown(const char *path, const char *name, struct upk_error *err)
{
	const char *names[MEMBERS + 1] = { NULL };
	char known[UPK_SPELLING_SIZE];

	for (size_t i = 0; i < MEMBERS; i++)
		names[i] = members[i].name;
	const char *meant = upk_spelling_nearest(name, names);
	return upk_fail(err, UPK_INVALID, "%s: %s: there is no such setting%s%s%s want one of %s",
		path, name, meant ? "; did you mean " : "", meant ? meant : "", meant ? "?" : ":",
		upk_spelling_list(names, known));
}

static bool read_member(struct upk_daemon_config *config, const cJSON *json, const char *path,
	struct upk_error *err)
{
	size_t i = 0;

	while (i < MEMBERS && strcmp(members[i].name, json->string) != 0)
		i++;
	if (i == MEMBERS)
		return fail_unknown(path, json->string, err);
	return members[i].read(config, json, path, err) ||
		upk_fail_in(err, "%s: %s: ", path, json->string);
}

static bool read_file(struct upk_daemon_config *config, const char *path, struct upk_error *err)
{
	bool fine = true;
	cJSON *json = read_json(path, err);

	if (!json)
		return false;
	if (!cJSON_IsObject(json))
		fine = upk_fail(err, UPK_INVALID, "%s: want an object", path);
	for (const cJSON *member = json->child; fine && member; member = member->next)
		fine = read_member(config, member, path, err);
	cJSON_Delete(json);
	return fine;
}

/* ---- models.d ---- */

static bool read_model_file(struct upk_daemon_config *config, const char *folder, const char *file,
	struct upk_error *err)
{
	char path[4096], name[256];
	size_t size = strlen(file) - strlen(".json");

	if (size >= sizeof name ||
		snprintf(path, sizeof path, "%s/%s", folder, file) >= (int)sizeof path)
		return upk_fail(err, UPK_INVALID, "%s/%s: the path is too long", folder, file);
	memcpy(name, file, size);
	name[size] = '\0';

	cJSON *json = read_json(path, err);
	if (!json)
		return false;
	bool fine = add_model(config, name, json, path, err) || upk_fail_in(err, "%s: ", path);
	cJSON_Delete(json);
	return fine;
}

static int is_json(const struct dirent *entry)
{
	size_t size = strlen(entry->d_name);

	return entry->d_name[0] != '.' && size > 5 &&
		strcmp(entry->d_name + size - 5, ".json") == 0;
}

static bool read_folder(struct upk_daemon_config *config, const char *path, struct upk_error *err)
{
	struct dirent **entries;
	char beside[4096], folder[4096 + sizeof "/models.d"];
	bool fine = true;

	if (snprintf(beside, sizeof beside, "%s", path) >= (int)sizeof beside)
		return upk_fail(err, UPK_INVALID, "%s: the path is too long", path);
	snprintf(folder, sizeof folder, "%s/models.d", dirname(beside));

	int count = scandir(folder, &entries, is_json, alphasort);
	if (count < 0)
		return errno == ENOENT || upk_fail(err, UPK_IO, "%s: %s", folder, strerror(errno));
	for (int i = 0; i < count; i++) {
		fine = fine && read_model_file(config, folder, entries[i]->d_name, err);
		free(entries[i]);
	}
	free(entries);
	return fine;
}

bool upk_daemon_config_read(
	const char *path, struct upk_daemon_config *config, struct upk_error *err)
{
	*config = (struct upk_daemon_config){ .auto_create = true, .max_models = MODELS_MOST };
	if (!path || (read_file(config, path, err) && read_folder(config, path, err)))
		return true;
	upk_daemon_config_finish(config);
	return false;
}

void upk_daemon_config_finish(struct upk_daemon_config *config)
{
	for (size_t i = 0; i < config->models_count; i++)
		free_model(&config->models[i]);
	free(config->models);
	upk_hosts_finish(&config->hosts);
	*config = (struct upk_daemon_config){ 0 };
}
