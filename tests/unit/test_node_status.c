/*
 * status: what a node says of itself can be read by its parent.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/mem.h"
#include "node/status.h"

#define CODE "11440000MB00004493"

static void
streams_met_late_stand_in_their_place(void **state)
{
	static const char *const met[] = {"0000", "4403", "4406", "4401"};
	static const char *const told[] = {"0000", "4401", "4403", "4406"};
	struct status_source source = {.own_code = CODE, .parent_name = "hub"};
	struct parent *parent = parent_new(CODE);
	struct arena *arena = arena_new();
	struct upward upward;
	struct buf packed = {0};
	size_t i;

	(void)state;
	source.signer = signer_new();
	source.parent = parent;
	for (i = 0; i < 4; i++) {
		struct stream_state stream = {.chain.position = i};

		memcpy(stream.chain.stream, met[i], STREAM_LEN + 1);
		parent_follow(parent, &stream);
	}
	assert_int_equal(status_pack(&source, 1, &packed), ERR_OK);
	assert_int_equal(
	    unpack_upward(buf_span(&packed), NULL, arena, &upward), ERR_OK);
	assert_int_equal(upward.stream_count, 4);
	for (i = 0; i < 4; i++)
		assert_string_equal(upward.streams[i].stream, told[i]);
	assert_int_equal(upward.streams[1].position, 3);

	buf_release(&packed);
	arena_free(arena);
	parent_free(parent);
	signer_free(source.signer);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(streams_met_late_stand_in_their_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
