#include "http/url.h"

#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "base/time.h"

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* Decodes a NUL-ended piece in place, where it can only get shorter. false: a bad escape, a NUL
 * or invalid UTF-8. */
static bool decode(char *piece, bool plus_is_space, struct upk_text *out)
{
	char *to = piece;

	for (const char *from = piece; *from; from++) {
		char c = *from;
		if (c == '%') {
			int high = hex_digit(from[1]);
			int low = high < 0 ? -1 : hex_digit(from[2]);
			if (low < 0 || (high == 0 && low == 0))
				return false;
			c = (char)(high << 4 | low);
			from += 2;
		} else if (c == '+' && plus_is_space) {
			c = ' ';
		}
		*to++ = c;
	}
	*to = '\0';
	*out = (struct upk_text){ piece, (size_t)(to - piece) };
	return upk_text_is_utf8(*out);
}

static bool read_path(char *path, struct upk_url *url, struct upk_error *err)
{
	if (*path != '/')
		return upk_fail(err, UPK_NOT_FOUND, "the path does not begin with /");
	if (path[1] == '\0')
		return true;
	for (char *rest = path + 1; rest;) {
		char *piece = strsep(&rest, "/");
		struct upk_text *segment = &url->segments[url->segments_count];
		if (url->segments_count == UPK_URL_SEGMENTS)
			return upk_fail(err, UPK_NOT_FOUND, "no path has so many segments");
		if (*piece == '\0' || !decode(piece, false, segment))
			return upk_fail(err, UPK_NOT_FOUND,
				"segment %zu of the path is empty or not percent-encoded UTF-8",
				url->segments_count + 1);
		url->segments_count++;
	}
	return true;
}

static bool read_parameter(char *piece, struct upk_url *url, struct upk_error *err)
{
	struct upk_text name, value = { "", 0 };
	char *equals = strchr(piece, '=');

	if (equals)
		*equals = '\0';
	if (!decode(piece, true, &name) || (equals && !decode(equals + 1, true, &value)))
		return upk_fail(err, UPK_INVALID,
			"parameter %zu of the query is not percent-encoded UTF-8",
			url->parameters_count + 1);
	if (upk_url_value(url, name.data))
		return upk_fail(err, UPK_INVALID, "%s is given twice in the query", name.data);
	if (url->parameters_count == UPK_URL_PARAMETERS)
		return upk_fail(err, UPK_INVALID, "the query has more than %d parameters",
			UPK_URL_PARAMETERS);
	url->parameters[url->parameters_count++] =
		(struct upk_url_parameter){ name.data, value.data };
	return true;
}

static bool read_query(char *query, struct upk_url *url, struct upk_error *err)
{
	for (char *rest = query; rest;) {
		char *piece = strsep(&rest, "&");
		if (*piece && !read_parameter(piece, url, err))
			return false;
	}
	return true;
}

bool upk_url_parse(const char *target, struct upk_url *url, struct upk_error *err)
{
	*url = (struct upk_url){ 0 };
	for (const char *c = target; *c; c++)
		if ((unsigned char)*c <= ' ' || *c == 0x7f)
			return upk_fail(
				err, UPK_NOT_FOUND, "the path has a space or a control character");
	url->memory = strdup(target);
	if (!url->memory)
		return upk_fail(err, UPK_NOMEM, "no memory for the request's target");

	char *query = strchr(url->memory, '?');
	if (query)
		*query++ = '\0';
	if (!read_path(url->memory, url, err) || !read_query(query, url, err)) {
		upk_url_finish(url);
		return false;
	}
	return true;
}

void upk_url_finish(struct upk_url *url)
{
	free(url->memory);
	*url = (struct upk_url){ 0 };
}

const char *upk_url_value(const struct upk_url *url, const char *name)
{
	for (size_t i = 0; i < url->parameters_count; i++)
		if (strcmp(url->parameters[i].name, name) == 0)
			return url->parameters[i].value;
	return NULL;
}

static bool refuse(const char *name, const char *value, const char *wanted, struct upk_error *err)
{
	return upk_fail(err, UPK_INVALID, "%s: '%s': want %s", name, value, wanted);
}

bool upk_url_bool(const struct upk_url *url, const char *name, bool *value, struct upk_error *err)
{
	const char *given = upk_url_value(url, name);
	bool yes = given && strcmp(given, "true") == 0;

	if (!given)
		return true;
	if (!yes && strcmp(given, "false") != 0)
		return refuse(name, given, "true or false", err);
	*value = yes;
	return true;
}

bool upk_url_int(const struct upk_url *url, const char *name, int64_t least, int64_t *value,
	struct upk_error *err)
{
	return upk_url_int_within(url, name, least, INT64_MAX, value, err);
}

bool upk_url_int_within(const struct upk_url *url, const char *name, int64_t least, int64_t most,
	int64_t *value, struct upk_error *err)
{
	const char *given = upk_url_value(url, name);
	int64_t number;

	if (!given)
		return true;
	if (!upk_number_parse_int(upk_text_of(given), &number) || number < least || number > most)
		return upk_fail(err, UPK_INVALID, "%s: '%s': want an integer from %lld to %lld",
			name, given, (long long)least, (long long)most);
	*value = number;
	return true;
}

bool upk_url_double(
	const struct upk_url *url, const char *name, double *value, struct upk_error *err)
{
	const char *given = upk_url_value(url, name);

	if (!given || upk_number_parse(upk_text_of(given), value))
		return true;
	return refuse(name, given, "a number", err);
}

bool upk_url_time(
	const struct upk_url *url, const char *name, int64_t *value, struct upk_error *err)
{
	const char *given = upk_url_value(url, name);
	int64_t ms;

	if (!given)
		return true;
	bool fine = upk_number_parse_int(upk_text_of(given), &ms)
		? upk_time_check(ms, err)
		: upk_time_parse(upk_text_of(given), &ms, err);
	if (!fine)
		return upk_fail_in(err, "%s: ", name);
	*value = ms;
	return true;
}

bool upk_url_range(const struct upk_url *url, int64_t *from, int64_t *to, struct upk_error *err)
{
	const char *first = upk_url_value(url, "from"), *last = upk_url_value(url, "to");

	if (!upk_url_time(url, "from", from, err) || !upk_url_time(url, "to", to, err))
		return false;
	return !first || !last || *from <= *to ||
		upk_fail(err, UPK_INVALID, "from: '%s' is after to: '%s'", first, last);
}

bool upk_url_is_model_name(struct upk_text name)
{
	enum { NAME_MAX_BYTES = 63 };
	static const char first[] = "abcdefghijklmnopqrstuvwxyz0123456789";

	if (name.size == 0 || name.size > NAME_MAX_BYTES || strlen(name.data) != name.size)
		return false;
	return strchr(first, name.data[0]) &&
		strspn(name.data, "abcdefghijklmnopqrstuvwxyz0123456789._-") == name.size;
}
