/*
 * handin: who may hand in what, and how a batch describes itself.
 */
#include "hub/handin.h"

#include <stdlib.h>
#include <strings.h>

#include "hub/catalogue.h"

static bool
catalogue_has(const struct hub *hub, uint32_t item)
{
	const struct catalogue *catalogue = shared_hold(hub->catalogue);
	bool has = catalogue != NULL &&
		   catalog_find_item(catalogue->catalog, item) != NULL;

	shared_drop(hub->catalogue, catalogue);
	return has;
}

static bool
check_member(
    const struct member *who, uint32_t item, bool known, struct answer *answer)
{
	if (who == NULL)
		answer_refuse(answer, 403, "member_unknown", "%s", "");
	else if (who->status != MEMBER_ACTIVE)
		answer_refuse(answer, 403, "member_inactive", "%s", "");
	else if (who->kind != MEMBER_DEPARTMENT)
		answer_refuse(
		    answer, 403, "member_kind", "departments hand in");
	else if (!known)
		answer_refuse(answer, 404, "item_unknown", "%s", "");
	else if (!member_may_provide(who, item))
		answer_refuse(answer, 403, "not_yours",
		    "this department does not provide this item");
	else
		return true;
	return false;
}

bool
handin_check(const struct hub *hub, const char *code, uint32_t item,
    struct answer *answer)
{
	const struct members *members = shared_hold(hub->members);
	const struct member *who =
	    members != NULL ? members_find(members, code) : NULL;
	bool known = item != 0 && catalogue_has(hub, item);
	bool may = check_member(who, item, known, answer);

	shared_drop(hub->members, members);
	return may;
}

static bool
is_charset(const char *parameters, const char **charset)
{
	const char *at = strcasestr(parameters, "charset=");
	size_t len;

	*charset = "utf-8";
	if (at == NULL)
		return true;
	at += strlen("charset=");
	at += *at == '"';
	len = strcspn(at, "\"; ");
	if (len == 5 && strncasecmp(at, "utf-8", 5) == 0)
		return true;
	*charset = "gb18030";
	return len == 7 && strncasecmp(at, "gb18030", 7) == 0;
}

static bool
read_media_type(const char *type, struct ingest_batch *batch)
{
	size_t len = type != NULL ? strcspn(type, "; ") : 0;

	if (len == 8 && strncasecmp(type, "text/csv", len) == 0)
		batch->format = FEED_CSV;
	else if (len == 20 &&
		 strncasecmp(type, "application/x-ndjson", 20) == 0)
		batch->format = FEED_NDJSON;
	else
		return false;
	return is_charset(type + len, &batch->charset);
}

/* Codes of two or four digits with commas between. */
static bool
are_divisions(const char *text)
{
	size_t len;

	do {
		len = strspn(text, "0123456789");
		if (len != 2 && len != 4)
			return false;
		text += len;
	} while (*text++ == ',');
	return text[-1] == '\0';
}

static bool
read_mode(const struct handin *said, struct ingest_batch *batch)
{
	const char *mode = said->mode != NULL ? said->mode : "delta";

	batch->full = strcmp(mode, "full") == 0;
	if (!batch->full)
		return strcmp(mode, "delta") == 0 && said->divisions == NULL;
	if (said->divisions == NULL)
		return true;
	if (strlen(said->divisions) > INGEST_DIVISIONS_MAX ||
	    !are_divisions(said->divisions))
		return false;
	strcpy(batch->divisions, said->divisions);
	return true;
}

static bool
read_sequence(const char *text, int64_t *number)
{
	*number = 0;
	if (text == NULL)
		return true;
	if (*text < '1' || *text > '9' || strlen(text) > 18 ||
	    strspn(text, "0123456789") != strlen(text))
		return false;
	*number = strtoll(text, NULL, 10);
	return true;
}

bool
handin_describe(const struct handin *said, struct ingest_batch *batch,
    struct answer *answer)
{
	if (!read_mode(said, batch)) {
		answer_refuse(answer, 400, "malformed",
		    "mode: delta or full; divisions of a full batch: codes of "
		    "two or four digits, with commas");
		return false;
	}
	if (!read_sequence(said->sequence, &batch->sequence)) {
		answer_refuse(answer, 400, "malformed",
		    "Batch-Sequence: a number from 1");
		return false;
	}
	if (!read_media_type(said->type, batch)) {
		answer_refuse(answer, 415, "media_type",
		    "text/csv or application/x-ndjson; charset utf-8 or "
		    "gb18030");
		return false;
	}
	if (!inflate_kind_parse(said->coding, &batch->coding)) {
		answer_refuse(answer, 415, "media_type",
		    "content coding: gzip, zstd or none");
		return false;
	}
	return true;
}
