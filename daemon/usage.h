/* What the command line says to somebody who mistyped it. */
#ifndef UPK_DAEMON_USAGE_H
#define UPK_DAEMON_USAGE_H

#include <getopt.h>
#include <stddef.h>

/* "upkeepd COMMAND: ..." and where help is, on stderr. Returns UPK_EXIT_USAGE. command NULL: of
 * upkeepd itself. */
int upk_usage_fail(const char *command, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The next option, as getopt_long has it; but a long one that is cut short is unknown: '?'. */
int upk_usage_option(
	int argc, char *const *argv, const char *short_options, const struct option *options);

/* For the '?' and ':' of upk_usage_option, called with opterr 0 and a short option string that begins
 * with ':'. Names the option at fault, and the one that was probably meant. */
int upk_usage_bad_option(
	const char *command, int what, char *const *argv, const struct option *options);

#endif
