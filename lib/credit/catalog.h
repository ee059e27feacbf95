/*
 * catalog: the sharing list as data: categories, items, fields, code lists,
 * rules (归集共享清单).
 *
 * A catalogue is parsed once and never changes; a new version is a new
 * object.  The format is docs/CATALOGUE.md.  Unknown members are refused: a
 * misspelt classification must not become a permission.
 * Pure; any thread may read.
 */
#ifndef CREDIT_CATALOG_H
#define CREDIT_CATALOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/span.h"

#define CATALOG_ITEM_MAX 59999 /* above: control records (record.h) */
#define CATALOG_FIELDS_MAX 64  /* an item's fields; one bit each in permits */
/* Field numbers are 1 to 1000; 1001 is the common column `source_number`. */
#define CATALOG_SOURCE_NUMBER 1001

enum field_type {
	FIELD_TEXT,
	FIELD_CODE,    /* one of a code list; stored as the code */
	FIELD_DATE,    /* 2024-03-28 */
	FIELD_MONTH,   /* 2024-03 */
	FIELD_YEAR,    /* 2024 */
	FIELD_INTEGER, /* -12 */
	FIELD_DECIMAL, /* -12.5, no exponent, no trailing zeros */
	FIELD_MONEY,   /* yuan with two decimals: 1000000.00 */
	FIELD_BOOLEAN, /* true, false */
	FIELD_USCC     /* another organisation's code */
};

enum field_class {
	FIELD_PUBLIC,
	FIELD_RESTRICTED, /* trade secret */
	FIELD_PERSONAL
};

struct code {
	const char *code;
	const char *zh;
	const char *en;            /* "" when none */
	const char *const *names;  /* other spellings; ends with NULL */
	const char *const *former; /* retired codes; ends with NULL */
};

struct code_index;
struct pattern;
struct check;

struct code_list {
	const char *name;
	const struct code *codes;
	size_t count;
	const struct code_index *index; /* NULL: searched one by one */
};

struct field {
	uint32_t number; /* never reused within an item */
	const char *name, *zh, *en;
	struct span label; /* name, as JSON has it: "name": */
	enum field_type type;
	enum field_class class;
	bool required;
	bool in_wan;    /* a bare number is in 万元 (FIELD_MONEY) */
	size_t max;     /* code points of text */
	size_t min_len; /* the same; 0: none */
	const struct pattern *pattern; /* of text; NULL: any */
	/* Dates and numbers, canonical or "today"; NULL: none. */
	const char *min_value, *max_value;
	const struct code_list *codes; /* FIELD_CODE; else NULL */
	const char
	    *currency_to; /* FIELD_MONEY: field that takes the currency */
	const char *const
	    *aliases;     /* column names as they come; ends with NULL */
	const char *unit; /* as the catalogue says it; "" or NULL none */
};

struct item {
	uint32_t number;
	uint32_t category;
	const char *zh, *en;
	const char *provider_zh, *provider_en;
	const char *mode;    /* "national", "interface", "local", … */
	const char *cadence; /* "daily", "weekly", "monthly", "yearly" */
	bool needs_consent; /* 模式 "企业授权": every field is protected */
	bool is_negative;   /* bad information: retention from its end */
	bool is_positive;   /* good information: a merit, an honour */
	unsigned retention_years;   /* 0: kept */
	const char *retention_from; /* field the years count from; "" none */
	const struct field *fields;
	size_t field_count;
	const uint32_t *key; /* indices into fields */
	size_t key_count;    /* 0: one record a subject */
	const struct check *checks;
	size_t check_count;
	const char *division; /* a province's own item: "44"; else "" */
	/* Whose word counts first when providers disagree: member codes, or
	 * beginnings of them with a * behind; ends with NULL.  Empty: who spoke
	 * last. */
	const char *const *precedence;
	unsigned purposes; /* bit of each that may touch it */
};

struct rule {
	const char *id, *zh, *en;
	bool rejects;
};

struct category {
	uint32_t number;
	const char *zh, *en;
	const char *const *precedence; /* of its items that have none */
};

struct catalog;

/* NULL and `why` (member and reason) when the document is not a catalogue. */
struct catalog *catalog_parse(struct span json, struct why *why);
void catalog_free(struct catalog *catalog); /* safe on NULL */

uint64_t catalog_version(const struct catalog *catalog);
const struct item *catalog_items(const struct catalog *catalog, size_t *count);
const struct item *catalog_find_item(
    const struct catalog *catalog, uint32_t number);
const struct category *catalog_categories(
    const struct catalog *catalog, size_t *count);
const struct category *catalog_find_category(
    const struct catalog *catalog, uint32_t number);
const struct rule *catalog_rules(const struct catalog *catalog, size_t *count);
const struct rule *catalog_find_rule(
    const struct catalog *catalog, const char *id);
const struct code_list *catalog_find_codes(
    const struct catalog *catalog, const char *name);
/* Common columns of every item ("uscc", "data_date", "source_number") by
 * name or alias; NULL when it is none. */
const struct field *catalog_find_common(
    const struct catalog *catalog, struct span column);

/* By name, alias or Chinese name (folded, trimmed, case ignored); NULL when
 * none.  Not for every row: columns are mapped once. */
const struct field *item_find_field(
    const struct item *item, struct span column);
const struct field *item_find_number(const struct item *item, uint32_t number);
/* `purpose`: an enum purpose. */
bool item_is_for(const struct item *item, unsigned purpose);
/* Is this field protected: by its class, or because its item needs consent? */
bool item_protects(const struct item *item, const struct field *field);
const char *field_class_name(enum field_class class);
const char *field_type_name(enum field_type type);
/* By code, Chinese or English name, other spelling or retired code (folded,
 * trimmed, case ignored).  NULL when none, or when two codes share the name. */
const struct code *code_list_find(
    const struct code_list *list, struct span text);

#endif
