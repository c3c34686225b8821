/* A request's target: path segments and query parameters, each decoded once after splitting. */
#ifndef UPK_DAEMON_HTTP_URL_H
#define UPK_DAEMON_HTTP_URL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/text.h"

enum { UPK_URL_SEGMENTS = 8, UPK_URL_PARAMETERS = 16 };

struct upk_url_parameter {
	const char *name, *value;
};

/* Texts are ended by a NUL and live in memory. */
struct upk_url {
	char *memory;
	struct upk_text segments[UPK_URL_SEGMENTS];
	size_t segments_count; /* "/" has none */
	struct upk_url_parameter parameters[UPK_URL_PARAMETERS];
	size_t parameters_count;
};

/* Reads "/a/b?c=d". false with the url empty: UPK_NOT_FOUND (a path that names nothing: an empty
 * segment, a bad escape, %00, invalid UTF-8, too many segments), UPK_INVALID (the same faults in
 * the query, or a parameter given twice), UPK_NOMEM. */
bool upk_url_parse(const char *target, struct upk_url *url, struct upk_error *err);
void upk_url_finish(struct upk_url *url); /* an empty one is fine */

/* A parameter's value; NULL: it was not given. */
const char *upk_url_value(const struct upk_url *url, const char *name);

/* Each leaves *value as it is when the parameter was not given. false: UPK_INVALID, naming the
 * parameter, its value and what is wanted. */
bool upk_url_bool(const struct upk_url *url, const char *name, bool *value, struct upk_error *err);
bool upk_url_int(const struct upk_url *url, const char *name, int64_t least, int64_t *value,
	struct upk_error *err);
bool upk_url_int_within(const struct upk_url *url, const char *name, int64_t least, int64_t most,
	int64_t *value, struct upk_error *err);
bool upk_url_double(
	const struct upk_url *url, const char *name, double *value, struct upk_error *err);
/* RFC 3339 or integer milliseconds. */
bool upk_url_time(
	const struct upk_url *url, const char *name, int64_t *value, struct upk_error *err);
/* The times `from` and `to`. UPK_INVALID, too: both were given, and it ends before it begins. */
bool upk_url_range(const struct upk_url *url, int64_t *from, int64_t *to, struct upk_error *err);

/* [a-z0-9][a-z0-9._-]{0,62}, ended by a NUL. */
bool upk_url_is_model_name(struct upk_text name);

#endif
