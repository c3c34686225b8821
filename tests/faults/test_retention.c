#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "engine/bed.h"
#include "faults/fault.h"

static size_t pairs(struct bed *b)
{
	char *metrics = bed_metrics(b, "m");
	const char *found = strstr(metrics, "\"pairs\":");
	assert_non_null(found);
	size_t count = strtoull(found + 8, NULL, 10);
	free(metrics);
	return count;
}

/* Old rows are not believed gone when their transaction failed, and go when there is space again.
 */
static void old_rows_stay_on_a_full_disk_and_go_afterwards(void **state)
{
	(void)state;
	struct bed_clock clock;
	struct bed b = { .clock = &clock.clock };
	bed_clock_init(&clock);
	bed_open(&b);
	bed_put(&b, "m", "{\"retention\":\"1h\",\"windows\":[{\"name\":\"all\",\"count\":100}]}");
	bed_send(&b, UPK_ITEM_EVENT,
		"[{\"id\":\"a\",\"predicted\":\"x\",\"label\":\"x\"},"
		"{\"id\":\"b\",\"predicted\":\"x\",\"label\":\"y\"}]");
	fault_arm(FAULT_WRITE, 0, true, true);
	bed_clock_pass(&clock, 90);
	for (int i = 0; i < 100 && !fault_struck(); i++)
		usleep(100 * 1000);
	usleep(200 * 1000);
	assert_int_equal(pairs(&b), 2);
	assert_true(fault_stop());
	assert_true(bed_until(&b, "m", "\"pairs\":0"));
	bed_send(&b, UPK_ITEM_EVENT, "{\"id\":\"a\",\"predicted\":\"x\",\"label\":\"x\"}");
	bed_reopen(&b);
	assert_int_equal(pairs(&b), 1);
	bed_remove(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(old_rows_stay_on_a_full_disk_and_go_afterwards),
	};
	fault_install();
	return cmocka_run_group_tests_name("retention", tests, NULL, NULL);
}
