/*
 * problem: documents and statuses.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "wire/problem.h"

static void
a_problem_has_its_five_members(void **state)
{
	struct buf out = {0};

	(void)state;
	problem_print(404, "not_found", "No such", "say \"it\"\n", &out);

	assert_string_equal(buf_cstr(&out),
	    "{\"type\":\"urn:rongxin:problem:not_found\",\"title\":\"No such\","
	    "\"status\":404,\"detail\":\"say \\\"it\\\"\\n\","
	    "\"help\":\"/v1/problems/not_found\"}");
	buf_release(&out);
}

static void
a_problem_without_detail_leaves_it_out(void **state)
{
	struct buf out = {0};

	(void)state;
	problem_print(503, "busy", "Try later", NULL, &out);

	assert_string_equal(buf_cstr(&out),
	    "{\"type\":\"urn:rongxin:problem:busy\",\"title\":\"Try later\","
	    "\"status\":503,\"help\":\"/v1/problems/busy\"}");
	buf_release(&out);
}

static void
every_error_has_a_status(void **state)
{
	int err, status;

	(void)state;
	for (err = ERR_SEEN; err <= ERR_CLOSED; err++) {
		status = problem_status((enum err)err);
		assert_in_range(status, 200, 599);
	}
	assert_int_equal(problem_status(ERR_DENIED), 403);
	assert_int_equal(problem_status(ERR_IO), 503);
	assert_int_equal(problem_status((enum err)999), 500);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_problem_has_its_five_members),
	    cmocka_unit_test(a_problem_without_detail_leaves_it_out),
	    cmocka_unit_test(every_error_has_a_status),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
