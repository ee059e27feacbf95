/*
 * Every message from outside; the first byte says which.
 */
#include <stdlib.h>

#include "wire/pack.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What was accepted can be packed again. */
static void
unpack_and_pack_record(struct span bytes, struct arena *arena)
{
	struct record record;
	struct buf again = {0};

	if (unpack_record(bytes, arena, &record) != ERR_OK)
		return;
	pack_record(&record, &again);
	if (unpack_record(buf_span(&again), arena, &record) != ERR_OK)
		abort();
	buf_release(&again);
}

static void
unpack_signed(uint8_t kind, struct span bytes, struct arena *arena)
{
	static const uint8_t raw[32] = {1};
	struct verifier *verifier = verifier_new(raw);
	struct upward upward;
	struct pulse pulse;

	if (kind == 4)
		(void)!unpack_pulse(bytes, verifier, arena, &pulse);
	else
		(void)!unpack_upward(bytes, NULL, arena, &upward);
	verifier_free(verifier);
}

static void
unpack_any(uint8_t kind, struct span bytes, struct arena *arena)
{
	struct record *records;
	struct sealed sealed;
	struct request request;
	struct reply reply;
	struct access access;
	enum live_kind live;
	struct span packed;
	size_t count;

	switch (kind) {
	case 0:
		unpack_and_pack_record(bytes, arena);
		break;
	case 1:
		(void)!unpack_batch(bytes, arena, &records, &count);
		break;
	case 2:
		(void)!unpack_sealed(bytes, &sealed);
		break;
	case 3:
		(void)!unpack_live(bytes, &live, &packed);
		break;
	case 6:
		(void)!unpack_request(bytes, arena, &request);
		break;
	case 7:
		(void)!unpack_reply(bytes, arena, &reply);
		break;
	case 8:
		(void)!unpack_access(bytes, &access);
		break;
	default:
		unpack_signed(kind, bytes, arena);
		break;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena;

	if (size == 0)
		return 0;
	arena = arena_new();
	unpack_any(data[0] % 10, span_make(data + 1, size - 1), arena);
	arena_free(arena);
	return 0;
}
