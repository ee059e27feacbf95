/*
 * replica, parent: what the hub sealed goes in, in order, and nothing else.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/codec.h"
#include "node/window.h"
#include "node_sample.h"

#define STREAM "4401"

struct fixture {
	char *folder;
	struct store *store;
	struct parent *parent;
	struct keyring *keys;
	struct replica *replica;
	struct followed *followed;
	struct sample_hub hub;
	struct taken taken;
	struct buf sealed;
};

static void
open_node(struct fixture *fixture)
{
	struct snapshot *newest;
	struct stream_state state;
	struct why why = {""};

	fixture->store = store_open(fixture->folder, &why);
	assert_non_null(fixture->store);
	newest = store_newest(fixture->store);
	assert_int_equal(snapshot_stream(newest, STREAM, &state, &why), ERR_OK);
	snapshot_release(newest);
	fixture->parent = parent_new("11440000MB00004493");
	fixture->followed = parent_follow(fixture->parent, &state);
	fixture->keys = keyring_of(fixture->hub.key);
	fixture->replica = replica_new(fixture->store, fixture->keys);
}

static void
close_node(struct fixture *fixture)
{
	replica_free(fixture->replica);
	keyring_free(fixture->keys);
	parent_free(fixture->parent);
	store_close(fixture->store);
}

static int
setup(void **state)
{
	struct fixture *fixture = mem_new(sizeof(*fixture));

	fixture->folder = sample_folder();
	sample_hub_init(&fixture->hub, STREAM);
	open_node(fixture);
	*state = fixture;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *fixture = *state;

	close_node(fixture);
	sample_hub_release(&fixture->hub);
	sample_remove(fixture->folder);
	buf_release(&fixture->sealed);
	mem_free(fixture);
	return 0;
}

static enum err
take(struct fixture *fixture)
{
	return replica_take(fixture->replica, fixture->parent,
	    buf_span(&fixture->sealed), &fixture->taken);
}

/* The next batch of the hub, into fixture->sealed. */
static void
seal(struct fixture *fixture, unsigned first, unsigned count)
{
	buf_reset(&fixture->sealed);
	sample_seal(&fixture->hub, first, count, &fixture->sealed);
}

static void
assert_agrees(struct fixture *fixture)
{
	struct digest ours = setsum_digest(&fixture->followed->state.sum);
	struct digest hubs = setsum_digest(&fixture->hub.sum);

	assert_int_equal(fixture->followed->state.chain.position,
	    fixture->hub.chain.position);
	assert_true(digest_equal(&ours, &hubs));
}

static void
batches_in_order_are_applied_and_agree(void **state)
{
	struct fixture *fixture = *state;

	seal(fixture, 0, 8);
	assert_int_equal(take(fixture), ERR_OK);
	seal(fixture, 4, 8);
	assert_int_equal(take(fixture), ERR_OK);

	assert_int_equal(fixture->taken.count, 8);
	assert_agrees(fixture);
}

/* Sealed one after the other, taken as one reply brings them. */
static void
batches_that_are_expected_are_applied_in_their_order(void **state)
{
	struct fixture *fixture = *state;
	struct buf sealed[20] = {{0}};
	struct span expected[20];
	size_t i;

	for (i = 0; i < 20; i++) {
		sample_seal(&fixture->hub, (unsigned)i, 8, &sealed[i]);
		expected[i] = buf_span(&sealed[i]);
	}
	replica_expect(fixture->replica, expected, 20);
	for (i = 0; i < 20; i++)
		assert_int_equal(replica_take(fixture->replica, fixture->parent,
				     expected[i], &fixture->taken),
		    ERR_OK);
	replica_forget(fixture->replica);

	assert_agrees(fixture);
	for (i = 0; i < 20; i++)
		buf_release(&sealed[i]);
}

/* An altered one among those opened ahead; what follows is a gap. */
static void
a_lie_among_expected_ones_is_refused_at_its_turn(void **state)
{
	static const enum err outcomes[] = {
	    ERR_OK, ERR_OK, ERR_INVALID, ERR_GAP, ERR_GAP};
	struct fixture *fixture = *state;
	struct buf sealed[5] = {{0}};
	struct span expected[5];
	size_t i;

	for (i = 0; i < 5; i++) {
		sample_seal(&fixture->hub, (unsigned)i, 4, &sealed[i]);
		expected[i] = buf_span(&sealed[i]);
	}
	sealed[2].data[sealed[2].len - 3] ^= 1;
	replica_expect(fixture->replica, expected, 5);
	for (i = 0; i < 5; i++)
		assert_int_equal(replica_take(fixture->replica, fixture->parent,
				     expected[i], &fixture->taken),
		    outcomes[i]);
	replica_forget(fixture->replica);

	assert_int_equal(fixture->followed->state.chain.position, 8);
	for (i = 0; i < 5; i++)
		buf_release(&sealed[i]);
}

/* Opened with the key still good, applied after stream 0000 retired it. */
static void
a_key_that_is_retired_meanwhile_does_not_count(void **state)
{
	struct fixture *fixture = *state;
	struct buf sealed[2] = {{0}}, hex = {0};
	struct span expected[2];
	size_t i;

	for (i = 0; i < 2; i++) {
		sample_seal(&fixture->hub, (unsigned)i, 4, &sealed[i]);
		expected[i] = buf_span(&sealed[i]);
	}
	codec_hex(span_make(fixture->hub.key, 32), &hex);
	replica_expect(fixture->replica, expected, 2);
	assert_int_equal(replica_take(fixture->replica, fixture->parent,
			     expected[0], &fixture->taken),
	    ERR_OK);
	assert_int_equal(keyring_take(fixture->keys, buf_span(&hex), true,
			     span_of("{\"until\":{\"4401\":4}}")),
	    ERR_OK);
	assert_int_equal(replica_take(fixture->replica, fixture->parent,
			     expected[1], &fixture->taken),
	    ERR_INVALID);
	replica_forget(fixture->replica);

	assert_int_equal(fixture->followed->state.chain.position, 4);
	buf_release(&hex);
	for (i = 0; i < 2; i++)
		buf_release(&sealed[i]);
}

/* The batch before it brought the key: what was refused ahead is not. */
static void
a_key_that_is_learned_meanwhile_counts(void **state)
{
	struct fixture *fixture = *state;
	struct buf sealed = {0};
	struct span expected;
	struct sample_hub stranger;

	sample_hub_init(&stranger, STREAM);
	sample_seal(&stranger, 0, 4, &sealed);
	expected = buf_span(&sealed);
	replica_expect(fixture->replica, &expected, 1);
	keyring_trust(fixture->keys, stranger.key);
	assert_int_equal(replica_take(fixture->replica, fixture->parent,
			     expected, &fixture->taken),
	    ERR_OK);
	replica_forget(fixture->replica);

	assert_int_equal(fixture->followed->state.chain.position, 4);
	sample_hub_release(&stranger);
	buf_release(&sealed);
}

static void
a_repeat_changes_nothing(void **state)
{
	struct fixture *fixture = *state;

	seal(fixture, 0, 4);
	assert_int_equal(take(fixture), ERR_OK);

	assert_int_equal(take(fixture), ERR_SEEN);

	assert_agrees(fixture);
}

static void
a_gap_is_named_and_does_not_move(void **state)
{
	struct fixture *fixture = *state;

	seal(fixture, 0, 4);
	seal(fixture, 4, 4);

	assert_int_equal(take(fixture), ERR_GAP);

	assert_int_equal(fixture->followed->state.chain.position, 0);
}

static void
an_altered_body_is_refused(void **state)
{
	struct fixture *fixture = *state;

	seal(fixture, 0, 4);
	fixture->sealed.data[fixture->sealed.len - 3] ^= 1;

	assert_int_equal(take(fixture), ERR_INVALID);

	assert_int_equal(fixture->followed->state.chain.position, 0);
}

static void
a_batch_of_another_hub_is_refused(void **state)
{
	struct fixture *fixture = *state;
	struct sample_hub other;

	sample_hub_init(&other, STREAM);
	sample_seal(&other, 0, 4, &fixture->sealed);

	assert_int_equal(take(fixture), ERR_INVALID);

	sample_hub_release(&other);
}

static void
another_chain_at_our_next_position_is_refused(void **state)
{
	struct fixture *fixture = *state;

	seal(fixture, 0, 4);
	assert_int_equal(take(fixture), ERR_OK);
	fixture->hub.chain.head.bytes[0] ^= 1;
	seal(fixture, 4, 4);

	assert_int_equal(take(fixture), ERR_INVALID);

	assert_int_equal(fixture->followed->state.chain.position, 4);
}

static void
a_wrong_state_digest_is_refused_and_shown(void **state)
{
	struct fixture *fixture = *state;
	struct snapshot *snapshot;
	struct stream_state stored;
	struct digest stranger = {{7}};

	seal(fixture, 0, 4);
	assert_int_equal(take(fixture), ERR_OK);
	setsum_add(&fixture->hub.sum, &stranger);
	seal(fixture, 4, 4);

	assert_int_equal(take(fixture), ERR_CONFLICT);

	snapshot = store_snapshot(fixture->store);
	assert_int_equal(
	    snapshot_stream(snapshot, STREAM, &stored, NULL), ERR_OK);
	assert_true(stored.diverged);
	assert_int_equal(stored.chain.position, 4);
	snapshot_release(snapshot);
}

static void
a_key_twice_in_one_batch_counts_once(void **state)
{
	struct fixture *fixture = *state;
	struct batch_header header = {.stream = STREAM, .first = 1, .last = 2};
	struct record record = {.item = 1,
	    .subject = span_of(SAMPLE_SUBJECT),
	    .key = span_of("same"),
	    .state = RECORD_CURRENT};
	struct setsum sum = {{0}};
	struct buf raw = {0}, packed = {0};
	struct digest content = {{0}}, element = {{0}};

	for (record.version = 1; record.version <= 2; record.version++) {
		content = record_content_digest(&record);
		element = record_element_digest(
		    &content, record.version, record.as_of_us);
		buf_reset(&packed);
		pack_record(&record, &packed);
		pack_batch_record(buf_span(&packed), &raw);
	}
	setsum_add(&sum, &element);
	header.state = setsum_digest(&sum);
	assert_int_equal(sealer_seal(fixture->hub.sealer, &header,
			     buf_span(&raw), &fixture->sealed),
	    ERR_OK);

	assert_int_equal(take(fixture), ERR_OK);

	buf_release(&raw);
	buf_release(&packed);
}

static void
a_stream_that_is_not_followed_is_left_alone(void **state)
{
	struct fixture *fixture = *state;
	struct sample_hub hub = fixture->hub;

	memcpy(hub.chain.stream, "3100", sizeof(hub.chain.stream));
	sample_seal(&hub, 0, 1, &fixture->sealed);

	assert_int_equal(take(fixture), ERR_MISSING);
}

static void
a_restart_resumes_where_it_stopped(void **state)
{
	struct fixture *fixture = *state;

	seal(fixture, 0, 8);
	assert_int_equal(take(fixture), ERR_OK);
	close_node(fixture);
	open_node(fixture);
	assert_agrees(fixture);

	seal(fixture, 2, 3);
	assert_int_equal(take(fixture), ERR_OK);

	assert_agrees(fixture);
}

static void
a_refused_stream_is_patient_before_it_asks_again(void **state)
{
	struct fixture *fixture = *state;
	struct followed *followed = fixture->followed;

	parent_heard(followed, 10);
	parent_refused(followed);

	assert_int_equal(followed->phase, FOLLOWED_FETCHING);
	assert_true(followed->not_before_us > 0);
}

static void
a_stream_is_live_when_it_has_what_was_named(void **state)
{
	struct fixture *fixture = *state;

	parent_heard(fixture->followed, 4);
	seal(fixture, 0, 4);
	assert_int_equal(take(fixture), ERR_OK);
	parent_applied(fixture->followed);
	assert_int_equal(fixture->followed->phase, FOLLOWED_LIVE);

	parent_heard(fixture->followed, 9);

	assert_int_equal(fixture->followed->phase, FOLLOWED_FETCHING);
}

static void
what_is_missing_counts_and_an_image_counts_as_much(void **state)
{
	struct fixture *fixture = *state;
	struct stream_state other = {.chain = {.stream = "4403"}};
	struct followed *second = parent_follow(fixture->parent, &other);

	parent_heard(fixture->followed, 60);
	parent_heard(second, 40);
	assert_false(parent_is_far_ahead(fixture->parent, 100));
	parent_heard(second, 41);
	assert_true(parent_is_far_ahead(fixture->parent, 100));

	assert_false(parent_is_far_ahead(fixture->parent, 1000));
	parent_needs_image(second);
	assert_true(parent_is_far_ahead(fixture->parent, 1000));
}

/* To nobody: what is asked waits in the socket. */
static struct bus *
attach(struct fixture *fixture)
{
	char public_key[BUS_KEY_LEN + 1], secret_key[BUS_KEY_LEN + 1];
	struct bus_settings settings = {.parent_live = "tcp://127.0.0.1:1",
	    .parent_fetch = "tcp://127.0.0.1:1",
	    .parent_key = public_key,
	    .public_key = public_key,
	    .secret_key = secret_key,
	    .io_threads = 1};
	struct why why = {""};
	struct bus *bus;

	assert_int_equal(bus_make_keys(public_key, secret_key), ERR_OK);
	bus = bus_open(&settings, &why);
	assert_non_null(bus);
	parent_attach(fixture->parent, bus);
	return bus;
}

static void
the_next_window_is_asked_for_once_and_only_if_there_is_one(void **state)
{
	struct fixture *fixture = *state;
	struct followed *followed = fixture->followed;
	struct bus *bus = attach(fixture);
	uint64_t ticket;

	parent_heard(followed, 10);
	parent_ask_ahead(fixture->parent, followed, 10);
	assert_int_equal(followed->ticket, 0);
	parent_ask_ahead(fixture->parent, followed, 0);
	assert_int_equal(followed->ticket, 0);

	parent_ask_ahead(fixture->parent, followed, 4);
	ticket = followed->ticket;
	assert_int_not_equal(ticket, 0);
	parent_ask_ahead(fixture->parent, followed, 5);
	assert_int_equal(followed->ticket, ticket);

	parent_forget_ahead(followed);
	assert_int_equal(followed->ticket, 0);
	parent_needs_image(followed);
	parent_ask_ahead(fixture->parent, followed, 4);
	assert_int_equal(followed->ticket, 0);
	bus_close(bus);
}

static void
a_window_claims_the_last_position_of_its_last_batch(void **state)
{
	struct fixture *fixture = *state;
	struct reply reply = {.kind = REPLY_BATCHES};
	struct buf first = {0};
	struct span sealed[2];

	assert_int_equal(window_claimed(&reply), 0);
	sample_seal(&fixture->hub, 0, 4, &first);
	seal(fixture, 4, 3);
	sealed[0] = buf_span(&first);
	sealed[1] = buf_span(&fixture->sealed);
	reply.sealed = sealed;
	reply.sealed_count = 2;

	assert_int_equal(window_claimed(&reply), 7);
	sealed[1].len = 20;
	assert_int_equal(window_claimed(&reply), 0);
	buf_release(&first);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(batches_in_order_are_applied_and_agree),
	    TEST(batches_that_are_expected_are_applied_in_their_order),
	    TEST(a_lie_among_expected_ones_is_refused_at_its_turn),
	    TEST(a_key_that_is_retired_meanwhile_does_not_count),
	    TEST(a_key_that_is_learned_meanwhile_counts),
	    TEST(a_repeat_changes_nothing),
	    TEST(a_gap_is_named_and_does_not_move),
	    TEST(an_altered_body_is_refused),
	    TEST(a_batch_of_another_hub_is_refused),
	    TEST(another_chain_at_our_next_position_is_refused),
	    TEST(a_wrong_state_digest_is_refused_and_shown),
	    TEST(a_key_twice_in_one_batch_counts_once),
	    TEST(a_stream_that_is_not_followed_is_left_alone),
	    TEST(a_restart_resumes_where_it_stopped),
	    TEST(a_refused_stream_is_patient_before_it_asks_again),
	    TEST(a_stream_is_live_when_it_has_what_was_named),
	    TEST(what_is_missing_counts_and_an_image_counts_as_much),
	    TEST(the_next_window_is_asked_for_once_and_only_if_there_is_one),
	    TEST(a_window_claims_the_last_position_of_its_last_batch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
