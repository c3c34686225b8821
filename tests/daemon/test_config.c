#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config.h"

struct fixture {
	char folder[64], main[96];
	struct upk_daemon_config config;
	struct upk_error err;
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);
	assert_non_null(f);
	strcpy(f->folder, "/tmp/upkeepd-config-XXXXXX");
	assert_non_null(mkdtemp(f->folder));
	snprintf(f->main, sizeof f->main, "%s/upkeepd.conf", f->folder);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	char command[128];

	upk_daemon_config_finish(&f->config);
	snprintf(command, sizeof command, "rm -r %s", f->folder);
	assert_int_equal(system(command), 0);
	free(f);
	return 0;
}

static void put(const struct fixture *f, const char *name, const char *text)
{
	char path[256];

	snprintf(path, sizeof path, "%s/models.d", f->folder);
	mkdir(path, 0700);
	snprintf(path, sizeof path, "%s/%s", f->folder, name);
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

static bool read_it(struct fixture *f)
{
	upk_daemon_config_finish(&f->config);
	memset(&f->err, 0, sizeof f->err);
	return upk_daemon_config_read(f->main, &f->config, &f->err);
}

static void no_file_gives_the_defaults(void **state)
{
	struct fixture *f = *state;

	assert_true(upk_daemon_config_read(NULL, &f->config, &f->err));
	assert_true(f->config.auto_create);
	assert_int_equal(f->config.max_models, 10000);
	assert_int_equal(f->config.threads, 0);
	assert_int_equal(f->config.models_count, 0);
	assert_int_equal(f->config.hosts.count, 0);
}

static void the_file_and_its_folder_are_read_together(void **state)
{
	struct fixture *f = *state;

	put(f, "upkeepd.conf",
		"// ours\n{\"hosts\": [\"a.example\"], \"auto_create\": false, \"max_models\": 3, "
		"\"threads\": 5,\n"
		"\"models\": {\"mail\": {\"threshold\": 0.25}} /* and more */}");
	put(f, "models.d/zoo.json", "{\"classes\": [\"x\", \"y\"]} // two");
	put(f, "models.d/shop.json", "{}");
	put(f, "models.d/README", "not a model");
	put(f, "models.d/.hidden.json", "{");
	assert_true(read_it(f));
	assert_false(f->config.auto_create);
	assert_int_equal(f->config.max_models, 3);
	assert_int_equal(f->config.threads, 5);
	assert_string_equal(f->config.hosts.names[0], "a.example");
	assert_int_equal(f->config.models_count, 3);
	assert_string_equal(f->config.models[0].name, "mail");
	assert_true(upk_text_is(f->config.models[0].config, "{\"threshold\":0.25}"));
	assert_string_equal(f->config.models[1].name, "shop");
	assert_string_equal(f->config.models[2].name, "zoo");
	assert_non_null(strstr(f->config.models[2].origin, "models.d/zoo.json"));
}

static void a_fault_names_the_file_and_the_member(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *text, *named;
	} faults[] = {
		{ "{", "line" },
		{ "[]", "want an object" },
		{ "{\"modles\": {}}", "modles: there is no such setting; did you mean models?" },
		{ "{\"host\": []}", "did you mean hosts? want one of hosts, auto_create, max_models" },
		{ "{\"hosts\": \"a\"}", "hosts" },
		{ "{\"hosts\": [\"a:80\"]}", "hosts" },
		{ "{\"hosts\": [7]}", "hosts" },
		{ "{\"auto_create\": 1}", "auto_create" },
		{ "{\"max_models\": 0}", "max_models" },
		{ "{\"max_models\": 1.5}", "max_models" },
		{ "{\"threads\": 0}", "threads: want an integer from 1 to 256" },
		{ "{\"threads\": 2.5}", "threads" },
		{ "{\"threads\": 1000}", "threads" },
		{ "{\"models\": []}", "models" },
		{ "{\"models\": {\"Mail\": {}}}", "Mail" },
		{ "{\"models\": {\"mail\": {\"threshold\": 7}}}", "threshold" },
		{ "{\"models\": {\"mail\": 7}}", "mail" },
	};

	for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
		put(f, "upkeepd.conf", faults[i].text);
		assert_false(read_it(f));
		print_message("%s\n", f->err.message);
		assert_non_null(strstr(f->err.message, "upkeepd.conf"));
		assert_non_null(strstr(f->err.message, faults[i].named));
	}
	unlink(f->main);
	assert_false(read_it(f));
	assert_int_equal(f->err.code, UPK_IO);
}

static void a_fault_in_the_folder_names_its_file(void **state)
{
	struct fixture *f = *state;

	put(f, "upkeepd.conf", "{\"models\": {\"mail\": {}}}");
	put(f, "models.d/mail.json", "{}");
	assert_false(read_it(f));
	assert_non_null(strstr(f->err.message, "models.d/mail.json"));
	assert_non_null(strstr(f->err.message, "upkeepd.conf already"));
	put(f, "models.d/mail.json", "{\"clases\": []}");
	assert_false(read_it(f));
	assert_non_null(strstr(f->err.message, "models.d/mail.json"));
	assert_non_null(strstr(f->err.message, "clases"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(no_file_gives_the_defaults, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			the_file_and_its_folder_are_read_together, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_fault_names_the_file_and_the_member, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_fault_in_the_folder_names_its_file, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
