/*
 * imprint: a printed file that was changed is found.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "credit/imprint.h"

static const char *const files[] = {
    "%PDF-1.5\n1 0 obj\n%%EOF\n",
    "<!DOCTYPE html>\n<html></html>\n",
};

static struct signer *signer;
static struct verifier *verifier;

static int
make_key(void **state)
{
	uint8_t raw[32];

	(void)state;
	signer = signer_new();
	if (signer_public(signer, raw) != ERR_OK)
		return -1;
	verifier = verifier_new(raw);
	return 0;
}

static int
drop_key(void **state)
{
	(void)state;
	signer_free(signer);
	verifier_free(verifier);
	return 0;
}

static void
a_printed_file_is_good_by_its_node_s_key(void **state)
{
	struct buf file = {0};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(files) / sizeof(*files); i++) {
		buf_reset(&file);
		buf_text(&file, files[i]);
		assert_int_equal(imprint_add(&file, signer, NULL), ERR_OK);
		assert_int_equal(
		    imprint_check(buf_span(&file), verifier, NULL), ERR_OK);
	}
	buf_release(&file);
}

static void
any_changed_byte_is_found(void **state)
{
	struct buf file = {0};
	size_t i, at;

	(void)state;
	for (i = 0; i < sizeof(files) / sizeof(*files); i++) {
		buf_reset(&file);
		buf_text(&file, files[i]);
		assert_int_equal(imprint_add(&file, signer, NULL), ERR_OK);
		for (at = 0; at < file.len; at++) {
			file.data[at] ^= 1;
			assert_int_not_equal(
			    imprint_check(buf_span(&file), verifier, NULL),
			    ERR_OK);
			file.data[at] ^= 1;
		}
	}
	buf_release(&file);
}

static void
bytes_added_or_cut_off_are_found(void **state)
{
	struct buf file = {0};
	size_t len;

	(void)state;
	buf_text(&file, files[0]);
	assert_int_equal(imprint_add(&file, signer, NULL), ERR_OK);
	for (len = 0; len < file.len; len++)
		assert_int_not_equal(
		    imprint_check(span_make(file.data, len), verifier, NULL),
		    ERR_OK);
	buf_text(&file, "\n");
	assert_int_not_equal(
	    imprint_check(buf_span(&file), verifier, NULL), ERR_OK);
	buf_release(&file);
}

static void
another_node_s_signature_is_not_taken(void **state)
{
	struct signer *other = signer_new();
	struct buf file = {0};

	(void)state;
	buf_text(&file, files[1]);
	assert_int_equal(imprint_add(&file, other, NULL), ERR_OK);
	assert_int_equal(
	    imprint_check(buf_span(&file), verifier, NULL), ERR_INVALID);
	signer_free(other);
	buf_release(&file);
}

static void
the_same_file_is_signed_with_the_same_bytes(void **state)
{
	struct buf first = {0}, second = {0};

	(void)state;
	buf_text(&first, files[1]);
	buf_text(&second, files[1]);
	assert_int_equal(imprint_add(&first, signer, NULL), ERR_OK);
	assert_int_equal(imprint_add(&second, signer, NULL), ERR_OK);
	assert_true(span_equal(buf_span(&first), buf_span(&second)));
	buf_release(&first);
	buf_release(&second);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_printed_file_is_good_by_its_node_s_key),
	    cmocka_unit_test(any_changed_byte_is_found),
	    cmocka_unit_test(bytes_added_or_cut_off_are_found),
	    cmocka_unit_test(another_node_s_signature_is_not_taken),
	    cmocka_unit_test(the_same_file_is_signed_with_the_same_bytes),
	};

	return cmocka_run_group_tests(tests, make_key, drop_key);
}
