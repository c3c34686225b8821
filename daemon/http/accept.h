/* Content negotiation: what an Accept header thinks of a media type. */
#ifndef UPK_DAEMON_HTTP_ACCEPT_H
#define UPK_DAEMON_HTTP_ACCEPT_H

#include <stdbool.h>

/* The quality, 0..1, that the header gives to "type/subtype", from its most specific range;
 * parameters besides q are ignored. accept NULL: everything is fine, 1. */
double upk_accept_quality(const char *accept, const char *type);

/* Whether a scraper is to get OpenMetrics rather than the Prometheus text: only when it names it,
 * and likes it no less. */
bool upk_accept_openmetrics(const char *accept);

#endif
