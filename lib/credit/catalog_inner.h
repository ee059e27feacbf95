/*
 * catalog_inner: what a catalogue holds; only for catalog*.c.
 */
#ifndef CREDIT_CATALOG_INNER_H
#define CREDIT_CATALOG_INNER_H

#include "base/mem.h"
#include "credit/catalog.h"

struct mask;
struct limits;
struct abuse_rules;

struct catalog {
	struct arena *arena; /* owns everything below */
	const char *name;
	uint64_t version;
	struct category *categories;
	size_t category_count;
	struct rule *rules;
	size_t rule_count;
	struct code_list *lists;
	size_t list_count;
	struct field *common;
	size_t common_count;
	struct item *items; /* ascending by number */
	size_t item_count;
	const struct mask *mask;         /* NULL: no anonymised answers */
	const struct limits *limits;     /* NULL: none */
	const struct abuse_rules *abuse; /* NULL: none */
};

/* Is `column` (folded and trimmed) the field's name, an alias or its
 * Chinese name? */
bool field_answers_to(const struct field *field, struct span column);

#endif
