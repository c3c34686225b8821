#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <zlib.h>

#include "base/buffer.h"
#include "base/json_writer.h"
#include "base/random.h"
#include "client/csv.h"

#define UNUSED __attribute__((unused))

enum { PATH_SIZE = 64 };

static void write_file(char path[PATH_SIZE], const void *data, size_t size)
{
	strcpy(path, "/tmp/upkeepd-csv-XXXXXX");
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, size), (ssize_t)size);
	close(fd);
}

/* Fields joined by '|', rows ended by '/'; an error ends it with its message after '!'. */
static char *read_all(const char *path)
{
	struct upk_buffer out = { 0 };
	struct upk_error err = { 0 };
	struct upk_csv *c = upk_csv_open(path, &err);
	assert_non_null(c);
	struct upk_csv_row row;
	enum upk_csv_got got;
	while ((got = upk_csv_next(c, &row, &err)) == UPK_CSV_ROW) {
		for (size_t i = 0; i < row.count; i++) {
			assert_int_equal(row.fields[i].data[row.fields[i].size], '\0');
			upk_buffer_printf(&out, "%s%s", i ? "|" : "", row.fields[i].data);
		}
		upk_buffer_putc(&out, '/');
	}
	if (got == UPK_CSV_ERROR)
		upk_buffer_printf(&out, "!%d%s", err.code, err.message + strlen(path));
	upk_buffer_putc(&out, '\0');
	assert_false(out.failed);
	upk_csv_close(c);
	return out.data;
}

static void check(const void *data, size_t size, const char *wanted)
{
	char path[PATH_SIZE];
	write_file(path, data, size);
	char *got = read_all(path);
	assert_string_equal(got, wanted);
	free(got);
	unlink(path);
}

static void reads_what_rfc_4180_allows(void **state UNUSED)
{
	static const struct {
		const char *in, *out;
	} rows[] = {
		{ "", "" },
		{ "a", "a/" },
		{ "a,b\n1,2\n", "a|b/1|2/" },
		{ "a,b\r\n1,2\r\n", "a|b/1|2/" },
		{ "a,\n,b", "a|/|b/" },
		{ "\"\"", "/" },
		{ "\"a\"\"b\",\"c,d\"\n", "a\"b|c,d/" },
		{ "\"two\nlines\",x\n", "two\nlines|x/" },
		{ "a\n\n\r\nb\n", "a/b/" },
		{ "\xef\xbb\xbf"
		  "a,b\n",
			"a|b/" },
		{ " a , b \n", " a | b /" },
		{ "\xc3\xa4\n", "\xc3\xa4/" },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		check(rows[i].in, strlen(rows[i].in), rows[i].out);
}

static void refuses_the_rest_and_says_where(void **state UNUSED)
{
	static const struct {
		const char *in, *out;
	} rows[] = {
		{ "a\nb\"c\n", "a/!1: line 2: a quote inside a field" },
		{ "a\n\n\"b\"c\n", "a/!1: line 3: text after a closing quote" },
		{ "a\n\"b\n\n\n", "a/!1: line 2: a quoted field that never ends" },
		{ "a\rb\n", "!1: line 1: a carriage return without a line feed" },
		{ "\"1\n2\",x\ny\"\n", "1\n2|x/!1: line 3: a quote inside a field" },
		{ "a\n\xff\n", "a/!1: line 2: not UTF-8: save the file as UTF-8" },
		{ "\"a\";\"b\"\n", "!1: line 1: the delimiter looks like ';': want commas" },
		{ "\"a\"\t\"b\"\n", "!1: line 1: the delimiter looks like a tab: want commas" },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		check(rows[i].in, strlen(rows[i].in), rows[i].out);
	check("a\n\0b\n", 5, "a/!1: line 2: a NUL byte: save the file as UTF-8");
}

static void refuses_a_row_without_end(void **state UNUSED)
{
	size_t size = UPK_CSV_ROW_MAX + 2;
	char *data = malloc(size);
	assert_non_null(data);
	memset(data, 'x', size);
	check(data, size, "!5: line 1: a row of over 16 MiB");
	free(data);
}

static void reads_gzip_and_notices_when_it_is_cut(void **state UNUSED)
{
	char path[PATH_SIZE];
	write_file(path, "", 0);
	gzFile file = gzopen(path, "wb");
	assert_non_null(file);
	struct upk_random r;
	upk_random_seed(&r, 1);
	for (int i = 0; i < 20000; i++)
		gzprintf(file, "%llu,%d\n", (unsigned long long)upk_random_next(&r), i);
	assert_int_equal(gzclose(file), Z_OK);

	char *whole = read_all(path);
	assert_non_null(strstr(whole, "|19999/"));
	assert_null(strchr(whole, '!'));
	assert_int_equal(truncate(path, 100000), 0);
	char *cut = read_all(path);
	assert_non_null(strstr(cut, "the gzip file is cut short"));
	free(whole);
	free(cut);
	unlink(path);
}

static void names_a_file_that_is_not_there(void **state UNUSED)
{
	struct upk_error err = { 0 };
	assert_null(upk_csv_open("/nowhere/x.csv", &err));
	assert_int_equal(err.code, UPK_IO);
	assert_string_equal(err.message, "/nowhere/x.csv: No such file or directory");
}

/* A file that Python's csv module wrote, beside its rows as JSON: see csv_oracle.py. */
static void reads_what_python_writes(void **state UNUSED)
{
	char path[PATH_SIZE], command[512], line[1 << 16];
	write_file(path, "", 0);
	const char *slash = strrchr(__FILE__, '/');
	snprintf(command, sizeof command,
		"env -u LD_PRELOAD /usr/bin/python3 '%.*s/csv_oracle.py' %s",
		(int)(slash - __FILE__), __FILE__, path);
	FILE *oracle = popen(command, "r");
	assert_non_null(oracle);

	struct upk_csv *c = NULL;
	size_t rows = 0;
	while (fgets(line, sizeof line, oracle)) {
		/* Its first line comes when the file is complete. */
		if (!c)
			c = upk_csv_open(path, NULL);
		assert_non_null(c);
		struct upk_csv_row row;
		assert_int_equal(upk_csv_next(c, &row, NULL), UPK_CSV_ROW);
		struct upk_buffer ours = { 0 };
		struct upk_json_writer w = upk_json_writer_on(&ours);
		upk_json_array(&w, NULL);
		for (size_t i = 0; i < row.count; i++)
			upk_json_text(&w, NULL, row.fields[i]);
		upk_json_array_end(&w);
		upk_buffer_puts(&ours, "\n");
		upk_buffer_putc(&ours, '\0');
		assert_string_equal(ours.data, line);
		upk_buffer_finish(&ours);
		rows++;
	}
	assert_int_equal(pclose(oracle), 0);
	assert_int_equal(rows, 2000);
	upk_csv_close(c);
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_what_rfc_4180_allows),
		cmocka_unit_test(refuses_the_rest_and_says_where),
		cmocka_unit_test(refuses_a_row_without_end),
		cmocka_unit_test(reads_gzip_and_notices_when_it_is_cut),
		cmocka_unit_test(names_a_file_that_is_not_there),
		cmocka_unit_test(reads_what_python_writes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
