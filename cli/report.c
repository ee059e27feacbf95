/*
 * report: a report that somebody else shows, checked without the node.
 */
#include <stdio.h>
#include <string.h>

#include "base/codec.h"
#include "base/file.h"
#include "cli/args.h"
#include "cli/commands.h"
#include "cli/show.h"
#include "credit/imprint.h"
#include "credit/member.h"

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

static int
say(const struct args *args, enum err err, const struct member *node,
    const struct buf *report, const struct why *why)
{
	if (err != ERR_OK) {
		args_failed(args, "NOT verified: %s", why->text);
		return REFUSED;
	}
	if (args_has(args, "json") && report->len > 0)
		show_raw(buf_span(report));
	else
		printf("verified: unchanged since %s (%s) signed it\n",
		    node->name, node->code);
	return DONE;
}

static int
verify(const struct args *args)
{
	const char *path = args_need(args, "member");
	struct buf file = {0}, report = {0};
	struct verifier *verifier;
	struct member node;
	struct why why = {""};
	enum err err;
	int code;

	if (path == NULL)
		return MISUSED;
	verifier = open_key(path, &node, &why);
	if (verifier == NULL)
		return args_failed(args, "%s", why.text);
	err = file_read(args->operands[0], IMPRINT_FILE_MAX, &file, &why);
	if (err != ERR_OK)
		code = args_failed(args, "%s", why.text);
	else
		code =
		    say(args, check(buf_span(&file), verifier, &report, &why),
			&node, &report, &why);
	verifier_free(verifier);
	buf_release(&file);
	buf_release(&report);
	return code;
}

static const struct arg_option verify_options[] = {
    {"member", "FILE", NULL,
	"member document of the node that answered: STEM.member.json"},
    {"json", NULL, NULL, "print the report of a signed JSON report"},
    {NULL, NULL, NULL, NULL},
};

static const struct arg_command commands[] = {
    {"report verify", "FILE", "check a report without the node that gave it",
	"FILE is what query --signed, --html or --pdf wrote. Exits with 1 when "
	"it was changed\nor is not that node's. Whose node it is, the hub's "
	"member list says.",
	"rongxin report verify report.pdf --member gz.member.json", 1, 1,
	verify_options, verify},
    {NULL, NULL, NULL, NULL, NULL, 0, 0, NULL, NULL},
};

int
command_report(int argc, char **argv)
{
	return args_dispatch("report", commands, argc, argv);
}
