/*
 * http: a real server with real certificates, driven by curl and by a raw
 * TLS client that can misbehave.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cert.h"
#include "base/work.h"
#include "wire/http.h"
#include "wire/tls.h"

#define UPLOAD_SIZE (20u << 20)

static struct {
	char folder[64];
	char ca[96], cert[96], key[96];
	struct http_server *server;
	struct worker *thread;
	sem_t parked, ended, room;
	struct http_exchange *_Atomic waiting;
	atomic_uint cuts, pauses, releases;
} it;

static void
on_hello(struct http_exchange *exchange, void *context)
{
	struct buf body = {0};

	(void)context;
	buf_print(&body, "hello %s", http_peer(exchange)->code);
	http_reply_header(exchange, "x-extra", "line\r\nbreak");
	http_reply(exchange, 200, "text/plain", buf_span(&body));
	buf_release(&body);
}

static void
on_show(struct http_exchange *exchange, void *context)
{
	const char *query = http_query(exchange, "q");
	struct buf body = {0};

	(void)context;
	buf_print(&body, "%s|%s|%s|%s", http_path(exchange),
	    http_path_param(exchange, "a"), http_path_param(exchange, "rest"),
	    query != NULL ? query : "none");
	http_reply(exchange, 200, "text/plain", buf_span(&body));
	buf_release(&body);
}

static void
on_echo(struct http_exchange *exchange, void *context)
{
	(void)context;
	http_reply(exchange, 200, "text/plain", http_body(exchange));
}

static void
reply_later(struct http_exchange *exchange, void *argument)
{
	http_reply(exchange, 200, "text/plain", span_of(argument));
}

/* On the other thread. */
static void
on_thread(void *context, void *job)
{
	(void)context;
	http_defer(job, reply_later, "from a thread");
}

static void
on_later(struct http_exchange *exchange, void *context)
{
	(void)context;
	assert_true(worker_post(it.thread, exchange, 0));
}

static void
on_release(void *state)
{
	(void)state;
	atomic_fetch_add(&it.releases, 1);
	sem_post(&it.ended);
}

static void
on_wait(struct http_exchange *exchange, void *context)
{
	(void)context;
	http_set_state(exchange, &it, on_release);
	it.waiting = exchange;
	sem_post(&it.parked);
}

/* A body that is counted, with a pause after every MiB. */
struct upload {
	size_t len, pauses;
	bool is_paused;
};

static void
go_on(struct http_exchange *exchange, void *argument)
{
	struct upload *upload = http_state(exchange);

	(void)argument;
	upload->is_paused = false;
	http_resume(exchange);
	http_drop(exchange);
}

static void
resume_from_thread(void *job)
{
	http_defer(job, go_on, NULL);
}

static bool
on_open(struct http_exchange *exchange, void *context)
{
	(void)context;
	if (http_query(exchange, "no") != NULL) {
		http_reply_problem(
		    exchange, 403, "denied", "Not for you", NULL);
		return false;
	}
	http_set_state(exchange, calloc(1, sizeof(struct upload)), free);
	return true;
}

static void
on_chunk(struct http_exchange *exchange, struct span piece, void *context)
{
	struct upload *upload = http_state(exchange);
	size_t before = upload->len >> 20;

	(void)context;
	assert_false(upload->is_paused);
	upload->len += piece.len;
	if (upload->len >> 20 == before)
		return;
	upload->is_paused = true;
	upload->pauses++;
	http_pause(exchange);
	http_hold(exchange);
	resume_from_thread(exchange);
}

static void
on_close(struct http_exchange *exchange, bool is_cut, void *context)
{
	struct upload *upload = http_state(exchange);
	struct buf body = {0};

	(void)context;
	if (is_cut) {
		atomic_fetch_add(&it.cuts, 1);
		sem_post(&it.ended);
		return;
	}
	atomic_fetch_add(&it.pauses, (unsigned)upload->pauses);
	buf_print(&body, "%zu", upload->len);
	http_reply(exchange, 201, "text/plain", buf_span(&body));
	buf_release(&body);
}

static void
on_large(struct http_exchange *exchange, void *context)
{
	static char bytes[5 << 20];

	(void)context;
	memset(bytes, 'x', sizeof(bytes));
	http_reply(
	    exchange, 200, "text/plain", span_make(bytes, sizeof(bytes)));
}

/* Pieces of 64 KiB until there are so many, or for ever. */
struct pieces {
	size_t left;
	unsigned rooms;
};

static void
on_room(struct http_exchange *exchange, void *context)
{
	static const char bytes[65536];
	struct pieces *pieces = http_state(exchange);

	(void)context;
	pieces->rooms++;
	while (pieces->left > 0 && http_has_room(exchange) &&
	       !http_is_over(exchange)) {
		http_send(exchange, span_make(bytes, sizeof(bytes)));
		pieces->left--;
	}
	if (pieces->left == 0 || http_is_over(exchange))
		http_end(exchange);
}

static void
on_pieces(struct http_exchange *exchange, void *context)
{
	struct pieces *pieces = calloc(1, sizeof(*pieces));

	(void)context;
	pieces->left = strtoul(http_query(exchange, "n"), NULL, 10);
	http_set_state(exchange, pieces, free);
	http_reply_header(exchange, "x-extra", "yes");
	http_begin(exchange, 200, "text/plain", on_room);
	http_send(exchange, span_of("first"));
}

/* One piece, and the last from a thread. */
static void
end_later(struct http_exchange *exchange, void *argument)
{
	http_send(exchange, span_of(argument));
	http_end(exchange);
}

static void
on_quiet_room(struct http_exchange *exchange, void *context)
{
	(void)context;
	sem_post(&it.room);
	if (http_is_over(exchange))
		http_end(exchange);
}

static void
on_events(struct http_exchange *exchange, void *context)
{
	(void)context;
	http_set_state(exchange, &it, on_release);
	http_begin(exchange, 200, "text/event-stream", on_quiet_room);
	http_send(exchange, span_of("hello\n"));
	it.waiting = exchange;
}

static const struct http_route routes[] = {
    {.method = "GET", .path = "/pieces", .handle = on_pieces},
    {.method = "GET", .path = "/events", .handle = on_events},
    {.method = "GET", .path = "/hello", .handle = on_hello},
    {.method = "GET", .path = "/show/{a}/{rest...}", .handle = on_show},
    {.method = "POST", .path = "/echo", .handle = on_echo, .max_body = 100000},
    {.method = "PUT", .path = "/echo", .handle = on_echo, .max_body = 10},
    {.method = "GET", .path = "/later", .handle = on_later},
    {.method = "GET", .path = "/wait", .handle = on_wait},
    {.method = "GET", .path = "/large", .handle = on_large},
    {.method = "POST",
	.path = "/upload",
	.open = on_open,
	.chunk = on_chunk,
	.close = on_close},
    {0},
};

static const char *
at(const char *name)
{
	static char paths[8][128];
	static unsigned next;

	next = (next + 1) % 8;
	snprintf(paths[next], sizeof(paths[next]), "%s/%s", it.folder, name);
	return paths[next];
}

static void
make_certificates(void)
{
	struct cert_request server = {
	    "91110000TEST000001", "server", "127.0.0.1,localhost", 2, false};
	struct cert_request bank = {
	    "91110000TEST000002", "a bank", NULL, 2, false};
	struct why why;

	assert_int_equal(cert_make_ca(at("ca"), "test CA", &why), ERR_OK);
	assert_int_equal(cert_make_ca(at("other"), "other CA", &why), ERR_OK);
	assert_int_equal(
	    cert_issue(at("ca"), at("server"), &server, &why), ERR_OK);
	assert_int_equal(cert_issue(at("ca"), at("bank"), &bank, &why), ERR_OK);
	assert_int_equal(
	    cert_issue(at("other"), at("stranger"), &bank, &why), ERR_OK);
}

static void
open_server(void)
{
	struct http_settings settings = {.listen = "127.0.0.1:0",
	    .cert = at("server.crt"),
	    .key = at("server.key"),
	    .ca = at("ca.crt"),
	    .workers = 2,
	    .routes = routes};
	struct why why = {""};

	it.server = http_server_open(&settings, &why);
	if (it.server == NULL)
		fail_msg("%s", why.text);
}

static int
set_up(void **state)
{
	(void)state;
	strcpy(it.folder, "/tmp/rongxin-http-XXXXXX");
	assert_non_null(mkdtemp(it.folder));
	sem_init(&it.parked, 0, 0);
	sem_init(&it.ended, 0, 0);
	sem_init(&it.room, 0, 0);
	make_certificates();
	it.thread = worker_new("test", on_thread, NULL, 0, NULL);
	open_server();
	return 0;
}

static int
tear_down(void **state)
{
	char command[128];

	(void)state;
	http_server_close(it.server, 2000);
	worker_stop(it.thread);
	worker_free(it.thread);
	snprintf(command, sizeof(command), "rm -rf %s", it.folder);
	return system(command);
}

/* What curl prints, with "%s" for the URL's path in `arguments`. */
static const char *
curl(const char *version, const char *path, const char *arguments)
{
	static char out[65536];
	char command[1024];
	size_t len;
	FILE *pipe;

	snprintf(command, sizeof(command),
	    "curl -s --path-as-is --max-time 30 %s --cacert %s --cert %s --key "
	    "%s -w '[%%{http_code} %%{http_version} %%{size_download}]' %s "
	    "'https://127.0.0.1:%u%s' 2>/dev/null",
	    version, at("ca.crt"), at("bank.crt"), at("bank.key"), arguments,
	    http_server_port(it.server), path);
	pipe = popen(command, "r");
	assert_non_null(pipe);
	len = fread(out, 1, sizeof(out) - 1, pipe);
	out[len] = '\0';
	pclose(pipe);
	return out;
}

#define ONE "--http1.1"
#define TWO "--http2"

static void
assert_says(const char *answer, const char *wanted)
{
	if (strstr(answer, wanted) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", answer, wanted);
}

static void
both_versions_answer_and_know_the_peer(void **state)
{
	(void)state;
	assert_string_equal(
	    curl(ONE, "/hello", ""), "hello 91110000TEST000002[200 1.1 24]");
	assert_string_equal(
	    curl(TWO, "/hello", ""), "hello 91110000TEST000002[200 2 24]");
}

static void
header_values_cannot_break_out(void **state)
{
	(void)state;
	assert_says(curl(ONE, "/hello", "-i"), "x-extra: line  break\r\n");
	assert_says(curl(TWO, "/hello", "-i"), "x-extra: line  break\r\n");
}

static void
paths_and_queries_are_decoded(void **state)
{
	const char *path = "/show/%E4%B8%AD/x/y%2Fz?q=a%20b+c&r";
	const char *wanted = "/show/%E4%B8%AD/x/y%2Fz|中|x/y/z|a b c";

	(void)state;
	assert_says(curl(ONE, path, ""), wanted);
	assert_says(curl(TWO, path, ""), wanted);
}

static void
problems_have_their_status(void **state)
{
	static const char *const versions[] = {ONE, TWO};
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		assert_says(
		    curl(versions[i], "/nowhere", ""), "\"status\":404");
		assert_says(
		    curl(versions[i], "/echo", "-i"), "allow: POST, PUT\r\n");
		assert_says(curl(versions[i], "/echo", ""), "[405 ");
		assert_says(curl(versions[i], "/show/a/../b", ""), "[400 ");
		assert_says(curl(versions[i], "/show/a/%zz", ""), "[400 ");
		assert_says(curl(versions[i], "/hello?a=1&a=2", ""), "[400 ");
		assert_says(curl(versions[i], "/echo", "-X PUT -d 12345678901"),
		    "[413 ");
		assert_says(curl(versions[i], "/echo",
				"-X PUT -H 'transfer-encoding: chunked' -d "
				"12345678901"),
		    "[413 ");
	}
}

static void
a_body_is_echoed(void **state)
{
	(void)state;
	assert_says(curl(ONE, "/echo", "-d hello"), "hello[200 1.1 5]");
	assert_says(curl(TWO, "/echo", "-d hello"), "hello[200 2 5]");
	assert_says(
	    curl(ONE, "/echo", "-H 'transfer-encoding: chunked' -d hello"),
	    "hello[200 1.1 5]");
	assert_says(curl(ONE, "/echo", "-H 'expect: 100-continue' -d hello"),
	    "hello[200 1.1 5]");
}

static void
upload(const char *version)
{
	char arguments[256];
	unsigned pauses = it.pauses;
	char command[256];

	snprintf(command, sizeof(command), "head -c %u /dev/zero > %s",
	    UPLOAD_SIZE, at("large"));
	assert_int_equal(system(command), 0);
	snprintf(arguments, sizeof(arguments), "-X POST -T %s", at("large"));
	assert_says(curl(version, "/upload", arguments), "20971520[201 ");
	assert_int_equal(it.pauses - pauses, 20);
	assert_says(curl(version, "/upload?no=1", arguments), "[403 ");
}

static void
a_long_body_streams_with_pauses(void **state)
{
	(void)state;
	upload(ONE);
	upload(TWO);
}

static void
a_long_reply_arrives_whole(void **state)
{
	(void)state;
	assert_says(curl(ONE, "/large", "-o /dev/null"), "[200 1.1 5242880]");
	assert_says(curl(TWO, "/large", "-o /dev/null"), "[200 2 5242880]");
}

static void
a_reply_in_pieces_arrives_whole(void **state)
{
	(void)state;
	assert_says(curl(ONE, "/pieces?n=0", "-i"),
	    "transfer-encoding: chunked\r\n\r\nfirst[200 1.1 5]");
	assert_says(curl(TWO, "/pieces?n=0", ""), "first[200 2 5]");
	assert_says(
	    curl(ONE, "/pieces?n=200", "-o /dev/null"), "[200 1.1 13107205]");
	assert_says(
	    curl(TWO, "/pieces?n=200", "-o /dev/null"), "[200 2 13107205]");
	assert_says(curl(ONE, "/pieces?n=200", "--head"), "[200 1.1 0]");
	assert_says(curl(TWO, "/pieces?n=200", "--head"), "[200 2 0]");
}

static void
a_thread_may_hand_the_reply_back(void **state)
{
	(void)state;
	assert_says(curl(ONE, "/later", ""), "from a thread[200 1.1 ");
	assert_says(curl(TWO, "/later", ""), "from a thread[200 2 ");
}

static void
many_requests_share_connections(void **state)
{
	static const char *const versions[] = {ONE, TWO};
	const char *answer, *found;
	size_t i, count;

	(void)state;
	for (i = 0; i < 2; i++) {
		answer = curl(
		    versions[i], "/later?[1-200]", "-Z --parallel-max 50 ");
		count = 0;
		for (found = answer; (found = strstr(found, "from a thread"));
		     found++)
			count++;
		assert_int_equal(count, 200);
	}
}

static void
strangers_are_refused(void **state)
{
	char arguments[512];
	const char *answer;

	(void)state;
	snprintf(arguments, sizeof(arguments), "--cert %s --key %s",
	    at("stranger.crt"), at("stranger.key"));
	answer = curl(ONE, "/hello", arguments);
	assert_says(answer, "[000 ");
	snprintf(arguments, sizeof(arguments), "--cert %s --key %s",
	    at("ca.crt"), at("ca.key")); /* ours, but names no organisation */
	answer = curl(ONE, "/hello", arguments);
	assert_says(answer, "[000 ");
	answer = curl(ONE " --tls-max 1.2", "/hello", "");
	assert_says(answer, "[000 ");
}

static void
no_certificate_is_refused(void **state)
{
	char command[512];

	(void)state;
	snprintf(command, sizeof(command),
	    "curl -s -o /dev/null --cacert %s https://127.0.0.1:%u/hello",
	    at("ca.crt"), http_server_port(it.server));
	assert_int_not_equal(system(command), 0);
}

struct client {
	int fd;
	struct tls *tls;
	struct tls_session *session;
	char in[16384];
	struct buf got;
	bool is_closed;
};

static void
client_flush(struct client *client)
{
	struct buf *out = tls_output(client->session);

	if (out->len > 0)
		(void)!send(client->fd, out->data, out->len, MSG_NOSIGNAL);
	buf_reset(out);
}

/* One read of the socket and what it decrypts to. */
static void
client_turn(struct client *client)
{
	char plain[16384];
	enum tls_result result;
	ssize_t len;
	size_t got;

	client_flush(client);
	len = recv(client->fd, client->in, sizeof(client->in), 0);
	if (len <= 0) {
		client->is_closed = true;
		return;
	}
	tls_feed(client->session, span_make(client->in, (size_t)len));
	while ((result = tls_read(
		    client->session, plain, sizeof(plain), &got)) == TLS_DATA)
		buf_add(&client->got, plain, got);
	client->is_closed = result != TLS_MORE;
	client_flush(client);
}

static void
client_open(struct client *client, bool is_http2)
{
	struct tls_files files = {at("bank.crt"), at("bank.key"), at("ca.crt")};
	struct sockaddr_in address = {.sin_family = AF_INET,
	    .sin_port = htons((uint16_t)http_server_port(it.server)),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct why why = {""};
	size_t got;
	char none;

	memset(client, 0, sizeof(*client));
	client->tls = tls_open_client(&files, &why);
	assert_non_null(client->tls);
	client->session = tls_session_new(client->tls, "127.0.0.1");
	tls_offer(client->session, is_http2);
	client->fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(
	    connect(client->fd, (struct sockaddr *)&address, sizeof(address)),
	    0);
	tls_read(client->session, &none, 1, &got);
	while (!tls_is_ready(client->session) && !client->is_closed)
		client_turn(client);
	assert_false(client->is_closed);
	assert_true(tls_is_http2(client->session) == is_http2);
}

static void
client_say(struct client *client, const void *bytes, size_t len)
{
	assert_true(tls_write(client->session, span_make(bytes, len)));
	client_flush(client);
}

static const char *
client_hear(struct client *client)
{
	while (!client->is_closed)
		client_turn(client);
	return buf_cstr(&client->got);
}

static const char *
client_hear_until(struct client *client, const char *text)
{
	while (
	    !client->is_closed && strstr(buf_cstr(&client->got), text) == NULL)
		client_turn(client);
	return buf_cstr(&client->got);
}

static void
client_close(struct client *client)
{
	close(client->fd);
	tls_session_free(client->session);
	tls_close(client->tls);
	buf_release(&client->got);
}

static size_t
count_of(const char *text, const char *word)
{
	size_t count = 0;

	for (; (text = strstr(text, word)) != NULL; text++)
		count++;
	return count;
}

static void
hostile_requests_give_400_and_close(void **state)
{
	static const char *const hostile[] = {
	    "GET /hello HTTP/1.1\nHost: a\n\n",
	    "GET /hello HTTP/1.1\r\nHost: a\n\r\n",
	    "GET /hello HTTP/1.1\r\nHost: a\rX: b\r\n\r\n",
	    "GET /hello HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n",
	    "GET /hello HTTP/1.1\r\n Host: a\r\n\r\n",
	    "GET /hello HTTP/1.1\r\nHost : a\r\n\r\n",
	    "GET /hello HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
	    "GET /hello HTTP/1.1\r\n\r\n",
	    "GET  /hello HTTP/1.1\r\nHost: a\r\n\r\n",
	    "GET hello HTTP/1.1\r\nHost: a\r\n\r\n",
	    "GET http://a/hello HTTP/1.1\r\nHost: a\r\n\r\n",
	    "GET /hello HTTP/1.2\r\nHost: a\r\n\r\n",
	    "GET /hello HTTP/2.0\r\nHost: a\r\n\r\n",
	    "GET /hello\r\n\r\n",
	    "\r\nGET /hello HTTP/1.1\r\nHost: a\r\n\r\n",
	    "G(T /hello HTTP/1.1\r\nHost: a\r\n\r\n",
	    "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n"
	    "Content-Length: 2\r\n\r\nab",
	    "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n"
	    "Content-Length: 1\r\n\r\na",
	    "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1, 1\r\n\r\na",
	    "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\na",
	    "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 0x1\r\n\r\na",
	    "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: "
	    "99999999999999999999\r\n\r\na",
	    "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n"
	    "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
	    "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked"
	    "\r\n\r\n0\r\n\r\n",
	    "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, "
	    "chunked\r\n\r\n0\r\n\r\n",
	    "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n"
	    "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
	    "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\vchunked"
	    "\r\n\r\n0\r\n\r\n",
	    "POST /echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"
	    "0\r\n\r\n",
	    "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked"
	    "\r\n\r\n1\r\naXX0\r\n\r\n",
	    "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked"
	    "\r\n\r\n1\na\r\n0\r\n\r\n",
	    "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked"
	    "\r\n\r\n0x1\r\na\r\n0\r\n\r\n",
	    "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked"
	    "\r\n\r\n 1\r\na\r\n0\r\n\r\n",
	    "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked"
	    "\r\n\r\n10000000000000000\r\na\r\n0\r\n\r\n",
	    "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked"
	    "\r\n\r\n1;a\rb\r\na\r\n0\r\n\r\n",
	};
	struct client client;
	const char *answer;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(hostile) / sizeof(*hostile); i++) {
		client_open(&client, false);
		client_say(&client, hostile[i], strlen(hostile[i]));
		answer = client_hear(&client);
		if (strncmp(answer, "HTTP/1.1 400 ", 13) != 0 ||
		    count_of(answer, "HTTP/1.1 ") != 1)
			fail_msg("%zu: %s: %s", i, hostile[i], answer);
		assert_says(answer, "connection: close\r\n");
		assert_says(answer, "application/problem+json");
		client_close(&client);
	}
}

static void
pipelined_requests_are_answered_in_order(void **state)
{
	static const char text[] =
	    "GET /later HTTP/1.1\r\nHost: a\r\n\r\n"
	    "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"
	    "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n"
	    "\r\n2;x=y\r\nde\r\n1\r\nf\r\n0\r\nTrailer: 1\r\n\r\n"
	    "GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
	const char *answer, *a, *b, *c, *d;
	struct client client;

	(void)state;
	client_open(&client, false);

	client_say(&client, text, sizeof(text) - 1);
	answer = client_hear(&client);

	a = strstr(answer, "from a thread");
	b = strstr(answer, "\r\n\r\nabc");
	c = strstr(answer, "\r\n\r\ndef");
	d = strstr(answer, "hello 91");
	assert_true(a != NULL && b > a && c > b && d > c);
	client_close(&client);
}

static void
a_request_may_come_byte_by_byte(void **state)
{
	static const char text[] =
	    "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n"
	    "Connection: close\r\n\r\n2\r\nde\r\n1\r\nf\r\n0\r\n\r\n";
	struct client client;
	size_t i;

	(void)state;
	client_open(&client, false);

	for (i = 0; i < sizeof(text) - 1; i++)
		client_say(&client, text + i, 1);

	assert_says(client_hear(&client), "\r\n\r\ndef");
	client_close(&client);
}

static void
a_connection_goes_on_after_pieces(void **state)
{
	static const char text[] = "GET /pieces?n=0 HTTP/1.1\r\nHost: a\r\n\r\n"
				   "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n";
	struct client client;

	(void)state;
	client_open(&client, false);
	client_say(&client, text, sizeof(text) - 1);

	assert_says(client_hear_until(&client, "hello"),
	    "\r\n5\r\nfirst\r\n0\r\n\r\nHTTP/1.1 200 OK");
	client_close(&client);
}

static void
before_http_1_1_pieces_end_by_closing(void **state)
{
	static const char text[] = "GET /pieces?n=0 HTTP/1.0\r\n\r\n";
	struct client client;

	(void)state;
	client_open(&client, false);
	client_say(&client, text, sizeof(text) - 1);

	assert_says(client_hear(&client), "connection: close\r\n\r\nfirst");
	client_close(&client);
}

static void
drain(void)
{
	while (sem_trywait(&it.room) == 0 || sem_trywait(&it.ended) == 0)
		;
}

static void
pieces_come_as_they_are_sent(void **state)
{
	static const char text[] = "GET /events HTTP/1.1\r\nHost: a\r\n\r\n";
	struct client client;

	(void)state;
	drain();
	client_open(&client, false);
	client_say(&client, text, sizeof(text) - 1);
	assert_says(client_hear_until(&client, "hello\n"), "hello\n");
	sem_wait(&it.room);

	http_defer(it.waiting, end_later, "bye");

	assert_says(client_hear_until(&client, "0\r\n\r\n"), "3\r\nbye");
	sem_wait(&it.ended);
	client_close(&client);
}

/* No write has to fail for it. */
static void
who_sends_pieces_learns_that_nobody_is_left(void **state)
{
	static const char text[] = "GET /events HTTP/1.1\r\nHost: a\r\n\r\n";
	struct client client;

	(void)state;
	drain();
	client_open(&client, false);
	client_say(&client, text, sizeof(text) - 1);
	client_hear_until(&client, "hello\n");
	client_close(&client);

	sem_wait(&it.ended);
}

static void
a_reply_to_nobody_is_dropped(void **state)
{
	static const char text[] = "GET /wait HTTP/1.1\r\nHost: a\r\n\r\n";
	unsigned releases = it.releases;
	struct client client;

	(void)state;
	client_open(&client, false);
	client_say(&client, text, sizeof(text) - 1);
	sem_wait(&it.parked);
	client_close(&client);

	http_defer(it.waiting, reply_later, "nobody hears this");

	sem_wait(&it.ended);
	assert_int_equal(it.releases, releases + 1);
	assert_says(curl(ONE, "/hello", ""), "[200 ");
}

static void
a_cut_upload_ends_with_close(void **state)
{
	static const char text[] = "POST /upload HTTP/1.1\r\nHost: a\r\n"
				   "Content-Length: 1000\r\n\r\nsome";
	unsigned cuts = it.cuts;
	struct client client;

	(void)state;
	client_open(&client, false);
	client_say(&client, text, sizeof(text) - 1);
	client_close(&client);

	sem_wait(&it.ended);
	assert_int_equal(it.cuts, cuts + 1);
}

static void
a_large_head_is_refused(void **state)
{
	static const char start[] = "GET /hello HTTP/1.1\r\nHost: a\r\nX: ";
	static char filler[20000];
	struct client client;

	(void)state;
	memset(filler, 'x', sizeof(filler));
	client_open(&client, false);
	client_say(&client, start, sizeof(start) - 1);
	client_say(&client, filler, sizeof(filler));
	assert_says(client_hear(&client), "HTTP/1.1 431 ");
	client_close(&client);
}

static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
			      "\0\0\0\4\0\0\0\0\0";

/* Was a GOAWAY with ENHANCE_YOUR_CALM (11) among the frames? */
static bool
is_calmed(const struct buf *frames)
{
	const uint8_t *bytes = (const uint8_t *)frames->data;
	size_t i = 0, len;

	while (frames->len - i >= 17) {
		len = (size_t)bytes[i] << 16 | (size_t)bytes[i + 1] << 8 |
		      bytes[i + 2];
		if (bytes[i + 3] == 7 && bytes[i + 16] == 11)
			return true;
		i += 9 + len;
		if (i > frames->len)
			return false;
	}
	return false;
}

static void
a_ping_flood_is_calmed(void **state)
{
	static const char ping[17] = "\0\0\10\6\0\0\0\0\0pingping";
	struct client client;
	struct buf flood = {0};
	int i;

	(void)state;
	client_open(&client, true);
	buf_add(&flood, preface, sizeof(preface) - 1);
	for (i = 0; i < 3000; i++)
		buf_add(&flood, ping, sizeof(ping));
	client_say(&client, flood.data, flood.len);
	client_hear(&client);
	assert_true(is_calmed(&client.got));
	buf_release(&flood);
	client_close(&client);
}

/* One frame of at most 255 bytes. */
static void
add_frame(struct buf *out, const char *type_and_flags, uint32_t stream,
    struct span bytes)
{
	buf_u16(out, 0);
	buf_char(out, (char)bytes.len);
	buf_add(out, type_and_flags, 2);
	buf_u32(out, stream);
	buf_add(out, bytes.ptr, bytes.len);
}

#define HEADERS "\1\4"
#define HEADERS_LAST "\1\5"
#define DATA "\0\0"
#define RESET "\3\0"

static void
a_reset_upload_ends_with_close(void **state)
{
	/* :method POST, :scheme https, :path, :authority a */
	const struct span head = span_of("\x83\x87\x04\x07/upload\x41\x01"
					 "a");
	unsigned cuts = it.cuts;
	struct client client;
	struct buf frames = {0};

	(void)state;
	client_open(&client, true);
	buf_add(&frames, preface, sizeof(preface) - 1);
	add_frame(&frames, HEADERS, 1, head);
	add_frame(&frames, DATA, 1, span_of("some"));
	add_frame(&frames, RESET, 1, span_make("\0\0\0\10", 4));

	client_say(&client, frames.data, frames.len);

	sem_wait(&it.ended);
	assert_int_equal(it.cuts, cuts + 1);
	buf_release(&frames);
	client_close(&client);
}

static void
a_reset_stream_leaves_its_exchange_valid(void **state)
{
	const struct span head = span_of("\x82\x87\x04\x05/wait\x41\x01"
					 "a");
	const char bye[] = "\0\0\0\0\0\0\0";
	unsigned releases = it.releases;
	struct client client;
	struct buf frames = {0};

	(void)state;
	client_open(&client, true);
	buf_add(&frames, preface, sizeof(preface) - 1);
	add_frame(&frames, HEADERS_LAST, 1, head);
	add_frame(&frames, RESET, 1, span_make("\0\0\0\10", 4));
	add_frame(&frames, "\7\0", 0, span_make(bye, 8)); /* GOAWAY */
	client_say(&client, frames.data, frames.len);
	client_hear(&client);
	sem_wait(&it.parked);
	assert_int_equal(it.releases, releases);

	http_defer(it.waiting, reply_later, "nobody hears this");

	sem_wait(&it.ended);
	assert_int_equal(it.releases, releases + 1);
	buf_release(&frames);
	client_close(&client);
}

static void
rapid_resets_are_calmed(void **state)
{
	/* :method GET, :scheme https, :path /hello, :authority a */
	static const char head[] = "\x82\x87\x04\x06/hello\x41\x01"
				   "a";
	struct client client;
	struct buf flood = {0};
	uint32_t i;

	(void)state;
	client_open(&client, true);
	buf_add(&flood, preface, sizeof(preface) - 1);
	for (i = 0; i < 400; i++) {
		add_frame(&flood, HEADERS_LAST, 2 * i + 1,
		    span_make(head, sizeof(head) - 1));
		add_frame(&flood, RESET, 2 * i + 1, span_make("\0\0\0\10", 4));
	}
	client_say(&client, flood.data, flood.len);
	client_hear(&client);
	assert_true(is_calmed(&client.got));
	buf_release(&flood);
	client_close(&client);
}

static void
closing_waits_for_what_runs(void **state)
{
	static const char text[] = "GET /wait HTTP/1.1\r\nHost: a\r\n\r\n";
	struct client client;

	(void)state;
	client_open(&client, false);
	client_say(&client, text, sizeof(text) - 1);
	sem_wait(&it.parked);
	http_defer(it.waiting, reply_later, "in time");

	http_server_close(it.server, 5000);

	assert_says(client_hear_until(&client, "in time"), "in time");
	client_close(&client);
	open_server();
}

static void
closing_ends_what_comes_in_pieces(void **state)
{
	static const char text[] = "GET /events HTTP/1.1\r\nHost: a\r\n\r\n";
	struct client client;

	(void)state;
	drain();
	client_open(&client, false);
	client_say(&client, text, sizeof(text) - 1);
	client_hear_until(&client, "hello\n");

	http_server_close(it.server, 20000);

	assert_says(client_hear(&client), "0\r\n\r\n");
	client_close(&client);
	open_server();
}

static void
what_outlives_the_server_is_harmless(void **state)
{
	static const char text[] = "GET /wait HTTP/1.1\r\nHost: a\r\n\r\n";
	struct client client;

	(void)state;
	client_open(&client, false);
	client_say(&client, text, sizeof(text) - 1);
	sem_wait(&it.parked);

	http_server_close(it.server, 50);
	http_defer(it.waiting, reply_later, "too late");

	client_hear(&client);
	assert_int_equal(client.got.len, 0);
	client_close(&client);
	open_server();
}

static void
parallel_uploads_do_not_block_each_other(void **state)
{
	char arguments[512];
	const char *answer;
	int i;

	(void)state;
	for (i = 0; i < 2; i++) {
		snprintf(arguments, sizeof(arguments),
		    "-Z -X POST -T '{%s,%s,%s,%s,%s,%s}'", at("large"),
		    at("large"), at("large"), at("large"), at("large"),
		    at("large"));
		answer = curl(i == 0 ? ONE : TWO, "/upload", arguments);
		assert_int_equal(count_of(answer, "20971520"), 6);
		assert_int_equal(count_of(answer, "[201 "), 6);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(both_versions_answer_and_know_the_peer),
	    cmocka_unit_test(header_values_cannot_break_out),
	    cmocka_unit_test(paths_and_queries_are_decoded),
	    cmocka_unit_test(problems_have_their_status),
	    cmocka_unit_test(a_body_is_echoed),
	    cmocka_unit_test(a_long_body_streams_with_pauses),
	    cmocka_unit_test(a_long_reply_arrives_whole),
	    cmocka_unit_test(a_reply_in_pieces_arrives_whole),
	    cmocka_unit_test(a_connection_goes_on_after_pieces),
	    cmocka_unit_test(before_http_1_1_pieces_end_by_closing),
	    cmocka_unit_test(pieces_come_as_they_are_sent),
	    cmocka_unit_test(who_sends_pieces_learns_that_nobody_is_left),
	    cmocka_unit_test(a_thread_may_hand_the_reply_back),
	    cmocka_unit_test(many_requests_share_connections),
	    cmocka_unit_test(strangers_are_refused),
	    cmocka_unit_test(no_certificate_is_refused),
	    cmocka_unit_test(hostile_requests_give_400_and_close),
	    cmocka_unit_test(pipelined_requests_are_answered_in_order),
	    cmocka_unit_test(a_request_may_come_byte_by_byte),
	    cmocka_unit_test(a_reply_to_nobody_is_dropped),
	    cmocka_unit_test(a_cut_upload_ends_with_close),
	    cmocka_unit_test(a_large_head_is_refused),
	    cmocka_unit_test(a_ping_flood_is_calmed),
	    cmocka_unit_test(a_reset_upload_ends_with_close),
	    cmocka_unit_test(a_reset_stream_leaves_its_exchange_valid),
	    cmocka_unit_test(rapid_resets_are_calmed),
	    cmocka_unit_test(closing_waits_for_what_runs),
	    cmocka_unit_test(closing_ends_what_comes_in_pieces),
	    cmocka_unit_test(what_outlives_the_server_is_harmless),
	    cmocka_unit_test(parallel_uploads_do_not_block_each_other),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
