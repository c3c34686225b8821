#include "config/config_write.h"

#include <stdlib.h>

#include "base/json.h"
#include "base/time.h"

void upk_config_write_measure(
	const struct upk_measure_config *m, struct upk_json_writer *w, const char *key)
{
	if (!m->class && !m->average) {
		upk_json_string(w, key, m->name);
		return;
	}
	upk_json_object(w, key);
	upk_json_string(w, "name", m->name);
	if (m->class)
		upk_json_string(w, "class", m->class);
	else
		upk_json_string(w, "average", m->average);
	upk_json_object_end(w);
}

void upk_config_write_duration(
	int64_t ms, bool zero_is_null, struct upk_json_writer *w, const char *key)
{
	char text[UPK_TIME_SIZE];
	if (ms < 0 || (zero_is_null && !ms)) {
		upk_json_null(w, key);
		return;
	}
	upk_duration_print(ms, text);
	upk_json_string(w, key, text);
}

void upk_config_write_sent(
	const cJSON *sent, const char *name, const char *otherwise, struct upk_json_writer *w)
{
	const cJSON *member = cJSON_GetObjectItemCaseSensitive(sent, name);
	char *text = member ? upk_json_print(member) : NULL;
	if (member && !text)
		w->out->failed = true;
	upk_json_raw(w, name, upk_text_of(text ? text : otherwise));
	free(text);
}
