/*
 * former: the catalogues that were in force here, a file each.
 */
#include "node/former.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/jws.h"
#include "base/log.h"
#include "node/control.h"

#define PATH_SIZE 4096
#define FORMER_MAX ((size_t)2 << 20)
#define NAME "%" PRIu64 ".jws"
#define NAME_SIZE 32

static const char *
path_of(char path[PATH_SIZE], const char *folder, uint64_t version)
{
	char name[NAME_SIZE];

	snprintf(name, sizeof(name), NAME, version);
	return file_path(path, PATH_SIZE, folder, name);
}

void
former_keep(const char *folder, struct snapshot *snapshot, uint64_t version)
{
	char path[PATH_SIZE];
	struct buf jws = {0};
	struct why why = {""};
	enum err err;

	if (file_exists(path_of(path, folder, version)))
		return;
	err = control_catalogue(snapshot, &jws, &why);
	if (err == ERR_OK)
		err = file_make_folder(folder, 0700, &why);
	if (err == ERR_OK)
		err = file_replace(path, buf_span(&jws), 0600, &why);
	if (err != ERR_OK)
		log_error("former.failed", "version=%" PRIu64 " why=\"%s\"",
		    version, why.text);
	buf_release(&jws);
}

/* 0: of something else. */
static uint64_t
version_of(const char *name)
{
	char again[NAME_SIZE];
	uint64_t version = strtoull(name, NULL, 10);

	snprintf(again, sizeof(again), NAME, version);
	return strcmp(again, name) == 0 ? version : 0;
}

uint64_t
former_newest(const char *folder)
{
	DIR *all = opendir(folder);
	struct dirent *entry;
	uint64_t version, newest = 0;

	while (all != NULL && (entry = readdir(all)) != NULL) {
		version = version_of(entry->d_name);
		if (version > newest)
			newest = version;
	}
	if (all != NULL)
		closedir(all);
	return newest;
}

enum err
former_read(
    const char *folder, uint64_t version, struct buf *json, struct why *why)
{
	char path[PATH_SIZE];
	struct buf jws = {0};
	enum err err;

	err = file_read(path_of(path, folder, version), FORMER_MAX, &jws, why);
	if (err == ERR_OK && !jws_peek(buf_span(&jws), json))
		err = why_set(why, ERR_INVALID, "%s is damaged", path);
	buf_release(&jws);
	return err;
}

struct catalog *
former_open(const char *folder, uint64_t version, struct why *why)
{
	struct buf json = {0};
	struct catalog *catalog = NULL;

	if (former_read(folder, version, &json, why) == ERR_OK)
		catalog = catalog_parse(buf_span(&json), why);
	buf_release(&json);
	return catalog;
}
