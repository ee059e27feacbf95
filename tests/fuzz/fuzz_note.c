/*
 * fuzz_note: what is accepted begins with exactly the checkpoint read.
 *
 * The key is RFC 8032 §7.1 test 1's; the corpus holds a note signed by it, and
 * one that it witnessed.
 */
#include <inttypes.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/codec.h"
#include "credit/note.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint8_t key[32] = {0xd7, 0x5a, 0x98, 0x01, 0x82, 0xb1, 0x0a, 0xb7,
    0xd5, 0x4b, 0xfe, 0xd3, 0xc9, 0x64, 0x07, 0x3a, 0x0e, 0xe1, 0x72, 0xf3,
    0xda, 0xa6, 0x23, 0x25, 0xaf, 0x02, 0x1a, 0x68, 0xf7, 0x07, 0x51, 0x1a};

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct checkpoint checkpoint;
	struct buf body = {0};
	struct why why;
	int64_t time_s = -1;

	if (note_check_witness(span_make(data, size), key, &time_s, &why) ==
		ERR_OK &&
	    (note_read(span_make(data, size), &checkpoint, &why) != ERR_OK ||
		time_s < 0))
		abort();
	if (note_check(span_make(data, size), key, &checkpoint, &why) != ERR_OK)
		return 0;
	buf_print(
	    &body, "%s\n%" PRIu64 "\n", checkpoint.origin, checkpoint.size);
	codec_base64(span_make(checkpoint.root.bytes, DIGEST_LEN), &body);
	buf_char(&body, '\n');
	if (body.len > size || memcmp(body.data, data, body.len) != 0)
		abort();
	buf_release(&body);
	return 0;
}
