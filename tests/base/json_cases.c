#include "json_cases.h"

#define VALID(text) \
	{ \
		text, sizeof(text) - 1, JSON_VALID \
	}
#define FAULT(at, text) \
	{ \
		text, sizeof(text) - 1, at \
	}
#define TIMES_4(x) x x x x
#define TIMES_16(x) TIMES_4(TIMES_4(x))
#define TIMES_64(x) TIMES_4(TIMES_16(x))

/* clang-format off */
const struct json_case json_cases[] = {
	/* literals and white space */
	VALID("null"), VALID("true"), VALID("false"), VALID(" \t\r\n null \t\r\n "),
	FAULT(0, ""), FAULT(3, "   "), FAULT(2, "nu"), FAULT(3, "nulL"), FAULT(0, "NULL"), FAULT(0, "True"),
	FAULT(4, "nulll"), FAULT(3, "tru"), FAULT(5, "falsefalse"), FAULT(5, "true false"),
	FAULT(0, "\vnull"), FAULT(0, "\fnull"), FAULT(0, "\xc2\xa0null"), FAULT(4, "null\0"),
	FAULT(0, "\0null"), FAULT(0, "\xef\xbb\xbfnull"), FAULT(0, "\xef\xbb\xbf"), FAULT(0, "NaN"),
	FAULT(1, "-Infinity"), FAULT(0, "Infinity"), FAULT(0, "undefined"), FAULT(0, "'a'"),
	FAULT(0, "// c\n1"), FAULT(2, "1 /* c */"), FAULT(2, "1 # c"), FAULT(0, "a"),
	FAULT(0, "\xff\xfe" "1\0"),

	/* numbers */
	VALID("0"), VALID("-0"), VALID("0.0"), VALID("-0.0e-0"), VALID("1"), VALID("-1"), VALID("10"),
	VALID("1.5"), VALID("1e5"), VALID("1E5"), VALID("1e+5"), VALID("1E-5"), VALID("0e0"),
	VALID("0e+1"), VALID("1.25e-07"), VALID("1e00"), VALID("123456789012345678901234567890"),
	VALID("9007199254740992"), VALID("9007199254740993"), VALID("9007199254740994"),
	VALID("-9223372036854775808"), VALID("9223372036854775807"), VALID("18446744073709551616"),
	VALID("5e-324"), VALID("2.4703282292062327e-324"), VALID("2.4703282292062328e-324"),
	VALID("1.7976931348623157e308"), VALID("2.2250738585072011e-308"), VALID("1e-400"),
	VALID("1e400"), VALID("-1e400"), VALID("1.7976931348623159e308"), VALID("0e999999999999999999999"),
	VALID("1e-999999999999999999999"), VALID("1e999999999999999999999"),
	VALID("0." TIMES_64("0") TIMES_64("0") "1e130"), VALID("1" TIMES_64("0") "e-64"),
	VALID("9007199254740993." TIMES_64("0") TIMES_64("0") "1"),
	FAULT(1, "01"), FAULT(2, "-01"), FAULT(1, "00"), FAULT(2, "1."), FAULT(2, "1.e5"),
	FAULT(0, ".5"), FAULT(1, "-.5"), FAULT(0, "+1"), FAULT(1, "-"), FAULT(1, "--1"), FAULT(1, "- 1"),
	FAULT(2, "1e"), FAULT(3, "1e+"), FAULT(3, "1e-"), FAULT(2, "1e.5"), FAULT(3, "1e5.5"),
	FAULT(1, "0x1"), FAULT(3, "1.2.3"), FAULT(1, "1,"), FAULT(1, "1a"), FAULT(2, "1 2"), FAULT(1, "1_0"),
	FAULT(3, "1e+-5"), FAULT(1, "-a"), FAULT(3, "1.5f"), FAULT(1, "1\xc2\xa0"), FAULT(0, "\xef\xbc\x91"),

	/* strings */
	VALID("\"\""), VALID("\"a\""), VALID("\"\x7f\""), VALID("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""),
	VALID("\"\\u0041\""), VALID("\"\\u00e9\\u00E9\""), VALID("\"\\u20ac\\uFFFF\""), VALID("\"\\u0001\""),
	VALID("\"\\ud83d\\ude00\""), VALID("\"\\uD800\\uDC00\\uDBFF\\uDFFF\""), VALID("\"a\\nb\\tc\""),
	VALID("\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\""), VALID("\"\xef\xbb\xbf\""), VALID("\"\\\\u0000\""),
	VALID("\"\xc2\x80\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf\xf0\x90\x80\x80\xf4\x8f\xbf\xbf\""),
	VALID("\"\xed\x9f\xbf\xee\x80\x80\xe2\x80\xa8\""), VALID("\"/* no */ // comment\""),
	FAULT(1, "\""), FAULT(2, "\"a"), FAULT(3, "\"\\\""), FAULT(2, "\"\\"), FAULT(2, "\"\\a\""),
	FAULT(2, "\"\\'\""), FAULT(2, "\"\\x41\""), FAULT(2, "\"\\\n\""), FAULT(2, "\"\\\0\""), FAULT(2, "\"\\\xc3\xa9\""),
	FAULT(3, "\"\\u\""), FAULT(6, "\"\\u004\""), FAULT(6, "\"\\u004g\""), FAULT(3, "\"\\u 041\""), FAULT(3, "\"\\u-041\""),
	FAULT(2, "\"\\U0041\""), FAULT(3, "\"\\u{41}\""), FAULT(5, "\"\\u00"),
	FAULT(1, "\"\\u0000\""), FAULT(4, "\"abc\\u0000\""),
	FAULT(1, "\"\\ud800\""), FAULT(1, "\"\\udc00\""), FAULT(1, "\"\\ud800\\ud800\""), FAULT(2, "\"a\\ud800\\u0041\""),
	FAULT(1, "\"\\ud800\\n\""), FAULT(1, "\"\\ud800"), FAULT(1, "\"\\udc00\\ud800\""), FAULT(9, "\"\\ud800\\u\""),
	FAULT(1, "\"\n\""), FAULT(1, "\"\t\""), FAULT(2, "\"a\0b\""), FAULT(1, "\"\x1f\""), FAULT(2, "\"a\r\""),
	FAULT(1, "\"\x80\""), FAULT(1, "\"\xbf\""), FAULT(1, "\"\xc0\x80\""), FAULT(1, "\"\xc1\xbf\""), FAULT(1, "\"\xc3\""),
	FAULT(1, "\"\xc3"), FAULT(1, "\"\xe0\x9f\xbf\""), FAULT(1, "\"\xed\xa0\x80\""), FAULT(1, "\"\xed\xbf\xbf\""),
	FAULT(1, "\"\xe2\x82\""), FAULT(1, "\"\xe2\x28\xa1\""), FAULT(1, "\"\xf0\x8f\xbf\xbf\""), FAULT(1, "\"\xf4\x90\x80\x80\""),
	FAULT(1, "\"\xf5\x80\x80\x80\""), FAULT(1, "\"\xf8\x88\x80\x80\x80\""), FAULT(1, "\"\xff\""), FAULT(3, "\"\xc3\xa9\xc3\""),
	FAULT(1, "\"\xf0\x9f\x98"), FAULT(3, "\"a\"b"), FAULT(4, "\"a\" \"b\""),

	/* arrays */
	VALID("[]"), VALID("[ ]"), VALID("[1]"), VALID("[ 1 , 2 ]"), VALID("[[],[[]]]"), VALID("[null,true,\"\",{}]\n"),
	VALID(TIMES_64("[") TIMES_64("]")), VALID("[" TIMES_16("[],") "[]]"),
	FAULT(64, TIMES_64("[") "[" "]" TIMES_64("]")), FAULT(64, TIMES_64("[") "{}" TIMES_64("]")),
	FAULT(64, TIMES_64("[") TIMES_64("[")), FAULT(64, TIMES_64("[")),
	FAULT(1, "["), FAULT(0, "]"), FAULT(2, "[1"), FAULT(3, "[1,"), FAULT(3, "[1,]"), FAULT(1, "[,1]"), FAULT(1, "[,]"),
	FAULT(3, "[1,,2]"), FAULT(3, "[1 2]"), FAULT(2, "[1}"), FAULT(2, "[]]"), FAULT(2, "[1:2]"), FAULT(4, "[\"a\":1]"),
	FAULT(2, "[],[]"), FAULT(1, "[a]"), FAULT(1, "[\xff]"), FAULT(2, "[1\0]"), FAULT(6, "[\"a\",\n"), FAULT(1, "[*]"),
	FAULT(4, "[[1]"), FAULT(1, "[)"), FAULT(3, "[[1}"),

	/* objects */
	VALID("{}"), VALID("{ }"), VALID("{\"a\":1}"), VALID(" { \"a\" : 1 , \"b\" : [ ] } "), VALID("{\"\":0}"),
	VALID("{\"a\":{\"a\":{\"a\":1}},\"b\":{\"a\":2}}"), VALID("[{\"a\":1},{\"a\":1}]"), VALID("{\"a\":1,\"A\":1}"),
	VALID("{\"\\u0061\\ud83d\\ude00\":1}"), VALID("{\"\xc3\xa9\":1,\"e\xcc\x81\":2}"),
	FAULT(1, "{"), FAULT(0, "}"), FAULT(1, "{1:1}"), FAULT(1, "{a:1}"), FAULT(1, "{'a':1}"), FAULT(1, "{null:1}"),
	FAULT(4, "{\"a\""), FAULT(5, "{\"a\":"), FAULT(4, "{\"a\"}"), FAULT(5, "{\"a\":}"), FAULT(6, "{\"a\":1"), FAULT(7, "{\"a\":1,"),
	FAULT(7, "{\"a\":1,}"), FAULT(1, "{,\"a\":1}"), FAULT(7, "{\"a\":1,,\"b\":1}"), FAULT(5, "{\"a\" 1}"), FAULT(5, "{\"a\"::1}"),
	FAULT(4, "{\"a\"=1}"), FAULT(4, "{\"a\",1}"), FAULT(6, "{\"a\":1]"), FAULT(7, "{\"a\":1}}"), FAULT(7, "{\"a\":1 \"b\":2}"),
	FAULT(6, "{\"a\":1:2}"), FAULT(7, "{\"a\":1,;}"), FAULT(1, "{[]:1}"), FAULT(1, "{{}}"), FAULT(1, "{]"),
	FAULT(7, "{\"a\":1,\"a\":2}"), FAULT(7, "{\"a\":1,\"a\":1}"), FAULT(7, "{\"a\":1,\"\\u0061\":2}"), FAULT(6, "{\"\":1,\"\":1}"),
	FAULT(14, "{\"a\":{\"b\":1}, \"a\":1}"), FAULT(12, "{\"a\":{\"b\":1,\"b\":1}}"),
	FAULT(13, "[1,{\"k\":[{}],\"k\":0}]"),
	FAULT(9, "{\"\xc3\xa9\":1, \"\\u00e9\":1}"), FAULT(2, "{\"\xff\":1}"), FAULT(2, "{\"\n\":1}"), FAULT(2, "{\"\\ud800\":1}"),
};
/* clang-format on */

const size_t json_case_count = sizeof json_cases / sizeof json_cases[0];
