/*
 * consent: the claims that are accepted, and all that is refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "credit/consent.h"

/* A consent in pieces, so that each test replaces one. */
struct draft {
	const char *id, *version, *subject, *grantee, *scope, *purpose, *mode,
	    *not_before, *expiry, *frequency, *life, *more;
};

static const struct draft good = {
    "\"c-1\"",
    "1",
    "\"91440101MA5CUY37JD\"",
    "\"91110000100000001W\"",
    "\"items\":[3,5],\"categories\":[2]",
    "\"pre_loan\"",
    "\"period\"",
    "\"2026-11-01T00:00:00Z\"",
    "\"2027-11-01T08:00:00+08:00\"",
    "\"unlimited\"",
    "365",
    ",\"revocation\":\"https://node.example/v1/consents/c-1\"",
};

static enum err
parse(const struct draft *draft, struct consent *consent)
{
	struct buf text = {0};
	enum err err;

	buf_print(&text, "{\"id\":%s,\"version\":%s,\"subject\":%s,", draft->id,
	    draft->version, draft->subject);
	buf_print(&text, "\"grantee\":%s,%s,\"purpose\":%s,\"mode\":%s,",
	    draft->grantee, draft->scope, draft->purpose, draft->mode);
	buf_print(&text, "\"not_before\":%s,\"expiry\":%s,\"frequency\":%s,",
	    draft->not_before, draft->expiry, draft->frequency);
	buf_print(&text, "\"data_life_days\":%s%s}", draft->life, draft->more);
	err = consent_parse(buf_span(&text), consent, NULL);
	buf_release(&text);
	return err;
}

static void
a_consent_is_read_whole(void **state)
{
	struct consent consent;

	(void)state;
	assert_int_equal(parse(&good, &consent), ERR_OK);
	assert_string_equal(consent.id, "c-1");
	assert_string_equal(consent.subject, "91440101MA5CUY37JD");
	assert_string_equal(consent.grantee, "91110000100000001W");
	assert_int_equal(consent.purpose, PURPOSE_PRE_LOAN);
	assert_int_equal(consent.mode, CONSENT_PERIOD);
	assert_true(consent.expiry_us - consent.not_before_us ==
		    365 * 86400 * CLOCK_SECOND);
	assert_int_equal(consent.data_life_days, 365);
	assert_false(consent.revoked);
}

static void
printed_and_parsed_again_it_is_the_same(void **state)
{
	struct consent consent, again;
	struct buf first = {0}, second = {0};

	(void)state;
	assert_int_equal(parse(&good, &consent), ERR_OK);
	consent_print(&consent, span_of(""), &first);
	assert_int_equal(consent_parse(buf_span(&first), &again, NULL), ERR_OK);
	consent_print(&again, span_of(""), &second);

	assert_memory_equal(&consent, &again, sizeof(consent));
	assert_string_equal(buf_cstr(&first), buf_cstr(&second));
	buf_release(&first);
	buf_release(&second);
}

static void
it_covers_its_items_and_its_categories_only(void **state)
{
	struct consent consent;

	(void)state;
	assert_int_equal(parse(&good, &consent), ERR_OK);
	assert_true(consent_covers(&consent, 3, 9));
	assert_true(consent_covers(&consent, 5, 9));
	assert_true(consent_covers(&consent, 77, 2));
	assert_false(consent_covers(&consent, 2, 3));
	assert_false(consent_covers(&consent, 4, 5));
}

static struct frequency
frequency_of(const char *mode, const char *frequency)
{
	struct draft draft = good;
	struct consent consent, again;
	struct buf printed = {0};

	draft.mode = mode;
	draft.frequency = frequency;
	draft.purpose = "\"post_loan\"";
	assert_int_equal(parse(&draft, &consent), ERR_OK);
	consent_print(&consent, span_of(""), &printed);
	assert_int_equal(
	    consent_parse(buf_span(&printed), &again, NULL), ERR_OK);
	assert_memory_equal(&consent, &again, sizeof(consent));
	buf_release(&printed);
	return consent.frequency;
}

#define AT "\"at\":\"11440100MB0044011H\""

static void
its_uses_are_limited_in_all_or_in_each_day_week_or_month(void **state)
{
	struct frequency frequency;

	(void)state;
	frequency = frequency_of("\"period\"", "\"unlimited\"");
	assert_false(frequency_is_limited(&frequency));
	frequency = frequency_of("\"once\"", "{\"uses\":1," AT "}");
	assert_int_equal(frequency.uses, 1);
	assert_int_equal(frequency.per, PERIOD_WHOLE);
	assert_string_equal(frequency.at, "11440100MB0044011H");
	frequency = frequency_of(
	    "\"monitor\"", "{\"uses\":1000000,\"per\":\"day\"," AT "}");
	assert_int_equal(frequency.uses, 1000000);
	assert_int_equal(frequency.per, PERIOD_DAY);
	frequency =
	    frequency_of("\"period\"", "{\"uses\":3,\"per\":\"month\"," AT "}");
	assert_int_equal(frequency.per, PERIOD_MONTH);
	frequency =
	    frequency_of("\"period\"", "{" AT ",\"uses\":3,\"per\":\"week\"}");
	assert_int_equal(frequency.per, PERIOD_WEEK);
}

static uint32_t
window(enum period per, const char *time)
{
	struct frequency frequency = {.uses = 1, .per = per};
	int64_t time_us;

	assert_int_equal(clock_parse(span_of(time), &time_us), ERR_OK);
	return frequency_window(&frequency, time_us);
}

/* Eight hours east of Greenwich; 23 November 2026 is a Monday. */
static void
a_period_ends_at_midnight_in_the_east(void **state)
{
	static const char before[] = "2026-11-22T15:59:59.999999Z",
			  after[] = "2026-11-22T16:00:00Z",
			  sunday[] = "2026-11-29T23:59:59+08:00",
			  last[] = "2026-11-30T23:59:59+08:00",
			  first[] = "2026-12-01T00:00:00+08:00";

	(void)state;
	assert_int_equal(
	    window(PERIOD_DAY, after), window(PERIOD_DAY, before) + 1);
	assert_int_equal(
	    window(PERIOD_DAY, after) + 7, window(PERIOD_DAY, last));
	assert_int_equal(
	    window(PERIOD_WEEK, after), window(PERIOD_WEEK, before) + 1);
	assert_int_equal(
	    window(PERIOD_WEEK, sunday), window(PERIOD_WEEK, after));
	assert_int_equal(
	    window(PERIOD_WEEK, last), window(PERIOD_WEEK, after) + 1);
	assert_int_equal(
	    window(PERIOD_MONTH, last), window(PERIOD_MONTH, before));
	assert_int_equal(
	    window(PERIOD_MONTH, first), window(PERIOD_MONTH, last) + 1);
	assert_int_equal(window(PERIOD_MONTH, "2027-01-01T00:00:00+08:00"),
	    window(PERIOD_MONTH, first) + 1);
	assert_int_equal(window(PERIOD_WHOLE, first), 0);
	assert_true(window(PERIOD_DAY, "1970-01-01T00:00:00Z") > 0);
}

#define REFUSED(member, value)                                                 \
	do {                                                                   \
		struct draft draft = good;                                     \
		struct consent consent;                                        \
                                                                               \
		draft.member = value;                                          \
		assert_int_equal(parse(&draft, &consent), ERR_INVALID);        \
	} while (0)

static void
names_of_the_wrong_shape_are_refused(void **state)
{
	(void)state;
	REFUSED(id, "\"\"");
	REFUSED(id, "\"a/b\"");
	REFUSED(id, "\"授权\"");
	REFUSED(id, "1");
	REFUSED(id,
	    "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	    "a\"");
	REFUSED(version, "2");
	REFUSED(version, "0");
	REFUSED(version, "\"1\"");
	REFUSED(version, "1.0");
	REFUSED(subject, "\"91440101MA5CUY37JX\"");
	REFUSED(subject, "\"91440101MA5CUY37J\"");
	REFUSED(subject, "null");
	REFUSED(grantee, "\"\"");
	REFUSED(grantee, "\"*\"");
	REFUSED(more, ",\"revocation\":\"javascript:alert(1)\"");
	REFUSED(more, ",\"revocation\":\"https://x/ y\"");
	REFUSED(more, ",\"revocation\":null");
	REFUSED(more, ",\"constraint\":\"once\"");
}

static void
a_scope_must_be_said_and_be_numbers(void **state)
{
	(void)state;
	REFUSED(scope, "\"items\":[]");
	REFUSED(scope, "\"items\":[],\"categories\":[]");
	REFUSED(scope, "\"items\":[\"*\"]");
	REFUSED(scope, "\"items\":\"*\"");
	REFUSED(scope, "\"items\":[0]");
	REFUSED(scope, "\"categories\":[-1]");
	REFUSED(scope, "\"items\":[1],\"categories\":null");
}

static void
words_outside_the_vocabularies_are_refused(void **state)
{
	(void)state;
	REFUSED(purpose, "\"any\"");
	REFUSED(purpose, "\"\"");
	REFUSED(purpose, "\"none\"");
	REFUSED(mode, "\"read\"");
	REFUSED(mode, "\"unknown\"");
	REFUSED(frequency, "\"once\"");
	REFUSED(frequency, "\"10/day\"");
	REFUSED(frequency, "1");
	REFUSED(mode, "\"view\"");
	REFUSED(mode, "\"monitor\""); /* before the loan */
}

static void
limits_that_nobody_could_keep_are_refused(void **state)
{
	(void)state;
	REFUSED(mode, "\"once\""); /* unlimited */
	REFUSED(frequency, "{}");
	REFUSED(frequency, "[]");
	REFUSED(frequency, "null");
	REFUSED(frequency, "{\"uses\":3}"); /* and who counts? */
	REFUSED(frequency, "{\"uses\":3,\"at\":\"\"}");
	REFUSED(frequency, "{\"uses\":3,\"at\":\"a b\"}");
	REFUSED(frequency, "{" AT "}");
	REFUSED(frequency, "{\"uses\":0," AT "}");
	REFUSED(frequency, "{\"uses\":-1," AT "}");
	REFUSED(frequency, "{\"uses\":1000001," AT "}");
	REFUSED(frequency, "{\"uses\":4294967297," AT "}");
	REFUSED(frequency, "{\"uses\":\"3\"," AT "}");
	REFUSED(frequency, "{\"uses\":1.5," AT "}");
	REFUSED(frequency, "{\"uses\":3,\"per\":\"hour\"," AT "}");
	REFUSED(frequency, "{\"uses\":3,\"per\":\"\"," AT "}");
	REFUSED(frequency, "{\"uses\":3,\"per\":null," AT "}");
	REFUSED(frequency, "{\"uses\":3,\"until\":1," AT "}");
	REFUSED(frequency, "{\"uses\":{\"uses\":3}," AT "}");
}

static void
once_is_one_use_in_all(void **state)
{
	struct draft draft = good;
	struct consent consent;

	(void)state;
	draft.mode = "\"once\"";
	draft.frequency = "{\"uses\":2," AT "}";
	assert_int_equal(parse(&draft, &consent), ERR_INVALID);
	draft.frequency = "{\"uses\":1,\"per\":\"day\"," AT "}";
	assert_int_equal(parse(&draft, &consent), ERR_INVALID);
	draft.frequency = "{\"uses\":1," AT "}";
	assert_int_equal(parse(&draft, &consent), ERR_OK);
}

static void
terms_that_make_no_sense_are_refused(void **state)
{
	(void)state;
	REFUSED(expiry, "\"2026-11-01T00:00:00Z\"");
	REFUSED(expiry, "\"2026-10-01T00:00:00Z\"");
	REFUSED(expiry, "\"2036-11-02T00:00:00Z\"");
	REFUSED(expiry, "\"2027-11-01\"");
	REFUSED(expiry, "1800000000");
	REFUSED(not_before, "\"\"");
	REFUSED(life, "-1");
	REFUSED(life, "3651");
	REFUSED(life, "\"365\"");
}

static void
ten_years_are_allowed(void **state)
{
	struct draft draft = good;
	struct consent consent;

	(void)state;
	draft.expiry = "\"2036-11-01T00:00:00Z\"";
	assert_int_equal(parse(&draft, &consent), ERR_OK);
}

static void
every_member_but_the_address_and_one_scope_is_required(void **state)
{
	static const char *const members[] = {"\"id\":\"c\"", "\"version\":1",
	    "\"subject\":\"91440101MA5CUY37JD\"", "\"grantee\":\"b\"",
	    "\"categories\":[1]", "\"purpose\":\"in_loan\"",
	    "\"mode\":\"period\"", "\"not_before\":\"2026-11-01T00:00:00Z\"",
	    "\"expiry\":\"2026-12-01T00:00:00Z\"",
	    "\"frequency\":\"unlimited\"", "\"data_life_days\":0"};
	const size_t count = sizeof(members) / sizeof(members[0]);
	struct consent consent;
	struct buf text = {0};
	size_t without, i;

	(void)state;
	for (without = 0; without <= count; without++) {
		buf_reset(&text);
		for (i = 0; i < count; i++) {
			if (i != without)
				buf_print(&text, "%c%s",
				    text.len == 0 ? '{' : ',', members[i]);
		}
		buf_char(&text, '}');
		assert_int_equal(consent_parse(buf_span(&text), &consent, NULL),
		    without == count ? ERR_OK : ERR_INVALID);
	}
	buf_release(&text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_consent_is_read_whole),
	    cmocka_unit_test(printed_and_parsed_again_it_is_the_same),
	    cmocka_unit_test(it_covers_its_items_and_its_categories_only),
	    cmocka_unit_test(names_of_the_wrong_shape_are_refused),
	    cmocka_unit_test(a_scope_must_be_said_and_be_numbers),
	    cmocka_unit_test(words_outside_the_vocabularies_are_refused),
	    cmocka_unit_test(
		its_uses_are_limited_in_all_or_in_each_day_week_or_month),
	    cmocka_unit_test(a_period_ends_at_midnight_in_the_east),
	    cmocka_unit_test(limits_that_nobody_could_keep_are_refused),
	    cmocka_unit_test(once_is_one_use_in_all),
	    cmocka_unit_test(terms_that_make_no_sense_are_refused),
	    cmocka_unit_test(ten_years_are_allowed),
	    cmocka_unit_test(
		every_member_but_the_address_and_one_scope_is_required),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
