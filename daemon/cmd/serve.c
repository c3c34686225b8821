#include "cmd/serve.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <signal.h>
#include <unistd.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "config.h"
#include "folder.h"
#include "http/server.h"
#include "http/site.h"
#include "listen.h"
#include "log.h"
#include "options.h"
#include "signals.h"
#include "systemd.h"
#include "usage.h"

enum { LISTEN_MAX = 16, FILES_WANTED = 65536 };

struct options {
	const char *config; /* NULL: none */
	const char *data;
	const char *listen[LISTEN_MAX];
	size_t listen_count;
	bool insecure;
};

/* The running process; what is NULL has not begun. */
struct serve {
	struct options options;
	struct upk_log *log;
	struct upk_engine *engine;
	struct upk_site *site;
	struct upk_server *server;
	struct upk_listen listens[LISTEN_MAX];
	int sockets[LISTEN_MAX];
	size_t open; /* of listens, those that have a socket */
};

static const char help[] =
	"Runs the daemon: takes events and labels over HTTP, keeps metrics, retrains.\n\n"
	"Usage: upkeepd serve [OPTION]...\n\n"
	"  --data DIR          the data folder; default $STATE_DIRECTORY, else ./upkeepd-data\n"
	"  --listen ADDR:PORT  where to listen, may be given again; default 127.0.0.1:7850;\n"
	"                      port 0 is any free port; unix:PATH is a unix socket\n"
	"  --config FILE       JSON with comments; models.d/NAME.json beside it are models\n"
	"  --insecure          allow an address that is not loopback: whoever reaches it can\n"
	"                      read and write everything\n"
	"  --help              this text\n\n"
	"SIGHUP reads the configuration again; SIGTERM and SIGINT stop.\n\n"
	"Example: upkeepd serve --data /var/lib/upkeepd --listen 127.0.0.1:7850\n";

/* $CONFIGURATION_DIRECTORY/upkeepd.json, when systemd gives one and the file is there. */
static const char *default_config(char *out, size_t size)
{
	const char *folder = getenv("CONFIGURATION_DIRECTORY");

	if (!folder || snprintf(out, size, "%s/upkeepd.json", folder) >= (int)size)
		return NULL;
	return access(out, F_OK) == 0 ? out : NULL;
}

static bool add_listen(void *into, const char *address)
{
	struct options *o = into;

	if (o->listen_count == LISTEN_MAX) {
		upk_usage_fail("serve", "--listen: at most %d addresses", LISTEN_MAX);
		return false;
	}
	o->listen[o->listen_count++] = address;
	return true;
}

static void fill_defaults(struct options *o)
{
	static char config[4096];

	if (!o->config)
		o->config = default_config(config, sizeof config);
	o->data = upk_data_folder(o->data);
	if (o->listen_count == 0)
		o->listen[o->listen_count++] = "127.0.0.1:7850";
}

static const struct upk_option known[] = {
	UPK_OPTION("config", FILE, struct options, config),
	UPK_OPTION("data", FOLDER, struct options, data),
	UPK_OPTION_OF("listen", add_listen),
	UPK_OPTION("insecure", FLAG, struct options, insecure),
	{ 0 },
};

/* -1: go on; else the exit status. */
static int read_options(int argc, char **argv, struct options *o)
{
	const struct upk_options all = { "serve", help, known };
	int status = upk_options_read(&all, argc, argv, o);

	if (status >= 0)
		return status;
	if (optind < argc)
		return upk_usage_fail("serve", "'%s' is one word too many", argv[optind]);
	fill_defaults(o);
	return -1;
}

static int read_addresses(struct serve *s)
{
	struct upk_error err = { 0 };

	for (size_t i = 0; i < s->options.listen_count; i++) {
		struct upk_listen *l = &s->listens[i];
		bool parsed = upk_listen_parse(s->options.listen[i], l, &err);
		if (!parsed && err.code == UPK_NOMEM) {
			fprintf(stderr, "upkeepd serve: --listen: %s\n", err.message);
			return UPK_EXIT_FAILED;
		}
		if (!parsed)
			return upk_usage_fail("serve", "--listen: %s", err.message);
		if (!l->loopback && !s->options.insecure)
			return upk_usage_fail("serve",
				"--listen %s: not a loopback address, and nobody is asked who they "
				"are: --insecure allows it all the same",
				l->given);
	}
	return -1;
}

static bool say_failure(struct serve *s, const struct upk_error *err)
{
	upk_log_say(s->log, UPK_LOG_ERROR, "%s", err->message);
	return false;
}

/* Names that a request's Host may have: the configured ones and those listened on. */
static bool set_hosts(struct serve *s, const struct upk_hosts *configured, struct upk_error *err)
{
	struct upk_hosts all = { 0 };

	all.names = calloc(configured->count + s->options.listen_count, sizeof *all.names);
	if (!all.names)
		goto fail;
	for (size_t i = 0; i < configured->count; i++) {
		all.names[all.count] = strdup(configured->names[i]);
		if (!all.names[all.count])
			goto fail;
		all.count++;
	}
	for (size_t i = 0; i < s->options.listen_count; i++) {
		all.any_address |= s->listens[i].any;
		if (s->listens[i].path)
			continue;
		all.names[all.count] = strdup(s->listens[i].host);
		if (!all.names[all.count])
			goto fail;
		all.count++;
	}
	upk_site_set_hosts(s->site, all);
	return true;

fail:
	upk_hosts_finish(&all);
	return upk_fail(err, UPK_NOMEM, "no memory for the hosts");
}

static bool apply(struct serve *s, const struct upk_daemon_config *config, struct upk_error *err)
{
	upk_engine_limit_store(s->engine, config->max_store);
	upk_engine_train_threads(s->engine, config->threads);
	return upk_engine_configure(s->engine, config->models, config->models_count, err) &&
		set_hosts(s, &config->hosts, err);
}

/* The whole new configuration, or the whole old one and why. */
static void reload(struct serve *s)
{
	struct upk_error err = { 0 };
	struct upk_daemon_config config;

	upk_systemd_notify("RELOADING=1");
	bool fine = upk_daemon_config_read(s->options.config, &config, &err);
	if (fine) {
		fine = apply(s, &config, &err);
		upk_daemon_config_finish(&config);
	}
	upk_site_set_fault(s->site, fine ? NULL : err.message);
	if (fine)
		upk_log_say(s->log, UPK_LOG_NOTICE, "the configuration was read again");
	else
		upk_log_say(s->log, UPK_LOG_ERROR, "the old configuration stays: %s", err.message);
	upk_systemd_notify(fine ? "READY=1\nSTATUS=serving"
				: "READY=1\nSTATUS=serving with the old configuration");
}

/* Every connection is a file; the server keeps below what is allowed in the end. */
static void raise_file_limit(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur >= FILES_WANTED)
		return;
	files.rlim_cur = files.rlim_max < FILES_WANTED ? files.rlim_max : FILES_WANTED;
	setrlimit(RLIMIT_NOFILE, &files);
}

static bool open_engine(
	struct serve *s, const struct upk_daemon_config *config, struct upk_error *err)
{
	const struct upk_engine_options options = {
		.folder = s->options.data,
		.auto_create = config->auto_create,
		.max_models = config->max_models,
		.log = upk_log_line,
		.context = s->log,
	};

	s->engine = upk_engine_open(&options, err);
	if (!s->engine)
		return false;
	s->site = upk_site_create(s->engine, s->log, err);
	return s->site != NULL;
}

/* After the data folder's lock is held, so that a unix socket that is left over is ours. */
static bool open_listeners(struct serve *s, struct upk_error *err)
{
	for (; s->open < s->options.listen_count; s->open++) {
		s->sockets[s->open] = upk_listen_open(&s->listens[s->open], err);
		if (s->sockets[s->open] < 0)
			break;
	}
	if (s->open == s->options.listen_count) {
		s->server = upk_server_start(s->site, s->sockets, s->open, err);
		return s->server != NULL;
	}
	for (size_t i = 0; i < s->open; i++)
		close(s->sockets[i]);
	return false;
}

enum end { GOES_ON, STOPPED, BROKEN };

static enum end look(struct serve *s, int number, struct upk_error *err)
{
	if (upk_engine_broken(s->engine, err))
		return BROKEN;
	return number == SIGTERM || number == SIGINT ? STOPPED : GOES_ON;
}

/* Until the windows are there. */
static enum end await_engine(struct serve *s, struct upk_error *err)
{
	enum { LOOK_MS = 20 };
	enum end end = GOES_ON;

	while (end == GOES_ON && !upk_engine_ready(s->engine))
		end = look(s, upk_signal_wait(LOOK_MS), err);
	return end;
}

static void announce(struct serve *s)
{
	for (size_t i = 0; i < s->open; i++) {
		struct upk_buffer where = { 0 };
		upk_listen_describe(&s->listens[i], s->sockets[i], &where);
		upk_buffer_putc(&where, '\0');
		upk_log_say(s->log, UPK_LOG_NOTICE, "listening on %s",
			where.failed ? s->listens[i].given : where.data);
		upk_buffer_finish(&where);
	}
	upk_systemd_notify("READY=1\nSTATUS=serving");
}

static enum end serve_until_told(struct serve *s, struct upk_error *err)
{
	enum { LOOK_MS = 1000 };
	int64_t every = upk_systemd_watchdog_ms();
	int wait = every > 0 && every < LOOK_MS ? (int)every : LOOK_MS;

	for (;;) {
		int number = upk_signal_wait(wait);
		enum end end = look(s, number, err);
		if (end != GOES_ON)
			return end;
		if (number == SIGHUP)
			reload(s);
		if (every > 0 && upk_server_answers(s->server))
			upk_systemd_notify("WATCHDOG=1");
	}
}

/* What was begun, in reverse; what was accepted is committed and answered. */
static void stop(struct serve *s)
{
	upk_systemd_notify("STOPPING=1\nSTATUS=stopping");
	if (s->server)
		upk_server_drain(s->server);
	upk_engine_close(s->engine);
	if (s->server)
		upk_server_stop(s->server);
	for (size_t i = 0; i < s->open; i++)
		upk_listen_remove(&s->listens[i]);
	upk_site_destroy(s->site);
}

static bool serve(struct serve *s, const struct upk_daemon_config *config)
{
	struct upk_error err = { 0 };

	if (!upk_signal_catch(&err) || !open_engine(s, config, &err) ||
		!set_hosts(s, &config->hosts, &err) || !open_listeners(s, &err))
		return say_failure(s, &err);
	enum end end = await_engine(s, &err);
	if (end == STOPPED)
		return true;
	if (end == BROKEN || !apply(s, config, &err))
		return say_failure(s, &err);
	upk_site_set_configured(s->site);
	announce(s);
	if (serve_until_told(s, &err) == BROKEN)
		return say_failure(s, &err);
	upk_log_say(s->log, UPK_LOG_NOTICE, "stopping");
	return true;
}

/* A batch takes some hundred KiB to a few MiB and goes again: glibc would give each back to the
 * system, and the page faults of the next one would cost a third of its decoding. */
static void keep_memory(void)
{
#ifdef __GLIBC__
	mallopt(M_MMAP_THRESHOLD, 4 << 20);
	mallopt(M_TRIM_THRESHOLD, 16 << 20);
#endif
}

static int run(int argc, char **argv)
{
	struct serve s = { 0 };
	struct upk_error err = { 0 };
	struct upk_daemon_config config;
	int status = read_options(argc, argv, &s.options);

	if (status < 0)
		status = read_addresses(&s);
	if (status >= 0)
		return status;

	s.log = upk_log_create(STDERR_FILENO, upk_log_is_journal(STDERR_FILENO));
	if (!s.log) {
		fputs("upkeepd serve: no memory for the log\n", stderr);
		return UPK_EXIT_FAILED;
	}
	raise_file_limit();
	keep_memory();
	bool fine = upk_daemon_config_read(s.options.config, &config, &err);
	if (fine) {
		fine = serve(&s, &config);
		stop(&s);
		upk_daemon_config_finish(&config);
	} else {
		say_failure(&s, &err);
	}
	upk_log_destroy(s.log);
	return fine ? UPK_EXIT_OK : UPK_EXIT_FAILED;
}

const struct upk_command upk_cmd_serve = {
	.name = "serve",
	.summary = "run the daemon",
	.run = run,
};
