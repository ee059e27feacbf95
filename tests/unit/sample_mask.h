/*
 * sample_mask: a catalogue with an anonymisation section, and populations.
 */
#ifndef TESTS_SAMPLE_MASK_H
#define TESTS_SAMPLE_MASK_H

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "credit/population.h"

#define MASK_FIELD(number, name, type, class)                                  \
	"{\"number\":" number ",\"name\":\"" name "\",\"zh\":\"列" name        \
	"\",\"type\":\"" type "\",\"class\":\"" class "\",\"required\":true}"
#define MASK_ITEM(number, consent, fields)                                     \
	"{\"number\":" number ",\"category\":1,\"zh\":\"项\",\"provider\":{"  \
	"\"zh\":\"部\"},\"mode\":\"national\",\"consent\":" consent            \
	",\"cadence\":\"daily\",\"fields\":[" fields "]}"

/* clang-format off */
#define MASK_HEAD                                                              \
	"{\"catalogue\":\"sample\",\"version\":1,"                             \
	"\"categories\":[{\"number\":1,\"zh\":\"甲\"}],\"items\":["            \
	MASK_ITEM("1", "false",                                                \
	    MASK_FIELD("1", "industry", "text", "public") ","                  \
	    MASK_FIELD("2", "staff", "integer", "restricted") ","              \
	    MASK_FIELD("3", "capital", "money", "public")) ","                 \
	MASK_ITEM("2", "false",                                                \
	    MASK_FIELD("1", "decided", "date", "public")) ","                  \
	MASK_ITEM("3", "true",                                                 \
	    MASK_FIELD("1", "year", "year", "public") ","                      \
	    MASK_FIELD("2", "revenue", "money", "restricted") ","              \
	    MASK_FIELD("3", "debts", "money", "restricted"))                   \
	"],\"anonymisation\":"
#define MASK_LISTS                                                             \
	"\"dimensions\":["                                                     \
	"{\"name\":\"division\",\"zh\":\"区\",\"prefixes\":[4,2]},"            \
	"{\"name\":\"industry\",\"zh\":\"业\",\"item\":1,"                     \
	"\"field\":\"industry\",\"prefixes\":[3,1]},"                          \
	"{\"name\":\"size\",\"zh\":\"模\",\"item\":1,\"field\":\"staff\","     \
	"\"bands\":[[10,100,300],[100]]}],"                                    \
	"\"measures\":["                                                       \
	"{\"name\":\"penalties\",\"zh\":\"罚\",\"kind\":\"count\",\"item\":2,"  \
	"\"date\":\"decided\",\"months\":12,\"bands\":[1,2,4]},"               \
	"{\"name\":\"punished\",\"zh\":\"罚过\",\"kind\":\"flag\",\"item\":2},"\
	"{\"name\":\"revenue\",\"zh\":\"收\",\"kind\":\"newest\",\"item\":3,"   \
	"\"field\":\"revenue\",\"date\":\"year\",\"bands\":[100,1000,10000]}," \
	"{\"name\":\"total\",\"zh\":\"和\",\"kind\":\"sum\",\"item\":3,"        \
	"\"field\":\"revenue\",\"bands\":[-50,100,1000,10000]},"               \
	"{\"name\":\"ratio\",\"zh\":\"比\",\"kind\":\"ratio\",\"item\":3,"      \
	"\"field\":\"debts\",\"over\":\"revenue\",\"date\":\"year\","          \
	"\"bands\":[50,100]}]}"
#define MASK_TEXT(k, largest, two, epsilon)                                    \
	MASK_HEAD "{\"k\":" k ",\"dominance\":{\"largest\":" largest           \
	",\"two_largest\":" two "},\"noise\":{\"epsilon_milli\":" epsilon      \
	",\"budget_milli\":1000,\"period_days\":30},\"screenings\":5,"         \
	"\"refresh_minutes\":0," MASK_LISTS "}"
/* clang-format on */

/* One enterprise as a test describes it. */
struct enterprise {
	const char *stream, *industry;
	int staff;
	int penalties;
	int revenue; /* -1: none */
};

static inline void
sample_add(struct population_maker *maker, const char *subject,
    const struct enterprise *e, uint32_t item,
    const struct record_field *fields, size_t count)
{
	struct record record = {.item = item,
	    .subject = span_of(subject),
	    .version = 1,
	    .state = RECORD_CURRENT,
	    .fields = fields,
	    .field_count = count};

	population_add(maker, e->stream, &record);
}

static inline void
sample_enterprise(
    struct population_maker *maker, unsigned number, const struct enterprise *e)
{
	char subject[24], staff[16], revenue[16];
	struct record_field registered[] = {
	    {1, span_of(e->industry)}, {2, span_of("")}};
	struct record_field punished[] = {{1, span_of("2026-11-01")}};
	struct record_field year[] = {{1, span_of("2025")}, {2, span_of("")}};
	int i;

	snprintf(subject, sizeof(subject), "9144%014u", number);
	snprintf(staff, sizeof(staff), "%d", e->staff);
	snprintf(revenue, sizeof(revenue), "%d.00", e->revenue);
	registered[1].value = span_of(staff);
	year[1].value = span_of(revenue);
	sample_add(maker, subject, e, 1, registered, 2);
	for (i = 0; i < e->penalties; i++)
		sample_add(maker, subject, e, 2, punished, 1);
	if (e->revenue >= 0)
		sample_add(maker, subject, e, 3, year, 2);
}

#endif
