/* Configurations of a model and the daemon's file: what is accepted can be shown, and parses again
 * to itself. The first byte chooses which of the two the text is. */
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/json.h"
#include "config.h"
#include "fuzz.h"
#include "items/schema.h"

static void check_model(struct upk_text text)
{
	struct upk_error err = { 0 };
	struct upk_config *c = upk_config_parse(text, &err);
	if (!c) {
		must(err.code == UPK_INVALID && err.message[0]);
		return;
	}
	struct upk_schema *s = upk_schema_create(c, NULL, 0, NULL, 0, 1, &err);
	must(s || err.code == UPK_INVALID);
	cJSON *json = upk_json_parse(text, NULL);
	must(cJSON_IsObject(json));
	char *printed = upk_json_print(json);
	struct upk_config *again = upk_config_parse(upk_text_of(printed), &err);
	must(again && again->windows_count == c->windows_count &&
		again->rules_count == c->rules_count);
	for (size_t i = 0; i < c->windows_count; i++)
		must(upk_config_same_window(&c->windows[i], &again->windows[i]));
	free(printed);
	cJSON_Delete(json);
	upk_config_unref(again);
	upk_schema_unref(s);
	upk_config_unref(c);
}

static void check_file(struct upk_text text)
{
	char path[64];
	struct upk_daemon_config config;
	struct upk_error err = { 0 };
	int fd = memfd_create("config", MFD_CLOEXEC);
	must(fd >= 0 && write(fd, text.data, text.size) == (ssize_t)text.size);
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	if (upk_daemon_config_read(path, &config, &err))
		upk_daemon_config_finish(&config);
	else
		must(err.code == UPK_INVALID && err.message[0]);
	close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	char *copy = fuzz_copy(data + 1, size - 1);
	struct upk_text text = { copy, size - 1 };
	if (data[0] % 2)
		check_file(text);
	else
		check_model(text);
	free(copy);
	return 0;
}
