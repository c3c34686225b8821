#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "client/client.h"
#include "client/progress.h"
#include "fake_daemon.h"

#define UNUSED __attribute__((unused))

static const struct upk_text no_body = { 0 };

static void only_http_and_unix_urls_are_taken(void **state UNUSED)
{
	static const char *const bad[] = { "", "127.0.0.1:7850", "https://localhost:1", "http://",
		"unix:", "file:///etc/passwd" };
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct upk_error err = { 0 };
		assert_null(upk_client_create(bad[i], &err));
		assert_int_equal(err.code, UPK_INVALID);
		assert_non_null(strstr(err.message, "want http://HOST:PORT or unix:PATH"));
	}
}

static void nobody_there_is_told_with_what_to_do(void **state UNUSED)
{
	static const char *const urls[] = { "http://127.0.0.1:1", "unix:/nowhere/upkeepd.sock" };
	for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
		struct upk_error err = { 0 };
		struct upk_client *c = upk_client_create(urls[i], NULL);
		assert_non_null(c);
		assert_null(upk_client_call(c, "GET", "/livez", no_body, &err));
		assert_int_equal(err.code, UPK_IO);
		assert_non_null(strstr(err.message, urls[i]));
		assert_non_null(strstr(err.message, "upkeepd serve"));
		upk_client_destroy(c);
	}
}

static void a_problem_becomes_an_error_with_its_detail(void **state UNUSED)
{
	struct fake_daemon d;
	struct upk_error err = { 0 };
	fake_daemon_start(&d, NULL);
	struct upk_client *c = upk_client_create(d.url, NULL);
	assert_non_null(c);
	assert_null(upk_client_call(c, "GET", "/v1/models/m", no_body, &err));
	assert_int_equal(err.code, UPK_NOT_FOUND);
	assert_string_equal(err.message, "GET /v1/models/m: 404: no model m");
	assert_null(upk_client_call(c, "DELETE", "/v1/models/m", no_body, &err));
	assert_int_equal(err.code, UPK_CONFLICT);
	assert_string_equal(err.message, "DELETE /v1/models/m: 409: model m: it is read-only");
	upk_client_destroy(c);
	fake_daemon_stop(&d);
}

static bool at_once(void)
{
	return true;
}

static void a_daemon_that_went_away_is_told(void **state UNUSED)
{
	struct fake_daemon daemon;
	struct upk_error err = { 0 };
	fake_daemon_start(&daemon, NULL);
	struct upk_client *c = upk_client_create(daemon.url, NULL);
	assert_non_null(c);
	cJSON *log = upk_client_call(c, "GET", "/log", (struct upk_text){ 0 }, NULL);
	assert_non_null(log);
	cJSON_Delete(log);
	fake_daemon_stop(&daemon);
	assert_null(upk_client_call(c, "GET", "/log", (struct upk_text){ 0 }, &err));
	assert_int_equal(err.code, UPK_IO);
	assert_non_null(strstr(err.message, "; the daemon went away: is it still running?"));
	upk_client_destroy(c);
}

static void a_call_can_be_stopped(void **state UNUSED)
{
	struct fake_daemon d;
	struct upk_error err = { 0 };
	fake_daemon_start(&d, NULL);
	struct upk_client *c = upk_client_create(d.url, NULL);
	assert_non_null(c);
	upk_client_stop_when(c, at_once);
	assert_null(upk_client_call(c, "GET", "/log", no_body, &err));
	assert_int_equal(err.code, UPK_CANCELLED);
	upk_client_stop_when(c, NULL);
	cJSON *log = upk_client_call(c, "GET", "/log", no_body, &err);
	assert_true(cJSON_IsArray(log));
	cJSON_Delete(log);
	upk_client_destroy(c);
	fake_daemon_stop(&d);
}

static void nudge(void *context)
{
	cJSON_Delete(upk_client_call(context, "GET", "/v1/models/m/nudge", no_body, NULL));
}

/* The answer comes when another client has asked for something else. */
static void something_can_be_done_meanwhile(void **state UNUSED)
{
	struct fake_daemon d;
	fake_daemon_start(&d, NULL);
	struct upk_client *c = upk_client_create(d.url, NULL),
			  *other = upk_client_create(d.url, NULL);
	assert_non_null(c);
	assert_non_null(other);
	upk_client_meanwhile(c, nudge, other);
	cJSON *answer = upk_client_call(c, "GET", "/v1/models/m/slow", no_body, NULL);
	assert_string_equal(cJSON_GetStringValue(answer), "nudged");
	cJSON_Delete(answer);
	upk_client_destroy(other);
	upk_client_destroy(c);
	fake_daemon_stop(&d);
}

static void a_pause_is_waiting_too(void **state UNUSED)
{
	struct fake_daemon d;
	struct upk_error err = { 0 };
	fake_daemon_start(&d, NULL);
	struct upk_client *c = upk_client_create(d.url, NULL),
			  *other = upk_client_create(d.url, NULL);
	assert_non_null(c);
	assert_non_null(other);
	upk_client_meanwhile(c, nudge, other);
	assert_true(upk_client_pause(c, 0, &err));
	cJSON *answer = upk_client_call(other, "GET", "/v1/models/m/slow", no_body, NULL);
	assert_string_equal(cJSON_GetStringValue(answer), "nudged");
	cJSON_Delete(answer);
	upk_client_stop_when(c, at_once);
	assert_false(upk_client_pause(c, 0, &err));
	assert_int_equal(err.code, UPK_CANCELLED);
	upk_client_destroy(other);
	upk_client_destroy(c);
	fake_daemon_stop(&d);
}

static void thousands_are_grouped(void **state UNUSED)
{
	char text[UPK_GROUPED_SIZE];
	assert_string_equal(upk_grouped(0, text), "0");
	assert_string_equal(upk_grouped(999, text), "999");
	assert_string_equal(upk_grouped(45312, text), "45,312");
	assert_string_equal(upk_grouped(1000000, text), "1,000,000");
	assert_string_equal(upk_grouped(UINT64_MAX, text), "18,446,744,073,709,551,615");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_http_and_unix_urls_are_taken),
		cmocka_unit_test(nobody_there_is_told_with_what_to_do),
		cmocka_unit_test(a_problem_becomes_an_error_with_its_detail),
		cmocka_unit_test(a_daemon_that_went_away_is_told),
		cmocka_unit_test(a_call_can_be_stopped),
		cmocka_unit_test(something_can_be_done_meanwhile),
		cmocka_unit_test(a_pause_is_waiting_too),
		cmocka_unit_test(thousands_are_grouped),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
