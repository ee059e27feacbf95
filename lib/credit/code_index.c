/*
 * code_index: an open hash table over the spellings of a code list.
 */
#include "credit/code_index.h"

#include <strings.h>

#include "base/text.h"
#include "credit/fold.h"

enum rank {
	RANK_CODE,
	RANK_NAME,
	RANK_ENGLISH,
	RANK_RETIRED
};

struct entry {
	struct span key; /* ptr NULL: free */
	uint32_t hash;
	enum rank rank;
	const struct code *code; /* NULL: two codes have this name */
};

struct code_index {
	struct entry *entries;
	size_t mask;
};

static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* FNV-1a of the text in lower case. */
static uint32_t
hash_of(struct span text)
{
	uint32_t hash = 2166136261;
	size_t i;

	for (i = 0; i < text.len; i++) {
		hash ^= (uint8_t)lower(text.ptr[i]);
		hash *= 16777619;
	}
	return hash ^ hash >> 15;
}

static bool
is_same(struct span a, struct span b)
{
	return a.len == b.len && strncasecmp(a.ptr, b.ptr, a.len) == 0;
}

static struct entry *
index_slot(const struct code_index *index, struct span key, uint32_t hash)
{
	size_t i = hash & index->mask;

	while (index->entries[i].key.ptr != NULL &&
	       (index->entries[i].hash != hash ||
		   !is_same(index->entries[i].key, key)))
		i = (i + 1) & index->mask;
	return &index->entries[i];
}

/* False when a code, or a retired one, is there twice. */
static bool
index_add(struct code_index *index, const char *text, const struct code *code,
    enum rank rank)
{
	struct span key = span_of(text);
	uint32_t hash = hash_of(key);
	struct entry *entry;

	if (key.len == 0)
		return true;
	entry = index_slot(index, key, hash);
	if (entry->key.ptr == NULL) {
		*entry = (struct entry){key, hash, rank, code};
		return true;
	}
	if (entry->rank < rank || (entry->code == code && rank != RANK_CODE))
		return true;
	if (rank == RANK_CODE || rank == RANK_RETIRED)
		return false;
	entry->code = NULL;
	return true;
}

static size_t
count_of(const char *const *texts)
{
	size_t count = 0;

	while (texts[count] != NULL)
		count++;
	return count;
}

static bool
index_add_all(struct code_index *index, const struct code_list *list,
    enum rank rank, const struct code **culprit)
{
	const char *const *text;
	bool fine = true;
	size_t i;

	for (i = 0; i < list->count && fine; i++) {
		const struct code *code = *culprit = &list->codes[i];

		if (rank == RANK_CODE)
			fine = index_add(index, code->code, code, rank);
		if (rank == RANK_ENGLISH)
			fine = index_add(index, code->en, code, rank);
		if (rank == RANK_NAME) {
			fine = index_add(index, code->zh, code, rank);
			for (text = code->names; *text != NULL; text++)
				index_add(index, *text, code, rank);
		}
		if (rank == RANK_RETIRED) {
			for (text = code->former; *text != NULL && fine; text++)
				fine = index_add(index, *text, code, rank);
		}
	}
	return fine;
}

enum err
code_index_build(struct code_list *list, struct arena *arena, struct why *why)
{
	struct code_index *index = arena_take(arena, sizeof(*index));
	const struct code *culprit = NULL;
	size_t i, entries = 0, size = 8;
	int rank;

	for (i = 0; i < list->count; i++)
		entries += 3 + count_of(list->codes[i].names) +
			   count_of(list->codes[i].former);
	while (size < entries * 2)
		size *= 2;
	index->entries = arena_take(arena, size * sizeof(*index->entries));
	index->mask = size - 1;
	for (rank = RANK_CODE; rank <= RANK_RETIRED; rank++) {
		if (!index_add_all(index, list, (enum rank)rank, &culprit))
			return why_set(why, ERR_INVALID,
			    "code list %.40s: %.40s or its former code is "
			    "there twice",
			    list->name, culprit->code);
	}
	list->index = index;
	return ERR_OK;
}

static bool
is_among(struct span text, const char *const *texts)
{
	for (; texts != NULL && *texts != NULL; texts++) {
		if (is_same(text, span_of(*texts)))
			return true;
	}
	return false;
}

/* For lists that were written by hand, without an index. */
static const struct code *
search(const struct code_list *list, struct span text)
{
	const struct code *code;
	size_t i;

	for (i = 0; i < list->count; i++) {
		code = &list->codes[i];
		if (is_same(text, span_of(code->code)) ||
		    is_same(text, span_of(code->zh)) ||
		    (code->en != NULL && is_same(text, span_of(code->en))) ||
		    is_among(text, code->names) || is_among(text, code->former))
			return code;
	}
	return NULL;
}

static const struct code *
find_folded(const struct code_list *list, struct span text)
{
	if (text.len == 0)
		return NULL;
	if (list->index == NULL)
		return search(list, text);
	return index_slot(list->index, text, hash_of(text))->code;
}

const struct code *
code_list_find(const struct code_list *list, struct span text)
{
	const struct code *code;
	struct buf folded = {0};

	text = text_trim(text);
	code = find_folded(list, text);
	if (code != NULL || !fold_is_needed(text))
		return code;
	code = find_folded(list, fold_add(text, &folded));
	buf_release(&folded);
	return code;
}
