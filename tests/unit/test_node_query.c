/*
 * query: what a member gets for its question, over HTTPS, and what the trail
 * holds of it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "node_sample.h"
#include "sample_catalog.h"

#include "base/clock.h"
#include "base/codec.h"
#include "base/jws.h"
#include "credit/lease.h"
#include "node/control.h"
#include "node/endpoints.h"
#include "node/node.h"
#include "node/world.h"

#define NODE_CODE "11440100MB0044011H"
#define BANK "91440101MA000RX19U"
#define STRANGER "91440300MA000RX27J"
#define MINUTE (60 * CLOCK_SECOND)

static struct {
	char *folder;
	struct node node;
	struct signer *key; /* catalogue and trail */
	struct http_server *server;
} it;

static const char *
at(const char *name)
{
	static char paths[8][160];
	static unsigned next;

	next = (next + 1) % 8;
	snprintf(paths[next], sizeof(paths[next]), "%s/%s", it.folder, name);
	return paths[next];
}

static void
make_certificates(void)
{
	struct cert_request server = {
	    NODE_CODE, "node", "127.0.0.1,localhost", 2, false};
	struct cert_request bank = {BANK, "a bank", NULL, 2, false};
	struct cert_request stranger = {STRANGER, "nobody", NULL, 2, false};
	struct why why;

	assert_int_equal(cert_make_ca(at("ca"), "test CA", &why), ERR_OK);
	assert_int_equal(
	    cert_issue(at("ca"), at("server"), &server, &why), ERR_OK);
	assert_int_equal(cert_issue(at("ca"), at("bank"), &bank, &why), ERR_OK);
	assert_int_equal(
	    cert_issue(at("ca"), at("stranger"), &stranger, &why), ERR_OK);
}

static void
put(const char *stream, const struct record *record)
{
	struct kv_write *write = kv_write_begin(store_kv(it.node.store));
	struct snapshot *newest = store_newest(it.node.store);

	store_put_record(write, stream, record);
	if (strcmp(stream, STREAM_CONTROL) == 0)
		assert_int_equal(
		    control_index(write, newest, record, NULL), ERR_OK);
	assert_int_equal(kv_write_end(write, false, NULL), ERR_OK);
	snapshot_release(newest);
}

static void
put_document(
    uint32_t item, const char *subject, const char *key, struct span document)
{
	struct record_field field = {1, document};
	struct record record = {.item = item,
	    .subject = span_of(subject),
	    .key = span_of(key),
	    .version = 1,
	    .state = RECORD_CURRENT,
	    .fields = &field,
	    .field_count = 1};

	put(STREAM_CONTROL, &record);
}

static void
put_credit(uint32_t item, const struct record_field *fields, size_t count)
{
	struct record record = {.item = item,
	    .subject = span_of(SAMPLE_SUBJECT),
	    .key = span_of("k"),
	    .version = 1,
	    .state = RECORD_CURRENT,
	    .provider = span_of("11100000MB00000510"),
	    .fields = fields,
	    .field_count = count};

	put("4401", &record);
}

static void
print_consent(struct buf *jws)
{
	struct buf json = {0};

	buf_text(&json,
	    "{\"id\":\"c-1\",\"version\":1,\"subject\":\"" SAMPLE_SUBJECT
	    "\",\"grantee\":\"" BANK "\",\"items\":[3],"
	    "\"purpose\":\"pre_loan\",\"mode\":\"period\","
	    "\"not_before\":\"2026-01-01T00:00:00Z\",\"expiry\":"
	    "\"2036-01-01T00:00:00Z\",\"frequency\":\"unlimited\","
	    "\"data_life_days\":30,\"revocation\":\"https://x/\"}");
	buf_text(jws, "e30.");
	codec_base64url(buf_span(&json), jws);
	buf_text(jws, ".AA");
	buf_release(&json);
}

static void
put_consent(void)
{
	struct buf jws = {0};

	print_consent(&jws);
	put_document(CONTROL_CONSENT, SAMPLE_SUBJECT, "c-1", buf_span(&jws));
	buf_release(&jws);
}

/* This node on the platform list. */
static void
put_platform(const char *division)
{
	struct buf json = {0};

	buf_print(&json,
	    "{\"code\":\"" NODE_CODE "\",\"name\":\"node\","
	    "\"kind\":\"platform\",\"divisions\":[\"%s\"]}",
	    division);
	put_document(CONTROL_MEMBER, NODE_CODE, "", buf_span(&json));
	buf_release(&json);
}

static void
fill_store(void)
{
	struct record_field registration[] = {
	    {1, span_of("Example Ltd")}, {2, span_of("13800000000")}};
	struct record_field tax[] = {
	    {1, span_of("1000.00")}, {2, span_of("2025")}};
	struct buf jws = {0};

	put_credit(1, registration, 2);
	put_credit(3, tax, 2);
	put_platform("4401");
	put_document(CONTROL_MEMBER, BANK, "",
	    span_of(
		"{\"code\":\"" BANK "\",\"name\":\"bank\",\"kind\":\"bank\"}"));
	assert_int_equal(jws_sign_with_key(it.key, "rongxin-catalogue+jws",
			     span_of(sample_catalog), &jws, NULL),
	    ERR_OK);
	put_document(CONTROL_CATALOGUE, "catalogue", "", buf_span(&jws));
	put_consent();
	buf_release(&jws);
}

static void
open_world(void)
{
	struct snapshot *newest = store_newest(it.node.store);
	struct verifier *verifier;
	uint8_t raw[32];

	assert_int_equal(signer_public(it.key, raw), ERR_OK);
	verifier = verifier_new(raw);
	shared_swap(
	    it.node.world, world_read(newest, verifier, NODE_CODE, NULL));
	verifier_free(verifier);
	snapshot_release(newest);
}

/* The newest pulse came so long ago. */
static void
set_lease(int64_t age_us)
{
	struct lease *lease = mem_new(sizeof(*lease));

	lease->hub_us = clock_now_us() - age_us;
	lease->tick_us = clock_tick_us() - age_us;
	lease->term_us = MINUTE;
	shared_swap(it.node.lease, lease);
}

static void
open_server(void)
{
	struct http_settings settings = {.listen = "127.0.0.1:0",
	    .cert = at("server.crt"),
	    .key = at("server.key"),
	    .ca = at("ca.crt"),
	    .workers = 2,
	    .routes = node_endpoints,
	    .context = &it.node};
	struct why why = {""};

	it.server = http_server_open(&settings, &why);
	if (it.server == NULL)
		fail_msg("%s", why.text);
}

static int
set_up(void **state)
{
	struct trail_settings trail = {.node_code = NODE_CODE};
	struct why why = {""};

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	it.folder = sample_folder();
	it.key = signer_new();
	make_certificates();
	node_init_metrics(&it.node);
	it.node.code = NODE_CODE;
	it.node.world = shared_new(world_free);
	it.node.lease = shared_new(mem_free);
	it.node.store = store_open(it.folder, &why);
	assert_non_null(it.node.store);
	trail.folder = at("trail");
	trail.signer = it.key;
	it.node.trail = trail_open(&trail);
	fill_store();
	open_world();
	set_lease(0);
	open_server();
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	http_server_close(it.server, 2000);
	trail_close(it.node.trail);
	shared_free(it.node.world);
	shared_free(it.node.lease);
	store_close(it.node.store);
	signer_free(it.key);
	sample_remove(it.folder);
	return 0;
}

/* The answer and its status in brackets. */
static const char *
curl(const char *who, const char *arguments, const char *path)
{
	static char out[65536];
	char command[2048], cert[160], key[160];
	size_t len;
	FILE *pipe;

	snprintf(cert, sizeof(cert), "%s/%s.crt", it.folder, who);
	snprintf(key, sizeof(key), "%s/%s.key", it.folder, who);
	snprintf(command, sizeof(command),
	    "curl -s --max-time 30 --cacert %s --cert %s --key %s "
	    "-w '[%%{http_code}]' %s 'https://127.0.0.1:%u%s' 2>/dev/null",
	    at("ca.crt"), cert, key, arguments, http_server_port(it.server),
	    path);
	pipe = popen(command, "r");
	assert_non_null(pipe);
	len = fread(out, 1, sizeof(out) - 1, pipe);
	out[len] = '\0';
	pclose(pipe);
	return out;
}

static const char *
ask(const char *who, const char *question)
{
	char arguments[1024];

	snprintf(arguments, sizeof(arguments), "-d '%s'", question);
	return curl(who, arguments, "/v1/reports");
}

#define QUESTION(more)                                                         \
	"{\"subject\":\"" SAMPLE_SUBJECT "\",\"purpose\":\"pre_loan\"" more "}"

static void
assert_says(const char *answer, const char *wanted)
{
	if (strstr(answer, wanted) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", answer, wanted);
}

static void
assert_hides(const char *answer, const char *secret)
{
	if (strstr(answer, secret) != NULL)
		fail_msg("\"%s\" says \"%s\"", answer, secret);
}

static void
a_public_report_carries_its_receipt(void **state)
{
	const char *answer;
	char receipt[64];

	(void)state;
	snprintf(receipt, sizeof(receipt), "\"receipt\":{\"index\":%llu,",
	    (unsigned long long)trail_size(it.node.trail));
	answer = ask("bank", QUESTION(",\"items\":[1]"));

	assert_says(answer, "[200]");
	assert_says(answer, "Example Ltd");
	assert_hides(answer, "13800000000");
	assert_says(answer, receipt);
}

static void
without_consent_protected_items_are_named_and_left_out(void **state)
{
	const char *answer = ask("bank", QUESTION(",\"items\":[3]"));

	(void)state;
	assert_says(answer, "[200]");
	assert_says(answer, "consent_missing");
	assert_hides(answer, "1000.00");
}

static void
a_consent_opens_what_it_covers(void **state)
{
	const char *answer =
	    ask("bank", QUESTION(",\"items\":[1,3],\"consent\":\"c-1\""));

	(void)state;
	assert_says(answer, "1000.00");
	assert_hides(answer, "13800000000");
	assert_says(answer, "consent_scope");
}

static void
a_stale_lease_closes_it_again(void **state)
{
	const char *answer;

	(void)state;
	set_lease(2 * MINUTE);
	answer = ask("bank", QUESTION(",\"items\":[3],\"consent\":\"c-1\""));
	set_lease(0);

	assert_says(answer, "lease_stale");
	assert_hides(answer, "1000.00");
}

static void
what_waited_longer_than_the_lease_does_not_leave(void **state)
{
	(void)state;
	assert_true(node_may_still_show(&it.node));
	set_lease(MINUTE - CLOCK_SECOND);
	assert_true(node_may_still_show(&it.node));
	set_lease(MINUTE + CLOCK_SECOND);
	assert_false(node_may_still_show(&it.node));
	set_lease(0);
}

static void
a_local_revocation_holds_at_once(void **state)
{
	struct kv_write *write = kv_write_begin(store_kv(it.node.store));
	const char *answer;

	(void)state;
	control_mark(
	    write, &(struct order){ORDER_REVOKE, "c-1", SAMPLE_SUBJECT, 1});
	assert_int_equal(kv_write_end(write, true, NULL), ERR_OK);

	answer = ask("bank", QUESTION(",\"items\":[3],\"consent\":\"c-1\""));

	assert_says(answer, "consent_revoked");
	assert_hides(answer, "1000.00");
}

static void
order_here(enum order_kind kind, int64_t time_us)
{
	struct kv_write *write = kv_write_begin(store_kv(it.node.store));
	struct order order = {kind, "c-1", SAMPLE_SUBJECT, time_us};

	control_mark(write, &order);
	assert_int_equal(kv_write_end(write, true, NULL), ERR_OK);
}

static const char *
ask_under_it(void)
{
	return ask("bank", QUESTION(",\"items\":[3],\"consent\":\"c-1\""));
}

/* Stream 0000 says that it was paused or resumed then. */
static void
put_order(const char *order, const char *time)
{
	struct buf jws = {0};
	struct record_field fields[4] = {{1, {0}}, {3, span_of(order)},
	    {4, span_of(time)}, {5, span_of("node:x")}};
	struct record record = {.item = CONTROL_CONSENT,
	    .subject = span_of(SAMPLE_SUBJECT),
	    .key = span_of("c-1"),
	    .version = 2,
	    .state = RECORD_CURRENT,
	    .provider = span_of("hub"),
	    .fields = fields,
	    .field_count = 4};

	print_consent(&jws);
	fields[0].value = buf_span(&jws);
	put(STREAM_CONTROL, &record);
	buf_release(&jws);
}

static void
the_newest_word_about_a_consent_counts_here_or_from_the_hub(void **state)
{
	(void)state;
	assert_says(ask_under_it(), "1000.00");
	order_here(ORDER_PAUSE, 5000000);
	assert_says(ask_under_it(), "consent_paused");
	assert_hides(ask_under_it(), "1000.00");

	put_order(CONTROL_RESUMED, "1970-01-01T00:00:04Z");
	assert_says(ask_under_it(), "consent_paused");
	put_order(CONTROL_RESUMED, "1970-01-01T00:00:06Z");
	assert_says(ask_under_it(), "1000.00");
	put_order(CONTROL_PAUSED, "1970-01-01T00:00:07Z");
	assert_says(ask_under_it(), "consent_paused");
	order_here(ORDER_RESUME, 7000000);
	assert_says(ask_under_it(), "consent_paused");
	order_here(ORDER_RESUME, 7000001);
	assert_says(ask_under_it(), "1000.00");
	put_order("what a later version says", "1970-01-01T00:00:09Z");
	assert_says(ask_under_it(), "consent_paused");
}

static void
what_another_platform_has_taken_over_is_not_shown(void **state)
{
	const char *answer;

	(void)state;
	put_platform("4403");
	open_world();
	answer = ask("bank", QUESTION(""));
	assert_says(answer, "urn:rongxin:problem:subject_not_held");
	assert_hides(answer, "Example Ltd");

	put_platform("44");
	open_world();
	assert_says(ask("bank", QUESTION("")), "Example Ltd");
}

static void
a_stranger_is_refused_and_that_is_in_the_trail(void **state)
{
	uint64_t before = trail_size(it.node.trail);
	const char *answer = ask("stranger", QUESTION(""));

	(void)state;
	assert_says(answer, "[403]");
	assert_says(answer, "urn:rongxin:problem:member_unknown");
	assert_says(answer, "\"receipt\"");
	assert_int_equal(trail_size(it.node.trail), before + 1);
}

static void
a_subject_without_records_is_not_held_and_that_is_in_the_trail(void **state)
{
	uint64_t before = trail_size(it.node.trail);
	const char *answer = curl("bank", "", "/v1/enterprises/" STRANGER);

	(void)state;
	assert_says(answer, "[404]");
	assert_says(answer, "urn:rongxin:problem:subject_not_held");
	assert_says(answer, "\"receipt\"");
	assert_int_equal(trail_size(it.node.trail), before + 1);
}

static void
what_is_no_question_is_not_in_the_trail(void **state)
{
	uint64_t before = trail_size(it.node.trail);

	(void)state;
	assert_says(ask("bank", "{"), "[400]");
	assert_says(ask("bank", QUESTION(",\"consnet\":\"c-1\"")), "[400]");
	assert_says(curl("bank", "", "/v1/enterprises/abc"), "[400]");

	assert_int_equal(trail_size(it.node.trail), before);
}

static void
entries_open_only_to_those_whom_they_concern(void **state)
{
	(void)state;
	assert_says(ask("bank", QUESTION(",\"items\":[1]")), "[200]");

	assert_says(curl("bank", "", "/v1/trail/entries/0"), SAMPLE_SUBJECT);
	assert_says(curl("stranger", "", "/v1/trail/entries/0"), "[403]");
	assert_says(curl("bank", "", "/v1/trail/entries/99999"), "[404]");
	assert_says(curl("bank", "", "/v1/trail/tile/0/../../x"), "[4");
}

static void
limit_files(rlim_t bytes)
{
	struct rlimit limit;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = bytes;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void
without_a_trail_nothing_is_answered(void **state)
{
	const char *answer;

	(void)state;
	limit_files(10);
	answer = ask("bank", QUESTION(",\"items\":[1]"));
	limit_files(RLIM_INFINITY);

	assert_says(answer, "[503]");
	assert_says(answer, "urn:rongxin:problem:trail_unavailable");
	assert_hides(answer, "Example Ltd");
	assert_says(curl("bank", "", "/readyz"), "[503]");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_public_report_carries_its_receipt),
	    cmocka_unit_test(
		without_consent_protected_items_are_named_and_left_out),
	    cmocka_unit_test(a_consent_opens_what_it_covers),
	    cmocka_unit_test(a_stale_lease_closes_it_again),
	    cmocka_unit_test(
		the_newest_word_about_a_consent_counts_here_or_from_the_hub),
	    cmocka_unit_test(what_waited_longer_than_the_lease_does_not_leave),
	    cmocka_unit_test(a_local_revocation_holds_at_once),
	    cmocka_unit_test(what_another_platform_has_taken_over_is_not_shown),
	    cmocka_unit_test(a_stranger_is_refused_and_that_is_in_the_trail),
	    cmocka_unit_test(
		a_subject_without_records_is_not_held_and_that_is_in_the_trail),
	    cmocka_unit_test(what_is_no_question_is_not_in_the_trail),
	    cmocka_unit_test(entries_open_only_to_those_whom_they_concern),
	    cmocka_unit_test(without_a_trail_nothing_is_answered),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
