/*
 * distinct: which subjects one member has asked about on one day.
 */
#include "node/distinct.h"

#include "base/mem.h"

#define FIRST_SIZE 64
#define GROWTH 4
#define PLACES 16 /* of a hash in each table */
#define DAY_SHIFT 48
#define HASH_MASK ((UINT64_C(1) << DAY_SHIFT) - 1)

struct distinct_table {
	struct distinct_table *_Atomic next;
	uint64_t size;             /* a power of two */
	_Atomic uint64_t places[]; /* day and hash; 0: never taken */
};

static uint64_t
dated(uint32_t day, uint32_t count)
{
	return (uint64_t)day << 32 | count;
}

bool
day_count_add(day_count *count, uint32_t day, uint32_t limit)
{
	uint64_t seen = atomic_load(count), next;

	do {
		next = seen + 1;
		if (seen >> 32 < day)
			next = dated(day, 1);
		else if (limit > 0 && (uint32_t)seen >= limit)
			return false;
	} while (!atomic_compare_exchange_weak(count, &seen, next));
	return true;
}

void
day_count_undo(day_count *count, uint32_t day)
{
	uint64_t seen = atomic_load(count);

	while (seen >> 32 == day && (uint32_t)seen > 0)
		if (atomic_compare_exchange_weak(count, &seen, seen - 1))
			return;
}

uint32_t
day_count_get(const day_count *count, uint32_t day)
{
	uint64_t seen = atomic_load(count);

	return seen >> 32 < day ? 0 : (uint32_t)seen;
}

static struct distinct_table *
table_new(uint64_t size)
{
	struct distinct_table *table =
	    mem_new(sizeof(*table) + size * sizeof(table->places[0]));

	table->size = size;
	return table;
}

/* The one that is there, or a new one that everybody sees. */
static struct distinct_table *
table_at(struct distinct_table *_Atomic *link, uint64_t size)
{
	struct distinct_table *table = atomic_load(link), *made;

	if (table != NULL)
		return table;
	made = table_new(size);
	if (atomic_compare_exchange_strong(link, &table, made))
		return made;
	mem_free(made);
	return table;
}

void
distinct_release(struct distinct *distinct)
{
	struct distinct_table *table = atomic_load(&distinct->first), *next;

	for (; table != NULL; table = next) {
		next = atomic_load(&table->next);
		mem_free(table);
	}
	atomic_store(&distinct->first, NULL);
}

enum place {
	PLACE_FREE,
	PLACE_OURS,
	PLACE_TAKEN
};

static enum place
look(uint64_t found, uint64_t mark)
{
	if (found == mark)
		return PLACE_OURS;
	return found >> DAY_SHIFT < mark >> DAY_SHIFT ? PLACE_FREE
						      : PLACE_TAKEN;
}

/* The first place of this row that is ours or free, and what was there. */
static enum place
table_find(struct distinct_table *table, uint64_t mark,
    _Atomic uint64_t **place, uint64_t *found)
{
	enum place state = PLACE_TAKEN;
	uint64_t i;

	for (i = 0; i < PLACES && state == PLACE_TAKEN; i++) {
		*place = &table->places[(mark + i) & (table->size - 1)];
		*found = atomic_load(*place);
		state = look(*found, mark);
	}
	return state;
}

/* One hash on its way into the tables. */
struct adding {
	struct distinct *distinct;
	uint64_t mark;
	uint32_t day, limit;
	bool counted; /* a number was taken for it */
	bool refused; /* there was none left */
};

/* False: this table has no place for it. */
static bool
table_add(struct distinct_table *table, struct adding *adding)
{
	_Atomic uint64_t *place;
	uint64_t found;
	enum place state;

	for (;;) {
		state = table_find(table, adding->mark, &place, &found);
		if (state == PLACE_TAKEN)
			return false;
		if (state == PLACE_OURS)
			break;
		if (!adding->counted && !day_count_add(&adding->distinct->count,
					    adding->day, adding->limit)) {
			adding->refused = true;
			return true;
		}
		adding->counted = true;
		/* If somebody was faster, the place is looked at again. */
		if (atomic_compare_exchange_strong(place, &found, adding->mark))
			return true;
	}
	if (adding->counted)
		day_count_undo(&adding->distinct->count, adding->day);
	return true;
}

bool
distinct_add(
    struct distinct *distinct, uint32_t day, uint64_t hash, uint32_t limit)
{
	struct adding adding = {.distinct = distinct,
	    .mark = (uint64_t)day << DAY_SHIFT | (hash & HASH_MASK),
	    .day = day,
	    .limit = limit};
	uint64_t size = FIRST_SIZE;
	struct distinct_table *table = table_at(&distinct->first, size);

	while (!table_add(table, &adding)) {
		size *= GROWTH;
		table = table_at(&table->next, size);
	}
	return !adding.refused;
}
