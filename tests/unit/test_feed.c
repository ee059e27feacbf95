/*
 * A department's bytes become records and findings.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/file.h"
#include "credit/feed.h"
#include "credit/uscc.h"
#include "credit/value.h"
#include "tests/unit/sample_list.h"

#define RECEIVED INT64_C(1700000000000000)
#define CODE "914403001922038216"
#define CODE_2 "9144030071526726XG"

static struct catalog *catalog;
static int64_t now_us = RECEIVED; /* 2023-11-15 in the network */

/* What came out, as text: a line for each record and each finding. */
struct heard {
	struct buf text;
	size_t rows, accepted, warned;
};

static void
print_record(struct buf *out, const struct feed_row *row)
{
	const struct record *record = &row->record;
	size_t i;

	buf_print(out, "%llu %s %s %.*s [%.*s]", (unsigned long long)row->line,
	    row->past        ? "past"
	    : row->withdrawn ? "del"
			     : "put",
	    row->stream, (int)record->subject.len, record->subject.ptr,
	    (int)record->key.len, record->key.ptr);
	for (i = 0; i < record->field_count; i++)
		buf_print(out, " %u=%.*s", record->fields[i].number,
		    (int)record->fields[i].value.len,
		    record->fields[i].value.ptr);
	buf_char(out, '\n');
}

static void
hear(void *context, const struct feed_row *row)
{
	struct heard *heard = context;
	size_t i;

	heard->rows++;
	heard->accepted += row->accepted;
	heard->warned += row->accepted && row->finding_count > 0;
	for (i = 0; i < row->finding_count; i++)
		buf_print(&heard->text, "%llu %s %s %s\n",
		    (unsigned long long)row->findings[i].line,
		    row->findings[i].severity == FINDING_REJECT ? "reject"
								: "warn",
		    row->findings[i].field, row->findings[i].rule);
	if (row->accepted || row->past)
		print_record(&heard->text, row);
}

static struct feed_reader *
open_reader(uint32_t item, enum feed_format format, const char *charset,
    struct heard *heard)
{
	struct feed_settings settings = {.catalog = catalog,
	    .item = catalog_find_item(catalog, item),
	    .format = format,
	    .charset = charset,
	    .received_us = RECEIVED,
	    .now_us = now_us,
	    .row = hear,
	    .context = heard};

	return feed_reader_new(&settings);
}

static enum err
feed_all(struct feed_reader *reader, struct span bytes, size_t piece)
{
	size_t at, len;

	for (at = 0; at < bytes.len; at += len) {
		len = bytes.len - at < piece ? bytes.len - at : piece;
		if (feed_reader_feed(reader, span_make(bytes.ptr + at, len)) !=
		    ERR_OK)
			return ERR_INVALID;
	}
	return feed_reader_end(reader);
}

/* The same outcome whole and byte by byte. */
static void
assert_heard(uint32_t item, enum feed_format format, const char *bytes,
    const char *expected)
{
	struct heard heard = {0};
	struct feed_reader *reader;
	size_t piece;

	for (piece = 1; piece < 100000; piece *= 1000) {
		buf_reset(&heard.text);
		reader = open_reader(item, format, "utf-8", &heard);
		assert_int_equal(
		    feed_all(reader, span_of(bytes), piece), ERR_OK);
		feed_reader_free(reader);
		assert_string_equal(buf_cstr(&heard.text), expected);
	}
	buf_release(&heard.text);
}

static void
assert_unreadable(uint32_t item, const char *bytes, const char *why)
{
	struct heard heard = {0};
	struct feed_reader *reader =
	    open_reader(item, FEED_CSV, "utf-8", &heard);

	assert_int_equal(feed_all(reader, span_of(bytes), 7), ERR_INVALID);
	assert_string_equal(feed_reader_why(reader), why);
	assert_int_equal(heard.rows, 0);
	assert_int_equal(feed_reader_feed(reader, span_of("x")), ERR_INVALID);
	assert_int_equal(feed_reader_end(reader), ERR_INVALID);
	feed_reader_free(reader);
	buf_release(&heard.text);
}

static int
open_catalog(void **state)
{
	(void)state;
	catalog = catalog_parse(span_of(SAMPLE_CATALOG), NULL);
	return catalog != NULL ? 0 : -1;
}

static int
close_catalog(void **state)
{
	(void)state;
	catalog_free(catalog);
	return 0;
}

static void
a_row_becomes_a_canonical_record(void **state)
{
	(void)state;

	assert_heard(1, FEED_CSV,
	    "\xef\xbb\xbf\"uscc\",企业名称,REG_DATE,capital,来源记录号\r\n"
	    " ９１４４０３００１９２２０３８２１６,华为（深圳）,"
	    "1987年9月15日,\"4,000,000万元\",A-1\r\n",
	    "2 put 4403 " CODE " [] 1=华为(深圳) 2=1987-09-15 "
	    "5=40000000000.00 6=CNY 1001=A-1\n");
}

static void
a_bad_optional_value_is_left_out_with_a_warning(void **state)
{
	(void)state;

	assert_heard(1, FEED_CSV,
	    "uscc,name,reg_date,capital\n" CODE ",甲,someday,N/A\n",
	    "2 warn established type_date\n"
	    "2 put 4403 " CODE " [] 1=甲\n");
	assert_heard(8, FEED_CSV,
	    "uscc,文号,决定日期,级别,人数\n" CODE ",A,20240101,丙级,3\n",
	    "2 warn level code_list\n"
	    "2 put 4403 " CODE " [A\x1f"
	    "2024-01-01] 1=A 2=2024-01-01 6=3\n");
}

static void
a_bad_required_value_rejects_its_row_and_no_other(void **state)
{
	(void)state;

	assert_heard(8, FEED_CSV,
	    "uscc,文号,决定日期,人数\n" CODE ",A,20240101,x\n" CODE
	    ",无,20240101,1\n" CODE ",A,20240101,1\n",
	    "2 reject staff type_integer\n"
	    "3 reject document required\n"
	    "4 put 4403 " CODE " [A\x1f"
	    "2024-01-01] 1=A 2=2024-01-01 6=1\n");
}

#define ROW_8 CODE ",A,20100101,3,"
#define KEY_8                                                                  \
	" 4403 " CODE " [A\x1f"                                                \
	"2010-01-01]"
#define PUT_8 "put" KEY_8 " 1=A 2=2010-01-01 5=2018-11-16 6=3\n"

static void
a_row_whose_years_are_over_is_refused_from_the_day_on(void **state)
{
	(void)state;

	assert_heard(8, FEED_CSV,
	    "uscc,文号,决定日期,人数,valid_to\n" ROW_8 "20181116\n" ROW_8
	    "20181115\n" ROW_8 "2018年\n",
	    "2 " PUT_8 "3 reject valid_to retention\n"
	    "3 past" KEY_8 "\n"
	    "4 warn valid_to type_date\n"
	    "4 put" KEY_8 " 1=A 2=2010-01-01 6=3\n");
}

static void
years_are_over_by_the_day_of_the_merge_not_of_the_hand_in(void **state)
{
	static const char bytes[] =
	    "uscc,文号,决定日期,人数,valid_to\n" ROW_8 "20181116\n";

	(void)state;
	/* 2023-11-15 ends in the network. */
	now_us = INT64_C(1700063999999999);
	assert_heard(8, FEED_CSV, bytes, "2 " PUT_8);
	now_us++;
	assert_heard(8, FEED_CSV, bytes,
	    "2 reject valid_to retention\n"
	    "2 past" KEY_8 "\n");
	now_us = RECEIVED;
}

static void
a_withdrawal_is_never_too_late(void **state)
{
	(void)state;

	assert_heard(8, FEED_CSV,
	    "uscc,文号,决定日期,valid_to,_action\n" CODE
	    ",A,20100101,20120101,delete\n",
	    "2 del" KEY_8 " 1=A 2=2010-01-01 5=2012-01-01\n");
}

static void
a_past_row_with_another_fault_withdraws_nothing(void **state)
{
	(void)state;

	assert_heard(8, FEED_CSV,
	    "uscc,文号,决定日期,人数,valid_to\n" CODE
	    ",A,20100101,x,20120101\n",
	    "2 reject staff type_integer\n2 reject valid_to retention\n");
}

static void
each_bad_code_names_its_rule(void **state)
{
	(void)state;

	assert_heard(1, FEED_CSV,
	    "uscc,name\n"
	    "91220521664295839,甲\n"
	    "320404000009558,甲\n"
	    "91310000x072143273,甲\n"
	    "91510100201920161Y,甲\n"
	    "N/A,甲\n"
	    "91100001000000000Q,甲\n"
	    "91999900X07214327A,甲\n",
	    "2 reject uscc uscc_length\n"
	    "3 reject uscc uscc_old_number\n"
	    "4 reject uscc uscc_character\n"
	    "5 reject uscc uscc_check_digit\n"
	    "6 reject uscc required\n"
	    "7 reject uscc uscc_province\n"
	    "8 reject uscc uscc_province\n");
}

static struct span
code_on_line(void *context, uint64_t line)
{
	(void)context;
	return span_of(line == 3 ? CODE : "");
}

static void
an_old_number_is_taken_for_the_code_that_somebody_knows(void **state)
{
	struct heard heard = {0};
	struct feed_settings settings = {.catalog = catalog,
	    .item = catalog_find_item(catalog, 1),
	    .received_us = RECEIVED,
	    .row = hear,
	    .code = code_on_line,
	    .context = &heard};
	struct feed_reader *reader = feed_reader_new(&settings);

	(void)state;
	assert_int_equal(
	    feed_reader_feed(reader,
		span_of("uscc,name\n320404000009558,甲\n３２０４04000009558,"
			"乙\n" CODE_2 ",丙\n")),
	    ERR_OK);
	assert_int_equal(feed_reader_end(reader), ERR_OK);
	feed_reader_free(reader);
	assert_string_equal(buf_cstr(&heard.text),
	    "2 reject uscc uscc_old_number\n"
	    "3 warn uscc uscc_mapped\n"
	    "3 put 4403 " CODE " [] 1=乙\n"
	    "4 put 4403 " CODE_2 " [] 1=丙\n");
	buf_release(&heard.text);
}

static void
an_odd_organisation_or_division_only_warns(void **state)
{
	(void)state;

	assert_heard(1, FEED_CSV,
	    "uscc,name\n91449900192203821L,甲\n914403001922038390,甲\n",
	    "2 warn uscc uscc_division\n"
	    "2 put 4400 91449900192203821L [] 1=甲\n"
	    "3 warn uscc uscc_organisation\n"
	    "3 put 4403 914403001922038390 [] 1=甲\n");
}

static void
rows_that_cannot_be_cut_are_told(void **state)
{
	(void)state;

	assert_heard(1, FEED_CSV,
	    "uscc,name\n" CODE "\n" CODE ",甲,乙\n" CODE ",\"甲\n" CODE_2
	    ",乙\n",
	    "2 reject  column_count\n"
	    "3 reject  column_count\n"
	    "4 reject  row_broken\n"
	    "5 put 4403 " CODE_2 " [] 1=乙\n");
}

static void
a_foreign_currency_is_said_in_its_own_field(void **state)
{
	(void)state;

	assert_heard(1, FEED_CSV,
	    "uscc,name,capital,currency\n" CODE ",甲,10(万美元),\n" CODE
	    ",甲,10(万美元),人民币\n" CODE ",甲,10,美元\n",
	    "2 put 4403 " CODE " [] 1=甲 5=100000.00 6=USD\n"
	    "3 put 4403 " CODE " [] 1=甲 5=100000.00 6=USD\n"
	    "4 put 4403 " CODE " [] 1=甲 5=100000.00 6=美元\n");
}

static void
a_withdrawal_only_needs_its_key(void **state)
{
	(void)state;

	assert_heard(8, FEED_CSV,
	    "uscc,_action,文号,决定日期\n" CODE ",delete,A,20240101\n" CODE
	    ",upsert,A,20240101\n" CODE ",remove,A,20240101\n" CODE
	    ",delete,,20240101\n",
	    "2 del 4403 " CODE " [A\x1f"
	    "2024-01-01] 1=A 2=2024-01-01\n"
	    "3 reject staff required\n"
	    "4 reject _action code_list\n"
	    "4 reject staff required\n"
	    "5 reject document required\n");
}

static void
a_key_that_is_too_long_rejects(void **state)
{
	struct buf text = {0};
	int i;

	(void)state;
	buf_text(&text, "uscc,文号,决定日期,人数\n" CODE ",");
	for (i = 0; i < RECORD_KEY_MAX; i++)
		buf_char(&text, 'x');
	buf_text(&text, ",20240101,1\n");

	assert_heard(8, FEED_CSV, buf_cstr(&text), "2 reject  key_too_long\n");
	buf_release(&text);
}

static void
where_the_subject_is_comes_from_the_row(void **state)
{
	(void)state;

	assert_heard(1, FEED_CSV,
	    "uscc,name,province,city\n" CODE ",甲,辽宁,朝阳\n",
	    "2 put 2113 " CODE " [] 1=甲 8=辽宁 9=朝阳\n");
}

static void
a_batch_without_its_columns_is_refused_whole(void **state)
{
	(void)state;

	assert_unreadable(1, "", "there is no header");
	assert_unreadable(1, "name\n甲\n", "missing column: uscc");
	assert_unreadable(
	    1, "uscc,scope\n" CODE ",x\n", "missing column: name");
	assert_unreadable(8, "uscc,_action,文号\n", "missing column: decided");
	assert_unreadable(
	    1, "uscc,name,名称\n" CODE ",a,b\n", "a column twice: name");
	assert_unreadable(1, "uscc,name,code\n", "a column twice: uscc");
	assert_unreadable(1, "\"uscc,name\n", "the header cannot be read");
}

static void
unknown_columns_are_named_and_ignored(void **state)
{
	struct heard heard = {0};
	struct feed_reader *reader = open_reader(1, FEED_CSV, "utf-8", &heard);

	(void)state;

	assert_int_equal(
	    feed_all(reader, span_of("uscc,phone,name,\n" CODE ",1,甲,\n"), 9),
	    ERR_OK);
	assert_string_equal(feed_reader_unknown(reader, 0), "phone");
	assert_null(feed_reader_unknown(reader, 1));
	assert_int_equal(heard.accepted, 1);
	feed_reader_free(reader);
	buf_release(&heard.text);
}

static int64_t last_as_of;

static void
keep_as_of(void *context, const struct feed_row *row)
{
	(void)context;
	last_as_of = row->record.as_of_us;
}

static void
the_data_date_is_the_records_time(void **state)
{
	struct feed_settings settings = {.catalog = catalog,
	    .item = catalog_find_item(catalog, 1),
	    .received_us = RECEIVED,
	    .row = keep_as_of};
	struct feed_reader *reader = feed_reader_new(&settings);

	(void)state;

	assert_int_equal(
	    feed_reader_feed(reader,
		span_of("uscc,name,数据日期\n" CODE ",甲,2024-02-29\n")),
	    ERR_OK);
	assert_int_equal(last_as_of, value_day_us(span_of("2024-02-29")));
	assert_int_equal(
	    feed_reader_feed(reader, span_of(CODE ",甲,\n")), ERR_OK);
	assert_int_equal(last_as_of, RECEIVED);
	feed_reader_free(reader);
}

static void
gb18030_is_decoded_and_a_broken_character_warns(void **state)
{
	/* 甲公司, then 甲 and a byte that begins nothing. */
	static const char bytes[] =
	    "uscc,name\n" CODE ",\xbc\xd7\xb9\xab\xcb\xbe\n" CODE
	    ",\xbc\xd7\xff\n";
	struct heard heard = {0};
	struct feed_reader *reader =
	    open_reader(1, FEED_CSV, "gb18030", &heard);

	(void)state;

	assert_int_equal(feed_all(reader, span_of(bytes), 3), ERR_OK);
	assert_string_equal(buf_cstr(&heard.text),
	    "2 put 4403 " CODE " [] 1=甲公司\n"
	    "3 warn  encoding\n"
	    "3 put 4403 " CODE " [] 1=甲\xef\xbf\xbd\n");
	feed_reader_free(reader);
	buf_release(&heard.text);
	assert_null(open_reader(1, FEED_CSV, "big5", NULL));
}

static void
objects_are_read_like_rows(void **state)
{
	(void)state;

	assert_heard(8, FEED_NDJSON,
	    "{\"uscc\":\"" CODE "\",\"文号\":\"A\",\"decided\":\"2024/1/1\","
	    "\"staff\":12,\"level\":null,\"phone\":\"1\"}\n\n"
	    "{\"文号\":\"A\",\"decided\":\"2024/1/1\",\"staff\":1}\n"
	    "[1]\n{\n"
	    "{\"uscc\":\"" CODE "\",\"文号\":\"A\",\"decided\":\"2024/1/1\","
	    "\"staff\":[1],\"level\":{}}\n"
	    "{\"uscc\":\"" CODE "\",\"code\":\"A\"}\n",
	    "1 put 4403 " CODE " [A\x1f"
	    "2024-01-01] 1=A 2=2024-01-01 6=12\n"
	    "3 reject uscc required\n"
	    "4 reject  not_json\n"
	    "5 reject  not_json\n"
	    "6 warn level type_code\n"
	    "6 reject staff type_integer\n"
	    "7 reject  row_broken\n");
}

static void
unknown_members_are_named_once(void **state)
{
	struct heard heard = {0};
	struct feed_reader *reader =
	    open_reader(1, FEED_NDJSON, "utf-8", &heard);
	static const char line[] =
	    "{\"uscc\":\"" CODE "\",\"name\":\"甲\",\"phone\":1}\n";

	(void)state;

	assert_int_equal(feed_reader_feed(reader, span_of(line)), ERR_OK);
	assert_int_equal(feed_reader_feed(reader, span_of(line)), ERR_OK);
	assert_int_equal(feed_reader_end(reader), ERR_OK);
	assert_string_equal(feed_reader_unknown(reader, 0), "phone");
	assert_null(feed_reader_unknown(reader, 1));
	assert_int_equal(heard.accepted, 2);
	feed_reader_free(reader);
	buf_release(&heard.text);
}

static bool
read_shared(const char *name, struct buf *out)
{
	const char *folder = getenv("RX_SHARED_DATA");
	char path[512];

	snprintf(path, sizeof(path), "%s/%s",
	    folder != NULL ? folder : "../shared/data", name);
	return file_read(path, 64 << 20, out, NULL) == ERR_OK;
}

static void
of_5000_real_registrations_4900_are_accepted(void **state)
{
	struct buf bytes = {0}, document = {0};
	struct catalog *sample = catalog;
	struct feed_reader *reader;
	struct heard heard = {0};

	(void)state;
	if (!read_shared("registrations_5k.csv", &bytes) ||
	    file_read("deploy/catalogue/catalogue.json", 8 << 20, &document,
		NULL) != ERR_OK) {
		buf_release(&bytes);
		skip();
	}
	catalog = catalog_parse(buf_span(&document), NULL);
	assert_non_null(catalog);
	reader = open_reader(1, FEED_CSV, "utf-8", &heard);

	assert_int_equal(feed_all(reader, buf_span(&bytes), 100000), ERR_OK);

	assert_int_equal(heard.rows, 5000);
	assert_int_equal(heard.accepted, 4900);
	feed_reader_free(reader);
	catalog_free(catalog);
	catalog = sample;
	buf_release(&heard.text);
	buf_release(&bytes);
	buf_release(&document);
}

/* What the problem column of dirty_uscc.csv calls each fault. */
static bool
agrees(struct span problem, enum uscc_fault fault)
{
	if (span_is(problem, "badcheck"))
		return fault == USCC_CHECK_DIGIT;
	if (span_is(problem, "badchar"))
		return fault == USCC_CHARACTER;
	if (span_is(problem, "len15"))
		return fault == USCC_OLD_NUMBER || fault == USCC_LENGTH;
	return fault == USCC_LENGTH;
}

static struct span
next_cell(struct span *text, char end)
{
	const char *stop = memchr(text->ptr, end, text->len);
	struct span cell = *text;

	if (stop == NULL) {
		*text = span_make(text->ptr + text->len, 0);
		return cell;
	}
	cell.len = (size_t)(stop - text->ptr);
	*text = span_make(stop + 1, text->len - cell.len - 1);
	return cell;
}

static void
real_bad_codes_are_classified_as_people_did(void **state)
{
	size_t rows = 0, old = 0, wrong = 0;
	struct buf bytes = {0};
	struct span text, line, problem;
	enum uscc_fault fault;

	(void)state;
	if (!read_shared("dirty_uscc.csv", &bytes))
		skip();
	text = buf_span(&bytes);
	next_cell(&text, '\n');

	while (text.len > 0) {
		line = next_cell(&text, '\n');
		problem = next_cell(&line, ',');
		fault = uscc_check(next_cell(&line, ','));
		rows++;
		old += fault == USCC_OLD_NUMBER;
		wrong += !agrees(problem, fault);
	}

	assert_int_equal(rows, 4000);
	assert_int_equal(wrong, 0);
	assert_true(old > 3000);
	buf_release(&bytes);
}

static void
the_vectors_of_the_standard_agree(void **state)
{
	struct buf bytes = {0};
	struct span text, line, code;

	(void)state;
	if (!read_shared("uscc_vectors.csv", &bytes))
		skip();
	text = buf_span(&bytes);
	next_cell(&text, '\n');

	while (text.len > 0) {
		line = next_cell(&text, '\n');
		code = next_cell(&line, ',');
		assert_int_equal(
		    uscc_check(code) == USCC_OK, line.ptr[0] == '1');
	}
	buf_release(&bytes);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_row_becomes_a_canonical_record),
	    cmocka_unit_test(a_bad_optional_value_is_left_out_with_a_warning),
	    cmocka_unit_test(a_bad_required_value_rejects_its_row_and_no_other),
	    cmocka_unit_test(
		a_row_whose_years_are_over_is_refused_from_the_day_on),
	    cmocka_unit_test(
		years_are_over_by_the_day_of_the_merge_not_of_the_hand_in),
	    cmocka_unit_test(a_withdrawal_is_never_too_late),
	    cmocka_unit_test(a_past_row_with_another_fault_withdraws_nothing),
	    cmocka_unit_test(each_bad_code_names_its_rule),
	    cmocka_unit_test(
		an_old_number_is_taken_for_the_code_that_somebody_knows),
	    cmocka_unit_test(an_odd_organisation_or_division_only_warns),
	    cmocka_unit_test(rows_that_cannot_be_cut_are_told),
	    cmocka_unit_test(a_foreign_currency_is_said_in_its_own_field),
	    cmocka_unit_test(a_withdrawal_only_needs_its_key),
	    cmocka_unit_test(a_key_that_is_too_long_rejects),
	    cmocka_unit_test(where_the_subject_is_comes_from_the_row),
	    cmocka_unit_test(a_batch_without_its_columns_is_refused_whole),
	    cmocka_unit_test(unknown_columns_are_named_and_ignored),
	    cmocka_unit_test(the_data_date_is_the_records_time),
	    cmocka_unit_test(gb18030_is_decoded_and_a_broken_character_warns),
	    cmocka_unit_test(objects_are_read_like_rows),
	    cmocka_unit_test(unknown_members_are_named_once),
	    cmocka_unit_test(of_5000_real_registrations_4900_are_accepted),
	    cmocka_unit_test(real_bad_codes_are_classified_as_people_did),
	    cmocka_unit_test(the_vectors_of_the_standard_agree),
	};

	return cmocka_run_group_tests(tests, open_catalog, close_catalog);
}
