/*
 * feed_row: the cells of one row become a record, or say why not.
 */
#include <assert.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/text.h"
#include "credit/feed_inner.h"
#include "credit/fold.h"
#include "credit/uscc.h"
#include "credit/value.h"

#define REPLACEMENT "\xef\xbf\xbd"
#define KEY_SEPARATOR '\x1f'

static unsigned
slot_of(const struct item *item, const char *name)
{
	size_t i;

	for (i = 0; name != NULL && i < item->field_count; i++) {
		if (strcmp(item->fields[i].name, name) == 0)
			return (unsigned)i;
	}
	return SLOT_NONE;
}

static unsigned
expiry_slot_of(const struct item *item)
{
	if (item->retention_years == 0)
		return SLOT_NONE;
	if (strcmp(item->retention_from, "data_date") == 0)
		return SLOT_DATE;
	return slot_of(item, item->retention_from);
}

/* The catalogue may make a rejection of a warning, never the reverse. */
static bool
rule_rejects(const struct catalog *catalog, const char *id)
{
	const struct rule *rule = catalog_find_rule(catalog, id);

	return rule != NULL && rule->rejects;
}

void
row_maker_init(struct row_maker *maker, const struct feed_settings *settings)
{
	static const struct field date = {
	    .name = "data_date", .type = FIELD_DATE};
	static const struct field source = {
	    .name = "source_number", .type = FIELD_TEXT, .max = 100};
	const struct catalog *catalog = settings->catalog;
	const struct item *item = settings->item;
	size_t i;

	char received[CLOCK_TEXT_MAX];

	assert(item->field_count < CATALOG_FIELDS_MAX);
	clock_print(settings->received_us + EXPIRY_ZONE_US, received);
	snprintf(maker->today, sizeof(maker->today), "%.10s", received);
	maker->expiry_slot = expiry_slot_of(item);
	expiry_cutoff(settings->now_us, item->retention_years, maker->cutoff);
	maker->catalog = catalog;
	maker->item = item;
	maker->received_us = settings->received_us;
	maker->row = settings->row;
	maker->code = settings->code;
	maker->context = settings->context;
	maker->date_field = catalog_find_common(catalog, span_of("data_date"));
	if (maker->date_field == NULL)
		maker->date_field = &date;
	maker->source_field =
	    catalog_find_common(catalog, span_of("source_number"));
	if (maker->source_field == NULL)
		maker->source_field = &source;
	maker->provinces = catalog_find_codes(catalog, "province");
	maker->divisions = catalog_find_codes(catalog, "division");
	for (i = 0; i < item->key_count; i++)
		maker->key_mask |= UINT64_C(1) << item->key[i];
	maker->division_slot = slot_of(item, "division");
	maker->province_slot = slot_of(item, "province");
	maker->city_slot = slot_of(item, "city");
	for (i = 0; i < item->field_count; i++)
		maker->currency_slots[i] =
		    slot_of(item, item->fields[i].currency_to);
	maker->organisation_rejects =
	    rule_rejects(catalog, "uscc_organisation");
	maker->division_rejects = rule_rejects(catalog, "uscc_division");
	maker->encoding_rejects = rule_rejects(catalog, "encoding");
}

void
row_maker_release(struct row_maker *maker)
{
	buf_release(&maker->subject_buf);
	buf_release(&maker->key);
	buf_release(&maker->values);
}

static void
add_finding(struct row_maker *maker, const char *field, const char *rule,
    bool rejects, struct span value)
{
	struct finding *finding;

	assert(maker->finding_count < ROW_FINDINGS_MAX);
	finding = &maker->findings[maker->finding_count++];
	finding->line = maker->line;
	finding->field = field;
	finding->rule = rule;
	finding->severity = rejects ? FINDING_REJECT : FINDING_WARN;
	finding->value = digest_of(value);
	maker->rejected = maker->rejected || rejects;
}

static bool
has_replacement(struct span text)
{
	return text.len >= 3 &&
	       memmem(text.ptr, text.len, REPLACEMENT, 3) != NULL;
}

static void
read_action(struct row_maker *maker)
{
	struct span action = text_trim(maker->cells[SLOT_ACTION]);

	maker->withdrawn =
	    span_is(action, "delete") || span_is(action, "withdraw");
	maker->repaired = span_is(action, "repair");
	if (action.len > 0 && !maker->withdrawn && !maker->repaired &&
	    !span_is(action, "upsert"))
		add_finding(maker, "_action", "code_list", true, action);
}

/* Which code a number of before 2015 stands for only the ledger knows. */
static void
read_old_number(struct row_maker *maker)
{
	struct span code = {NULL, 0};

	maker->old_number = true;
	if (maker->code != NULL)
		code = maker->code(maker->context, maker->line);
	add_finding(maker, "uscc",
	    code.len > 0 ? "uscc_mapped" : uscc_rule(USCC_OLD_NUMBER),
	    code.len == 0, maker->subject);
	if (code.len > 0)
		maker->subject = code;
}

/* Width is folded, case is not: a real code has no small letters. */
static void
read_subject(struct row_maker *maker)
{
	struct span code = text_trim(maker->cells[SLOT_USCC]);
	enum uscc_fault fault;
	size_t i;

	for (i = 0; i < code.len && (uint8_t)code.ptr[i] < 0x80; i++)
		;
	if (i < code.len) {
		buf_reset(&maker->subject_buf);
		code = fold_add(code, &maker->subject_buf);
	}
	maker->subject = code;
	if (value_is_missing(code)) {
		add_finding(maker, "uscc", "required", true, code);
		return;
	}
	fault = uscc_check(code);
	if (fault == USCC_OLD_NUMBER)
		read_old_number(maker);
	else if (fault != USCC_OK)
		add_finding(maker, "uscc", uscc_rule(fault), true, code);
}

/* Characters 3 to 6 against the divisions that the catalogue knows, and the
 * organisation code inside.  "4400" is a province's own registry. */
static void
check_subject(struct row_maker *maker)
{
	struct span code = maker->subject;
	bool national = memcmp(code.ptr + 2, "10", 2) == 0;
	bool of_province = memcmp(code.ptr + 4, "00", 2) == 0;

	if (!national && maker->provinces != NULL &&
	    code_list_find(maker->provinces, span_make(code.ptr + 2, 2)) ==
		NULL) {
		add_finding(
		    maker, "uscc", uscc_rule(USCC_PROVINCE), true, code);
		return;
	}
	if (!of_province && maker->divisions != NULL &&
	    code_list_find(maker->divisions, span_make(code.ptr + 2, 4)) ==
		NULL)
		add_finding(maker, "uscc", "uscc_division",
		    maker->division_rejects, code);
	if (!uscc_organisation_is_sound(code.ptr))
		add_finding(maker, "uscc", "uscc_organisation",
		    maker->organisation_rejects, code);
}

/* Normalise the cell of `slot` into `values`. */
static enum value_fault
read_cell(struct row_maker *maker, const struct field *field, unsigned slot,
    char currency[4])
{
	struct place *place = &maker->places[slot];
	enum value_fault fault;

	place->at = maker->values.len;
	if (maker->nested[slot])
		return VALUE_TYPE;
	fault = value_normalise(
	    field, maker->cells[slot], &maker->values, currency);
	place->len = maker->values.len - place->at;
	return fault;
}

static struct span
value_at(const struct row_maker *maker, unsigned slot)
{
	const struct place *place = &maker->places[slot];

	return span_make(maker->values.data + place->at, place->len);
}

static void
read_date(struct row_maker *maker)
{
	const struct field *field = maker->date_field;
	const struct place *place = &maker->places[SLOT_DATE];
	enum value_fault fault = read_cell(maker, field, SLOT_DATE, NULL);

	maker->as_of_us = maker->received_us;
	maker->dated = fault == VALUE_OK;
	if (fault == VALUE_OK)
		maker->as_of_us = value_day_us(
		    span_make(maker->values.data + place->at, place->len));
	else if (fault != VALUE_MISSING || field->required)
		add_finding(maker, field->name, value_rule(field, fault),
		    field->required, maker->cells[SLOT_DATE]);
}

static void
read_source(struct row_maker *maker)
{
	const struct field *field = maker->source_field;
	enum value_fault fault = read_cell(maker, field, SLOT_SOURCE, NULL);

	maker->has_source = fault == VALUE_OK;
	if (fault != VALUE_OK && (fault != VALUE_MISSING || field->required))
		add_finding(maker, field->name, value_rule(field, fault),
		    field->required, maker->cells[SLOT_SOURCE]);
}

/* A row that withdraws a record only has to say which. */
static bool
is_needed(const struct row_maker *maker, unsigned i)
{
	if ((maker->key_mask >> i & 1) != 0)
		return true;
	return maker->item->fields[i].required && !maker->withdrawn;
}

static void
read_field(struct row_maker *maker, unsigned i)
{
	const struct field *field = &maker->item->fields[i];
	uint64_t bit = UINT64_C(1) << i;
	enum value_fault fault;
	const char *rule;

	if (maker->cells[i].len == 0 && !maker->nested[i])
		return;
	fault = read_cell(maker, field, i, maker->currencies[i]);
	if (fault == VALUE_MISSING)
		return;
	rule = fault == VALUE_OK
		   ? check_value(field, value_at(maker, i), maker->today)
		   : value_rule(field, fault);
	if (rule == NULL) {
		maker->present |= bit;
		return;
	}
	maker->faulty |= bit;
	add_finding(
	    maker, field->name, rule, is_needed(maker, i), maker->cells[i]);
}

/* The currency that an amount names goes into its own field: always a foreign
 * one, else only where the row says nothing itself. */
static void
place_currency(struct row_maker *maker, unsigned from, unsigned to)
{
	const struct field *target = &maker->item->fields[to];
	struct span currency = span_of(maker->currencies[from]);
	uint64_t bit = UINT64_C(1) << to;
	const struct code *code;

	if ((maker->present & bit) != 0 && span_is(currency, "CNY"))
		return;
	if (target->type == FIELD_CODE) {
		code = code_list_find(target->codes, currency);
		if (code == NULL) {
			add_finding(maker, target->name, "code_list",
			    is_needed(maker, to), maker->cells[from]);
			return;
		}
		currency = span_of(code->code);
	}
	maker->places[to] = (struct place){maker->values.len, currency.len};
	buf_add(&maker->values, currency.ptr, currency.len);
	maker->present |= bit;
}

static void
read_fields(struct row_maker *maker)
{
	unsigned i, count = (unsigned)maker->item->field_count;

	for (i = 0; i < count; i++)
		read_field(maker, i);
	for (i = 0; i < count; i++) {
		if ((maker->present >> i & 1) != 0 &&
		    maker->currency_slots[i] != SLOT_NONE)
			place_currency(maker, i, maker->currency_slots[i]);
	}
	for (i = 0; i < count; i++) {
		if (((maker->present | maker->faulty) >> i & 1) == 0 &&
		    is_needed(maker, i))
			add_finding(maker, maker->item->fields[i].name,
			    "required", true, maker->cells[i]);
	}
}

/* A character that could not be decoded costs one field, but never makes
 * part of a record's identity. */
static void
make_key(struct row_maker *maker)
{
	const struct item *item = maker->item;
	struct span value, key;
	size_t i;

	for (i = 0; i < item->key_count; i++) {
		if ((maker->present >> item->key[i] & 1) == 0)
			return;
		if (i > 0)
			buf_char(&maker->key, KEY_SEPARATOR);
		value = value_at(maker, item->key[i]);
		buf_add(&maker->key, value.ptr, value.len);
	}
	maker->has_key = true;
	key = buf_span(&maker->key);
	if (key.len > RECORD_KEY_MAX)
		add_finding(maker, "", "key_too_long", true, key);
	if (maker->suspect && has_replacement(key))
		add_finding(maker, "", "encoding", true, key);
}

/* What a value was taken for, when it was faulty, is not known. */
static void
run_check(struct row_maker *maker, const struct check *check)
{
	struct span values[CHECK_FIELDS_MAX] = {{NULL, 0}};
	const struct item *item = maker->item;
	size_t i;

	for (i = 0; i < check->field_count; i++) {
		if ((maker->faulty >> check->fields[i] & 1) != 0)
			return;
		if ((maker->present >> check->fields[i] & 1) != 0)
			values[i] = value_at(maker, check->fields[i]);
	}
	if (check_holds(item, check, values))
		return;
	add_finding(maker, item->fields[check->fields[0]].name, check->id,
	    check->rejects, maker->cells[check->fields[0]]);
}

static void
run_checks(struct row_maker *maker)
{
	const struct item *item = maker->item;
	size_t i;

	for (i = 0; i < item->check_count && !maker->withdrawn; i++)
		if (!check_needs_ledger(&item->checks[i]))
			run_check(maker, &item->checks[i]);
}

static bool
has_value(const struct row_maker *maker, unsigned slot)
{
	if (slot == SLOT_DATE)
		return maker->dated;
	return slot != SLOT_NONE && (maker->present >> slot & 1) != 0;
}

/* What is to be shown no more does not come in to be taken out at night. */
static void
check_expiry(struct row_maker *maker)
{
	unsigned slot = maker->expiry_slot;

	if (maker->withdrawn || !has_value(maker, slot) ||
	    !expiry_is_past(value_at(maker, slot), maker->cutoff))
		return;
	maker->past = true;
	add_finding(maker, maker->item->retention_from, "retention", true,
	    maker->cells[slot]);
}

static size_t
collect_fields(struct row_maker *maker)
{
	const struct item *item = maker->item;
	size_t count = 0;
	unsigned i;

	for (i = 0; i < item->field_count; i++) {
		if ((maker->present >> i & 1) == 0)
			continue;
		maker->fields[count].number = item->fields[i].number;
		maker->fields[count++].value = value_at(maker, i);
	}
	if (maker->has_source) {
		maker->fields[count].number = CATALOG_SOURCE_NUMBER;
		maker->fields[count++].value = value_at(maker, SLOT_SOURCE);
	}
	return count;
}

static struct span
cell_at(const struct row_maker *maker, unsigned slot)
{
	return slot == SLOT_NONE ? (struct span){NULL, 0} : maker->cells[slot];
}

static enum record_state
state_of(const struct row_maker *maker)
{
	if (maker->withdrawn || maker->past)
		return RECORD_WITHDRAWN;
	return maker->repaired ? RECORD_REPAIRED : RECORD_CURRENT;
}

/* A refused row may still say which record it is about. */
static bool
is_identified(const struct row_maker *maker)
{
	return uscc_check(maker->subject) == USCC_OK &&
	       (maker->present & maker->key_mask) == maker->key_mask &&
	       maker->key.len <= RECORD_KEY_MAX;
}

/* Then the department has spoken, and only the time is wrong. */
static bool
is_only_past(const struct row_maker *maker)
{
	size_t i, rejects = 0;

	for (i = 0; i < maker->finding_count; i++)
		rejects += maker->findings[i].severity == FINDING_REJECT;
	return maker->past && rejects == 1;
}

/* Where the row belongs, if its code says so; a province's own item takes
 * nothing from elsewhere. */
static enum region_source
find_stream(struct row_maker *maker, char stream[STREAM_LEN + 1])
{
	struct whereabouts where = {cell_at(maker, maker->division_slot),
	    cell_at(maker, maker->province_slot),
	    cell_at(maker, maker->city_slot)};
	enum region_source source;

	stream[0] = '\0';
	if (uscc_check(maker->subject) != USCC_OK)
		return REGION_CODE;
	source = region_stream(maker->catalog, maker->subject, &where, stream);
	if (*maker->item->division != '\0' &&
	    !region_holds(maker->item->division, stream))
		add_finding(
		    maker, "uscc", "not_in_division", true, maker->subject);
	return source;
}

static void
hand_out(struct row_maker *maker)
{
	struct feed_row row = {.line = maker->line,
	    .withdrawn = maker->withdrawn,
	    .dated = maker->dated,
	    .original = maker->original,
	    .subject = maker->subject,
	    .has_key = maker->has_key,
	    .corrects = text_trim(maker->cells[SLOT_CORRECTS]),
	    .old_number = maker->old_number,
	    .present = maker->present};

	row.stream_source = find_stream(maker, row.stream);
	row.accepted = !maker->rejected;
	row.identified = maker->rejected && is_identified(maker);
	row.past = is_only_past(maker);
	row.findings = maker->findings;
	row.finding_count = maker->finding_count;
	if (maker->has_source)
		row.source = value_at(maker, SLOT_SOURCE);
	row.record = (struct record){.item = maker->item->number,
	    .subject = maker->subject,
	    .key = buf_span(&maker->key),
	    .state = state_of(maker),
	    .as_of_us = maker->as_of_us,
	    .fields = maker->fields};
	if (row.accepted)
		row.record.field_count = collect_fields(maker);
	maker->row(maker->context, &row);
}

static void
begin_row(struct row_maker *maker)
{
	maker->withdrawn = false;
	maker->repaired = false;
	maker->rejected = false;
	maker->old_number = false;
	maker->past = false;
	maker->finding_count = 0;
	maker->present = 0;
	maker->faulty = 0;
	maker->has_source = false;
	maker->has_key = false;
	maker->dated = false;
	maker->subject = (struct span){NULL, 0};
	buf_reset(&maker->key);
	buf_reset(&maker->values);
}

void
row_maker_refuse(struct row_maker *maker, const char *rule)
{
	begin_row(maker);
	maker->cells[SLOT_CORRECTS] = (struct span){NULL, 0};
	add_finding(maker, "", rule, true, maker->original);
	hand_out(maker);
}

void
row_maker_make(struct row_maker *maker)
{
	begin_row(maker);
	read_action(maker);
	read_subject(maker);
	if (!maker->rejected)
		check_subject(maker);
	read_date(maker);
	read_source(maker);
	read_fields(maker);
	make_key(maker);
	run_checks(maker);
	check_expiry(maker);
	if (maker->suspect && has_replacement(maker->original))
		add_finding(maker, "", "encoding", maker->encoding_rejects,
		    maker->original);
	hand_out(maker);
}
