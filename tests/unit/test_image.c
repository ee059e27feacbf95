/*
 * image: what was written is read back, piece by piece, and nothing that was
 * touched is taken.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "wire/image.h"
#include "wire/image_inner.h"
#include "wire/seal.h"

#define MANY 5000 /* more than IMAGE_CHUNK_RECORDS */

struct fixture {
	char folder[64], path[128];
	struct signer *signer;
	struct sealer *sealer;
	struct arena *arena;
	struct buf sealed;
	struct why why;
};

static int
setup(void **state)
{
	struct fixture *fixture = mem_new(sizeof(*fixture));

	strcpy(fixture->folder, "/tmp/rx-image-XXXXXX");
	assert_non_null(mkdtemp(fixture->folder));
	file_path(fixture->path, sizeof(fixture->path), fixture->folder,
	    "4401-7.image");
	fixture->signer = signer_new();
	fixture->sealer = sealer_new(fixture->signer);
	fixture->arena = arena_new();
	*state = fixture;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *fixture = *state;

	unlink(fixture->path);
	assert_int_equal(rmdir(fixture->folder), 0);
	buf_release(&fixture->sealed);
	arena_free(fixture->arena);
	sealer_free(fixture->sealer);
	signer_free(fixture->signer);
	mem_free(fixture);
	return 0;
}

/* Number `i` of a sorted set. */
static struct record
make_record(struct fixture *fixture, unsigned i)
{
	struct record_field *field = arena_take(fixture->arena, sizeof(*field));
	char text[32];

	snprintf(text, sizeof(text), "value of %u", i);
	*field = (struct record_field){
	    1, span_of(arena_text(fixture->arena, text, strlen(text)))};
	snprintf(text, sizeof(text), "91440101MA%08u", i / 3);
	return (struct record){.item = 1 + i % 3,
	    .subject = span_of(arena_text(fixture->arena, text, strlen(text))),
	    .key = span_of("k"),
	    .version = i + 1,
	    .state = RECORD_CURRENT,
	    .provider = span_of("11440000MB2D0000XX"),
	    .as_of_us = 1700000000000000 + i,
	    .fields = field,
	    .field_count = 1};
}

static void
sum_up(struct setsum *sum, const struct record *record)
{
	struct digest content = record_content_digest(record);
	struct digest element =
	    record_element_digest(&content, record->version, record->as_of_us);

	setsum_add(sum, &element);
}

/* A batch at whose position the stream has this sum. */
static void
seal_sum(struct fixture *fixture, const struct setsum *sum)
{
	struct batch_header header = {.stream = "4401",
	    .first = 7,
	    .last = 7,
	    .state = setsum_digest(sum)};
	struct record record = make_record(fixture, 0);
	struct buf packed = {0}, raw = {0};

	pack_record(&record, &packed);
	pack_batch_record(buf_span(&packed), &raw);
	buf_reset(&fixture->sealed);
	assert_int_equal(sealer_seal(fixture->sealer, &header, buf_span(&raw),
			     &fixture->sealed),
	    ERR_OK);
	buf_release(&packed);
	buf_release(&raw);
}

/* The stream has the first `count` records. */
static void
seal(struct fixture *fixture, unsigned count)
{
	struct setsum sum = {{0}};

	for (unsigned i = 0; i < count; i++) {
		struct record record = make_record(fixture, i);

		sum_up(&sum, &record);
	}
	seal_sum(fixture, &sum);
}

/* Write the first `count` records; the batch was sealed before. */
static enum err
write_image(struct fixture *fixture, unsigned count)
{
	struct image_writer *writer =
	    image_writer_begin(fixture->path, "4401", &fixture->why);
	enum err err = ERR_OK;

	assert_non_null(writer);
	for (unsigned i = 0; i < count && err == ERR_OK; i++) {
		struct record record = make_record(fixture, i);

		err = image_writer_add(writer, &record, &fixture->why);
	}
	if (err == ERR_OK)
		err = image_writer_end(
		    writer, buf_span(&fixture->sealed), &fixture->why);
	image_writer_free(writer);
	return err;
}

/* A written and opened image of so many records, with its first page. */
static struct image *
open_image(struct fixture *fixture, unsigned count, struct image_page *page)
{
	struct buf packed = {0};
	struct image *image;

	seal(fixture, count);
	assert_int_equal(write_image(fixture, count), ERR_OK);
	image = image_open(fixture->path, &fixture->why);
	assert_non_null(image);
	assert_int_equal(
	    image_pack_page(image, 0, &packed, &fixture->why), ERR_OK);
	assert_int_equal(
	    image_unpack_page(buf_span(&packed), fixture->arena, page), ERR_OK);
	buf_release(&packed);
	return image;
}

static struct image_chunk
take_chunk(struct fixture *fixture, struct image *image, uint32_t number)
{
	struct image_chunk chunk;
	struct buf packed = {0};

	assert_int_equal(
	    image_pack_chunk(image, number, &packed, &fixture->why), ERR_OK);
	assert_int_equal(
	    image_unpack_chunk(buf_span(&packed), fixture->arena, &chunk),
	    ERR_OK);
	buf_release(&packed);
	return chunk;
}

static struct image_bounds
bounds_of(const struct image_page *page, size_t number)
{
	struct image_bounds bounds = {.first = number == 0};

	if (number + 1 < page->entry_count)
		bounds.next_key = page->entries[number + 1].first_key;
	return bounds;
}

static void
records_come_back_in_order_from_their_chunks(void **state)
{
	struct fixture *fixture = *state;
	struct image_page page;
	struct image *image = open_image(fixture, MANY, &page);
	struct setsum all = {{0}};
	struct digest expected, found;
	struct batch_header header;
	struct record *records;
	uint64_t version = 1;

	assert_int_equal(page.head.position, 7);
	assert_string_equal(page.head.stream, "4401");
	assert_int_equal(page.head.records, MANY);
	assert_int_equal(page.entry_count, page.head.chunks);
	assert_true(page.entry_count >= 2);
	for (size_t i = 0; i < page.entry_count; i++) {
		struct image_chunk chunk =
		    take_chunk(fixture, image, (uint32_t)i);
		struct image_bounds bounds = bounds_of(&page, i);

		assert_int_equal(chunk.number, i);
		assert_int_equal(chunk.position, 7);
		assert_int_equal(image_open_chunk(chunk.body, &page.entries[i],
				     &bounds, fixture->arena, &records),
		    ERR_OK);
		for (uint32_t j = 0; j < page.entries[i].records; j++)
			assert_int_equal(records[j].version, version++);
		setsum_join(&all, &page.entries[i].sum);
	}

	assert_int_equal(version, MANY + 1);
	assert_int_equal(image_read_head(page.sealed, &header), ERR_OK);
	expected = header.state;
	found = setsum_digest(&all);
	assert_true(digest_equal(&found, &expected));
	image_close(image);
}

static void
the_head_of_the_batch_still_proves_who_signed_it(void **state)
{
	struct fixture *fixture = *state;
	struct image_page page;
	struct image *image = open_image(fixture, 3, &page);
	struct batch_header header;
	struct keyring *keys;
	struct opener *opener;
	uint8_t raw_key[32], *bytes;

	assert_int_equal(signer_public(fixture->signer, raw_key), ERR_OK);
	keys = keyring_of(raw_key);
	opener = opener_new(keys);

	assert_int_equal(
	    opener_check_head(opener, page.sealed, &header, &fixture->why),
	    ERR_OK);
	assert_int_equal(header.last, 7);
	bytes = mem_copy(page.sealed.ptr, page.sealed.len);
	bytes[2 + 100] ^= 1;
	assert_int_equal(
	    opener_check_head(opener, span_make(bytes, page.sealed.len),
		&header, &fixture->why),
	    ERR_INVALID);
	mem_free(bytes);
	opener_free(opener);
	keyring_free(keys);
	image_close(image);
}

static void
large_records_make_small_chunks(void **state)
{
	struct fixture *fixture = *state;
	static char wide[400 << 10];
	struct record_field field = {1, {wide, sizeof(wide)}};
	struct image_writer *writer;
	struct setsum sum = {{0}};
	struct record records[5];
	struct image *image;

	memset(wide, 'x', sizeof(wide));
	for (unsigned i = 0; i < 5; i++) {
		records[i] = make_record(fixture, i);
		records[i].fields = &field;
		sum_up(&sum, &records[i]);
	}
	writer = image_writer_begin(fixture->path, "4401", &fixture->why);
	for (unsigned i = 0; i < 5; i++)
		assert_int_equal(
		    image_writer_add(writer, &records[i], &fixture->why),
		    ERR_OK);
	seal_sum(fixture, &sum);
	assert_int_equal(
	    image_writer_end(writer, buf_span(&fixture->sealed), &fixture->why),
	    ERR_OK);
	image_writer_free(writer);
	image = image_open(fixture->path, &fixture->why);
	assert_non_null(image);

	assert_int_equal(image_head(image)->records, 5);
	assert_int_equal(image_head(image)->chunks, 3);
	image_close(image);
}

static void
an_image_of_nothing_has_one_empty_page(void **state)
{
	struct fixture *fixture = *state;
	struct image_page page;
	struct image *image = open_image(fixture, 0, &page);
	struct buf packed = {0};

	assert_int_equal(page.head.chunks, 0);
	assert_int_equal(page.head.records, 0);
	assert_int_equal(page.entry_count, 0);
	assert_int_equal(
	    image_pack_page(image, 1, &packed, &fixture->why), ERR_MISSING);
	assert_int_equal(
	    image_pack_chunk(image, 0, &packed, &fixture->why), ERR_MISSING);
	assert_int_equal(packed.len, 0);
	image_close(image);
}

static void
records_that_do_not_add_up_make_no_file(void **state)
{
	struct fixture *fixture = *state;

	seal(fixture, 10);

	assert_int_equal(write_image(fixture, 9), ERR_CONFLICT);
	assert_false(file_exists(fixture->path));
}

static void
a_head_without_its_body_will_do(void **state)
{
	struct fixture *fixture = *state;
	struct sealed sealed;
	struct buf head = {0};

	seal(fixture, 10);
	assert_int_equal(
	    unpack_sealed(buf_span(&fixture->sealed), &sealed), ERR_OK);
	pack_sealed_head(&sealed, &head);
	buf_reset(&fixture->sealed);
	buf_add(&fixture->sealed, head.data, head.len);
	buf_release(&head);

	assert_int_equal(write_image(fixture, 10), ERR_OK);
	assert_true(file_exists(fixture->path));
}

static void
another_streams_batch_is_refused(void **state)
{
	struct fixture *fixture = *state;
	struct image_writer *writer;

	seal(fixture, 0);
	writer = image_writer_begin(fixture->path, "4402", &fixture->why);

	assert_int_equal(
	    image_writer_end(writer, buf_span(&fixture->sealed), &fixture->why),
	    ERR_INVALID);
	image_writer_free(writer);
	assert_false(file_exists(fixture->path));
}

static void
keys_that_do_not_ascend_are_refused(void **state)
{
	struct fixture *fixture = *state;
	struct record records[] = {
	    make_record(fixture, 2), make_record(fixture, 2)};
	struct image_writer *writer =
	    image_writer_begin(fixture->path, "4401", &fixture->why);

	seal(fixture, 0);
	assert_int_equal(
	    image_writer_add(writer, &records[0], &fixture->why), ERR_OK);
	assert_int_equal(
	    image_writer_add(writer, &records[1], &fixture->why), ERR_INVALID);
	assert_int_equal(
	    image_writer_end(writer, buf_span(&fixture->sealed), &fixture->why),
	    ERR_INVALID);
	image_writer_free(writer);
}

static void
a_half_written_image_is_gone(void **state)
{
	struct fixture *fixture = *state;
	struct record record = make_record(fixture, 0);
	struct image_writer *writer =
	    image_writer_begin(fixture->path, "4401", &fixture->why);

	assert_int_equal(
	    image_writer_add(writer, &record, &fixture->why), ERR_OK);
	image_writer_free(writer); /* the folder is empty: teardown */
	image_writer_free(NULL);
	image_close(NULL);
}

/* Does the file still open with this byte changed? */
static bool
opens_with(struct fixture *fixture, size_t at, uint8_t flip)
{
	struct buf bytes = {0};
	struct image *image;

	assert_int_equal(
	    file_read(fixture->path, 1 << 20, &bytes, &fixture->why), ERR_OK);
	bytes.data[at] = (char)(bytes.data[at] ^ flip);
	assert_int_equal(
	    file_replace(fixture->path, buf_span(&bytes), 0600, &fixture->why),
	    ERR_OK);
	image = image_open(fixture->path, &fixture->why);
	image_close(image);
	bytes.data[at] = (char)(bytes.data[at] ^ flip);
	assert_int_equal(
	    file_replace(fixture->path, buf_span(&bytes), 0600, &fixture->why),
	    ERR_OK);
	buf_release(&bytes);
	return image != NULL;
}

static void
a_file_with_a_damaged_index_does_not_open(void **state)
{
	struct fixture *fixture = *state;
	struct image_page page;
	struct image *image = open_image(fixture, 20, &page);
	struct stat info;
	size_t size, end;

	image_close(image);
	assert_int_equal(stat(fixture->path, &info), 0);
	size = (size_t)info.st_size;
	end = size - IMAGE_TAIL_LEN - page.sealed.len - 16;

	for (size_t at = end; at < size; at++)
		assert_false(opens_with(fixture, at, 0x10));
	assert_false(opens_with(fixture, 100, 0x10)); /* a sum */
}

static void
a_cut_file_does_not_open(void **state)
{
	struct fixture *fixture = *state;
	struct image_page page;
	struct stat info;

	image_close(open_image(fixture, 20, &page));
	assert_int_equal(stat(fixture->path, &info), 0);
	for (off_t len = info.st_size - 1; len >= 0; len -= 13) {
		assert_int_equal(truncate(fixture->path, len), 0);
		assert_null(image_open(fixture->path, &fixture->why));
	}
}

/* What becomes of a chunk of three records when they are these. */
static enum err
open_forged(struct fixture *fixture, const struct record *forged, size_t count,
    const struct image_entry *entry, const struct image_bounds *bounds)
{
	struct buf packed = {0}, raw = {0}, body = {0};
	struct image_entry other = *entry;
	struct record *records;
	enum err err;

	for (size_t i = 0; i < count; i++) {
		buf_reset(&packed);
		pack_record(&forged[i], &packed);
		pack_batch_record(buf_span(&packed), &raw);
	}
	assert_int_equal(seal_compress(buf_span(&raw), &body), ERR_OK);
	other.size = (uint32_t)body.len;
	err = image_open_chunk(
	    buf_span(&body), &other, bounds, fixture->arena, &records);
	buf_release(&packed);
	buf_release(&raw);
	buf_release(&body);
	return err;
}

static void
a_chunk_is_what_its_entry_says(void **state)
{
	struct fixture *fixture = *state;
	struct image_page page;
	struct image *image = open_image(fixture, 3, &page);
	const struct image_entry *entry = &page.entries[0];
	struct record good[] = {make_record(fixture, 0),
	    make_record(fixture, 1), make_record(fixture, 2)};
	struct image_bounds whole = {.first = true}, cut = {.first = false};
	struct record swapped[] = {good[1], good[0], good[2]};
	struct record altered[] = {good[0], good[1], good[2]};
	struct image_entry late = *entry;
	struct buf key = {0};

	assert_int_equal(open_forged(fixture, good, 3, entry, &whole), ERR_OK);
	assert_int_equal(open_forged(fixture, good, 3, entry, &cut), ERR_OK);
	assert_int_equal(
	    open_forged(fixture, good, 2, entry, &whole), ERR_INVALID);
	assert_int_equal(
	    open_forged(fixture, swapped, 3, entry, &whole), ERR_INVALID);
	altered[1].as_of_us++;
	assert_int_equal(
	    open_forged(fixture, altered, 3, entry, &whole), ERR_INVALID);

	/* The last record's own key is where the next chunk begins … */
	image_key(&good[2], &key);
	whole.next_key = buf_span(&key);
	assert_int_equal(
	    open_forged(fixture, good, 3, entry, &whole), ERR_INVALID);
	/* … and this chunk begins behind its first record. */
	late.first_key = buf_span(&key);
	assert_int_equal(
	    open_forged(fixture, good, 3, &late, &cut), ERR_INVALID);
	buf_release(&key);
	image_close(image);
}

static void
a_body_of_another_size_is_refused(void **state)
{
	struct fixture *fixture = *state;
	struct image_page page;
	struct image *image = open_image(fixture, 3, &page);
	struct image_chunk chunk = take_chunk(fixture, image, 0);
	struct image_bounds bounds = bounds_of(&page, 0);
	struct buf longer = {0};
	struct record *records;

	buf_add(&longer, chunk.body.ptr, chunk.body.len);
	buf_add(&longer, chunk.body.ptr, chunk.body.len);
	assert_int_equal(image_open_chunk(buf_span(&longer), &page.entries[0],
			     &bounds, fixture->arena, &records),
	    ERR_INVALID);
	longer.len = chunk.body.len - 1;
	assert_int_equal(image_open_chunk(buf_span(&longer), &page.entries[0],
			     &bounds, fixture->arena, &records),
	    ERR_INVALID);
	buf_release(&longer);
	image_close(image);
}

/* Is a page refused once its facts are these? */
static enum err
repack(struct fixture *fixture, const struct image_page *page)
{
	struct image_page again;
	struct buf packed = {0}, entry = {0};
	enum err err;

	pack_image_page(page, &packed);
	for (size_t i = 0; i < page->entry_count; i++) {
		buf_reset(&entry);
		pack_image_entry(&page->entries[i], &entry);
		pack_image_framed(buf_span(&entry), &packed);
	}
	err = image_unpack_page(buf_span(&packed), fixture->arena, &again);
	buf_release(&packed);
	buf_release(&entry);
	return err;
}

static void
a_page_that_contradicts_itself_is_refused(void **state)
{
	struct fixture *fixture = *state;
	struct image_page page, lie;
	struct image_entry entries[2];
	struct image *image = open_image(fixture, MANY, &page);

	assert_int_equal(page.entry_count, 2);
	assert_int_equal(repack(fixture, &page), ERR_OK);
	lie = page;
	lie.head.position++;
	assert_int_equal(repack(fixture, &lie), ERR_INVALID);
	lie = page;
	strcpy(lie.head.stream, "4402");
	assert_int_equal(repack(fixture, &lie), ERR_INVALID);
	lie = page;
	lie.head.chunks = IMAGE_CHUNKS_MAX + 1;
	assert_int_equal(repack(fixture, &lie), ERR_INVALID);
	lie = page;
	lie.page = 1;
	assert_int_equal(repack(fixture, &lie), ERR_INVALID);
	lie = page;
	lie.entry_count = 1;
	assert_int_equal(repack(fixture, &lie), ERR_INVALID);
	lie = page;
	lie.head.records = 1;
	assert_int_equal(repack(fixture, &lie), ERR_INVALID);
	lie = page;
	entries[0] = page.entries[1];
	entries[1] = page.entries[0];
	lie.entries = entries;
	assert_int_equal(repack(fixture, &lie), ERR_INVALID);
	entries[0] = page.entries[0];
	entries[0].records = IMAGE_CHUNK_RECORDS + 1;
	assert_int_equal(repack(fixture, &lie), ERR_INVALID);
	entries[0].records = 0;
	assert_int_equal(repack(fixture, &lie), ERR_INVALID);
	image_close(image);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		records_come_back_in_order_from_their_chunks, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		the_head_of_the_batch_still_proves_who_signed_it, setup,
		teardown),
	    cmocka_unit_test_setup_teardown(
		large_records_make_small_chunks, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		an_image_of_nothing_has_one_empty_page, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		records_that_do_not_add_up_make_no_file, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		a_head_without_its_body_will_do, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		another_streams_batch_is_refused, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		keys_that_do_not_ascend_are_refused, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		a_half_written_image_is_gone, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		a_file_with_a_damaged_index_does_not_open, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		a_cut_file_does_not_open, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		a_chunk_is_what_its_entry_says, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		a_body_of_another_size_is_refused, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		a_page_that_contradicts_itself_is_refused, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
