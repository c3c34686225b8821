/* What the command line says to somebody who mistyped it. */
#ifndef UPK_DAEMON_USAGE_H
#define UPK_DAEMON_USAGE_H

/* "upkeepd COMMAND: ..." and where help is, on stderr. Returns UPK_EXIT_USAGE. command NULL: of
 * upkeepd itself. */
int upk_usage_fail(const char *command, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
