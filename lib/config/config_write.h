/* Writing members of the effective configuration: the shapes that several of them have. */
#ifndef UPK_CONFIG_CONFIG_WRITE_H
#define UPK_CONFIG_CONFIG_WRITE_H

#include <stdbool.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "base/json_writer.h"
#include "config/config.h"

/* A failed allocation shows in the writer's buffer. */

/* A metric's name, or an object where it has a class or an average. */
void upk_config_write_measure(
	const struct upk_measure_config *m, struct upk_json_writer *w, const char *key);
/* A duration's text; ms below 0 or, with `zero_is_null`, 0 gives null. */
void upk_config_write_duration(
	int64_t ms, bool zero_is_null, struct upk_json_writer *w, const char *key);
/* A member of `sent` as it came; absent: `otherwise`, which is JSON. */
void upk_config_write_sent(
	const cJSON *sent, const char *name, const char *otherwise, struct upk_json_writer *w);
#endif
