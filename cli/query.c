/*
 * query: one question to a node, and its report for people.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "cli/args.h"
#include "cli/catalogue.h"
#include "cli/commands.h"
#include "cli/fetch.h"
#include "cli/query_masked.h"
#include "cli/show.h"

#define LABEL_WIDTH 30
#define LINE_WIDTH 80

static bool
print_question(const struct args *args, struct buf *text)
{
	const char *items = args_get(args, "items");
	const char *purpose = args_get(args, "purpose");
	struct json_out json = {text, false};
	char *end;

	json_open_object(&json, NULL);
	if (args_has(args, "token"))
		json_put_cstr(&json, "token", args_get(args, "token"));
	else
		json_put_cstr(&json, "subject", args->operands[0]);
	json_put_cstr(
	    &json, "purpose", purpose != NULL ? purpose : "customer_screening");
	if (items != NULL) {
		json_open_array(&json, "items");
		for (;;) {
			json_put_int(&json, NULL, strtol(items, &end, 10));
			if (end == items || (*end != ',' && *end != '\0'))
				return false;
			if (*end == '\0')
				break;
			items = end + 1;
		}
		json_close_array(&json);
	}
	if (args_has(args, "consent"))
		json_put_cstr(&json, "consent", args_get(args, "consent"));
	json_close_object(&json);
	return true;
}

struct rows {
	const struct item *item; /* NULL: labels are the member names */
};

/* A code is shown as its word, when the catalogue has it. */
static void
value_text(const struct field *field, const struct json *value, struct buf *out)
{
	const struct code *code = NULL;

	if (json_is_object(value) || json_is_array(value)) {
		json_print(value, out);
		return;
	}
	json_scalar(value, out);
	if (field != NULL && field->codes != NULL)
		code = code_list_find(field->codes, buf_span(out));
	if (code == NULL || strcmp(code->zh, buf_cstr(out)) == 0)
		return;
	buf_reset(out);
	buf_print(out, "%s (%s)", code->zh, code->code);
}

static bool
show_value(void *context, const char *name, const struct json *value)
{
	const struct rows *rows = context;
	const struct field *field = NULL;
	struct buf text = {0};

	if (rows->item != NULL)
		field = item_find_field(rows->item, span_of(name));
	printf("    ");
	show_padded(span_of(field != NULL ? field->zh : name), LABEL_WIDTH);
	value_text(field, value, &text);
	printf("%s\n", buf_cstr(&text));
	buf_release(&text);
	return true;
}

static void
show_item(const struct json *entry, const struct catalog *catalog)
{
	int64_t number = json_int(json_find(entry, "item"), 0);
	const struct json *records = json_find(entry, "records");
	struct rows rows = {NULL};
	size_t i;

	if (catalog != NULL)
		rows.item = catalog_find_item(catalog, (uint32_t)number);
	if (json_count(records) == 0) {
		printf("\n%" PRId64 "  %s: nothing is known\n", number,
		    rows.item != NULL ? rows.item->zh : "");
		return;
	}
	printf("\n%" PRId64 "  %s\n    as of %s, stream %s at %" PRId64
	       ", from %s\n",
	    number, rows.item != NULL ? rows.item->zh : "",
	    json_cstr(json_find(entry, "as_of"), "?"),
	    json_cstr(json_find(entry, "stream"), "?"),
	    json_int(json_find(entry, "position"), 0),
	    json_cstr(json_find(entry, "provider"), "?"));
	for (i = 0; i < json_count(records); i++) {
		if (json_count(records) > 1)
			printf("  %zu\n", i + 1);
		json_each(json_at(records, i), show_value, &rows);
	}
}

/* In Chinese where the catalogue knows the field. */
static struct span
field_label(const struct item *item, const struct json *name)
{
	const struct field *field = NULL;

	if (item != NULL)
		field = item_find_field(item, json_text(name));
	return field != NULL ? span_of(field->zh) : json_text(name);
}

/* As many names as `width` columns hold; when that is not all, how many
 * there are. */
static void
join_names(const struct item *item, const struct json *names, size_t width,
    struct buf *out)
{
	size_t count = json_count(names), kept = 0, i;
	struct span label;
	char rest[48];

	snprintf(rest, sizeof(rest), ", … (%zu fields)", count);
	for (i = 0; i < count; i++) {
		buf_text(out, i > 0 ? ", " : "");
		label = field_label(item, json_at(names, i));
		buf_add(out, label.ptr, label.len);
		if (show_width(buf_span(out)) + show_width(span_of(rest)) <=
		    width)
			kept = out->len;
	}
	if (show_width(buf_span(out)) <= width)
		return;
	out->len = kept;
	buf_text(out, kept > 0 ? rest : rest + strlen(", "));
}

/* What the subject asks of who reads this. */
static void
show_terms(const struct json *report)
{
	const struct json *consent = json_find(report, "consent");
	const struct json *use = json_find(json_find(report, "receipt"), "use");

	if (consent != NULL)
		printf("\nunder consent %s: to be deleted by %s, %lld days "
		       "after it was read\n",
		    json_cstr(json_find(consent, "id"), "?"),
		    json_cstr(json_find(consent, "keep_until"), "?"),
		    (long long)json_int(
			json_find(consent, "data_life_days"), 0));
	if (use != NULL)
		printf("use %lld of %lld\n",
		    (long long)json_int(json_find(use, "number"), 0),
		    (long long)json_int(json_find(use, "of"), 0));
}

/* That entry is the holder's; this one of the node that was asked. */
static void
show_elsewhere(const struct json *elsewhere)
{
	const struct json *receipt = json_find(elsewhere, "receipt");

	if (elsewhere != NULL)
		printf("of %s at %s, asked by %s: its trail entry %" PRId64
		       "\n",
		    json_cstr(json_find(elsewhere, "holder"), "?"),
		    json_cstr(json_find(elsewhere, "url"), "?"),
		    json_cstr(json_find(elsewhere, "node"), "?"),
		    json_int(json_find(receipt, "index"), -1));
}

static void
show_withheld(const struct json *list, const struct catalog *catalog)
{
	const struct item *item = NULL;
	const struct json *entry;
	struct buf names = {0};
	size_t i;
	int used;

	if (json_count(list) > 0)
		printf("\nwithheld\n");
	for (i = 0; i < json_count(list); i++) {
		entry = json_at(list, i);
		if (catalog != NULL)
			item = catalog_find_item(catalog,
			    (uint32_t)json_int(json_find(entry, "item"), 0));
		used = printf("  %2" PRId64 "  %-18s ",
		    json_int(json_find(entry, "item"), 0),
		    json_cstr(json_find(entry, "rule"), "?"));
		buf_reset(&names);
		if (used >= 0 && used < LINE_WIDTH)
			join_names(item, json_find(entry, "fields"),
			    (size_t)(LINE_WIDTH - used), &names);
		printf("%s\n", buf_cstr(&names));
	}
	buf_release(&names);
}

static void
show_report(const struct json *report, const struct catalog *catalog)
{
	const struct json *items = json_find(report, "items");
	const struct json *receipt = json_find(report, "receipt");
	size_t i;

	printf("%s, level %s\n", json_cstr(json_find(report, "subject"), "?"),
	    json_cstr(json_find(report, "level"), "?"));
	for (i = 0; i < json_count(items); i++)
		show_item(json_at(items, i), catalog);
	if (json_count(items) == 0)
		printf("nothing is known that may be shown\n");
	show_withheld(json_find(report, "withheld"), catalog);
	show_terms(report);
	printf("\ntrail entry %" PRId64 ", leaf %s\n",
	    json_int(json_find(receipt, "index"), -1),
	    json_cstr(json_find(receipt, "leaf_hash"), "?"));
	show_elsewhere(json_find(report, "elsewhere"));
}

static int
show_answer(const struct args *args, const struct fetch_answer *answer)
{
	struct json *report;
	struct catalog *catalog;
	struct why why = {""};

	if (args_has(args, "json")) {
		show_raw(buf_span(&answer->body));
		return DONE;
	}
	report = json_parse(buf_span(&answer->body), &why);
	if (report == NULL)
		return args_failed(args, "the report: %s", why.text);
	catalog = catalogue_open(args_get(args, "catalogue"), NULL);
	show_report(report, catalog);
	catalog_free(catalog);
	json_free(report);
	return DONE;
}

/* Files that a report is wanted in. */
static const struct query_form {
	const char *option, *accept;
} forms[] = {
    {"signed", "application/jose"},
    {"html", "text/html"},
    {"pdf", "application/pdf"},
};
#define FORM_COUNT (sizeof(forms) / sizeof(*forms))

static int
save_answer(const struct args *args, const struct query_form *form,
    const struct fetch_answer *answer)
{
	const char *path = args_get(args, form->option);
	struct why why = {""};

	if (file_replace(path, buf_span(&answer->body), 0600, &why) != ERR_OK)
		return args_failed(args, "%s", why.text);
	printf("%s\n", path);
	return DONE;
}

/* `form` NULL: as JSON, for people. */
static int
ask(const struct args *args, struct span question,
    const struct query_form *form)
{
	const char *language = args_get(args, "lang");
	struct buf path = {0};
	struct fetch fetch = {.method = "POST",
	    .content_type = "application/json",
	    .accept = form != NULL ? form->accept : NULL,
	    .body = question};
	struct fetch_answer answer = {0};
	int code;

	buf_text(&path, "/v1/reports");
	if (language != NULL)
		buf_text(&path, "?lang=");
	fetch_escape(language != NULL ? language : "", &path);
	fetch.path = buf_cstr(&path);
	code = fetch_send(args, "node", &fetch, &answer);
	if (code == DONE)
		code = form != NULL ? save_answer(args, form, &answer)
				    : show_answer(args, &answer);
	fetch_answer_release(&answer);
	buf_release(&path);
	return code;
}

static int
query(const struct args *args)
{
	struct buf text = {0};
	bool saves = false;
	int code = DONE;
	size_t i;

	if (args_has(args, "token") == (args->operand_count == 1))
		return args_misused(args, "SUBJECT or --token");
	if (!print_question(args, &text)) {
		buf_release(&text);
		return args_misused(args, "--items: numbers like 1,11");
	}
	for (i = 0; i < FORM_COUNT && code == DONE; i++) {
		if (!args_has(args, forms[i].option))
			continue;
		saves = true;
		code = ask(args, buf_span(&text), &forms[i]);
	}
	if (!saves)
		code = ask(args, buf_span(&text), NULL);
	buf_release(&text);
	return code;
}

static const struct arg_option options[] = {
    FETCH_OPTIONS("node", "RX_NODE,RX_CITY", "RX_BANK"),
    {"purpose", "PURPOSE", NULL,
	"customer_screening (default), pre_loan, in_loan, post_loan, "
	"guarantee_review, dispute_check, supervision, self"},
    {"items", "LIST", NULL, "only these: 1,11"},
    {"consent", "ID", NULL, "the subject's authorization"},
    {"token", "TOKEN", NULL, "of a screening, in SUBJECT's place"},
    {"catalogue", "FILE", "RX_CATALOGUE", "for Chinese labels"},
    {"signed", "FILE", NULL, "the report as signed JSON into a file"},
    {"html", "FILE", NULL, "the report as a page, signed"},
    {"pdf", "FILE", NULL, "the report on A4, signed"},
    {"lang", "LANGUAGE", NULL, "of page and PDF: zh (default) or en"},
    {NULL, NULL, NULL, NULL},
};

static const struct arg_command command = {"query", "[SUBJECT]",
    "ask a node about an enterprise",
    "SUBJECT is a credit code, or one of the words statistics and screening, "
    "for\nenterprises that are not named (--help behind them). What was "
    "withheld is listed\nwith the rule. Exits with 1 when the node refuses the "
    "question as a whole. Every\nquestion enters the node's access log; each "
    "file is a question of its own.",
    "rongxin query 91440101MA0A00017N --purpose pre_loan --consent c-5f0c", 0,
    1, options, query};

int
command_query(int argc, char **argv)
{
	if (argc > 1 && query_is_masked(argv[1]))
		return query_masked(argc - 1, argv + 1);
	return args_run(&command, argc, argv);
}
