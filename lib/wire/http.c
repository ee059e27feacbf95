/*
 * http: the server, its workers and their loops.
 */
#include "wire/http.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cert.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metric.h"
#include "base/version.h"
#include "base/work.h"
#include "wire/gate.h"
#include "wire/http2.h"
#include "wire/http_conn.h"
#include "wire/listener.h"

#define BACKLOG 1024
#define SWEEP_MS 500
#define WORKERS_MAX 256

struct http_server {
	struct tls *tls;
	struct gate *gate;
	struct http_worker **workers;
	unsigned count;
	char *listen;
	struct listener listener;
	unsigned grace_ms; /* set before the workers are told to stop */
};

/* What a mailbox carries to say "stop"; all other jobs are http_defer's. */
static char stop_job;

static void
resume_all(struct http_worker *worker)
{
	struct http_exchange *exchange;

	while ((exchange = worker->resuming) != NULL) {
		worker->resuming = exchange->next;
		exchange->next = NULL;
		exchange->is_resuming = false;
		if (!http_is_over(exchange) && exchange->stream == 0)
			http1_flow(exchange);
		else if (!http_is_over(exchange))
			http2_flow(exchange);
		http_drop(exchange);
	}
}

static void
flush_all(struct http_worker *worker)
{
	struct http_conn *conn;

	while ((conn = worker->dirty) != NULL) {
		worker->dirty = conn->next_dirty;
		conn->is_dirty = false;
		conn_flush(conn);
	}
}

static void
on_sleep(uv_prepare_t *handle)
{
	struct http_worker *worker = handle->data;

	while (worker->resuming != NULL || worker->dirty != NULL) {
		resume_all(worker);
		flush_all(worker);
	}
}

static void
end_loop(struct http_worker *worker)
{
	worker->is_over = true;
	uv_close((uv_handle_t *)&worker->before_sleep, NULL);
	uv_close((uv_handle_t *)&worker->sweep, NULL);
	mailbox_close(worker->mailbox);
}

static void
close_all(struct http_worker *worker)
{
	while (worker->conns != NULL)
		conn_close(worker->conns);
}

/* Exchanges that a thread of the handler still holds when the time is over
 * are left behind with their loop's memory: http_defer stays harmless. */
static void
try_end(struct http_worker *worker)
{
	bool is_late = uv_now(&worker->loop) >= worker->stop_at_ms;

	if (worker->is_over)
		return;
	if (is_late)
		close_all(worker);
	if (worker->conns == NULL && worker->exchange_count == 0)
		end_loop(worker);
	else if (is_late && worker->conns == NULL)
		uv_stop(&worker->loop);
}

static void
stop(struct http_worker *worker)
{
	struct http_conn *conn, *next;

	worker->is_closing = true;
	worker->stop_at_ms = uv_now(&worker->loop) + worker->server->grace_ms;
	uv_close((uv_handle_t *)&worker->listener, NULL);
	for (conn = worker->conns; conn != NULL; conn = next) {
		next = conn->next;
		if (conn->phase == CONN_LINGER)
			conn_close(conn);
		else
			conn_retire(conn);
	}
	uv_timer_set_repeat(&worker->sweep, 10);
	uv_timer_again(&worker->sweep);
}

static void
on_job(void *context, void *job)
{
	if (job == &stop_job)
		stop(context);
	else
		exchange_run_job(job);
}

static void
on_sweep(uv_timer_t *timer)
{
	struct http_worker *worker = timer->data;
	uint64_t now_ms = uv_now(&worker->loop);
	struct http_conn *conn, *next;

	for (conn = worker->conns; conn != NULL; conn = next) {
		next = conn->next;
		if (worker->is_closing && conn->phase == CONN_LINGER &&
		    conn->unsent == 0)
			conn_close(conn);
		else
			conn_sweep(conn, now_ms);
	}
	if (worker->is_closing)
		try_end(worker);
}

static void
on_connection(uv_stream_t *listener, int status)
{
	if (status == 0)
		conn_open(listener->data);
}

static uint64_t
seconds_or(int64_t seconds, unsigned otherwise)
{
	return (uint64_t)(seconds > 0 ? seconds : otherwise) * 1000;
}

static struct http_bounds
bounds_of(const struct http_limits *limits, unsigned workers)
{
	struct http_bounds bounds = {
	    .head_ms = seconds_or(limits->head_seconds, 10),
	    .idle_ms = seconds_or(limits->idle_seconds, 60),
	    .slow_bytes = (uint64_t)limits->slow_bytes};

	if (limits->handshakes > 0)
		bounds.handshakes =
		    ((unsigned)limits->handshakes + workers - 1) / workers;
	return bounds;
}

static void
worker_count(struct http_worker *worker)
{
	static const char *const why[HTTP_CUT_COUNT] = {
	    [HTTP_CUT_FULL] = "why=\"connections\"",
	    [HTTP_CUT_ADDRESS] = "why=\"address\"",
	    [HTTP_CUT_HANDSHAKES] = "why=\"handshakes\"",
	    [HTTP_CUT_DENIED] = "why=\"denied\"",
	    [HTTP_CUT_SLOW] = "why=\"slow\"",
	    [HTTP_CUT_FLOOD] = "why=\"flood\"",
	};
	size_t i;

	for (i = 0; i < HTTP_CUT_COUNT; i++)
		worker->cuts[i] = metric_counter("rongxin_http_cut_total",
		    why[i], "Connections that were cut or not let in.");
	worker->connected = metric_gauge(
	    "rongxin_http_connections", "", "Connections that are open.");
}

static void
count_replies(struct http_worker *worker)
{
	char labels[16];
	int i;

	for (i = 1; i < HTTP_CLASSES; i++) {
		snprintf(labels, sizeof(labels), "code=\"%dxx\"", i);
		worker->replies[i] =
		    metric_counter("rongxin_http_replies_total", labels,
			"Replies over HTTP, by class of status.");
	}
}

static void
worker_init(struct http_worker *worker, struct http_server *server,
    const struct http_settings *settings)
{
	worker->server = server;
	worker->routes = settings->routes;
	count_replies(worker);
	worker->context = settings->context;
	worker->is_sandbox = settings->is_sandbox;
	worker->tls = server->tls;
	worker->gate = server->gate;
	worker->bounds = bounds_of(
	    &settings->limits, settings->workers > 0 ? settings->workers : 1);
	worker_count(worker);
	uv_loop_init(&worker->loop);
	uv_tcp_init(&worker->loop, &worker->listener);
	uv_prepare_init(&worker->loop, &worker->before_sleep);
	uv_timer_init(&worker->loop, &worker->sweep);
	worker->listener.data = worker;
	worker->before_sleep.data = worker;
	worker->sweep.data = worker;
	uv_prepare_start(&worker->before_sleep, on_sleep);
	uv_timer_start(&worker->sweep, on_sweep, SWEEP_MS, SWEEP_MS);
	worker->mailbox = mailbox_open_loop(&worker->loop, on_job, worker);
}

static int
worker_listen(struct http_worker *worker, struct listener *listener)
{
	int fd = listener_bind(listener);

	if (fd < 0)
		return -1;
	if (uv_tcp_open(&worker->listener, fd) != 0) {
		close(fd);
		return -1;
	}
	return uv_listen(
	    (uv_stream_t *)&worker->listener, BACKLOG, on_connection);
}

static void
worker_run(void *context)
{
	struct http_worker *worker = context;
	char name[16];
	sigset_t pipe;

	snprintf(name, sizeof(name), "http-%u", worker->index);
	pthread_setname_np(pthread_self(), name);
	/* libuv writes to sockets that may be gone; the error is enough. */
	sigemptyset(&pipe);
	sigaddset(&pipe, SIGPIPE);
	pthread_sigmask(SIG_BLOCK, &pipe, NULL);
	uv_run(&worker->loop, UV_RUN_DEFAULT);
}

static void
worker_release(struct http_worker *worker)
{
	struct http_exchange *exchange;

	if (worker->exchange_count > 0) {
		log_warn(
		    "http.abandoned", "exchanges=%u", worker->exchange_count);
		return;
	}
	while ((exchange = worker->spare) != NULL) {
		worker->spare = exchange->next;
		exchange_free(exchange);
	}
	uv_loop_close(&worker->loop);
	mem_free(worker);
}

/* A worker whose thread never ran. */
static void
worker_undo(struct http_worker *worker)
{
	uv_close((uv_handle_t *)&worker->listener, NULL);
	end_loop(worker);
	uv_run(&worker->loop, UV_RUN_DEFAULT);
	worker_release(worker);
}

static bool
add_worker(struct http_server *server, const struct http_settings *settings)
{
	struct http_worker *worker = mem_new(sizeof(*worker));

	worker->index = server->count;
	worker_init(worker, server, settings);
	if (worker_listen(worker, &server->listener) != 0) {
		worker_undo(worker);
		return false;
	}
	server->workers[server->count++] = worker;
	return true;
}

static void
server_free(struct http_server *server)
{
	tls_close(server->tls);
	gate_free(server->gate);
	listener_release(&server->listener);
	mem_free(server->listen);
	mem_free(server->workers);
	mem_free(server);
}

static enum err
open_workers(struct http_server *server, const struct http_settings *settings,
    struct why *why)
{
	unsigned wanted = settings->workers > 0 ? settings->workers : 1;
	bool ok = listener_parse(&server->listener, server->listen) &&
		  wanted <= WORKERS_MAX;

	if (!ok)
		return why_set(why, ERR_INVALID, "cannot listen on \"%s\"",
		    settings->listen);
	server->workers = mem_new(wanted * sizeof(*server->workers));
	while (ok && server->count < wanted)
		ok = add_worker(server, settings);
	if (ok)
		return ERR_OK;
	while (server->count > 0)
		worker_undo(server->workers[--server->count]);
	return why_set(
	    why, ERR_NETWORK, "cannot listen on \"%s\"", settings->listen);
}

/* What Prometheus is told once. */
static void
note_certificate(const char *path)
{
	struct identity who;

	metric_set(metric_gauge("rongxin_build_info",
		       "version=\"" RONGXIN_VERSION "\"",
		       "1; the label has the version."),
	    1);
	if (cert_read(path, &who, NULL, NULL) == ERR_OK)
		metric_set(
		    metric_gauge("rongxin_certificate_expires_seconds", "",
			"When our certificate expires, seconds since 1970."),
		    who.not_after_us / CLOCK_SECOND);
}

struct http_server *
http_server_open(const struct http_settings *settings, struct why *why)
{
	struct tls_files files = {settings->cert, settings->key, settings->ca};
	struct http_server *server = mem_new(sizeof(*server));
	unsigned i;

	server->listen = mem_text(settings->listen);
	server->gate = gate_new((unsigned)settings->limits.connections,
	    (unsigned)settings->limits.connections_address);
	server->tls = tls_open_server(&files, why);
	if (server->tls == NULL ||
	    open_workers(server, settings, why) != ERR_OK) {
		server_free(server);
		return NULL;
	}
	note_certificate(settings->cert);
	for (i = 0; i < server->count; i++)
		if (uv_thread_create(&server->workers[i]->thread, worker_run,
			server->workers[i]) != 0)
			abort();
	return server;
}

enum err
http_server_renew(struct http_server *server,
    const struct http_settings *settings, struct why *why)
{
	struct tls_files files = {settings->cert, settings->key, settings->ca};
	enum err err = tls_renew(server->tls, &files, why);

	if (err == ERR_OK)
		note_certificate(settings->cert);
	return err;
}

unsigned
http_server_port(const struct http_server *server)
{
	return server->listener.port;
}

void
http_server_address(const struct http_server *server, struct buf *out)
{
	listener_print(&server->listener, out);
}

void
http_server_close(struct http_server *server, unsigned grace_ms)
{
	unsigned i;

	if (server == NULL)
		return;
	server->grace_ms = grace_ms;
	for (i = 0; i < server->count; i++)
		mailbox_post(server->workers[i]->mailbox, &stop_job);
	for (i = 0; i < server->count; i++) {
		uv_thread_join(&server->workers[i]->thread);
		worker_release(server->workers[i]);
	}
	server_free(server);
}
