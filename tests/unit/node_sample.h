/*
 * node_sample: a folder, a store and a hub's sealer for tests of a node.
 */
#ifndef TESTS_NODE_SAMPLE_H
#define TESTS_NODE_SAMPLE_H

#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "node/replica.h"
#include "node/store.h"
#include "wire/seal.h"

#define SAMPLE_SUBJECT "91440101MA000RX94L"

/* A hub with one stream: what it has sealed so far. */
struct sample_hub {
	struct signer *signer;
	struct sealer *sealer;
	uint8_t key[32];
	struct chain chain;
	struct setsum sum;
	struct digest elements[64]; /* by record */
	uint64_t versions[64];
};

static inline char *
sample_folder(void)
{
	char path[] = "/tmp/rongxin-unit.XXXXXX";

	assert_non_null(mkdtemp(path));
	return mem_text(path);
}

static inline void
sample_remove(char *folder)
{
	char command[256];

	snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	assert_int_equal(system(command), 0);
	mem_free(folder);
}

static inline void
sample_hub_init(struct sample_hub *hub, const char *stream)
{
	*hub = (struct sample_hub){0};
	hub->signer = signer_new();
	hub->sealer = sealer_new(hub->signer);
	assert_int_equal(signer_public(hub->signer, hub->key), ERR_OK);
	snprintf(hub->chain.stream, sizeof(hub->chain.stream), "%s", stream);
}

static inline void
sample_hub_release(struct sample_hub *hub)
{
	sealer_free(hub->sealer);
	signer_free(hub->signer);
}

/* Seal the next batch: `count` records with keys first, first + 1, …; a key
 * that came before is a new version of that record. */
static inline void
sample_seal(
    struct sample_hub *hub, unsigned first, unsigned count, struct buf *out)
{
	struct batch_header header = {.first = hub->chain.position + 1,
	    .last = hub->chain.position + count,
	    .previous = hub->chain.head,
	    .committed_us = 1700000000000000};
	struct buf raw = {0}, packed = {0};
	char key[16], value[32];
	struct digest content;
	unsigned i;

	memcpy(header.stream, hub->chain.stream, sizeof(header.stream));
	for (i = first; i < first + count; i++) {
		struct record_field field = {1, {value, 0}};
		struct record record = {.item = 1,
		    .subject = span_of(SAMPLE_SUBJECT),
		    .state = RECORD_CURRENT,
		    .version = ++hub->versions[i],
		    .provider = span_of("11440000MB00004493"),
		    .fields = &field,
		    .field_count = 1};

		snprintf(key, sizeof(key), "k%u", i);
		snprintf(value, sizeof(value), "v%u of %u",
		    (unsigned)hub->versions[i], i);
		record.key = span_of(key);
		field.value = span_of(value);
		if (hub->versions[i] > 1)
			setsum_remove(&hub->sum, &hub->elements[i]);
		content = record_content_digest(&record);
		hub->elements[i] = record_element_digest(
		    &content, record.version, record.as_of_us);
		setsum_add(&hub->sum, &hub->elements[i]);
		buf_reset(&packed);
		pack_record(&record, &packed);
		pack_batch_record(buf_span(&packed), &raw);
	}
	header.state = setsum_digest(&hub->sum);
	assert_int_equal(
	    sealer_seal(hub->sealer, &header, buf_span(&raw), out), ERR_OK);
	chain_advance(&hub->chain, &header);
	buf_release(&raw);
	buf_release(&packed);
}

#endif
