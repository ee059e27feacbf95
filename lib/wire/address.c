/*
 * address: is it one that anybody in the world may have?
 */
#include "wire/address.h"

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct range {
	uint8_t bytes[16];
	unsigned bits;
};

/* IANA's special-purpose registries, as far as they are not reached from
 * everywhere. */
static const struct range four[] = {{{0}, 8}, {{10}, 8}, {{100, 64}, 10},
    {{127}, 8}, {{169, 254}, 16}, {{172, 16}, 12}, {{192, 0, 0}, 24},
    {{192, 0, 2}, 24}, {{192, 88, 99}, 24}, {{192, 168}, 16}, {{198, 18}, 15},
    {{198, 51, 100}, 24}, {{203, 0, 113}, 24}, {{224}, 3}};
/* Only 2000::/3 is given out; of it not: documentation, Teredo, 6to4. */
static const struct range six[] = {{{0x20, 0x01, 0x0d, 0xb8}, 32},
    {{0x20, 0x01, 0x00}, 23}, {{0x20, 0x02}, 16}, {{0x3f, 0xff}, 20}};

static bool
is_in(const uint8_t *bytes, const struct range *range)
{
	unsigned whole = range->bits / 8, rest = range->bits % 8;
	unsigned mask = rest == 0 ? 0 : 0xffu << (8 - rest) & 0xffu;

	return memcmp(bytes, range->bytes, whole) == 0 &&
	       (rest == 0 ||
		   (bytes[whole] & mask) == (range->bytes[whole] & mask));
}

static bool
is_in_any(const uint8_t *bytes, const struct range *ranges, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (is_in(bytes, &ranges[i]))
			return true;
	return false;
}

static bool
four_is_public(const uint8_t bytes[4])
{
	return !is_in_any(bytes, four, sizeof(four) / sizeof(*four));
}

static bool
six_is_public(const uint8_t bytes[16])
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

	if (memcmp(bytes, mapped, sizeof(mapped)) == 0)
		return four_is_public(bytes + 12);
	return (bytes[0] & 0xe0) == 0x20 &&
	       !is_in_any(bytes, six, sizeof(six) / sizeof(*six));
}

bool
address_is_public(const struct sockaddr *address)
{
	struct sockaddr_in in;
	struct sockaddr_in6 in6;

	if (address->sa_family == AF_INET) {
		memcpy(&in, address, sizeof(in));
		return four_is_public((const uint8_t *)&in.sin_addr);
	}
	if (address->sa_family != AF_INET6)
		return false;
	memcpy(&in6, address, sizeof(in6));
	return six_is_public((const uint8_t *)&in6.sin6_addr);
}
