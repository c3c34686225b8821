#include <stdio.h>
#include <string.h>

#include "base/spelling.h"
#include "cmd/backup.h"
#include "cmd/check.h"
#include "cmd/command.h"
#include "cmd/demo.h"
#include "cmd/export.h"
#include "cmd/import.h"
#include "cmd/replay.h"
#include "cmd/runs.h"
#include "cmd/serve.h"
#include "usage.h"

enum { COMMANDS_MAX = 32 };

/* In the order of --help. */
static const struct upk_command *const commands[] = {
	&upk_cmd_serve,
	&upk_cmd_demo,
	&upk_cmd_replay,
	&upk_cmd_import,
	&upk_cmd_export,
	&upk_cmd_backup,
	&upk_cmd_check,
	&upk_cmd_runs,
	NULL,
};

static int help(void)
{
	puts("Keeps classifiers at the quality they were promised.\n\n"
	     "Usage: upkeepd COMMAND [OPTION]...\n"
	     "       upkeepd COMMAND --help\n\n"
	     "Commands:");
	for (const struct upk_command *const *c = commands; *c; c++)
		printf("  %-10s %s\n", (*c)->name, (*c)->summary);
	puts("\n  --help     this text\n"
	     "  --version  the version");
	return fflush(stdout) == 0 ? UPK_EXIT_OK : UPK_EXIT_FAILED;
}

static int unknown(const char *word)
{
	const char *names[COMMANDS_MAX + 1] = { NULL };

	for (size_t i = 0; i < COMMANDS_MAX && commands[i]; i++)
		names[i] = commands[i]->name;
	const char *meant = upk_spelling_nearest(word, names);
	if (meant)
		return upk_usage_fail(
			NULL, "unknown command '%s'; did you mean '%s'?", word, meant);
	return upk_usage_fail(NULL, "unknown command '%s'", word);
}

static const struct upk_command *find(const char *name)
{
	for (const struct upk_command *const *c = commands; *c; c++)
		if (strcmp((*c)->name, name) == 0)
			return *c;
	return NULL;
}

/* argv[0] is "help". */
static int help_on(int argc, char **argv)
{
	static char option[] = "--help";
	if (argc < 2)
		return help();
	if (argc > 2)
		return upk_usage_fail(NULL, "'%s' is one word too many", argv[2]);
	const struct upk_command *command = find(argv[1]);
	if (!command)
		return unknown(argv[1]);
	char *words[] = { argv[1], option, NULL };
	return command->run(2, words);
}

int main(int argc, char **argv)
{
	if (argc < 2)
		return upk_usage_fail(NULL, "a command is missing");
	if (strcmp(argv[1], "help") == 0)
		return help_on(argc - 1, argv + 1);
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
		return help();
	if (strcmp(argv[1], "--version") == 0) {
		puts("upkeepd " UPK_PROJECT_VERSION);
		return fflush(stdout) == 0 ? UPK_EXIT_OK : UPK_EXIT_FAILED;
	}
	const struct upk_command *command = find(argv[1]);
	return command ? command->run(argc - 1, argv + 1) : unknown(argv[1]);
}
