#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "engine/bed.h"
#include "faults/fault.h"

struct falls {
	atomic_int count;
	int64_t first; /* monotonic ns; behind count */
};

static void note(void *context, enum upk_log_level level, const char *line)
{
	struct falls *falls = context;
	(void)level;
	if (!strstr(line, "are behind and will be rebuilt"))
		return;
	if (atomic_load(&falls->count) == 0)
		falls->first = upk_clock_monotonic_ns();
	atomic_fetch_add(&falls->count, 1);
}

static int wait_for(struct falls *falls, int count)
{
	for (int i = 0; i < 600 && atomic_load(&falls->count) < count; i++)
		usleep(100 * 1000);
	return atomic_load(&falls->count);
}

/* A point of history can't be stored: the model falls behind, is made anew, and falls behind. After
 * the first time at once, then not before 1, 2 and 4 seconds, however the machine is loaded. */
static void a_full_disk_is_tried_after_growing_pauses(void **state)
{
	(void)state;
	struct falls falls = { 0 };
	struct bed_clock clock;
	struct bed b = { .clock = &clock.clock, .log = note, .context = &falls };
	bed_clock_init(&clock);
	bed_open(&b);
	bed_put(&b, "m", "{\"windows\":[{\"name\":\"all\",\"count\":100}],\"rules\":[]}");
	bed_send(&b, UPK_ITEM_EVENT, "{\"id\":\"a\",\"predicted\":\"x\",\"label\":\"x\"}");
	fault_arm(FAULT_WRITE, 0, true, true);
	bed_clock_pass(&clock, 90);
	assert_true(wait_for(&falls, 5) >= 5);
	int64_t passed = upk_clock_monotonic_ns() - falls.first;
	assert_true(passed >= INT64_C(7) * 1000000000);
	assert_true(fault_stop());
	bed_send(&b, UPK_ITEM_EVENT, "{\"id\":\"b\",\"predicted\":\"x\",\"label\":\"y\"}");
	assert_true(bed_until(&b, "m", "\"pairs\":2"));
	bed_remove(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_full_disk_is_tried_after_growing_pauses),
	};
	fault_install();
	return cmocka_run_group_tests_name("repair", tests, NULL, NULL);
}
