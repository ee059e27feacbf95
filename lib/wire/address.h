/*
 * address: is it one that anybody in the world may have?
 *
 * What a stranger names must not lead into our own network.  Pure.
 */
#ifndef WIRE_ADDRESS_H
#define WIRE_ADDRESS_H

#include <stdbool.h>
#include <sys/socket.h>

/* Not loopback, private, link-local, shared (100.64/10), unspecified,
 * multicast, reserved, nor IPv6 around such an IPv4 address. */
bool address_is_public(const struct sockaddr *address);

#endif
