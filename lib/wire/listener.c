/*
 * listener: the place where a server listens, and sockets bound to it.
 */
#include "wire/listener.h"

#include <netdb.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool
parse_port(const char *text, unsigned *port)
{
	char *end;
	unsigned long number = strtoul(text, &end, 10);

	if (text[0] < '0' || text[0] > '9' || *end != '\0' || number > 65535)
		return false;
	*port = (unsigned)number;
	return true;
}

bool
listener_parse(struct listener *listener, const char *text)
{
	struct addrinfo hints = {.ai_family = AF_UNSPEC,
	    .ai_socktype = SOCK_STREAM,
	    .ai_flags = AI_PASSIVE};
	const char *colon = strrchr(text, ':');
	char host[256];
	size_t len = colon != NULL ? (size_t)(colon - text) : sizeof(host);

	*listener = (struct listener){.text = text};
	if (len >= sizeof(host) || !parse_port(colon + 1, &listener->port))
		return false;
	if (len >= 2 && text[0] == '[' && colon[-1] == ']') {
		text++;
		len -= 2;
	}
	memcpy(host, text, len);
	host[len] = '\0';
	return getaddrinfo(
		   len > 0 ? host : NULL, "0", &hints, &listener->address) == 0;
}

void
listener_release(struct listener *listener)
{
	if (listener->address != NULL)
		freeaddrinfo(listener->address);
	listener->address = NULL;
}

static uint16_t *
port_in(struct sockaddr_storage *where)
{
	if (where->ss_family == AF_INET6)
		return &((struct sockaddr_in6 *)where)->sin6_port;
	return &((struct sockaddr_in *)where)->sin_port;
}

static bool
bind_to(int fd, struct listener *listener)
{
	const struct addrinfo *address = listener->address;
	struct sockaddr_storage where;
	socklen_t len = address->ai_addrlen;
	int one = 1;

	memcpy(&where, address->ai_addr, len);
	*port_in(&where) = htons((uint16_t)listener->port);
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) != 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one)) != 0 ||
	    bind(fd, (struct sockaddr *)&where, len) != 0 ||
	    getsockname(fd, (struct sockaddr *)&where, &len) != 0)
		return false;
	listener->port = ntohs(*port_in(&where));
	return true;
}

int
listener_bind(struct listener *listener)
{
	int fd = socket(listener->address->ai_family,
	    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd >= 0 && !bind_to(fd, listener)) {
		close(fd);
		return -1;
	}
	return fd;
}

void
listener_print(const struct listener *listener, struct buf *out)
{
	const char *colon = strrchr(listener->text, ':');

	buf_print(out, "%.*s:%u", (int)(colon - listener->text), listener->text,
	    listener->port);
}
