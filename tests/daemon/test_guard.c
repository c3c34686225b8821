#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "http/guard.h"

enum { HEADERS = 4 };

/* Headers as "Name: value", and whether they are fine beside a Host. */
static const struct {
	const char *headers[HEADERS];
	bool bodiless, fine;
} framings[] = {
	{ { "Host: localhost" }, true, true },
	{ { "Host: localhost" }, false, true },
	{ { "Host: localhost", "Content-Length: 12" }, false, true },
	{ { "Host: localhost", "content-length: 000000000000000012" }, false, true },
	{ { "Host: localhost", "Transfer-Encoding: chunked" }, false, true },
	{ { "Host: localhost", "Transfer-Encoding: Chunked" }, false, true },
	{ { "Host: localhost", "Content-Length: 0" }, true, true },
	{ { "Host: localhost", "X-A: tab\there \xc3\xa9" }, true, true },
	{ { "Host: localhost", "X-A:" }, true, true },
	{ { "X-A: b" }, true, false },
	{ { "Host: a", "Host: a" }, true, false },
	{ { "Host: a", "host: b" }, false, false },
	{ { "Host: a", "Content-Length: 1", "Content-Length: 1" }, false, false },
	{ { "Host: a", "Content-Length: 1", "content-LENGTH: 2" }, false, false },
	{ { "Host: a", "Content-Length: 1", "Transfer-Encoding: chunked" }, false, false },
	{ { "Host: a", "Transfer-Encoding: identity", "Content-Length: 3" }, false, false },
	{ { "Host: a", "Transfer-Encoding: chunked", "Transfer-Encoding: chunked" }, false, false },
	{ { "Host: a", "Transfer-Encoding: gzip, chunked" }, false, false },
	{ { "Host: a", "Transfer-Encoding: xchunked" }, false, false },
	{ { "Host: a", "Transfer-Encoding:" }, false, false },
	{ { "Host: a", "Content-Length:" }, false, false },
	{ { "Host: a", "Content-Length: +5" }, false, false },
	{ { "Host: a", "Content-Length: -5" }, false, false },
	{ { "Host: a", "Content-Length: 5x" }, false, false },
	{ { "Host: a", "Content-Length: 5, 5" }, false, false },
	{ { "Host: a", "Content-Length: 0x5" }, false, false },
	{ { "Host: a", "Content-Length: 1000000000000000000" }, false, false },
	{ { "Host: a", "Content-Length: 5" }, true, false },
	{ { "Host: a", "Transfer-Encoding: chunked" }, true, false },
	{ { "Host: a", "Content-Length : 5" }, false, false },
	{ { "Host: a", "Trans fer: 5" }, false, false },
	{ { "Host: a", ": 5" }, false, false },
	{ { "Host: a", "X-\xc3\xa9: 5" }, false, false },
	{ { "Host: a", "X-A: b\rc" }, false, false },
	{ { "Host: a", "X-A: b\x7f" }, false, false },
	{ { "Host: a", "X-A: \x1b[31m" }, false, false },
};

static struct upk_header header_of(const char *line)
{
	const char *colon = strchr(line, ':');
	const char *value = colon + 1 + (colon[1] == ' ');

	if (colon > line && colon[-1] == ' ')
		colon = strrchr(line, ':');
	return (struct upk_header){ { line, (size_t)(colon - line) }, upk_text_of(value) };
}

static void only_unambiguous_framing_passes(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof framings / sizeof *framings; i++) {
		struct upk_header headers[HEADERS];
		size_t count = 0;
		for (; count < HEADERS && framings[i].headers[count]; count++)
			headers[count] = header_of(framings[i].headers[count]);
		print_message("row %zu\n", i);
		assert_true(!upk_guard_headers(headers, count, framings[i].bodiless) ==
			framings[i].fine);
	}
}

static void a_value_with_a_nul_is_refused(void **state)
{
	(void)state;
	const struct upk_header headers[] = {
		{ { "Host", 4 }, { "localhost", 9 } },
		{ { "X-A", 3 }, { "a\0b", 3 } },
	};
	assert_non_null(upk_guard_headers(headers, 2, true));
	assert_null(upk_guard_headers(headers, 1, true));
}

static void only_own_hosts_pass(void **state)
{
	(void)state;
	static char name[] = "upkeep.example";
	char *names[] = { name };
	const struct upk_hosts own = { names, 1, false };
	static const char *const good[] = { "localhost", "LOCALHOST:7850", "127.0.0.1:1",
		"127.9.9.9", "[::1]", "[::1]:80", "upkeep.example", "Upkeep.Example:443" };
	static const char *const bad[] = { "", "evil.example", "localhost.evil.example",
		"127.0.0.1.evil.example", "10.0.0.1", "[::2]", "localhost:80:80", "localhost:x",
		"[::1", "[::1]x", ":80", "a.upkeep.example", "127.0.0.1@evil.example",
		"localhost/" };

	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		assert_true(upk_guard_host(upk_text_of(good[i]), &own));
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_false(upk_guard_host(upk_text_of(bad[i]), &own));
}

static void a_daemon_on_all_addresses_has_every_address_but_no_name(void **state)
{
	(void)state;
	const struct upk_hosts any = { NULL, 0, true };

	assert_true(upk_guard_host(upk_text_of("10.0.0.1:7850"), &any));
	assert_true(upk_guard_host(upk_text_of("[2001:db8::1]:7850"), &any));
	assert_false(upk_guard_host(upk_text_of("evil.example"), &any));
}

static void an_origin_is_the_host_itself_or_absent(void **state)
{
	(void)state;
	struct upk_text host = upk_text_of("127.0.0.1:7850");

	assert_true(upk_guard_origin((struct upk_text){ 0 }, host));
	assert_true(upk_guard_origin(upk_text_of("http://127.0.0.1:7850"), host));
	assert_true(upk_guard_origin(upk_text_of("https://127.0.0.1:7850"), host));
	assert_true(upk_guard_origin(upk_text_of("HTTP://Box:1"), upk_text_of("box:1")));
	assert_false(upk_guard_origin(upk_text_of("http://127.0.0.1:7851"), host));
	assert_false(upk_guard_origin(upk_text_of("http://127.0.0.1"), host));
	assert_false(upk_guard_origin(upk_text_of("http://127.0.0.1:7850.evil"), host));
	assert_false(upk_guard_origin(upk_text_of("http://evil.example"), host));
	assert_false(upk_guard_origin(upk_text_of("ftp://127.0.0.1:7850"), host));
	assert_false(upk_guard_origin(upk_text_of("null"), host));
	assert_false(upk_guard_origin(upk_text_of(""), host));
}

static enum upk_content content(const char *type)
{
	return upk_guard_content(upk_text_of(type));
}

static void a_page_elsewhere_cannot_send_these_types(void **state)
{
	(void)state;
	assert_int_equal(content(NULL), UPK_CONTENT_NONE);
	assert_int_equal(content("application/json"), UPK_CONTENT_JSON);
	assert_int_equal(content("Application/JSON ; charset=UTF-8"), UPK_CONTENT_JSON);
	assert_int_equal(content("application/json;"), UPK_CONTENT_JSON);
	assert_int_equal(content("application/x-ndjson"), UPK_CONTENT_NDJSON);
	assert_int_equal(content("application/json; charset=latin1"), UPK_CONTENT_OTHER);
	assert_int_equal(content("text/plain"), UPK_CONTENT_OTHER);
	assert_int_equal(content("text/plain; application/json"), UPK_CONTENT_OTHER);
	assert_int_equal(content("application/jsonx"), UPK_CONTENT_OTHER);
	assert_int_equal(content("application/x-www-form-urlencoded"), UPK_CONTENT_OTHER);
	assert_int_equal(content(""), UPK_CONTENT_OTHER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_unambiguous_framing_passes),
		cmocka_unit_test(a_value_with_a_nul_is_refused),
		cmocka_unit_test(only_own_hosts_pass),
		cmocka_unit_test(a_daemon_on_all_addresses_has_every_address_but_no_name),
		cmocka_unit_test(an_origin_is_the_host_itself_or_absent),
		cmocka_unit_test(a_page_elsewhere_cannot_send_these_types),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
