/*
 * image: the file of an image, read piece by piece.
 */
#include "wire/image.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "wire/image_inner.h"

/* Longer than any packed Sealed without its body. */
#define HEAD_MAX 1024

struct image {
	int fd;
	struct image_head head;
	struct span sealed;  /* in `end` */
	struct buf end;      /* everything behind the last chunk */
	struct buf piece;    /* an entry, a body */
	struct arena *arena; /* for one entry */
};

static uint64_t
read_number(const char *bytes, size_t len)
{
	uint64_t number = 0;

	for (size_t i = 0; i < len; i++)
		number = number << 8 | (uint8_t)bytes[i];
	return number;
}

/* Chunk `number` begins there; that behind the last is where they end. */
static uint64_t
offset_of(const struct image *image, uint64_t number)
{
	return read_number(image->end.data + 8 * number, 8);
}

/* Exactly so many bytes, appended. */
static bool
read_at(const struct image *image, uint64_t at, size_t len, struct buf *out)
{
	char *room = buf_room(out, len);
	size_t had = 0;

	while (had < len) {
		ssize_t got =
		    pread(image->fd, room + had, len - had, (off_t)(at + had));

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		had += (size_t)got;
	}
	out->len += len;
	return true;
}

/* Behind the magic: stream, position, records, chunks, length of the head. */
static bool
read_facts(struct image *image, uint64_t size, size_t *end_len)
{
	struct buf tail = {0};
	const char *at;
	size_t sealed_len = 0;
	bool fine;

	fine = size >= IMAGE_TAIL_LEN &&
	       read_at(image, size - IMAGE_TAIL_LEN, IMAGE_TAIL_LEN, &tail) &&
	       memcmp(tail.data, IMAGE_MAGIC, 4) == 0;
	if (fine) {
		at = tail.data + 4;
		memcpy(image->head.stream, at, STREAM_LEN);
		at += STREAM_LEN;
		image->head.position = read_number(at, 8);
		image->head.records = read_number(at + 8, 8);
		image->head.chunks = (uint32_t)read_number(at + 16, 4);
		sealed_len = (size_t)read_number(at + 20, 4);
	}
	buf_release(&tail);
	if (!fine || image->head.chunks > IMAGE_CHUNKS_MAX ||
	    sealed_len > HEAD_MAX)
		return false;
	*end_len =
	    8 * ((size_t)image->head.chunks + 1) + sealed_len + IMAGE_TAIL_LEN;
	return *end_len <= size;
}

/* The end of the file, whole: its digest, and where the chunks lie. */
static bool
read_end(struct image *image, uint64_t size)
{
	size_t len, table = 8;
	struct digest digest;

	if (!read_facts(image, size, &len) ||
	    !read_at(image, size - len, len, &image->end))
		return false;
	digest = digest_of(span_make(image->end.data, len - DIGEST_LEN));
	if (memcmp(digest.bytes, image->end.data + len - DIGEST_LEN,
		DIGEST_LEN) != 0)
		return false;
	table += 8 * (size_t)image->head.chunks;
	image->sealed =
	    span_make(image->end.data + table, len - table - IMAGE_TAIL_LEN);
	for (uint32_t i = 0; i < image->head.chunks; i++) {
		if (offset_of(image, i + 1) < offset_of(image, i) + 4)
			return false;
	}
	return offset_of(image, image->head.chunks) == size - len;
}

/* The packed entry of a chunk, appended to `out`. */
static bool
read_entry(struct image *image, uint32_t number, struct buf *out)
{
	uint64_t at = offset_of(image, number);
	uint64_t room = offset_of(image, (uint64_t)number + 1) - at - 4;
	size_t len;

	buf_reset(&image->piece);
	if (!read_at(image, at, 4, &image->piece))
		return false;
	len = (size_t)read_number(image->piece.data, 4);
	return len <= IMAGE_ENTRY_MAX && len <= room &&
	       read_at(image, at + 4, len, out);
}

/* Do the sums of the chunks add up to what the hub signed? */
static bool
sums_add_up(struct image *image)
{
	struct batch_header header;
	struct setsum all = {{0}};
	struct image_entry entry;
	struct digest state;
	struct buf packed = {0};
	bool fine = image_read_head(image->sealed, &header) == ERR_OK;

	for (uint32_t i = 0; i < image->head.chunks && fine; i++) {
		buf_reset(&packed);
		arena_reset(image->arena);
		fine = read_entry(image, i, &packed) &&
		       unpack_image_entry(
			   buf_span(&packed), image->arena, &entry) == ERR_OK;
		if (fine)
			setsum_join(&all, &entry.sum);
	}
	buf_release(&packed);
	state = setsum_digest(&all);
	return fine && digest_equal(&state, &header.state) &&
	       header.last == image->head.position &&
	       strcmp(header.stream, image->head.stream) == 0;
}

struct image *
image_open(const char *path, struct why *why)
{
	struct image *image = mem_new(sizeof(*image));
	struct stat info;

	image->arena = arena_new();
	image->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (image->fd < 0 || fstat(image->fd, &info) != 0) {
		(void)why_set(
		    why, ERR_IO, "cannot open %s: %s", path, strerror(errno));
	} else if (!read_end(image, (uint64_t)info.st_size) ||
		   !sums_add_up(image)) {
		(void)why_set(why, ERR_INVALID, "%s is damaged", path);
	} else {
		return image;
	}
	image_close(image);
	return NULL;
}

void
image_close(struct image *image)
{
	if (image == NULL)
		return;
	if (image->fd >= 0)
		close(image->fd);
	arena_free(image->arena);
	buf_release(&image->end);
	buf_release(&image->piece);
	mem_free(image);
}

const struct image_head *
image_head(const struct image *image)
{
	return &image->head;
}

enum err
image_pack_page(
    struct image *image, uint32_t page, struct buf *out, struct why *why)
{
	struct image_page head = {
	    .head = image->head, .sealed = image->sealed, .page = page};
	uint64_t at = (uint64_t)page * IMAGE_PAGE;
	uint64_t end = at + IMAGE_PAGE;
	struct buf entry = {0};
	size_t before = out->len;
	bool fine = true;

	if (page > 0 && at >= image->head.chunks)
		return why_set(why, ERR_MISSING, "an image has no such page");
	if (end > image->head.chunks)
		end = image->head.chunks;
	pack_image_page(&head, out);
	for (; at < end && fine; at++) {
		buf_reset(&entry);
		fine = read_entry(image, (uint32_t)at, &entry);
		if (fine)
			pack_image_framed(buf_span(&entry), out);
	}
	buf_release(&entry);
	if (fine)
		return ERR_OK;
	out->len = before;
	return why_set(why, ERR_IO, "an image cannot be read");
}

enum err
image_pack_chunk(
    struct image *image, uint32_t number, struct buf *out, struct why *why)
{
	struct image_chunk chunk = {
	    .position = image->head.position, .number = number};
	struct buf entry = {0};
	uint64_t at, end;
	bool fine;

	if (number >= image->head.chunks)
		return why_set(why, ERR_MISSING, "an image has no such chunk");
	memcpy(chunk.stream, image->head.stream, sizeof(chunk.stream));
	end = offset_of(image, (uint64_t)number + 1);
	fine = read_entry(image, number, &entry);
	at = offset_of(image, number) + 4 + entry.len;
	buf_release(&entry);
	buf_reset(&image->piece);
	fine = fine && end - at <= IMAGE_BODY_MAX &&
	       read_at(image, at, (size_t)(end - at), &image->piece);
	if (!fine)
		return why_set(why, ERR_IO, "an image cannot be read");
	chunk.body = buf_span(&image->piece);
	pack_image_chunk(&chunk, out);
	return ERR_OK;
}
