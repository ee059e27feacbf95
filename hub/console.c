/*
 * console: the web pages for operators, as files in memory.
 */
#include "hub/console.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"

#define PATH_SIZE 1024
#define FILES_MAX 256
#define FILE_MAX (4 << 20)
#define FIRST_PAGE "index.html"

static const struct {
	const char *end, *type;
} types[] = {
    {".html", "text/html; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".json", "application/json"},
    {".svg", "image/svg+xml"},
};

struct console {
	struct console_file files[FILES_MAX];
	size_t count;
};

/* NULL: not for browsers. */
static const char *
type_of(const char *name)
{
	const char *dot = strrchr(name, '.');
	size_t i;

	for (i = 0; dot != NULL && i < sizeof(types) / sizeof(*types); i++)
		if (strcmp(dot, types[i].end) == 0)
			return types[i].type;
	return NULL;
}

static enum err
add_file(struct console *console, const char *path, const char *name,
    struct why *why)
{
	struct console_file *file = &console->files[console->count];
	struct digest digest;
	char hex[DIGEST_HEX_LEN + 1];
	enum err err;

	if (console->count == FILES_MAX)
		return why_set(
		    why, ERR_LIMIT, "console_folder: more than %d", FILES_MAX);
	err = file_read(path, FILE_MAX, &file->bytes, why);
	if (err != ERR_OK)
		return err;
	digest = digest_of(buf_span(&file->bytes));
	snprintf(file->etag, sizeof(file->etag), "\"%s\"",
	    digest_print(&digest, hex));
	file->name = mem_text(name);
	file->type = type_of(name);
	console->count++;
	return ERR_OK;
}

static enum err add_folder(struct console *console, const char *folder,
    const char *prefix, struct why *why);

/* A folder within, once, or a file with a type. */
static enum err
add_entry(struct console *console, const char *folder, const char *prefix,
    const char *entry, struct why *why)
{
	char path[PATH_SIZE], name[PATH_SIZE];
	struct stat stat;

	if (snprintf(path, sizeof(path), "%s/%s", folder, entry) >= PATH_SIZE ||
	    snprintf(name, sizeof(name), "%s%s", prefix, entry) >= PATH_SIZE)
		return why_set(why, ERR_LIMIT, "console_folder: path too long");
	if (lstat(path, &stat) != 0)
		return why_set(why, ERR_IO, "console_folder: %s", path);
	if (S_ISDIR(stat.st_mode) && prefix[0] == '\0') {
		strncat(name, "/", sizeof(name) - strlen(name) - 1);
		return add_folder(console, path, name, why);
	}
	if (S_ISREG(stat.st_mode) && type_of(entry) != NULL)
		return add_file(console, path, name, why);
	return ERR_OK;
}

static enum err
add_folder(struct console *console, const char *folder, const char *prefix,
    struct why *why)
{
	DIR *listing = opendir(folder);
	const struct dirent *entry;
	enum err err = ERR_OK;

	if (listing == NULL)
		return why_set(
		    why, ERR_IO, "console_folder: cannot read %s", folder);
	while (err == ERR_OK && (entry = readdir(listing)) != NULL)
		if (entry->d_name[0] != '.')
			err = add_entry(
			    console, folder, prefix, entry->d_name, why);
	closedir(listing);
	return err;
}

struct console *
console_open(const char *folder, struct why *why)
{
	struct console *console = mem_new(sizeof(*console));

	if (add_folder(console, folder, "", why) == ERR_OK)
		return console;
	console_close(console);
	return NULL;
}

void
console_close(struct console *console)
{
	size_t i;

	if (console == NULL)
		return;
	for (i = 0; i < console->count; i++) {
		mem_free(console->files[i].name);
		buf_release(&console->files[i].bytes);
	}
	mem_free(console);
}

const struct console_file *
console_find(const struct console *console, const char *name)
{
	size_t i;

	if (*name == '\0')
		name = FIRST_PAGE;
	for (i = 0; i < console->count; i++)
		if (strcmp(console->files[i].name, name) == 0)
			return &console->files[i];
	return NULL;
}

static bool
is_folder_of_pages(const char *folder)
{
	char path[PATH_SIZE];

	return snprintf(path, sizeof(path), "%s/" FIRST_PAGE, folder) <
		   PATH_SIZE &&
	       file_exists(path);
}

bool
console_find_folder(char *out, size_t size)
{
	char program[PATH_SIZE] = "";
	ssize_t len = readlink("/proc/self/exe", program, sizeof(program) - 1);
	char *slash;

	program[len > 0 ? len : 0] = '\0';
	slash = strrchr(program, '/');
	if (slash != NULL)
		*slash = '\0';
	snprintf(out, size, "%s/../console", program);
	if (is_folder_of_pages(out))
		return true;
	snprintf(out, size, "%s/../share/rongxin/console", program);
	if (is_folder_of_pages(out))
		return true;
	snprintf(out, size, "/usr/share/rongxin/console");
	return is_folder_of_pages(out);
}
