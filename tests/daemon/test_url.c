#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "http/url.h"

/* A target and its segments joined by "|", or the code that it is refused with. */
static const struct {
	const char *target;
	enum upk_code code;
	const char *segments;
} paths[] = {
	{ "/", UPK_OK, "" },
	{ "/livez", UPK_OK, "livez" },
	{ "/v1/models/m/events/a%2Fb", UPK_OK, "v1|models|m|events|a/b" },
	{ "/a%2520b", UPK_OK, "a%20b" },
	{ "/a+b", UPK_OK, "a+b" },
	{ "/%e2%82%ac", UPK_OK, "\xe2\x82\xac" },
	{ "/%2e%2e/x", UPK_OK, "..|x" },
	{ "/1/2/3/4/5/6/7/8", UPK_OK, "1|2|3|4|5|6|7|8" },
	{ "/1/2/3/4/5/6/7/8/9", UPK_NOT_FOUND, NULL },
	{ "", UPK_NOT_FOUND, NULL },
	{ "livez", UPK_NOT_FOUND, NULL },
	{ "*", UPK_NOT_FOUND, NULL },
	{ "//", UPK_NOT_FOUND, NULL },
	{ "/a//b", UPK_NOT_FOUND, NULL },
	{ "/a/", UPK_NOT_FOUND, NULL },
	{ "/a b", UPK_NOT_FOUND, NULL },
	{ "/a?b=c d", UPK_NOT_FOUND, NULL },
	{ "/a\tb", UPK_NOT_FOUND, NULL },
	{ "/a%00b", UPK_NOT_FOUND, NULL },
	{ "/a%", UPK_NOT_FOUND, NULL },
	{ "/a%4", UPK_NOT_FOUND, NULL },
	{ "/a%zz", UPK_NOT_FOUND, NULL },
	{ "/%ff", UPK_NOT_FOUND, NULL },
	{ "/%c0%af", UPK_NOT_FOUND, NULL },
	{ "/%ed%a0%80", UPK_NOT_FOUND, NULL },
	{ "/a?b=%00", UPK_INVALID, NULL },
	{ "/a?b=%ff", UPK_INVALID, NULL },
	{ "/a?b=1&b=2", UPK_INVALID, NULL },
	{ "/a?b&b=2", UPK_INVALID, NULL },
	{ "/?1&2&3&4&5&6&7&8&9&10&11&12&13&14&15&16&17", UPK_INVALID, NULL },
};

static void join(const struct upk_url *url, char *out)
{
	*out = '\0';
	for (size_t i = 0; i < url->segments_count; i++) {
		strcat(out, i ? "|" : "");
		strcat(out, url->segments[i].data);
	}
}

static void a_path_is_split_and_then_decoded_once(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
		struct upk_error err = { 0 };
		struct upk_url url;
		char joined[256];
		bool fine = upk_url_parse(paths[i].target, &url, &err);
		print_message("%s\n", paths[i].target);
		assert_int_equal(err.code, paths[i].code);
		assert_true(fine == (paths[i].code == UPK_OK));
		if (fine) {
			join(&url, joined);
			assert_string_equal(joined, paths[i].segments);
		} else {
			assert_null(url.memory);
		}
		upk_url_finish(&url);
	}
}

static void a_querys_values_are_decoded_like_a_forms(void **state)
{
	(void)state;
	struct upk_url url;

	assert_true(upk_url_parse("/x?a=1%2B1+x&b=&c&&d=a%26b%3Dc", &url, NULL));
	assert_string_equal(upk_url_value(&url, "a"), "1+1 x");
	assert_string_equal(upk_url_value(&url, "b"), "");
	assert_string_equal(upk_url_value(&url, "c"), "");
	assert_string_equal(upk_url_value(&url, "d"), "a&b=c");
	assert_null(upk_url_value(&url, "e"));
	upk_url_finish(&url);
}

static void a_typed_parameter_is_read_or_named(void **state)
{
	(void)state;
	struct upk_error err = { 0 };
	struct upk_url url;
	bool yes = true, no = false;
	int64_t n = 7, t = 7, at = 0;
	double x = 7;

	assert_true(upk_url_parse(
		"/x?yes=false&no=true&n=12&t=2026-01-01T00:00:00Z&at=1767225600000&x=0.5"
		"&word=perhaps&small=0&seconds=1767225600",
		&url, &err));
	assert_true(upk_url_bool(&url, "yes", &yes, &err) && !yes);
	assert_true(upk_url_bool(&url, "no", &no, &err) && no);
	assert_true(upk_url_int(&url, "n", 1, &n, &err) && n == 12);
	assert_true(upk_url_time(&url, "t", &t, &err) && t == 1767225600000);
	assert_true(upk_url_time(&url, "at", &at, &err) && at == 1767225600000);
	assert_true(upk_url_double(&url, "x", &x, &err) && x == 0.5);
	assert_true(upk_url_bool(&url, "absent", &yes, &err) && !yes);

	assert_false(upk_url_bool(&url, "word", &yes, &err));
	assert_string_equal(err.message, "word: 'perhaps': want true or false");
	assert_false(upk_url_int(&url, "small", 1, &n, &err));
	assert_non_null(strstr(err.message, "small: '0'"));
	assert_false(upk_url_int(&url, "word", 1, &n, &err));
	assert_false(upk_url_double(&url, "word", &x, &err));
	assert_false(upk_url_time(&url, "seconds", &t, &err));
	assert_non_null(strstr(err.message, "seconds: "));
	assert_int_equal(n, 12);
	upk_url_finish(&url);
}

static void a_range_does_not_end_before_it_begins(void **state)
{
	(void)state;
	static const struct {
		const char *target;
		int64_t from, to;
		bool fine;
	} cases[] = {
		{ "/", 1, 2, true },
		{ "/?from=2026-01-01T00:00:00Z", 1767225600000, 2, true },
		{ "/?to=2026-01-01T00:00:00Z", 1, 1767225600000, true },
		{ "/?from=2026-01-01T00:00:00Z&to=1767225600000", 1767225600000, 1767225600000,
			true },
		{ "/?to=1767225600000&from=2026-01-01T00:00:00.001Z", 0, 0, false },
		{ "/?from=2026-01-01T00:00:00Z&to=1970-01-01T00:00:00Z", 0, 0, false },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct upk_error err = { 0 };
		struct upk_url url;
		int64_t from = 1, to = 2;
		assert_true(upk_url_parse(cases[i].target, &url, &err));
		assert_int_equal(upk_url_range(&url, &from, &to, &err), cases[i].fine);
		if (cases[i].fine) {
			assert_true(from == cases[i].from && to == cases[i].to);
		} else {
			assert_int_equal(err.code, UPK_INVALID);
			assert_non_null(strstr(err.message, "' is after to: '"));
		}
		upk_url_finish(&url);
	}
}

static void a_models_name_has_its_form(void **state)
{
	(void)state;
	char longest[65];
	static const char *const good[] = { "a", "0", "mail", "a.b_c-d", "9.9" };
	static const char *const bad[] = { "", ".a", "-a", "_", "A", "a b", "a/b", "\xc3\xa9",
		"<script>", "a\n" };

	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		assert_true(upk_url_is_model_name(upk_text_of(good[i])));
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_false(upk_url_is_model_name(upk_text_of(bad[i])));
	memset(longest, 'a', sizeof longest);
	longest[64] = '\0';
	assert_false(upk_url_is_model_name(upk_text_of(longest)));
	assert_true(upk_url_is_model_name(upk_text_of(longest + 1)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_path_is_split_and_then_decoded_once),
		cmocka_unit_test(a_querys_values_are_decoded_like_a_forms),
		cmocka_unit_test(a_typed_parameter_is_read_or_named),
		cmocka_unit_test(a_range_does_not_end_before_it_begins),
		cmocka_unit_test(a_models_name_has_its_form),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
