/*
 * catalogue: the sharing list shown, signed, published.
 */
#include "cli/catalogue.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/jws.h"
#include "cli/args.h"
#include "cli/catalogue_diff.h"
#include "cli/catalogue_rehearse.h"
#include "cli/commands.h"
#include "cli/fetch.h"
#include "cli/show.h"

#define CATALOGUE_MAX ((size_t)8 << 20)
#define CATALOGUE_TYPE "rongxin-catalogue+jws"
#define CATALOGUE_PATH "deploy/catalogue/catalogue.json"

/* build/rongxin and build/debug/rongxin, or an installed bin/rongxin. */
static bool
beside_program(char path[PATH_MAX])
{
	static const char *const ways[] = {"../" CATALOGUE_PATH,
	    "../../" CATALOGUE_PATH, "../share/rongxin/catalogue.json"};
	char program[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", program, sizeof(program) - 1);
	char *slash;
	size_t i;

	if (len <= 0)
		return false;
	program[len] = '\0';
	slash = strrchr(program, '/');
	if (slash == NULL)
		return false;
	*slash = '\0';
	for (i = 0; i < sizeof(ways) / sizeof(*ways); i++)
		if (snprintf(path, PATH_MAX, "%s/%s", program, ways[i]) <
			PATH_MAX &&
		    file_exists(path))
			return true;
	return false;
}

enum err
catalogue_read(const char *path, struct buf *text, struct why *why)
{
	char found[PATH_MAX];

	if (path == NULL)
		path = getenv("RX_CATALOGUE");
	if (path == NULL && file_exists(CATALOGUE_PATH))
		path = CATALOGUE_PATH;
	if (path == NULL && beside_program(found))
		path = found;
	if (path == NULL)
		return why_set(why, ERR_MISSING,
		    "no catalogue: --catalogue FILE or RX_CATALOGUE");
	return file_read(path, CATALOGUE_MAX, text, why);
}

struct catalog *
catalogue_open(const char *path, struct why *why)
{
	struct buf text = {0};
	struct catalog *catalog = NULL;

	if (catalogue_read(path, &text, why) == ERR_OK)
		catalog = catalog_parse(buf_span(&text), why);
	buf_release(&text);
	return catalog;
}

static void
show_field(const struct item *item, const struct field *field)
{
	bool protects = item_protects(item, field);

	printf("  %2u  ", field->number);
	show_padded(span_of(field->name), 28);
	show_padded(span_of(field_type_name(field->type)), 9);
	show_padded(span_of(field_class_name(field->class)), 12);
	printf("%s%s  %s\n", field->required ? "required " : "",
	    protects ? "protected" : "", field->zh);
}

static void
show_item(const struct item *item)
{
	size_t i;

	printf("%u  %s  %s\n  provider  %s  %s\n  mode      %s%s\n"
	       "  cadence   %s\n  key      ",
	    item->number, item->zh, item->en, item->provider_zh,
	    item->provider_en, item->mode,
	    item->needs_consent ? ", with the subject's consent" : "",
	    item->cadence);
	for (i = 0; i < item->key_count; i++)
		printf(" %s", item->fields[item->key[i]].name);
	printf("%s\n", item->key_count == 0 ? " (one record a subject)" : "");
	if (item->retention_years > 0)
		printf("  retained  %u years from %s\n", item->retention_years,
		    item->retention_from);
	if (item->precedence[0] != NULL)
		printf("  counts first");
	for (i = 0; item->precedence[i] != NULL; i++)
		printf(" %s", item->precedence[i]);
	if (item->precedence[0] != NULL)
		printf("\n");
	for (i = 0; i < item->field_count; i++)
		show_field(item, &item->fields[i]);
}

static void
show_items(const struct catalog *catalog)
{
	const struct item *items;
	size_t count, i;

	items = catalog_items(catalog, &count);
	printf("catalogue, version %" PRIu64 ", %zu items\n",
	    catalog_version(catalog), count);
	for (i = 0; i < count; i++) {
		printf("%4u  ", items[i].number);
		show_padded(span_of(items[i].mode), 19);
		printf("%-8s %2zu fields  %s\n",
		    items[i].needs_consent ? "consent" : "",
		    items[i].field_count, items[i].zh);
	}
}

static int
catalogue_show(const struct args *args)
{
	struct why why = {""};
	struct catalog *catalog =
	    catalogue_open(args_get(args, "catalogue"), &why);
	const struct item *item = NULL;
	int code = DONE;

	if (catalog == NULL)
		return args_failed(args, "%s", why.text);
	if (args->operand_count == 0) {
		show_items(catalog);
	} else {
		item = catalog_find_item(
		    catalog, (uint32_t)strtoul(args->operands[0], NULL, 10));
		if (item != NULL)
			show_item(item);
		else
			code = args_misused(args, "there is no such item");
	}
	catalog_free(catalog);
	return code;
}

/* Only what is a catalogue gets signed. */
static enum err
sign_file(const char *path, const char *key, struct buf *jws, struct why *why)
{
	struct buf text = {0};
	struct catalog *catalog = NULL;
	struct signer *signer = NULL;
	enum err err = file_read(path, CATALOGUE_MAX, &text, why);

	if (err == ERR_OK) {
		catalog = catalog_parse(buf_span(&text), why);
		err = catalog != NULL ? ERR_OK : ERR_INVALID;
	}
	if (err == ERR_OK) {
		signer = signer_open(key, why);
		err = signer != NULL ? ERR_OK : ERR_CRYPTO;
	}
	if (err == ERR_OK)
		err = jws_sign_with_key(
		    signer, CATALOGUE_TYPE, buf_span(&text), jws, why);
	signer_free(signer);
	catalog_free(catalog);
	buf_release(&text);
	return err;
}

static int
catalogue_sign(const struct args *args)
{
	const char *key = args_need(args, "key");
	struct buf jws = {0};
	struct why why = {""};
	int code = DONE;

	if (key == NULL)
		return MISUSED;
	if (sign_file(args->operands[0], key, &jws, &why) == ERR_OK)
		show_raw(buf_span(&jws));
	else
		code = args_failed(args, "%s", why.text);
	buf_release(&jws);
	return code;
}

static int
catalogue_publish(const struct args *args)
{
	struct buf jws = {0};
	struct fetch fetch = {.method = "POST",
	    .path = "/v1/catalogue",
	    .content_type = "application/jose"};
	struct fetch_answer answer = {0};
	struct why why = {""};
	int code;

	if (file_read(args->operands[0], JWS_MAX, &jws, &why) != ERR_OK) {
		code = args_failed(args, "%s", why.text);
	} else {
		while (jws.len > 0 && jws.data[jws.len - 1] == '\n')
			jws.len--;
		fetch.body = buf_span(&jws);
		code = fetch_send(args, "hub", &fetch, &answer);
		if (code == DONE)
			show_raw(buf_span(&answer.body));
	}
	fetch_answer_release(&answer);
	buf_release(&jws);
	return code;
}

static const struct arg_option show_options[] = {
    {"catalogue", "FILE", "RX_CATALOGUE", "the catalogue to read"},
    {NULL, NULL, NULL, NULL},
};

static const struct arg_option sign_options[] = {
    {"key", "FILE", NULL, "the network's catalogue.key"},
    {NULL, NULL, NULL, NULL},
};

static const struct arg_option hub_options[] = {
    FETCH_OPTIONS("hub", "RX_HUB", "RX_OPERATOR"),
    {NULL, NULL, NULL, NULL},
};

static const struct arg_command commands[] = {
    {"catalogue show", "[ITEM]", "list the items, or one item's fields", "",
	"rongxin catalogue show 11", 0, 1, show_options, catalogue_show},
    {"catalogue sign", "FILE", "check and sign a catalogue; prints the JWS",
	"What is no catalogue is not signed.",
	"rongxin catalogue sign deploy/catalogue/catalogue.json --key "
	"net/catalogue.key > catalogue.jws",
	1, 1, sign_options, catalogue_sign},
    {"catalogue versions", "", "the catalogues that were in force, and when",
	"", "rongxin catalogue versions", 0, 0, hub_options,
	catalogue_versions},
    {"catalogue diff", "A B", "what differs between two catalogues",
	"A and B: a file, or a version that the hub has. Items, fields and "
	"lists are compared\nby name. Exits with 1 when they differ.",
	"rongxin catalogue diff 3 new.json", 2, 2, hub_options, catalogue_diff},
    {"catalogue rehearse", "FILE",
	"what a candidate would do to the last day's batches",
	"FILE: a catalogue, signed or not. Nothing changes. Exits with 1 when "
	"a row would be\nrejected that is accepted now.",
	"rongxin catalogue rehearse new.json", 1, 1, hub_options,
	catalogue_rehearse},
    {"catalogue publish", "FILE", "hand a signed catalogue to the hub",
	"Its version must be higher than the hub's.",
	"rongxin catalogue publish catalogue.jws", 1, 1, hub_options,
	catalogue_publish},
    {NULL, NULL, NULL, NULL, NULL, 0, 0, NULL, NULL},
};

int
command_catalogue(int argc, char **argv)
{
	return args_dispatch("catalogue", commands, argc, argv);
}
