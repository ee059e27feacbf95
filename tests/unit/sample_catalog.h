/*
 * sample_catalog: four small items that differ in what they protect.
 *
 * 1: public and protected fields; 2: public only; 3: needs consent, though
 * its fields are public; 4: protected fields only.  1 and 2 are of category
 * 1, 3 and 4 of category 2.
 */
#ifndef TESTS_SAMPLE_CATALOG_H
#define TESTS_SAMPLE_CATALOG_H

#define SAMPLE_ITEM(number, category, consent, key, fields)                    \
	"{\"number\":" number ",\"category\":" category ",\"zh\":\"项" number  \
	"\",\"en\":\"item " number "\",\"provider\":{\"zh\":\"部门" number     \
	"\",\"en\":\"d\"},"                                                    \
	"\"mode\":\"national\",\"consent\":" consent ",\"cadence\":\"daily\"," \
	"\"key\":[" key "],\"fields\":[" fields "]}"

#define SAMPLE_FIELD(number, name, type, class)                                \
	"{\"number\":" number ",\"name\":\"" name "\",\"zh\":\"列" name        \
	"\",\"en\":\"" name "\",\"type\":\"" type                              \
	"\",\"class\":\"" class "\",\"required\":true}"

static const char sample_catalog[] =
    "{\"catalogue\":\"sample\",\"version\":1,\"issued\":\"2026-11-01\","
    "\"categories\":[{\"number\":1,\"zh\":\"甲\",\"en\":\"a\"},"
    "{\"number\":2,\"zh\":\"乙\",\"en\":\"b\"}],"
    "\"rules\":[],\"code_lists\":[],"
    "\"common\":[{\"name\":\"uscc\",\"zh\":\"统一社会信用代码\",\"en\":"
    "\"uscc\",\"type\":\"uscc\",\"required\":true}],\"items\":["
    /* clang-format off */
    SAMPLE_ITEM("1", "1", "false", "\"name\"",
	SAMPLE_FIELD("1", "name", "text", "public") ","
	SAMPLE_FIELD("2", "phone", "text", "personal") ","
	SAMPLE_FIELD("3", "turnover", "money", "restricted") ","
	SAMPLE_FIELD("4", "staff", "integer", "public") ","
	SAMPLE_FIELD("5", "listed", "boolean", "public")) ","
    SAMPLE_ITEM("2", "1", "false", "\"day\"",
	SAMPLE_FIELD("1", "day", "date", "public") ","
	SAMPLE_FIELD("7", "score", "decimal", "public")) ","
    SAMPLE_ITEM("3", "2", "true", "\"year\"",
	SAMPLE_FIELD("1", "tax", "money", "public") ","
	SAMPLE_FIELD("2", "year", "year", "public")) ","
    SAMPLE_ITEM("4", "2", "false", "\"person\"",
	SAMPLE_FIELD("1", "person", "text", "personal"))
    /* clang-format on */
    "]}";

#endif
