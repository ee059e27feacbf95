/*
 * question: what may be asked, and that nothing is understood by mistake.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "credit/question.h"

#define SUBJECT "\"subject\":\"91440101MA5CUY37JD\""

static enum err
parse(const char *text, struct question *question)
{
	return question_parse(span_of(text), question, NULL);
}

static void
subject_and_purpose_are_enough(void **state)
{
	struct question question;

	(void)state;
	assert_int_equal(
	    parse("{" SUBJECT ",\"purpose\":\"pre_loan\"}", &question), ERR_OK);
	assert_string_equal(question.subject, "91440101MA5CUY37JD");
	assert_int_equal(question.purpose, PURPOSE_PRE_LOAN);
	assert_int_equal(question.item_count, 0);
	assert_string_equal(question.consent, "");
}

static void
items_are_made_ascending_and_counted_once(void **state)
{
	struct question question;

	(void)state;
	assert_int_equal(parse("{" SUBJECT ",\"purpose\":\"self\","
			       "\"items\":[7,1,7,1001,1],\"consent\":\"c_1\"}",
			     &question),
	    ERR_OK);
	assert_int_equal(question.item_count, 3);
	assert_int_equal(question.items[0], 1);
	assert_int_equal(question.items[1], 7);
	assert_int_equal(question.items[2], 1001);
	assert_string_equal(question.consent, "c_1");
}

static void
an_empty_list_is_not_every_item(void **state)
{
	struct question question;

	(void)state;
	assert_int_equal(parse("{" SUBJECT ",\"purpose\":\"self\","
			       "\"items\":[]}",
			     &question),
	    ERR_INVALID);
}

static void
unusable_questions_are_refused(void **state)
{
	static const char *const others[] = {"", "{}", "[]", "{" SUBJECT "}",
	    "{\"purpose\":\"self\"}",
	    "{\"subject\":\"91440101MA5CUY37JX\",\"purpose\":\"self\"}",
	    "{\"subject\":\"91440101ma5cuy37jd\",\"purpose\":\"self\"}",
	    "{\"subject\":[],\"purpose\":\"self\"}",
	    "{" SUBJECT ",\"purpose\":\"none\"}",
	    "{" SUBJECT ",\"purpose\":\"SELF\"}",
	    "{" SUBJECT ",\"purpose\":\"self\",\"items\":1}",
	    "{" SUBJECT ",\"purpose\":\"self\",\"items\":[\"1\"]}",
	    "{" SUBJECT ",\"purpose\":\"self\",\"items\":[60003]}",
	    "{" SUBJECT ",\"purpose\":\"self\",\"items\":null}",
	    "{" SUBJECT ",\"purpose\":\"self\",\"consent\":\"\"}",
	    "{" SUBJECT ",\"purpose\":\"self\",\"consent\":null}",
	    "{" SUBJECT ",\"purpose\":\"self\",\"consent\":\"../x\"}",
	    "{" SUBJECT ",\"purpose\":\"self\",\"level\":\"C\"}",
	    "{" SUBJECT "," SUBJECT ",\"purpose\":\"self\"}"};
	struct question question;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		assert_int_equal(parse(others[i], &question), ERR_INVALID);
}

static enum err
parse_with_items(size_t count, struct question *question)
{
	struct buf text = {0};
	enum err err;
	size_t i;

	buf_text(&text, "{" SUBJECT ",\"purpose\":\"self\",\"items\":[1");
	for (i = 1; i < count; i++)
		buf_print(&text, ",%zu", count - i + 1);
	buf_text(&text, "]}");
	err = question_parse(buf_span(&text), question, NULL);
	buf_release(&text);
	return err;
}

static void
as_many_items_as_allowed_and_no_more(void **state)
{
	struct question question;

	(void)state;
	assert_int_equal(
	    parse_with_items(QUESTION_ITEMS_MAX, &question), ERR_OK);
	assert_int_equal(question.item_count, QUESTION_ITEMS_MAX);
	assert_int_equal(
	    parse_with_items(QUESTION_ITEMS_MAX + 1, &question), ERR_INVALID);
	assert_int_equal(
	    parse_with_items(QUESTION_MAX / 2, &question), ERR_LIMIT);
}

static void
the_quick_way_finds_what_the_other_finds(void **state)
{
	static const char *const plain[] = {"{" SUBJECT
					    ",\"purpose\":\"self\"}",
	    " {\t" SUBJECT " ,\r\n\"purpose\" : \"self\" } \n",
	    "{\"consent\":\"c_1\",\"items\": [1 , 7,59999 ],"
	    "\"purpose\":\"pre_loan\"," SUBJECT "}",
	    "{\"token\":\"AAAAAAAAAAAAAAAAAAAAAAAA\",\"purpose\":\"self\"}"};
	struct question quick, slow;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
		assert_true(question_parse_plain(span_of(plain[i]), &quick));
		assert_int_equal(
		    question_parse_json(span_of(plain[i]), &slow, NULL),
		    ERR_OK);
		assert_memory_equal(&quick, &slow, sizeof(slow));
	}
}

static void
what_is_unusual_is_left_to_the_other(void **state)
{
	static const char *const right[] = {"{" SUBJECT
					    ",\"purpose\":\"sel\\u0066\"}",
	    "{" SUBJECT ",\"purpose\":\"self\",\"items\":[7,1]}",
	    "{" SUBJECT ",\"purpose\":\"self\",\"items\":[1,1]}"};
	static const char *const wrong[] = {"{" SUBJECT ",\"purpose\":\"self\"",
	    "{" SUBJECT ",\"purpose\":\"self\"}}",
	    "{" SUBJECT ",\"purpose\":\"self\",}",
	    "{" SUBJECT ",\"purpose\":\"self\",\"items\":[01]}",
	    "{" SUBJECT ",\"purpose\":\"self\",\"items\":[1.0]}",
	    "{" SUBJECT ",\"purpose\":\"self\",\"items\":[100000]}",
	    "{" SUBJECT ",\"purpose\":\"self\",\"items\":[1],\"items\":[2]}",
	    "{" SUBJECT ",\"purpose\":\"self\",\"token\":"
	    "\"AAAAAAAAAAAAAAAAAAAAAAAA\"}"};
	struct question question;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(right) / sizeof(right[0]); i++) {
		assert_false(
		    question_parse_plain(span_of(right[i]), &question));
		assert_int_equal(parse(right[i], &question), ERR_OK);
	}
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_false(
		    question_parse_plain(span_of(wrong[i]), &question));
		assert_int_equal(parse(wrong[i], &question), ERR_INVALID);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(subject_and_purpose_are_enough),
	    cmocka_unit_test(items_are_made_ascending_and_counted_once),
	    cmocka_unit_test(an_empty_list_is_not_every_item),
	    cmocka_unit_test(unusable_questions_are_refused),
	    cmocka_unit_test(as_many_items_as_allowed_and_no_more),
	    cmocka_unit_test(the_quick_way_finds_what_the_other_finds),
	    cmocka_unit_test(what_is_unusual_is_left_to_the_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
