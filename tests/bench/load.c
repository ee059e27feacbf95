/*
 * load: many kept-alive HTTPS connections with a client certificate, each
 * asking one question after the other, on one thread; for the benches.
 *
 *   load HOST PORT STEM CA PATH BODIES CONNECTIONS REQUESTS [RATE [PID...]]
 *
 * BODIES has one request body a line; each request takes one at random; "-":
 * GET.  With RATE (not 0) questions come that many a second, whether answers
 * came or not, and wait from the moment they were due.
 * Prints "rate p50_us p99_us failures body_bytes cpu_us": the last is what all
 * PID used, a request, without the handshakes.
 */
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#define BYTES_MAX (1 << 20)

struct plan {
	const char *host, *port, *path;
	SSL_CTX *tls;
	char **bodies; /* NULL: GET */
	size_t body_count;
	long requests;
	double pause_us; /* 0: as fast as answers come */
	char **pids;
};

struct link {
	SSL *ssl;
	char *bytes;
	size_t len, want; /* want 0: the head is not whole yet */
	double began;
};

struct run {
	const struct plan *plan;
	struct link *links, **idle;
	long link_count, idle_count;
	long sent, done, failed;
	size_t body_bytes;
	double *micros;
	double due_us;
	int poll;
	unsigned seed;
};

static double
now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static void
die(const char *what)
{
	ERR_print_errors_fp(stderr);
	fprintf(stderr, "load: %s\n", what);
	exit(1);
}

/* CPU of the processes so far. */
static double
spent_us(char **pids)
{
	double total = 0;

	for (; *pids != NULL; pids++) {
		char path[64], text[1024] = "", *at;
		unsigned long user, system;
		FILE *file;

		snprintf(path, sizeof(path), "/proc/%s/stat", *pids);
		file = fopen(path, "r");
		if (file == NULL)
			continue;
		if (fgets(text, sizeof(text), file) == NULL)
			text[0] = '\0';
		fclose(file);
		at = strrchr(text, ')');
		if (at != NULL &&
		    sscanf(at + 2,
			"%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu",
			&user, &system) == 2)
			total += (double)(user + system) * 1e6 /
				 (double)sysconf(_SC_CLK_TCK);
	}
	return total;
}

static void
dial(const struct plan *plan, struct link *link)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found;
	int fd, on = 1;

	if (getaddrinfo(plan->host, plan->port, &hints, &found) != 0)
		die("no such host");
	fd = socket(found->ai_family, SOCK_STREAM, 0);
	if (fd < 0 || connect(fd, found->ai_addr, found->ai_addrlen) != 0)
		die("cannot connect");
	freeaddrinfo(found);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	link->ssl = SSL_new(plan->tls);
	SSL_set_fd(link->ssl, fd);
	if (SSL_connect(link->ssl) != 1)
		die("TLS handshake failed");
	fcntl(fd, F_SETFL, O_NONBLOCK);
	link->bytes = malloc(BYTES_MAX);
}

static void
ask(struct run *run, struct link *link, double began)
{
	const struct plan *plan = run->plan;
	const char *body = "";
	char request[32768];
	int len;

	if (plan->bodies != NULL)
		body =
		    plan->bodies[(size_t)rand_r(&run->seed) % plan->body_count];
	len = snprintf(request, sizeof(request),
	    plan->bodies == NULL ? "GET %s HTTP/1.1\r\nHost: %s\r\n\r\n"
				 : "POST %s HTTP/1.1\r\nHost: %s\r\n"
				   "Content-Type: application/json\r\n"
				   "Content-Length: %zu\r\n\r\n%s",
	    plan->path, plan->host, strlen(body), body);
	link->len = link->want = 0;
	link->began = began;
	if (SSL_write(link->ssl, request, len) != len)
		die("cannot write");
	run->sent++;
}

/* 0: more is to come. */
static int
read_reply(struct link *link, size_t *body_bytes)
{
	char *end, *field;
	int got;

	while (link->want == 0 || link->len < link->want) {
		got = SSL_read(link->ssl, link->bytes + link->len,
		    (int)(BYTES_MAX - 1 - link->len));
		if (got <= 0 &&
		    SSL_get_error(link->ssl, got) == SSL_ERROR_WANT_READ)
			return 0;
		if (got <= 0)
			die("the connection broke");
		link->len += (size_t)got;
		link->bytes[link->len] = '\0';
		end = link->want == 0 ? strstr(link->bytes, "\r\n\r\n") : NULL;
		if (end == NULL)
			continue;
		field = strcasestr(link->bytes, "\r\ncontent-length:");
		if (field == NULL || field > end)
			die("a reply without Content-Length");
		*body_bytes = strtoul(field + 17, NULL, 10);
		link->want = (size_t)(end - link->bytes) + 4 + *body_bytes;
	}
	return atoi(link->bytes + 9);
}

/* Questions that are due go out on connections that have none. */
static void
ask_due(struct run *run)
{
	const struct plan *plan = run->plan;

	while (run->idle_count > 0 && run->sent < plan->requests) {
		double now = now_us();

		if (plan->pause_us > 0 && run->due_us > now)
			break;
		ask(run, run->idle[--run->idle_count],
		    plan->pause_us > 0 ? run->due_us : now);
		run->due_us += plan->pause_us;
	}
}

static void
hear(struct run *run, struct link *link)
{
	int status = read_reply(link, &run->body_bytes);

	if (status == 0)
		return;
	run->micros[run->done++] = now_us() - link->began;
	run->failed += status != 200;
	run->idle[run->idle_count++] = link;
}

static void
go(struct run *run)
{
	struct epoll_event events[64];
	int count, i;

	run->due_us = now_us();
	while (run->done < run->plan->requests) {
		ask_due(run);
		count = epoll_wait(
		    run->poll, events, 64, run->plan->pause_us > 0 ? 0 : 30000);
		if (count == 0 && run->plan->pause_us <= 0)
			die("no answer within 30 s");
		for (i = 0; i < count; i++)
			hear(run, events[i].data.ptr);
	}
}

static void
read_bodies(struct plan *plan, const char *path)
{
	FILE *file = fopen(path, "r");
	char *line = NULL;
	size_t size = 0, room = 0;
	ssize_t len;

	if (file == NULL)
		die("cannot open BODIES");
	while ((len = getline(&line, &size, file)) > 0) {
		if (line[len - 1] == '\n')
			line[len - 1] = '\0';
		if (plan->body_count == room) {
			room = room * 2 + 16;
			plan->bodies =
			    realloc(plan->bodies, room * sizeof(char *));
		}
		plan->bodies[plan->body_count++] = strdup(line);
	}
	free(line);
	fclose(file);
}

static SSL_CTX *
make_tls(const char *stem, const char *ca)
{
	SSL_CTX *tls = SSL_CTX_new(TLS_client_method());
	char path[4096];

	snprintf(path, sizeof(path), "%s.crt", stem);
	if (SSL_CTX_use_certificate_chain_file(tls, path) != 1)
		die("no certificate");
	snprintf(path, sizeof(path), "%s.key", stem);
	if (SSL_CTX_use_PrivateKey_file(tls, path, SSL_FILETYPE_PEM) != 1 ||
	    SSL_CTX_load_verify_locations(tls, ca, NULL) != 1)
		die("no key or CA");
	SSL_CTX_set_verify(tls, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_min_proto_version(tls, TLS1_3_VERSION);
	return tls;
}

static int
by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void
connect_all(struct run *run)
{
	long i;

	run->poll = epoll_create1(EPOLL_CLOEXEC);
	for (i = 0; i < run->link_count; i++) {
		struct link *link = &run->links[i];
		struct epoll_event event = {
		    .events = EPOLLIN, .data.ptr = link};

		dial(run->plan, link);
		epoll_ctl(
		    run->poll, EPOLL_CTL_ADD, SSL_get_fd(link->ssl), &event);
		run->idle[run->idle_count++] = link;
	}
}

int
main(int argc, char **argv)
{
	static char *nobody[] = {NULL};
	struct plan plan = {.pids = nobody};
	struct run run = {.plan = &plan, .seed = 1};
	double began, seconds, spent, rate;

	if (argc < 9)
		die("usage: load HOST PORT STEM CA PATH BODIES CONNECTIONS "
		    "REQUESTS [RATE [PID...]]");
	plan.host = argv[1], plan.port = argv[2], plan.path = argv[5];
	plan.tls = make_tls(argv[3], argv[4]);
	if (strcmp(argv[6], "-") != 0)
		read_bodies(&plan, argv[6]);
	run.link_count = atol(argv[7]);
	plan.requests = atol(argv[8]);
	rate = argc > 9 ? atof(argv[9]) : 0;
	plan.pause_us = rate > 0 ? 1e6 / rate : 0;
	if (argc > 10)
		plan.pids = argv + 10;
	run.links = calloc((size_t)run.link_count, sizeof(*run.links));
	run.idle = calloc((size_t)run.link_count, sizeof(*run.idle));
	run.micros = calloc((size_t)plan.requests, sizeof(double));
	connect_all(&run);
	spent = spent_us(plan.pids);
	began = now_us();
	go(&run);
	seconds = (now_us() - began) / 1e6;
	spent = spent_us(plan.pids) - spent;
	qsort(run.micros, (size_t)run.done, sizeof(double), by_size);
	printf("%.0f %.0f %.0f %ld %zu %.2f\n", (double)run.done / seconds,
	    run.micros[run.done / 2], run.micros[run.done * 99 / 100],
	    run.failed, run.body_bytes, spent / (double)run.done);
	return run.failed != 0;
}
