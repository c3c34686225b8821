#include "http/guard.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

bool upk_guard_is(struct upk_text text, const char *word)
{
	return text.data && text.size == strlen(word) &&
		strncasecmp(text.data, word, text.size) == 0;
}

struct upk_text upk_guard_header(const struct upk_header *headers, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (upk_guard_is(headers[i].name, name))
			return headers[i].value;
	return (struct upk_text){ 0 };
}

static bool is_digits(struct upk_text text)
{
	for (size_t i = 0; i < text.size; i++)
		if (text.data[i] < '0' || text.data[i] > '9')
			return false;
	return text.size > 0;
}

/* RFC 9110, section 5.6.2. */
static bool is_token(struct upk_text text)
{
	for (size_t i = 0; i < text.size; i++) {
		unsigned char c = (unsigned char)text.data[i];
		bool alphanumeric = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			(c >= '0' && c <= '9') || c == '-';
		if (!alphanumeric && (!c || !strchr("!#$%&'*+.^_`|~", c)))
			return false;
	}
	return text.size > 0;
}

static bool has_control(struct upk_text text)
{
	for (size_t i = 0; i < text.size; i++) {
		unsigned char c = (unsigned char)text.data[i];
		if ((c < 0x20 && c != '\t') || c == 0x7f)
			return true;
	}
	return false;
}

static size_t count_of(const struct upk_header *headers, size_t count, const char *name)
{
	size_t found = 0;

	for (size_t i = 0; i < count; i++)
		found += upk_guard_is(headers[i].name, name);
	return found;
}

static const char *check_framing(const struct upk_header *headers, size_t count, bool bodiless)
{
	enum { LENGTH_DIGITS = 18 };
	size_t lengths = count_of(headers, count, "Content-Length");
	size_t codings = count_of(headers, count, "Transfer-Encoding");
	struct upk_text length = upk_guard_header(headers, count, "Content-Length");

	if (lengths > 1)
		return "Content-Length is given more than once";
	if (lengths == 1 && (!is_digits(length) || length.size > LENGTH_DIGITS))
		return "Content-Length is not a number of 1 to 18 digits";
	if (codings > 1)
		return "Transfer-Encoding is given more than once";
	if (codings == 1 &&
		!upk_guard_is(upk_guard_header(headers, count, "Transfer-Encoding"), "chunked"))
		return "Transfer-Encoding is not chunked";
	if (codings == 1 && lengths == 1)
		return "Content-Length and Transfer-Encoding are both given";
	if (bodiless && (codings == 1 || (lengths == 1 && !upk_guard_is(length, "0"))))
		return "GET and HEAD have no body";
	return NULL;
}

const char *upk_guard_headers(const struct upk_header *headers, size_t count, bool bodiless)
{
	for (size_t i = 0; i < count; i++) {
		if (!is_token(headers[i].name))
			return "a header's name is not a token";
		if (has_control(headers[i].value))
			return "a header's value has a control character";
	}
	if (count_of(headers, count, "Host") != 1)
		return "there is not exactly one Host";
	return check_framing(headers, count, bodiless);
}

void upk_hosts_finish(struct upk_hosts *hosts)
{
	for (size_t i = 0; i < hosts->count; i++)
		free(hosts->names[i]);
	free(hosts->names);
	*hosts = (struct upk_hosts){ 0 };
}

/* The name of "name:port", "[::1]:port", without the brackets; absent: malformed. */
static struct upk_text host_name(struct upk_text authority)
{
	const struct upk_text malformed = { 0 };
	struct upk_text name = authority, port = { 0 };

	if (authority.size == 0)
		return malformed;
	if (authority.data[0] == '[') {
		const char *end = memchr(authority.data, ']', authority.size);
		if (!end)
			return malformed;
		name = (struct upk_text){ authority.data + 1, (size_t)(end - authority.data) - 1 };
		port = (struct upk_text){ end + 1,
			authority.size - (size_t)(end + 1 - authority.data) };
	} else {
		const char *colon = memchr(authority.data, ':', authority.size);
		if (colon) {
			name.size = (size_t)(colon - authority.data);
			port = (struct upk_text){ colon, authority.size - name.size };
		}
	}
	if (name.size == 0 || (port.size > 0 && port.data[0] != ':'))
		return malformed;
	if (port.size > 1 && !is_digits((struct upk_text){ port.data + 1, port.size - 1 }))
		return malformed;
	return name;
}

/* Reads a name as an IPv4 or IPv6 address. */
static bool address_of(struct upk_text name, struct in_addr *v4, struct in6_addr *v6, bool *is_v6)
{
	char text[INET6_ADDRSTRLEN];

	if (name.size >= sizeof text)
		return false;
	memcpy(text, name.data, name.size);
	text[name.size] = '\0';
	*is_v6 = inet_pton(AF_INET6, text, v6) == 1;
	return *is_v6 || inet_pton(AF_INET, text, v4) == 1;
}

static bool is_loopback(struct upk_text name)
{
	struct in_addr v4;
	struct in6_addr v6;
	bool is_v6;

	if (upk_guard_is(name, "localhost") || upk_guard_is(name, "localhost.") ||
		upk_guard_is(name, "ip6-localhost"))
		return true;
	if (!address_of(name, &v4, &v6, &is_v6))
		return false;
	return is_v6 ? IN6_IS_ADDR_LOOPBACK(&v6) : ntohl(v4.s_addr) >> 24 == 127;
}

bool upk_guard_host(struct upk_text host, const struct upk_hosts *hosts)
{
	struct upk_text name = host_name(host);
	struct in_addr v4;
	struct in6_addr v6;
	bool is_v6;

	if (!name.data)
		return false;
	if (is_loopback(name))
		return true;
	if (hosts->any_address && address_of(name, &v4, &v6, &is_v6))
		return true;
	for (size_t i = 0; i < hosts->count; i++)
		if (upk_guard_is(name, hosts->names[i]))
			return true;
	return false;
}

bool upk_guard_origin(struct upk_text origin, struct upk_text host)
{
	static const char *const schemes[] = { "http://", "https://" };

	if (!origin.data)
		return true;
	for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
		size_t size = strlen(schemes[i]);
		if (origin.size == size + host.size &&
			strncasecmp(origin.data, schemes[i], size) == 0 &&
			strncasecmp(origin.data + size, host.data, host.size) == 0)
			return true;
	}
	return false;
}

static struct upk_text trim(struct upk_text text)
{
	while (text.size > 0 && (*text.data == ' ' || *text.data == '\t')) {
		text.data++;
		text.size--;
	}
	while (text.size > 0 &&
		(text.data[text.size - 1] == ' ' || text.data[text.size - 1] == '\t'))
		text.size--;
	return text;
}

enum upk_content upk_guard_content(struct upk_text content_type)
{
	if (!content_type.data)
		return UPK_CONTENT_NONE;

	struct upk_text type = content_type, parameter = { "", 0 };
	const char *semicolon = memchr(type.data, ';', type.size);
	if (semicolon) {
		parameter = (struct upk_text){ semicolon + 1,
			type.size - (size_t)(semicolon + 1 - type.data) };
		type.size = (size_t)(semicolon - type.data);
	}
	type = trim(type);
	parameter = trim(parameter);
	if (parameter.size > 0 && !upk_guard_is(parameter, "charset=utf-8") &&
		!upk_guard_is(parameter, "charset=\"utf-8\""))
		return UPK_CONTENT_OTHER;
	if (upk_guard_is(type, "application/json"))
		return UPK_CONTENT_JSON;
	return upk_guard_is(type, "application/x-ndjson") ? UPK_CONTENT_NDJSON : UPK_CONTENT_OTHER;
}
