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

static void a_swap_of_neighbours_is_one_step(void **state)
{
	static const char *const classes[] = { "ham", "spam", "spma", NULL };
	static const char *const swaps[] = { "axb", "abcd", NULL };
	(void)state;
	assert_string_equal(upk_spelling_nearest("sapm", classes), "spam");
	assert_string_equal(upk_spelling_nearest("spmaa", classes), "spma");
	assert_string_equal(upk_spelling_nearest("badc", swaps), "abcd");
	assert_string_equal(upk_spelling_nearest("Hma", classes), "ham");
}

static void of_equally_near_words_the_one_that_begins_alike_is_meant(void **state)
{
	static const char *const names_of_4[] = { "cost", "most", "mast", NULL };
	(void)state;
	assert_string_equal(upk_spelling_nearest("mist", names_of_4), "most");
	assert_string_equal(upk_spelling_nearest("zost", names_of_4), "cost");
}

static void a_word_that_begins_alike_is_meant_where_none_is_near(void **state)
{
	static const char *const members[] = { "id", "predicted", "score", "features", NULL };
	(void)state;
	assert_string_equal(upk_spelling_meant("predict", members), "predicted");
	assert_string_equal(upk_spelling_meant("prediction", members), "predicted");
	assert_string_equal(upk_spelling_meant("Predictions", members), "predicted");
	assert_string_equal(upk_spelling_meant("pred", members), "predicted");
	assert_string_equal(upk_spelling_meant("feat", members), "features");
	assert_string_equal(upk_spelling_meant("feature", members), "features");
	assert_null(upk_spelling_meant("pre", members));
	assert_null(upk_spelling_meant("predator", members));
	assert_null(upk_spelling_meant("feats", members));
	assert_null(upk_spelling_meant("", members));
	assert_null(upk_spelling_nearest("prediction", members));
}

/* The whole table, without the early way out. */
static size_t plain_distance(const char *a, const char *b)
{
	size_t m = strlen(a), n = strlen(b), d[8][8];
	for (size_t i = 0; i <= m; i++) {
		for (size_t j = 0; j <= n; j++) {
			d[i][j] = i + j;
			if (i == 0 || j == 0)
				continue;
			size_t best = d[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
			best = d[i - 1][j] + 1 < best ? d[i - 1][j] + 1 : best;
			best = d[i][j - 1] + 1 < best ? d[i][j - 1] + 1 : best;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
				d[i - 2][j - 2] + 1 < best)
				best = d[i - 2][j - 2] + 1;
			d[i][j] = best;
		}
	}
	return d[m][n];
}

static void spell(size_t number, char out[8])
{
	static const char letters[] = "abc";
	size_t left = number;
	for (size_t n = 0; n < 6; n++, left /= 3)
		out[n] = letters[left % 3];
	out[number % 7 == 0 ? 4 : 6] = '\0';
}

static void distances_are_those_of_the_whole_table(void **state)
{
	char word[8], name[8];
	size_t near = 0;
	(void)state;
	for (size_t i = 0; i < 729; i += 2) {
		for (size_t j = 0; j < 729; j += 5) {
			spell(i, word);
			spell(j, name);
			struct upk_spelling s = { .word = word };
			upk_spelling_try(&s, upk_text_of(name));
			size_t expected = plain_distance(word, name);
			assert_int_equal(s.nearest.data != NULL, expected <= 2);
			if (s.nearest.data)
				assert_int_equal(s.distance, expected);
			near += expected <= 2;
		}
	}
	assert_true(near > 1000);
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
		cmocka_unit_test(a_swap_of_neighbours_is_one_step),
		cmocka_unit_test(of_equally_near_words_the_one_that_begins_alike_is_meant),
		cmocka_unit_test(a_word_that_begins_alike_is_meant_where_none_is_near),
		cmocka_unit_test(distances_are_those_of_the_whole_table),
		cmocka_unit_test(a_strange_word_is_not_guessed),
		cmocka_unit_test(the_nearest_of_many_is_asked_for),
		cmocka_unit_test(a_list_that_is_too_long_ends_in_dots),
		cmocka_unit_test(a_name_that_is_too_long_for_a_list_is_dots),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
