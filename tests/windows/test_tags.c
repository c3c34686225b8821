#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "windows/tags.h"

static upk_tag tag_of(struct upk_tags *t, const char *name, int64_t number)
{
	upk_tag tag = 77;
	struct upk_made_by by = { .number = number, .name = upk_text_of(name) };
	assert_true(upk_tags_of(t, by, &tag, NULL));
	return tag;
}

static void versions_are_their_numbers_and_absence_is_zero(void **state)
{
	(void)state;
	struct upk_tags t = { 0 };
	assert_int_equal(tag_of(&t, NULL, 0), 0);
	assert_int_equal(tag_of(&t, NULL, 12), 12);
	assert_int_equal(upk_tag_version(12), 12);
	assert_int_equal(upk_tag_version(0), 0);
	assert_null(upk_tags_name(&t, 12));
	assert_int_equal(t.count, 0);
}

static void names_are_numbered_as_they_come(void **state)
{
	(void)state;
	struct upk_tags t = { 0 };
	char name[16];
	for (int round = 0; round < 2; round++) {
		for (unsigned i = 0; i < 100; i++) {
			snprintf(name, sizeof name, "v%u", i);
			assert_int_equal(tag_of(&t, name, 0), UPK_TAG_NAMED + i);
		}
	}
	assert_string_equal(upk_tags_name(&t, UPK_TAG_NAMED + 42), "v42");
	assert_null(upk_tags_name(&t, UPK_TAG_NAMED + 100));
	assert_int_equal(upk_tag_version(UPK_TAG_NAMED + 42), 0);
	assert_int_equal(tag_of(&t, "12", 0), UPK_TAG_NAMED + 100); /* a name, not version 12 */
	upk_tags_finish(&t);
	assert_null(upk_tags_name(&t, UPK_TAG_NAMED));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(versions_are_their_numbers_and_absence_is_zero),
		cmocka_unit_test(names_are_numbered_as_they_come),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
