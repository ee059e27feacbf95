/*
 * members: the member list as one object, for every thread.
 */
#include "hub/members.h"

#include <stdlib.h>

#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"

struct members {
	size_t count;
	struct member *list; /* ascending by code */
};

static int
by_code(const void *a, const void *b)
{
	const struct member *left = a, *right = b;

	return strcmp(left->code, right->code);
}

struct members *
members_load(struct pg *pg, struct why *why)
{
	struct members *members;
	size_t rows, i;

	pg_query(pg, "SELECT fields->>'document' FROM record"
		     " WHERE stream = '0000' AND item = 60002 AND state <> 4");
	if (pg_has_failed(pg)) {
		(void)why_set(why, ERR_DATABASE, "members: %s", pg_why(pg));
		return NULL;
	}
	rows = pg_rows(pg);
	members = mem_new(sizeof(*members));
	members->list = mem_new((rows + 1) * sizeof(*members->list));
	for (i = 0; i < rows; i++) {
		struct member *member = &members->list[members->count];

		if (member_parse(pg_bytes(pg, i, 0), member, why) == ERR_OK)
			members->count++;
		else
			log_error("members.unreadable", "why=%s", why->text);
	}
	qsort(members->list, members->count, sizeof(*members->list), by_code);
	return members;
}

void
members_free(void *object)
{
	struct members *members = object;

	if (members == NULL)
		return;
	mem_free(members->list);
	mem_free(members);
}

size_t
members_count(const struct members *members)
{
	return members->count;
}

static int
code_order(const void *key, const void *element)
{
	const struct member *member = element;

	return strcmp(key, member->code);
}

const struct member *
members_find(const struct members *members, const char *code)
{
	return bsearch(code, members->list, members->count,
	    sizeof(*members->list), code_order);
}

const struct member *
members_find_key(const struct members *members, const char *curve_key)
{
	size_t i;

	for (i = 0; i < members->count; i++) {
		const struct member *member = &members->list[i];

		if (member->kind == MEMBER_PLATFORM &&
		    member->status == MEMBER_ACTIVE &&
		    member_has_key(member, curve_key))
			return member;
	}
	return NULL;
}

void
members_print_list(
    const struct members *members, struct json_out *json, const char *name)
{
	struct buf one = {0};
	size_t i;

	json_open_array(json, name);
	for (i = 0; i < members->count; i++) {
		buf_reset(&one);
		member_print(&members->list[i], &one);
		json_put_raw(json, NULL, buf_span(&one));
	}
	json_close_array(json);
	buf_release(&one);
}

void
members_print(const struct members *members, struct buf *out)
{
	struct json_out json = {.buf = out};

	json_open_object(&json, NULL);
	members_print_list(members, &json, "members");
	json_close_object(&json);
}
