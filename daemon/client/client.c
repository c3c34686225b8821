#include "client/client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <curl/curl.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/json.h"

#define UNUSED __attribute__((unused))

enum {
	TRIES_WHEN_BUSY = 30,
	PAUSE_WHEN_BUSY_MS = 1000,
	CONNECT_SECONDS = 5,
	MEANWHILE_NS = 1000000000,
};

struct upk_client {
	CURL *curl;
	struct curl_slist *headers;
	char *url;  /* as given, for messages */
	char *base; /* what paths are put behind */
	struct upk_buffer answer;
	bool answered;         /* once at least */
	bool (*stopped)(void); /* NULL: never asked */
	void (*meanwhile)(void *context);
	void *context; /* its */
	int64_t next;  /* call of it, not before: monotonic ns */
	char fault[CURL_ERROR_SIZE];
};

static size_t take(char *data, size_t size, size_t count, void *context)
{
	struct upk_buffer *answer = context;
	upk_buffer_append(answer, data, size * count);
	return answer->failed ? 0 : size * count;
}

/* While something waits. false: it is to stop. */
static bool go_on(struct upk_client *c)
{
	int64_t now = upk_clock_monotonic_ns();
	if (c->stopped && c->stopped())
		return false;
	if (c->meanwhile && now >= c->next) {
		c->next = now + MEANWHILE_NS;
		c->meanwhile(c->context);
	}
	return true;
}

static int look_up(void *context, curl_off_t down_all UNUSED, curl_off_t down UNUSED,
	curl_off_t up_all UNUSED, curl_off_t up UNUSED)
{
	return !go_on(context);
}

static bool set_base(struct upk_client *c, struct upk_error *err)
{
	const char *url = c->url;
	if (strncmp(url, "unix:", 5) == 0 && url[5] != '\0') {
		curl_easy_setopt(c->curl, CURLOPT_UNIX_SOCKET_PATH, url + 5);
		url = "http://localhost";
	} else if (strncmp(url, "http://", 7) != 0 || url[7] == '\0') {
		return upk_fail(
			err, UPK_INVALID, "--url: \"%s\": want http://HOST:PORT or unix:PATH", url);
	}
	c->base = strdup(url);
	if (!c->base)
		return upk_fail(err, UPK_NOMEM, "no memory for a URL");
	size_t length = strlen(c->base);
	while (length > 0 && c->base[length - 1] == '/')
		c->base[--length] = '\0';
	return true;
}

static bool set_headers(struct upk_client *c)
{
	/* An empty Expect keeps curl from asking first whether a large body is welcome. */
	static const char *const lines[] = { "Content-Type: application/json", "Expect:" };
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		struct curl_slist *longer = curl_slist_append(c->headers, lines[i]);
		if (!longer)
			return false;
		c->headers = longer;
	}
	return true;
}

static void set_options(struct upk_client *c)
{
	curl_easy_setopt(c->curl, CURLOPT_PROTOCOLS_STR, "http");
	curl_easy_setopt(c->curl, CURLOPT_PROXY, "");
	curl_easy_setopt(c->curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(c->curl, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_SECONDS);
	curl_easy_setopt(c->curl, CURLOPT_HTTPHEADER, c->headers);
	curl_easy_setopt(c->curl, CURLOPT_WRITEFUNCTION, take);
	curl_easy_setopt(c->curl, CURLOPT_WRITEDATA, &c->answer);
	curl_easy_setopt(c->curl, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(c->curl, CURLOPT_XFERINFOFUNCTION, look_up);
	curl_easy_setopt(c->curl, CURLOPT_XFERINFODATA, c);
	curl_easy_setopt(c->curl, CURLOPT_ERRORBUFFER, c->fault);
}

struct upk_client *upk_client_create(const char *url, struct upk_error *err)
{
	struct upk_client *c = calloc(1, sizeof *c);
	if (!c)
		goto fail;
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		goto free_client;
	c->curl = curl_easy_init();
	c->url = strdup(url);
	if (!c->curl || !c->url || !set_headers(c)) {
		upk_client_destroy(c);
		goto fail;
	}
	set_options(c);
	if (!set_base(c, err)) {
		upk_client_destroy(c);
		return NULL;
	}
	return c;

free_client:
	free(c);
fail:
	upk_fail(err, UPK_NOMEM, "no memory for a client");
	return NULL;
}

void upk_client_destroy(struct upk_client *c)
{
	if (!c)
		return;
	curl_easy_cleanup(c->curl);
	curl_slist_free_all(c->headers);
	curl_global_cleanup();
	upk_buffer_finish(&c->answer);
	free(c->base);
	free(c->url);
	free(c);
}

void upk_client_stop_when(struct upk_client *c, bool (*stopped)(void))
{
	c->stopped = stopped;
}

void upk_client_meanwhile(struct upk_client *c, void (*meanwhile)(void *context), void *context)
{
	c->meanwhile = meanwhile;
	c->context = context;
}

bool upk_client_pause(struct upk_client *c, long ms, struct upk_error *err)
{
	struct timespec pause = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };
	if (!go_on(c))
		return upk_fail(err, UPK_CANCELLED, "stopped");
	nanosleep(&pause, NULL);
	return true;
}

static void set_request(struct upk_client *c, const char *method, struct upk_text body)
{
	curl_easy_setopt(c->curl, CURLOPT_HTTPGET, 1L);
	curl_easy_setopt(c->curl, CURLOPT_CUSTOMREQUEST, method);
	if (!body.data && strcmp(method, "GET") == 0)
		return;
	curl_easy_setopt(c->curl, CURLOPT_POST, 1L);
	curl_easy_setopt(c->curl, CURLOPT_POSTFIELDS, body.data ? body.data : "");
	curl_easy_setopt(c->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.size);
}

static bool send_once(struct upk_client *c, long *status, struct upk_error *err)
{
	upk_buffer_clear(&c->answer);
	c->fault[0] = '\0';
	CURLcode code = curl_easy_perform(c->curl);
	if (c->answer.failed)
		return upk_fail(err, UPK_NOMEM, "no memory for an answer");
	if (code == CURLE_COULDNT_CONNECT && !c->answered)
		return upk_fail(err, UPK_IO,
			"no daemon answers at %s: start one with `upkeepd serve`, or say --url",
			c->url);
	if (code == CURLE_ABORTED_BY_CALLBACK)
		return upk_fail(err, UPK_CANCELLED, "stopped");
	if (code != CURLE_OK)
		return upk_fail(err, UPK_IO, "%s: %s%s", c->url,
			c->fault[0] ? c->fault : curl_easy_strerror(code),
			c->answered ? "; the daemon went away: is it still running?" : "");
	c->answered = true;
	curl_easy_getinfo(c->curl, CURLINFO_RESPONSE_CODE, status);
	return true;
}

static bool send_until_taken(struct upk_client *c, long *status, struct upk_error *err)
{
	for (int tries = 1;; tries++) {
		if (!send_once(c, status, err))
			return false;
		if (*status != 503 || tries == TRIES_WHEN_BUSY)
			return true;
		if (!upk_client_pause(c, PAUSE_WHEN_BUSY_MS, err))
			return false;
	}
}

static enum upk_code code_of(long status)
{
	switch (status) {
	case 404:
		return UPK_NOT_FOUND;
	case 409:
		return UPK_CONFLICT;
	case 503:
		return UPK_BUSY;
	default:
		return status >= 400 && status < 500 ? UPK_INVALID : UPK_IO;
	}
}

static void say_problem(struct upk_client *c, const char *method, const char *path, long status,
	struct upk_error *err)
{
	cJSON *problem = upk_json_parse(upk_buffer_text(&c->answer), NULL);
	const char *detail =
		cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(problem, "detail"));
	upk_fail(err, code_of(status), "%s %s: %ld%s%s", method, path, status, detail ? ": " : "",
		detail ? detail : "");
	cJSON_Delete(problem);
}

static cJSON *read_answer(struct upk_client *c, struct upk_error *err)
{
	if (c->answer.size > 0)
		return upk_json_parse(upk_buffer_text(&c->answer), err);
	cJSON *nothing = cJSON_CreateNull();
	if (!nothing)
		upk_fail(err, UPK_NOMEM, "no memory for an answer");
	return nothing;
}

static bool send_request(struct upk_client *c, const char *method, const char *path,
	struct upk_text body, long *status, struct upk_error *err)
{
	struct upk_buffer url = { 0 };
	upk_buffer_printf(&url, "%s%s", c->base, path);
	upk_buffer_putc(&url, '\0');
	bool ready = !url.failed && curl_easy_setopt(c->curl, CURLOPT_URL, url.data) == CURLE_OK;
	upk_buffer_finish(&url);
	if (!ready)
		return upk_fail(err, UPK_NOMEM, "no memory for a URL");
	set_request(c, method, body);
	return send_until_taken(c, status, err);
}

cJSON *upk_client_call(struct upk_client *c, const char *method, const char *path,
	struct upk_text body, struct upk_error *err)
{
	long status = 0;
	if (!send_request(c, method, path, body, &status, err))
		return NULL;
	if (status < 200 || status >= 300) {
		say_problem(c, method, path, status, err);
		return NULL;
	}
	cJSON *answer = read_answer(c, err);
	if (!answer)
		upk_fail_in(err, "%s %s: the answer: ", method, path);
	return answer;
}

cJSON *upk_client_ask(struct upk_client *c, const char *method, const char *path,
	struct upk_text body, long *status, struct upk_error *err)
{
	if (!send_request(c, method, path, body, status, err))
		return NULL;
	cJSON *answer = read_answer(c, err);
	if (!answer)
		upk_fail_in(err, "%s %s: %ld: the answer: ", method, path, *status);
	return answer;
}
