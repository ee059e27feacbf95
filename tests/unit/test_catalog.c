/*
 * The catalogue: what it says, and what it refuses to say.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/file.h"
#include "credit/catalog.h"
#include "credit/question.h"
#include "tests/unit/sample_list.h"

static struct catalog *
sample(void)
{
	struct why why = {""};
	struct catalog *catalog;

	catalog = catalog_parse(span_of(SAMPLE_CATALOG), &why);
	assert_string_equal(why.text, "");
	assert_non_null(catalog);
	return catalog;
}

/* The sample with its first `from` replaced by `to`. */
static struct catalog *
altered(const char *from, const char *to, struct why *why)
{
	const char *at = strstr(SAMPLE_CATALOG, from);
	struct catalog *catalog;
	struct buf buf = {0};

	assert_non_null(at);
	buf_add(&buf, SAMPLE_CATALOG, (size_t)(at - SAMPLE_CATALOG));
	buf_text(&buf, to);
	buf_text(&buf, at + strlen(from));
	catalog = catalog_parse(buf_span(&buf), why);
	buf_release(&buf);
	return catalog;
}

static void
assert_refused(const char *from, const char *to, const char *said)
{
	struct why why = {""};
	struct catalog *catalog = altered(from, to, &why);

	if (catalog != NULL)
		fail_msg("accepted: %s", to);
	if (strstr(why.text, said) == NULL)
		fail_msg("%s: said \"%s\", not \"%s\"", to, why.text, said);
}

static void
items_and_fields_come_out_as_written(void **state)
{
	struct catalog *catalog = sample();
	const struct item *item = catalog_find_item(catalog, 8);
	size_t count;

	(void)state;

	assert_int_equal(catalog_version(catalog), 3);
	catalog_items(catalog, &count);
	assert_int_equal(count, 2);
	assert_string_equal(item->zh, "行政许可");
	assert_string_equal(item->provider_zh, "各部门");
	assert_true(item->needs_consent);
	assert_true(item->is_negative);
	assert_int_equal(item->retention_years, 5);
	assert_string_equal(item->retention_from, "valid_to");
	assert_int_equal(item->key_count, 2);
	assert_int_equal(item->key[1], 1);
	assert_int_equal(item->fields[2].number, 4);
	assert_string_equal(item->fields[2].codes->name, "level");
	assert_null(catalog_find_item(catalog, 2));
	catalog_free(catalog);
}

static void
a_column_is_found_by_name_alias_or_chinese_name(void **state)
{
	struct catalog *catalog = sample();
	const struct item *item = catalog_find_item(catalog, 1);
	const struct field *name = &item->fields[0];

	(void)state;

	assert_ptr_equal(item_find_field(item, span_of("name")), name);
	assert_ptr_equal(item_find_field(item, span_of(" NAME ")), name);
	assert_ptr_equal(item_find_field(item, span_of("企业名称")), name);
	assert_ptr_equal(item_find_field(item, span_of("名称\t")), name);
	assert_ptr_equal(item_find_field(item, span_of("ｅｎｔ(name)")), name);
	assert_null(item_find_field(item, span_of("nam")));
	assert_null(item_find_field(item, span_of("")));
	assert_ptr_equal(item_find_number(item, 1), name);
	assert_non_null(catalog_find_common(catalog, span_of("CODE")));
	assert_int_equal(
	    catalog_find_common(catalog, span_of("来源记录号"))->number,
	    CATALOG_SOURCE_NUMBER);
	catalog_free(catalog);
}

static void
a_code_is_found_by_each_of_its_names(void **state)
{
	struct catalog *catalog = sample();
	const struct code_list *list = catalog_find_codes(catalog, "division");
	const char *const names[] = {
	    "1101", "北京市", " 北京", "1100", "１１０２", NULL};
	size_t i;

	(void)state;

	for (i = 0; names[i] != NULL; i++)
		assert_string_equal(
		    code_list_find(list, span_of(names[i]))->code, "1101");
	assert_string_equal(
	    code_list_find(list, span_of("guangZHOU"))->code, "4401");
	assert_null(code_list_find(list, span_of("9999")));
	assert_null(code_list_find(list, span_of("")));
	catalog_free(catalog);
}

static void
a_name_of_two_codes_finds_neither(void **state)
{
	struct catalog *catalog = sample();
	const struct code_list *list = catalog_find_codes(catalog, "division");

	(void)state;

	assert_null(code_list_find(list, span_of("朝阳")));
	assert_string_equal(
	    code_list_find(list, span_of("朝阳市"))->code, "2113");
	catalog_free(catalog);
}

static void
consent_of_the_item_protects_every_field(void **state)
{
	struct catalog *catalog = sample();
	const struct item *base = catalog_find_item(catalog, 1);
	const struct item *permits = catalog_find_item(catalog, 8);

	(void)state;

	assert_false(item_protects(base, &base->fields[0]));
	assert_true(item_protects(base, &base->fields[3]));
	assert_true(item_protects(permits, &permits->fields[0]));
	catalog_free(catalog);
}

static void
unknown_members_are_refused_at_every_level(void **state)
{
	(void)state;

	assert_refused("\"version\":3", "\"version\":3,\"x\":1", "unknown");
	assert_refused(
	    "\"zh\":\"登记注册\"", "\"zh\":\"a\",\"x\":1", "unknown");
	assert_refused("\"id\":", "\"x\":1,\"id\":", "unknown");
	assert_refused("\"codes\":[", "\"x\":1,\"codes\":[", "unknown");
	assert_refused("\"code\":\"11\"", "\"code\":\"11\",\"x\":1", "unknown");
	assert_refused(
	    "\"name\":\"uscc\"", "\"name\":\"uscc\",\"x\":1", "unknown");
	assert_refused("\"cadence\":\"daily\"", "\"cadence\":\"daily\",\"x\":1",
	    "unknown");
	assert_refused(
	    "\"max\":60", "\"max\":60,\"klass\":\"public\"", "item 1");
	assert_refused("\"years\":5", "\"years\":5,\"x\":1", "unknown");
}

static void
class_and_type_have_no_default(void **state)
{
	(void)state;

	assert_refused(
	    "\"type\":\"text\",\"class\":\"public\",\"required\":true,\"max\"",
	    "\"type\":\"text\",\"required\":true,\"max\"", "class: missing");
	assert_refused(
	    "\"type\":\"text\",\"class\":\"public\",\"required\":true,\"max\"",
	    "\"class\":\"public\",\"required\":true,\"max\"", "type: missing");
	assert_refused("\"class\":\"personal\"", "\"class\":\"private\"",
	    "class: not one of");
}

static void
what_is_there_twice_is_refused(void **state)
{
	(void)state;

	assert_refused("\"number\":8,\"category\"", "\"number\":1,\"category\"",
	    "ascending");
	assert_refused("\"number\":2,\"name\":\"established\"",
	    "\"number\":1,\"name\":\"established\"", "ascending");
	assert_refused(
	    "\"name\":\"ent_type\"", "\"name\":\"established\"", "another");
	assert_refused("\"reg_date\"", "\"Name\"", "another");
	assert_refused("\"reg_date\"", "\"CODE\"", "another");
	assert_refused("\"zh\":\"类型\"", "\"zh\":\"企业名称\"", "another");
	assert_refused("\"name\":\"level\"", "\"name\":\"currency\"", "twice");
	assert_refused("\"code\":\"B\"", "\"code\":\"a\"", "twice");
	assert_refused("\"3102\"", "\"1102\"", "twice");
	assert_refused("\"uscc_division\"", "\"uscc_length\"", "twice");
}

static void
what_is_referred_to_must_exist(void **state)
{
	(void)state;

	assert_refused(
	    "\"codes\":\"level\"", "\"codes\":\"nothing\"", "no such code");
	assert_refused("\"document\",\"decided\"", "\"document\",\"x\"", "key");
	assert_refused(
	    "\"document\",\"decided\"", "\"document\",\"valid_to\"", "key");
	assert_refused(
	    "\"document\",\"decided\"", "\"document\",\"document\"", "twice");
	assert_refused(
	    "\"from\":\"valid_to\"", "\"from\":\"end\"", "retention.from");
	assert_refused("\"currency_to\":\"currency\"",
	    "\"currency_to\":\"established\"", "currency_to");
	assert_refused("\"category\":1", "\"category\":2", "category");
}

static void
values_out_of_shape_are_refused(void **state)
{
	(void)state;

	assert_refused("\"version\":3", "\"version\":0", "version");
	assert_refused("\"version\":3", "\"version\":\"3\"", "version");
	assert_refused("2026-11-01", "2026-13-01", "issued");
	assert_refused("\"max\":60", "\"max\":0", "max");
	assert_refused(
	    "\"type\":\"date\"", "\"type\":\"date\",\"max\":9", "max");
	assert_refused("\"unit\":\"wan\"", "\"unit\":\"usd\"", "unit");
	assert_refused("\"required\":true", "\"required\":\"yes\"", "required");
	assert_refused("\"number\":8,", "\"number\":60001,", "number");
	assert_refused("\"number\":10,", "\"number\":1001,", "number");
	assert_refused(
	    "\"name\":\"address\"", "\"name\":\"Address\"", "not a name");
	assert_refused(
	    "\"cadence\":\"daily\"", "\"cadence\":\"hourly\"", "cadence");
}

static void
precedence_names_members_once(void **state)
{
	struct why why = {""};
	struct catalog *catalog = altered("\"category\":1",
	    "\"category\":1,\"precedence\":[\"A1\",\"A*\"]", &why);
	const struct item *item;
	size_t count;

	(void)state;
	assert_non_null(catalog);
	item = catalog_items(catalog, &count);
	assert_string_equal(item->precedence[0], "A1");
	assert_string_equal(item->precedence[1], "A*");
	assert_null(item->precedence[2]);
	catalog_free(catalog);
	assert_refused("\"category\":1",
	    "\"category\":1,\"precedence\":[\"A*\",\"A1\"]", "covers");
	assert_refused("\"category\":1",
	    "\"category\":1,\"precedence\":[\"A1\",\"A1\"]", "covers");
	assert_refused("\"category\":1",
	    "\"category\":1,\"precedence\":[\"*\"]", "precedence");
	assert_refused("\"category\":1",
	    "\"category\":1,\"precedence\":[\"a,b\"]", "precedence");
	assert_refused("\"category\":1", "\"category\":1,\"precedence\":\"A1\"",
	    "precedence");
}

static void
items_without_precedence_have_their_categorys(void **state)
{
	struct why why = {""};
	struct catalog *catalog = altered("\"categories\":[{",
	    "\"categories\":[{\"precedence\":[\"B\"],", &why);
	const struct item *item;
	size_t count;

	(void)state;
	assert_non_null(catalog);
	item = catalog_items(catalog, &count);
	assert_string_equal(item->precedence[0], "B");
	catalog_free(catalog);
}

static void
members_of_reports_are_no_field_names(void **state)
{
	(void)state;

	assert_refused("\"name\":\"ent_type\"", "\"name\":\"state\"",
	    "state and source_number are members");
	assert_refused("\"name\":\"ent_type\"", "\"name\":\"source_number\"",
	    "state and source_number are members");
}

/* A catalogue of `count` items with one field each. */
static struct catalog *
catalog_of(unsigned count, struct why *why)
{
	struct catalog *catalog;
	struct buf buf = {0};
	unsigned i;

	buf_text(&buf, "{\"catalogue\":\"many\",\"version\":1,"
		       "\"categories\":[{\"number\":1,\"zh\":\"a\"}],"
		       "\"items\":[");
	for (i = 1; i <= count; i++)
		buf_print(&buf,
		    "%s{\"number\":%u,\"category\":1,\"zh\":\"b\","
		    "\"provider\":{\"zh\":\"c\"},\"mode\":\"local\","
		    "\"cadence\":\"daily\",\"fields\":[{\"number\":1,"
		    "\"name\":\"d\",\"zh\":\"e\",\"type\":\"text\","
		    "\"class\":\"public\"}]}",
		    i > 1 ? "," : "", i);
	buf_text(&buf, "]}");
	catalog = catalog_parse(buf_span(&buf), why);
	buf_release(&buf);
	return catalog;
}

static void
a_catalogue_has_no_more_items_than_a_permit_holds(void **state)
{
	struct why why = {""};
	struct catalog *catalog;

	(void)state;

	catalog = catalog_of(QUESTION_ITEMS_MAX, &why);
	assert_string_equal(why.text, "");
	assert_non_null(catalog);
	catalog_free(catalog);
	assert_null(catalog_of(QUESTION_ITEMS_MAX + 1, &why));
	assert_non_null(strstr(why.text, "items: more than 256"));
}

static void
the_deployed_catalogue_is_accepted(void **state)
{
	struct catalog *catalog;
	struct why why = {""};
	struct buf buf = {0};
	size_t count;

	(void)state;
	if (file_read("deploy/catalogue/catalogue.json", 8 << 20, &buf, &why) !=
	    ERR_OK)
		skip();

	catalog = catalog_parse(buf_span(&buf), &why);

	assert_string_equal(why.text, "");
	catalog_items(catalog, &count);
	assert_int_equal(count, 37);
	catalog_categories(catalog, &count);
	assert_int_equal(count, 17);
	catalog_free(catalog);
	buf_release(&buf);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(items_and_fields_come_out_as_written),
	    cmocka_unit_test(a_column_is_found_by_name_alias_or_chinese_name),
	    cmocka_unit_test(a_code_is_found_by_each_of_its_names),
	    cmocka_unit_test(a_name_of_two_codes_finds_neither),
	    cmocka_unit_test(consent_of_the_item_protects_every_field),
	    cmocka_unit_test(unknown_members_are_refused_at_every_level),
	    cmocka_unit_test(class_and_type_have_no_default),
	    cmocka_unit_test(what_is_there_twice_is_refused),
	    cmocka_unit_test(what_is_referred_to_must_exist),
	    cmocka_unit_test(values_out_of_shape_are_refused),
	    cmocka_unit_test(precedence_names_members_once),
	    cmocka_unit_test(items_without_precedence_have_their_categorys),
	    cmocka_unit_test(members_of_reports_are_no_field_names),
	    cmocka_unit_test(a_catalogue_has_no_more_items_than_a_permit_holds),
	    cmocka_unit_test(the_deployed_catalogue_is_accepted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
