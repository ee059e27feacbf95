/*
 * http_route: which route a URL finds, and what is refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "wire/http_route.h"

static const struct http_route routes[] = {
    {.method = "GET", .path = "/"},
    {.method = "GET", .path = "/v1/feeds/new"},
    {.method = "GET", .path = "/v1/feeds/{item}"},
    {.method = "POST", .path = "/v1/feeds/{item}/batches"},
    {.method = "GET", .path = "/v1/feeds/{item}/batches"},
    {.method = "GET", .path = "/files/{rest...}"},
    {0},
};

struct found {
	struct http_target target;
	struct buf allow;
	const struct http_route *route;
};

static void
find(struct found *found, const char *method, const char *raw)
{
	*found = (struct found){0};
	assert_true(http_target_parse(&found->target, raw));
	found->route =
	    http_route_find(routes, method, &found->target, &found->allow);
}

static void
release(struct found *found)
{
	http_target_release(&found->target);
	buf_release(&found->allow);
}

static void
assert_route(const char *method, const char *raw, const char *path)
{
	struct found found;

	find(&found, method, raw);
	if (path == NULL)
		assert_null(found.route);
	else
		assert_string_equal(found.route->path, path);
	release(&found);
}

static void
a_path_finds_its_route(void **state)
{
	(void)state;
	assert_route("GET", "/", "/");
	assert_route("GET", "/?x=1", "/");
	assert_route("GET", "/v1/feeds/new", "/v1/feeds/new");
	assert_route("GET", "/v1/feeds/tax", "/v1/feeds/{item}");
	assert_route("POST", "/v1/feeds/a/batches", "/v1/feeds/{item}/batches");
	assert_route("GET", "/files/", "/files/{rest...}");
	assert_route("GET", "/files/a/b", "/files/{rest...}");
}

static void
what_nearly_fits_does_not(void **state)
{
	(void)state;
	assert_route("GET", "/v1", NULL);
	assert_route("GET", "/v1/feeds", NULL);
	assert_route("GET", "/v1/feeds/", NULL);
	assert_route("GET", "/v1/feeds/tax/", NULL);
	assert_route("GET", "//v1/feeds/tax", NULL);
	assert_route("GET", "/v1//feeds/tax", NULL);
	assert_route("GET", "/files", NULL);
	assert_route("GET", "/V1/feeds/new", NULL);
	assert_route("get", "/", NULL);
}

static void
a_wrong_method_lists_the_right_ones(void **state)
{
	struct found found;

	(void)state;
	find(&found, "PUT", "/v1/feeds/tax/batches");

	assert_null(found.route);
	assert_string_equal(buf_cstr(&found.allow), "POST, GET");
	release(&found);
}

static void
parameters_are_decoded(void **state)
{
	struct found found;

	(void)state;
	find(&found, "GET", "/v1/feeds/%e4%B8%adx+y%2F?a=1&b=%26+c&&d&e=f=g");

	assert_string_equal(http_target_param(&found.target, "item"), "中x+y/");
	assert_string_equal(http_target_param(&found.target, "none"), "");
	assert_string_equal(http_target_query(&found.target, "a"), "1");
	assert_string_equal(http_target_query(&found.target, "b"), "& c");
	assert_string_equal(http_target_query(&found.target, "d"), "");
	assert_string_equal(http_target_query(&found.target, "e"), "f=g");
	assert_null(http_target_query(&found.target, "f"));
	assert_string_equal(found.target.path, "/v1/feeds/%e4%B8%adx+y%2F");
	release(&found);
}

static void
the_rest_keeps_its_slashes(void **state)
{
	struct found found;

	(void)state;
	find(&found, "GET", "/files/a/b%20c/d.txt");

	assert_string_equal(
	    http_target_param(&found.target, "rest"), "a/b c/d.txt");
	release(&found);
}

static void
indecent_targets_are_refused(void **state)
{
	static const char *const raws[] = {"", "x", "*", "/%", "/%4", "/%zz",
	    "/%00", "/a%0d%0ab", "/%ff", "/%c0%80", "/?a=%zz", "/?a=%00",
	    "/?a=1&a=2", "/?a=1&%61=2", "/files/../x", "/files/.",
	    "/files/%2e%2e/x", "/files/a%2f..%2f..%2fetc", "/.."};
	struct http_target target = {0};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(raws) / sizeof(*raws); i++)
		if (http_target_parse(&target, raws[i]))
			fail_msg("%s", raws[i]);
	http_target_release(&target);
}

static void
too_many_query_parameters_are_refused(void **state)
{
	struct http_target target = {0};
	struct buf raw = {0};
	int i;

	(void)state;
	buf_text(&raw, "/?");
	for (i = 0; i < HTTP_QUERY_MAX; i++)
		buf_print(&raw, "a%d=1&", i);
	assert_true(http_target_parse(&target, buf_cstr(&raw)));
	buf_text(&raw, "last=1");
	assert_false(http_target_parse(&target, buf_cstr(&raw)));
	http_target_release(&target);
	buf_release(&raw);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_path_finds_its_route),
	    cmocka_unit_test(what_nearly_fits_does_not),
	    cmocka_unit_test(a_wrong_method_lists_the_right_ones),
	    cmocka_unit_test(parameters_are_decoded),
	    cmocka_unit_test(the_rest_keeps_its_slashes),
	    cmocka_unit_test(indecent_targets_are_refused),
	    cmocka_unit_test(too_many_query_parameters_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
