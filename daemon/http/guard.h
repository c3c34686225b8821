/* What is refused before anything looks at a request: ambiguous framing, foreign hosts and origins,
 * bodies that a page elsewhere could send. */
#ifndef UPK_DAEMON_HTTP_GUARD_H
#define UPK_DAEMON_HTTP_GUARD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

struct upk_header {
	struct upk_text name, value;
};

/* The value of the first header of that name, case ignored; absent: there is none. */
struct upk_text upk_guard_header(const struct upk_header *headers, size_t count, const char *name);

/* Equal but for case; an absent text is not. */
bool upk_guard_is(struct upk_text text, const char *word);

/* Why the headers are ambiguous or malformed, in words; NULL: they are fine. `bodiless`: of a GET
 * or HEAD. Wanted: at most one Content-Length of 1-18 digits, at most one Transfer-Encoding,
 * "chunked", and no Content-Length beside it; exactly one Host; names that are tokens; no control
 * characters in values; no body where none belongs. */
const char *upk_guard_headers(const struct upk_header *headers, size_t count, bool bodiless);

/* Names that a Host may have besides loopback names and addresses. */
struct upk_hosts {
	char **names; /* without port */
	size_t count;
	bool any_address; /* it listens on all addresses: every address is its own */
};
void upk_hosts_finish(struct upk_hosts *hosts); /* frees the names; leaves it as { 0 } */

bool upk_guard_host(struct upk_text host, const struct upk_hosts *hosts);

/* Absent, or an http(s) origin of the very host and port that was asked. */
bool upk_guard_origin(struct upk_text origin, struct upk_text host);

enum upk_content {
	UPK_CONTENT_NONE,
	UPK_CONTENT_JSON,
	UPK_CONTENT_NDJSON,
	UPK_CONTENT_OTHER,
};
enum upk_content upk_guard_content(struct upk_text content_type);

#endif
