/*
 * inflate: gzip and zstd bodies, unpacked in small steps under a limit.
 */
#include "wire/inflate.h"

#include <stdlib.h>
#include <strings.h>

#define ZLIB_CONST
#include <zlib.h>
#include <zstd.h>

#include "base/mem.h"

/* Below this no ratio is suspicious: a header and many equal rows. */
#define RATIO_FROM ((uint64_t)16 << 20)
/* 8 MiB, what RFC 8878 asks every decoder to have; memory stays flat. */
#define WINDOW_LOG 23
#define GZIP_WINDOW (15 + 16)
#define ZSTD_LEVEL 3
#define GZIP_LEVEL 6

struct inflate {
	enum inflate_kind kind;
	struct inflate_limits limits;
	uint64_t in, out;
	bool whole; /* between members, frames */
	z_stream zlib;
	ZSTD_DCtx *zstd;
};

struct deflate {
	enum inflate_kind kind;
	z_stream zlib;
	ZSTD_CCtx *zstd;
};

bool
inflate_kind_parse(const char *name, enum inflate_kind *kind)
{
	*kind = INFLATE_NONE;
	if (name == NULL || *name == '\0' || strcasecmp(name, "identity") == 0)
		return true;
	*kind = INFLATE_GZIP;
	if (strcasecmp(name, "gzip") == 0 || strcasecmp(name, "x-gzip") == 0)
		return true;
	*kind = INFLATE_ZSTD;
	return strcasecmp(name, "zstd") == 0;
}

/* Libraries fail here for want of memory only. */
static void
must(bool fine)
{
	if (!fine)
		abort();
}

struct inflate *
inflate_new(enum inflate_kind kind, const struct inflate_limits *limits)
{
	struct inflate *one = mem_new(sizeof(*one));

	one->kind = kind;
	one->limits = *limits;
	one->whole = kind == INFLATE_NONE;
	if (kind == INFLATE_GZIP)
		must(inflateInit2(&one->zlib, GZIP_WINDOW) == Z_OK);
	if (kind == INFLATE_ZSTD) {
		one->zstd = ZSTD_createDCtx();
		must(one->zstd != NULL);
		must(!ZSTD_isError(ZSTD_DCtx_setParameter(
		    one->zstd, ZSTD_d_windowLogMax, WINDOW_LOG)));
	}
	return one;
}

void
inflate_free(struct inflate *one)
{
	if (one == NULL)
		return;
	if (one->kind == INFLATE_GZIP)
		(void)inflateEnd(&one->zlib);
	ZSTD_freeDCtx(one->zstd);
	mem_free(one);
}

static void
advance(struct span *in, size_t len)
{
	if (len == 0)
		return; /* an empty span may have no address */
	/* At the end of the content there is no pointer to advance. */
	if (len > 0)
		in->ptr += len;
	in->len -= len;
}

static enum err
step_none(struct span *in, struct buf *out)
{
	size_t len = in->len < INFLATE_STEP ? in->len : INFLATE_STEP;

	buf_add(out, in->ptr, len);
	advance(in, len);
	return ERR_OK;
}

/* A gzip file may have several members, one behind the other (RFC 1952). */
static enum err
step_gzip(struct inflate *one, struct span *in, struct buf *out)
{
	size_t given = in->len < INFLATE_STEP ? in->len : INFLATE_STEP;
	z_stream *zlib = &one->zlib;
	int result;

	if (one->whole && in->len == 0)
		return ERR_OK;
	if (one->whole)
		(void)inflateReset(zlib);
	one->whole = false;
	zlib->next_in = (const Bytef *)in->ptr;
	zlib->avail_in = (uInt)given;
	zlib->next_out = (Bytef *)buf_room(out, INFLATE_STEP);
	zlib->avail_out = INFLATE_STEP;
	result = inflate(zlib, Z_NO_FLUSH);
	out->len += INFLATE_STEP - zlib->avail_out;
	advance(in, given - zlib->avail_in);
	one->whole = result == Z_STREAM_END;
	if (result == Z_OK || result == Z_STREAM_END || result == Z_BUF_ERROR)
		return ERR_OK;
	must(result != Z_MEM_ERROR);
	return ERR_INVALID;
}

static enum err
step_zstd(struct inflate *one, struct span *in, struct buf *out)
{
	ZSTD_inBuffer from = {in->ptr, in->len, 0};
	ZSTD_outBuffer into = {buf_room(out, INFLATE_STEP), INFLATE_STEP, 0};
	size_t left;

	if (one->whole && in->len == 0)
		return ERR_OK;
	left = ZSTD_decompressStream(one->zstd, &into, &from);
	if (ZSTD_isError(left))
		return ERR_INVALID;
	out->len += into.pos;
	advance(in, from.pos);
	one->whole = left == 0;
	return ERR_OK;
}

static enum err
check_limits(const struct inflate *one)
{
	const struct inflate_limits *limits = &one->limits;

	if (limits->size > 0 && one->out > limits->size)
		return ERR_LIMIT;
	if (limits->ratio > 0 && one->kind != INFLATE_NONE &&
	    one->out > RATIO_FROM && one->out / limits->ratio > one->in)
		return ERR_LIMIT;
	return ERR_OK;
}

enum err
inflate_step(struct inflate *one, struct span *in, struct buf *out)
{
	size_t given = in->len, had = out->len;
	enum err err;

	if (one->kind == INFLATE_GZIP)
		err = step_gzip(one, in, out);
	else if (one->kind == INFLATE_ZSTD)
		err = step_zstd(one, in, out);
	else
		err = step_none(in, out);
	one->in += given - in->len;
	one->out += out->len - had;
	return err != ERR_OK ? err : check_limits(one);
}

bool
inflate_is_whole(const struct inflate *one)
{
	return one->whole;
}

struct deflate *
deflate_new(enum inflate_kind kind)
{
	struct deflate *one = mem_new(sizeof(*one));

	one->kind = kind;
	if (kind == INFLATE_GZIP)
		must(deflateInit2(&one->zlib, GZIP_LEVEL, Z_DEFLATED,
			 GZIP_WINDOW, 8, Z_DEFAULT_STRATEGY) == Z_OK);
	if (kind == INFLATE_ZSTD) {
		one->zstd = ZSTD_createCCtx();
		must(one->zstd != NULL);
		must(!ZSTD_isError(ZSTD_CCtx_setParameter(
		    one->zstd, ZSTD_c_compressionLevel, ZSTD_LEVEL)));
		must(!ZSTD_isError(
		    ZSTD_CCtx_setParameter(one->zstd, ZSTD_c_checksumFlag, 1)));
	}
	return one;
}

void
deflate_free(struct deflate *one)
{
	if (one == NULL)
		return;
	if (one->kind == INFLATE_GZIP)
		(void)deflateEnd(&one->zlib);
	ZSTD_freeCCtx(one->zstd);
	mem_free(one);
}

static enum err
feed_gzip(struct deflate *one, struct span bytes, bool last, struct buf *out)
{
	z_stream *zlib = &one->zlib;
	int result;

	if (bytes.len > UINT32_MAX)
		return ERR_LIMIT;
	zlib->next_in = (const Bytef *)bytes.ptr;
	zlib->avail_in = (uInt)bytes.len;
	do {
		zlib->next_out = (Bytef *)buf_room(out, INFLATE_STEP);
		zlib->avail_out = INFLATE_STEP;
		result = deflate(zlib, last ? Z_FINISH : Z_NO_FLUSH);
		if (result == Z_STREAM_ERROR)
			return ERR_INVALID;
		out->len += INFLATE_STEP - zlib->avail_out;
	} while (zlib->avail_out == 0);
	return ERR_OK;
}

static enum err
feed_zstd(struct deflate *one, struct span bytes, bool last, struct buf *out)
{
	ZSTD_inBuffer from = {bytes.ptr, bytes.len, 0};
	size_t left;

	do {
		ZSTD_outBuffer into = {
		    buf_room(out, INFLATE_STEP), INFLATE_STEP, 0};

		left = ZSTD_compressStream2(one->zstd, &into, &from,
		    last ? ZSTD_e_end : ZSTD_e_continue);
		if (ZSTD_isError(left))
			return ERR_INVALID;
		out->len += into.pos;
	} while (from.pos < from.size || (last && left > 0));
	return ERR_OK;
}

enum err
deflate_feed(struct deflate *one, struct span bytes, bool last, struct buf *out)
{
	if (one->kind == INFLATE_GZIP)
		return feed_gzip(one, bytes, last, out);
	if (one->kind == INFLATE_ZSTD)
		return feed_zstd(one, bytes, last, out);
	buf_add(out, bytes.ptr, bytes.len);
	return ERR_OK;
}
