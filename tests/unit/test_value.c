/*
 * Cells as they come, made canonical.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "credit/value.h"
#include "tests/unit/sample_list.h"

struct sample {
	const char *raw, *canonical; /* canonical NULL: a fault */
	enum value_fault fault;
};

static void
assert_values(const struct field *field, const struct sample *samples)
{
	struct buf out = {0};
	enum value_fault fault;

	for (; samples->raw != NULL; samples++) {
		buf_reset(&out);
		buf_text(&out, "#");
		fault =
		    value_normalise(field, span_of(samples->raw), &out, NULL);
		if (samples->canonical != NULL && fault != VALUE_OK)
			fail_msg("%s: fault %d", samples->raw, (int)fault);
		if (samples->canonical == NULL) {
			assert_string_equal(buf_cstr(&out), "#");
			if (fault != samples->fault)
				fail_msg("%s: fault %d, not %d", samples->raw,
				    (int)fault, (int)samples->fault);
			continue;
		}
		assert_string_equal(buf_cstr(&out) + 1, samples->canonical);
	}
	buf_release(&out);
}

static void
a_text_is_folded_and_trimmed(void **state)
{
	static const struct field field = {.type = FIELD_TEXT, .max = 5};
	static const struct sample samples[] = {{"甲公司", "甲公司", VALUE_OK},
	    {"　甲　公 司 ", "甲 公 司", VALUE_OK},
	    {"（Ａ＆Ｂ）", "(A&B)", VALUE_OK}, {"  a \t b ", "a b", VALUE_OK},
	    {"a\x1f"
	     "b",
		"ab", VALUE_OK},
	    {"一二三四五", "一二三四五", VALUE_OK},
	    {"一二三四五六", NULL, VALUE_TOO_LONG}, {NULL, NULL, VALUE_OK}};

	(void)state;
	assert_values(&field, samples);
}

static void
words_for_nothing_are_missing(void **state)
{
	static const struct field field = {.type = FIELD_TEXT, .max = 5};
	static const struct sample samples[] = {{"", NULL, VALUE_MISSING},
	    {" ", NULL, VALUE_MISSING}, {"N/A", NULL, VALUE_MISSING},
	    {"na", NULL, VALUE_MISSING}, {"Ｎ／Ａ", NULL, VALUE_MISSING},
	    {"无", NULL, VALUE_MISSING}, {"-", NULL, VALUE_MISSING},
	    {"—", NULL, VALUE_MISSING}, {"--", NULL, VALUE_MISSING},
	    {"NULL", NULL, VALUE_MISSING}, {"暂无", NULL, VALUE_MISSING},
	    {"不详", NULL, VALUE_MISSING}, {"无锡", "无锡", VALUE_OK},
	    {"0", "0", VALUE_OK}, {NULL, NULL, VALUE_OK}};

	(void)state;
	assert_values(&field, samples);
}

static void
dates_come_in_every_common_spelling(void **state)
{
	static const struct field field = {.type = FIELD_DATE};
	static const struct sample samples[] = {
	    {"2024-03-28", "2024-03-28", VALUE_OK},
	    {"20240328", "2024-03-28", VALUE_OK},
	    {"2024/3/8", "2024-03-08", VALUE_OK},
	    {"2024.3.28", "2024-03-28", VALUE_OK},
	    {"２０２４年３月２８日", "2024-03-28", VALUE_OK},
	    {"2024-03-28 00:00:00", "2024-03-28", VALUE_OK},
	    {"2024-03-28T10:20:30.5+08:00", "2024-03-28", VALUE_OK},
	    {"2024-02-29", "2024-02-29", VALUE_OK},
	    {"2023-02-29", NULL, VALUE_TYPE}, {"2024-13-01", NULL, VALUE_TYPE},
	    {"2024-03/28", NULL, VALUE_TYPE}, {"1799-01-01", NULL, VALUE_TYPE},
	    {"2201-01-01", NULL, VALUE_TYPE}, {"2024-03", NULL, VALUE_TYPE},
	    {"2024-03-28x", NULL, VALUE_TYPE}, {"24-03-28", NULL, VALUE_TYPE},
	    {"2024年3月28", NULL, VALUE_TYPE}, {"45000", NULL, VALUE_TYPE},
	    {NULL, NULL, VALUE_OK}};

	(void)state;
	assert_values(&field, samples);
}

static void
months_and_years_have_their_own_spellings(void **state)
{
	static const struct field month = {.type = FIELD_MONTH};
	static const struct field year = {.type = FIELD_YEAR};
	static const struct sample months[] = {{"2024-03", "2024-03", VALUE_OK},
	    {"202403", "2024-03", VALUE_OK}, {"2024年3月", "2024-03", VALUE_OK},
	    {"2024/3", "2024-03", VALUE_OK}, {"2024-13", NULL, VALUE_TYPE},
	    {"2024-00", NULL, VALUE_TYPE}, {"2024年3", NULL, VALUE_TYPE},
	    {"20243", NULL, VALUE_TYPE}, {NULL, NULL, VALUE_OK}};
	static const struct sample years[] = {{"2024", "2024", VALUE_OK},
	    {"2024年", "2024", VALUE_OK}, {"2024年度", "2024", VALUE_OK},
	    {"24", NULL, VALUE_TYPE}, {"20240", NULL, VALUE_TYPE},
	    {"1024", NULL, VALUE_TYPE}, {NULL, NULL, VALUE_OK}};

	(void)state;
	assert_values(&month, months);
	assert_values(&year, years);
}

static void
numbers_have_one_spelling(void **state)
{
	static const struct field whole = {.type = FIELD_INTEGER};
	static const struct field decimal = {.type = FIELD_DECIMAL};
	static const struct field share = {.type = FIELD_DECIMAL, .unit = "%"};
	static const struct sample wholes[] = {{"12", "12", VALUE_OK},
	    {"-0012", "-12", VALUE_OK}, {"-0", "0", VALUE_OK},
	    {"+1,234,567", "1234567", VALUE_OK}, {"12.00", "12", VALUE_OK},
	    {"123456789012345678", "123456789012345678", VALUE_OK},
	    {"1234567890123456789", NULL, VALUE_TYPE},
	    {"12.5", NULL, VALUE_TYPE}, {"1,23", NULL, VALUE_TYPE},
	    {"1234,567", NULL, VALUE_TYPE}, {"1e3", NULL, VALUE_TYPE},
	    {"12.", NULL, VALUE_TYPE}, {".", NULL, VALUE_TYPE},
	    {NULL, NULL, VALUE_OK}};
	static const struct sample decimals[] = {{"12.50", "12.5", VALUE_OK},
	    {"-0.00", "0", VALUE_OK}, {"1,234.5", "1234.5", VALUE_OK},
	    {"-00.25", "-0.25", VALUE_OK}, {".5", NULL, VALUE_TYPE},
	    {"1.2.3", NULL, VALUE_TYPE}, {"5%", NULL, VALUE_TYPE},
	    {"", NULL, VALUE_MISSING}, {NULL, NULL, VALUE_OK}};
	static const struct sample shares[] = {{"33.30％", "33.3", VALUE_OK},
	    {"%", NULL, VALUE_TYPE}, {NULL, NULL, VALUE_OK}};

	(void)state;
	assert_values(&whole, wholes);
	assert_values(&decimal, decimals);
	assert_values(&share, shares);
}

static void
booleans_and_codes_of_others(void **state)
{
	static const struct field boolean = {.type = FIELD_BOOLEAN};
	static const struct field uscc = {.type = FIELD_USCC};
	static const struct sample booleans[] = {{"是", "true", VALUE_OK},
	    {"Yes", "true", VALUE_OK}, {"0", "false", VALUE_OK},
	    {"否", "false", VALUE_OK}, {"maybe", NULL, VALUE_TYPE},
	    {NULL, NULL, VALUE_OK}};
	static const struct sample codes[] = {
	    {" 914403001922038216", "914403001922038216", VALUE_OK},
	    {"９１４４０３００１９２２０３８２１６", "914403001922038216",
		VALUE_OK},
	    {"914403001922038217", NULL, VALUE_TYPE}, {NULL, NULL, VALUE_OK}};

	(void)state;
	assert_values(&boolean, booleans);
	assert_values(&uscc, codes);
}

static void
a_listed_value_is_stored_as_its_code(void **state)
{
	static const struct sample samples[] = {{"A", "A", VALUE_OK},
	    {"b", "B", VALUE_OK}, {"甲级", "A", VALUE_OK},
	    {"一级", "A", VALUE_OK}, {"丙级", NULL, VALUE_NOT_LISTED},
	    {NULL, NULL, VALUE_OK}};
	struct catalog *catalog = catalog_parse(span_of(SAMPLE_CATALOG), NULL);
	const struct item *item = catalog_find_item(catalog, 8);

	(void)state;
	assert_values(item_find_field(item, span_of("level")), samples);
	catalog_free(catalog);
}

struct amount {
	const char *raw, *yuan, *currency; /* yuan NULL: a fault */
};

static void
assert_amounts(const struct field *field, const struct amount *amounts)
{
	enum value_fault fault;
	struct buf out = {0};
	char currency[4];

	for (; amounts->raw != NULL; amounts++) {
		buf_reset(&out);
		fault = value_normalise(
		    field, span_of(amounts->raw), &out, currency);
		if (amounts->yuan == NULL) {
			if (fault != VALUE_TYPE)
				fail_msg("%s is accepted", amounts->raw);
			continue;
		}
		if (fault != VALUE_OK)
			fail_msg("%s is refused", amounts->raw);
		assert_string_equal(buf_cstr(&out), amounts->yuan);
		assert_string_equal(currency, amounts->currency);
	}
	buf_release(&out);
}

static void
capital_comes_in_the_shapes_of_real_registrations(void **state)
{
	static const struct field field = {
	    .type = FIELD_MONEY, .in_wan = true, .currency_to = "currency"};
	static const struct amount amounts[] = {
	    {"100(万元人民币)", "1000000.00", "CNY"},
	    {"50(万元)", "500000.00", "CNY"}, {"100(万)", "1000000.00", "CNY"},
	    {"100万人民币", "1000000.00", "CNY"},
	    {"1000万元人民币", "10000000.00", "CNY"},
	    {"5(万人民币元)", "50000.00", "CNY"},
	    {"10(万美元)", "100000.00", "USD"},
	    {"200（万元）", "2000000.00", "CNY"},
	    {"30万元", "300000.00", "CNY"}, {"30()", "300000.00", "CNY"},
	    {"50(万元(人民币))", "500000.00", "CNY"},
	    {"100(人民币元)", "100.00", "CNY"},
	    {"5万人民币元", "50000.00", "CNY"},
	    {"3(万香港元)", "30000.00", "HKD"}, {"1万美元", "10000.00", "USD"},
	    {"2(万港币)", "20000.00", "HKD"}, {"7(万日元)", "70000.00", "JPY"},
	    {"8( 万人民币元)", "80000.00", "CNY"}, {"9万", "90000.00", "CNY"},
	    {"9(万元美元)", "90000.00", "USD"},
	    {"9(万元(港币))", "90000.00", "HKD"},
	    {"9(万欧元)", "90000.00", "EUR"}, {"9", "90000.00", "CNY"},
	    {"9(万德国马克)", "90000.00", "DEM"},
	    {"9(万英镑)", "90000.00", "GBP"}, {"9(元人民币)", "9.00", "CNY"},
	    {"9(万加元)", "90000.00", "CAD"},
	    {"9(万元日元)", "90000.00", "JPY"},
	    {"9(万新加坡元)", "90000.00", "SGD"},
	    {"9(万澳大利亚元)", "90000.00", "AUD"},
	    {"9(万瑞士法郎)", "90000.00", "CHF"},
	    {"2,800(万元)", "28000000.00", "CNY"},
	    {"１，０００．５（万元）", "10005000.00", "CNY"},
	    {"人民币50万元整", "500000.00", "CNY"},
	    {"1.5亿元", "150000000.00", "CNY"}, {NULL, NULL, NULL}};

	(void)state;
	assert_amounts(&field, amounts);
}

static void
amounts_are_exact_to_the_cent(void **state)
{
	static const struct field field = {
	    .type = FIELD_MONEY, .currency_to = "currency"};
	static const struct amount amounts[] = {{"0", "0.00", "CNY"},
	    {"-12.5", "-12.50", "CNY"}, {"-0.001", "0.00", "CNY"},
	    {"0.005", "0.01", "CNY"}, {"0.995", "1.00", "CNY"},
	    {"9.995", "10.00", "CNY"}, {"33.33333333万", "333333.33", "CNY"},
	    {"123456789012345678", "123456789012345678.00", "CNY"},
	    {"0000000000000000000001", "1.00", "CNY"},
	    {"1234567890123456789", NULL, NULL},
	    {"999999999999999999.999", NULL, NULL},
	    {"123456789012345万元", NULL, NULL}, {"1,00", NULL, NULL},
	    {"1..5", NULL, NULL}, {"100-200万", NULL, NULL},
	    {"壹佰万元", NULL, NULL}, {"100万万", NULL, NULL},
	    {"100美元港元", NULL, NULL}, {"1e5", NULL, NULL},
	    {"100x", NULL, NULL}, {"+-5", NULL, NULL}, {NULL, NULL, NULL}};

	(void)state;
	assert_amounts(&field, amounts);
}

static void
a_unit_without_a_number_is_missing(void **state)
{
	static const struct field field = {.type = FIELD_MONEY, .in_wan = true};
	static const struct sample samples[] = {{"(万元)", NULL, VALUE_MISSING},
	    {"()", NULL, VALUE_MISSING}, {"万元人民币", NULL, VALUE_MISSING},
	    {"-", NULL, VALUE_MISSING}, {NULL, NULL, VALUE_OK}};

	(void)state;
	assert_values(&field, samples);
}

static void
foreign_money_needs_a_place_for_its_currency(void **state)
{
	static const struct field field = {.type = FIELD_MONEY};
	static const struct sample samples[] = {{"5美元", NULL, VALUE_TYPE},
	    {"5元", "5.00", VALUE_OK}, {NULL, NULL, VALUE_OK}};

	(void)state;
	assert_values(&field, samples);
}

static void
each_fault_has_a_rule(void **state)
{
	static const struct field date = {.type = FIELD_DATE};
	static const struct field uscc = {.type = FIELD_USCC};

	(void)state;

	assert_string_equal(value_rule(&date, VALUE_TYPE), "type_date");
	assert_string_equal(value_rule(&uscc, VALUE_TYPE), "type_uscc");
	assert_string_equal(value_rule(&date, VALUE_TOO_LONG), "too_long");
	assert_string_equal(value_rule(&date, VALUE_NOT_LISTED), "code_list");
	assert_string_equal(value_rule(&date, VALUE_MISSING), "required");
}

static void
a_day_begins_at_midnight_utc(void **state)
{
	(void)state;

	assert_int_equal(value_day_us(span_of("1970-01-01")), 0);
	assert_int_equal(
	    value_day_us(span_of("2000-03-01")), INT64_C(951868800000000));
	assert_int_equal(
	    value_day_us(span_of("2024-02-29")), INT64_C(1709164800000000));
	assert_int_equal(
	    value_day_us(span_of("1900-01-01")), INT64_C(-2208988800000000));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_text_is_folded_and_trimmed),
	    cmocka_unit_test(words_for_nothing_are_missing),
	    cmocka_unit_test(dates_come_in_every_common_spelling),
	    cmocka_unit_test(months_and_years_have_their_own_spellings),
	    cmocka_unit_test(numbers_have_one_spelling),
	    cmocka_unit_test(booleans_and_codes_of_others),
	    cmocka_unit_test(a_listed_value_is_stored_as_its_code),
	    cmocka_unit_test(capital_comes_in_the_shapes_of_real_registrations),
	    cmocka_unit_test(amounts_are_exact_to_the_cent),
	    cmocka_unit_test(a_unit_without_a_number_is_missing),
	    cmocka_unit_test(foreign_money_needs_a_place_for_its_currency),
	    cmocka_unit_test(each_fault_has_a_rule),
	    cmocka_unit_test(a_day_begins_at_midnight_utc),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
