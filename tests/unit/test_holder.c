/*
 * holder: which platforms may hold a subject.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "credit/holder.h"

static struct member
platform(const char *code, const char *division)
{
	struct member member = {.kind = MEMBER_PLATFORM,
	    .status = MEMBER_ACTIVE,
	    .division_count = 1,
	    .url = "https://x"};

	strcpy(member.code, code);
	strcpy(member.divisions[0], division);
	return member;
}

/* "sz gd …", in the order in which they are asked. */
static void
assert_asked(const struct member *members, size_t count, const char *self,
    const char *hint, const char *expected)
{
	const struct member *found[HOLDERS_MAX];
	const struct member *own = NULL;
	char names[128] = "";
	size_t i, n;

	for (i = 0; i < count; i++)
		if (strcmp(members[i].code, self) == 0)
			own = &members[i];
	assert_non_null(own);
	n = holders_find(members, count, own, hint, found);
	for (i = 0; i < n; i++) {
		if (i > 0)
			strcat(names, " ");
		strcat(names, found[i]->code);
	}
	assert_string_equal(names, expected);
}

static void
the_city_comes_first_then_its_province_our_own_and_the_nation(void **state)
{
	struct member list[] = {platform("bj", "11"), platform("cn", ""),
	    platform("gd", "44"), platform("gz", "4401"),
	    platform("hz", "3301"), platform("sz", "4403"),
	    platform("zj", "33")};
	size_t count = sizeof(list) / sizeof(*list);

	(void)state;
	assert_asked(list, count, "gz", "4403", "sz gd cn");
	assert_asked(list, count, "gz", "3301", "hz zj gd cn");
	assert_asked(list, count, "gz", "4401", "gd cn");
	assert_asked(list, count, "gd", "4403", "sz cn");
	assert_asked(list, count, "cn", "3307", "zj");
	assert_asked(list, count, "gz", "5101", "gd cn");
}

static void
a_county_asks_its_city_and_nobody_asks_a_county(void **state)
{
	struct member list[] = {platform("cn", ""), platform("gd", "44"),
	    platform("gz", "4401"), platform("hz", "3301"),
	    platform("sz", "4403"), platform("th", "440106"),
	    platform("zj", "33")};
	size_t count = sizeof(list) / sizeof(*list);

	(void)state;
	assert_asked(list, count, "th", "4401", "gz gd cn");
	assert_asked(list, count, "th", "4403", "sz gd gz cn");
	assert_asked(list, count, "th", "3301", "hz zj gd gz cn");
	assert_asked(list, count, "sz", "4401", "gz gd cn");
}

static void
who_cannot_be_asked_is_left_out(void **state)
{
	struct member list[] = {platform("a", "4403"), platform("b", "44"),
	    platform("gz", "4401"), platform("c", "")};

	(void)state;
	list[0].url[0] = '\0';
	list[1].status = MEMBER_SUSPENDED;
	assert_asked(list, 4, "gz", "4403", "c");
	list[3].kind = MEMBER_BANK;
	assert_asked(list, 4, "gz", "4403", "");
}

static void
no_more_are_asked_than_may_be(void **state)
{
	struct member list[HOLDERS_MAX + 3];
	const struct member *found[HOLDERS_MAX];
	char code[2] = "a";
	size_t i;

	(void)state;
	for (i = 0; i < HOLDERS_MAX + 3; i++, code[0]++)
		list[i] = platform(code, "");
	assert_int_equal(
	    holders_find(list, HOLDERS_MAX + 3, &list[0], "4401", found),
	    HOLDERS_MAX);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		the_city_comes_first_then_its_province_our_own_and_the_nation),
	    cmocka_unit_test(a_county_asks_its_city_and_nobody_asks_a_county),
	    cmocka_unit_test(who_cannot_be_asked_is_left_out),
	    cmocka_unit_test(no_more_are_asked_than_may_be),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
