/*
 * address: what a stranger names does not lead into our own network.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <string.h>

#include "wire/address.h"

static bool
is_public(const char *text)
{
	struct sockaddr_in in = {.sin_family = AF_INET};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
	struct sockaddr_storage address = {0};

	if (inet_pton(AF_INET, text, &in.sin_addr) == 1)
		memcpy(&address, &in, sizeof(in));
	else if (inet_pton(AF_INET6, text, &in6.sin6_addr) == 1)
		memcpy(&address, &in6, sizeof(in6));
	else
		fail_msg("not an address: %s", text);
	return address_is_public((struct sockaddr *)&address);
}

static void
our_own_network_is_not_public(void **state)
{
	static const char *const inside[] = {"0.0.0.0", "10.1.2.3",
	    "100.64.0.1", "100.127.255.255", "127.0.0.1", "127.255.255.255",
	    "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.168.0.1",
	    "198.18.0.1", "198.19.255.255", "224.0.0.1", "240.0.0.1",
	    "255.255.255.255", "::", "::1", "::ffff:127.0.0.1",
	    "::ffff:10.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1", "fc00::1",
	    "fd12::1", "fe80::1", "ff02::1", "2001:db8::1", "2001::1",
	    "2002:7f00:1::", "3fff::1"};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(inside) / sizeof(*inside); i++)
		if (is_public(inside[i]))
			fail_msg("public: %s", inside[i]);
}

static void
the_world_is(void **state)
{
	static const char *const outside[] = {"1.1.1.1", "9.255.255.255",
	    "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.0.0.1",
	    "128.0.0.1", "172.15.255.255", "172.32.0.0", "192.167.0.1",
	    "198.17.0.1", "198.20.0.1", "223.255.255.255", "::ffff:8.8.8.8",
	    "2400:3200::1", "2a00:1450::1", "2001:4860::1"};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(outside) / sizeof(*outside); i++)
		if (!is_public(outside[i]))
			fail_msg("not public: %s", outside[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(our_own_network_is_not_public),
	    cmocka_unit_test(the_world_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
