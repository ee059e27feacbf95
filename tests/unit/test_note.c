/*
 * note: checkpoints signed, read back, and forged in every byte.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/codec.h"
#include "credit/note.h"

static struct signer *signer;
static uint8_t public[32];

static int
make_key(void **state)
{
	(void)state;
	signer = signer_new();
	return signer_public(signer, public) == ERR_OK ? 0 : -1;
}

static int
drop_key(void **state)
{
	(void)state;
	signer_free(signer);
	return 0;
}

static struct checkpoint
sample(void)
{
	struct checkpoint checkpoint = {.size = 20852163};

	note_trail_origin("gz-node", checkpoint.origin);
	checkpoint.root = digest_of(span_of("root"));
	return checkpoint;
}

static void
sign(struct buf *note)
{
	struct checkpoint checkpoint = sample();

	assert_int_equal(note_sign(&checkpoint, signer, note), ERR_OK);
}

/* "<body>\n— <name> <blob>" for any body, as another program would sign. */
static void
sign_body(const char *body, const char *name, struct buf *note)
{
	struct buf blob = {0};
	struct digest hash;
	struct buf key = {0};

	buf_print(&key, "%s\n%c", name, 1);
	buf_add(&key, public, sizeof(public));
	hash = digest_of(buf_span(&key));
	buf_add(&blob, hash.bytes, 4);
	assert_int_equal(signer_sign(signer, span_of(body), &blob), ERR_OK);
	buf_print(note, "%s\n\xe2\x80\x94 %s ", body, name);
	codec_base64(buf_span(&blob), note);
	buf_char(note, '\n');
	buf_release(&blob);
	buf_release(&key);
}

static enum err
check(const struct buf *note)
{
	struct checkpoint checkpoint;

	return note_check(buf_span(note), public, &checkpoint, NULL);
}

static void
a_signed_checkpoint_is_read_back(void **state)
{
	struct checkpoint made = sample(), read;
	struct buf note = {0};

	(void)state;
	sign(&note);
	assert_int_equal(
	    note_check(buf_span(&note), public, &read, NULL), ERR_OK);
	assert_string_equal(read.origin, "rongxin/trail/gz-node");
	assert_int_equal(read.size, 20852163);
	assert_true(digest_equal(&read.root, &made.root));
	assert_non_null(strstr(buf_cstr(&note),
	    "rongxin/trail/gz-node\n20852163\n"
	    "SBNJTRN+FjG7owHVrKtue7eqdM4RhdRWVl71HXN2d7I=\n\n"
	    "\xe2\x80\x94 rongxin/trail/gz-node "));
	buf_release(&note);
}

static void
any_changed_byte_is_noticed(void **state)
{
	struct buf note = {0};
	size_t i;

	(void)state;
	sign(&note);
	for (i = 0; i < note.len; i++) {
		note.data[i] ^= 1;
		assert_int_not_equal(check(&note), ERR_OK);
		note.data[i] ^= 1;
	}
	assert_int_equal(check(&note), ERR_OK);
	buf_release(&note);
}

static void
any_cut_is_noticed(void **state)
{
	struct buf note = {0};

	(void)state;
	sign(&note);
	while (note.len-- > 0)
		assert_int_equal(check(&note), ERR_INVALID);
	buf_release(&note);
}

static void
another_key_is_not_believed(void **state)
{
	struct signer *other = signer_new();
	struct checkpoint checkpoint;
	struct buf note = {0};
	uint8_t raw[32];

	(void)state;
	sign(&note);
	assert_int_equal(signer_public(other, raw), ERR_OK);
	assert_int_equal(
	    note_check(buf_span(&note), raw, &checkpoint, NULL), ERR_INVALID);
	signer_free(other);
	buf_release(&note);
}

static void
other_signature_lines_are_ignored(void **state)
{
	struct buf note = {0};

	(void)state;
	sign(&note);
	buf_text(&note, "\xe2\x80\x94 witness.example AAAAAAAAAAAA\n");
	assert_int_equal(check(&note), ERR_OK);
	buf_text(&note, "not a signature line\n");
	assert_int_equal(check(&note), ERR_INVALID);
	buf_release(&note);
}

static void
a_second_wrong_signature_of_our_key_is_refused(void **state)
{
	struct buf note = {0}, again = {0};

	(void)state;
	sign(&note);
	sign_body("x\n", "rongxin/trail/gz-node", &again);
	buf_add(&note, again.data + 3, again.len - 3);
	assert_int_equal(check(&note), ERR_INVALID);
	buf_release(&note);
	buf_release(&again);
}

static void
too_many_signature_lines_are_refused(void **state)
{
	struct buf note = {0};
	int i;

	(void)state;
	sign(&note);
	for (i = 0; i < 100; i++)
		buf_text(&note, "\xe2\x80\x94 w AAAAAAAAAAAA\n");
	assert_int_equal(check(&note), ERR_INVALID);
	buf_release(&note);
}

#define ROOT "SBNJTRN+FjG7owHVrKtue7eqdM4RhdRWVl71HXN2d7I="

static enum err
check_body(const char *body, const char *name)
{
	struct buf note = {0};
	enum err err;

	sign_body(body, name, &note);
	err = check(&note);
	buf_release(&note);
	return err;
}

static void
extension_lines_are_ignored(void **state)
{
	(void)state;
	assert_int_equal(check_body("o\n5\n" ROOT "\n", "o"), ERR_OK);
	assert_int_equal(
	    check_body("o\n5\n" ROOT "\nextra 1\nextra 2\n", "o"), ERR_OK);
}

static void
well_signed_nonsense_is_refused(void **state)
{
	static const char *const others[] = {"o\n", "o\n5\n", "\n5\n" ROOT "\n",
	    "o\n05\n" ROOT "\n", "o\n\n" ROOT "\n", "o\n-5\n" ROOT "\n",
	    "o\n18446744073709551616\n" ROOT "\n", "o\n5 \n" ROOT "\n",
	    "o\n5\nAAAA\n", "o\n5\n" ROOT "=\n", "o\n5\n" ROOT "\n\nx\n",
	    "o\n5\n" ROOT "\nx\ty\n", "o\n5\n" ROOT "\n\xff\n"};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		assert_int_equal(check_body(others[i], "o"), ERR_INVALID);
	assert_int_equal(
	    check_body("o\n18446744073709551615\n" ROOT "\n", "o"), ERR_OK);
	assert_int_equal(check_body("o\n5\n" ROOT "\n", "p"), ERR_INVALID);
	assert_int_equal(check_body("o+1\n5\n" ROOT "\n", "o+1"), ERR_INVALID);
}

/* RFC 8032 §7.1, test 1's public key; the hash computed apart from this. */
static void
the_verifier_key_has_the_form_of_signed_note(void **state)
{
	struct buf raw = {0}, key = {0};

	(void)state;
	assert_true(codec_parse_hex(
	    span_of("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68"
		    "f707511a"),
	    &raw));
	note_key_print("example.com/log", (const uint8_t *)raw.data, &key);
	assert_string_equal(buf_cstr(&key),
	    "example.com/log+cc714670+Addam"
	    "AGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea");
	buf_release(&raw);
	buf_release(&key);
}

#define WITNESSED_S INT64_C(1700000000)

static struct signer *
cosign(struct buf *note, uint8_t raw[32])
{
	struct signer *witness = signer_new();
	struct buf line = {0};

	assert_int_equal(signer_public(witness, raw), ERR_OK);
	sign(note);
	assert_int_equal(
	    note_cosign(buf_span(note), WITNESSED_S, witness, &line), ERR_OK);
	buf_add(note, line.data, line.len);
	buf_release(&line);
	return witness;
}

static void
a_cosigned_checkpoint_holds_for_log_and_witness(void **state)
{
	struct buf note = {0};
	uint8_t raw[32];
	struct signer *witness = cosign(&note, raw);
	char name[NOTE_ORIGIN_MAX + 1];
	int64_t time_s = 0;

	(void)state;
	note_witness_name(raw, name);
	assert_int_equal(strncmp(name, "rongxin/witness/", 16), 0);
	assert_int_equal(strlen(name), 32);
	assert_non_null(strstr(buf_cstr(&note), name));
	assert_int_equal(check(&note), ERR_OK);
	assert_int_equal(
	    note_check_witness(buf_span(&note), raw, &time_s, NULL), ERR_OK);
	assert_int_equal(time_s, WITNESSED_S);
	assert_int_equal(
	    note_check_witness(buf_span(&note), public, &time_s, NULL),
	    ERR_INVALID);
	signer_free(witness);
	buf_release(&note);
}

/* Of the log's own line another byte may differ: it is not the witness's. */
static void
a_changed_byte_of_what_was_witnessed_is_noticed(void **state)
{
	struct buf note = {0};
	uint8_t raw[32];
	struct signer *witness = cosign(&note, raw);
	size_t body, line, i;
	int64_t time_s;

	(void)state;
	body = (size_t)(strstr(buf_cstr(&note), "\n\n") - note.data);
	line = (size_t)(strstr(note.data, "rongxin/witness") - note.data) - 4;
	for (i = 0; i < note.len; i++) {
		if (i > body && i < line)
			continue;
		note.data[i] ^= 1;
		assert_int_not_equal(
		    note_check_witness(buf_span(&note), raw, &time_s, NULL),
		    ERR_OK);
		note.data[i] ^= 1;
	}
	signer_free(witness);
	buf_release(&note);
}

static void
what_is_no_checkpoint_is_not_cosigned(void **state)
{
	struct checkpoint read;
	struct buf line = {0};

	(void)state;
	assert_int_equal(
	    note_cosign(span_of("log\n1\n"), 1, signer, &line), ERR_INVALID);
	assert_int_equal(note_read(span_of(""), &read, NULL), ERR_INVALID);
	assert_int_equal(line.len, 0);
	buf_release(&line);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_signed_checkpoint_is_read_back),
	    cmocka_unit_test(any_changed_byte_is_noticed),
	    cmocka_unit_test(any_cut_is_noticed),
	    cmocka_unit_test(another_key_is_not_believed),
	    cmocka_unit_test(other_signature_lines_are_ignored),
	    cmocka_unit_test(a_second_wrong_signature_of_our_key_is_refused),
	    cmocka_unit_test(too_many_signature_lines_are_refused),
	    cmocka_unit_test(extension_lines_are_ignored),
	    cmocka_unit_test(well_signed_nonsense_is_refused),
	    cmocka_unit_test(the_verifier_key_has_the_form_of_signed_note),
	    cmocka_unit_test(a_cosigned_checkpoint_holds_for_log_and_witness),
	    cmocka_unit_test(a_changed_byte_of_what_was_witnessed_is_noticed),
	    cmocka_unit_test(what_is_no_checkpoint_is_not_cosigned),
	};

	return cmocka_run_group_tests(tests, make_key, drop_key);
}
