/*
 * load: many kept-alive HTTPS connections with a client certificate, each
 * asking one question after the other; for the benches.
 *
 *   load HOST PORT STEM CA PATH BODIES CONNECTIONS REQUESTS
 *
 * BODIES has one request body a line; each request takes one at random.
 * Prints "rate p50_us p99_us failures".
 */
#include <netdb.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct plan {
	const char *host, *port, *path;
	SSL_CTX *tls;
	char **bodies;
	size_t body_count;
	long requests; /* of one connection */
};

struct runner {
	const struct plan *plan;
	pthread_t thread;
	unsigned seed;
	double *micros;
	long done, failed;
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

static SSL *
dial(const struct plan *plan)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found;
	SSL *ssl;
	int fd;

	if (getaddrinfo(plan->host, plan->port, &hints, &found) != 0)
		die("no such host");
	fd = socket(found->ai_family, SOCK_STREAM, 0);
	if (fd < 0 || connect(fd, found->ai_addr, found->ai_addrlen) != 0)
		die("cannot connect");
	freeaddrinfo(found);
	ssl = SSL_new(plan->tls);
	SSL_set_fd(ssl, fd);
	if (SSL_connect(ssl) != 1)
		die("TLS handshake failed");
	return ssl;
}

/* One reply; its status, or 0 when the connection broke. */
static int
read_reply(SSL *ssl)
{
	static _Thread_local char bytes[1 << 20];
	size_t len = 0, want = 0;
	char *end = NULL, *field;
	int status = 0;

	while (end == NULL || len < want) {
		int got =
		    SSL_read(ssl, bytes + len, (int)(sizeof(bytes) - 1 - len));

		if (got <= 0)
			return 0;
		len += (size_t)got;
		bytes[len] = '\0';
		if (end != NULL || (end = strstr(bytes, "\r\n\r\n")) == NULL)
			continue;
		status = atoi(bytes + 9);
		field = strcasestr(bytes, "\r\ncontent-length:");
		if (field == NULL)
			die("a reply without Content-Length");
		want =
		    (size_t)(end - bytes) + 4 + strtoul(field + 17, NULL, 10);
	}
	return status;
}

static void *
run(void *argument)
{
	struct runner *runner = argument;
	const struct plan *plan = runner->plan;
	SSL *ssl = dial(plan);
	char request[32768];
	long i;

	for (i = 0; i < plan->requests; i++) {
		const char *body = plan->bodies[(size_t)rand_r(&runner->seed) %
						plan->body_count];
		int len = snprintf(request, sizeof(request),
		    "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: "
		    "application/json\r\n"
		    "Content-Length: %zu\r\n\r\n%s",
		    plan->path, plan->host, strlen(body), body);
		double began = now_us();
		int status;

		if (SSL_write(ssl, request, len) != len)
			die("cannot write");
		status = read_reply(ssl);
		runner->micros[runner->done++] = now_us() - began;
		if (status != 200)
			runner->failed++;
		if (status == 0)
			break;
	}
	SSL_free(ssl);
	return NULL;
}

static void
read_bodies(struct plan *plan, const char *path)
{
	FILE *file = fopen(path, "r");
	char *line = NULL;
	size_t size = 0;
	ssize_t len;

	if (file == NULL)
		die("cannot open BODIES");
	while ((len = getline(&line, &size, file)) > 0) {
		if (line[len - 1] == '\n')
			line[len - 1] = '\0';
		plan->bodies = realloc(
		    plan->bodies, (plan->body_count + 1) * sizeof(char *));
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

int
main(int argc, char **argv)
{
	struct plan plan = {0};
	struct runner *runners;
	long connections, total = 0, failed = 0, i;
	double *all, began, seconds;

	if (argc != 9)
		die("usage: load HOST PORT STEM CA PATH BODIES CONNECTIONS "
		    "REQUESTS");
	plan.host = argv[1], plan.port = argv[2], plan.path = argv[5];
	plan.tls = make_tls(argv[3], argv[4]);
	read_bodies(&plan, argv[6]);
	connections = atol(argv[7]);
	plan.requests = atol(argv[8]) / connections;
	runners = calloc((size_t)connections, sizeof(*runners));
	all = calloc((size_t)(connections * plan.requests), sizeof(double));
	began = now_us();
	for (i = 0; i < connections; i++) {
		runners[i] = (struct runner){.plan = &plan,
		    .seed = (unsigned)i + 1,
		    .micros = calloc((size_t)plan.requests, sizeof(double))};
		pthread_create(&runners[i].thread, NULL, run, &runners[i]);
	}
	for (i = 0; i < connections; i++) {
		pthread_join(runners[i].thread, NULL);
		memcpy(all + total, runners[i].micros,
		    (size_t)runners[i].done * sizeof(double));
		total += runners[i].done;
		failed += runners[i].failed;
	}
	seconds = (now_us() - began) / 1e6;
	qsort(all, (size_t)total, sizeof(double), by_size);
	printf("%.0f %.0f %.0f %ld\n", (double)total / seconds, all[total / 2],
	    all[total * 99 / 100], failed);
	return failed != 0;
}
