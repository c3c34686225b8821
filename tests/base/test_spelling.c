#include "base/spelling.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const char *const names[] = { "serve", "demo", "replay", NULL };

static void a_typo_finds_the_word_that_was_meant(void **state)
{
	(void)state;
	assert_string_equal(upk_spelling_nearest("sevre", names), "serve");
	assert_string_equal(upk_spelling_nearest("repla", names), "replay");
	assert_string_equal(upk_spelling_nearest("demo", names), "demo");
	assert_string_equal(upk_spelling_nearest("DEMO", names), "demo");
}

static void a_strange_word_is_not_guessed(void **state)
{
	static const char *const letters[] = { "x", "ab", NULL };
	(void)state;
	assert_null(upk_spelling_nearest("backup", names));
	assert_null(upk_spelling_nearest("", names));
	assert_null(upk_spelling_nearest(
		"a-word-that-is-longer-than-any-command-could-ever-be", names));
	assert_null(upk_spelling_nearest("z", letters));
	assert_string_equal(upk_spelling_nearest("X", letters), "x");
	assert_string_equal(upk_spelling_nearest("b", letters), "ab");
}

/* Names that are no strings: the next bytes do not count. */
static void the_nearest_of_many_is_asked_for(void **state)
{
	struct upk_spelling s = { .word = "lengt" };
	char out[UPK_SPELLING_SIZE];
	(void)state;
	assert_string_equal(upk_spelling_ask(&s, out), "");
	upk_spelling_try(&s, (struct upk_text){ "lendings", 4 });
	assert_string_equal(upk_spelling_ask(&s, out), "; did you mean lend?");
	upk_spelling_try(&s, (struct upk_text){ "lengthy", 6 });
	upk_spelling_try(&s, upk_text_of("caps"));
	assert_string_equal(upk_spelling_ask(&s, out), "; did you mean length?");
	upk_spelling_try(&s, (struct upk_text){ "lengths", 5 });
	assert_string_equal(upk_spelling_ask(&s, out), "; did you mean lengt?");
}

static void a_list_that_is_too_long_ends_in_dots(void **state)
{
	const char *many[40] = { NULL };
	char out[UPK_SPELLING_SIZE];
	(void)state;
	assert_string_equal(upk_spelling_list(names, out), "serve, demo, replay");
	assert_string_equal(upk_spelling_list(many, out), "");
	for (size_t i = 0; i < 39; i++)
		many[i] = "a-long-name";
	upk_spelling_list(many, out);
	assert_true(strlen(out) < sizeof out);
	assert_string_equal(out + strlen(out) - 16, "a-long-name, ...");
}

static void a_name_that_is_too_long_for_a_list_is_dots(void **state)
{
	char name[2 * UPK_SPELLING_SIZE], out[UPK_SPELLING_SIZE] = "";
	(void)state;
	memset(name, 'n', sizeof name);
	assert_false(upk_spelling_add(out, (struct upk_text){ name, sizeof name }));
	assert_string_equal(out, "...");
	for (size_t size = 1; size < UPK_SPELLING_SIZE; size++) {
		out[0] = '\0';
		if (upk_spelling_add(out, (struct upk_text){ name, size }))
			upk_spelling_add(out, (struct upk_text){ name, sizeof name });
		assert_string_equal(out + strlen(out) - 3, "...");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_typo_finds_the_word_that_was_meant),
		cmocka_unit_test(a_strange_word_is_not_guessed),
		cmocka_unit_test(the_nearest_of_many_is_asked_for),
		cmocka_unit_test(a_list_that_is_too_long_ends_in_dots),
		cmocka_unit_test(a_name_that_is_too_long_for_a_list_is_dots),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
