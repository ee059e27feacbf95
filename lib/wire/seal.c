/*
 * seal: zstd, SHA-256 and Ed25519 around a packed batch.
 */
#include "wire/seal.h"

#include <stdlib.h>

#include <zstd.h>

/* Level 3 packs a batch in well under a millisecond; higher levels cost a
 * multiple of it for a few per cent. */
#define SEAL_LEVEL 3

struct sealer {
	struct signer *signer;
	ZSTD_CCtx *zstd;
	struct buf body; /* reused from batch to batch */
	struct buf signature;
};

struct opener {
	struct keyring *keys;
	ZSTD_DCtx *zstd;
	struct buf raw; /* reused from batch to batch */
};

static void *
seal_must(void *context)
{
	if (context == NULL)
		abort(); /* out of memory */
	return context;
}

enum err
seal_compress(struct span raw, struct buf *out)
{
	size_t bound = ZSTD_compressBound(raw.len);
	size_t len;

	if (raw.len > BATCH_RAW_MAX)
		return ERR_LIMIT;
	len = ZSTD_compress(
	    buf_room(out, bound), bound, raw.ptr, raw.len, SEAL_LEVEL);
	if (ZSTD_isError(len))
		return ERR_INVALID;
	out->len += len;
	return ERR_OK;
}

enum err
seal_expand(struct span bytes, struct buf *out)
{
	unsigned long long size =
	    ZSTD_getFrameContentSize(bytes.ptr, bytes.len);
	size_t len;

	/* Errors are the largest numbers of all. */
	if (size > BATCH_RAW_MAX ||
	    ZSTD_findFrameCompressedSize(bytes.ptr, bytes.len) != bytes.len)
		return ERR_INVALID;
	len = ZSTD_decompress(
	    buf_room(out, (size_t)size), (size_t)size, bytes.ptr, bytes.len);
	if (ZSTD_isError(len) || len != size)
		return ERR_INVALID;
	out->len += len;
	return ERR_OK;
}

struct sealer *
sealer_new(struct signer *signer)
{
	struct sealer *sealer = mem_new(sizeof(*sealer));

	sealer->signer = signer;
	sealer->zstd = seal_must(ZSTD_createCCtx());
	return sealer;
}

void
sealer_free(struct sealer *sealer)
{
	if (sealer == NULL)
		return;
	ZSTD_freeCCtx(sealer->zstd);
	buf_release(&sealer->body);
	buf_release(&sealer->signature);
	mem_free(sealer);
}

static bool
sealer_compress(struct sealer *sealer, struct span raw)
{
	size_t bound = ZSTD_compressBound(raw.len);
	size_t len;

	buf_reset(&sealer->body);
	len = ZSTD_compressCCtx(sealer->zstd, buf_room(&sealer->body, bound),
	    bound, raw.ptr, raw.len, SEAL_LEVEL);
	if (ZSTD_isError(len))
		return false;
	sealer->body.len = len;
	return true;
}

enum err
sealer_seal(struct sealer *sealer, struct batch_header *header, struct span raw,
    struct buf *out)
{
	uint8_t printed[BATCH_HEADER_LEN], raw_key[32], key_id[SIGN_KEY_ID_LEN];
	struct sealed sealed;
	enum err err;

	if (raw.len > BATCH_RAW_MAX)
		return ERR_LIMIT;
	if (!sealer_compress(sealer, raw))
		return ERR_INVALID;
	header->body = digest_of(buf_span(&sealer->body));
	header->raw_size = (uint32_t)raw.len;
	batch_header_print(header, printed);

	sealed.header = span_make(printed, sizeof(printed));
	buf_reset(&sealer->signature);
	err = signer_public(sealer->signer, raw_key);
	if (err == ERR_OK)
		err = signer_sign(
		    sealer->signer, sealed.header, &sealer->signature);
	if (err != ERR_OK)
		return err;
	sign_key_id(raw_key, key_id);
	sealed.signature = buf_span(&sealer->signature);
	sealed.key_id = span_make(key_id, sizeof(key_id));
	sealed.body = buf_span(&sealer->body);
	pack_sealed(&sealed, out);
	return ERR_OK;
}

struct opener *
opener_new(struct keyring *keys)
{
	struct opener *opener = mem_new(sizeof(*opener));

	opener->keys = keys;
	opener->zstd = seal_must(ZSTD_createDCtx());
	return opener;
}

void
opener_free(struct opener *opener)
{
	if (opener == NULL)
		return;
	ZSTD_freeDCtx(opener->zstd);
	buf_release(&opener->raw);
	mem_free(opener);
}

static bool
header_is_sound(const struct batch_header *header)
{
	return header->first >= 1 && header->last >= header->first &&
	       header->last - header->first < BATCH_RECORDS_MAX &&
	       header->raw_size <= BATCH_RAW_MAX;
}

static enum err
check_signed(struct opener *opener, const struct sealed *sealed,
    struct batch_header *header, struct why *why)
{
	enum err err = keyring_check(opener->keys, sealed, header, why);

	if (err == ERR_OK && !header_is_sound(header))
		err = why_set(why, ERR_INVALID, "malformed batch header");
	return err;
}

enum err
opener_check(struct opener *opener, struct span bytes,
    struct batch_header *header, struct sealed *sealed, struct why *why)
{
	if (unpack_sealed(bytes, sealed) != ERR_OK)
		return why_set(why, ERR_INVALID, "malformed sealed batch");
	return check_signed(opener, sealed, header, why);
}

enum err
opener_check_head(struct opener *opener, struct span bytes,
    struct batch_header *header, struct why *why)
{
	struct sealed sealed;

	if (unpack_sealed_head(bytes, &sealed) != ERR_OK)
		return why_set(why, ERR_INVALID, "malformed sealed head");
	return check_signed(opener, &sealed, header, why);
}

/* Exactly header->raw_size bytes, or nothing. */
static bool
opener_decompress(
    struct opener *opener, const struct batch_header *header, struct span body)
{
	size_t len;

	if (header->raw_size > BATCH_RAW_MAX ||
	    body.len > ZSTD_compressBound(header->raw_size))
		return false;
	buf_reset(&opener->raw);
	len = ZSTD_decompressDCtx(opener->zstd,
	    buf_room(&opener->raw, header->raw_size), header->raw_size,
	    body.ptr, body.len);
	if (ZSTD_isError(len) || len != header->raw_size)
		return false;
	opener->raw.len = len;
	return true;
}

enum err
opener_open(struct opener *opener, const struct batch_header *header,
    const struct sealed *sealed, struct arena *arena, struct record **records,
    struct why *why)
{
	struct digest body = digest_of(sealed->body);
	size_t count;

	if (!header_is_sound(header))
		return why_set(why, ERR_INVALID, "malformed batch header");
	if (!digest_equal(&body, &header->body))
		return why_set(why, ERR_INVALID, "wrong digest of a batch");
	if (!opener_decompress(opener, header, sealed->body))
		return why_set(why, ERR_INVALID, "batch does not decompress");
	if (unpack_batch(buf_span(&opener->raw), arena, records, &count) !=
	    ERR_OK)
		return why_set(why, ERR_INVALID, "malformed record in a batch");
	if (count != header->last - header->first + 1)
		return why_set(why, ERR_INVALID,
		    "a batch of %zu records claims other positions", count);
	return ERR_OK;
}

struct span
opener_packed(const struct opener *opener)
{
	return buf_span(&opener->raw);
}
