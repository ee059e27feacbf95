/*
 * handshake: full and resumed handshakes with certificates on both sides; for
 * the benches.
 *
 *   handshake serve STEM CA               prints its port; an OpenSSL loop:
 *                                         accept, handshake, read, write
 *   handshake dial HOST PORT STEM CA COUNT full|resumed PID
 *
 * Dialling prints "cpu_us": what PID used for each.
 */
#include <netdb.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void
die(const char *what)
{
	ERR_print_errors_fp(stderr);
	fprintf(stderr, "handshake: %s\n", what);
	exit(1);
}

static SSL_CTX *
make_tls(const SSL_METHOD *method, const char *stem, const char *ca)
{
	SSL_CTX *tls = SSL_CTX_new(method);
	char path[4096];

	snprintf(path, sizeof(path), "%s.crt", stem);
	if (SSL_CTX_use_certificate_chain_file(tls, path) != 1)
		die("no certificate");
	snprintf(path, sizeof(path), "%s.key", stem);
	if (SSL_CTX_use_PrivateKey_file(tls, path, SSL_FILETYPE_PEM) != 1 ||
	    SSL_CTX_load_verify_locations(tls, ca, NULL) != 1)
		die("no key or CA");
	SSL_CTX_set_verify(
	    tls, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	SSL_CTX_set_min_proto_version(tls, TLS1_3_VERSION);
	return tls;
}

static int
listen_anywhere(void)
{
	struct sockaddr_in address = {
	    .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0 || bind(fd, (void *)&address, len) != 0 ||
	    listen(fd, 64) != 0 || getsockname(fd, (void *)&address, &len) != 0)
		die("cannot listen");
	printf("%d\n", ntohs(address.sin_port));
	fflush(stdout);
	return fd;
}

static void
serve(const char *stem, const char *ca)
{
	static const char reply[] =
	    "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
	SSL_CTX *tls = make_tls(TLS_server_method(), stem, ca);
	int listening = listen_anywhere();
	char request[4096];

	SSL_CTX_set_session_id_context(tls, (const void *)"bare", 4);
	for (;;) {
		int fd = accept(listening, NULL, NULL);
		SSL *ssl = SSL_new(tls);

		SSL_set_fd(ssl, fd);
		if (SSL_accept(ssl) == 1 &&
		    SSL_read(ssl, request, sizeof(request)) > 0) {
			SSL_write(ssl, reply, sizeof(reply) - 1);
			SSL_shutdown(ssl);
		}
		SSL_free(ssl);
		close(fd);
	}
}

/* CPU of the process so far. */
static double
spent_us(const char *pid)
{
	char path[64], text[1024] = "", *at;
	unsigned long user, system;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%s/stat", pid);
	file = fopen(path, "r");
	if (file == NULL || fgets(text, sizeof(text), file) == NULL)
		die("no such process");
	fclose(file);
	at = strrchr(text, ')');
	if (at == NULL ||
	    sscanf(at + 2,
		"%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user,
		&system) != 2)
		die("no such process");
	return (double)(user + system) * 1e6 / (double)sysconf(_SC_CLK_TCK);
}

/* One connection, one request; the session it leaves, when asked for. */
static SSL_SESSION *
dial(SSL_CTX *tls, char **at, SSL_SESSION *old, int keep)
{
	static const char request[] =
	    "GET /healthz HTTP/1.1\r\nHost: localhost\r\n"
	    "Connection: close\r\n\r\n";
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found;
	SSL *ssl = SSL_new(tls);
	SSL_SESSION *next = NULL;
	char reply[4096];
	int fd;

	if (getaddrinfo(at[0], at[1], &hints, &found) != 0)
		die("no such host");
	fd = socket(found->ai_family, SOCK_STREAM, 0);
	if (fd < 0 || connect(fd, found->ai_addr, found->ai_addrlen) != 0)
		die("cannot connect");
	freeaddrinfo(found);
	SSL_set_fd(ssl, fd);
	if (old != NULL)
		SSL_set_session(ssl, old);
	if (SSL_connect(ssl) != 1 ||
	    SSL_write(ssl, request, sizeof(request) - 1) <= 0 ||
	    SSL_read(ssl, reply, sizeof(reply)) <= 0)
		die("handshake or request failed");
	if ((SSL_session_reused(ssl) == 1) != (old != NULL))
		die(old != NULL ? "not resumed" : "resumed");
	while (SSL_read(ssl, reply, sizeof(reply)) > 0)
		;
	SSL_shutdown(ssl); /* without a goodbye it may not be resumed */
	if (keep)
		next = SSL_get1_session(ssl);
	SSL_free(ssl);
	close(fd);
	return next;
}

static int
dial_all(char **argv)
{
	SSL_CTX *tls = make_tls(TLS_client_method(), argv[2], argv[3]);
	int resumed = strcmp(argv[5], "resumed") == 0;
	long count = atol(argv[4]), i;
	SSL_SESSION *session = resumed ? dial(tls, argv, NULL, 1) : NULL, *next;
	double began = spent_us(argv[6]);

	for (i = 0; i < count; i++) {
		next = dial(tls, argv, session, resumed);
		SSL_SESSION_free(session);
		session = next;
	}
	printf("%.1f\n", (spent_us(argv[6]) - began) / (double)count);
	return 0;
}

int
main(int argc, char **argv)
{
	signal(SIGPIPE, SIG_IGN);
	if (argc == 4 && strcmp(argv[1], "serve") == 0)
		serve(argv[2], argv[3]);
	if (argc == 9 && strcmp(argv[1], "dial") == 0)
		return dial_all(argv + 2);
	die("usage: handshake serve STEM CA | dial HOST PORT STEM CA COUNT "
	    "full|resumed PID");
}
