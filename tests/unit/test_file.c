/*
 * file: limits, and a file that is the old one or the new one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

static char folder[] = "/tmp/test_file.XXXXXX";

static int
make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) == NULL;
}

static int
remove_folder(void **state)
{
	(void)state;
	return chdir("/") != 0 || rmdir(folder) != 0;
}

static void
a_file_is_replaced_and_read_back(void **state)
{
	struct buf out = {0};
	char path[64];
	struct stat info;
	struct why why;

	(void)state;
	file_path(path, sizeof(path), folder, "x");
	assert_int_equal(
	    file_replace(path, span_of("old"), 0600, &why), ERR_OK);
	assert_int_equal(
	    file_replace(path, span_of("new!"), 0644, &why), ERR_OK);
	assert_int_equal(file_read(path, 4, &out, &why), ERR_OK);
	assert_string_equal(buf_cstr(&out), "new!");
	assert_int_equal(stat(path, &info), 0);
	assert_int_equal(info.st_mode & 0777, 0644);
	unlink(path);
	buf_release(&out);
}

static void
a_file_without_a_folder_in_its_name_is_replaced(void **state)
{
	(void)state;
	assert_int_equal(chdir(folder), 0);
	assert_int_equal(
	    file_replace("plain", span_of("1"), 0600, NULL), ERR_OK);
	assert_true(file_exists("plain"));
	assert_int_equal(unlink("plain"), 0);
}

static void
a_file_that_is_too_long_gives_nothing(void **state)
{
	struct buf out = {0};
	char path[64];
	struct why why;

	(void)state;
	file_path(path, sizeof(path), folder, "x");
	assert_int_equal(
	    file_replace(path, span_of("12345"), 0600, &why), ERR_OK);
	buf_text(&out, "kept");
	assert_int_equal(file_read(path, 4, &out, &why), ERR_LIMIT);
	assert_string_equal(buf_cstr(&out), "kept");
	unlink(path);
	buf_release(&out);
}

static void
what_is_not_there_is_missing(void **state)
{
	struct buf out = {0};
	char path[64];
	struct why why;

	(void)state;
	file_path(path, sizeof(path), folder, "none");
	assert_int_equal(file_read(path, 4, &out, &why), ERR_MISSING);
	assert_false(file_exists(path));
	assert_int_equal(file_read(folder, 4, &out, &why), ERR_IO);
	buf_release(&out);
}

static void
a_failed_replacement_leaves_no_file_behind(void **state)
{
	char path[64];
	struct why why;

	(void)state;
	file_path(path, sizeof(path), folder, "taken");
	assert_int_equal(file_make_folder(path, 0700, &why), ERR_OK);
	assert_int_equal(file_replace(path, span_of("x"), 0600, &why), ERR_IO);
	/* The folder can go only when nothing else is in its parent. */
	assert_int_equal(rmdir(path), 0);
}

static void
folders_are_made_with_their_parents(void **state)
{
	char path[64];
	struct why why;

	(void)state;
	file_path(path, sizeof(path), folder, "a/b");
	assert_int_equal(file_make_folder(path, 0700, &why), ERR_OK);
	assert_int_equal(file_make_folder(path, 0700, &why), ERR_OK);
	assert_true(file_exists(path));
	assert_int_equal(rmdir(path), 0);
	file_path(path, sizeof(path), folder, "a");
	assert_int_equal(file_replace(path, span_of("x"), 0600, &why), ERR_IO);
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(file_make_folder("/dev/null/x", 0700, &why), ERR_IO);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_file_is_replaced_and_read_back),
	    cmocka_unit_test(a_file_without_a_folder_in_its_name_is_replaced),
	    cmocka_unit_test(a_file_that_is_too_long_gives_nothing),
	    cmocka_unit_test(what_is_not_there_is_missing),
	    cmocka_unit_test(a_failed_replacement_leaves_no_file_behind),
	    cmocka_unit_test(folders_are_made_with_their_parents),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
