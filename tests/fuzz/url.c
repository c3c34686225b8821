/* A request's target with its parameters read in every form, times, durations and numbers: what is
 * printed of them reads back, and numbers are strtod's. */
#include <ctype.h>
#include <math.h>

#include "base/number.h"
#include "base/time.h"
#include "fuzz.h"
#include "http/url.h"

static void check_time(struct upk_text text)
{
	int64_t ms, again;
	char printed[UPK_TIME_SIZE];
	if (!upk_time_parse(text, &ms, NULL))
		return;
	size_t size = upk_time_print(ms, printed);
	must(size < UPK_TIME_SIZE);
	must(upk_time_parse((struct upk_text){ printed, size }, &again, NULL) && again == ms);
}

static void check_duration(struct upk_text text)
{
	int64_t ms, again;
	char printed[UPK_TIME_SIZE];
	if (!upk_duration_parse(text, &ms, NULL))
		return;
	size_t size = upk_duration_print(ms, printed);
	must(size < UPK_TIME_SIZE);
	must(upk_duration_parse((struct upk_text){ printed, size }, &again, NULL) && again == ms);
}

/* string: the same text, ended by a NUL. */
static void check_number(struct upk_text text, const char *string)
{
	double x, again;
	int64_t integer;
	char printed[UPK_NUMBER_SIZE], *end;
	if (upk_number_parse_int(text, &integer))
		must(integer == strtoll(string, NULL, 10));
	if (!upk_number_parse(text, &x))
		return;
	must(isfinite(x) && same_bits(x, strtod(string, &end)) && *end == '\0');
	size_t size = upk_number_print(x, printed);
	must(upk_number_parse((struct upk_text){ printed, size }, &again) && same_bits(x, again));
}

static void check_parameters(const struct upk_url *url)
{
	for (size_t i = 0; i < url->parameters_count; i++) {
		const char *name = url->parameters[i].name, *value = url->parameters[i].value;
		struct upk_error err = { 0 };
		bool yes = false;
		int64_t integer = 0, time = 0;
		double x = 0;
		must(upk_url_value(url, name) && upk_text_is_utf8(upk_text_of(value)));
		must(upk_url_bool(url, name, &yes, &err) || err.code == UPK_INVALID);
		must(upk_url_int(url, name, 1, &integer, &err) ? integer >= 1
							       : err.code == UPK_INVALID);
		must(upk_url_double(url, name, &x, &err) ? isfinite(x) : err.code == UPK_INVALID);
		must(upk_url_time(url, name, &time, &err) || err.code == UPK_INVALID);
		check_time(upk_text_of(value));
		check_duration(upk_text_of(value));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *string = fuzz_string(data, size);
	char *copy = fuzz_copy(data, size);
	struct upk_text text = { copy, size };
	struct upk_url url;
	check_time(text);
	check_duration(text);
	check_number(text, string);
	if (upk_url_parse(string, &url, NULL)) {
		for (size_t i = 0; i < url.segments_count; i++) {
			must(upk_text_is_utf8(url.segments[i]) && url.segments[i].size > 0);
			upk_url_is_model_name(url.segments[i]);
		}
		check_parameters(&url);
		upk_url_finish(&url);
	}
	free(copy);
	free(string);
	return 0;
}
