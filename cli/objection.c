/*
 * objection: a subject objects to a record at a node; its department answers
 * at the hub.
 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/jws.h"
#include "base/mem.h"
#include "cli/args.h"
#include "cli/commands.h"
#include "cli/fetch.h"
#include "cli/objection_say.h"
#include "cli/show.h"
#include "cli/signing.h"
#include "credit/catalog.h"
#include "credit/material.h"

static const struct show_column columns[] = {{"id", "id"}, {"state", "state"},
    {"subject", "subject"}, {"item", "item"}, {"reason", "reason"},
    {"provider", "provider"}, {"place", "place"}, {"filed", "filed"},
    {"due", "due"}, {"joined", "joined to"}, {"together", "decided with"},
    {"note", "note"}, {"statement", "statement"}, {NULL, NULL}};

/* VALUE|VALUE as a key has them. */
static bool
fill_key(const char *values, struct objection *objection)
{
	size_t i;

	if (values == NULL)
		return true;
	if (strlen(values) > RECORD_KEY_MAX)
		return false;
	for (i = 0; values[i] != '\0'; i++)
		objection->key[i] = values[i] == '|' ? '\x1f' : values[i];
	return true;
}

static int
fill_material(const struct args *args, struct objection *objection)
{
	const char *path = args_get(args, "material");
	const char *slash = path != NULL ? strrchr(path, '/') : NULL;
	struct objection_material *material = &objection->materials[0];
	struct buf bytes = {0};
	struct why why = {""};
	int code = DONE;

	if (path == NULL)
		return DONE;
	if (file_read(path, MATERIAL_BYTES_MAX, &bytes, &why) != ERR_OK)
		code = args_failed(args, "%s", why.text);
	if (code == DONE && material_type(buf_span(&bytes)) == NULL)
		code = args_misused(
		    args, "--material: neither PDF nor JPEG nor PNG");
	material->digest = digest_of(buf_span(&bytes));
	snprintf(material->name, sizeof(material->name), "%s",
	    slash != NULL ? slash + 1 : path);
	objection->material_count = 1;
	buf_release(&bytes);
	return code;
}

static int
fill_claims(const struct args *args, struct objection *objection)
{
	const char *reason = args_need(args, "reason");
	const char *text = args_need(args, "text"), *id = args_get(args, "id");
	int64_t item = 0;
	unsigned i;

	if (reason == NULL || text == NULL || args_need(args, "item") == NULL ||
	    !args_int(args, "item", (int64_t[]){1, CATALOG_ITEM_MAX}, &item))
		return MISUSED;
	for (i = 1; i < OBJECTION_REASONS; i++)
		if (strcmp(reason, objection_reason_name(i)) == 0)
			objection->reason = i;
	if (objection->reason == 0)
		return args_misused(args, "--reason: '%s' is none", reason);
	if (!fill_key(args_get(args, "record"), objection))
		return args_misused(args, "--record: too long");
	signing_id(objection->id);
	if (id != NULL)
		snprintf(objection->id, sizeof(objection->id), "%s", id);
	snprintf(objection->text, sizeof(objection->text), "%s", text);
	objection->item = (uint32_t)item;
	objection->time_us = clock_now_us() / CLOCK_SECOND * CLOCK_SECOND;
	return fill_material(args, objection);
}

/* What we would send must be what a node accepts. */
static enum err
sign_claims(const char *stem, struct objection *objection, struct buf *jws,
    struct why *why)
{
	struct objection *again = mem_new(sizeof(*again));
	struct buf claims = {0};
	enum err err = signing_subject(stem, objection->subject, why);

	objection_print(objection, &claims);
	if (err == ERR_OK)
		err = objection_parse(buf_span(&claims), again, why);
	if (err == ERR_OK)
		err = jws_sign_with_cert(
		    stem, OBJECTION_TYPE, buf_span(&claims), jws, why);
	buf_release(&claims);
	mem_free(again);
	return err;
}

static int
send_filing(const struct args *args, struct span jws)
{
	struct fetch fetch = {.method = "POST",
	    .path = "/v1/objections",
	    .content_type = "application/jose",
	    .body = jws};
	struct fetch_answer answer = {0};
	int code = fetch_send(args, "node", &fetch, &answer);
	struct json *root;

	if (code == DONE) {
		root = json_parse(buf_span(&answer.body), NULL);
		printf("%s: %s\n", json_cstr(json_find(root, "id"), "?"),
		    json_cstr(json_find(root, "state"), "?"));
		json_free(root);
	}
	fetch_answer_release(&answer);
	return code;
}

/* The node keeps it until the hub has it. */
static int
send_material(const struct args *args, const struct objection *objection)
{
	char hex[DIGEST_HEX_LEN + 1];
	struct buf path = {0}, bytes = {0};
	struct fetch fetch = {
	    .method = "PUT", .content_type = "application/octet-stream"};
	struct fetch_answer answer = {0};
	struct why why = {""};
	int code;

	if (objection->material_count == 0)
		return DONE;
	buf_print(&path, "/v1/objections/%s/materials/%s", objection->id,
	    digest_print(&objection->materials[0].digest, hex));
	if (file_read(args_get(args, "material"), MATERIAL_BYTES_MAX, &bytes,
		&why) != ERR_OK) {
		buf_release(&path);
		return args_failed(args, "%s", why.text);
	}
	fetch.path = buf_cstr(&path);
	fetch.body = buf_span(&bytes);
	code = fetch_send(args, "node", &fetch, &answer);
	fetch_answer_release(&answer);
	buf_release(&path);
	buf_release(&bytes);
	return code;
}

static int
objection_file(const struct args *args)
{
	struct objection *objection = mem_new(sizeof(*objection));
	const char *stem = args_need(args, "stem");
	struct buf jws = {0};
	struct why why = {""};
	int code = stem == NULL ? MISUSED : fill_claims(args, objection);

	if (code == DONE && sign_claims(stem, objection, &jws, &why) != ERR_OK)
		code = args_failed(args, "%s", why.text);
	if (code == DONE)
		code = send_filing(args, buf_span(&jws));
	if (code == DONE)
		code = send_material(args, objection);
	buf_release(&jws);
	mem_free(objection);
	return code;
}

static int
show_list(const struct args *args, const char *peer, const char *path)
{
	struct fetch fetch = {.method = "GET", .path = path};
	struct fetch_answer answer = {0};
	int code = fetch_send(args, peer, &fetch, &answer);
	struct json *root;

	if (code == DONE && args_has(args, "json")) {
		show_raw(buf_span(&answer.body));
	} else if (code == DONE) {
		root = json_parse(buf_span(&answer.body), NULL);
		show_table(json_find(root, "objections"), columns);
		if (json_find(root, "next") != NULL)
			printf("There are more.\n");
		json_free(root);
	}
	fetch_answer_release(&answer);
	return code;
}

static int
objection_mine(const struct args *args)
{
	return show_list(args, "node", "/v1/objections?limit=500");
}

static void
add_filter(const struct args *args, const char *name, struct buf *path)
{
	const char *value = args_get(args, name);

	if (value == NULL)
		return;
	buf_print(path, "&%s=", name);
	fetch_escape(value, path);
}

static int
objection_list(const struct args *args)
{
	struct buf path = {0};
	int code;

	buf_text(&path, "/v1/objections?after=");
	add_filter(args, "state", &path);
	add_filter(args, "provider", &path);
	add_filter(args, "place", &path);
	code = show_list(args, "hub", buf_cstr(&path));
	buf_release(&path);
	return code;
}

/* The verb is the command's last word. */
static int
objection_act(const struct args *args)
{
	const char *id = args->operands[0], *note = NULL;
	const char *verb = strrchr(args->command->name, ' ') + 1;
	struct buf path = {0}, body = {0};
	struct json_out json = {.buf = &body};
	struct fetch fetch = {
	    .method = "POST", .content_type = "application/json"};
	struct fetch_answer answer = {0};
	int code;

	if (!consent_id_is_valid(span_of(id)))
		return args_misused(args, "not an objection's id");
	if (args_knows(args, "note"))
		note = args_get(args, "note");
	if (args_knows(args, "to") && args_need(args, "to") == NULL)
		return MISUSED;
	buf_print(&path, "/v1/objections/%s/%s", id, verb);
	json_open_object(&json, NULL);
	if (note != NULL)
		json_put_cstr(&json, "note", note);
	if (args_knows(args, "outcome") && args_has(args, "outcome"))
		json_put_cstr(&json, "outcome", args_get(args, "outcome"));
	if (args_knows(args, "to"))
		json_put_cstr(&json, "to", args_get(args, "to"));
	if (args_knows(args, "withdraw") && args_has(args, "withdraw"))
		json_put_bool(&json, "withdraw", true);
	json_close_object(&json);
	fetch.path = buf_cstr(&path);
	fetch.body = buf_span(&body);
	code = fetch_send(args, "hub", &fetch, &answer);
	if (code == DONE)
		show_raw(buf_span(&answer.body));
	fetch_answer_release(&answer);
	buf_release(&path);
	buf_release(&body);
	return code;
}

/* The form is that of the file's name. */
static const char *
form_of(const char *path)
{
	const char *ending = path != NULL ? strrchr(path, '.') : NULL;

	if (ending != NULL && strcmp(ending, ".html") == 0)
		return "text/html";
	if (ending != NULL && strcmp(ending, ".pdf") == 0)
		return "application/pdf";
	return "text/plain";
}

static int
save(const struct args *args, const char *path, struct span bytes)
{
	struct why why = {""};

	if (path == NULL) {
		show_raw(bytes);
		return DONE;
	}
	if (file_replace(path, bytes, 0644, &why) == ERR_OK)
		return DONE;
	args_failed(args, "%s", why.text);
	return REFUSED;
}

static int
objection_paper(const struct args *args)
{
	const char *id = args->operands[0], *kind = args_get(args, "kind");
	const char *language = args_get(args, "lang");
	struct buf path = {0};
	struct fetch fetch = {
	    .method = "GET", .accept = form_of(args_get(args, "out"))};
	struct fetch_answer answer = {0};
	int code;

	if (kind == NULL)
		kind = "application";
	if (!consent_id_is_valid(span_of(id)) ||
	    !consent_id_is_valid(span_of(kind)))
		return args_misused(args, "not an objection's id");
	buf_print(&path, "/v1/objections/%s/papers/%s?lang=", id, kind);
	fetch_escape(language != NULL ? language : "zh", &path);
	fetch.path = buf_cstr(&path);
	code = fetch_send(
	    args, args_has(args, "node") ? "node" : "hub", &fetch, &answer);
	if (code == DONE)
		code =
		    save(args, args_get(args, "out"), buf_span(&answer.body));
	fetch_answer_release(&answer);
	buf_release(&path);
	return code;
}

static int
objection_material(const struct args *args)
{
	const char *id = args->operands[0], *hex = args->operands[1];
	const char *out = args_need(args, "out");
	struct buf path = {0};
	struct fetch fetch = {.method = "GET"};
	struct fetch_answer answer = {0};
	int code;

	if (out == NULL)
		return MISUSED;
	if (!consent_id_is_valid(span_of(id)) ||
	    !consent_id_is_valid(span_of(hex)))
		return args_misused(args, "an objection's id and a SHA-256");
	buf_print(&path, "/v1/objections/%s/materials/%s", id, hex);
	fetch.path = buf_cstr(&path);
	code = fetch_send(args, "hub", &fetch, &answer);
	if (code == DONE)
		code = save(args, out, buf_span(&answer.body));
	fetch_answer_release(&answer);
	buf_release(&path);
	return code;
}

static const struct arg_option file_options[] = {
    FETCH_OPTIONS("node", "RX_NODE,RX_CITY", "RX_SUBJECT"),
    {"stem", "STEM", NULL, "sign it with the subject's STEM.key and STEM.crt"},
    {"item", "N", NULL, "item of the record"},
    {"record", "VALUES", NULL, "its key fields, with | between (all)"},
    {"reason", "REASON", NULL,
	"wrong, not_ours, outdated, expired, duplicate; fulfilled, lifted"},
    {"text", "TEXT", NULL, "what is to be said"},
    {"material", "FILE", NULL, "a file that proves it (PDF, JPEG, PNG; 5 MiB)"},
    {"id", "ID", NULL, "its id (random)"},
    {NULL, NULL, NULL, NULL},
};

static const struct arg_option node_options[] = {
    FETCH_OPTIONS("node", "RX_NODE,RX_CITY", "RX_SUBJECT"),
    {NULL, NULL, NULL, NULL},
};

static const struct arg_option list_options[] = {
    FETCH_OPTIONS("hub", "RX_HUB", "RX_DEPT"),
    {"state", "STATE", NULL, "filed, accepted, suspended, corrected, …"},
    {"provider", "CODE", NULL,
	"of this department (operators); none: of no single one"},
    {"place", "DIVISION", NULL, "of records of this division: 44, 4401"},
    {NULL, NULL, NULL, NULL},
};

static const struct arg_option act_options[] = {
    FETCH_OPTIONS("hub", "RX_HUB", "RX_DEPT"),
    {"note", "TEXT", NULL, "what the subject is told"},
    {NULL, NULL, NULL, NULL},
};

static const struct arg_option decide_options[] = {
    FETCH_OPTIONS("hub", "RX_HUB", "RX_DEPT"),
    {"note", "TEXT", NULL, "what the subject is told"},
    {"outcome", "OUTCOME", NULL, "corrected, upheld, undetermined, repaired"},
    {"withdraw", NULL, NULL, "corrected: by withdrawing the records"},
    {NULL, NULL, NULL, NULL},
};

static const struct arg_option join_options[] = {
    FETCH_OPTIONS("hub", "RX_HUB", "RX_DEPT"),
    {"to", "ID", NULL, "decide it with this one of the same subject"},
    {"note", "TEXT", NULL, "why; the subject is told"},
    {NULL, NULL, NULL, NULL},
};

static const struct arg_option part_options[] = {
    FETCH_OPTIONS("hub", "RX_HUB", "RX_DEPT"),
    {NULL, NULL, NULL, NULL},
};

static const struct arg_option paper_options[] = {
    FETCH_OPTIONS("hub", "RX_HUB", "RX_DEPT"),
    {"node", "URL", NULL, "ask this node instead (its subject may)"},
    {"kind", "KIND", NULL, "application, notice, reply, termination"},
    {"lang", "LANG", NULL, "zh, en (zh)"},
    {"out", "FILE", NULL, "to this file: .txt, .html; of a node .pdf, too"},
    {NULL, NULL, NULL, NULL},
};

static const struct arg_option material_options[] = {
    FETCH_OPTIONS("hub", "RX_HUB", "RX_DEPT"),
    {"out", "FILE", NULL, "to this file"},
    {NULL, NULL, NULL, NULL},
};

static const struct arg_command commands[] = {
    {"objection file", "", "object to a record, or apply for repair",
	"Signed by the subject, filed at a node, decided by the department "
	"that handed the record in.",
	"rongxin objection file --stem keys/firm --item 11 "
	"--record 政字〔2019〕3号 --reason wrong --text 处罚决定已被撤销",
	0, 0, file_options, objection_file},
    {"objection state", "ID", "a statement to be read beside the record",
	"Also after the decision; a later one takes its place.  Reports show "
	"it while the record is marked as disputed.",
	"rongxin objection state o-1 --stem keys/firm --text 已提起行政诉讼", 1,
	1, objection_say_options, objection_say},
    {"objection mine", "", "the certificate's organisation's, at a node", "",
	"rongxin objection mine --as keys/firm", 0, 0, node_options,
	objection_mine},
    {"objection list", "", "what a department is to answer", "",
	"rongxin objection list --state filed", 0, 0, list_options,
	objection_list},
    {"objection accept", "ID", "look into it: its records are disputed", "",
	"rongxin objection accept o-1", 1, 1, act_options, objection_act},
    {"objection refuse", "ID", "it is none; --note says why", "",
	"rongxin objection refuse o-1 --note 不属于异议范围", 1, 1, act_options,
	objection_act},
    {"objection suspend", "ID", "stop its clock; --note says why", "",
	"rongxin objection suspend o-1 --note 等待核实", 1, 1, act_options,
	objection_act},
    {"objection resume", "ID", "go on with it", "",
	"rongxin objection resume o-1", 1, 1, act_options, objection_act},
    {"objection decide", "ID", "say what came of it", "",
	"rongxin objection decide o-1 --outcome upheld --note 记录无误", 1, 1,
	decide_options, objection_act},
    {"objection terminate", "ID", "end it: false identity or materials", "",
	"rongxin objection terminate o-1 --note 材料虚假", 1, 1, act_options,
	objection_act},
    {"objection join", "ID", "decide it together with another one",
	"Both of one subject and department, about different records.  Those "
	"about the same records are joined by themselves.",
	"rongxin objection join o-2 --to o-1 --note 同一事由", 1, 1,
	join_options, objection_act},
    {"objection part", "ID", "decide it by itself again", "",
	"rongxin objection part o-2", 1, 1, part_options, objection_act},
    {"objection paper", "ID", "its documents, to be read or printed",
	"HTML and PDF of a node are signed: rongxin report verify.",
	"rongxin objection paper o-1 --kind reply --out reply.html", 1, 1,
	paper_options, objection_paper},
    {"objection material", "ID SHA256", "a file that was given with it",
	"For the department that answers.  Which have come, the objection "
	"says as `received`.",
	"rongxin objection material o-1 e3b0…b855 --out proof.pdf", 2, 2,
	material_options, objection_material},
    {NULL, NULL, NULL, NULL, NULL, 0, 0, NULL, NULL},
};

int
command_objection(int argc, char **argv)
{
	return args_dispatch("objection", commands, argc, argv);
}
