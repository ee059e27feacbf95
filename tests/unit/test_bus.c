/*
 * bus: two processes' worth of sockets talk over 127.0.0.1.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <time.h>

#include "base/mem.h"
#include "wire/bus.h"

#define PATIENCE_S 20
#define MANY 10000
#define WINDOW 500
#define CODE "114400000000000001"

/* One end of the conversation and what it has seen. */
struct end {
	struct bus *bus;
	char public_key[BUS_KEY_LEN + 1], secret_key[BUS_KEY_LEN + 1];
	char live[128], fetch[128];
	/* under the lock */
	bool admits, withdraws; /* withdraws: 4401 is nobody's any more */
	unsigned refused, requests, replies, messages, ticks, calls;
	unsigned cuts;
	bool linked;
	size_t last_len;
	struct bus_route from;
	char last[64];
	char topic[16];
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;

static void
changes(void)
{
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&lock);
}

static struct timespec
deadline(void)
{
	struct timespec at;

	clock_gettime(CLOCK_REALTIME, &at);
	at.tv_sec += PATIENCE_S;
	return at;
}

static unsigned
look(const unsigned *count)
{
	unsigned seen;

	pthread_mutex_lock(&lock);
	seen = *count;
	pthread_mutex_unlock(&lock);
	return seen;
}

/* Wait until `count` is at least `least`; the lock is not held. */
static void
wait_for(const unsigned *count, unsigned least)
{
	struct timespec until = deadline();
	unsigned seen;

	pthread_mutex_lock(&lock);
	while (*count < least)
		if (pthread_cond_timedwait(&changed, &lock, &until) != 0)
			break;
	seen = *count;
	pthread_mutex_unlock(&lock);
	if (seen < least)
		fail_msg("%u of %u came", seen, least);
}

static void
wait_for_more(const unsigned *count, unsigned more)
{
	wait_for(count, look(count) + more);
}

static void
wait_for_link(const struct end *end, bool linked)
{
	struct timespec until = deadline();
	bool seen;

	pthread_mutex_lock(&lock);
	while (end->linked != linked)
		if (pthread_cond_timedwait(&changed, &lock, &until) != 0)
			break;
	seen = end->linked;
	pthread_mutex_unlock(&lock);
	assert_int_equal(seen, linked);
}

static void
admit(struct end *end, bool admits)
{
	pthread_mutex_lock(&lock);
	end->admits = admits;
	pthread_mutex_unlock(&lock);
}

/* What the end saw last, as it was at one moment. */
static struct end
seen_by(const struct end *end)
{
	struct end copy;

	pthread_mutex_lock(&lock);
	copy = *end;
	pthread_mutex_unlock(&lock);
	return copy;
}

/* Everybody hears all but one stream, or two. */
static bool
on_hear(void *context, const char *code, const char *topic_prefix)
{
	struct end *end = context;
	bool withdraws;

	assert_string_equal(code, CODE);
	pthread_mutex_lock(&lock);
	withdraws = end->withdraws;
	pthread_mutex_unlock(&lock);
	return strcmp(topic_prefix, "4403") != 0 &&
	       (!withdraws || strcmp(topic_prefix, "4401") != 0);
}

static bool
on_admit(void *context, const char *public_key, char code[MEMBER_CODE_MAX + 1])
{
	struct end *end = context;
	bool admitted;

	assert_int_equal(strlen(public_key), BUS_KEY_LEN);
	pthread_mutex_lock(&lock);
	admitted = end->admits;
	if (!admitted)
		end->refused++;
	changes();
	memcpy(code, CODE, sizeof(CODE));
	return admitted;
}

static void
keep_last(struct end *end, struct span message)
{
	size_t len = message.len < sizeof(end->last) - 1
			 ? message.len
			 : sizeof(end->last) - 1;

	end->last_len = message.len;
	memcpy(end->last, message.ptr, len);
	end->last[len] = '\0';
}

static void
on_request(void *context, const struct bus_route *from, struct span message)
{
	struct end *end = context;

	pthread_mutex_lock(&lock);
	end->requests++;
	end->from = *from;
	keep_last(end, message);
	changes();
	bus_reply(end->bus, from, message);
}

static void
on_live(void *context, struct span topic, struct span message)
{
	struct end *end = context;

	pthread_mutex_lock(&lock);
	end->messages++;
	memcpy(end->topic, topic.ptr, topic.len);
	end->topic[topic.len] = '\0';
	keep_last(end, message);
	changes();
}

static void
on_reply(void *context, struct span message)
{
	struct end *end = context;

	pthread_mutex_lock(&lock);
	end->replies++;
	keep_last(end, message);
	changes();
}

static void
on_link(void *context, bool connected)
{
	struct end *end = context;

	pthread_mutex_lock(&lock);
	end->linked = connected;
	end->cuts += connected ? 0 : 1;
	changes();
}

static void
on_tick(void *context)
{
	struct end *end = context;

	pthread_mutex_lock(&lock);
	end->ticks++;
	changes();
}

static struct end *
end_new(void)
{
	struct end *end = mem_new(sizeof(*end));

	assert_int_equal(
	    bus_make_keys(end->public_key, end->secret_key), ERR_OK);
	end->admits = true;
	strcpy(end->live, "tcp://127.0.0.1:0");
	strcpy(end->fetch, "tcp://127.0.0.1:*");
	return end;
}

static void
end_free(struct end *end)
{
	bus_close(end->bus);
	mem_free(end);
}

/* The second time it is where it was the first time. */
static void
end_serve(struct end *end)
{
	struct bus_settings settings = {.live = end->live,
	    .fetch = end->fetch,
	    .admit = on_admit,
	    .hear = on_hear,
	    .request = on_request,
	    .public_key = end->public_key,
	    .secret_key = end->secret_key,
	    .tick = on_tick,
	    .io_threads = 1,
	    .context = end};
	struct why why;

	end->bus = bus_open(&settings, &why);
	if (end->bus == NULL)
		fail_msg("%s", why.text);
	strcpy(end->live, bus_live_endpoint(end->bus));
	strcpy(end->fetch, bus_fetch_endpoint(end->bus));
}

static void
end_follow(struct end *end, const struct end *parent, const char *parent_key)
{
	struct bus_settings settings = {.parent_live = parent->live,
	    .parent_fetch = parent->fetch,
	    .parent_key = parent_key,
	    .live_message = on_live,
	    .reply = on_reply,
	    .link = on_link,
	    .public_key = end->public_key,
	    .secret_key = end->secret_key,
	    .tick = on_tick,
	    .io_threads = 1,
	    .context = end};
	struct why why;

	end->bus = bus_open(&settings, &why);
	if (end->bus == NULL)
		fail_msg("%s", why.text);
}

struct pair {
	struct end *parent, *child;
};

static int
setup(void **state)
{
	struct pair *pair = mem_new(sizeof(*pair));

	pair->parent = end_new();
	pair->child = end_new();
	end_serve(pair->parent);
	*state = pair;
	return 0;
}

static int
teardown(void **state)
{
	struct pair *pair = *state;

	end_free(pair->child);
	end_free(pair->parent);
	mem_free(pair);
	return 0;
}

/* A subscription is on its way for a while: publish until one arrives. */
static void
publish_until_heard(struct pair *pair, const char *topic)
{
	unsigned before = look(&pair->child->messages);

	for (int i = 0; i < PATIENCE_S * 10; i++) {
		bus_publish(pair->parent->bus, topic, span_of("now"));
		wait_for_more(&pair->parent->ticks, 1);
		if (look(&pair->child->messages) > before)
			return;
	}
	fail_msg("nothing heard");
}

static void
a_request_is_answered_and_names_who_asked(void **state)
{
	struct pair *pair = *state;

	end_follow(pair->child, pair->parent, pair->parent->public_key);
	bus_request(pair->child->bus, span_of("hello"));
	wait_for(&pair->child->replies, 1);

	assert_string_equal(seen_by(pair->child).last, "hello");
	assert_string_equal(seen_by(pair->parent).from.code, CODE);
	wait_for_link(pair->child, true);
}

static void
a_live_message_reaches_its_subscriber_only(void **state)
{
	struct pair *pair = *state;
	unsigned before;

	end_follow(pair->child, pair->parent, pair->parent->public_key);
	bus_subscribe(pair->child->bus, "4401");
	publish_until_heard(pair, "4401");
	before = look(&pair->child->messages);
	bus_publish(pair->parent->bus, "4403", span_of("not for us"));
	bus_publish(pair->parent->bus, "4401", span_of("for us"));
	wait_for(&pair->child->messages, before + 1);

	assert_string_equal(seen_by(pair->child).topic, "4401");
	assert_string_not_equal(seen_by(pair->child).last, "not for us");
}

static void
a_topic_that_is_not_granted_is_not_heard(void **state)
{
	struct pair *pair = *state;
	unsigned before;

	end_follow(pair->child, pair->parent, pair->parent->public_key);
	bus_subscribe(pair->child->bus, "4403");
	bus_subscribe(pair->child->bus, "4401");
	publish_until_heard(pair, "4401");
	before = look(&pair->child->messages);
	bus_publish(pair->parent->bus, "4403", span_of("not for us"));
	bus_publish(pair->parent->bus, "4401", span_of("for us"));
	wait_for(&pair->child->messages, before + 1);

	assert_string_equal(seen_by(pair->child).topic, "4401");
}

static void
a_review_ends_what_is_not_granted_any_more(void **state)
{
	struct pair *pair = *state;
	unsigned before;

	end_follow(pair->child, pair->parent, pair->parent->public_key);
	bus_subscribe(pair->child->bus, "4401");
	bus_subscribe(pair->child->bus, "0000");
	publish_until_heard(pair, "4401");
	pthread_mutex_lock(&lock);
	pair->parent->withdraws = true;
	pthread_mutex_unlock(&lock);

	bus_review(pair->parent->bus);

	publish_until_heard(pair, "0000");
	before = look(&pair->child->messages);
	bus_publish(pair->parent->bus, "4401", span_of("not for us"));
	bus_publish(pair->parent->bus, "0000", span_of("for us"));
	wait_for(&pair->child->messages, before + 1);
	assert_string_equal(seen_by(pair->child).topic, "0000");
}

static void
what_was_unsubscribed_is_not_heard(void **state)
{
	struct pair *pair = *state;
	unsigned before;

	end_follow(pair->child, pair->parent, pair->parent->public_key);
	bus_subscribe(pair->child->bus, "4401");
	bus_subscribe(pair->child->bus, "0000");
	publish_until_heard(pair, "4401");
	bus_unsubscribe(pair->child->bus, "4401");
	publish_until_heard(pair, "0000");
	before = look(&pair->child->messages);
	bus_publish(pair->parent->bus, "4401", span_of("late"));
	bus_publish(pair->parent->bus, "0000", span_of("last"));
	wait_for(&pair->child->messages, before + 1);

	assert_string_equal(seen_by(pair->child).topic, "0000");
}

static void
an_unknown_key_waits_until_it_is_admitted(void **state)
{
	struct pair *pair = *state;

	admit(pair->parent, false);
	end_follow(pair->child, pair->parent, pair->parent->public_key);
	bus_request(pair->child->bus, span_of("let me in"));
	wait_for(&pair->parent->refused, 3);
	assert_int_equal(look(&pair->parent->requests), 0);
	wait_for_link(pair->child, false);

	admit(pair->parent, true);
	wait_for(&pair->child->replies, 1);

	assert_string_equal(seen_by(pair->child).last, "let me in");
}

static void
a_parent_with_another_key_is_not_believed(void **state)
{
	struct pair *pair = *state;

	end_follow(pair->child, pair->parent, pair->child->public_key);
	bus_request(pair->child->bus, span_of("hello"));
	wait_for(&pair->child->ticks, 10);

	wait_for_link(pair->child, false);
	assert_int_equal(look(&pair->parent->requests), 0);
	assert_int_equal(look(&pair->parent->refused), 0);
}

static void
a_parent_that_restarts_is_found_again(void **state)
{
	struct pair *pair = *state;

	end_follow(pair->child, pair->parent, pair->parent->public_key);
	bus_subscribe(pair->child->bus, "4401");
	wait_for_link(pair->child, true);
	publish_until_heard(pair, "4401");

	bus_close(pair->parent->bus);
	wait_for_link(pair->child, false);
	bus_request(pair->child->bus, span_of("meanwhile"));
	end_serve(pair->parent);
	wait_for_link(pair->child, true);

	wait_for(&pair->child->replies, 1);
	publish_until_heard(pair, "4401");
}

/* In windows: what overflows the high-water mark is dropped by design. */
static void
many_live_messages_all_arrive(void **state)
{
	struct pair *pair = *state;
	unsigned sent;

	end_follow(pair->child, pair->parent, pair->parent->public_key);
	bus_subscribe(pair->child->bus, "4401");
	publish_until_heard(pair, "4401");
	sent = look(&pair->child->messages);
	for (unsigned window = 0; window < MANY / WINDOW; window++) {
		for (unsigned i = 0; i < WINDOW; i++)
			bus_publish(pair->parent->bus, "4401", span_of("many"));
		sent += WINDOW;
		wait_for(&pair->child->messages, sent);
	}

	assert_string_equal(seen_by(pair->child).last, "many");
}

static void
many_requests_are_all_answered(void **state)
{
	struct pair *pair = *state;
	unsigned sent = 0;

	end_follow(pair->child, pair->parent, pair->parent->public_key);
	while (sent < MANY) {
		for (int i = 0; i < WINDOW; i++, sent++)
			bus_request(pair->child->bus, span_of("again"));
		wait_for(&pair->child->replies, sent);
	}

	assert_int_equal(look(&pair->parent->requests), MANY);
}

static void
a_large_message_goes_through_whole(void **state)
{
	struct pair *pair = *state;
	size_t len = (size_t)1 << 20;
	char *large = mem_new(len);

	memset(large, 'x', len);
	end_follow(pair->child, pair->parent, pair->parent->public_key);
	bus_request(pair->child->bus, span_make(large, len));
	wait_for(&pair->child->replies, 1);

	assert_int_equal(seen_by(pair->child).last_len, len);
	mem_free(large);
}

static void
a_request_over_the_limit_cuts_only_its_sender(void **state)
{
	struct pair *pair = *state;
	size_t len = (size_t)3 << 20;
	char *large = mem_new(len);

	end_follow(pair->child, pair->parent, pair->parent->public_key);
	wait_for_link(pair->child, true);
	bus_request(pair->child->bus, span_make(large, len));
	wait_for(&pair->child->cuts, 1);
	wait_for_link(pair->child, true);
	bus_request(pair->child->bus, span_of("small"));
	wait_for(&pair->child->replies, 1);

	assert_string_equal(seen_by(pair->child).last, "small");
	mem_free(large);
}

static void
count_call(void *argument)
{
	struct end *end = argument;

	pthread_mutex_lock(&lock);
	end->calls++;
	changes();
}

static void
what_was_posted_is_done_before_closing(void **state)
{
	struct pair *pair = *state;

	for (int i = 0; i < 1000; i++)
		bus_post(pair->parent->bus, count_call, pair->parent);
	bus_close(pair->parent->bus);
	pair->parent->bus = NULL;

	assert_int_equal(pair->parent->calls, 1000);
}

static void
a_taken_port_is_said_and_not_shared(void **state)
{
	struct pair *pair = *state;
	struct bus_settings settings = {.live = pair->parent->live,
	    .fetch = pair->parent->fetch,
	    .admit = on_admit,
	    .request = on_request,
	    .public_key = pair->child->public_key,
	    .secret_key = pair->child->secret_key,
	    .context = pair->child};
	struct why why;

	assert_null(bus_open(&settings, &why));

	assert_non_null(strstr(why.text, pair->parent->live));
	settings.live = "tcp://127.0.0.1:0";
	settings.secret_key = "short";
	assert_null(bus_open(&settings, &why));
}

int
main(void)
{
#define BUS_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    BUS_TEST(a_request_is_answered_and_names_who_asked),
	    BUS_TEST(a_live_message_reaches_its_subscriber_only),
	    BUS_TEST(a_topic_that_is_not_granted_is_not_heard),
	    BUS_TEST(a_review_ends_what_is_not_granted_any_more),
	    BUS_TEST(what_was_unsubscribed_is_not_heard),
	    BUS_TEST(an_unknown_key_waits_until_it_is_admitted),
	    BUS_TEST(a_parent_with_another_key_is_not_believed),
	    BUS_TEST(a_parent_that_restarts_is_found_again),
	    BUS_TEST(many_live_messages_all_arrive),
	    BUS_TEST(many_requests_are_all_answered),
	    BUS_TEST(a_large_message_goes_through_whole),
	    BUS_TEST(a_request_over_the_limit_cuts_only_its_sender),
	    BUS_TEST(what_was_posted_is_done_before_closing),
	    BUS_TEST(a_taken_port_is_said_and_not_shared),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
