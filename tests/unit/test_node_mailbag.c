/*
 * mailbag: several letters on their way, never two about one consent.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "node_sample.h"

#include "base/codec.h"
#include "node/control.h"
#include "node/mailbag.h"
#include "node/outbox.h"

#define CODE "11440100MB0044011H"

struct fixture {
	char *folder;
	struct store *store;
	struct signer *signer;
	struct parent *parent;
	struct bus *bus;
	struct mailbag *bag;
	uint64_t ticket; /* the last one given */
};

/* A parent that nobody is behind: what is sent waits in the socket. */
static int
setup(void **state)
{
	char public_key[BUS_KEY_LEN + 1], secret_key[BUS_KEY_LEN + 1];
	struct bus_settings settings = {.parent_live = "tcp://127.0.0.1:1",
	    .parent_fetch = "tcp://127.0.0.1:1",
	    .parent_key = public_key,
	    .public_key = public_key,
	    .secret_key = secret_key,
	    .io_threads = 1};
	struct fixture *fixture = mem_new(sizeof(*fixture));
	struct request hello = {.kind = REQUEST_HELLO};
	struct why why = {""};

	assert_int_equal(bus_make_keys(public_key, secret_key), ERR_OK);
	fixture->folder = sample_folder();
	fixture->store = store_open(fixture->folder, &why);
	assert_non_null(fixture->store);
	fixture->signer = signer_new();
	fixture->parent = parent_new(CODE);
	fixture->bus = bus_open(&settings, &why);
	assert_non_null(fixture->bus);
	parent_attach(fixture->parent, fixture->bus);
	fixture->ticket = parent_send(fixture->parent, &hello);
	fixture->bag = mailbag_new(fixture->store, fixture->parent);
	*state = fixture;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *fixture = *state;

	mailbag_free(fixture->bag);
	bus_close(fixture->bus);
	parent_free(fixture->parent);
	signer_free(fixture->signer);
	store_close(fixture->store);
	sample_remove(fixture->folder);
	mem_free(fixture);
	return 0;
}

static void
put(struct fixture *fixture, uint64_t sequence, enum upward_kind kind,
    const char *document)
{
	struct kv_write *write = kv_write_begin(store_kv(fixture->store));
	struct upward upward = {.kind = kind,
	    .origin = span_of(CODE),
	    .sequence = sequence,
	    .document = span_of(document),
	    .subject = span_of(SAMPLE_SUBJECT)};
	struct buf packed = {0};

	assert_int_equal(
	    pack_upward(&upward, fixture->signer, &packed), ERR_OK);
	outbox_put(write, sequence, buf_span(&packed));
	if (kind == UPWARD_CONSENT)
		control_keep_pending(write, "c-1", span_of(document));
	assert_int_equal(kv_write_end(write, false, NULL), ERR_OK);
	buf_release(&packed);
	mailbag_wake(fixture->bag);
}

/* How many letters a pump sends. */
static uint64_t
pump(struct fixture *fixture)
{
	struct request hello = {.kind = REQUEST_HELLO};
	uint64_t before = fixture->ticket;

	mailbag_pump(fixture->bag);
	fixture->ticket = parent_send(fixture->parent, &hello);
	return fixture->ticket - before - 1;
}

static struct mailbag_news
answer(struct fixture *fixture, uint64_t ticket, enum reply_kind kind,
    const char *reason)
{
	struct reply reply = {
	    .ticket = ticket, .kind = kind, .reason = span_of(reason)};
	struct mailbag_news news;

	assert_true(mailbag_take_reply(fixture->bag, &reply, &news));
	return news;
}

static bool
is_pending(struct fixture *fixture)
{
	struct snapshot *newest = store_newest(fixture->store);
	struct consent consent;
	enum err err = control_find_pending(newest, "c-1", &consent, NULL);

	snapshot_release(newest);
	return err == ERR_OK;
}

static void
two_about_one_consent_are_never_on_their_way_together(void **state)
{
	struct fixture *fixture = *state;
	uint64_t first = fixture->ticket + 1;

	put(fixture, 7, UPWARD_ORDERED_HERE, "c-1");
	put(fixture, 8, UPWARD_ORDERED_HERE, "c-1");
	put(fixture, 9, UPWARD_ORDERED_HERE, "c-2");

	assert_int_equal(pump(fixture), 2);

	assert_int_equal(answer(fixture, first, REPLY_TAKEN, "").sequence, 7);
	assert_int_equal(pump(fixture), 1);
	assert_int_equal(
	    answer(fixture, first + 1, REPLY_TAKEN, "").sequence, 9);
}

static void
a_busy_parent_keeps_the_next_about_that_consent_waiting(void **state)
{
	struct fixture *fixture = *state;
	uint64_t first = fixture->ticket + 1;

	put(fixture, 7, UPWARD_ORDERED_HERE, "c-1");
	put(fixture, 8, UPWARD_ORDERED_HERE, "c-1");
	assert_int_equal(pump(fixture), 1);

	assert_int_equal(
	    answer(fixture, first, REPLY_REFUSAL, "busy").sequence, 0);

	assert_int_equal(pump(fixture), 0);
}

static void
what_was_taken_is_out_of_the_outbox(void **state)
{
	struct fixture *fixture = *state;
	struct snapshot *newest = store_newest(fixture->store);
	uint64_t first = fixture->ticket + 1, sequence;
	struct buf packed = {0};

	put(fixture, 7, UPWARD_ORDERED_HERE, "c-1");
	assert_int_equal(pump(fixture), 1);
	answer(fixture, first, REPLY_TAKEN, "");

	assert_int_equal(
	    outbox_next(newest, 0, &sequence, &packed, NULL), ERR_MISSING);
	buf_release(&packed);
	snapshot_release(newest);
}

static void
more_letters_than_the_bag_holds_go_one_after_the_other(void **state)
{
	struct fixture *fixture = *state;
	uint64_t first = fixture->ticket + 1, i;
	char id[16];

	for (i = 1; i <= 70; i++) {
		snprintf(id, sizeof(id), "c-%u", (unsigned)i);
		put(fixture, i, UPWARD_ORDERED_HERE, id);
	}
	assert_int_equal(pump(fixture), 64);

	answer(fixture, first, REPLY_TAKEN, "");
	answer(fixture, first + 1, REPLY_TAKEN, "");

	assert_int_equal(pump(fixture), 2);
}

static void
a_refused_consent_is_pending_no_more(void **state)
{
	struct fixture *fixture = *state;
	uint64_t first = fixture->ticket + 1;
	struct mailbag_news news;
	struct buf jws = {0};

	buf_text(&jws, "e30.");
	codec_base64url(
	    span_of(
		"{\"id\":\"c-1\",\"version\":1,\"subject\":\"" SAMPLE_SUBJECT
		"\",\"grantee\":\"91440101MA000RX19U\",\"items\":[1],"
		"\"purpose\":\"pre_loan\",\"mode\":\"period\","
		"\"not_before\":\"2026-01-01T00:00:00Z\",\"expiry\":"
		"\"2036-01-01T00:00:00Z\",\"frequency\":\"unlimited\","
		"\"data_life_days\":30,\"revocation\":\"https://x/\"}"),
	    &jws);
	buf_text(&jws, ".AA");
	put(fixture, 7, UPWARD_CONSENT, buf_cstr(&jws));
	assert_int_equal(pump(fixture), 1);
	assert_true(is_pending(fixture));

	news = answer(fixture, first, REPLY_REFUSAL, "invalid");

	assert_true(news.refused);
	assert_int_equal(news.sequence, 7);
	assert_false(is_pending(fixture));
	buf_release(&jws);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(two_about_one_consent_are_never_on_their_way_together),
	    TEST(a_busy_parent_keeps_the_next_about_that_consent_waiting),
	    TEST(what_was_taken_is_out_of_the_outbox),
	    TEST(more_letters_than_the_bag_holds_go_one_after_the_other),
	    TEST(a_refused_consent_is_pending_no_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
