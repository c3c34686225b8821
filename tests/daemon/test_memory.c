#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/scarce.h"
#include "client/replay.h"
#include "client/stream.h"
#include "client/tally.h"

#define UNUSED __attribute__((unused))

/* Calls `attempt` with the first allocation failing, then the second, until none is left. It says
 * whether it worked; where it did not, for want of memory. */
static void fail_each(bool (*attempt)(struct upk_error *err))
{
	int nth = 0;
	do {
		struct upk_error err = { 0 };
		scarce_begin(nth++);
		bool ok = attempt(&err);
		scarce_end();
		assert_int_equal(ok, !scarce_struck());
		assert_int_equal(err.code, scarce_struck() ? UPK_NOMEM : UPK_OK);
	} while (scarce_struck());
	assert_true(nth > 1);
}

static char path[] = "/tmp/upkeepd-memory-XXXXXX";

static bool read_stream(struct upk_error *err)
{
	static const char *const drop[] = { "n1" };
	struct upk_stream_options options = {
		.path = path, .drop = drop, .drop_count = 1, .shuffle = true, .seed = 1
	};
	struct upk_stream *s = upk_stream_read(&options, err);
	if (!s)
		return false;
	uint16_t class;
	bool ok = upk_stream_class(s, "snow", &class, err);
	upk_stream_destroy(s);
	return ok;
}

static void reading_a_stream_survives_any_failed_allocation(void **state UNUSED)
{
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	FILE *f = fdopen(fd, "w");
	fprintf(f, "n1,n2,text,class\n");
	for (int i = 0; i < 3000; i++)
		fprintf(f, "%d,%d.5,\"a, b\",c%d\n", i, i, i % 40);
	fclose(f);
	fail_each(read_stream);
	unlink(path);
}

static bool score(struct upk_error *err)
{
	struct upk_tally t = { 0 };
	struct upk_replay o = { 0 };
	char text[4096];
	bool ok = true;
	for (uint16_t i = 0; ok && i < 3000; i++)
		ok = upk_tally_add(&t, (struct upk_pair){ i % 3, i % 2 }, err);
	ok = ok && upk_tally_figures(&t, 3, upk_rolling_of(3000), &o.maintained, err);
	upk_tally_finish(&t);
	if (!ok)
		return false;
	int kept = scarce_pause();
	FILE *f = fmemopen(text, sizeof text, "w");
	assert_non_null(f);
	scarce_resume(kept);
	ok = upk_replay_print_json(&o, f, err);
	kept = scarce_pause();
	fclose(f);
	scarce_resume(kept);
	return ok;
}

static void scoring_survives_any_failed_allocation(void **state UNUSED)
{
	fail_each(score);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reading_a_stream_survives_any_failed_allocation),
		cmocka_unit_test(scoring_survives_any_failed_allocation),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
