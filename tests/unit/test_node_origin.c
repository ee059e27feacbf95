/*
 * origin: the sealed batches of a sandbox.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/setsum.h"
#include "node/origin.h"
#include "wire/seal.h"

static char path[] = "/tmp/rongxin-origin.XXXXXX";
static struct signer *signer;
static uint8_t raw_key[32];
static unsigned sealed;

static void
on_sealed(void *context, const char *stream, struct span bytes)
{
	(void)context;
	(void)stream;
	assert_true(bytes.len > 0);
	sealed++;
}

static struct origin *
open_it(struct why *why)
{
	struct origin_settings settings = {.path = path,
	    .signer = signer,
	    .raw_key = raw_key,
	    .sealed = on_sealed};

	return origin_open(&settings, why);
}

static struct record
record_of(const struct record_field *field)
{
	return (struct record){.item = 1,
	    .subject = span_of("XX440100RX00000151"),
	    .state = RECORD_CURRENT,
	    .provider = span_of("XX100000RX00000232"),
	    .as_of_us = 7,
	    .fields = field,
	    .field_count = 1};
}

static bool
put(struct origin *origin, const char *value)
{
	struct record_field field = {1, span_of(value)};
	struct record record = record_of(&field);

	return origin_put(origin, "4401", &record);
}

static int
setup(void **state)
{
	int file = mkstemp(path);

	(void)state;
	signer = signer_new();
	return file < 0 || close(file) != 0 ||
	       signer_public(signer, raw_key) != ERR_OK;
}

static int
teardown(void **state)
{
	(void)state;
	signer_free(signer);
	return unlink(path);
}

static void
what_is_unchanged_is_not_sealed(void **state)
{
	struct why why = {""};
	struct origin *origin = open_it(&why);

	(void)state;
	assert_non_null(origin);
	assert_true(origin_is_empty(origin));
	assert_true(put(origin, "a"));
	assert_false(put(origin, "a"));
	assert_int_equal(origin_commit(origin, &why), ERR_OK);
	assert_int_equal(sealed, 1);
	assert_int_equal(origin_position(origin, "4401"), 1);
	assert_int_equal(origin_commit(origin, &why), ERR_OK);
	assert_int_equal(sealed, 1);
	origin_close(origin);
}

/* A node compares each batch's records with what it holds, so a batch has a
 * record once. */
static void
two_versions_of_a_record_are_two_batches(void **state)
{
	struct why why = {""};
	struct origin *origin = open_it(&why);
	struct record like = record_of(NULL);
	struct arena *arena = arena_new();
	struct record found;

	(void)state;
	sealed = 0;
	assert_true(put(origin, "b"));
	assert_true(put(origin, "c"));
	assert_int_equal(origin_commit(origin, &why), ERR_OK);
	assert_int_equal(sealed, 2);
	assert_true(origin_find(origin, "4401", &like, arena, &found));
	assert_int_equal(found.version, 3);
	arena_free(arena);
	origin_close(origin);
}

static void
what_a_kill_left_half_is_cut_off_and_the_rest_is_there(void **state)
{
	struct why why = {""};
	struct span batches[8];
	struct origin *origin;
	FILE *file = fopen(path, "ab");

	(void)state;
	assert_true(fwrite("\0\0\1\0half", 1, 8, file) == 8);
	fclose(file);
	origin = open_it(&why);
	assert_non_null(origin);
	assert_int_equal(origin_position(origin, "4401"), 3);
	assert_int_equal(origin_batches(origin, "4401", 0, batches, 8), 3);
	assert_int_equal(origin_batches(origin, "4401", 2, batches, 8), 1);
	assert_true(put(origin, "d"));
	assert_int_equal(origin_commit(origin, &why), ERR_OK);
	origin_close(origin);
	origin = open_it(&why);
	assert_non_null(origin);
	assert_int_equal(origin_position(origin, "4401"), 4);
	origin_close(origin);
}

static void
a_batch_by_another_key_is_refused(void **state)
{
	struct why why = {""};

	(void)state;
	raw_key[0] ^= 1;
	assert_null(open_it(&why));
	raw_key[0] ^= 1;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_unchanged_is_not_sealed),
	    cmocka_unit_test(two_versions_of_a_record_are_two_batches),
	    cmocka_unit_test(
		what_a_kill_left_half_is_cut_off_and_the_rest_is_there),
	    cmocka_unit_test(a_batch_by_another_key_is_refused),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
