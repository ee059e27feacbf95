/*
 * report: a report that somebody else shows, checked without the node.
 */
#include <stdio.h>
#include <string.h>

#include "base/codec.h"
#include "base/file.h"
#include "base/text.h"
#include "cli/args.h"
#include "cli/commands.h"
#include "cli/fetch.h"
#include "cli/show.h"
#include "credit/imprint.h"
#include "credit/roster.h"
#include "wire/network.h"

/* The signing key that the node's member document names. */
static struct verifier *
open_key(const char *path, struct member *node, struct why *why)
{
	struct buf document = {0}, raw = {0};
	struct verifier *verifier = NULL;
	enum err err = file_read(path, MEMBER_MAX, &document, why);

	if (err == ERR_OK)
		err = member_parse(buf_span(&document), node, why);
	if (err == ERR_OK &&
	    (!codec_parse_hex(span_of(node->sign_key), &raw) || raw.len != 32))
		err = why_set(why, ERR_INVALID, "%s names no sign_key", path);
	if (err == ERR_OK)
		verifier = verifier_new((const uint8_t *)raw.data);
	buf_release(&document);
	buf_release(&raw);
	return verifier;
}

/* A compact JWS is one line; anything else is a printed file. */
static enum err
check(struct span file, const struct verifier *verifier, struct buf *report,
    struct why *why)
{
	struct span line = file;

	while (line.len > 0 && (line.ptr[line.len - 1] == '\n' ||
				   line.ptr[line.len - 1] == '\r'))
		line.len--;
	if (line.len > 2 && memcmp(line.ptr, "ey", 2) == 0)
		return jws_check_with_key(
		    line, REPORT_TYPE, verifier, report, why);
	return imprint_check(file, verifier, why);
}

/* What is known of who may have signed, and how. */
struct trusted {
	struct network network; /* with `roster`; else of nothing */
	struct roster *roster;  /* NULL: one member document was given */
	struct member node;     /* whose signature it is */
};

/* Those of the list that the hub signed, in turn: a file does not say who
 * signed it in a way that could be believed. */
static enum err
check_by_list(struct trusted *trusted, struct span file, struct buf *report,
    struct why *why)
{
	const struct member *platform;
	struct buf raw = {0};
	struct verifier *verifier;
	enum err err = why_set(why, ERR_INVALID, "no platform is listed");
	size_t i;

	for (i = 0; (platform = roster_platform(trusted->roster, i)) != NULL &&
		    err != ERR_OK;
	     i++) {
		buf_reset(&raw);
		if (!codec_parse_hex(span_of(platform->sign_key), &raw) ||
		    raw.len != 32)
			continue;
		verifier = verifier_new((const uint8_t *)raw.data);
		err = check(file, verifier, report, why);
		verifier_free(verifier);
		trusted->node = *platform;
	}
	buf_release(&raw);
	if (err != ERR_OK)
		err = why_set(why, err,
		    "it was changed, or none of the network's nodes signed it");
	return err;
}

static int
say(const struct args *args, enum err err, const struct trusted *trusted,
    const struct buf *report, const struct why *why)
{
	if (err != ERR_OK) {
		args_failed(args, "NOT verified: %s", why->text);
		return REFUSED;
	}
	if (args_has(args, "json") && report->len > 0) {
		show_raw(buf_span(report));
		return DONE;
	}
	printf("verified: unchanged since %s (%s) signed it\n",
	    trusted->node.name, trusted->node.code);
	if (trusted->roster == NULL)
		printf("  by the key of the member document that was given; "
		       "--network and --members check\n  whose key that is\n");
	else
		printf("  by the key that the hub of network '%s' listed for "
		       "it on %s\n",
		    trusted->network.name, roster_time(trusted->roster));
	if (trusted->network.is_sandbox)
		printf("  SANDBOX: everything in it is made up\n");
	return DONE;
}

static enum err
open_list(const struct args *args, const char *network, struct trusted *trusted,
    struct why *why)
{
	struct buf jws = {0};
	enum err err = network_read(network, &trusted->network, why);

	if (err == ERR_OK && !trusted->network.has_receipt_key)
		err = why_set(
		    why, ERR_INVALID, "%s names no receipt_key", network);
	if (err == ERR_OK)
		err =
		    file_read(args_get(args, "members"), ROSTER_MAX, &jws, why);
	if (err == ERR_OK) {
		trusted->roster = roster_open(text_trim(buf_span(&jws)),
		    trusted->network.receipt_key, why);
		err = trusted->roster != NULL ? ERR_OK : ERR_INVALID;
	}
	buf_release(&jws);
	return err;
}

static enum err
check_file(const struct args *args, struct trusted *trusted, struct span file,
    struct buf *report, struct why *why)
{
	struct verifier *verifier;
	enum err err;

	if (trusted->roster != NULL)
		return check_by_list(trusted, file, report, why);
	verifier = open_key(args_get(args, "member"), &trusted->node, why);
	if (verifier == NULL)
		return ERR_MISSING;
	err = check(file, verifier, report, why);
	verifier_free(verifier);
	return err;
}

static int
verify(const struct args *args)
{
	const char *network = args_get(args, "network");
	struct trusted trusted = {.roster = NULL};
	struct buf file = {0}, report = {0};
	struct why why = {""};
	enum err err;
	int code;

	if ((network != NULL) != args_has(args, "members") ||
	    (network != NULL) == args_has(args, "member"))
		return args_misused(
		    args, "--network and --members, or --member");
	err =
	    network != NULL ? open_list(args, network, &trusted, &why) : ERR_OK;
	if (err == ERR_OK)
		err =
		    file_read(args->operands[0], IMPRINT_FILE_MAX, &file, &why);
	if (err == ERR_OK)
		err =
		    check_file(args, &trusted, buf_span(&file), &report, &why);
	if (err == ERR_IO || err == ERR_MISSING)
		code = args_failed(args, "%s", why.text);
	else
		code = say(args, err, &trusted, &report, &why);
	roster_free(trusted.roster);
	network_release(&trusted.network);
	buf_release(&file);
	buf_release(&report);
	return code;
}

static int
print_as(const struct args *args, struct span jws, const char *form,
    const char *type)
{
	const char *out = args_get(args, form);
	const char *language = args_get(args, "lang");
	struct buf path = {0};
	struct fetch fetch = {.method = "POST",
	    .content_type = "application/jose",
	    .accept = type,
	    .body = jws};
	struct fetch_answer answer = {0};
	struct why why = {""};
	int code;

	buf_print(&path, "/v1/reports/print?lang=%s",
	    language != NULL ? language : "zh");
	fetch.path = buf_cstr(&path);
	code = fetch_send(args, "node", &fetch, &answer);
	if (code == DONE &&
	    file_replace(out, buf_span(&answer.body), 0644, &why) != ERR_OK)
		code = args_failed(args, "%s", why.text);
	fetch_answer_release(&answer);
	buf_release(&path);
	return code;
}

static int
render(const struct args *args)
{
	struct buf file = {0};
	struct span jws;
	struct why why = {""};
	int code = DONE;

	if (!args_has(args, "html") && !args_has(args, "pdf"))
		return args_misused(args, "--pdf or --html");
	if (file_read(args->operands[0], IMPRINT_FILE_MAX, &file, &why) !=
	    ERR_OK)
		return args_failed(args, "%s", why.text);
	jws = text_trim(buf_span(&file));
	if (args_has(args, "html"))
		code = print_as(args, jws, "html", "text/html");
	if (code == DONE && args_has(args, "pdf"))
		code = print_as(args, jws, "pdf", "application/pdf");
	buf_release(&file);
	return code;
}

static const struct arg_option render_options[] = {
    FETCH_OPTIONS("node", "RX_NODE,RX_CITY", "RX_BANK"),
    {"pdf", "FILE", NULL, "as PDF"},
    {"html", "FILE", NULL, "as a page"},
    {"lang", "LANGUAGE", NULL, "zh (default) or en"},
    {NULL, NULL, NULL, NULL},
};

static const struct arg_option verify_options[] = {
    {"network", "FILE", NULL, "the network's network.json, and …"},
    {"members", "FILE", NULL,
	"… its member list as the hub signed it: member list --signed"},
    {"member", "FILE", NULL,
	"instead: member document of the node that answered, STEM.member.json"},
    {"json", NULL, NULL, "print the report of a signed JSON report"},
    {NULL, NULL, NULL, NULL},
};

static const struct arg_command commands[] = {
    {"report verify", "FILE", "check a report without the node that gave it",
	"FILE is what query --signed, --html or --pdf wrote. Exits with 1 when "
	"it was changed\nor no node of the network signed it. Nobody is asked: "
	"network.json and a member list that\nwas fetched before are enough, "
	"years later too.",
	"rongxin report verify report.pdf --network network.json --members "
	"members.jws",
	1, 1, verify_options, verify},
    {"report render", "FILE", "print a signed report again, byte for byte",
	"FILE is what query --signed wrote. The node that signed it prints the "
	"same bytes in any year,\nby the catalogue of then; it reads nothing "
	"and "
	"logs nothing, as nothing new is shown.",
	"rongxin report render report.jws --pdf report.pdf", 1, 1,
	render_options, render},
    {NULL, NULL, NULL, NULL, NULL, 0, 0, NULL, NULL},
};

int
command_report(int argc, char **argv)
{
	return args_dispatch("report", commands, argc, argv);
}
