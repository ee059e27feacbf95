/*
 * scan, watchbook: each change of a watched subject is an event once, with a
 * number of its member's own.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "node_sample.h"
#include "sample_catalog.h"

#include "node/scan.h"
#include "node/world.h"

#define BANK "91440101MA000RX19U"
#define OTHER "91440300MA000RX27J"

static struct {
	char *folder;
	struct store *store;
	struct sample_hub hub;
	struct keyring *keys;
	struct replica *replica;
	struct parent *parent;
	struct shared *world;
	struct watchbook *book;
	struct scan *scan;
	unsigned told;
	struct event events[64];
	size_t count;
} it;

static void
on_told(void *context, const char *member)
{
	(void)context, (void)member;
	it.told++;
}

static void
open_book(void)
{
	struct scan_settings settings = {.store = it.store,
	    .world = it.world,
	    .keys = it.keys,
	    .told = on_told};

	it.book = watchbook_open(it.folder, NULL);
	assert_non_null(it.book);
	settings.book = it.book;
	it.scan = scan_new(&settings);
}

static void
close_book(void)
{
	scan_free(it.scan);
	watchbook_close(it.book);
}

static int
setup(void **state)
{
	static struct member self = {.kind = MEMBER_PLATFORM,
	    .status = MEMBER_ACTIVE,
	    .divisions = {"44"},
	    .division_count = 1};
	struct world *world = mem_new(sizeof(*world));
	struct stream_state begin = {.chain.stream = "4401"};

	(void)state;
	memset(&it, 0, sizeof(it));
	it.folder = sample_folder();
	it.store = store_open(it.folder, NULL);
	assert_non_null(it.store);
	sample_hub_init(&it.hub, "4401");
	it.keys = keyring_of(it.hub.key);
	it.replica = replica_new(it.store, it.keys);
	it.parent = parent_new("11440000MB00004493");
	assert_non_null(parent_follow(it.parent, &begin));
	world->catalog = catalog_parse(span_of(sample_catalog), NULL);
	world->self = &self;
	it.world = shared_new(world_free);
	shared_swap(it.world, world);
	open_book();
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	close_book();
	shared_free(it.world);
	parent_free(it.parent);
	replica_free(it.replica);
	keyring_free(it.keys);
	sample_hub_release(&it.hub);
	store_close(it.store);
	sample_remove(it.folder);
	return 0;
}

static void
apply(unsigned first, unsigned count)
{
	struct buf sealed = {0};
	struct taken taken;

	sample_seal(&it.hub, first, count, &sealed);
	assert_int_equal(
	    replica_take(it.replica, it.parent, buf_span(&sealed), &taken),
	    ERR_OK);
	buf_release(&sealed);
}

static void
watch_as(const char *member, const char *id, unsigned kinds)
{
	struct snapshot *snapshot = store_snapshot(it.store);
	struct kv_write *write = watchbook_begin(it.book);
	struct watch watch = {.rules = {{.kinds = kinds}}, .rule_count = 1};
	struct watched watched = {.subject = SAMPLE_SUBJECT};

	snprintf(watch.id, sizeof(watch.id), "%s", id);
	watchbook_put_head(write, member, &watch, 1);
	assert_int_equal(
	    scan_begin(it.scan, snapshot, write, SAMPLE_SUBJECT), ERR_OK);
	watchbook_put(write, member, &watch, &watched);
	assert_int_equal(kv_write_end(write, true, NULL), ERR_OK);
	snapshot_release(snapshot);
	scan_renew(it.scan);
}

static bool
on_event(void *context, const struct event *event)
{
	(void)context;
	assert_in_range(it.count, 0, 63);
	it.events[it.count++] = *event;
	return true;
}

/* Everything that came, and all events of the member. */
static void
look_as(const char *member)
{
	struct kv_view *view;

	while (scan_run(it.scan))
		;
	view = watchbook_view(it.book);
	it.count = 0;
	assert_int_equal(
	    watchbook_each_event(view, member, 0, on_event, NULL), ERR_OK);
	kv_view_close(view);
}

static void
a_change_is_an_event_with_a_number(void **state)
{
	size_t i;

	(void)state;
	watch_as(BANK, "w", 0);
	apply(0, 3);
	apply(1, 1);
	look_as(BANK);

	assert_int_equal(it.count, 4);
	for (i = 0; i < 4; i++) {
		assert_int_equal(it.events[i].number, i + 1);
		assert_int_equal(it.events[i].position, i + 1);
		assert_false(it.events[i].by_difference);
	}
	assert_int_equal(it.events[2].kind, CHANGE_NEW);
	assert_int_equal(it.events[3].kind, CHANGE_CHANGED);
	assert_int_equal(it.events[3].version, 2);
	assert_int_equal(it.told, 2);
}

static void
what_was_there_before_is_no_news(void **state)
{
	(void)state;
	apply(0, 3);
	watch_as(BANK, "w", 0);
	look_as(BANK);
	assert_int_equal(it.count, 0);

	apply(0, 1);
	look_as(BANK);

	assert_int_equal(it.count, 1);
	assert_int_equal(it.events[0].kind, CHANGE_CHANGED);
}

static void
members_have_numbers_of_their_own(void **state)
{
	(void)state;
	watch_as(BANK, "w", 0);
	watch_as(OTHER, "v", 1u << CHANGE_CHANGED);
	watch_as(OTHER, "x", 1u << CHANGE_CHANGED);
	apply(0, 2);
	apply(0, 1);
	look_as(BANK);
	assert_int_equal(it.count, 3);

	look_as(OTHER);
	assert_int_equal(it.count, 1);
	assert_int_equal(it.events[0].number, 1);
	assert_int_equal(it.events[0].position, 3);
}

static void
looking_twice_tells_nothing_twice(void **state)
{
	struct kv_write *write;

	(void)state;
	watch_as(BANK, "w", 0);
	apply(0, 3);
	look_as(BANK);

	write = watchbook_begin(it.book);
	watchbook_put_position(write, "4401", 0);
	assert_int_equal(kv_write_end(write, true, NULL), ERR_OK);
	look_as(BANK);

	assert_int_equal(it.count, 3);
}

static void
numbers_go_on_after_a_restart(void **state)
{
	(void)state;
	watch_as(BANK, "w", 0);
	apply(0, 3);
	look_as(BANK);
	close_book();
	apply(3, 2);
	open_book();

	look_as(BANK);

	assert_int_equal(it.count, 5);
	assert_int_equal(it.events[4].number, 5);
	assert_int_equal(it.events[4].position, 5);
}

static void
what_the_log_lost_is_found_by_difference(void **state)
{
	struct kv_write *write;

	(void)state;
	apply(0, 2);
	watch_as(BANK, "w", 0);
	apply(0, 1);
	apply(0, 1);
	apply(2, 1);
	write = kv_write_begin(store_kv(it.store));
	store_trim_log(write, "4401", 5);
	assert_int_equal(kv_write_end(write, true, NULL), ERR_OK);

	look_as(BANK);
	assert_int_equal(it.count, 2);
	assert_true(it.events[0].by_difference);
	assert_int_equal(it.events[0].kind, CHANGE_CHANGED);
	assert_int_equal(it.events[0].version, 3);
	assert_int_equal(it.events[0].position, 5);
	assert_int_equal(it.events[1].kind, CHANGE_NEW);

	apply(0, 1);
	look_as(BANK);
	assert_int_equal(it.count, 3);
	assert_false(it.events[2].by_difference);
}

static void
old_events_go_and_their_numbers_stay(void **state)
{
	struct kv_view *view;
	uint64_t newest, oldest;

	(void)state;
	watch_as(BANK, "w", 0);
	apply(0, 3);
	look_as(BANK);

	assert_int_equal(watchbook_trim(it.book, INT64_MAX), ERR_OK);

	look_as(BANK);
	assert_int_equal(it.count, 0);
	view = watchbook_view(it.book);
	assert_int_equal(
	    watchbook_bounds(view, BANK, &newest, &oldest), ERR_OK);
	kv_view_close(view);
	assert_int_equal(newest, 3);
	assert_int_equal(oldest, 4);
	apply(0, 1);
	look_as(BANK);
	assert_int_equal(it.events[0].number, 4);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    TEST(a_change_is_an_event_with_a_number),
	    TEST(what_was_there_before_is_no_news),
	    TEST(members_have_numbers_of_their_own),
	    TEST(looking_twice_tells_nothing_twice),
	    TEST(numbers_go_on_after_a_restart),
	    TEST(what_the_log_lost_is_found_by_difference),
	    TEST(old_events_go_and_their_numbers_stay),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
