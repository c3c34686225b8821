#include "items/decoded.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

const int64_t items_now = INT64_C(1767261600000); /* 2026-01-01T10:00:00Z */

const char items_declared[] =
	"{\"classes\":[\"ham\",\"spam\"],\"positive\":\"spam\",\"slices\":[\"country\",\"app\"],"
	"\"features\":[\"len\",\"caps\"]}";

static struct upk_schema *schema(const char *json)
{
	struct upk_config *c = upk_config_parse(upk_text_of(json), NULL);
	assert_non_null(c);
	struct upk_schema *s = upk_schema_create(c, NULL, 0, NULL, 0, 1, NULL);
	upk_config_unref(c);
	assert_non_null(s);
	return s;
}

struct upk_batch *items_decode(enum upk_item_kind kind, bool ndjson, const char *config,
	struct upk_text body, struct upk_error *err)
{
	struct upk_schema *s = schema(config);
	char *copy = malloc(body.size + 1);
	memcpy(copy, body.data, body.size);
	struct upk_batch *b = upk_batch_decode(kind, ndjson, copy, body.size, s, items_now, err);
	upk_schema_unref(s);
	return b;
}

struct upk_batch *items_events(const char *config, const char *body)
{
	struct upk_error err = { 0 };
	struct upk_batch *b = items_decode(UPK_ITEM_EVENT, false, config, upk_text_of(body), &err);
	assert_string_equal(err.message, "");
	assert_non_null(b);
	return b;
}
