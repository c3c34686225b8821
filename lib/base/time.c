#include "base/time.h"

#include <inttypes.h>
#include <stdio.h>

#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)
#define WEEK (7 * DAY)
#define YEAR_1 (INT64_C(-719162) * DAY)      /* 0001-01-01T00:00:00Z */
#define YEAR_10000 (INT64_C(2932897) * DAY)  /* 10000-01-01T00:00:00Z */
#define SMALLEST_INPUT INT64_C(100000000000) /* 1973: seconds of today are below */

struct date {
	int64_t year;
	int month, day;
};

/* Days since 1970 and back, in the Gregorian calendar of all times; both count in eras of 400
 * years that begin in March, so that the leap day ends a year. Source: Howard Hinnant,
 * chrono-Compatible Low-Level Date Algorithms. */
static int64_t days_of(struct date date)
{
	int64_t year = date.year - (date.month <= 2);
	int64_t era = (year >= 0 ? year : year - 399) / 400;
	int64_t year_of_era = year - era * 400;
	int64_t day_of_year =
		(153 * (date.month + (date.month > 2 ? -3 : 9)) + 2) / 5 + date.day - 1;
	int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
	return era * 146097 + day_of_era - 719468;
}

static struct date date_of(int64_t days)
{
	days += 719468;
	int64_t era = (days >= 0 ? days : days - 146096) / 146097;
	int64_t day_of_era = days - era * 146097;
	int64_t year_of_era =
		(day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	int64_t day_of_year =
		day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	int64_t month = (5 * day_of_year + 2) / 153;
	struct date date = {
		.day = (int)(day_of_year - (153 * month + 2) / 5 + 1),
		.month = (int)(month < 10 ? month + 3 : month - 9),
	};
	date.year = year_of_era + era * 400 + (date.month <= 2);
	return date;
}

static int days_in_month(int64_t year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
	return days[month - 1] + (month == 2 && leap);
}

size_t upk_time_print(int64_t ms, char out[UPK_TIME_SIZE])
{
	int64_t days = ms / DAY - (ms % DAY < 0);
	int of_day = (int)((ms % DAY + DAY) % DAY);
	struct date date = date_of(days);
	char fraction[8] = "";

	if (of_day % 1000 != 0)
		snprintf(fraction, sizeof fraction, ".%03u", (unsigned)of_day % 1000);
	return (size_t)snprintf(out, UPK_TIME_SIZE, "%04" PRId64 "-%02d-%02dT%02d:%02d:%02d%sZ",
		date.year, date.month, date.day, of_day / 3600000, of_day / 60000 % 60,
		of_day / 1000 % 60, fraction);
}

/* How much of a refused text a message shows: whole characters. */
static int shown(struct upk_text text)
{
	int size = 64;

	if (text.size <= (size_t)size)
		return (int)text.size;
	while (size > 0 && ((unsigned char)text.data[size] & 0xc0) == 0x80)
		size--;
	return size;
}

/* Takes exactly `digits` digits at *p, and moves it behind them. */
static bool take(const char **p, const char *end, int digits, int *out)
{
	int value = 0;
	if (end - *p < digits)
		return false;
	for (int i = 0; i < digits; i++, (*p)++) {
		if (**p < '0' || **p > '9')
			return false;
		value = value * 10 + (**p - '0');
	}
	*out = value;
	return true;
}

static bool take_char(const char **p, const char *end, char lower, char upper)
{
	if (*p == end || (**p != lower && **p != upper))
		return false;
	(*p)++;
	return true;
}

static bool take_date(const char **p, const char *end, int64_t *ms)
{
	int year, month, day;
	if (!take(p, end, 4, &year) || !take_char(p, end, '-', '-') || !take(p, end, 2, &month) ||
		!take_char(p, end, '-', '-') || !take(p, end, 2, &day))
		return false;
	if (month < 1 || month > 12 || day < 1 || day > days_in_month(year, month))
		return false;
	*ms = days_of((struct date){ year, month, day }) * DAY;
	return true;
}

/* Any number of digits, of which the first three count. */
static bool take_fraction(const char **p, const char *end, int *ms)
{
	const char *start = *p;
	int worth = 100;

	for (; *p < end && **p >= '0' && **p <= '9'; (*p)++) {
		*ms += worth * (**p - '0');
		worth /= 10;
	}
	return *p > start;
}

/* A leap second's fraction is cut away with it: it becomes the start of the next second. */
static bool take_clock(const char **p, const char *end, int64_t *ms, bool *leap)
{
	int hour, minute, second, fraction = 0;
	if (!take(p, end, 2, &hour) || !take_char(p, end, ':', ':') || !take(p, end, 2, &minute) ||
		!take_char(p, end, ':', ':') || !take(p, end, 2, &second))
		return false;
	if (hour > 23 || minute > 59 || second > 60)
		return false;
	if (take_char(p, end, '.', '.') && !take_fraction(p, end, &fraction))
		return false;
	*leap = second == 60;
	*ms += hour * HOUR + minute * MINUTE + second * SECOND + (*leap ? 0 : fraction);
	return true;
}

static bool take_offset(const char **p, const char *end, int64_t *ms)
{
	if (take_char(p, end, 'z', 'Z'))
		return true;

	int hour, minute;
	bool west = *p < end && **p == '-';
	if (!take_char(p, end, '+', '-') || !take(p, end, 2, &hour) ||
		!take_char(p, end, ':', ':') || !take(p, end, 2, &minute) || hour > 23 ||
		minute > 59)
		return false;
	int64_t offset = hour * HOUR + minute * MINUTE;
	*ms += west ? offset : -offset;
	return true;
}

/* Leap seconds end the last minute of a month in UTC (RFC 3339, section 5.7). */
static bool starts_month(int64_t ms)
{
	return ms % DAY == 0 && date_of(ms / DAY).day == 1;
}

bool upk_time_parse(struct upk_text text, int64_t *ms, struct upk_error *err)
{
	const char *p = text.data;
	const char *end = p + text.size;
	int64_t time = 0;
	bool leap = false;

	if (take_date(&p, end, &time) && take_char(&p, end, 't', 'T') &&
		take_clock(&p, end, &time, &leap) && take_offset(&p, end, &time) && p == end &&
		(!leap || starts_month(time)) && time >= YEAR_1 && time < YEAR_10000) {
		*ms = time;
		return true;
	}
	return upk_fail(err, UPK_INVALID,
		"\"%.*s\" is not a time: want RFC 3339 as in \"2026-01-01T10:00:00Z\"", shown(text),
		text.data);
}

bool upk_time_check(int64_t ms, struct upk_error *err)
{
	if (ms < SMALLEST_INPUT)
		return upk_fail(err, UPK_INVALID,
			"%" PRId64 " is not a time: want milliseconds since 1970, not seconds", ms);
	if (ms >= YEAR_10000)
		return upk_fail(err, UPK_INVALID,
			"%" PRId64
			" is not a time: want milliseconds since 1970, at most year 9999",
			ms);
	return true;
}

/* Largest first, as a text has them. */
static const struct unit {
	const char *name;
	int64_t ms;
} units[] = {
	{ "w", WEEK },
	{ "d", DAY },
	{ "h", HOUR },
	{ "m", MINUTE },
	{ "s", SECOND },
	{ "ms", 1 },
};
enum { UNITS = sizeof units / sizeof units[0] };

/* The unit's row, looked for from row `from` on; UNITS when there is none. */
static size_t find_unit(struct upk_text name, size_t from)
{
	while (from < UNITS && !upk_text_is(name, units[from].name))
		from++;
	return from;
}

static size_t count_while(const char *p, const char *end, bool digits)
{
	size_t n = 0;
	while (p + n < end && (p[n] >= '0' && p[n] <= '9') == digits)
		n++;
	return n;
}

static bool read_duration(const char *p, const char *end, int64_t *ms)
{
	size_t from = 0;

	*ms = 0;
	while (p < end) {
		int64_t value = 0;
		size_t digits = count_while(p, end, true);
		for (size_t i = 0; i < digits; i++)
			if (__builtin_mul_overflow(value, 10, &value) ||
				__builtin_add_overflow(value, p[i] - '0', &value))
				return false;
		p += digits;

		size_t letters = count_while(p, end, false);
		size_t row = find_unit((struct upk_text){ p, letters }, from);
		if (digits == 0 || row == UNITS ||
			__builtin_mul_overflow(value, units[row].ms, &value) ||
			__builtin_add_overflow(*ms, value, ms))
			return false;
		p += letters;
		from = row + 1;
	}
	return true;
}

bool upk_duration_parse(struct upk_text text, int64_t *ms, struct upk_error *err)
{
	int64_t duration;

	if (text.size == 0 || !read_duration(text.data, text.data + text.size, &duration))
		return upk_fail(err, UPK_INVALID,
			"\"%.*s\" is not a duration: want numbers with ms, s, m, h, d or w, "
			"largest first, "
			"as in \"90d\" or \"1h30m\"",
			shown(text), text.data);
	*ms = duration;
	return true;
}

size_t upk_duration_print(int64_t ms, char out[UPK_TIME_SIZE])
{
	size_t size = 0;

	if (ms == 0)
		return (size_t)snprintf(out, UPK_TIME_SIZE, "0s");
	for (size_t row = 1; row < UNITS; row++) {
		int64_t n = ms / units[row].ms;
		ms %= units[row].ms;
		if (n > 0)
			size += (size_t)snprintf(out + size, UPK_TIME_SIZE - size, "%" PRId64 "%s",
				n, units[row].name);
	}
	return size;
}
