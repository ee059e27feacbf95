/*
 * https: requests to other servers, many at a time, without blocking.
 *
 * libcurl says which sockets and which time it waits for, libuv waits; one of
 * libcurl's own functions is called when either comes.
 */
#include "wire/https.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <uv.h>

#include "base/mem.h"
#include "base/work.h"
#include "wire/address.h"
#include "wire/https_peer.h"

#define CONNECT_MS 2000L
/* A server closes what is idle for 60 s. */
#define IDLE_SECONDS 45L
#define HOST_CONNECTIONS 8L
#define ALL_CONNECTIONS 512L

struct https {
	uv_loop_t loop;
	uv_thread_t thread;
	uv_timer_t timer;
	struct mailbox *mailbox;
	CURLM *multi;
	char *cert, *key, *ca;
	struct transfer *transfers; /* all that are under way */
	bool public_only;
	bool stopped;
	struct https_peers *peers;
};

struct transfer {
	struct https *https;
	struct transfer *before, *next;
	CURL *curl;
	struct curl_slist *headers;
	char *peer;
	struct buf body;
	size_t limit;
	bool is_stranger, is_large;
	https_done_fn done;
	void *context;
};

/* One socket of libcurl's. */
struct watch {
	uv_poll_t poll;
	struct https *https;
	curl_socket_t socket;
};

struct call {
	void (*call)(void *context);
	void *context;
};

static size_t
take_body(char *bytes, size_t size, size_t count, void *context)
{
	struct transfer *transfer = context;
	size_t len = size * count;

	if (len > transfer->limit - transfer->body.len) {
		transfer->is_large = true;
		return 0;
	}
	buf_add(&transfer->body, bytes, len);
	return len;
}

static int
on_connected(
    void *context, char *address, char *own_address, int port, int own_port)
{
	struct transfer *transfer = context;
	struct https_end end = {.peer = transfer->peer,
	    .address = address,
	    .port = port,
	    .own_port = own_port};

	(void)own_address;
	if (https_peer_is(transfer->https->peers, transfer->curl, &end))
		return CURL_PREREQFUNC_OK;
	transfer->is_stranger = true;
	curl_easy_setopt(transfer->curl, CURLOPT_FORBID_REUSE, 1L);
	return CURL_PREREQFUNC_ABORT;
}

static void
transfer_free(struct transfer *transfer)
{
	if (transfer->curl != NULL)
		curl_easy_cleanup(transfer->curl);
	curl_slist_free_all(transfer->headers);
	mem_free(transfer->peer);
	buf_release(&transfer->body);
	mem_free(transfer);
}

static void
transfer_end(struct transfer *transfer, struct https_answer *answer)
{
	struct https *https = transfer->https;

	if (transfer->before != NULL)
		transfer->before->next = transfer->next;
	else
		https->transfers = transfer->next;
	if (transfer->next != NULL)
		transfer->next->before = transfer->before;
	curl_multi_remove_handle(https->multi, transfer->curl);
	transfer->done(transfer->context, answer);
	transfer_free(transfer);
}

static enum err
error_of(const struct transfer *transfer, CURLcode code)
{
	if (code == CURLE_OK)
		return ERR_OK;
	if (transfer->is_large)
		return ERR_LIMIT;
	if (transfer->is_stranger || code == CURLE_PEER_FAILED_VERIFICATION)
		return ERR_DENIED;
	return ERR_NETWORK;
}

static void
transfer_done(struct transfer *transfer, CURLcode code)
{
	struct https_answer answer = {.err = error_of(transfer, code),
	    .content_type = "",
	    .body = buf_span(&transfer->body)};
	char *type = NULL;
	curl_off_t seconds = 0;
	long status = 0;

	curl_easy_getinfo(transfer->curl, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(transfer->curl, CURLINFO_CONTENT_TYPE, &type);
	curl_easy_getinfo(transfer->curl, CURLINFO_RETRY_AFTER, &seconds);
	answer.status = (int)status;
	answer.retry_after = seconds;
	if (type != NULL)
		answer.content_type = type;
	transfer_end(transfer, &answer);
}

static void
collect(struct https *https)
{
	struct transfer *transfer;
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(https->multi, &left)) != NULL) {
		if (message->msg != CURLMSG_DONE)
			continue;
		transfer = NULL;
		curl_easy_getinfo(
		    message->easy_handle, CURLINFO_PRIVATE, &transfer);
		transfer_done(transfer, message->data.result);
	}
}

static void
on_socket_ready(uv_poll_t *poll, int status, int events)
{
	struct watch *watch = poll->data;
	struct https *https = watch->https;
	int flags = 0, running;

	if (status < 0)
		flags = CURL_CSELECT_ERR;
	if ((events & UV_READABLE) != 0)
		flags |= CURL_CSELECT_IN;
	if ((events & UV_WRITABLE) != 0)
		flags |= CURL_CSELECT_OUT;
	curl_multi_socket_action(https->multi, watch->socket, flags, &running);
	collect(https);
}

static void
on_watch_closed(uv_handle_t *handle)
{
	mem_free(handle->data);
}

static void
watch_close(struct https *https, curl_socket_t socket, struct watch *watch)
{
	if (watch == NULL)
		return;
	uv_poll_stop(&watch->poll);
	uv_close((uv_handle_t *)&watch->poll, on_watch_closed);
	curl_multi_assign(https->multi, socket, NULL);
}

static struct watch *
watch_open(struct https *https, curl_socket_t socket)
{
	struct watch *watch = mem_new(sizeof(*watch));

	watch->https = https;
	watch->socket = socket;
	watch->poll.data = watch;
	if (uv_poll_init_socket(&https->loop, &watch->poll, socket) != 0) {
		mem_free(watch);
		return NULL;
	}
	curl_multi_assign(https->multi, socket, watch);
	return watch;
}

static int
on_socket(
    CURL *curl, curl_socket_t socket, int what, void *context, void *assigned)
{
	struct https *https = context;
	struct watch *watch = assigned;
	int events = 0;

	(void)curl;
	if (what == CURL_POLL_REMOVE) {
		watch_close(https, socket, watch);
		return 0;
	}
	if (watch == NULL)
		watch = watch_open(https, socket);
	if (watch == NULL)
		return -1;
	if ((what & CURL_POLL_IN) != 0)
		events |= UV_READABLE;
	if ((what & CURL_POLL_OUT) != 0)
		events |= UV_WRITABLE;
	return uv_poll_start(&watch->poll, events, on_socket_ready);
}

static void
on_timer(uv_timer_t *timer)
{
	struct https *https = timer->data;
	int running;

	curl_multi_socket_action(
	    https->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	collect(https);
}

static int
on_timeout(CURLM *multi, long timeout_ms, void *context)
{
	struct https *https = context;

	(void)multi;
	if (timeout_ms < 0)
		return uv_timer_stop(&https->timer);
	return uv_timer_start(&https->timer, on_timer, (uint64_t)timeout_ms, 0);
}

static void
on_call(void *context, void *job)
{
	struct call *call = job;

	(void)context;
	call->call(call->context);
	mem_free(call);
}

void
https_run(struct https *https, void (*run)(void *context), void *context)
{
	struct call *call = mem_new(sizeof(*call));

	call->call = run;
	call->context = context;
	mailbox_post(https->mailbox, call);
}

static void
run_loop(void *argument)
{
	struct https *https = argument;

	uv_run(&https->loop, UV_RUN_DEFAULT);
}

static void
make_multi(struct https *https)
{
	https->multi = curl_multi_init();
	if (https->multi == NULL)
		abort();
	curl_multi_setopt(https->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
	curl_multi_setopt(https->multi, CURLMOPT_SOCKETDATA, https);
	curl_multi_setopt(https->multi, CURLMOPT_TIMERFUNCTION, on_timeout);
	curl_multi_setopt(https->multi, CURLMOPT_TIMERDATA, https);
	curl_multi_setopt(
	    https->multi, CURLMOPT_MAX_HOST_CONNECTIONS, HOST_CONNECTIONS);
	curl_multi_setopt(
	    https->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, ALL_CONNECTIONS);
}

struct https *
https_open(const struct https_settings *settings, struct why *why)
{
	struct https *https;

	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
		(void)why_set(why, ERR_NETWORK, "libcurl cannot start");
		return NULL;
	}
	https = mem_new(sizeof(*https));
	if (settings->cert != NULL) {
		https->cert = mem_text(settings->cert);
		https->key = mem_text(settings->key);
	}
	https->public_only = settings->public_only;
	https->ca = mem_text(settings->ca);
	if (uv_loop_init(&https->loop) != 0)
		abort();
	uv_timer_init(&https->loop, &https->timer);
	https->timer.data = https;
	https->mailbox = mailbox_open_loop(&https->loop, on_call, https);
	https->peers = https_peers_new();
	make_multi(https);
	if (uv_thread_create(&https->thread, run_loop, https) != 0)
		abort();
	return https;
}

static void
stop_on_thread(void *context)
{
	struct https *https = context;
	struct https_answer closed = {.err = ERR_CLOSED, .content_type = ""};

	https->stopped = true;
	while (https->transfers != NULL)
		transfer_end(https->transfers, &closed);
}

void
https_stop(struct https *https)
{
	https_run(https, stop_on_thread, https);
}

static void
close_on_thread(void *context)
{
	struct https *https = context;

	curl_multi_cleanup(https->multi);
	uv_close((uv_handle_t *)&https->timer, NULL);
	mailbox_close(https->mailbox);
}

void
https_close(struct https *https)
{
	if (https == NULL)
		return;
	https_run(https, close_on_thread, https);
	uv_thread_join(&https->thread);
	uv_loop_close(&https->loop);
	https_peers_free(https->peers);
	mem_free(https->cert);
	mem_free(https->key);
	mem_free(https->ca);
	mem_free(https);
}

/* After the name was resolved: a name that means one address when it is
 * looked at and another when it is used gains nothing. */
static curl_socket_t
on_open(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
	(void)context, (void)purpose;
	if (!address_is_public(&address->addr))
		return CURL_SOCKET_BAD;
	return socket(address->family, address->socktype | SOCK_CLOEXEC,
	    address->protocol);
}

static void
set_tls(CURL *curl, struct transfer *transfer)
{
	struct https *https = transfer->https;

	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "https");
	curl_easy_setopt(curl, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_3);
	curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_2TLS);
	curl_easy_setopt(curl, CURLOPT_CAINFO, https->ca);
	curl_easy_setopt(curl, CURLOPT_CAPATH, NULL);
	curl_easy_setopt(curl, CURLOPT_SSLCERT, https->cert);
	curl_easy_setopt(curl, CURLOPT_SSLKEY, https->key);
	if (https->public_only)
		curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, on_open);
	if (transfer->peer == NULL)
		return;
	curl_easy_setopt(curl, CURLOPT_CERTINFO, 1L);
	curl_easy_setopt(curl, CURLOPT_PREREQFUNCTION, on_connected);
	curl_easy_setopt(curl, CURLOPT_PREREQDATA, transfer);
}

static void
set_body(CURL *curl, struct span body)
{
	curl_easy_setopt(
	    curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.len);
	curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body.ptr);
}

static void
set_request(
    CURL *curl, struct transfer *transfer, const struct https_request *request)
{
	char line[128];
	size_t i;

	transfer->headers = curl_slist_append(NULL, "Expect:");
	if (request->content_type != NULL) {
		snprintf(line, sizeof(line), "Content-Type: %s",
		    request->content_type);
		transfer->headers = curl_slist_append(transfer->headers, line);
		set_body(curl, request->body);
	}
	for (i = 0; request->headers != NULL && request->headers[i] != NULL;
	     i++)
		transfer->headers =
		    curl_slist_append(transfer->headers, request->headers[i]);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, transfer->headers);
	curl_easy_setopt(curl, CURLOPT_URL, request->url);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)request->timeout_ms);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, transfer);
}

static void
set_connection(CURL *curl)
{
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_PROXY, "");
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS);
	curl_easy_setopt(curl, CURLOPT_MAXAGE_CONN, IDLE_SECONDS);
	curl_easy_setopt(curl, CURLOPT_TCP_KEEPALIVE, 1L);
	curl_easy_setopt(curl, CURLOPT_PIPEWAIT, 1L);
}

static struct transfer *
transfer_new(struct https *https, const struct https_request *request)
{
	struct transfer *transfer = mem_new(sizeof(*transfer));
	CURL *curl = curl_easy_init();

	if (curl == NULL)
		abort();
	transfer->https = https;
	transfer->curl = curl;
	transfer->peer = request->peer != NULL ? mem_text(request->peer) : NULL;
	transfer->limit = request->limit;
	curl_easy_setopt(curl, CURLOPT_PRIVATE, transfer);
	set_connection(curl);
	set_tls(curl, transfer);
	set_request(curl, transfer, request);
	return transfer;
}

void
https_send(struct https *https, const struct https_request *request,
    https_done_fn done, void *context)
{
	struct https_answer closed = {.err = ERR_CLOSED, .content_type = ""};
	struct transfer *transfer;

	if (https->stopped) {
		done(context, &closed);
		return;
	}
	transfer = transfer_new(https, request);
	transfer->done = done;
	transfer->context = context;
	transfer->next = https->transfers;
	if (https->transfers != NULL)
		https->transfers->before = transfer;
	https->transfers = transfer;
	curl_multi_add_handle(https->multi, transfer->curl);
}
