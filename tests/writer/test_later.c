#include "engine/bed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "report/report.h"

enum { TEXT_MOST = 1 << 16 };

/* Every kind of row there is. The second configuration stores the model's state: what is `before`
 * it is changed after it, too. */
static void fill(struct bed *b)
{
	bed_put(b, "m",
		"{\"windows\":[{\"name\":\"a\",\"count\":5},{\"name\":\"b\",\"count\":50},"
		"{\"name\":\"c\",\"duration\":\"1d\"}]}");
	bed_send(b, UPK_ITEM_EVENT,
		"[{\"id\":\"pair\",\"predicted\":\"x\",\"label\":\"x\",\"features\":[1]},"
		"{\"id\":\"open\",\"predicted\":\"x\"},{\"id\":\"open-2\",\"predicted\":\"y\"},"
		"{\"id\":\"example\",\"label\":\"x\",\"features\":[2]},"
		"{\"id\":\"example-2\",\"label\":\"y\",\"features\":[3]}]");
	bed_send(b, UPK_ITEM_LABEL,
		"[{\"id\":\"early\",\"label\":\"x\"},{\"id\":\"early\",\"label\":\"y\"},"
		"{\"id\":\"open-2\",\"label\":\"y\"},{\"id\":\"early-example\",\"label\":\"y\"}]");
	bed_put(b, "m",
		"{\"windows\":[{\"name\":\"a\",\"count\":6},{\"name\":\"b\",\"count\":50},"
		"{\"name\":\"c\",\"duration\":\"1d\"}]}");
	bed_send(b, UPK_ITEM_LABEL,
		"[{\"id\":\"pair\",\"label\":\"y\"},{\"id\":\"open\",\"label\":\"y\"},"
		"{\"id\":\"open\",\"label\":\"x\"},{\"id\":\"open-2\",\"label\":\"x\"},"
		"{\"id\":\"example-2\",\"label\":\"x\"},{\"id\":\"later\",\"label\":\"x\"}]");
	bed_send(b, UPK_ITEM_EVENT,
		"[{\"id\":\"early\",\"predicted\":\"x\",\"label\":\"x\"},"
		"{\"id\":\"example\",\"predicted\":\"y\",\"features\":[2]},"
		"{\"id\":\"new-example\",\"label\":\"y\",\"features\":[4]},"
		"{\"id\":\"early-example\",\"label\":\"y\",\"features\":[5]},"
		"{\"id\":\"new\",\"predicted\":\"y\",\"version\":\"own\"}]");
	bed_send(b, UPK_ITEM_LABEL,
		"[{\"id\":\"new-example\",\"label\":\"x\"},{\"id\":\"example\",\"label\":\"y\"},"
		"{\"id\":\"new\",\"label\":\"x\"},{\"id\":\"new\",\"label\":\"z\"}]");
	bed_send(b, UPK_ITEM_EVENT,
		"[{\"id\":\"new-example\",\"predicted\":\"y\",\"features\":[4]},"
		"{\"id\":\"early-example\",\"predicted\":\"x\",\"features\":[5]},"
		"{\"id\":\"pair\",\"predicted\":\"x\",\"features\":[1],\"label\":\"x\"}]");
	bed_send(b, UPK_ITEM_LABEL, "[{\"id\":\"new-example\",\"label\":\"y\"}]");
}

/* Windows, and what the model says of itself: pairs, rows, what is in use. */
static void describe(struct bed *b, char text[TEXT_MOST])
{
	struct upk_error err = { 0 };
	struct upk_buffer out = { 0 };
	struct upk_json_writer w = upk_json_writer_on(&out);
	char etag[20];
	if (!upk_report_model(b->engine, "m", etag, &w, &err))
		fail_msg("%s", err.message);
	char *model = upk_text_copy(upk_buffer_text(&out)), *metrics = bed_metrics(b, "m");
	assert_in_range(snprintf(text, TEXT_MOST, "%s %s", model, metrics), 100, TEXT_MOST - 1);
	free(metrics);
	free(model);
	upk_buffer_finish(&out);
}

/* The engine's whole life in a process that ends without a word. */
static void live_and_die(struct bed *b, int out)
{
	char *text = malloc(TEXT_MOST);
	bed_open(b);
	fill(b);
	describe(b, text);
	size_t size = strlen(text) + 1;
	bool written = write(out, b->folder, sizeof b->folder) == (ssize_t)sizeof b->folder &&
		write(out, text, size) == (ssize_t)size;
	_exit(written ? 0 : 1);
}

static void read_whole(int in, char *text)
{
	size_t size = 0;
	ssize_t got;
	while ((got = read(in, text + size, TEXT_MOST - size)) > 0)
		size += (size_t)got;
	assert_true(size > 1 && text[size - 1] == '\0');
}

static void check_same(const char *before, const char *after)
{
	size_t at = 0;
	while (before[at] && before[at] == after[at])
		at++;
	size_t from = at > 60 ? at - 60 : 0;
	if (before[at] != after[at])
		fail_msg("...%.120s, and then ...%.120s", before + from, after + from);
}

static void what_came_after_the_state_is_seen_in_its_order_after_a_kill(void **state)
{
	(void)state;
	static char before[TEXT_MOST], after[TEXT_MOST];
	struct bed b = { 0 };
	int ends[2], status;
	assert_int_equal(pipe(ends), 0);
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0)
		live_and_die(&b, ends[1]);
	close(ends[1]);
	assert_int_equal(read(ends[0], b.folder, sizeof b.folder), sizeof b.folder);
	read_whole(ends[0], before);
	close(ends[0]);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);

	bed_reopen(&b); /* after the kill: reads what came after the state */
	describe(&b, after);
	check_same(before, after);
	bed_reopen(&b); /* after a clean end: the state has it all */
	describe(&b, after);
	check_same(before, after);
	bed_remove(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_came_after_the_state_is_seen_in_its_order_after_a_kill),
	};
	return cmocka_run_group_tests_name("later", tests, NULL, NULL);
}
