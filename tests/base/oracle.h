/* What a Python script beside the test says of the same input. */
#ifndef UPK_TESTS_BASE_ORACLE_H
#define UPK_TESTS_BASE_ORACLE_H

#include <stdio.h>

/* A temporary file for the script's input, open for writing; the test fails when there is none. */
FILE *oracle_input(char path[64]);

/* Runs `/usr/bin/python3 tests/base/SCRIPT PATH`; its output is read from the stream. */
FILE *oracle_start(const char *script, const char *path);

/* The next line without its end, in a buffer of getline's; the test fails when there is none. */
void oracle_line(FILE *f, char **line, size_t *capacity);

/* The script must have ended well. Removes PATH. */
void oracle_end(FILE *f, const char *path);

#endif
