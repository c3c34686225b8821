/* What all handlers share: the engine, and how the process is. */
#ifndef UPK_DAEMON_HTTP_SITE_H
#define UPK_DAEMON_HTTP_SITE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "engine/engine.h"
#include "http/guard.h"
#include "log.h"

struct upk_site;

/* engine and log are the caller's and outlive the site. NULL: UPK_NOMEM. */
struct upk_site *upk_site_create(
	struct upk_engine *engine, struct upk_log *log, struct upk_error *err);
void upk_site_destroy(struct upk_site *site); /* NULL is fine */

/* Any thread may call the rest. */
struct upk_engine *upk_site_engine(const struct upk_site *site);
struct upk_log *upk_site_log(const struct upk_site *site);

/* Ready to answer: the engine has its windows, and configuration files were read. */
bool upk_site_ready(const struct upk_site *site);
void upk_site_set_configured(struct upk_site *site);

/* Why the configuration that is on the disk is not the one in force; NULL or "": it is. */
void upk_site_set_fault(struct upk_site *site, const char *fault);
void upk_site_fault(struct upk_site *site, char *out, size_t size); /* "": none */

/* Hosts that requests may name. Takes the names, malloc'ed; frees the former ones. */
void upk_site_set_hosts(struct upk_site *site, struct upk_hosts hosts);
bool upk_site_knows_host(struct upk_site *site, struct upk_text host);

#endif
