#include "http/site.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

struct upk_site {
	struct upk_engine *engine;
	struct upk_log *log;
	atomic_bool configured;
	pthread_mutex_t mutex; /* guards what follows */
	struct upk_hosts hosts;
	char fault[1024];
};

struct upk_site *upk_site_create(
	struct upk_engine *engine, struct upk_log *log, struct upk_error *err)
{
	struct upk_site *site = calloc(1, sizeof *site);

	if (!site || pthread_mutex_init(&site->mutex, NULL) != 0) {
		free(site);
		upk_fail(err, UPK_NOMEM, "no memory for the site");
		return NULL;
	}
	site->engine = engine;
	site->log = log;
	return site;
}

void upk_site_destroy(struct upk_site *site)
{
	if (!site)
		return;
	upk_hosts_finish(&site->hosts);
	pthread_mutex_destroy(&site->mutex);
	free(site);
}

struct upk_engine *upk_site_engine(const struct upk_site *site)
{
	return site->engine;
}

struct upk_log *upk_site_log(const struct upk_site *site)
{
	return site->log;
}

bool upk_site_ready(const struct upk_site *site)
{
	return atomic_load(&site->configured) && upk_engine_ready(site->engine);
}

void upk_site_set_configured(struct upk_site *site)
{
	atomic_store(&site->configured, true);
}

void upk_site_set_fault(struct upk_site *site, const char *fault)
{
	pthread_mutex_lock(&site->mutex);
	snprintf(site->fault, sizeof site->fault, "%s", fault ? fault : "");
	pthread_mutex_unlock(&site->mutex);
}

void upk_site_fault(struct upk_site *site, char *out, size_t size)
{
	pthread_mutex_lock(&site->mutex);
	snprintf(out, size, "%s", site->fault);
	pthread_mutex_unlock(&site->mutex);
}

void upk_site_set_hosts(struct upk_site *site, struct upk_hosts hosts)
{
	pthread_mutex_lock(&site->mutex);
	struct upk_hosts former = site->hosts;
	site->hosts = hosts;
	pthread_mutex_unlock(&site->mutex);
	upk_hosts_finish(&former);
}

bool upk_site_knows_host(struct upk_site *site, struct upk_text host)
{
	pthread_mutex_lock(&site->mutex);
	bool known = upk_guard_host(host, &site->hosts);
	pthread_mutex_unlock(&site->mutex);
	return known;
}
