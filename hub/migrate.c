/*
 * migrate: the schema, brought up to date by numbered files.
 */
#include "hub/migrate.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"

#define FILE_MAX (4 << 20)
#define PATH_SIZE 1024
/* Any number that nothing else in the database locks. */
#define LOCK "7207001"

/* "NNN-name.sql" */
static int
is_migration(const struct dirent *entry)
{
	const char *name = entry->d_name;
	size_t len = strlen(name);

	return len > 8 && isdigit((unsigned char)name[0]) &&
	       isdigit((unsigned char)name[1]) &&
	       isdigit((unsigned char)name[2]) && name[3] == '-' &&
	       strcmp(name + len - 4, ".sql") == 0;
}

static bool
is_done(struct pg *pg, const char *name)
{
	pg_exec(pg, "SELECT FROM migration WHERE name = $1",
	    pg_arg_text(span_of(name)));
	return pg_rows(pg) > 0;
}

static enum err
apply(struct pg *pg, const char *folder, const char *name, struct why *why)
{
	char path[PATH_SIZE];
	struct buf sql = {0};
	enum err err;

	if (snprintf(path, sizeof(path), "%s/%s", folder, name) >= PATH_SIZE)
		return why_set(why, ERR_LIMIT, "sql_folder: path too long");
	err = file_read(path, FILE_MAX, &sql, why);
	if (err != ERR_OK)
		goto out;
	pg_begin(pg);
	pg_run(pg, "SELECT pg_advisory_xact_lock(" LOCK ")");
	if (!is_done(pg, name)) {
		pg_run(pg, buf_cstr(&sql));
		pg_exec(pg, "INSERT INTO migration VALUES ($1, $2)",
		    pg_arg_text(span_of(name)), pg_arg_time(clock_now_us()));
		log_info("migrate.apply", "file=%s", name);
	}
	err = pg_end(pg, true);
	if (err != ERR_OK)
		err = why_set(why, err, "%s: %s", path, pg_why(pg));
out:
	buf_release(&sql);
	return err;
}

static enum err
make_table(struct pg *pg, struct why *why)
{
	enum err err;

	pg_begin(pg);
	pg_run(pg, "SELECT pg_advisory_xact_lock(" LOCK ")");
	pg_run(pg, "CREATE TABLE IF NOT EXISTS migration"
		   " (name text PRIMARY KEY, applied_at timestamptz NOT NULL)");
	err = pg_end(pg, true);
	if (err != ERR_OK)
		return why_set(why, err, "migration: %s", pg_why(pg));
	return ERR_OK;
}

enum err
migrate(struct pg *pg, const char *folder, struct why *why)
{
	struct dirent **entries = NULL;
	int count = scandir(folder, &entries, is_migration, alphasort);
	enum err err;
	int i;

	if (count <= 0) {
		free(entries);
		return why_set(
		    why, ERR_MISSING, "sql_folder: no NNN-*.sql in %s", folder);
	}
	err = make_table(pg, why);
	for (i = 0; i < count; i++) {
		if (err == ERR_OK)
			err = apply(pg, folder, entries[i]->d_name, why);
		free(entries[i]);
	}
	free(entries);
	return err;
}

static bool
is_folder_of_sql(const char *folder)
{
	char path[PATH_SIZE];

	return snprintf(path, sizeof(path), "%s/001-ledger.sql", folder) <
		   PATH_SIZE &&
	       file_exists(path);
}

bool
migrate_find_folder(char *out, size_t size)
{
	static const char *const beside[] = {
	    "../sql", "../../sql", "../share/rongxin/sql"};
	char program[PATH_SIZE] = "";
	ssize_t len = readlink("/proc/self/exe", program, sizeof(program) - 1);
	char *slash;
	size_t i;

	program[len > 0 ? len : 0] = '\0';
	slash = strrchr(program, '/');
	if (slash != NULL)
		*slash = '\0';
	for (i = 0; i < sizeof(beside) / sizeof(*beside); i++) {
		snprintf(out, size, "%s/%s", program, beside[i]);
		if (is_folder_of_sql(out))
			return true;
	}
	snprintf(out, size, "/usr/share/rongxin/sql");
	return is_folder_of_sql(out);
}
