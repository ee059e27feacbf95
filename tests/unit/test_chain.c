/*
 * chain: what is next, what is a repeat, a gap, a lie.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "credit/chain.h"

static struct batch_header
header_of(uint64_t first, uint64_t last, const struct digest *previous)
{
	struct batch_header header = {.stream = "4401",
	    .first = first,
	    .last = last,
	    .previous = *previous,
	    .raw_size = 77000,
	    .committed_us = INT64_C(1800000000000000)};

	header.body = digest_of(span_of("body"));
	header.state = digest_of(span_of("state"));
	return header;
}

/* A chain that has applied positions 1 to 10. */
static struct chain
chain_at_ten(struct batch_header *applied)
{
	struct chain chain = {.stream = "4401"};

	*applied = header_of(1, 10, &chain.head);
	chain_advance(&chain, applied);
	return chain;
}

static void
the_next_batch_is_admitted_and_moves_the_chain(void **state)
{
	struct batch_header first, next;
	struct chain chain = chain_at_ten(&first);
	struct digest hash;

	(void)state;
	next = header_of(11, 12, &chain.head);

	assert_int_equal(chain_admit(&chain, &next), ERR_OK);
	chain_advance(&chain, &next);

	hash = batch_header_hash(&next);
	assert_int_equal(chain.position, 12);
	assert_true(digest_equal(&chain.head, &hash));
}

static void
another_batch_for_our_newest_position_is_a_lie(void **state)
{
	struct batch_header first;
	struct chain chain = chain_at_ten(&first);

	(void)state;
	first.state = digest_of(span_of("another state"));

	assert_int_equal(chain_admit(&chain, &first), ERR_INVALID);
}

static void
a_repeat_is_harmless(void **state)
{
	struct batch_header first;
	struct chain chain = chain_at_ten(&first);

	(void)state;
	assert_int_equal(chain_admit(&chain, &first), ERR_SEEN);
}

static void
a_gap_is_refused_and_does_not_move(void **state)
{
	struct batch_header first, later;
	struct chain chain = chain_at_ten(&first);

	(void)state;
	later = header_of(12, 20, &chain.head);

	assert_int_equal(chain_admit(&chain, &later), ERR_GAP);
	assert_int_equal(chain.position, 10);
}

static void
our_next_position_on_another_chain_is_a_lie(void **state)
{
	struct digest other = digest_of(span_of("another past"));
	struct batch_header first, forged;
	struct chain chain = chain_at_ten(&first);

	(void)state;
	forged = header_of(11, 12, &other);

	assert_int_equal(chain_admit(&chain, &forged), ERR_INVALID);
}

static void
a_batch_that_overlaps_our_end_is_a_lie(void **state)
{
	struct batch_header first, overlap;
	struct chain chain = chain_at_ten(&first);

	(void)state;
	overlap = header_of(10, 12, &chain.head);

	assert_int_equal(chain_admit(&chain, &overlap), ERR_INVALID);
}

static void
another_stream_is_never_admitted(void **state)
{
	struct batch_header first, other;
	struct chain chain = chain_at_ten(&first);

	(void)state;
	other = header_of(11, 12, &chain.head);
	other.stream[3] = '3';

	assert_int_equal(chain_admit(&chain, &other), ERR_INVALID);
}

static void
the_first_batch_has_zeros_before_it(void **state)
{
	struct digest other = digest_of(span_of("x"));
	struct chain chain = {.stream = "4401"};
	struct batch_header first;

	(void)state;
	first = header_of(1, 1, &other);
	assert_int_equal(chain_admit(&chain, &first), ERR_INVALID);
	first.previous = chain.head;
	assert_int_equal(chain_admit(&chain, &first), ERR_OK);
}

static void
a_header_is_the_bytes_of_the_protocol_and_back(void **state)
{
	static const uint8_t start[] = {'R', 'X', 'B', '1', '4', '4', '0', '1',
	    0, 0, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 0, 0, 1, 3};
	struct digest previous = digest_of(span_of("before"));
	struct batch_header header = header_of(0x102, 0x103, &previous), read;
	uint8_t bytes[BATCH_HEADER_LEN], again[BATCH_HEADER_LEN];

	(void)state;
	batch_header_print(&header, bytes);
	assert_int_equal(
	    batch_header_parse(span_make(bytes, sizeof(bytes)), &read), ERR_OK);
	batch_header_print(&read, again);

	assert_int_equal(sizeof(bytes), 132);
	assert_memory_equal(bytes, start, sizeof(start));
	assert_memory_equal(bytes + 24, previous.bytes, DIGEST_LEN);
	assert_memory_equal(bytes + 88, "\x00\x01\x2c\xc8", 4);
	assert_memory_equal(bytes, again, sizeof(bytes));
	assert_string_equal(read.stream, "4401");
}

static void
refuses(size_t at, uint8_t value)
{
	struct digest previous = {{0}};
	struct batch_header header = header_of(1, 4, &previous), read;
	uint8_t bytes[BATCH_HEADER_LEN];

	batch_header_print(&header, bytes);
	bytes[at] = value;
	assert_int_equal(
	    batch_header_parse(span_make(bytes, sizeof(bytes)), &read),
	    ERR_INVALID);
}

static void
headers_that_make_no_sense_are_refused(void **state)
{
	struct batch_header read;

	(void)state;
	refuses(3, '2');   /* another version */
	refuses(4, 'x');   /* no stream */
	refuses(7, 0);     /* a short stream */
	refuses(15, 5);    /* first after last */
	refuses(15, 0);    /* positions count from 1 */
	refuses(22, 0x20); /* more records than a batch holds */
	refuses(16, 0x80); /* beyond bigint */
	refuses(88, 0x01); /* a body of 16 MiB and more */
	refuses(92, 0x80); /* before 1970 */
	assert_int_equal(
	    batch_header_parse(span_of("RXB1"), &read), ERR_INVALID);
	assert_int_equal(
	    batch_header_parse(span_make(NULL, 0), &read), ERR_INVALID);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_next_batch_is_admitted_and_moves_the_chain),
	    cmocka_unit_test(a_repeat_is_harmless),
	    cmocka_unit_test(another_batch_for_our_newest_position_is_a_lie),
	    cmocka_unit_test(a_gap_is_refused_and_does_not_move),
	    cmocka_unit_test(our_next_position_on_another_chain_is_a_lie),
	    cmocka_unit_test(a_batch_that_overlaps_our_end_is_a_lie),
	    cmocka_unit_test(another_stream_is_never_admitted),
	    cmocka_unit_test(the_first_batch_has_zeros_before_it),
	    cmocka_unit_test(a_header_is_the_bytes_of_the_protocol_and_back),
	    cmocka_unit_test(headers_that_make_no_sense_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
