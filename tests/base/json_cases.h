/* JSON texts, valid and not, that every reader of ours is run on. */
#ifndef UPK_TESTS_BASE_JSON_CASES_H
#define UPK_TESTS_BASE_JSON_CASES_H

#include <stddef.h>

enum { JSON_VALID = -1 };

struct json_case {
	const char *text;
	size_t size;
	int fault; /* the offset of the byte at fault, or JSON_VALID */
};

extern const struct json_case json_cases[];
extern const size_t json_case_count;

#endif
