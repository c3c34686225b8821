#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "cmd/command.h"
#include "options.h"

struct into {
	const char *data, *model, *taken;
	bool insecure;
};

static bool take(void *into, const char *value)
{
	((struct into *)into)->taken = value;
	return strcmp(value, "bad") != 0;
}

static const struct upk_option items[] = {
	UPK_OPTION("data", TEXT, struct into, data),
	UPK_OPTION("model", MODEL, struct into, model),
	UPK_OPTION("folder", FOLDER, struct into, data),
	UPK_OPTION("file", FILE, struct into, data),
	UPK_OPTION_OF("take", take),
	UPK_OPTION("insecure", FLAG, struct into, insecure),
	{ 0 },
};

static int read_words(const char *const words[4], struct into *into)
{
	const struct upk_options o = { "serve", "# help\n", items };
	char *argv[6] = { (char *)"serve" };
	int argc = 1;
	for (; argc < 5 && words[argc - 1]; argc++)
		argv[argc] = (char *)words[argc - 1];
	*into = (struct into){ 0 };
	optind = 0;
	return upk_options_read(&o, argc, argv, into);
}

static void values_go_to_their_places(void **state)
{
	static const char *const words[4] = { "--data", "x", "y", "--insecure" };
	static const char *const others[4] = { "--data=z", "--model=a-1", "--take", "t" };
	struct into into;

	(void)state;
	assert_int_equal(read_words(words, &into), -1);
	assert_string_equal(into.data, "x");
	assert_true(into.insecure);
	assert_int_equal(optind, 4); /* the word that is no option is the last */
	assert_int_equal(read_words(others, &into), -1);
	assert_string_equal(into.data, "z");
	assert_string_equal(into.model, "a-1");
	assert_string_equal(into.taken, "t");
	assert_false(into.insecure);
}

static void what_is_no_option_of_the_table_is_refused(void **state)
{
	static const struct {
		const char *const words[4];
		int status;
	} cases[] = {
		{ { "--dat", "x" }, UPK_EXIT_USAGE }, /* a long option is spelt out */
		{ { "--dat=x" }, UPK_EXIT_USAGE },
		{ { "--insec" }, UPK_EXIT_USAGE },
		{ { "--insecure=yes" }, UPK_EXIT_USAGE },
		{ { "-i" }, UPK_EXIT_USAGE },
		{ { "--other" }, UPK_EXIT_USAGE },
		{ { "--data" }, UPK_EXIT_USAGE },
		{ { "--model", "A" }, UPK_EXIT_USAGE },
		{ { "--model", "" }, UPK_EXIT_USAGE },
		{ { "--model", ".a" }, UPK_EXIT_USAGE },
		{ { "--take", "bad" }, UPK_EXIT_USAGE },
		{ { "--folder=" }, UPK_EXIT_USAGE },
		{ { "--file", "" }, UPK_EXIT_USAGE },
		{ { "--data=" }, -1 }, /* any text, a column's name say */
		{ { "--help=3" }, UPK_EXIT_USAGE },
		{ { "--help" }, UPK_EXIT_OK },
		{ { "-h", "--other" }, UPK_EXIT_OK },
		{ { "word", "--help" }, UPK_EXIT_OK },
		{ { "--", "--other" }, -1 },
	};
	struct into into;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_int_equal(read_words(cases[i].words, &into), cases[i].status);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_go_to_their_places),
		cmocka_unit_test(what_is_no_option_of_the_table_is_refused),
	};
	return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
