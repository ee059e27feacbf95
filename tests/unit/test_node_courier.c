/*
 * courier, world: a letter is on disk before anybody is told, and the member
 * list is read from stream 0000.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "node_sample.h"
#include "sample_catalog.h"

#include "base/jws.h"
#include "node/control.h"
#include "node/courier.h"
#include "node/outbox.h"
#include "node/world.h"

#define CODE "11440100MB0044011H"

struct fixture {
	char *folder;
	struct store *store;
	struct signer *signer;
	struct parent *parent;
	struct courier *courier;
	enum courier_outcome outcome;
	int told;
};

static void
open_courier(struct fixture *fixture)
{
	struct courier_settings settings = {.own_code = CODE};
	struct why why = {""};

	fixture->store = store_open(fixture->folder, &why);
	assert_non_null(fixture->store);
	settings.store = fixture->store;
	settings.signer = fixture->signer;
	settings.parent = fixture->parent;
	fixture->courier = courier_new(&settings, &why);
	assert_non_null(fixture->courier);
}

static void
close_courier(struct fixture *fixture)
{
	courier_free(fixture->courier);
	store_close(fixture->store);
}

static int
setup(void **state)
{
	struct fixture *fixture = mem_new(sizeof(*fixture));

	fixture->folder = sample_folder();
	fixture->signer = signer_new();
	fixture->parent = parent_new(CODE);
	open_courier(fixture);
	*state = fixture;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *fixture = *state;

	close_courier(fixture);
	parent_free(fixture->parent);
	signer_free(fixture->signer);
	sample_remove(fixture->folder);
	mem_free(fixture);
	return 0;
}

static void
on_done(void *context, enum courier_outcome outcome)
{
	struct fixture *fixture = context;

	fixture->outcome = outcome;
	fixture->told++;
}

static void
carry(struct fixture *fixture, enum upward_kind kind, const char *id)
{
	struct letter *letter = mem_new(sizeof(*letter));

	letter->kind = kind;
	snprintf(letter->order.id, sizeof(letter->order.id), "%s", id);
	snprintf(letter->order.subject, sizeof(letter->order.subject),
	    SAMPLE_SUBJECT);
	buf_text(&letter->document, "a.Yg.c");
	letter->done = on_done;
	letter->context = fixture;
	courier_take(fixture->courier, letter);
}

static enum err
oldest(struct fixture *fixture, struct upward *upward, struct arena *arena)
{
	struct snapshot *newest = store_newest(fixture->store);
	struct buf letter = {0};
	uint64_t sequence;
	enum err err = outbox_next(newest, 0, &sequence, &letter, NULL);

	if (err == ERR_OK)
		assert_int_equal(
		    unpack_upward(buf_span(&letter), NULL, arena, upward),
		    ERR_OK);
	buf_release(&letter);
	snapshot_release(newest);
	return err;
}

static void
a_revocation_is_told_when_it_is_on_disk(void **state)
{
	struct fixture *fixture = *state;
	struct arena *arena = arena_new();
	struct upward upward;

	carry(fixture, UPWARD_ORDERED_HERE, "c-1");
	assert_int_equal(fixture->outcome, COURIER_KEPT);
	close_courier(fixture);
	open_courier(fixture);

	assert_int_equal(oldest(fixture, &upward, arena), ERR_OK);

	assert_int_equal(upward.kind, UPWARD_ORDERED_HERE);
	assert_true(span_is(upward.document, "c-1"));
	assert_true(span_is(upward.subject, SAMPLE_SUBJECT));
	arena_free(arena);
}

static void
a_consent_waits_for_stream_0000(void **state)
{
	struct fixture *fixture = *state;

	carry(fixture, UPWARD_CONSENT, "c-1");
	courier_on_consent(
	    fixture->courier, span_of("c-2"), span_of("a.Yg.c"), false);
	assert_int_equal(fixture->told, 0);

	courier_on_consent(
	    fixture->courier, span_of("c-1"), span_of("a.Yg.c"), false);

	assert_int_equal(fixture->told, 1);
	assert_int_equal(fixture->outcome, COURIER_ACTIVE);
}

static void
who_waits_is_refused_when_another_consent_has_the_id(void **state)
{
	struct fixture *fixture = *state;

	carry(fixture, UPWARD_CONSENT, "c-1");

	courier_on_consent(
	    fixture->courier, span_of("c-1"), span_of("a.Yw.c"), false);

	assert_int_equal(fixture->told, 1);
	assert_int_equal(fixture->outcome, COURIER_REFUSED);
}

static void
who_waits_when_the_node_stops_is_told_that_it_is_pending(void **state)
{
	struct fixture *fixture = *state;

	carry(fixture, UPWARD_CONSENT, "c-1");
	close_courier(fixture);

	assert_int_equal(fixture->told, 1);
	assert_int_equal(fixture->outcome, COURIER_PENDING);
	open_courier(fixture);
}

static void
sequences_only_grow(void **state)
{
	struct fixture *fixture = *state;
	uint64_t before = courier_next_sequence(fixture->courier);
	uint64_t after;

	carry(fixture, UPWARD_ORDERED_HERE, "c-1");
	close_courier(fixture);
	open_courier(fixture);

	after = courier_next_sequence(fixture->courier);

	assert_true(after > before);
}

static void
index_document(struct fixture *fixture, enum control_item item,
    const char *subject, struct span document)
{
	struct kv_write *write = kv_write_begin(store_kv(fixture->store));
	struct snapshot *newest = store_newest(fixture->store);
	struct record_field field = {1, document};
	struct record record = {.item = item,
	    .subject = span_of(subject),
	    .state = RECORD_CURRENT,
	    .fields = &field,
	    .field_count = 1};

	assert_int_equal(control_index(write, newest, &record, NULL), ERR_OK);
	assert_int_equal(kv_write_end(write, false, NULL), ERR_OK);
	snapshot_release(newest);
}

static struct world *
read_world(struct fixture *fixture, struct signer *key)
{
	struct snapshot *newest = store_newest(fixture->store);
	struct verifier *verifier;
	struct world *world;
	uint8_t raw[32];

	assert_int_equal(signer_public(key, raw), ERR_OK);
	verifier = verifier_new(raw);
	world = world_read(newest, verifier, CODE, NULL);
	assert_non_null(world);
	verifier_free(verifier);
	snapshot_release(newest);
	return world;
}

static void
members_are_found_by_code_and_a_broken_one_is_left_out(void **state)
{
	struct fixture *fixture = *state;
	struct world *world;

	index_document(fixture, CONTROL_MEMBER, CODE,
	    span_of("{\"code\":\"" CODE "\",\"name\":\"node\",\"kind\":"
		    "\"platform\",\"divisions\":[\"4401\"]}"));
	index_document(fixture, CONTROL_MEMBER, "91440101MA000RX19U",
	    span_of("{\"code\":\"91440101MA000RX19U\",\"name\":\"bank\","
		    "\"kind\":\"bank\"}"));
	index_document(fixture, CONTROL_MEMBER, "broken", span_of("{}"));

	world = read_world(fixture, fixture->signer);

	assert_int_equal(world->member_count, 2);
	assert_non_null(world->self);
	assert_int_equal(
	    world_find(world, "91440101MA000RX19U")->kind, MEMBER_BANK);
	assert_null(world_find(world, "91440300MA000RX27J"));
	world_free(world);
}

static void
a_catalogue_counts_only_with_the_operators_signature(void **state)
{
	struct fixture *fixture = *state;
	struct signer *stranger = signer_new();
	struct buf jws = {0};
	struct world *world;

	assert_int_equal(
	    jws_sign_with_key(fixture->signer, "rongxin-catalogue+jws",
		span_of(sample_catalog), &jws, NULL),
	    ERR_OK);
	index_document(fixture, CONTROL_CATALOGUE, "catalogue", buf_span(&jws));

	world = read_world(fixture, fixture->signer);
	assert_non_null(world->catalog);
	world_free(world);
	world = read_world(fixture, stranger);
	assert_null(world->catalog);

	world_free(world);
	buf_release(&jws);
	signer_free(stranger);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_revocation_is_told_when_it_is_on_disk),
	    TEST(a_consent_waits_for_stream_0000),
	    TEST(who_waits_is_refused_when_another_consent_has_the_id),
	    TEST(who_waits_when_the_node_stops_is_told_that_it_is_pending),
	    TEST(sequences_only_grow),
	    TEST(members_are_found_by_code_and_a_broken_one_is_left_out),
	    TEST(a_catalogue_counts_only_with_the_operators_signature),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
