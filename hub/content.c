/*
 * content: what a spool holds, as the department wrote it.
 */
#include "hub/content.h"

#include "base/mem.h"

#define PIECE (256 << 10)

struct content {
	struct spool *spool;
	const atomic_bool *stop;
	struct inflate *inflate;
	uint64_t offset;
	struct buf raw;
	struct span rest; /* of raw, not decoded yet */
	bool ended;
};

struct content *
content_open(const struct content_source *source)
{
	struct content *content = mem_new(sizeof(*content));

	content->spool = source->spool;
	content->stop = source->stop;
	content->inflate = inflate_new(source->coding, &source->limits);
	return content;
}

void
content_close(struct content *content)
{
	if (content == NULL)
		return;
	inflate_free(content->inflate);
	buf_release(&content->raw);
	mem_free(content);
}

static enum err
refill(struct content *content, struct why *why)
{
	size_t len = 0;
	enum err err;

	buf_reset(&content->raw);
	err = spool_read(
	    content->spool, content->offset, &content->raw, PIECE, &len);
	if (err != ERR_OK)
		return why_set(why, err, "the upload cannot be read");
	content->offset += len;
	content->rest = buf_span(&content->raw);
	content->ended = len == 0;
	return ERR_OK;
}

enum err
content_read(struct content *content, struct buf *piece, struct why *why)
{
	enum err err = ERR_OK;

	buf_reset(piece);
	if (content->stop != NULL && atomic_load(content->stop))
		return why_set(why, ERR_CLOSED, "the hub is stopping");
	while (err == ERR_OK && piece->len == 0) {
		err = inflate_step(content->inflate, &content->rest, piece);
		if (err == ERR_LIMIT)
			return why_set(why, err, "it decodes to too much");
		if (err != ERR_OK)
			return why_set(why, err, "its coding is broken");
		if (piece->len > 0 || content->rest.len > 0)
			continue;
		if (content->ended)
			break;
		err = refill(content, why);
	}
	if (err == ERR_OK && piece->len == 0 &&
	    !inflate_is_whole(content->inflate))
		return why_set(why, ERR_INVALID, "its coding is cut off");
	return err;
}

enum err
content_measure(const struct content_source *source, struct digest *digest,
    uint64_t *size, struct why *why)
{
	struct content *content = content_open(source);
	struct digest_stream *stream = digest_stream_new();
	struct buf piece = {0};
	enum err err;

	*size = 0;
	do {
		err = content_read(content, &piece, why);
		if (err != ERR_OK)
			break;
		digest_stream_add(stream, buf_span(&piece));
		*size += piece.len;
	} while (piece.len > 0);
	if (err == ERR_OK)
		*digest = digest_stream_end(stream);
	digest_stream_free(stream);
	content_close(content);
	buf_release(&piece);
	return err;
}
