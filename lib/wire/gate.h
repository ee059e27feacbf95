/*
 * gate: who may connect: how many connections there are, in all and from one
 * address.
 *
 * Of IPv6 an address is its first 64 bits.  Addresses are counted in places
 * chosen by a keyed hash: seldom two share one, and then the limit is theirs
 * together.  Any thread; no thread waits.
 */
#ifndef WIRE_GATE_H
#define WIRE_GATE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

struct gate;

/* 0: no limit. */
struct gate *gate_new(unsigned connections, unsigned per_address);
void gate_free(struct gate *gate); /* safe on NULL */
/* A number that stands for the address; another one in each process. */
uint64_t gate_place(const struct gate *gate, const struct sockaddr *address);

enum gate_answer {
	GATE_OPEN, /* gate_leave must follow */
	GATE_FULL,
	GATE_ADDRESS /* this address has all that it may have */
};
enum gate_answer gate_enter(struct gate *gate, uint64_t place);
void gate_leave(struct gate *gate, uint64_t place);

#endif
