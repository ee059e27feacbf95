/*
 * Checks and limits of the catalogue, on rows.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/file.h"
#include "credit/check.h"
#include "credit/feed.h"

/* 2023-11-15 in UTC and already the 16th where the network is. */
#define RECEIVED INT64_C(1700070000000000)
#define CODE "914403001922038216"

#define FIELD(number, name, type, more)                                        \
	"{\"number\":" number ",\"name\":\"" name "\",\"zh\":\"列" name        \
	"\",\"type\":\"" type "\",\"class\":\"public\"" more "}"
#define RULE(id)                                                               \
	"{\"id\":\"" id                                                        \
	"\",\"severity\":\"warn\",\"zh\":\"规则\",\"en\":\"" id "\"}"
#define HEAD                                                                                                                                       \
	"{\"catalogue\":\"c\",\"version\":1,\"categories\":[{\"number\":1,"                                                                        \
	"\"zh\":\"类\"}],\"rules\":[" RULE("order") "," RULE("most") "," RULE("sum") "," RULE("given") "," RULE("any") "," RULE("known") "," RULE( \
	    "range") "," RULE("pattern") "," RULE("too_"                                                                                           \
						  "short") "," RULE("not_in_"                                                                      \
								    "divisio"                                                                      \
								    "n") "],"                                                                      \
									 "\"c"                                                                     \
									 "ode"                                                                     \
									 "_li"                                                                     \
									 "sts"                                                                     \
									 "\":"                                                                     \
									 "[{"                                                                      \
									 "\"n"                                                                     \
									 "ame"                                                                     \
									 "\":"                                                                     \
									 "\"p"                                                                     \
									 "rov"                                                                     \
									 "inc"                                                                     \
									 "e\""                                                                     \
									 ",\""                                                                     \
									 "cod"                                                                     \
									 "es"                                                                      \
									 "\":"                                                                     \
									 "[{"                                                                      \
									 "\"c"                                                                     \
									 "ode"                                                                     \
									 "\":"                                                                     \
									 "\"4"                                                                     \
									 "4\""                                                                     \
									 ","                                                                       \
									 "\"z"                                                                     \
									 "h\""                                                                     \
									 ":\""                                                                     \
									 "广"                                                                     \
									 "东"                                                                     \
									 "\"}"                                                                     \
									 ",{"                                                                      \
									 "\"c"                                                                     \
									 "ode"                                                                     \
									 "\":"                                                                     \
									 "\"3"                                                                     \
									 "1\""                                                                     \
									 ",\""                                                                     \
									 "zh"                                                                      \
									 "\":"                                                                     \
									 "\""                                                                      \
									 "上"                                                                     \
									 "海"                                                                     \
									 "\"}"                                                                     \
									 "]},"                                                                     \
									 "{\""                                                                     \
									 "nam"                                                                     \
									 "e\""                                                                     \
									 ":\""                                                                     \
									 "div"                                                                     \
									 "isi"                                                                     \
									 "on"                                                                      \
									 "\","                                                                     \
									 "\"c"                                                                     \
									 "ode"                                                                     \
									 "s\""                                                                     \
									 ":[{"                                                                     \
									 "\"c"                                                                     \
									 "ode"                                                                     \
									 "\":"                                                                     \
									 "\"4"                                                                     \
									 "403"                                                                     \
									 "\","                                                                     \
									 "\"z"                                                                     \
									 "h\""                                                                     \
									 ":"                                                                       \
									 "\""                                                                      \
									 "深"                                                                     \
									 "圳"                                                                     \
									 "市"                                                                     \
									 "\"}"                                                                     \
									 ",{"                                                                      \
									 "\"c"                                                                     \
									 "ode"                                                                     \
									 "\":"                                                                     \
									 "\"3"                                                                     \
									 "101"                                                                     \
									 "\","                                                                     \
									 "\"z"                                                                     \
									 "h\""                                                                     \
									 ":\""                                                                     \
									 "上"                                                                     \
									 "海"                                                                     \
									 "市"                                                                     \
									 "\"}"                                                                     \
									 "]}]"                                                                     \
									 ",\""                                                                     \
									 "ite"                                                                     \
									 "ms"                                                                      \
									 "\":"                                                                     \
									 "["
#define ITEM(number, fields, checks)                                           \
	"{\"number\":" number ",\"category\":1,\"zh\":\"项\",\"provider\":"   \
	"{\"zh\":\"部门\"},\"mode\":\"national\",\"cadence\":\"daily\","     \
	"\"fields\":[" fields "]" checks "}"

#define FIELDS                                                                 \
	FIELD("1", "from", "date", ",\"max_value\":\"today\"")                 \
	"," FIELD("2", "until", "date", "") "," FIELD(                         \
	    "3", "year", "year", "") "," FIELD("4", "total", "money",          \
	    ",\"min_value\":\"0\"") "," FIELD("5", "a", "money",               \
	    "") "," FIELD("6", "b", "money", "") "," FIELD("7", "flag",        \
	    "boolean", "") "," FIELD("8", "site", "text",                      \
	    ",\"pattern\":\"w\\\\.[a-z]+\"") "," FIELD("9", "note", "text",    \
	    ",\"required\":true,\"min_length\":2") "," FIELD("10", "division", \
	    "text", "") "," FIELD("11", "who", "uscc", "")

#define CHECKS                                                                 \
	",\"checks\":["                                                        \
	"{\"id\":\"order\",\"rule\":\"before_or_equal\",\"severity\":"         \
	"\"reject\",\"fields\":[\"from\",\"until\"]},"                         \
	"{\"id\":\"order\",\"rule\":\"before_or_equal\",\"severity\":"         \
	"\"warn\",\"fields\":[\"year\",\"until\"]},"                           \
	"{\"id\":\"most\",\"rule\":\"at_most\",\"severity\":\"warn\","         \
	"\"fields\":[\"a\",\"total\"]},"                                       \
	"{\"id\":\"sum\",\"rule\":\"sum_of\",\"severity\":\"warn\","           \
	"\"fields\":[\"total\",\"a\",\"b\"],\"slack\":1},"                     \
	"{\"id\":\"given\",\"rule\":\"present_if\",\"severity\":\"warn\","     \
	"\"fields\":[\"site\",\"flag\"],\"equals\":\"是\"},"                  \
	"{\"id\":\"known\",\"rule\":\"registered\",\"severity\":\"warn\","     \
	"\"fields\":[]}]"

static struct catalog *catalog;
static struct buf heard;

static void
hear(void *context, const struct feed_row *row)
{
	size_t i;

	(void)context;
	buf_text(&heard, row->accepted ? "in" : "out");
	for (i = 0; i < row->finding_count; i++)
		buf_print(&heard, " %s:%s", row->findings[i].field,
		    row->findings[i].rule);
}

static void
assert_row(uint32_t item, const char *json, const char *expected)
{
	struct feed_settings settings = {.catalog = catalog,
	    .item = catalog_find_item(catalog, item),
	    .format = FEED_NDJSON,
	    .received_us = RECEIVED,
	    .row = hear};
	struct feed_reader *reader = feed_reader_new(&settings);
	struct buf line = {0};

	buf_print(&line, "{\"uscc\":\"" CODE "\",\"note\":\"好的\",%s}", json);
	buf_reset(&heard);
	assert_int_equal(feed_reader_feed(reader, buf_span(&line)), ERR_OK);
	assert_int_equal(feed_reader_end(reader), ERR_OK);
	assert_string_equal(buf_cstr(&heard), expected);
	feed_reader_free(reader);
	buf_release(&line);
}

static int
open_catalog(void **state)
{
	struct why why = {""};

	(void)state;
	catalog = catalog_parse(
	    span_of(HEAD ITEM("1", FIELDS, CHECKS) "," ITEM("1001",
		FIELD("1", "note", "text", "") "," FIELD(
		    "2", "division", "text", ""),
		",\"division\":\"44\"") "]}"),
	    &why);
	if (catalog == NULL)
		print_error("%s\n", why.text);
	return catalog != NULL ? 0 : -1;
}

static int
close_catalog(void **state)
{
	(void)state;
	catalog_free(catalog);
	buf_release(&heard);
	return 0;
}

static void
dates_are_put_in_order(void **state)
{
	(void)state;

	assert_row(1, "\"from\":\"20230101\",\"until\":\"2023-01-01\"", "in");
	assert_row(1, "\"from\":\"2023/1/2\",\"until\":\"2023-01-01\"",
	    "out from:order");
	assert_row(1, "\"year\":\"2023\",\"until\":\"2023-01-01\"", "in");
	assert_row(
	    1, "\"year\":\"2024\",\"until\":\"2023-12-31\"", "in year:order");
	assert_row(1, "\"from\":\"2023-01-02\"", "in");
}

static void
amounts_are_compared_exactly(void **state)
{
	(void)state;

	assert_row(1, "\"total\":\"9\",\"a\":\"10\"", "in a:most");
	assert_row(1,
	    "\"total\":\"1000000000000000.01\",\"a\":"
	    "\"1000000000000000.01\"",
	    "in");
	assert_row(1, "\"total\":\"3\",\"a\":\"1\",\"b\":\"1\"", "in");
	assert_row(
	    1, "\"total\":\"3.01\",\"a\":\"1\",\"b\":\"1\"", "in total:sum");
	assert_row(1, "\"total\":\"1\",\"a\":\"-5\",\"b\":\"6\"", "in");
}

static void
a_field_may_ask_for_another(void **state)
{
	(void)state;

	assert_row(1, "\"flag\":\"是\"", "in site:given");
	assert_row(1, "\"flag\":true,\"site\":\"w.com\"", "in");
	assert_row(1, "\"flag\":false", "in");
}

static void
values_have_limits(void **state)
{
	(void)state;

	assert_row(1, "\"from\":\"2023-11-16\"", "in");
	assert_row(1, "\"from\":\"2023-11-17\"", "in from:range");
	assert_row(1, "\"total\":\"-0.01\"", "in total:range");
	assert_row(1, "\"site\":\"x.com\"", "in site:pattern");
	/* Its faulty value does not count as one that is missing. */
	assert_row(1, "\"flag\":\"1\",\"site\":\"x.com\"", "in site:pattern");
}

static void
a_required_value_out_of_its_limits_rejects_the_row(void **state)
{
	struct feed_settings settings = {.catalog = catalog,
	    .item = catalog_find_item(catalog, 1),
	    .format = FEED_CSV,
	    .received_us = RECEIVED,
	    .row = hear};
	struct feed_reader *reader = feed_reader_new(&settings);

	(void)state;
	buf_reset(&heard);
	assert_int_equal(
	    feed_reader_feed(reader,
		span_of("uscc,note,_line,_corrects\n" CODE ",一,7,3:7\n")),
	    ERR_OK);
	assert_int_equal(feed_reader_end(reader), ERR_OK);

	assert_string_equal(buf_cstr(&heard), "out note:too_short");
	assert_null(feed_reader_unknown(reader, 0));
	assert_true(
	    span_is(feed_reader_header(reader), "uscc,note,_line,_corrects"));
	feed_reader_free(reader);
}

static void
a_withdrawal_is_not_checked(void **state)
{
	(void)state;

	assert_row(1,
	    "\"_action\":\"delete\",\"from\":\"2023-01-02\",\"until\":"
	    "\"2023-01-01\"",
	    "in");
}

static void
a_provinces_own_item_takes_its_own_subjects(void **state)
{
	(void)state;

	assert_row(1001, "\"division\":\"4403\"", "in");
	assert_row(1001, "\"division\":\"3101\"", "out uscc:not_in_division");
	assert_string_equal(catalog_find_item(catalog, 1001)->division, "44");
	assert_string_equal(catalog_find_item(catalog, 1)->division, "");
}

static void
assert_refused(const char *fields, const char *checks, const char *said)
{
	struct why why = {""};
	struct buf buf = {0};
	struct catalog *refused;

	buf_print(&buf,
	    HEAD "{\"number\":1,\"category\":1,\"zh\":\"项\",\"provider\":{"
		 "\"zh\":\"部\"},\"mode\":\"national\",\"cadence\":\"daily\","
		 "\"fields\":[%s]%s}]}",
	    fields, checks);
	refused = catalog_parse(buf_span(&buf), &why);
	if (refused != NULL || strstr(why.text, said) == NULL)
		fail_msg("%s: said \"%s\", not \"%s\"", checks, why.text, said);
	buf_release(&buf);
}

static void
checks_that_say_nothing_clear_are_refused(void **state)
{
#define CHECK(text) ",\"checks\":[{" text "}]"
	(void)state;

	assert_refused(FIELDS,
	    CHECK("\"id\":\"unheard\",\"rule\":\"any_of\","
		  "\"severity\":\"warn\",\"fields\":[\"a\",\"b\"]"),
	    "its rule is not in rules");
	assert_refused(FIELDS,
	    CHECK("\"id\":\"any\",\"rule\":\"any_off\","
		  "\"severity\":\"warn\",\"fields\":[\"a\",\"b\"]"),
	    "rule");
	assert_refused(FIELDS,
	    CHECK("\"id\":\"any\",\"rule\":\"any_of\","
		  "\"severity\":\"warn\",\"fields\":[\"a\",\"c\"]"),
	    "no such field");
	assert_refused(FIELDS,
	    CHECK("\"id\":\"any\",\"rule\":\"any_of\","
		  "\"severity\":\"mild\",\"fields\":[\"a\",\"b\"]"),
	    "severity");
	assert_refused(FIELDS,
	    CHECK("\"id\":\"any\",\"rule\":\"any_of\",\"x\":1,"
		  "\"severity\":\"warn\",\"fields\":[\"a\",\"b\"]"),
	    "unknown member");
	assert_refused(FIELDS,
	    CHECK("\"id\":\"order\",\"rule\":"
		  "\"before_or_equal\",\"severity\":\"warn\","
		  "\"fields\":[\"a\",\"until\"]"),
	    "not the fields");
	assert_refused(FIELDS,
	    CHECK("\"id\":\"given\",\"rule\":\"present_if\","
		  "\"severity\":\"warn\",\"fields\":[\"a\",\"b\"]"),
	    "equals");
	assert_refused(FIELDS,
	    CHECK("\"id\":\"given\",\"rule\":\"present_if\","
		  "\"severity\":\"warn\",\"fields\":[\"a\",\"flag\"],"
		  "\"equals\":\"perhaps\""),
	    "not a value of the field");
	assert_refused(FIELDS,
	    CHECK("\"id\":\"known\",\"rule\":\"registered\","
		  "\"severity\":\"reject\",\"fields\":[]"),
	    "severity");
	assert_refused(FIELDS, ",\"division\":\"44\"", "1001");
}

static void
limits_that_say_nothing_clear_are_refused(void **state)
{
	(void)state;

	assert_refused(FIELD("1", "a", "text", ",\"min_value\":\"1\""), "",
	    "only dates and numbers");
	assert_refused(FIELD("1", "a", "integer", ",\"min_value\":\"1.5\""), "",
	    "not a value of the field");
	assert_refused(FIELD("1", "a", "integer", ",\"max_value\":\"today\""),
	    "", "not a value of the field");
	assert_refused(
	    FIELD("1", "a", "integer", ",\"min_value\":1"), "", "not a text");
	assert_refused(FIELD("1", "a", "date", ",\"pattern\":\"a\""), "",
	    "only texts have it");
	assert_refused(FIELD("1", "a", "text", ",\"pattern\":\"(a)\""), "",
	    "not a pattern");
	assert_refused(FIELD("1", "a", "text", ",\"max\":3,\"min_length\":4"),
	    "", "min_length");
}

/* Whatever the program may say of a row, the network's catalogue explains in
 * both languages. */
static void
every_rule_is_explained(void **state)
{
	static const char *const ids[] = {"uscc_length", "uscc_old_number",
	    "uscc_character", "uscc_check_digit", "uscc_province",
	    "uscc_organisation", "uscc_division", "type_text", "type_code",
	    "type_date", "type_month", "type_year", "type_integer",
	    "type_decimal", "type_money", "type_boolean", "type_uscc",
	    "too_long", "code_list", "required", "too_short", "pattern",
	    "range", "column_count", "row_broken", "not_json", "encoding",
	    "key_too_long", "duplicate_key", "not_in_division", NULL};
	struct buf text = {0};
	struct why why = {""};
	struct catalog *national;
	const struct rule *rule;
	size_t i;

	(void)state;
	if (file_read("deploy/catalogue/catalogue.json", 8 << 20, &text,
		&why) != ERR_OK)
		skip();
	national = catalog_parse(buf_span(&text), &why);
	if (national == NULL)
		fail_msg("%s", why.text);

	for (i = 0; ids[i] != NULL; i++) {
		rule = catalog_find_rule(national, ids[i]);
		if (rule == NULL || *rule->zh == '\0' || *rule->en == '\0')
			fail_msg("not explained: %s", ids[i]);
	}
	catalog_free(national);
	buf_release(&text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(dates_are_put_in_order),
	    cmocka_unit_test(amounts_are_compared_exactly),
	    cmocka_unit_test(a_field_may_ask_for_another),
	    cmocka_unit_test(values_have_limits),
	    cmocka_unit_test(
		a_required_value_out_of_its_limits_rejects_the_row),
	    cmocka_unit_test(a_withdrawal_is_not_checked),
	    cmocka_unit_test(a_provinces_own_item_takes_its_own_subjects),
	    cmocka_unit_test(checks_that_say_nothing_clear_are_refused),
	    cmocka_unit_test(limits_that_say_nothing_clear_are_refused),
	    cmocka_unit_test(every_rule_is_explained),
	};

	return cmocka_run_group_tests(tests, open_catalog, close_catalog);
}
