/*
 * pages: web pages as files in memory.
 */
#include "wire/pages.h"

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

/* Nothing inline, nothing from elsewhere, in no frame. */
#define POLICY                                                                 \
	"default-src 'none'; script-src 'self'; style-src 'self';"             \
	" img-src 'self'; connect-src 'self'; base-uri 'none';"                \
	" form-action 'none'; frame-ancestors 'none'"

static const struct {
	const char *end, *type;
} types[] = {
    {".html", "text/html; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".json", "application/json"},
    {".svg", "image/svg+xml"},
};

struct pages {
	struct page_file files[FILES_MAX];
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
add_file(
    struct pages *pages, const char *path, const char *name, struct why *why)
{
	struct page_file *file = &pages->files[pages->count];
	struct digest digest;
	char hex[DIGEST_HEX_LEN + 1];
	enum err err;

	if (pages->count == FILES_MAX)
		return why_set(
		    why, ERR_LIMIT, "%s: more than %d", name, FILES_MAX);
	err = file_read(path, FILE_MAX, &file->bytes, why);
	if (err != ERR_OK)
		return err;
	digest = digest_of(buf_span(&file->bytes));
	snprintf(file->etag, sizeof(file->etag), "\"%s\"",
	    digest_print(&digest, hex));
	file->name = mem_text(name);
	file->type = type_of(name);
	pages->count++;
	return ERR_OK;
}

static enum err add_folder(struct pages *pages, const char *folder,
    const char *prefix, struct why *why);

/* A folder within, once, or a file with a type. */
static enum err
add_entry(struct pages *pages, const char *folder, const char *prefix,
    const char *entry, struct why *why)
{
	char path[PATH_SIZE], name[PATH_SIZE];
	struct stat stat;

	if (snprintf(path, sizeof(path), "%s/%s", folder, entry) >= PATH_SIZE ||
	    snprintf(name, sizeof(name), "%s%s", prefix, entry) >= PATH_SIZE)
		return why_set(why, ERR_LIMIT, "path too long");
	if (lstat(path, &stat) != 0)
		return why_set(why, ERR_IO, "%s", path);
	if (S_ISDIR(stat.st_mode) && prefix[0] == '\0') {
		strncat(name, "/", sizeof(name) - strlen(name) - 1);
		return add_folder(pages, path, name, why);
	}
	if (S_ISREG(stat.st_mode) && type_of(entry) != NULL)
		return add_file(pages, path, name, why);
	return ERR_OK;
}

static enum err
add_folder(struct pages *pages, const char *folder, const char *prefix,
    struct why *why)
{
	DIR *listing = opendir(folder);
	const struct dirent *entry;
	enum err err = ERR_OK;

	if (listing == NULL)
		return why_set(why, ERR_IO, "cannot read %s", folder);
	while (err == ERR_OK && (entry = readdir(listing)) != NULL)
		if (entry->d_name[0] != '.')
			err = add_entry(
			    pages, folder, prefix, entry->d_name, why);
	closedir(listing);
	return err;
}

struct pages *
pages_open(const char *folder, struct why *why)
{
	struct pages *pages = mem_new(sizeof(*pages));

	if (add_folder(pages, folder, "", why) == ERR_OK)
		return pages;
	pages_close(pages);
	return NULL;
}

void
pages_close(struct pages *pages)
{
	size_t i;

	if (pages == NULL)
		return;
	for (i = 0; i < pages->count; i++) {
		mem_free(pages->files[i].name);
		buf_release(&pages->files[i].bytes);
	}
	mem_free(pages);
}

const struct page_file *
pages_find(const struct pages *pages, const char *name)
{
	size_t i;

	if (*name == '\0')
		name = FIRST_PAGE;
	for (i = 0; i < pages->count; i++)
		if (strcmp(pages->files[i].name, name) == 0)
			return &pages->files[i];
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
pages_find_folder(char *out, size_t size)
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

void
pages_send(struct http_exchange *exchange, const struct page_file *file)
{
	const char *known = http_header(exchange, "if-none-match");

	http_reply_header(exchange, "content-security-policy", POLICY);
	http_reply_header(exchange, "x-content-type-options", "nosniff");
	http_reply_header(exchange, "referrer-policy", "no-referrer");
	http_reply_header(
	    exchange, "cross-origin-resource-policy", "same-origin");
	http_reply_header(
	    exchange, "cross-origin-opener-policy", "same-origin");
	http_reply_header(exchange, "cache-control", "private, no-cache");
	http_reply_header(exchange, "etag", file->etag);
	if (known != NULL && strstr(known, file->etag) != NULL)
		http_reply(exchange, 304, NULL, span_make("", 0));
	else
		http_reply(exchange, 200, file->type, buf_span(&file->bytes));
}
