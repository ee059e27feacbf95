/*
 * gate: who may connect.
 */
#include "wire/gate.h"

#include <netinet/in.h>
#include <stdatomic.h>
#include <string.h>

#include "base/digest.h"
#include "base/mem.h"

#define PLACES 65536 /* a power of two */

struct gate {
	unsigned connections, per_address;
	uint8_t salt[16];
	_Atomic unsigned total;
	_Atomic unsigned places[PLACES];
};

struct gate *
gate_new(unsigned connections, unsigned per_address)
{
	struct gate *gate = mem_new(sizeof(*gate));

	gate->connections = connections;
	gate->per_address = per_address;
	digest_random(gate->salt, sizeof(gate->salt));
	return gate;
}

void
gate_free(struct gate *gate)
{
	mem_free(gate);
}

static struct span
address_of(const struct sockaddr *address)
{
	const struct in6_addr *six;

	if (address->sa_family == AF_INET)
		return span_make(
		    &((const struct sockaddr_in *)address)->sin_addr, 4);
	if (address->sa_family != AF_INET6)
		return span_of("");
	six = &((const struct sockaddr_in6 *)address)->sin6_addr;
	if (IN6_IS_ADDR_V4MAPPED(six))
		return span_make(&six->s6_addr[12], 4);
	return span_make(six, 8);
}

uint64_t
gate_place(const struct gate *gate, const struct sockaddr *address)
{
	struct span parts[] = {
	    span_make(gate->salt, sizeof(gate->salt)), address_of(address)};
	struct digest digest = digest_of_parts(parts, 2);
	uint64_t place;

	memcpy(&place, digest.bytes, sizeof(place));
	return place;
}

/* Never above the limit, not for a moment. */
static bool
count_up(_Atomic unsigned *count, unsigned limit)
{
	unsigned seen = atomic_load(count);

	do {
		if (limit > 0 && seen >= limit)
			return false;
	} while (!atomic_compare_exchange_weak(count, &seen, seen + 1));
	return true;
}

enum gate_answer
gate_enter(struct gate *gate, uint64_t place)
{
	_Atomic unsigned *here = &gate->places[place % PLACES];

	if (!count_up(here, gate->per_address))
		return GATE_ADDRESS;
	if (count_up(&gate->total, gate->connections))
		return GATE_OPEN;
	atomic_fetch_sub(here, 1);
	return GATE_FULL;
}

void
gate_leave(struct gate *gate, uint64_t place)
{
	atomic_fetch_sub(&gate->places[place % PLACES], 1);
	atomic_fetch_sub(&gate->total, 1);
}
