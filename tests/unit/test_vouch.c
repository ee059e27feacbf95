/*
 * vouch: one node's word for who asks.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "credit/vouch.h"

#define NOW INT64_C(1800000000000000)

static const struct vouch sample = {.from = "gz",
    .to = "sz",
    .member = "bank",
    .certificate = "000102030405060708090a0b0c0d0e0f"
		   "101112131415161718191a1b1c1d1e1f",
    .action = VOUCH_ENTERPRISE,
    .time_us = NOW,
    .nonce = {0xab, 0xcd}};

static void
printed_and_parsed_again_it_is_the_same(void **state)
{
	struct buf text = {0}, question = {0};
	struct vouch again;

	(void)state;
	vouch_print(&sample, span_of("{\"subject\":\"x\"}"), &text);

	assert_int_equal(
	    vouch_parse(buf_span(&text), &again, &question, NULL), ERR_OK);
	assert_memory_equal(&again, &sample, sizeof(again));
	assert_string_equal(buf_cstr(&question), "{\"subject\":\"x\"}");
	buf_release(&text);
	buf_release(&question);
}

/* Of the printed sample, with `from` put in the place of what begins so. */
static enum err
parse_with(const char *what, const char *other)
{
	struct buf text = {0}, changed = {0}, question = {0};
	struct vouch vouch;
	const char *at;
	enum err err;

	vouch_print(&sample, span_of("{}"), &text);
	at = strstr(buf_cstr(&text), what);
	assert_non_null(at);
	buf_add(&changed, text.data, (size_t)(at - text.data));
	buf_text(&changed, other);
	buf_text(&changed, at + strlen(what));
	err = vouch_parse(buf_span(&changed), &vouch, &question, NULL);
	buf_release(&text);
	buf_release(&changed);
	buf_release(&question);
	return err;
}

static void
what_is_missing_unknown_or_of_another_form_is_refused(void **state)
{
	static const char *const changes[][2] = {
	    {"\"from\":\"gz\",", ""},
	    {"\"from\":\"gz\"", "\"from\":\"g z\""},
	    {"\"from\":\"gz\"", "\"from\":1"},
	    {"\"to\":\"sz\",", ""},
	    {"\"member\":\"bank\",", ""},
	    {"\"action\":\"enterprise\"", "\"action\":\"statistics\""},
	    {"\"action\":\"enterprise\"", "\"action\":\"\""},
	    {"00010203", "0001020"},
	    {"00010203", "0001020X"},
	    {"abcd0000", "abcd00"},
	    {"abcd0000", "ABCD0000"},
	    {"2027-", "27-"},
	    {"\"question\":{}", "\"question\":[]"},
	    {",\"question\":{}", ""},
	    {"\"question\":{}", "\"question\":{},\"more\":1"},
	    {"{\"from\"", "[\"from\""},
	};
	size_t i;

	(void)state;
	assert_int_equal(parse_with("\"to\":\"sz\"", "\"to\":\"gd\""), ERR_OK);
	for (i = 0; i < sizeof(changes) / sizeof(*changes); i++)
		assert_int_equal(
		    parse_with(changes[i][0], changes[i][1]), ERR_INVALID);
}

static void
what_is_too_long_is_not_read(void **state)
{
	struct buf text = {0}, question = {0};
	struct vouch vouch;

	(void)state;
	while (text.len <= VOUCH_MAX)
		buf_text(&text, "          ");
	assert_int_equal(
	    vouch_parse(buf_span(&text), &vouch, &question, NULL), ERR_LIMIT);
	buf_release(&text);
	buf_release(&question);
}

static void
it_is_for_one_node_from_who_brought_it_and_for_a_minute(void **state)
{
	struct vouch_place here = {
	    .peer = "gz", .self = "sz", .now_us = NOW, .since_us = 0};
	struct vouch_place place = here;
	struct vouch own = sample;

	(void)state;
	assert_null(vouch_fault(&sample, &here));
	place.peer = "gd";
	assert_non_null(vouch_fault(&sample, &place));
	place = here;
	place.self = "gd";
	assert_non_null(vouch_fault(&sample, &place));
	place = here;
	place.now_us = NOW + VOUCH_AGE_US;
	assert_null(vouch_fault(&sample, &place));
	place.now_us++;
	assert_non_null(vouch_fault(&sample, &place));
	place.now_us = NOW - VOUCH_AGE_US;
	assert_null(vouch_fault(&sample, &place));
	place.now_us--;
	assert_non_null(vouch_fault(&sample, &place));
	place = here;
	place.since_us = NOW;
	assert_null(vouch_fault(&sample, &place));
	place.since_us++;
	assert_non_null(vouch_fault(&sample, &place));
	strcpy(own.member, "gz");
	assert_non_null(vouch_fault(&own, &here));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(printed_and_parsed_again_it_is_the_same),
	    cmocka_unit_test(
		what_is_missing_unknown_or_of_another_form_is_refused),
	    cmocka_unit_test(what_is_too_long_is_not_read),
	    cmocka_unit_test(
		it_is_for_one_node_from_who_brought_it_and_for_a_minute),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
