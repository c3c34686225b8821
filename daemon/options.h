/* The options of a subcommand: a table says their names and where their values go. */
#ifndef UPK_DAEMON_OPTIONS_H
#define UPK_DAEMON_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

enum upk_option_kind {
	UPK_OPTION_FLAG,   /* sets a bool */
	UPK_OPTION_TEXT,   /* its value goes to a const char * */
	UPK_OPTION_FOLDER, /* the same, not empty */
	UPK_OPTION_FILE,   /* the same, not empty */
	UPK_OPTION_MODEL,  /* the same, of the form that a model's name has */
	UPK_OPTION_TAKE,   /* its value goes to a function */
};

struct upk_option {
	const char *name; /* without its --; NULL: the table's end */
	enum upk_option_kind kind;
	size_t at; /* in the command's structure */
	bool (*take)(void *into, const char *value); /* false: it said why not */
};

#define UPK_OPTION(name, kind, type, member) \
	{ \
		name, UPK_OPTION_##kind, offsetof(type, member), NULL \
	}
#define UPK_OPTION_OF(name, take) \
	{ \
		name, UPK_OPTION_TAKE, 0, take \
	}

struct upk_options {
	const char *command, *help;
	const struct upk_option *items;
};

/* Reads them all into the command's structure; argv[optind] is the first word that is none. -1: go
 * on; else the exit status: --help or -h was answered, or what is wrong was said. */
int upk_options_read(const struct upk_options *o, int argc, char **argv, void *into);

#endif
