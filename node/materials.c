/*
 * materials: files that subjects give with their objections, until the hub has
 * them.
 */
#include "node/materials.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/codec.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/work.h"
#include "node/filings.h"
#include "node/node.h"
#include "node/room.h"

#define PATH_SIZE 4096
#define WAITING_MAX 16
#define IDLE_MS 60000

struct materials {
	char folder[PATH_SIZE];
	struct worker *worker;
};

/* One file on its way to the disk. */
struct upload {
	struct http_exchange *exchange;
	struct materials *materials;
	char name[MATERIALS_NAME_SIZE];
	struct buf bytes;
	enum err err;
};

static void
on_loop(struct http_exchange *exchange, void *argument)
{
	struct upload *upload = argument;

	if (upload->err == ERR_OK)
		http_reply(exchange, 202, "application/json",
		    span_of("{\"state\":\"waiting\"}"));
	else
		http_reply_problem(exchange, 503, "not_ready",
		    "The file could not be kept", "Try again.");
	buf_release(&upload->bytes);
	mem_free(upload);
}

static void
on_upload(void *context, void *job)
{
	struct materials *materials = context;
	struct upload *upload = job;
	char path[PATH_SIZE];
	struct why why = {""};

	file_path(path, sizeof(path), materials->folder, upload->name);
	upload->err = file_replace(path, buf_span(&upload->bytes), 0600, &why);
	if (upload->err != ERR_OK)
		log_error("material.keep", "why=\"%s\"", why.text);
	http_defer(upload->exchange, on_loop, upload);
}

struct materials *
materials_open(const char *folder, struct why *why)
{
	struct materials *materials = mem_new(sizeof(*materials));

	file_path(
	    materials->folder, sizeof(materials->folder), folder, "materials");
	if (file_make_folder(materials->folder, 0700, why) != ERR_OK) {
		mem_free(materials);
		return NULL;
	}
	materials->worker =
	    worker_new("materials", on_upload, NULL, IDLE_MS, materials);
	return materials;
}

void
materials_close(struct materials *materials)
{
	if (materials == NULL)
		return;
	worker_stop(materials->worker);
	worker_free(materials->worker);
	mem_free(materials);
}

const char *
materials_folder(const struct materials *materials)
{
	return materials->folder;
}

/* Do the claims that were filed here name it? */
static bool
is_named(
    struct node *node, const struct order *about, const struct digest *digest)
{
	struct snapshot *snapshot = store_snapshot(node->store);
	struct buf document = {0}, claims = {0};
	struct json *json = NULL;
	bool pending = false, named;
	enum err err = filings_find(snapshot, about, &document, &pending);

	if (err == ERR_OK && pending)
		buf_add(&claims, document.data, document.len);
	else if (err == ERR_OK)
		err = filings_claims(
		    snapshot, about, buf_span(&document), &claims);
	if (err == ERR_OK)
		json = json_parse(buf_span(&claims), NULL);
	named = material_is_named(json, digest);
	json_free(json);
	snapshot_release(snapshot);
	buf_release(&document);
	buf_release(&claims);
	return named;
}

static bool
read_path(
    struct http_exchange *exchange, struct order *about, struct digest *digest)
{
	const char *id = http_path_param(exchange, "id");
	const char *hex = http_path_param(exchange, "sha256");
	const char *subject = http_peer(exchange)->code;
	struct buf raw = {0};
	bool good =
	    consent_id_is_valid(span_of(id)) && strlen(subject) == USCC_LEN &&
	    strlen(hex) == DIGEST_HEX_LEN &&
	    codec_parse_hex(span_of(hex), &raw) && raw.len == DIGEST_LEN;

	if (good) {
		memcpy(about->id, id, strlen(id) + 1);
		memcpy(about->subject, subject, USCC_LEN + 1);
		memcpy(digest->bytes, raw.data, DIGEST_LEN);
	}
	buf_release(&raw);
	return good;
}

/* Who has no claims to it is not told what is wrong with the bytes. */
static bool
is_good(struct http_exchange *exchange, struct node *node,
    const struct order *about, const struct digest *digest)
{
	struct digest came = digest_of(http_body(exchange));

	if (!is_named(node, about, digest))
		http_reply_problem(exchange, 404, "not_found",
		    "No such material",
		    "None that an objection of yours, filed here, names.");
	else if (!digest_equal(&came, digest))
		http_reply_problem(exchange, 409, "digest_mismatch",
		    "The content is not what its digest says", NULL);
	else if (material_type(http_body(exchange)) == NULL)
		http_reply_problem(exchange, 415, "media_type",
		    "Neither PDF nor JPEG nor PNG", NULL);
	else if (room_is_short(node->room))
		http_reply_problem(exchange, 503, "disk_full",
		    "There is no room for it now", NULL);
	else
		return true;
	return false;
}

void
materials_on_put(struct http_exchange *exchange, void *context)
{
	struct node *node = context;
	struct span body = http_body(exchange);
	struct upload *upload;
	struct order about = {0};
	struct digest digest;
	char hex[DIGEST_HEX_LEN + 1];

	if (!read_path(exchange, &about, &digest)) {
		http_reply_problem(exchange, 404, "not_found",
		    "No such material", "An objection's id and a SHA-256.");
		return;
	}
	if (!is_good(exchange, node, &about, &digest))
		return;
	upload = mem_new(sizeof(*upload));
	upload->exchange = exchange;
	snprintf(upload->name, sizeof(upload->name), "%s.%s", about.id,
	    digest_print(&digest, hex));
	buf_add(&upload->bytes, body.ptr, body.len);
	if (worker_post(node->materials->worker, upload, WAITING_MAX))
		return;
	http_reply_problem(exchange, 503, "busy", "Too much at once", NULL);
	buf_release(&upload->bytes);
	mem_free(upload);
}

static bool
read_name(const char *name, struct material *material)
{
	const char *dot = strrchr(name, '.');
	struct buf raw = {0};
	bool good =
	    dot != NULL && strlen(dot + 1) == DIGEST_HEX_LEN &&
	    consent_id_is_valid(span_make(name, (size_t)(dot - name))) &&
	    codec_parse_hex(span_of(dot + 1), &raw) && raw.len == DIGEST_LEN;

	*material = (struct material){0};
	if (good) {
		memcpy(material->objection, name, (size_t)(dot - name));
		memcpy(material->digest.bytes, raw.data, DIGEST_LEN);
	}
	buf_release(&raw);
	return good;
}

/* Nobody carries it any more after so long; what is no file of ours stays. */
static bool
is_waiting(const char *folder, const char *name, struct material *material)
{
	char path[PATH_SIZE];
	struct stat stat;

	if (!read_name(name, material))
		return false;
	file_path(path, sizeof(path), folder, name);
	if (lstat(path, &stat) != 0 || !S_ISREG(stat.st_mode) ||
	    stat.st_size < 1 || stat.st_size > (off_t)MATERIAL_BYTES_MAX)
		return false;
	if (stat.st_mtime + MATERIALS_KEEP_S < time(NULL)) {
		materials_drop(folder, name);
		return false;
	}
	material->size = (uint32_t)stat.st_size;
	return true;
}

enum err
materials_next(const char *folder, char name[MATERIALS_NAME_SIZE],
    struct material *material)
{
	char least[MATERIALS_NAME_SIZE] = "", next[MATERIALS_NAME_SIZE] = "";
	DIR *dir = opendir(folder);
	struct dirent *entry;
	struct material any;

	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		const char *found = entry->d_name;

		if (strlen(found) >= MATERIALS_NAME_SIZE ||
		    !is_waiting(folder, found, &any))
			continue;
		if (least[0] == '\0' || strcmp(found, least) < 0)
			snprintf(least, sizeof(least), "%s", found);
		if (strcmp(found, name) > 0 &&
		    (next[0] == '\0' || strcmp(found, next) < 0))
			snprintf(next, sizeof(next), "%s", found);
	}
	if (dir != NULL)
		closedir(dir);
	memcpy(name, next[0] != '\0' ? next : least, MATERIALS_NAME_SIZE);
	return name[0] != '\0' && is_waiting(folder, name, material)
		   ? ERR_OK
		   : ERR_MISSING;
}

enum err
materials_read(const char *folder, const char *name, uint64_t offset,
    size_t max, struct buf *piece)
{
	char path[PATH_SIZE];
	ssize_t got;
	int fd;

	file_path(path, sizeof(path), folder, name);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return ERR_IO;
	got = pread(fd, buf_room(piece, max), max, (off_t)offset);
	close(fd);
	if (got < 0)
		return ERR_IO;
	piece->len += (size_t)got;
	return ERR_OK;
}

void
materials_drop(const char *folder, const char *name)
{
	char path[PATH_SIZE];

	file_path(path, sizeof(path), folder, name);
	if (unlink(path) != 0)
		log_error("material.keep", "why=\"cannot be removed\"");
}
