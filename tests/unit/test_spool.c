/*
 * spool: an upload lies in a file until it is merged.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <uv.h>

#include "base/file.h"
#include "base/spool.h"

static char folder[] = "/tmp/rongxin-spool-XXXXXX";

static int
make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) != NULL ? 0 : -1;
}

static int
remove_folder(void **state)
{
	(void)state;
	return rmdir(folder);
}

static size_t
count_files(void)
{
	DIR *dir = opendir(folder);
	size_t count = 0;

	while (readdir(dir) != NULL)
		count++;
	closedir(dir);
	return count - 2;
}

static void
note_error(void *context, enum err err)
{
	*(enum err *)context = err;
}

static enum err
write_text(struct spool *spool, const char *text)
{
	enum err err = ERR_BUSY;
	uv_loop_t loop;

	uv_loop_init(&loop);
	spool_write(spool, &loop, span_of(text), note_error, &err);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&loop), 0);
	return err;
}

static void
what_was_written_is_read_counted_and_hashed(void **state)
{
	struct spool *spool = spool_open(folder, NULL);
	struct digest expected = digest_of(span_of("first,second"));
	struct digest digest;
	struct buf out = {0};
	size_t len;

	(void)state;
	assert_int_equal(write_text(spool, "first,"), ERR_OK);
	assert_int_equal(write_text(spool, "second"), ERR_OK);

	assert_int_equal(spool_read(spool, 6, &out, 100, &len), ERR_OK);
	assert_string_equal(buf_cstr(&out), "second");
	assert_int_equal(spool_read(spool, 12, &out, 100, &len), ERR_OK);
	assert_int_equal(len, 0);
	assert_int_equal(spool_size(spool), 12);
	digest = spool_digest(spool);
	assert_true(digest_equal(&digest, &expected));
	buf_release(&out);
	spool_close(spool);
}

static void
a_spool_leaves_no_name_behind(void **state)
{
	struct spool *spool = spool_open(folder, NULL);

	(void)state;
	assert_int_equal(count_files(), 0);
	spool_close(spool);
}

static void
leftovers_are_removed_and_other_files_kept(void **state)
{
	char path[64];

	(void)state;
	snprintf(path, sizeof(path), "%s/upload-abcdef", folder);
	assert_int_equal(file_replace(path, span_of("x"), 0600, NULL), ERR_OK);
	snprintf(path, sizeof(path), "%s/notes", folder);
	assert_int_equal(file_replace(path, span_of("x"), 0600, NULL), ERR_OK);

	assert_int_equal(spool_clean(folder, NULL), ERR_OK);

	assert_int_equal(count_files(), 1);
	assert_true(file_exists(path));
	unlink(path);
}

static void
a_folder_that_is_missing_is_an_error_with_words(void **state)
{
	struct why why = {0};

	(void)state;
	assert_null(spool_open("/nonexistent", &why));
	assert_string_not_equal(why.text, "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_was_written_is_read_counted_and_hashed),
	    cmocka_unit_test(a_spool_leaves_no_name_behind),
	    cmocka_unit_test(leftovers_are_removed_and_other_files_kept),
	    cmocka_unit_test(a_folder_that_is_missing_is_an_error_with_words),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
