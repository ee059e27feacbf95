/*
 * entries_reader: what the trail wrote is read again, while it writes on.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "node_sample.h"

#include "node/entries_reader.h"

struct fixture {
	char *folder;
	struct entries *entries;
	struct entries_reader *reader;
};

static void
ignore(void *context, const struct entry *entry)
{
	(void)context;
	(void)entry;
}

static int
setup(void **state)
{
	struct fixture *fixture = mem_new(sizeof(*fixture));
	struct entries_settings settings = {.each = ignore};
	struct why why = {""};

	fixture->folder = sample_folder();
	settings.folder = fixture->folder;
	fixture->entries = entries_open(&settings, &why);
	assert_non_null(fixture->entries);
	fixture->reader = entries_reader_new(fixture->folder);
	*state = fixture;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *fixture = *state;

	entries_reader_free(fixture->reader);
	entries_close(fixture->entries);
	sample_remove(fixture->folder);
	mem_free(fixture);
	return 0;
}

/* The text of an entry is its index, and some are long. */
static void
append(struct fixture *fixture, size_t count)
{
	uint64_t first = entries_count(fixture->entries);
	struct entry *list = mem_new(count * sizeof(*list));
	struct buf *texts = mem_new(count * sizeof(*texts));
	size_t i;

	for (i = 0; i < count; i++) {
		buf_print(&texts[i], "%llu", (unsigned long long)(first + i));
		if ((first + i) % 1000 == 7)
			buf_print(&texts[i], "%060000d", 0);
		list[i].bytes = buf_span(&texts[i]);
	}
	assert_int_equal(
	    entries_append(fixture->entries, list, count, NULL), ERR_OK);
	for (i = 0; i < count; i++)
		buf_release(&texts[i]);
	mem_free(texts);
	mem_free(list);
}

static void
expect(struct fixture *fixture, uint64_t index)
{
	struct entry entry;
	char text[24];

	assert_int_equal(
	    entries_reader_read(fixture->reader, index, &entry), ERR_OK);
	snprintf(text, sizeof(text), "%llu", (unsigned long long)index);
	assert_true(entry.bytes.len >= strlen(text));
	assert_memory_equal(entry.bytes.ptr, text, strlen(text));
	assert_int_equal(entry.index, index);
}

static void
it_reads_on_while_the_trail_grows(void **state)
{
	struct fixture *fixture = *state;
	uint64_t next = 0;

	for (size_t round = 1; round < 40; round++) {
		append(fixture, round);
		while (next < entries_count(fixture->entries))
			expect(fixture, next++);
	}
}

static void
a_leap_finds_its_entry_in_any_file(void **state)
{
	struct fixture *fixture = *state;
	size_t left = ENTRIES_PER_FILE, count;

	for (; left > 0; left -= count) {
		count = left < 8192 ? left : 8192;
		append(fixture, count);
	}
	append(fixture, 20);

	expect(fixture, ENTRIES_PER_FILE - 1);
	expect(fixture, ENTRIES_PER_FILE);
	expect(fixture, ENTRIES_PER_FILE + 19);
	expect(fixture, 7);
	expect(fixture, 8);
	expect(fixture, 6);
}

static void
an_entry_is_found_again_where_it_began(void **state)
{
	struct fixture *fixture = *state;
	static const uint64_t leaps[] = {1999, 0, 1007, 1008, 1};
	uint64_t offsets[2000];

	append(fixture, 2000);
	for (uint64_t i = 0; i < 2000; i++) {
		expect(fixture, i);
		offsets[i] = entries_reader_offset(fixture->reader);
	}
	for (size_t i = 0; i < 5; i++) {
		assert_int_equal(entries_reader_seek(fixture->reader, leaps[i],
				     offsets[leaps[i]]),
		    ERR_OK);
		expect(fixture, leaps[i]);
	}
}

static void
what_is_not_there_is_an_error_and_no_end(void **state)
{
	struct fixture *fixture = *state;
	struct entry entry;

	assert_int_equal(
	    entries_reader_read(fixture->reader, 0, &entry), ERR_IO);
	append(fixture, 3);
	assert_int_equal(
	    entries_reader_read(fixture->reader, 3, &entry), ERR_IO);
	append(fixture, 1);

	expect(fixture, 3);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		it_reads_on_while_the_trail_grows, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		a_leap_finds_its_entry_in_any_file, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		an_entry_is_found_again_where_it_began, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		what_is_not_there_is_an_error_and_no_end, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
