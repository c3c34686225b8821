/* Figures that a Python script beside the test works out from the same data. */
#ifndef UPK_TESTS_METRICS_ORACLE_H
#define UPK_TESTS_METRICS_ORACLE_H

#include <stddef.h>
#include <stdio.h>

/* Lines "name value" as the script printed them. */
struct oracle {
	size_t n;
	struct oracle_row {
		char name[64];
		double value;
	} rows[1024];
};

/* A temporary file for the script's input, open for writing; the test fails when there is none. */
FILE *oracle_input(char path[64]);

/* Runs `/usr/bin/python3 tests/metrics/SCRIPT PATH` and removes PATH. */
void oracle_run(struct oracle *o, const char *script, const char *path);

double oracle_value(const struct oracle *o, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Both NAN, or no further apart than tolerance (relative beyond 1). */
void assert_near(double ours, double theirs, double tolerance, const char *what);

#endif
