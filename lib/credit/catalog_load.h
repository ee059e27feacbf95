/*
 * catalog_load: members of the catalogue's document, one by one; only for
 * catalog_parse.c.
 *
 * The loader is sticky: after the first fault it keeps what was wrong, and
 * every call is harmless.
 */
#ifndef CREDIT_CATALOG_LOAD_H
#define CREDIT_CATALOG_LOAD_H

#include "base/json.h"
#include "base/mem.h"
#include "credit/catalog.h"

struct loader {
	struct catalog *catalog;
	struct arena *arena;
	struct why *why;
	char where[80];
	bool failed;
};

void loader_refuse(
    struct loader *loader, const char *member, const char *reason);
/* `object` is one, with members from `names` only (NULL-terminated). */
void loader_check_members(
    struct loader *loader, const struct json *object, const char *const *names);
/* Texts are folded and live in the arena; "" when absent. */
const char *loader_text(
    struct loader *loader, const struct json *object, const char *name);
const char *loader_need_text(
    struct loader *loader, const struct json *object, const char *name);
/* An identifier: a-z, 0-9, _ and -, beginning with a letter. */
const char *loader_need_name(
    struct loader *loader, const struct json *object, const char *name);
bool loader_bool(
    struct loader *loader, const struct json *object, const char *name);
int64_t loader_need_int(struct loader *loader, const struct json *object,
    const char *name, int64_t min, int64_t max);
/* Elements of a member that is an array; 0 when absent. */
size_t loader_count(struct loader *loader, const struct json *object,
    const char *name, size_t max);
/* Ends with NULL. */
const char *const *loader_texts(
    struct loader *loader, const struct json *object, const char *name);
/* Position of the member's text in `names`, which ends with NULL. */
int loader_need_one_of(struct loader *loader, const struct json *object,
    const char *name, const char *const *names);

#endif
