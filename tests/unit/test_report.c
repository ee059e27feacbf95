/*
 * report: what is printed, and that nothing withheld ever is.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/json.h"
#include "credit/report.h"
#include "tests/unit/sample_catalog.h"

#define SUBJECT "91440101MA5CUY37JD"
#define DAY (INT64_C(86400) * 1000000)
#define AS_OF (INT64_C(20000) * DAY) /* 2024-10-04 */

static struct catalog *catalog;

static int
load_catalog(void **state)
{
	(void)state;
	catalog = catalog_parse(span_of(sample_catalog), NULL);
	return catalog != NULL ? 0 : -1;
}

static int
drop_catalog(void **state)
{
	(void)state;
	catalog_free(catalog);
	return 0;
}

/* A permit for items 1 to 4, with protected fields or without. */
static void
decide(bool all, struct question *question, struct permit *permit)
{
	struct member member = {.code = "91110000100000001W",
	    .kind = MEMBER_BANK,
	    .status = MEMBER_ACTIVE};
	struct circumstances around = {.catalog = catalog,
	    .member = &member,
	    .lease_fresh = true,
	    .now_us = AS_OF};

	*question =
	    (struct question){.subject = SUBJECT, .purpose = PURPOSE_PRE_LOAN};
	if (all) {
		strcpy(member.code, SUBJECT);
		question->purpose = PURPOSE_SELF;
	}
	permit_decide(question, &around, permit);
}

static struct record
record_of(uint32_t item, const struct record_field *fields, size_t count)
{
	return (struct record){.item = item,
	    .subject = span_of(SUBJECT),
	    .version = 1,
	    .state = RECORD_CURRENT,
	    .provider = span_of("tax-bureau"),
	    .as_of_us = AS_OF,
	    .fields = fields,
	    .field_count = count};
}

#define FIELDS(...)                                                            \
	(const struct record_field[])                                          \
	{                                                                      \
		__VA_ARGS__                                                    \
	}
#define FIELD(number, text)                                                    \
	{                                                                      \
		number,                                                        \
		{                                                              \
			text, sizeof(text) - 1                                 \
		}                                                              \
	}

/* The whole report over some records. */
static void
compose_with(bool all, const struct record *records, size_t count,
    const char *statements, struct buf *out)
{
	struct standpoint here = {"4401", 77};
	struct asking asking = {.node = "gz",
	    .member = "bank",
	    .name = "银行",
	    .time_us = AS_OF + CLOCK_SECOND,
	    .catalogue = 9};
	struct digest leaf = {{0xab}};
	struct question question;
	struct permit permit;
	struct report *report;
	size_t i;

	decide(all, &question, &permit);
	report = report_new(&question, &permit, &asking, &here, out);
	for (i = 0; i < count; i++)
		report_add(report, &records[i], span_of(statements));
	report_end_items(report);
	report_end(report, 5, &leaf, &(struct use){0});
	report_free(report);
}

static void
compose(bool all, const struct record *records, size_t count, struct buf *out)
{
	compose_with(all, records, count, "", out);
}

#define ITEM_1_FIELDS                                                          \
	FIELDS(FIELD(1, "甲\"公司"), FIELD(2, "13800000000"),                  \
	    FIELD(3, "1000000.00"), FIELD(4, "12"), FIELD(5, "true"),          \
	    FIELD(1001, "N-7"))

static void
without_consent_only_public_fields_are_printed(void **state)
{
	struct record records[3];
	struct buf out = {0};

	(void)state;
	records[0] = record_of(1, ITEM_1_FIELDS, 6);
	records[1] = record_of(
	    3, FIELDS(FIELD(1, "5.00"), FIELD(2, "2023"), FIELD(1001, "N")), 3);
	records[2] = record_of(4, FIELDS(FIELD(1, "王五")), 1);
	compose(false, records, 3, &out);

	assert_string_equal(buf_cstr(&out),
	    "{\"subject\":\"91440101MA5CUY37JD\",\"level\":\"public\","
	    "\"asked\":{\"node\":\"gz\",\"by\":\"bank\",\"name\":\"银行\","
	    "\"purpose\":\"pre_loan\",\"consent\":null,"
	    "\"time\":\"2024-10-04T00:00:01Z\",\"catalogue\":9},"
	    "\"items\":[{\"item\":1,\"as_of\":\"2024-10-04T00:00:00Z\","
	    "\"stream\":\"4401\",\"position\":77,\"provider\":\"tax-bureau\","
	    "\"records\":[{\"name\":\"甲\\\"公司\",\"staff\":12,"
	    "\"listed\":true,\"source_number\":\"N-7\","
	    "\"state\":\"current\"}]},"
	    "{\"item\":2,\"as_of\":null,\"stream\":\"4401\",\"position\":77,"
	    "\"provider\":null,\"records\":[]}],"
	    "\"withheld\":[{\"item\":1,\"fields\":[\"phone\",\"turnover\"],"
	    "\"rule\":\"consent_missing\"},"
	    "{\"item\":3,\"fields\":[\"tax\",\"year\"],"
	    "\"rule\":\"consent_missing\"},"
	    "{\"item\":4,\"fields\":[\"person\"],"
	    "\"rule\":\"consent_missing\"}],"
	    "\"receipt\":{\"index\":5,\"leaf_hash\":\"ab00000000000000"
	    "000000000000000000000000000000000000000000000000\"}}");
	buf_release(&out);
}

static void
with_permission_everything_is_printed_by_its_type(void **state)
{
	struct record records[2];
	struct buf out = {0};

	(void)state;
	records[0] = record_of(1, ITEM_1_FIELDS, 6);
	records[1] =
	    record_of(2, FIELDS(FIELD(1, "2024-03-28"), FIELD(7, "-1.5")), 2);
	compose(true, records, 2, &out);

	assert_non_null(strstr(buf_cstr(&out), "\"level\":\"C\""));
	assert_non_null(strstr(out.data,
	    "{\"name\":\"甲\\\"公司\",\"phone\":\"13800000000\","
	    "\"turnover\":\"1000000.00\",\"staff\":12,\"listed\":true,"));
	assert_non_null(
	    strstr(out.data, "{\"day\":\"2024-03-28\",\"score\":\"-1.5\","));
	assert_non_null(strstr(out.data, "\"withheld\":[],"));
	buf_release(&out);
}

static void
several_records_tell_the_newest_time_and_provider(void **state)
{
	const struct record_field *day = FIELDS(FIELD(1, "2024-03-28"));
	struct record records[3];
	struct buf out = {0};
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++)
		records[i] = record_of(2, day, 1);
	records[1].as_of_us = AS_OF + DAY;
	records[1].provider = span_of("court");
	records[1].state = RECORD_DISPUTED;
	records[2].state = RECORD_REPAIRED;
	compose(false, records, 3, &out);

	assert_non_null(strstr(buf_cstr(&out),
	    "{\"item\":2,\"as_of\":\"2024-10-05T00:00:00Z\",\"stream\":"
	    "\"4401\",\"position\":77,\"provider\":\"court\",\"records\":["
	    "{\"day\":\"2024-03-28\",\"state\":\"current\"},"
	    "{\"day\":\"2024-03-28\",\"state\":\"disputed\"},"
	    "{\"day\":\"2024-03-28\",\"state\":\"repaired\"}]}"));
	buf_release(&out);
}

static void
a_record_of_no_provider_names_the_catalogues(void **state)
{
	struct record record = record_of(2, FIELDS(FIELD(7, "1")), 1);
	struct buf out = {0};

	(void)state;
	record.provider = span_of("");
	compose(false, &record, 1, &out);

	assert_non_null(strstr(buf_cstr(&out), "\"provider\":\"部门2\""));
	buf_release(&out);
}

static void
what_the_subject_says_stands_beside_its_record(void **state)
{
	static const char said[] = "{\"text\":\"x\"},{\"text\":\"y\"}";
	struct record record = record_of(2, FIELDS(FIELD(7, "1")), 1);
	struct buf out = {0};

	(void)state;
	record.state = RECORD_DISPUTED;
	compose_with(false, &record, 1, said, &out);
	assert_non_null(strstr(buf_cstr(&out),
	    "\"state\":\"disputed\",\"statements\":[{\"text\":\"x\"},"
	    "{\"text\":\"y\"}]}"));
	buf_reset(&out);
	compose(false, &record, 1, &out);
	assert_null(strstr(buf_cstr(&out), "statements"));
	buf_release(&out);
}

static void
withdrawn_foreign_and_unasked_records_are_skipped(void **state)
{
	struct record records[4];
	struct buf with = {0}, without = {0};

	(void)state;
	records[0] = record_of(1, ITEM_1_FIELDS, 6);
	records[0].state = RECORD_WITHDRAWN;
	records[1] = record_of(2, FIELDS(FIELD(7, "1")), 1);
	records[1].subject = span_of("91440101MA5CUY37KG");
	records[2] = record_of(9, FIELDS(FIELD(1, "x")), 1);
	records[3] = record_of(60003, FIELDS(FIELD(1, "x")), 1);
	compose(true, records, 4, &with);
	compose(true, NULL, 0, &without);

	assert_string_equal(buf_cstr(&with), buf_cstr(&without));
	buf_release(&with);
	buf_release(&without);
}

static void
stored_text_cannot_break_out_of_its_value(void **state)
{
	struct record record = record_of(1,
	    FIELDS(FIELD(1, "\",\"level\":\"C"), FIELD(4, "1,\"x\":2"),
		FIELD(5, "null}")),
	    3);
	struct buf out = {0};

	(void)state;
	compose(false, &record, 1, &out);

	assert_non_null(strstr(buf_cstr(&out),
	    "{\"name\":\"\\\",\\\"level\\\":\\\"C\",\"staff\":\"1,\\\"x\\\":"
	    "2\","
	    "\"listed\":\"null}\",\"state\":\"current\"}"));
	buf_release(&out);
}

static void
integers_that_json_cannot_carry_stay_texts(void **state)
{
	static const struct {
		const char *text, *printed;
	} cases[] = {{"0", "0"}, {"-12", "-12"},
	    {"999999999999999", "999999999999999"},
	    {"9999999999999999", "\"9999999999999999\""}, {"-", "\"-\""},
	    {"007", "\"007\""}, {"", "\"\""}, {"1.5", "\"1.5\""}};
	struct record_field field = {4, {NULL, 0}};
	struct buf out = {0}, wanted = {0};
	struct record record;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		field.value = span_of(cases[i].text);
		record = record_of(1, &field, 1);
		buf_reset(&out);
		buf_reset(&wanted);
		compose(false, &record, 1, &out);
		buf_print(&wanted, "{\"staff\":%s,", cases[i].printed);
		assert_non_null(strstr(buf_cstr(&out), buf_cstr(&wanted)));
	}
	buf_release(&out);
	buf_release(&wanted);
}

static void
the_digest_is_of_all_that_stands_before_the_receipt(void **state)
{
	struct standpoint here = {"4401", 1};
	struct asking asking = {.node = "gz",
	    .member = "bank",
	    .name = "银行",
	    .time_us = AS_OF,
	    .catalogue = 9};
	struct buf out = {0};
	struct question question;
	struct digest digest, again;
	struct permit permit;
	struct report *report;
	const char *receipt;

	(void)state;
	buf_text(&out, "header ");
	decide(false, &question, &permit);
	report = report_new(&question, &permit, &asking, &here, &out);
	report_end_items(report);
	digest = report_digest(report);
	assert_int_equal(report_record_count(report), 0);
	report_end(report, 9, &digest, &(struct use){0});
	report_free(report);

	receipt = strstr(buf_cstr(&out), ",\"receipt\":");
	assert_non_null(receipt);
	again = digest_of(
	    span_make(out.data + 7, (size_t)(receipt - out.data) - 7));
	assert_true(digest_equal(&digest, &again));
	buf_release(&out);
}

static void
the_report_is_json(void **state)
{
	struct record record = record_of(1, ITEM_1_FIELDS, 6);
	struct buf out = {0};
	struct json *json;

	(void)state;
	compose(true, &record, 1, &out);
	json = json_parse(buf_span(&out), NULL);

	assert_non_null(json);
	assert_int_equal(json_count(json_find(json, "items")), 4);
	json_free(json);
	buf_release(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(without_consent_only_public_fields_are_printed),
	    cmocka_unit_test(with_permission_everything_is_printed_by_its_type),
	    cmocka_unit_test(several_records_tell_the_newest_time_and_provider),
	    cmocka_unit_test(a_record_of_no_provider_names_the_catalogues),
	    cmocka_unit_test(what_the_subject_says_stands_beside_its_record),
	    cmocka_unit_test(withdrawn_foreign_and_unasked_records_are_skipped),
	    cmocka_unit_test(stored_text_cannot_break_out_of_its_value),
	    cmocka_unit_test(integers_that_json_cannot_carry_stay_texts),
	    cmocka_unit_test(
		the_digest_is_of_all_that_stands_before_the_receipt),
	    cmocka_unit_test(the_report_is_json),
	};

	return cmocka_run_group_tests(tests, load_catalog, drop_catalog);
}
