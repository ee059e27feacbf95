/*
 * watch: what a member wants to be told of, about whom.
 */
#include "credit/watch.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static const char *const kind_names[CHANGE_KINDS] = {
    [CHANGE_NEW] = "new",
    [CHANGE_CHANGED] = "changed",
    [CHANGE_DISPUTED] = "disputed",
    [CHANGE_REPAIRED] = "repaired",
    [CHANGE_WITHDRAWN] = "withdrawn",
    [CHANGE_CORRECTED] = "corrected",
};

static const char *const watch_members[] = {
    "id", "label", "rules", "subjects", NULL};
static const char *const rule_members[] = {
    "items", "categories", "negative", "kinds", NULL};
static const char *const subject_members[] = {"subject", "consent", NULL};

enum change_kind
change_kind_of(enum record_state before, enum record_state after)
{
	if (after == RECORD_WITHDRAWN)
		return CHANGE_WITHDRAWN;
	if (before == 0 || before == RECORD_WITHDRAWN)
		return CHANGE_NEW;
	if (before != after && after == RECORD_DISPUTED)
		return CHANGE_DISPUTED;
	if (before != after && after == RECORD_REPAIRED)
		return CHANGE_REPAIRED;
	return CHANGE_CHANGED;
}

const char *
change_kind_name(enum change_kind kind)
{
	return kind > 0 && kind < CHANGE_KINDS ? kind_names[kind] : "unknown";
}

static unsigned
kind_bit(struct span name)
{
	unsigned i;

	for (i = 1; i < CHANGE_CORRECTED; i++)
		if (span_is(name, kind_names[i]))
			return 1u << i;
	return 0;
}

static enum err
read_numbers(
    const struct json *list, uint32_t *numbers, size_t *count, struct why *why)
{
	size_t i, n = json_count(list);
	int64_t number;

	if (list == NULL)
		return ERR_OK;
	if (!json_is_array(list) || n == 0 || n > MEMBER_LIST_MAX)
		return why_set(
		    why, ERR_INVALID, "a list of 1 to 64 numbers is wanted");
	for (i = 0; i < n; i++) {
		number = json_int(json_at(list, i), 0);
		if (number < 1 || number > CATALOG_ITEM_MAX)
			return why_set(why, ERR_INVALID,
			    "not a number of the "
			    "catalogue");
		numbers[i] = (uint32_t)number;
	}
	*count = n;
	return ERR_OK;
}

static enum err
read_kinds(const struct json *list, unsigned *kinds, struct why *why)
{
	size_t i, n = json_count(list);
	unsigned bit;

	if (list == NULL)
		return ERR_OK;
	if (!json_is_array(list) || n == 0)
		return why_set(why, ERR_INVALID, "kinds: a list is wanted");
	for (i = 0; i < n; i++) {
		bit = kind_bit(json_text(json_at(list, i)));
		if (bit == 0)
			return why_set(why, ERR_INVALID,
			    "kinds: new, changed, disputed, repaired or "
			    "withdrawn");
		*kinds |= bit;
	}
	return ERR_OK;
}

static enum err
read_rule(const struct json *from, struct watch_rule *rule, struct why *why)
{
	const char *unknown = "";
	enum err err;

	if (!json_is_object(from) ||
	    !json_has_only(from, rule_members, &unknown))
		return why_set(
		    why, ERR_INVALID, "rules: unknown member \"%s\"", unknown);
	rule->negative = json_bool(json_find(from, "negative"), false);
	err = read_numbers(
	    json_find(from, "items"), rule->items, &rule->item_count, why);
	if (err == ERR_OK)
		err = read_numbers(json_find(from, "categories"),
		    rule->categories, &rule->category_count, why);
	if (err == ERR_OK)
		err = read_kinds(json_find(from, "kinds"), &rule->kinds, why);
	return err;
}

static enum err
read_rules(const struct json *list, struct watch *watch, struct why *why)
{
	size_t i, n = json_count(list);
	enum err err = ERR_OK;

	if (list == NULL)
		return ERR_OK;
	if (!json_is_array(list) || n > WATCH_RULES_MAX)
		return why_set(
		    why, ERR_INVALID, "rules: a list of at most 16 is wanted");
	for (i = 0; i < n && err == ERR_OK; i++)
		err = read_rule(json_at(list, i), &watch->rules[i], why);
	watch->rule_count = n;
	return err;
}

static enum err
read_subject(const struct json *from, struct watched *watched, struct why *why)
{
	const struct json *named = json_find(from, "consent");
	struct span code = json_text(from), consent = json_text(named);
	const char *unknown = "";

	if (json_is_object(from)) {
		if (!json_has_only(from, subject_members, &unknown))
			return why_set(why, ERR_INVALID,
			    "subjects: unknown member \"%s\"", unknown);
		code = json_text(json_find(from, "subject"));
	}
	if (uscc_check(code) != USCC_OK)
		return why_set(why, ERR_INVALID,
		    "subjects: not a unified social credit code");
	if (named != NULL && !consent_id_is_valid(consent))
		return why_set(
		    why, ERR_INVALID, "subjects: not a consent's id");
	memcpy(watched->subject, code.ptr, USCC_LEN);
	if (named != NULL)
		memcpy(watched->consent, consent.ptr, consent.len);
	return ERR_OK;
}

static int
by_subject(const void *a, const void *b)
{
	return memcmp(((const struct watched *)a)->subject,
	    ((const struct watched *)b)->subject, USCC_LEN);
}

static void
sort_subjects(struct watched *list, size_t *count)
{
	size_t i, kept = 0;

	qsort(list, *count, sizeof(*list), by_subject);
	for (i = 0; i < *count; i++) {
		if (kept > 0 && by_subject(&list[kept - 1], &list[i]) == 0)
			kept--;
		list[kept++] = list[i];
	}
	*count = kept;
}

static enum err
read_subjects(const struct json *from, struct watched **list, size_t *count,
    struct why *why)
{
	size_t i, n = json_count(from);
	enum err err = ERR_OK;

	if (!json_is_array(from) || n == 0 || n > WATCH_SUBJECTS_MAX)
		return why_set(why, ERR_INVALID,
		    "subjects: a list of 1 to 10000 is wanted");
	*list = mem_new(n * sizeof(**list));
	for (i = 0; i < n && err == ERR_OK; i++)
		err = read_subject(json_at(from, i), &(*list)[i], why);
	*count = n;
	if (err == ERR_OK)
		sort_subjects(*list, count);
	return err;
}

static enum err
read_head(const struct json *root, struct watch *watch, struct why *why)
{
	const struct json *id = json_find(root, "id");
	struct span label = json_text(json_find(root, "label"));
	const char *unknown = "";

	if (!json_is_object(root) ||
	    !json_has_only(root, watch_members, &unknown))
		return why_set(
		    why, ERR_INVALID, "unknown member \"%s\"", unknown);
	if (id != NULL && !consent_id_is_valid(json_text(id)))
		return why_set(
		    why, ERR_INVALID, "id: 1 to 64 letters, digits, - and _");
	if (label.len > WATCH_LABEL_MAX)
		return why_set(why, ERR_INVALID, "label: too long");
	if (id != NULL)
		memcpy(watch->id, json_text(id).ptr, json_text(id).len);
	if (label.len > 0)
		memcpy(watch->label, label.ptr, label.len);
	return ERR_OK;
}

enum err
watch_parse(struct span json, struct watch *watch, struct watched **list,
    size_t *count, struct why *why)
{
	struct json *root = json_parse(json, why);
	enum err err;

	memset(watch, 0, sizeof(*watch));
	*list = NULL;
	*count = 0;
	if (root == NULL)
		return ERR_INVALID;
	err = read_head(root, watch, why);
	if (err == ERR_OK)
		err = read_rules(json_find(root, "rules"), watch, why);
	if (err == ERR_OK && json_find(root, "subjects") != NULL)
		err = read_subjects(
		    json_find(root, "subjects"), list, count, why);
	json_free(root);
	if (err == ERR_OK)
		return ERR_OK;
	mem_free(*list);
	*list = NULL;
	*count = 0;
	return err;
}

static void
print_numbers(struct json_out *out, const char *name, const uint32_t *numbers,
    size_t count)
{
	size_t i;

	if (count == 0)
		return;
	json_open_array(out, name);
	for (i = 0; i < count; i++)
		json_put_int(out, NULL, numbers[i]);
	json_close_array(out);
}

static void
print_rule(const struct watch_rule *rule, struct json_out *out)
{
	unsigned i;

	json_open_object(out, NULL);
	print_numbers(out, "items", rule->items, rule->item_count);
	print_numbers(
	    out, "categories", rule->categories, rule->category_count);
	if (rule->negative)
		json_put_bool(out, "negative", true);
	if (rule->kinds != 0) {
		json_open_array(out, "kinds");
		for (i = 1; i < CHANGE_KINDS; i++)
			if ((rule->kinds & 1u << i) != 0)
				json_put_cstr(out, NULL, kind_names[i]);
		json_close_array(out);
	}
	json_close_object(out);
}

static void
print_rules(const struct watch *watch, struct json_out *out)
{
	size_t i;

	json_open_array(out, "rules");
	for (i = 0; i < watch->rule_count; i++)
		print_rule(&watch->rules[i], out);
	json_close_array(out);
}

void
watch_print(const struct watch *watch, struct json_out *out)
{
	json_put_cstr(out, "id", watch->id);
	json_put_cstr(out, "label", watch->label);
	print_rules(watch, out);
}

bool
watch_same_rules(const struct watch *a, const struct watch *b)
{
	struct buf left = {0}, right = {0};
	struct json_out out_left = {.buf = &left}, out_right = {.buf = &right};
	bool same;

	print_rules(a, &out_left);
	print_rules(b, &out_right);
	same = span_equal(buf_span(&left), buf_span(&right));
	buf_release(&left);
	buf_release(&right);
	return same;
}

static bool
has_number(const uint32_t *numbers, size_t count, uint32_t number)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (numbers[i] == number)
			return true;
	return count == 0;
}

static bool
rule_fits(const struct watch_rule *rule, uint32_t number,
    const struct item *item, enum change_kind kind)
{
	if (rule->kinds != 0 && (rule->kinds & 1u << kind) == 0)
		return false;
	if (rule->negative && (item == NULL || !item->is_negative))
		return false;
	return has_number(rule->items, rule->item_count, number) &&
	       has_number(rule->categories, rule->category_count,
		   item != NULL ? item->category : 0);
}

bool
watch_wants(const struct watch *watch, uint32_t number, const struct item *item,
    enum change_kind kind)
{
	size_t i;

	for (i = 0; i < watch->rule_count; i++)
		if (rule_fits(&watch->rules[i], number, item, kind))
			return true;
	return watch->rule_count == 0;
}
