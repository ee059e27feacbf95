/*
 * load, fill, staging, adopt, shelf, trim: a stream comes as an image and is
 * what the hub signed, or nothing changes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sched.h>
#include <stdatomic.h>

#include "node_sample.h"

#include "base/clock.h"
#include "node/adopt.h"
#include "node/load.h"
#include "node/shelf.h"
#include "node/store_key.h"
#include "node/survey.h"
#include "node/trim.h"

#define STREAM "4401"
#define RECORDS 120
#define VALUE_LEN (30 << 10) /* so that RECORDS make several chunks */

/* A place with the stream: a parent, or the node that is tested. */
struct place {
	char *folder;
	struct store *store;
	struct stream_state state;
};

enum lie {
	HONEST,
	LIES_ABOUT_SUMS,
	LIES_IN_A_CHUNK,
	GIVES_ANOTHER_CHUNK,
	PREPARES,
	HAS_NONE
};

struct fixture {
	struct sample_hub hub;
	struct keyring *keys; /* the hub's, as the child has them */
	struct place parent, child;
	struct room *room;
	struct image *image; /* of the parent's stream */
	enum lie lie;
	struct load *load;
	unsigned pages, chunks; /* that were asked for */
	struct load_report report;
	_Atomic bool reported;
};

static void
place_open(struct place *place)
{
	struct why why = {""};
	struct snapshot *newest;

	place->store = store_open(place->folder, &why);
	assert_non_null(place->store);
	newest = store_newest(place->store);
	assert_int_equal(
	    snapshot_stream(newest, STREAM, &place->state, &why), ERR_OK);
	snapshot_release(newest);
}

static void
place_close(struct place *place)
{
	store_close(place->store);
	place->store = NULL;
}

/* Values that are long, do not shrink much, and follow from key and version.
 */
static void
make_value(char value[VALUE_LEN], unsigned key, unsigned version)
{
	uint64_t seed = key * 2654435761u + version * 40503u + 1;
	size_t i;

	for (i = 0; i < VALUE_LEN; i++) {
		seed = seed * 6364136223846793005u + 1442695040888963407u;
		value[i] = (char)('A' + (seed >> 59));
	}
}

static void
seal_long(struct sample_hub *hub, const unsigned *keys, unsigned count,
    struct buf *out)
{
	struct batch_header header = {.stream = STREAM,
	    .first = hub->chain.position + 1,
	    .last = hub->chain.position + count,
	    .previous = hub->chain.head,
	    .committed_us = 1700000000000000};
	static struct digest elements[RECORDS];
	static unsigned versions[RECORDS];
	static char value[VALUE_LEN];
	struct buf raw = {0}, packed = {0};
	unsigned i;

	if (hub->chain.position == 0)
		memset(versions, 0, sizeof(versions));
	for (i = 0; i < count; i++) {
		unsigned k = keys[i];
		struct record_field field = {1, {value, VALUE_LEN}};
		char subject[32], key[16];
		struct record record = {.item = 1 + k % 3,
		    .state = RECORD_CURRENT,
		    .version = ++versions[k],
		    .provider = span_of("11440000MB00004493"),
		    .as_of_us = 1600000000000000 + k,
		    .fields = &field,
		    .field_count = 1};
		struct digest content;

		snprintf(subject, sizeof(subject), "91440101MA00%06u", k / 4);
		snprintf(key, sizeof(key), "k%03u", k);
		record.subject = span_of(subject);
		record.key = span_of(key);
		make_value(value, k, versions[k]);
		content = record_content_digest(&record);
		if (versions[k] > 1)
			setsum_remove(&hub->sum, &elements[k]);
		elements[k] = record_element_digest(
		    &content, record.version, record.as_of_us);
		setsum_add(&hub->sum, &elements[k]);
		buf_reset(&packed);
		pack_record(&record, &packed);
		pack_batch_record(buf_span(&packed), &raw);
	}
	header.state = setsum_digest(&hub->sum);
	assert_int_equal(
	    sealer_seal(hub->sealer, &header, buf_span(&raw), out), ERR_OK);
	chain_advance(&hub->chain, &header);
	buf_release(&raw);
	buf_release(&packed);
}

static enum err
take(struct place *place, const struct sample_hub *hub, struct span sealed)
{
	struct parent *parent = parent_new("11440000MB00004493");
	struct keyring *keys = keyring_of(hub->key);
	struct replica *replica = replica_new(place->store, keys);
	struct followed *followed = parent_follow(parent, &place->state);
	struct taken taken;
	enum err err = replica_take(replica, parent, sealed, &taken);

	place->state = followed->state;
	replica_free(replica);
	keyring_free(keys);
	parent_free(parent);
	return err;
}

/* The hub changes these; whoever is named takes the batch. */
static void
change(
    struct fixture *fixture, unsigned first, unsigned count, struct place *also)
{
	struct buf sealed = {0};
	unsigned keys[RECORDS], i;

	for (i = 0; i < count; i++)
		keys[i] = first + i;
	seal_long(&fixture->hub, keys, count, &sealed);
	assert_int_equal(
	    take(&fixture->parent, &fixture->hub, buf_span(&sealed)), ERR_OK);
	if (also != NULL)
		assert_int_equal(
		    take(also, &fixture->hub, buf_span(&sealed)), ERR_OK);
	buf_release(&sealed);
}

static void
on_doubt(void *context, const char *stream)
{
	atomic_store((_Atomic bool *)context, true);
	assert_string_equal(stream, STREAM);
}

/* As a relay does it: through its shelf. */
static bool
make_image(struct fixture *fixture)
{
	_Atomic bool doubted = false;
	struct shelf_settings settings = {.store = fixture->parent.store,
	    .room = fixture->room,
	    .keep_us = 3600 * CLOCK_SECOND,
	    .doubt = on_doubt,
	    .context = &doubted};
	struct shelf_wish wish = {STREAM, 0, 1};
	struct why why = {""};
	struct shelf *shelf = shelf_open(&settings, &why);
	struct image *image;
	char path[512];

	assert_non_null(shelf);
	wish.least = fixture->parent.state.chain.position;
	assert_int_equal(shelf_find(shelf, &wish, &image), ERR_BUSY);
	while (!atomic_load(&doubted) &&
	       shelf_find(shelf, &wish, &image) != ERR_OK)
		sched_yield();
	shelf_stop(shelf);
	if (!doubted) {
		assert_int_equal(shelf_find(shelf, &wish, &image), ERR_OK);
		snprintf(path, sizeof(path), "%s/snapshots/%s-%020llu.image",
		    fixture->parent.folder, STREAM,
		    (unsigned long long)image_head(image)->position);
		image_close(fixture->image);
		fixture->image = image_open(path, &why);
		assert_non_null(fixture->image);
	}
	shelf_free(shelf);
	return !doubted;
}

static void
lie_about(struct fixture *fixture, struct reply *reply, struct buf *bytes)
{
	if (fixture->lie == LIES_ABOUT_SUMS && reply->kind == REPLY_SNAPSHOT)
		bytes->data[bytes->len - 20] ^= 1;
	if (fixture->lie == LIES_IN_A_CHUNK && reply->kind == REPLY_CHUNK)
		bytes->data[bytes->len / 2] ^= 1;
	if (fixture->lie == PREPARES || fixture->lie == HAS_NONE) {
		reply->kind = REPLY_REFUSAL;
		reply->reason =
		    span_of(fixture->lie == PREPARES ? "preparing" : "gone");
	}
}

/* The parent, on the load thread. */
static void
on_ask(void *context, struct span message)
{
	struct fixture *fixture = context;
	struct arena *arena = arena_new();
	struct buf bytes = {0}, packed = {0};
	struct why why = {""};
	struct request request;
	struct reply reply;

	assert_int_equal(unpack_request(message, arena, &request), ERR_OK);
	assert_true(load_is_ticket(request.ticket));
	reply = (struct reply){.ticket = request.ticket};
	if (request.kind == REQUEST_SNAPSHOT) {
		fixture->pages++;
		reply.kind = REPLY_SNAPSHOT;
		assert_int_equal(image_pack_page(fixture->image, request.number,
				     &bytes, &why),
		    ERR_OK);
	} else {
		fixture->chunks++;
		reply.kind = REPLY_CHUNK;
		if (fixture->lie == GIVES_ANOTHER_CHUNK)
			request.number = !request.number;
		assert_int_equal(image_pack_chunk(fixture->image,
				     request.number, &bytes, &why),
		    ERR_OK);
	}
	lie_about(fixture, &reply, &bytes);
	reply.image = buf_span(&bytes);
	pack_reply(&reply, &packed);
	load_on_reply(fixture->load, buf_span(&packed));
	buf_release(&bytes);
	buf_release(&packed);
	arena_free(arena);
}

static void
on_done(void *context, const struct load_report *report)
{
	struct fixture *fixture = context;

	fixture->report = *report;
	atomic_store(&fixture->reported, true);
}

static enum load_outcome
load_child(struct fixture *fixture)
{
	struct load_settings settings = {.store = fixture->child.store,
	    .send = on_ask,
	    .done = on_done,
	    .context = fixture};
	struct load_order order = {.state = fixture->child.state,
	    .least = fixture->child.state.chain.position,
	    .peer = "parent"};

	settings.keys = fixture->keys = keyring_of(fixture->hub.key);
	fixture->pages = fixture->chunks = 0;
	atomic_store(&fixture->reported, false);
	fixture->load = load_new(&settings);
	load_begin(fixture->load, &order);
	while (!atomic_load(&fixture->reported))
		sched_yield();
	assert_false(load_is_busy(fixture->load));
	load_stop(fixture->load);
	load_free(fixture->load);
	keyring_free(fixture->keys);
	fixture->keys = NULL;
	return fixture->report.outcome;
}

static void
adopt(struct place *place)
{
	struct why why = {""};

	assert_int_equal(
	    adopt_image(place->store, &place->state, NULL, NULL, &why), ERR_OK);
}

static void
add_up(void *context, struct span key, const struct stored *stored)
{
	struct setsum *sum = context;

	(void)key;
	assert_non_null(stored);
	setsum_add(sum, &stored->element);
}

/* State and records are the hub's. */
static void
assert_is_hubs(struct fixture *fixture, struct place *place)
{
	static const _Atomic bool never;
	struct snapshot *snapshot = store_snapshot(place->store);
	struct setsum sum = {{0}};
	struct stream_state state;

	assert_int_equal(
	    snapshot_stream(snapshot, STREAM, &state, NULL), ERR_OK);
	assert_int_equal(state.chain.position, fixture->hub.chain.position);
	assert_true(digest_equal(&state.chain.head, &fixture->hub.chain.head));
	assert_memory_equal(&state.sum, &fixture->hub.sum, sizeof(sum));
	assert_false(state.diverged || state.half);
	assert_int_equal(
	    survey_each(snapshot, STREAM, &never, add_up, &sum), ERR_OK);
	assert_memory_equal(&sum, &fixture->hub.sum, sizeof(sum));
	snapshot_release(snapshot);
}

static int
setup(void **state)
{
	struct fixture *fixture = mem_new(sizeof(*fixture));

	sample_hub_init(&fixture->hub, STREAM);
	fixture->parent.folder = sample_folder();
	fixture->child.folder = sample_folder();
	fixture->room = room_new(fixture->parent.folder, 0);
	place_open(&fixture->parent);
	place_open(&fixture->child);
	change(fixture, 0, RECORDS, NULL);
	*state = fixture;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *fixture = *state;

	image_close(fixture->image);
	place_close(&fixture->parent);
	place_close(&fixture->child);
	room_free(fixture->room);
	sample_remove(fixture->parent.folder);
	sample_remove(fixture->child.folder);
	sample_hub_release(&fixture->hub);
	mem_free(fixture);
	return 0;
}

static void
a_new_node_gets_all_of_it(void **state)
{
	struct fixture *fixture = *state;

	assert_true(make_image(fixture));
	assert_int_equal(load_child(fixture), LOAD_WHOLE);
	assert_int_equal(fixture->child.state.chain.position, 0);
	adopt(&fixture->child);

	assert_true(fixture->report.chunks > 3);
	assert_int_equal(fixture->report.fetched, fixture->report.chunks);
	assert_int_equal(fixture->report.records.put, RECORDS);
	assert_is_hubs(fixture, &fixture->child);
}

static void
what_follows_an_image_goes_on_from_it(void **state)
{
	struct fixture *fixture = *state;

	assert_true(make_image(fixture));
	assert_int_equal(load_child(fixture), LOAD_WHOLE);
	adopt(&fixture->child);

	change(fixture, 7, 5, &fixture->child);

	assert_is_hubs(fixture, &fixture->child);
}

static void
only_chunks_that_differ_are_fetched(void **state)
{
	struct fixture *fixture = *state;

	assert_true(make_image(fixture));
	assert_int_equal(load_child(fixture), LOAD_WHOLE);
	adopt(&fixture->child);
	change(fixture, 50, 1, NULL);
	assert_true(make_image(fixture));

	assert_int_equal(load_child(fixture), LOAD_WHOLE);
	adopt(&fixture->child);

	assert_int_equal(fixture->chunks, 1);
	assert_int_equal(fixture->report.records.put, 1);
	assert_int_equal(fixture->report.records.deleted, 0);
	assert_is_hubs(fixture, &fixture->child);
}

/* Behind the store's back, as no checksum of RocksDB could notice. */
static void
damage(struct place *place, const char *subject, unsigned item, const char *key,
    const char *value)
{
	struct record_field field = {1, span_of(value)};
	struct record record = {.item = item,
	    .subject = span_of(subject),
	    .key = span_of(key),
	    .version = 1,
	    .state = RECORD_CURRENT,
	    .fields = &field,
	    .field_count = 1};
	struct kv_write *write = kv_write_begin(store_kv(place->store));

	store_put_record(write, STREAM, &record);
	assert_int_equal(kv_write_end(write, true, NULL), ERR_OK);
}

static void
a_record_that_is_wrong_missing_or_unreadable_is_mended(void **state)
{
	struct fixture *fixture = *state;
	struct kv_write *write;
	struct buf key = {0};
	struct record gone = {.item = 1 + 60 % 3,
	    .subject = span_of("91440101MA00000015"),
	    .key = span_of("k060")};
	struct record garbled = {.item = 1 + 61 % 3,
	    .subject = span_of("91440101MA00000015"),
	    .key = span_of("k061")};

	assert_true(make_image(fixture));
	assert_int_equal(load_child(fixture), LOAD_WHOLE);
	adopt(&fixture->child);
	damage(&fixture->child, "91440101MA00000000", 1 + 3 % 3, "k003", "x");
	damage(&fixture->child, "91440101MA00000029", 2, "stranger", "x");
	write = kv_write_begin(store_kv(fixture->child.store));
	store_record_key(STREAM, &gone, &key);
	kv_write_delete(write, STORE_RECORDS, buf_span(&key));
	buf_reset(&key);
	store_record_key(STREAM, &garbled, &key);
	kv_write_put(write, STORE_RECORDS, buf_span(&key), span_of("\xff\xff"));
	assert_int_equal(kv_write_end(write, true, NULL), ERR_OK);
	buf_release(&key);
	fixture->child.state.diverged = true;

	assert_int_equal(load_child(fixture), LOAD_WHOLE);
	adopt(&fixture->child);

	assert_int_equal(fixture->report.records.put, 3);
	assert_int_equal(fixture->report.records.deleted, 1);
	assert_in_range(fixture->chunks, 2, 3);
	assert_is_hubs(fixture, &fixture->child);
}

/* The digest beside it, which the stream's digest counts, is still right. */
static void
a_record_that_is_not_what_its_digest_says_is_mended(void **state)
{
	struct fixture *fixture = *state;
	struct record record = {.item = 1 + 60 % 3,
	    .subject = span_of("91440101MA00000015"),
	    .key = span_of("k060")};
	struct snapshot *newest = store_newest(fixture->child.store);
	struct buf key = {0}, value = {0};
	struct kv_write *write;

	assert_true(make_image(fixture));
	assert_int_equal(load_child(fixture), LOAD_WHOLE);
	adopt(&fixture->child);
	store_record_key(STREAM, &record, &key);
	assert_int_equal(kv_get(snapshot_view(newest), STORE_RECORDS,
			     buf_span(&key), &value, NULL),
	    ERR_OK);
	value.data[value.len - 1] ^= 1;
	write = kv_write_begin(store_kv(fixture->child.store));
	kv_write_put(write, STORE_RECORDS, buf_span(&key), buf_span(&value));
	assert_int_equal(kv_write_end(write, true, NULL), ERR_OK);
	fixture->child.state.diverged = true;

	assert_int_equal(load_child(fixture), LOAD_WHOLE);
	adopt(&fixture->child);

	assert_int_equal(fixture->report.records.put, 1);
	assert_is_hubs(fixture, &fixture->child);
	buf_release(&key);
	buf_release(&value);
	snapshot_release(newest);
}

static void
a_wrong_record_is_found_by_its_next_change_and_mended(void **state)
{
	struct fixture *fixture = *state;
	struct buf sealed = {0};
	unsigned key = 60;

	assert_true(make_image(fixture));
	assert_int_equal(load_child(fixture), LOAD_WHOLE);
	adopt(&fixture->child);
	damage(&fixture->child, "91440101MA00000015", 1 + 60 % 3, "k060", "x");
	seal_long(&fixture->hub, &key, 1, &sealed);
	assert_int_equal(
	    take(&fixture->parent, &fixture->hub, buf_span(&sealed)), ERR_OK);
	assert_int_equal(
	    take(&fixture->child, &fixture->hub, buf_span(&sealed)),
	    ERR_CONFLICT);
	assert_true(fixture->child.state.diverged);
	assert_true(make_image(fixture));

	assert_int_equal(load_child(fixture), LOAD_WHOLE);
	adopt(&fixture->child);

	assert_int_equal(fixture->chunks, 1);
	assert_int_equal(fixture->report.records.put, 1);
	assert_is_hubs(fixture, &fixture->child);
	buf_release(&sealed);
}

static void
another_stream_of_the_same_subjects_is_left_alone(void **state)
{
	struct fixture *fixture = *state;
	struct record record = {.item = 1,
	    .subject = span_of("91440101MA00000003"),
	    .key = span_of("k012"),
	    .version = 9,
	    .state = RECORD_WITHDRAWN};
	struct kv_write *write = kv_write_begin(store_kv(fixture->child.store));
	struct arena *arena = arena_new();
	struct snapshot *snapshot;
	struct stored stored;

	store_put_record(write, "4403", &record);
	assert_int_equal(kv_write_end(write, true, NULL), ERR_OK);
	assert_true(make_image(fixture));

	assert_int_equal(load_child(fixture), LOAD_WHOLE);
	adopt(&fixture->child);

	snapshot = store_snapshot(fixture->child.store);
	assert_int_equal(
	    snapshot_find_record(snapshot, "4403", &record, arena, &stored),
	    ERR_OK);
	assert_int_equal(stored.record.version, 9);
	snapshot_release(snapshot);
	arena_free(arena);
	assert_is_hubs(fixture, &fixture->child);
}

static void
lies_are_refused_and_nothing_changes(void **state)
{
	struct fixture *fixture = *state;
	enum lie lies[] = {
	    LIES_ABOUT_SUMS, LIES_IN_A_CHUNK, GIVES_ANOTHER_CHUNK};
	struct why why = {""};
	size_t i;

	assert_true(make_image(fixture));
	for (i = 0; i < 3; i++) {
		fixture->lie = lies[i];
		assert_int_equal(load_child(fixture), LOAD_REFUSED);
		assert_int_equal(
		    fixture->chunks > 0, lies[i] != LIES_ABOUT_SUMS);
		assert_int_equal(adopt_image(fixture->child.store,
				     &fixture->child.state, NULL, NULL, &why),
		    ERR_MISSING);
	}
	fixture->lie = HONEST;

	assert_int_equal(load_child(fixture), LOAD_WHOLE);
	adopt(&fixture->child);

	assert_is_hubs(fixture, &fixture->child);
}

static void
an_image_of_another_hub_is_refused(void **state)
{
	struct fixture *fixture = *state;
	struct signer *stranger = signer_new();
	uint8_t before[32];

	assert_true(make_image(fixture));
	memcpy(before, fixture->hub.key, sizeof(before));
	assert_int_equal(signer_public(stranger, fixture->hub.key), ERR_OK);

	assert_int_equal(load_child(fixture), LOAD_REFUSED);

	assert_int_equal(fixture->chunks, 0);
	memcpy(fixture->hub.key, before, sizeof(before));
	signer_free(stranger);
}

static void
an_image_older_than_what_we_hold_is_not_taken(void **state)
{
	struct fixture *fixture = *state;

	assert_true(make_image(fixture));
	fixture->child.state.chain.position = RECORDS + 1;

	assert_int_equal(load_child(fixture), LOAD_LATER);
}

static void
a_parent_that_prepares_or_has_none_is_asked_again(void **state)
{
	struct fixture *fixture = *state;

	assert_true(make_image(fixture));
	fixture->lie = PREPARES;
	assert_int_equal(load_child(fixture), LOAD_PREPARING);
	fixture->lie = HAS_NONE;
	assert_int_equal(load_child(fixture), LOAD_PREPARING);
	fixture->lie = HONEST;

	assert_int_equal(load_child(fixture), LOAD_WHOLE);
}

/* Chunk `number` waits in a table of its own, as before a crash. */
static void
stage_one(struct fixture *fixture, uint32_t number)
{
	struct why why = {""};
	struct staging *staging =
	    staging_open(fixture->child.folder, STREAM, &why);
	struct keyring *keys = keyring_of(fixture->hub.key);
	struct opener *opener = opener_new(keys);
	struct arena *arena = arena_new();
	struct buf bytes = {0};
	struct image_bounds bounds;
	struct image_chunk chunk;
	struct record *records;
	struct index index;
	struct fill *fill;

	index_init(&index, STREAM);
	assert_int_equal(
	    image_pack_page(fixture->image, 0, &bytes, &why), ERR_OK);
	assert_int_equal(
	    index_add_page(&index, opener, buf_span(&bytes), &why), ERR_OK);
	assert_true(index_is_whole(&index));
	assert_int_equal(
	    staging_begin(staging,
		&(struct staging_mark){.position = index.head.position,
		    .index = index.digest,
		    .base = fixture->child.state.chain},
		&why),
	    ERR_OK);
	fill = fill_new(fixture->child.store, staging, &index, false);
	buf_reset(&bytes);
	assert_int_equal(
	    image_pack_chunk(fixture->image, number, &bytes, &why), ERR_OK);
	assert_int_equal(
	    image_unpack_chunk(buf_span(&bytes), arena, &chunk), ERR_OK);
	bounds = index_bounds(&index, number);
	assert_int_equal(image_open_chunk(chunk.body, &index.entries[number],
			     &bounds, arena, &records),
	    ERR_OK);
	assert_int_equal(fill_chunk(fill, number, records, &why), ERR_OK);
	assert_int_equal(fill_end(fill, &why), ERR_OK);
	fill_free(fill);
	index_release(&index);
	buf_release(&bytes);
	arena_free(arena);
	opener_free(opener);
	keyring_free(keys);
	staging_close(staging);
}

static void
after_a_crash_only_the_rest_is_fetched(void **state)
{
	struct fixture *fixture = *state;

	assert_true(make_image(fixture));
	stage_one(fixture, 1);
	place_close(&fixture->child);
	place_open(&fixture->child);

	assert_int_equal(load_child(fixture), LOAD_WHOLE);
	adopt(&fixture->child);

	assert_int_equal(fixture->chunks, fixture->report.chunks - 1);
	assert_is_hubs(fixture, &fixture->child);
}

static void
what_waits_against_another_state_of_ours_is_dropped(void **state)
{
	struct fixture *fixture = *state;

	assert_true(make_image(fixture));
	stage_one(fixture, 1);
	fixture->child.state.chain.head.bytes[0] ^= 1;

	assert_int_equal(load_child(fixture), LOAD_WHOLE);

	assert_int_equal(fixture->chunks, fixture->report.chunks);
}

static void
a_crash_after_the_ingestion_is_repaired_at_start(void **state)
{
	struct fixture *fixture = *state;
	struct why why = {""};
	struct staging *staging;
	const char *const *paths;
	size_t count;

	assert_true(make_image(fixture));
	assert_int_equal(load_child(fixture), LOAD_WHOLE);
	staging = staging_open(fixture->child.folder, STREAM, &why);
	paths = staging_paths(staging, &count);
	assert_true(count > 0);
	assert_int_equal(kv_ingest(store_kv(fixture->child.store),
			     STORE_RECORDS, paths, count, &why),
	    ERR_OK);
	staging_close(staging);
	place_close(&fixture->child);
	place_open(&fixture->child);
	assert_int_equal(fixture->child.state.chain.position, 0);

	assert_int_equal(adopt_waiting(fixture->child.store, &why), ERR_OK);

	assert_is_hubs(fixture, &fixture->child);
	assert_int_equal(adopt_waiting(fixture->child.store, &why), ERR_OK);
}

static void
a_crash_before_the_ingestion_is_repaired_at_start(void **state)
{
	struct fixture *fixture = *state;
	struct why why = {""};

	assert_true(make_image(fixture));
	assert_int_equal(load_child(fixture), LOAD_WHOLE);
	place_close(&fixture->child);
	place_open(&fixture->child);

	assert_int_equal(adopt_waiting(fixture->child.store, &why), ERR_OK);

	assert_is_hubs(fixture, &fixture->child);
}

static void
a_place_that_is_not_what_was_signed_gives_no_image_and_doubts(void **state)
{
	struct fixture *fixture = *state;

	damage(&fixture->parent, "91440101MA00000000", 1 + 3 % 3, "k003", "x");

	assert_false(make_image(fixture));
}

static void
a_relay_of_an_image_gives_it_on(void **state)
{
	struct fixture *fixture = *state;
	struct place middle;

	assert_true(make_image(fixture));
	assert_int_equal(load_child(fixture), LOAD_WHOLE);
	adopt(&fixture->child);
	middle = fixture->child;
	fixture->child = fixture->parent;
	fixture->parent = middle;

	assert_true(make_image(fixture));

	assert_int_equal(
	    image_head(fixture->image)->position, fixture->hub.chain.position);
}

static void
ignore(void *context, struct span sealed)
{
	(void)sealed;
	++*(unsigned *)context;
}

static enum err
read_log(struct place *place, uint64_t after, unsigned *count, uint64_t *oldest)
{
	struct snapshot *snapshot = store_snapshot(place->store);
	struct log_window window = {
	    .stream = STREAM, .after = after, .count = 100, .bytes = 1 << 30};
	enum err err;

	*count = 0;
	err = snapshot_each_sealed(snapshot, &window, ignore, count, NULL);
	*oldest = window.oldest;
	snapshot_release(snapshot);
	return err;
}

static void
a_trimmed_log_keeps_its_newest_batch_and_says_too_old(void **state)
{
	struct fixture *fixture = *state;
	struct place *place = &fixture->parent;
	struct parent *parent = parent_new("11440000MB00004493");
	struct trim_limits limits = {0, 1};
	struct followed *followed;
	uint64_t oldest;
	unsigned count;

	change(fixture, 0, 2, NULL);
	change(fixture, 0, 3, NULL);
	followed = parent_follow(parent, &place->state);
	assert_int_equal(read_log(place, 0, &count, &oldest), ERR_OK);
	assert_int_equal(count, 3);

	assert_int_equal(trim_log(place->store, parent, &limits, NULL), ERR_OK);

	assert_int_equal(read_log(place, 0, &count, &oldest), ERR_TOO_OLD);
	assert_int_equal(oldest, RECORDS + 3);
	assert_int_equal(read_log(place, RECORDS + 2, &count, &oldest), ERR_OK);
	assert_int_equal(count, 1);
	assert_int_equal(read_log(place, RECORDS + 5, &count, &oldest), ERR_OK);
	assert_int_equal(count, 0);
	assert_true(followed->state.log_bytes > 0);
	assert_true(followed->state.log_bytes < place->state.log_bytes / 2);
	parent_free(parent);
}

static void
batches_leave_the_log_by_their_age(void **state)
{
	struct fixture *fixture = *state;
	struct place *place = &fixture->parent;
	struct parent *parent = parent_new("11440000MB00004493");
	struct trim_limits limits = {CLOCK_SECOND, 0};
	uint64_t oldest;
	unsigned count;

	change(fixture, 0, 2, NULL);
	parent_follow(parent, &place->state);

	clock_set(1700000000000000 + CLOCK_SECOND);
	assert_int_equal(trim_log(place->store, parent, &limits, NULL), ERR_OK);
	assert_int_equal(read_log(place, 0, &count, &oldest), ERR_OK);
	clock_set(1700000000000000 + CLOCK_SECOND + 1);
	assert_int_equal(trim_log(place->store, parent, &limits, NULL), ERR_OK);
	clock_set(-1);

	assert_int_equal(read_log(place, 0, &count, &oldest), ERR_TOO_OLD);
	parent_free(parent);
}

static void
after_an_image_the_log_begins_behind_it(void **state)
{
	struct fixture *fixture = *state;
	struct place *place = &fixture->child;
	uint64_t oldest;
	unsigned count;

	assert_true(make_image(fixture));
	assert_int_equal(load_child(fixture), LOAD_WHOLE);
	adopt(place);

	assert_int_equal(read_log(place, 0, &count, &oldest), ERR_TOO_OLD);
	assert_int_equal(oldest, RECORDS + 1);
	change(fixture, 3, 1, place);
	assert_int_equal(read_log(place, RECORDS, &count, &oldest), ERR_OK);
	assert_int_equal(count, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_new_node_gets_all_of_it),
	    TEST(what_follows_an_image_goes_on_from_it),
	    TEST(only_chunks_that_differ_are_fetched),
	    TEST(a_record_that_is_wrong_missing_or_unreadable_is_mended),
	    TEST(a_record_that_is_not_what_its_digest_says_is_mended),
	    TEST(a_wrong_record_is_found_by_its_next_change_and_mended),
	    TEST(another_stream_of_the_same_subjects_is_left_alone),
	    TEST(lies_are_refused_and_nothing_changes),
	    TEST(an_image_of_another_hub_is_refused),
	    TEST(an_image_older_than_what_we_hold_is_not_taken),
	    TEST(a_parent_that_prepares_or_has_none_is_asked_again),
	    TEST(after_a_crash_only_the_rest_is_fetched),
	    TEST(what_waits_against_another_state_of_ours_is_dropped),
	    TEST(a_crash_after_the_ingestion_is_repaired_at_start),
	    TEST(a_crash_before_the_ingestion_is_repaired_at_start),
	    TEST(a_place_that_is_not_what_was_signed_gives_no_image_and_doubts),
	    TEST(a_relay_of_an_image_gives_it_on),
	    TEST(a_trimmed_log_keeps_its_newest_batch_and_says_too_old),
	    TEST(batches_leave_the_log_by_their_age),
	    TEST(after_an_image_the_log_begins_behind_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
