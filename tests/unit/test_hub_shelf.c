/*
 * shelf: files by stream and position, and nothing else of a folder.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "hub/shelf.h"

struct fixture {
	char parent[64], folder[128];
	struct why why;
};

static int
setup(void **state)
{
	struct fixture *fixture = mem_new(sizeof(*fixture));

	strcpy(fixture->parent, "/tmp/rx-shelf-XXXXXX");
	assert_non_null(mkdtemp(fixture->parent));
	file_path(fixture->folder, sizeof(fixture->folder), fixture->parent,
	    "snapshots");
	assert_int_equal(shelf_open(fixture->folder, &fixture->why), ERR_OK);
	*state = fixture;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *fixture = *state;
	char command[256];

	snprintf(command, sizeof(command), "rm -rf %s", fixture->parent);
	assert_int_equal(system(command), 0);
	mem_free(fixture);
	return 0;
}

static void
put(struct fixture *fixture, const char *name)
{
	char path[256];

	file_path(path, sizeof(path), fixture->folder, name);
	assert_int_equal(
	    file_replace(path, span_of("five!"), 0600, &fixture->why), ERR_OK);
}

static void
images_are_listed_by_stream_and_position(void **state)
{
	struct fixture *fixture = *state;
	struct shelf_image *images;
	size_t count;

	put(fixture, "4403-7.image");
	put(fixture, "4401-90.image");
	put(fixture, "4401-100.image");

	images = shelf_list(fixture->folder, &count);

	assert_int_equal(count, 3);
	assert_string_equal(images[0].stream, "4401");
	assert_int_equal(images[0].position, 90);
	assert_int_equal(images[1].position, 100);
	assert_string_equal(images[2].stream, "4403");
	assert_int_equal(images[2].bytes, 5);
	assert_true(images[2].made_us > INT64_C(1700000000000000));
	mem_free(images);
}

static void
other_files_are_no_images(void **state)
{
	static const char *const names[] = {"4401-.image", "4401-0.image",
	    "4401-7.image~", "4401-7x.image", "440-7.image", "44011-7.image",
	    "4401-7.image.part", ".image", "44x1-7.image"};
	struct fixture *fixture = *state;
	struct shelf_image *images;
	size_t count;

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		put(fixture, names[i]);

	images = shelf_list(fixture->folder, &count);

	assert_int_equal(count, 0);
	mem_free(images);
}

static void
opening_clears_away_what_is_half(void **state)
{
	struct fixture *fixture = *state;
	struct shelf_image image = {.stream = "4401", .position = 7};
	char path[SHELF_PATH_MAX], half[SHELF_PATH_MAX + 8];

	put(fixture, "4401-7.image");
	put(fixture, "4401-9.image.part");
	shelf_path(fixture->folder, &image, path);
	image.position = 9;
	snprintf(half, sizeof(half), "%s/4401-9.image.part", fixture->folder);

	assert_int_equal(shelf_open(fixture->folder, &fixture->why), ERR_OK);

	assert_true(file_exists(path));
	assert_false(file_exists(half));
	image.position = 7;
	shelf_drop(fixture->folder, &image);
	assert_false(file_exists(path));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		images_are_listed_by_stream_and_position, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		other_files_are_no_images, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		opening_clears_away_what_is_half, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
