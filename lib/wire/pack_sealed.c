/*
 * pack_sealed: sealed batches and the hub's pulse (proto/record.proto).
 *
 * Signatures cover bytes as they are, so the outer messages are read and
 * written as frames: nothing is ever encoded again.
 */
#include "record.pb-c.h"
#include "wire/pack.h"
#include "wire/pack_part.h"

#define PULSE_MAX (1 << 20)
#define PULSE_MAGIC "RXP1"

void
pack_sealed_head(const struct sealed *sealed, struct buf *out)
{
	frame_add(1, sealed->header, out);
	frame_add(2, sealed->signature, out);
	frame_add(3, sealed->key_id, out);
}

void
pack_sealed(const struct sealed *sealed, struct buf *out)
{
	pack_sealed_head(sealed, out);
	frame_add(4, sealed->body, out);
}

static bool
sealed_take_head(struct span *rest, struct sealed *sealed)
{
	return frame_take(rest, 1, &sealed->header) &&
	       frame_take(rest, 2, &sealed->signature) &&
	       frame_take(rest, 3, &sealed->key_id) &&
	       sealed->header.len == BATCH_HEADER_LEN &&
	       sealed->signature.len == SIGNATURE_LEN &&
	       sealed->key_id.len == SIGN_KEY_ID_LEN;
}

enum err
unpack_sealed(struct span bytes, struct sealed *sealed)
{
	struct span rest = bytes;

	if (bytes.len > SEALED_MAX || !sealed_take_head(&rest, sealed) ||
	    !frame_take(&rest, 4, &sealed->body) || rest.len != 0 ||
	    sealed->body.len == 0)
		return ERR_INVALID;
	return ERR_OK;
}

enum err
unpack_sealed_head(struct span bytes, struct sealed *sealed)
{
	struct span rest = bytes;

	sealed->body = span_of(NULL);
	if (!sealed_take_head(&rest, sealed) || rest.len != 0)
		return ERR_INVALID;
	return ERR_OK;
}

/* "RXP1" || body, as it is signed. */
static void
pulse_print_body(const struct pulse *pulse, struct buf *out)
{
	Rongxin__PulseBody body = RONGXIN__PULSE_BODY__INIT;
	size_t count = pulse->head_count;
	Rongxin__StreamHead *heads = mem_new(count * sizeof(*heads));
	Rongxin__StreamHead **pointers = mem_new(count * sizeof(*pointers));
	struct stream_head *from =
	    mem_copy(pulse->heads, count * sizeof(*from));

	for (size_t i = 0; i < count; i++) {
		rongxin__stream_head__init(&heads[i]);
		heads[i].stream = from[i].stream;
		heads[i].position = from[i].position;
		heads[i].head.data = from[i].head.bytes;
		heads[i].head.len = DIGEST_LEN;
		pointers[i] = &heads[i];
	}
	body.hub_time_us = pulse->hub_time_us;
	body.n_heads = count;
	body.heads = pointers;
	buf_text(out, PULSE_MAGIC);
	pack_message(&body.base, out);
	mem_free(from);
	mem_free(pointers);
	mem_free(heads);
}

enum err
pack_pulse(const struct pulse *pulse, struct signer *signer, struct buf *out)
{
	const size_t magic = strlen(PULSE_MAGIC);
	struct buf body = {0}, signature = {0};
	uint8_t raw[32], key_id[SIGN_KEY_ID_LEN];
	enum err err;

	pulse_print_body(pulse, &body);
	err = signer_public(signer, raw);
	if (err == ERR_OK)
		err = signer_sign(signer, buf_span(&body), &signature);
	if (err != ERR_OK)
		goto out;
	sign_key_id(raw, key_id);
	frame_add(1, span_make(body.data + magic, body.len - magic), out);
	frame_add(2, buf_span(&signature), out);
	frame_add(3, span_make(key_id, sizeof(key_id)), out);
out:
	buf_release(&signature);
	buf_release(&body);
	return err;
}

static bool
pulse_is_signed(
    const struct verifier *verifier, struct span body, struct span signature)
{
	struct buf bytes = {0};
	bool is_signed;

	buf_text(&bytes, PULSE_MAGIC);
	buf_add(&bytes, body.ptr, body.len);
	is_signed = verifier_check(verifier, buf_span(&bytes), signature);
	buf_release(&bytes);
	return is_signed;
}

static enum err
pulse_fill(
    const Rongxin__PulseBody *body, struct arena *arena, struct pulse *pulse)
{
	struct stream_head *heads =
	    arena_take(arena, body->n_heads * sizeof(*heads));

	if (body->base.n_unknown_fields != 0 || body->hub_time_us <= 0)
		return ERR_INVALID;
	for (size_t i = 0; i < body->n_heads; i++) {
		const Rongxin__StreamHead *head = body->heads[i];

		if (head->base.n_unknown_fields != 0 ||
		    !part_is_stream(head->stream) ||
		    !part_take_digest(head->head, &heads[i].head))
			return ERR_INVALID;
		if (i > 0 && strcmp(heads[i - 1].stream, head->stream) >= 0)
			return ERR_INVALID;
		memcpy(heads[i].stream, head->stream, STREAM_LEN + 1);
		heads[i].position = head->position;
	}
	pulse->hub_time_us = body->hub_time_us;
	pulse->heads = heads;
	pulse->head_count = body->n_heads;
	return ERR_OK;
}

enum err
unpack_pulse(struct span bytes, const struct verifier *verifier,
    struct arena *arena, struct pulse *pulse)
{
	struct span rest = bytes, packed, signature, key_id;
	ProtobufCMessage *body;

	if (bytes.len > PULSE_MAX || !frame_take(&rest, 1, &packed) ||
	    !frame_take(&rest, 2, &signature) ||
	    !frame_take(&rest, 3, &key_id) || rest.len != 0)
		return ERR_INVALID;
	if (signature.len != SIGNATURE_LEN || key_id.len != SIGN_KEY_ID_LEN ||
	    !pulse_is_signed(verifier, packed, signature))
		return ERR_INVALID;
	body = unpack_message(&rongxin__pulse_body__descriptor, packed, arena);
	if (body == NULL)
		return ERR_INVALID;
	return pulse_fill((const Rongxin__PulseBody *)body, arena, pulse);
}
