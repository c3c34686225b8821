#include "client/progress.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

enum { BAR = 24, BETWEEN_NS = 100 * 1000 * 1000 };

struct upk_progress upk_progress_begin(size_t total)
{
	const char *term = getenv("TERM"), *no_color = getenv("NO_COLOR");
	struct upk_progress p = {
		.unit = "rows", .total = total, .started = upk_clock_monotonic_ns()
	};
	p.shown = isatty(STDERR_FILENO) && !(term && strcmp(term, "dumb") == 0);
	p.coloured = p.shown && !(no_color && no_color[0] != '\0');
	return p;
}

void upk_progress_restart(struct upk_progress *p)
{
	p->started = upk_clock_monotonic_ns();
	p->next = 0;
}

const char *upk_grouped(uint64_t n, char out[UPK_GROUPED_SIZE])
{
	char *at = out + UPK_GROUPED_SIZE - 1;
	*at = '\0';
	for (int digits = 0; n > 0 || digits == 0; n /= 10, digits++) {
		if (digits > 0 && digits % 3 == 0)
			*--at = ',';
		*--at = (char)('0' + n % 10);
	}
	return at;
}

static void clear(struct upk_progress *p)
{
	if (p->drawn)
		fputs("\r\033[K", stderr);
	p->drawn = false;
}

static void draw(struct upk_progress *p, size_t done, double seconds)
{
	char n[UPK_GROUPED_SIZE], all[UPK_GROUPED_SIZE], per[UPK_GROUPED_SIZE], bar[BAR + 1];
	double rate = seconds > 0 ? (double)done / seconds : 0;
	size_t full = p->total ? done * BAR / p->total : BAR;
	memset(bar, '.', BAR);
	memset(bar, '#', full < BAR ? full : BAR);
	bar[BAR] = '\0';
	fprintf(stderr, "\r%s%s%s %s of %s %s, %s/s, %.0f s left\033[K",
		p->coloured ? "\033[36m" : "", bar, p->coloured ? "\033[0m" : "",
		upk_grouped(done, n), upk_grouped(p->total, all), p->unit,
		upk_grouped((uint64_t)rate, per),
		rate > 0 ? (double)(p->total - done) / rate : 0.0);
	fflush(stderr);
	p->drawn = true;
}

void upk_progress_show(struct upk_progress *p, size_t done)
{
	int64_t now = p->shown ? upk_clock_monotonic_ns() : 0;
	if (!p->shown || now < p->next)
		return;
	p->next = now + BETWEEN_NS;
	draw(p, done, (double)(now - p->started) / 1e9);
}

void upk_progress_say(struct upk_progress *p, const char *format, ...)
{
	va_list args;
	clear(p);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	p->next = 0;
}

void upk_progress_end(struct upk_progress *p)
{
	clear(p);
}
