/*
 * member: the member list at the hub.
 */
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "cli/args.h"
#include "cli/commands.h"
#include "cli/country.h"
#include "cli/fetch.h"
#include "cli/member_apply.h"
#include "cli/show.h"
#include "credit/member.h"
#include "wire/network.h"

#define APPLY_OPTIONS                                                          \
	{"apply", NULL, NULL, "file it as an application"},                    \
	{                                                                      \
		"note", "TEXT", NULL, "kept with the application"              \
	}

static const struct arg_option options[] = {
    FETCH_OPTIONS("hub", "RX_HUB", "RX_OPERATOR"),
    {NULL, NULL, NULL, NULL},
};

static const struct arg_option change_options[] = {
    FETCH_OPTIONS("hub", "RX_HUB", "RX_OPERATOR"),
    APPLY_OPTIONS,
    {NULL, NULL, NULL, NULL},
};

static const struct arg_option takeover_options[] = {
    FETCH_OPTIONS("hub", "RX_HUB", "RX_OPERATOR"),
    APPLY_OPTIONS,
    {"from", "CODE", NULL, "the platform that had them"},
    {"divisions", "LIST", NULL, "comma-separated; all that it has if absent"},
    {NULL, NULL, NULL, NULL},
};

static const struct arg_option roll_options[] = {
    FETCH_OPTIONS("hub", "RX_HUB", "RX_OPERATOR"),
    APPLY_OPTIONS,
    {"key-file", "FILE", NULL, "the next public CURVE key"},
    {"finish", NULL, NULL, "the next key is the only one from now on"},
    {NULL, NULL, NULL, NULL},
};

static const struct arg_option note_options[] = {
    FETCH_OPTIONS("hub", "RX_HUB", "RX_OPERATOR"),
    {"note", "TEXT", NULL, "kept with it"},
    {NULL, NULL, NULL, NULL},
};

static const struct arg_option application_options[] = {
    FETCH_OPTIONS("hub", "RX_HUB", "RX_OPERATOR"),
    {"state", "STATE", NULL, "open (default), closed, all"},
    {"code", "CODE", NULL, "of one member"},
    {NULL, NULL, NULL, NULL},
};

static const struct arg_option use_options[] = {
    FETCH_OPTIONS("hub", "RX_HUB", "RX_OPERATOR"),
    {"from", "DAY", NULL, "first day, 2026-11-01 (30 days ago)"},
    {"to", "DAY", NULL, "last day (today)"},
    {NULL, NULL, NULL, NULL},
};

static const struct show_column columns[] = {
    {"code", "code"},
    {"kind", "kind"},
    {"status", "status"},
    {"divisions", "divisions"},
    {"name", "name"},
    {NULL, NULL},
};

/* The list is {"members":[…]}. */
static int
get_members(
    const struct args *args, struct fetch_answer *answer, struct json **root)
{
	struct fetch fetch = {.method = "GET", .path = "/v1/members"};
	struct why why = {""};
	int code = fetch_send(args, "hub", &fetch, answer);

	*root = NULL;
	if (code != DONE)
		return code;
	*root = json_parse(buf_span(&answer->body), &why);
	if (*root == NULL)
		return args_failed(args, "the hub's answer: %s", why.text);
	return DONE;
}

static int
show_list(const struct args *args)
{
	struct fetch_answer answer = {0};
	struct json *root = NULL;
	int code = get_members(args, &answer, &root);

	if (code == DONE && args_has(args, "json"))
		show_raw(buf_span(&answer.body));
	else if (code == DONE)
		show_table(json_find(root, "members"), columns);
	json_free(root);
	fetch_answer_release(&answer);
	return code;
}

/* As the hub signed it, for `report verify`. */
static int
save_signed(const struct args *args, const char *path)
{
	struct fetch fetch = {.method = "GET",
	    .path = "/v1/members",
	    .accept = "application/jose"};
	struct fetch_answer answer = {0};
	struct why why = {""};
	int code = fetch_send(args, "hub", &fetch, &answer);

	if (code == DONE &&
	    file_replace(path, buf_span(&answer.body), 0644, &why) != ERR_OK)
		code = args_failed(args, "%s", why.text);
	fetch_answer_release(&answer);
	return code;
}

static int
member_list(const struct args *args)
{
	const char *path = args_get(args, "signed");

	return path != NULL ? save_signed(args, path) : show_list(args);
}

static int
post_member(const struct args *args, const struct member *member)
{
	struct buf text = {0};
	struct fetch fetch = {.method = "POST",
	    .path = "/v1/members",
	    .content_type = "application/json"};
	struct fetch_answer answer = {0};
	int code;

	if (args_has(args, "apply"))
		return member_apply_document(args, member);
	member_print(member, &text);
	fetch.body = buf_span(&text);
	code = fetch_send(args, "hub", &fetch, &answer);
	if (code == DONE && args_has(args, "json"))
		show_raw(buf_span(&answer.body));
	else if (code == DONE)
		printf("%s: %s, %s\n", member->code,
		    member_kind_name(member->kind),
		    member_status_name(member->status));
	fetch_answer_release(&answer);
	buf_release(&text);
	return code;
}

static int
member_admit(const struct args *args)
{
	struct buf text = {0};
	struct member member;
	struct why why = {""};
	int code;

	if (file_read(args->operands[0], MEMBER_MAX, &text, &why) != ERR_OK)
		code = args_failed(args, "%s", why.text);
	else if (member_parse(buf_span(&text), &member, &why) != ERR_OK)
		code =
		    args_misused(args, "%s: %s", args->operands[0], why.text);
	else
		code = post_member(args, &member);
	buf_release(&text);
	return code;
}

static bool
find_member(const struct json *list, const char *code, struct buf *document)
{
	size_t i;

	for (i = 0; i < json_count(list); i++)
		if (span_is(
			json_text(json_find(json_at(list, i), "code")), code)) {
			json_print(json_at(list, i), document);
			return true;
		}
	return false;
}

static bool
set_status(struct member *member, const char *status)
{
	int i;

	for (i = MEMBER_ACTIVE; i <= MEMBER_STRUCK_OFF; i++)
		if (strcmp(member_status_name((enum member_status)i), status) ==
		    0) {
			member->status = (enum member_status)i;
			return true;
		}
	return false;
}

/* What is to be changed in the document that the hub has. */
typedef int (*change_fn)(const struct args *args, struct member *member);

static int
change_member(const struct args *args, change_fn change)
{
	struct fetch_answer answer = {0};
	struct json *root = NULL;
	struct buf document = {0};
	struct member member;
	struct why why = {""};
	int code = get_members(args, &answer, &root);

	if (code != DONE)
		goto out;
	if (!find_member(
		json_find(root, "members"), args->operands[0], &document)) {
		args_failed(args, "no member has this code");
		code = REFUSED;
	} else if (member_parse(buf_span(&document), &member, &why) != ERR_OK) {
		code = args_failed(args, "the hub's answer: %s", why.text);
	} else {
		code = change(args, &member);
	}
	if (code == DONE)
		code = post_member(args, &member);
out:
	json_free(root);
	buf_release(&document);
	fetch_answer_release(&answer);
	return code;
}

static int
change_status(const struct args *args, struct member *member)
{
	if (set_status(member, args->operands[1]))
		return DONE;
	return args_misused(args, "STATUS: active, suspended or struck_off");
}

static int
member_set_status(const struct args *args)
{
	return change_member(args, change_status);
}

static int
change_key(const struct args *args, struct member *member)
{
	const char *path = args_get(args, "key-file");
	struct why why = {""};

	if (args_has(args, "finish") == (path != NULL))
		return args_misused(args, "either --key-file or --finish");
	if (path == NULL && member->next_curve_key[0] == '\0')
		return args_failed(args, "no key is on its way");
	if (path == NULL) {
		memcpy(member->curve_key, member->next_curve_key,
		    sizeof(member->curve_key));
		member->next_curve_key[0] = '\0';
		return DONE;
	}
	if (network_read_curve(path, false, member->next_curve_key, &why) !=
	    ERR_OK)
		return args_failed(args, "%s", why.text);
	return DONE;
}

static int
member_roll(const struct args *args)
{
	return change_member(args, change_key);
}

static int
change_url(const struct args *args, struct member *member)
{
	const char *url = args->operands[1];

	if (strlen(url) > MEMBER_URL_MAX)
		return args_misused(args, "URL: too long");
	snprintf(member->url, sizeof(member->url), "%s", url);
	return DONE;
}

static int
member_set_url(const struct args *args)
{
	return change_member(args, change_url);
}

static bool
print_takeover(const struct args *args, struct buf *text)
{
	const char *from = args_need(args, "from");
	const char *list = args_get(args, "divisions");
	struct json_out json = {text, false};
	size_t len;

	if (from == NULL)
		return false;
	json_open_object(&json, NULL);
	json_put_cstr(&json, "from", from);
	if (list != NULL) {
		json_open_array(&json, "divisions");
		for (;; list += len + 1) {
			len = strcspn(list, ",");
			json_put_text(&json, NULL, span_make(list, len));
			if (list[len] == '\0')
				break;
		}
		json_close_array(&json);
	}
	json_close_object(&json);
	return true;
}

static int
show_members(const struct args *args, struct span answer)
{
	struct why why = {""};
	struct json *root;

	if (args_has(args, "json")) {
		show_raw(answer);
		return DONE;
	}
	root = json_parse(answer, &why);
	if (root == NULL)
		return args_failed(args, "the hub's answer: %s", why.text);
	show_table(json_find(root, "members"), columns);
	json_free(root);
	return DONE;
}

static int
member_takeover(const struct args *args)
{
	struct fetch_answer answer = {0};
	struct buf text = {0}, path = {0};
	struct fetch fetch = {
	    .method = "POST", .content_type = "application/json"};
	int code = MISUSED;

	if (print_takeover(args, &text)) {
		if (args_has(args, "apply")) {
			code = member_apply_takeover(args, buf_span(&text));
			buf_release(&text);
			return code;
		}
		buf_text(&path, "/v1/members/");
		fetch_escape(args->operands[0], &path);
		buf_text(&path, "/takeover");
		fetch.path = buf_cstr(&path);
		fetch.body = buf_span(&text);
		code = fetch_send(args, "hub", &fetch, &answer);
	}
	if (code == DONE)
		code = show_members(args, buf_span(&answer.body));
	fetch_answer_release(&answer);
	buf_release(&path);
	buf_release(&text);
	return code;
}

static const struct arg_option list_options[] = {
    FETCH_OPTIONS("hub", "RX_HUB", "RX_OPERATOR"),
    {"signed", "FILE", NULL, "save it as the hub signed it"},
    {NULL, NULL, NULL, NULL},
};

static const struct arg_command commands[] = {
    {"member list", "", "list the members",
	"With --signed as the hub signed the list, for rongxin report verify.",
	"rongxin member list --signed members.jws", 0, 0, list_options,
	member_list},
    {"member apply", "FILE", "file an application for the member list",
	"FILE is a member document, new or changed. It is on the list when it "
	"was reviewed and accepted.",
	"rongxin member apply bank.member.json --note 'letter 12'", 1, 1,
	note_options, member_apply},
    {"member applications", "", "who waits to be on the list, and who decided",
	"", "rongxin member applications --state all", 0, 0,
	application_options, member_applications},
    {"member review", "ID", "say that an application was looked at", "",
	"rongxin member review 3 --note 'licence seen'", 1, 1, note_options,
	member_review},
    {"member accept", "ID", "put a reviewed application on the list",
	"Where two persons have to agree, not by who reviewed it.",
	"rongxin member accept 3", 1, 1, note_options, member_accept},
    {"member refuse", "ID", "end an application", "",
	"rongxin member refuse 3 --note 'no licence'", 1, 1, note_options,
	member_refuse},
    {"member use", "CODE", "what a member asked, by hour", "",
	"rongxin member use 91100000100003962T --from 2026-11-01", 1, 1,
	use_options, country_use},
    {"member budgets", "", "what members used of their anonymised answers", "",
	"rongxin member budgets", 0, 0, options, country_budgets},
    {"member admit", "FILE", "admit a member, or change one",
	"FILE is a member document, as rongxin key node and rongxin key "
	"member --kind write it.",
	"rongxin member admit keys/gd.member.json", 1, 1, change_options,
	member_admit},
    {"member set-status", "CODE STATUS", "suspend, strike off or readmit",
	"STATUS is active, suspended or struck_off. Where two persons have to "
	"agree, one alone\nonly suspends: --apply files the rest.",
	"rongxin member set-status 91100000100003962T suspended", 2, 2,
	change_options, member_set_status},
    {"member set-url", "CODE URL", "say where others reach a platform",
	"Other nodes forward questions about its subjects there; an empty URL "
	"ends that.",
	"rongxin member set-url 11440000MB00004493 https://gd.example.cn:8443",
	2, 2, change_options, member_set_url},
    {"member roll", "CODE", "let a node come in with its next CURVE key",
	"With --key-file both keys are good; with --finish only the next one.",
	"rongxin member roll 11440000MB00004493 --key-file gd.next.curve.pub",
	1, 1, roll_options, member_roll},
    {"member takeover", "CODE",
	"one platform takes divisions over from another",
	"Both documents change at once: the successor fetches what it did not "
	"hold, the predecessor gets no more of it and shows none.",
	"rongxin member takeover 11440000MB00004493 --from "
	"11440100MB0044011H --divisions 4401",
	1, 1, takeover_options, member_takeover},
    {NULL, NULL, NULL, NULL, NULL, 0, 0, NULL, NULL},
};

int
command_member(int argc, char **argv)
{
	return args_dispatch("member", commands, argc, argv);
}
