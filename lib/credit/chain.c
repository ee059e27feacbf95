/*
 * chain: how far one place has followed one stream, and what comes next.
 */
#include "credit/chain.h"

#include <assert.h>
#include <string.h>

#define BATCH_MAGIC "RXB1"
#define BATCH_MAGIC_LEN 4

static uint8_t *
put_bytes(uint8_t *at, const void *bytes, size_t len)
{
	memcpy(at, bytes, len);
	return at + len;
}

static uint8_t *
put_number(uint8_t *at, uint64_t value, unsigned len)
{
	unsigned i;

	for (i = 0; i < len; i++)
		at[i] = (uint8_t)(value >> (8 * (len - 1 - i)));
	return at + len;
}

static uint64_t
take_number(const uint8_t **at, unsigned len)
{
	uint64_t value = 0;
	unsigned i;

	for (i = 0; i < len; i++)
		value = value << 8 | (*at)[i];
	*at += len;
	return value;
}

static void
take_digest(const uint8_t **at, struct digest *digest)
{
	memcpy(digest->bytes, *at, DIGEST_LEN);
	*at += DIGEST_LEN;
}

void
batch_header_print(
    const struct batch_header *header, uint8_t out[BATCH_HEADER_LEN])
{
	uint8_t *at = out;

	at = put_bytes(at, BATCH_MAGIC, BATCH_MAGIC_LEN);
	at = put_bytes(at, header->stream, STREAM_LEN);
	at = put_number(at, header->first, 8);
	at = put_number(at, header->last, 8);
	at = put_bytes(at, header->previous.bytes, DIGEST_LEN);
	at = put_bytes(at, header->body.bytes, DIGEST_LEN);
	at = put_number(at, header->raw_size, 4);
	at = put_number(at, (uint64_t)header->committed_us, 8);
	at = put_bytes(at, header->state.bytes, DIGEST_LEN);
	assert(at == out + BATCH_HEADER_LEN);
}

static bool
stream_is_valid(const char *stream)
{
	size_t i;

	for (i = 0; i < STREAM_LEN; i++) {
		if (stream[i] < '0' || stream[i] > '9')
			return false;
	}
	return stream[STREAM_LEN] == '\0';
}

/* One position a record, positions that PostgreSQL's bigint can count, and a
 * body that may be unpacked. */
static bool
header_is_sound(const struct batch_header *header)
{
	return stream_is_valid(header->stream) && header->first > 0 &&
	       header->last >= header->first && header->last <= INT64_MAX &&
	       header->last - header->first < BATCH_RECORDS_MAX &&
	       header->raw_size <= BATCH_RAW_MAX && header->committed_us >= 0;
}

enum err
batch_header_parse(struct span bytes, struct batch_header *header)
{
	const uint8_t *at = (const uint8_t *)bytes.ptr;
	struct batch_header read = {0};

	if (bytes.len != BATCH_HEADER_LEN ||
	    memcmp(at, BATCH_MAGIC, BATCH_MAGIC_LEN) != 0)
		return ERR_INVALID;
	at += BATCH_MAGIC_LEN;
	memcpy(read.stream, at, STREAM_LEN);
	at += STREAM_LEN;
	read.first = take_number(&at, 8);
	read.last = take_number(&at, 8);
	take_digest(&at, &read.previous);
	take_digest(&at, &read.body);
	read.raw_size = (uint32_t)take_number(&at, 4);
	read.committed_us = (int64_t)take_number(&at, 8);
	take_digest(&at, &read.state);
	if (!header_is_sound(&read))
		return ERR_INVALID;
	*header = read;
	return ERR_OK;
}

struct digest
batch_header_hash(const struct batch_header *header)
{
	uint8_t bytes[BATCH_HEADER_LEN];

	batch_header_print(header, bytes);
	return digest_of(span_make(bytes, sizeof(bytes)));
}

enum err
chain_admit(const struct chain *chain, const struct batch_header *header)
{
	struct digest hash;

	if (strcmp(chain->stream, header->stream) != 0)
		return ERR_INVALID;
	if (header->first == 0 || header->last < header->first)
		return ERR_INVALID;
	if (header->last < chain->position)
		return ERR_SEEN;
	if (header->last == chain->position) {
		hash = batch_header_hash(header);
		return digest_equal(&hash, &chain->head) ? ERR_SEEN
							 : ERR_INVALID;
	}
	if (header->first > chain->position + 1)
		return ERR_GAP;
	/* What overlaps us without being a repeat is another chain. */
	if (header->first <= chain->position ||
	    !digest_equal(&header->previous, &chain->head))
		return ERR_INVALID;
	return ERR_OK;
}

void
chain_advance(struct chain *chain, const struct batch_header *header)
{
	assert(header->first == chain->position + 1);
	chain->position = header->last;
	chain->head = batch_header_hash(header);
}
