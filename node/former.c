/*
 * former: the catalogues that were in force here, a file each.
 */
#include "node/former.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/file.h"
#include "base/jws.h"
#include "base/log.h"
#include "node/control.h"

#define PATH_SIZE 4096
#define FORMER_MAX ((size_t)2 << 20)

static const char *
path_of(char path[PATH_SIZE], const char *folder, uint64_t version)
{
	char name[32];

	snprintf(name, sizeof(name), "%" PRIu64 ".jws", version);
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

struct catalog *
former_open(const char *folder, uint64_t version, struct why *why)
{
	char path[PATH_SIZE];
	struct buf jws = {0}, json = {0};
	struct catalog *catalog = NULL;

	if (file_read(path_of(path, folder, version), FORMER_MAX, &jws, why) ==
	    ERR_OK) {
		if (jws_peek(buf_span(&jws), &json))
			catalog = catalog_parse(buf_span(&json), why);
		else
			why_set(why, ERR_INVALID, "%s is damaged", path);
	}
	buf_release(&jws);
	buf_release(&json);
	return catalog;
}
