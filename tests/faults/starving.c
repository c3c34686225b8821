/* Loaded before the C library: the allocations of all threads fail, from main on, as the first
 * bytes of the file STARVING_CONTROL say, which may change at any time. byte 0: n counts down from
 * `left` and fails at 0; p fails where the calls on the stack are some that have not failed before,
 * by the table in the file; anything else: none does. `row` allocations fail then, and none after
 * them until the file is changed. */
#include <dlfcn.h>
#include <execinfo.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum { DEPTH = 12, PATHS = 1 << 16 };

struct control {
	_Atomic(char) what;
	_Atomic int32_t left;
	_Atomic int32_t row;     /* still to fail, once it has begun */
	_Atomic int32_t struck;  /* failed by now */
	_Atomic int64_t counted; /* allocations since `what` is n or p */
	_Atomic int64_t paths;   /* in the table */
	_Atomic uint64_t table[PATHS];
};

static struct control *control;
static void *(*real_malloc)(size_t);
static void *(*real_calloc)(size_t, size_t);
static void *(*real_realloc)(void *, size_t);
static _Thread_local bool within __attribute__((tls_model("initial-exec")));

static void *found(const char *name)
{
	void *symbol = dlsym(RTLD_NEXT, name);
	if (!symbol)
		abort();
	return symbol;
}

static uint64_t path_here(void)
{
	void *calls[DEPTH];
	uint64_t hash = 14695981039346656037u;
	int depth = backtrace(calls, DEPTH);
	for (int i = 1; i < depth; i++)
		hash = (hash ^ (uint64_t)(uintptr_t)calls[i]) * 1099511628211u;
	return hash | 1;
}

/* The table is the same after a restart, for addresses are (setarch -R). */
static bool is_new_path(void)
{
	uint64_t path = path_here();
	for (size_t i = path % PATHS;; i = (i + 1) % PATHS) {
		uint64_t there = 0;
		if (atomic_load(&control->paths) > PATHS / 2)
			return false;
		if (atomic_compare_exchange_strong(&control->table[i], &there, path)) {
			atomic_fetch_add(&control->paths, 1);
			return true;
		}
		if (there == path)
			return false;
	}
}

static bool begins(char what)
{
	if (atomic_load(&control->struck) > 0)
		return false;
	return what == 'n' ? atomic_fetch_sub(&control->left, 1) == 0 : is_new_path();
}

static bool strikes(void)
{
	char what = control && !within ? atomic_load(&control->what) : 0;
	if (what != 'n' && what != 'p')
		return false;
	within = true;
	atomic_fetch_add(&control->counted, 1);
	bool goes_on = atomic_load(&control->struck) > 0 && atomic_fetch_sub(&control->row, 1) > 1;
	bool fails = goes_on || begins(what);
	if (fails)
		atomic_fetch_add(&control->struck, 1);
	within = false;
	if (fails)
		errno = ENOMEM;
	return fails;
}

void *malloc(size_t size)
{
	if (!real_malloc)
		real_malloc = (void *(*)(size_t))found("malloc");
	return strikes() ? NULL : real_malloc(size);
}

void *calloc(size_t n, size_t size)
{
	if (!real_calloc)
		real_calloc = (void *(*)(size_t, size_t))found("calloc");
	return strikes() ? NULL : real_calloc(n, size);
}

void *realloc(void *p, size_t size)
{
	if (!real_realloc)
		real_realloc = (void *(*)(void *, size_t))found("realloc");
	return strikes() ? NULL : real_realloc(p, size);
}

static void map_control(void)
{
	int fd = open(getenv("STARVING_CONTROL"), O_RDWR | O_CLOEXEC);
	void *memory = mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (fd < 0 || memory == MAP_FAILED)
		abort();
	close(fd);
	control = memory;
}

/* What libraries get before main is not ours to lose. */
int __libc_start_main(int (*main)(int, char **, char **), int argc, char **argv, void (*init)(void),
	void (*fini)(void), void (*ld_fini)(void), void *stack_end);

int __libc_start_main(int (*main)(int, char **, char **), int argc, char **argv, void (*init)(void),
	void (*fini)(void), void (*ld_fini)(void), void *stack_end)
{
	int (*real_start)(int (*)(int, char **, char **), int, char **, void (*)(void),
		void (*)(void), void (*)(void), void *);
	real_start = (__typeof__(real_start))found("__libc_start_main");
	map_control();
	return real_start(main, argc, argv, init, fini, ld_fini, stack_end);
}
