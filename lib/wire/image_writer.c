/*
 * image_writer: records in ascending order become a file of chunks.
 *
 * Memory is one chunk and eight bytes for each that was written.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "wire/image_inner.h"
#include "wire/seal.h"

struct image_writer {
	char *path, *beside;
	char stream[STREAM_LEN + 1];
	int fd;
	bool failed;
	struct buf raw;     /* of the open chunk: a packed Batch */
	struct buf first;   /* its first key */
	struct setsum sum;  /* its sum … */
	struct setsum all;  /* … and that of the chunks before */
	uint32_t records;   /* of the open chunk … */
	uint64_t total;     /* … and of those before */
	uint32_t chunks;    /* before it */
	uint64_t at;        /* bytes written */
	struct buf key;     /* newest */
	struct buf packed;  /* one record */
	struct buf body;    /* of one chunk, compressed */
	struct buf offsets; /* u64 each */
};

struct image_writer *
image_writer_begin(const char *path, const char *stream, struct why *why)
{
	struct image_writer *writer = mem_new(sizeof(*writer));

	buf_print(&writer->packed, "%s%s", path, IMAGE_BESIDE);
	writer->path = mem_text(path);
	writer->beside = mem_text(buf_cstr(&writer->packed));
	memcpy(writer->stream, stream, STREAM_LEN);
	writer->fd = open(
	    writer->beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (writer->fd >= 0)
		return writer;
	(void)why_set(why, ERR_IO, "cannot create %s: %s", writer->beside,
	    strerror(errno));
	image_writer_free(writer);
	return NULL;
}

void
image_writer_free(struct image_writer *writer)
{
	if (writer == NULL)
		return;
	if (writer->fd >= 0) {
		close(writer->fd);
		unlink(writer->beside);
	}
	mem_free(writer->path);
	mem_free(writer->beside);
	buf_release(&writer->raw);
	buf_release(&writer->first);
	buf_release(&writer->key);
	buf_release(&writer->packed);
	buf_release(&writer->body);
	buf_release(&writer->offsets);
	mem_free(writer);
}

static enum err
fail(struct image_writer *writer, enum err err, struct why *why,
    const char *words)
{
	writer->failed = true;
	return why_set(why, err, "image of %s: %s", writer->stream, words);
}

static enum err
put(struct image_writer *writer, struct span bytes, struct why *why)
{
	if (file_write_all(writer->fd, bytes) != ERR_OK)
		return fail(writer, ERR_IO, why, strerror(errno));
	writer->at += bytes.len;
	return ERR_OK;
}

/* Length and packed entry, then the body. */
static enum err
put_chunk(struct image_writer *writer, struct why *why)
{
	struct image_entry entry = {.first_key = buf_span(&writer->first),
	    .sum = writer->sum,
	    .records = writer->records,
	    .size = (uint32_t)writer->body.len};
	struct buf packed = {0}, lead = {0};
	enum err err;

	pack_image_entry(&entry, &packed);
	buf_counted(&lead, buf_span(&packed));
	buf_u64(&writer->offsets, writer->at);
	err = put(writer, buf_span(&lead), why);
	if (err == ERR_OK)
		err = put(writer, buf_span(&writer->body), why);
	buf_release(&packed);
	buf_release(&lead);
	return err;
}

static enum err
close_chunk(struct image_writer *writer, struct why *why)
{
	enum err err;

	if (writer->records == 0)
		return ERR_OK;
	if (writer->chunks == IMAGE_CHUNKS_MAX)
		return fail(writer, ERR_LIMIT, why, "too many chunks");
	buf_reset(&writer->body);
	err = seal_compress(buf_span(&writer->raw), &writer->body);
	if (err != ERR_OK)
		return fail(writer, err, why, "a record is too large");
	err = put_chunk(writer, why);
	setsum_join(&writer->all, &writer->sum);
	writer->total += writer->records;
	writer->chunks++;
	writer->records = 0;
	writer->sum = (struct setsum){{0}};
	buf_reset(&writer->raw);
	return err;
}

/* Is this key behind the newest one?  Then it is the newest. */
static bool
key_follows(struct image_writer *writer, const struct record *record)
{
	struct buf key = {0};
	bool follows;

	image_key(record, &key);
	follows = record->item <= UINT16_MAX && key.len <= IMAGE_KEY_MAX &&
		  image_key_is_before(buf_span(&writer->key), buf_span(&key));
	buf_reset(&writer->key);
	buf_add(&writer->key, key.data, key.len);
	buf_release(&key);
	return follows;
}

enum err
image_writer_add(
    struct image_writer *writer, const struct record *record, struct why *why)
{
	struct digest content = record_content_digest(record);

	return image_writer_put(writer, record, &content, why);
}

enum err
image_writer_put(struct image_writer *writer, const struct record *record,
    const struct digest *content, struct why *why)
{
	struct digest element;
	enum err err = ERR_OK;

	if (writer->failed)
		return fail(writer, ERR_INVALID, why, "it has failed already");
	if (!key_follows(writer, record))
		return fail(writer, ERR_INVALID, why, "keys do not ascend");
	buf_reset(&writer->packed);
	pack_record(record, &writer->packed);
	if (writer->records == IMAGE_CHUNK_RECORDS ||
	    writer->raw.len + writer->packed.len > IMAGE_CHUNK_RAW)
		err = close_chunk(writer, why);
	if (err != ERR_OK)
		return err;
	if (writer->records++ == 0) {
		buf_reset(&writer->first);
		buf_add(&writer->first, writer->key.data, writer->key.len);
	}
	element =
	    record_element_digest(content, record->version, record->as_of_us);
	setsum_add(&writer->sum, &element);
	pack_batch_record(buf_span(&writer->packed), &writer->raw);
	return ERR_OK;
}

/* Everything behind the last chunk. */
static void
print_tail(const struct image_writer *writer, uint64_t position,
    struct span sealed_head, struct buf *out)
{
	struct digest digest;

	buf_add(out, writer->offsets.data, writer->offsets.len);
	buf_u64(out, writer->at);
	buf_add(out, sealed_head.ptr, sealed_head.len);
	buf_text(out, IMAGE_MAGIC);
	buf_text(out, writer->stream);
	buf_u64(out, position);
	buf_u64(out, writer->total);
	buf_u32(out, writer->chunks);
	buf_u32(out, (uint32_t)sealed_head.len);
	digest = digest_of(buf_span(out));
	buf_add(out, digest.bytes, sizeof(digest.bytes));
}

/* Whether its body came along or not. */
static enum err
read_sealed(struct span bytes, struct batch_header *header, struct buf *head)
{
	struct sealed sealed;

	if (unpack_sealed(bytes, &sealed) != ERR_OK &&
	    unpack_sealed_head(bytes, &sealed) != ERR_OK)
		return ERR_INVALID;
	pack_sealed_head(&sealed, head);
	return batch_header_parse(sealed.header, header);
}

static enum err
write_tail(struct image_writer *writer, uint64_t position,
    struct span sealed_head, struct why *why)
{
	struct buf tail = {0};
	enum err err;
	int fd;

	print_tail(writer, position, sealed_head, &tail);
	err = put(writer, buf_span(&tail), why);
	buf_release(&tail);
	if (err != ERR_OK)
		return err;
	if (fsync(writer->fd) != 0)
		return fail(writer, ERR_IO, why, strerror(errno));
	fd = writer->fd;
	writer->fd = -1;
	close(fd);
	return file_rename(writer->beside, writer->path, why);
}

enum err
image_writer_end(
    struct image_writer *writer, struct span sealed, struct why *why)
{
	struct batch_header header;
	struct digest state;
	struct buf head = {0};
	enum err err;

	if (writer->failed)
		return fail(writer, ERR_INVALID, why, "it has failed already");
	err = close_chunk(writer, why);
	if (err != ERR_OK)
		return err;
	state = setsum_digest(&writer->all);
	if (read_sealed(sealed, &header, &head) != ERR_OK ||
	    strcmp(header.stream, writer->stream) != 0)
		err = fail(writer, ERR_INVALID, why, "not its batch");
	else if (!digest_equal(&state, &header.state))
		err = fail(writer, ERR_CONFLICT, why,
		    "records do not add up to the signed state");
	else
		err = write_tail(writer, header.last, buf_span(&head), why);
	buf_release(&head);
	return err;
}
