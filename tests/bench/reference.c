/* What SQLite and the disk do by themselves: the benchmarks' references. Prints one JSON line. */
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { A_COMMIT = 1000, ROW_BYTES = 200, BLOCK = 4096 };

static const char usage[] =
	"reference rows FROM.db TABLE TO.db COUNT\n"
	"  The first COUNT rows of the table, as the daemon stored them, are read into\n"
	"  memory; then each goes into a new file: the same columns without constraints or\n"
	"  index, the rowid alone, WAL, synchronous=FULL, a prepared INSERT a row, 1,000 a\n"
	"  commit, one thread, SQLite's default page size (4096), cache (2 MB) and\n"
	"  checkpoints (every 1,000 pages).\n"
	"reference commit TO.db COUNT MICROSECONDS\n"
	"  COUNT commits of one row of 200 bytes, one begun every so many microseconds.\n"
	"reference fsync FOLDER COUNT\n"
	"  COUNT times 4 KiB appended to a file and fdatasync.\n";

struct table {
	int columns;
	size_t rows;
	sqlite3_value **values; /* rows x columns */
	char create[4096], insert[1024];
};

static void die(const char *what, const char *why)
{
	fprintf(stderr, "reference: %s: %s\n", what, why);
	exit(1);
}

static void *get_memory(size_t count, size_t size)
{
	void *memory = calloc(count + 1, size);

	if (!memory)
		die("memory", "none is left");
	return memory;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void sleep_until(double when)
{
	struct timespec t = { .tv_sec = (time_t)when };

	t.tv_nsec = (long)((when - (double)t.tv_sec) * 1e9);
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR)
		;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* ---- SQLite ---- */

static void expect(sqlite3 *db, int result, int wanted, const char *what)
{
	if (result != wanted)
		die(what, sqlite3_errmsg(db));
}

static void execute(sqlite3 *db, const char *sql)
{
	expect(db, sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK, sql);
}

static sqlite3_stmt *prepare(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *statement = NULL;

	expect(db, sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK, sql);
	return statement;
}

static sqlite3 *create(const char *path)
{
	sqlite3 *db = NULL;

	unlink(path);
	expect(db, sqlite3_open(path, &db), SQLITE_OK, path);
	execute(db, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;");
	return db;
}

/* `seq INTEGER PRIMARY KEY, model INTEGER, ...`: the daemon's columns and nothing else. */
static void describe(sqlite3_stmt *rows, struct table *t, const char *name)
{
	size_t made = (size_t)snprintf(t->create, sizeof t->create, "CREATE TABLE %s (", name);
	size_t asked =
		(size_t)snprintf(t->insert, sizeof t->insert, "INSERT INTO %s VALUES (", name);

	t->columns = sqlite3_column_count(rows);
	for (int i = 0; i < t->columns; i++) {
		const char *column = sqlite3_column_name(rows, i);
		const char *type = sqlite3_column_decltype(rows, i);
		const char *end = i + 1 < t->columns ? ", " : ")";
		made += (size_t)snprintf(t->create + made, sizeof t->create - made, "%s %s%s%s",
			column, type && strcmp(type, "ANY") != 0 ? type : "BLOB",
			strcmp(column, "seq") == 0 ? " PRIMARY KEY" : "", end);
		asked += (size_t)snprintf(t->insert + asked, sizeof t->insert - asked, "?%s", end);
		if (made >= sizeof t->create || asked >= sizeof t->insert)
			die(name, "too many columns");
	}
}

static void read_table(const char *path, const char *name, size_t count, struct table *t)
{
	sqlite3 *db = NULL;
	char sql[128];

	expect(db, sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK, path);
	snprintf(sql, sizeof sql, "SELECT * FROM %s ORDER BY seq LIMIT %zu", name, count);
	sqlite3_stmt *rows = prepare(db, sql);
	describe(rows, t, name);
	t->values = get_memory(count * (size_t)t->columns, sizeof *t->values);
	for (t->rows = 0; sqlite3_step(rows) == SQLITE_ROW; t->rows++)
		for (int i = 0; i < t->columns; i++) {
			sqlite3_value *value = sqlite3_value_dup(sqlite3_column_value(rows, i));
			if (!value)
				die("memory", "none is left");
			t->values[t->rows * (size_t)t->columns + (size_t)i] = value;
		}
	expect(db, sqlite3_finalize(rows), SQLITE_OK, path);
	sqlite3_close(db);
	if (t->rows != count)
		die(path, "it has fewer rows than were posted");
}

/* As fast as sqlite3_bind_* goes: text and blobs are not copied. */
static void bind(sqlite3_stmt *insert, int column, sqlite3_value *value)
{
	switch (sqlite3_value_type(value)) {
	case SQLITE_INTEGER:
		sqlite3_bind_int64(insert, column, sqlite3_value_int64(value));
		break;
	case SQLITE_FLOAT:
		sqlite3_bind_double(insert, column, sqlite3_value_double(value));
		break;
	case SQLITE_TEXT:
		sqlite3_bind_text(insert, column, (const char *)sqlite3_value_text(value),
			sqlite3_value_bytes(value), SQLITE_STATIC);
		break;
	case SQLITE_BLOB:
		sqlite3_bind_blob(insert, column, sqlite3_value_blob(value),
			sqlite3_value_bytes(value), SQLITE_STATIC);
		break;
	default:
		sqlite3_bind_null(insert, column);
	}
}

static void insert_rows(const char *from, const char *name, const char *to, size_t count)
{
	struct table t = { 0 };

	read_table(from, name, count, &t);
	sqlite3 *db = create(to);
	execute(db, t.create);
	sqlite3_stmt *insert = prepare(db, t.insert);
	double begun = now();
	for (size_t row = 0; row < t.rows; row++) {
		if (row % A_COMMIT == 0)
			execute(db, row == 0 ? "BEGIN" : "COMMIT; BEGIN");
		for (int i = 0; i < t.columns; i++)
			bind(insert, i + 1, t.values[row * (size_t)t.columns + (size_t)i]);
		expect(db, sqlite3_step(insert), SQLITE_DONE, t.insert);
		sqlite3_reset(insert);
	}
	execute(db, "COMMIT");
	double seconds = now() - begun;
	sqlite3_finalize(insert);
	sqlite3_close(db);
	printf("{\"seconds\": %.6f, \"items\": %zu}\n", seconds, t.rows);
}

static void print_latencies(double *took, size_t count)
{
	qsort(took, count, sizeof *took, by_value);
	printf("{\"p50\": %.4f, \"p99\": %.4f, \"requests\": %zu}\n", took[count / 2],
		took[count * 99 / 100], count);
}

static void commit_rows(const char *to, size_t count, double every)
{
	double *took = get_memory(count, sizeof *took), next = now();
	char row[ROW_BYTES] = { 0 };
	sqlite3 *db = create(to);

	execute(db, "CREATE TABLE event (seq INTEGER PRIMARY KEY, row BLOB)");
	sqlite3_stmt *insert = prepare(db, "INSERT INTO event (row) VALUES (?)");
	sqlite3_bind_blob(insert, 1, row, sizeof row, SQLITE_STATIC);
	for (size_t i = 0; i < count; i++) {
		sleep_until(next);
		double begun = now();
		expect(db, sqlite3_step(insert), SQLITE_DONE, "INSERT");
		sqlite3_reset(insert);
		double ended = now();
		took[i] = (ended - begun) * 1e3;
		next = next + every > ended ? next + every : ended;
	}
	sqlite3_finalize(insert);
	sqlite3_close(db);
	print_latencies(took, count);
}

/* ---- the disk ---- */

static void sync_blocks(const char *folder, size_t count)
{
	double *took = get_memory(count, sizeof *took);
	char path[4096], block[BLOCK] = { 1 };

	if (snprintf(path, sizeof path, "%s/fsync", folder) >= (int)sizeof path)
		die(folder, "too long");
	int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0600);
	if (fd < 0)
		die(path, strerror(errno));
	for (size_t i = 0; i < count; i++) {
		double begun = now();
		if (write(fd, block, sizeof block) != sizeof block || fdatasync(fd) != 0)
			die(path, strerror(errno));
		took[i] = (now() - begun) * 1e3;
	}
	close(fd);
	unlink(path);
	print_latencies(took, count);
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	if (strcmp(what, "rows") == 0 && argc == 6)
		insert_rows(argv[2], argv[3], argv[4], strtoul(argv[5], NULL, 10));
	else if (strcmp(what, "commit") == 0 && argc == 5)
		commit_rows(argv[2], strtoul(argv[3], NULL, 10), strtod(argv[4], NULL) / 1e6);
	else if (strcmp(what, "fsync") == 0 && argc == 4)
		sync_blocks(argv[2], strtoul(argv[3], NULL, 10));
	else
		return fputs(usage, stderr), 2;
	return 0;
}
