/* The subcommands of upkeepd: one file each, one row each in daemon/main.c. */
#ifndef UPK_DAEMON_CMD_COMMAND_H
#define UPK_DAEMON_CMD_COMMAND_H

enum upk_exit {
	UPK_EXIT_OK = 0,
	UPK_EXIT_FAILED = 1,
	UPK_EXIT_USAGE = 2,
};

struct upk_command {
	const char *name;
	const char *summary; /* one line of `upkeepd --help` */
	/* argv[0] is the command's name; returns the exit status. */
	int (*run)(int argc, char **argv);
};

#endif
