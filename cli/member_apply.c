/*
 * member_apply: applications for the member list.
 */
#include "cli/member_apply.h"

#include "base/file.h"
#include "cli/call.h"

static const struct show_column columns[] = {{"id", "id"}, {"code", "code"},
    {"state", "state"}, {"applied_by", "applied by"}, {"applied_at", "applied"},
    {"reviewed_by", "reviewed by"}, {"reviewed_at", "reviewed"},
    {"decided_by", "decided by"}, {"decided_at", "decided"}, {"note", "note"},
    {NULL, NULL}};

/* {"document"} or {"code","takeover"}, and {"note"}. */
static int
apply(const struct args *args, const char *code, const char *name,
    struct span wish)
{
	struct call call = {"POST", "/v1/applications", NULL, NULL, {NULL, 0}};
	const char *note = args_get(args, "note");
	struct buf body = {0};
	struct json_out json = {.buf = &body};
	int done;

	json_open_object(&json, NULL);
	if (code != NULL)
		json_put_cstr(&json, "code", code);
	json_put_raw(&json, name, wish);
	json_put_cstr(&json, "note", note != NULL ? note : "");
	json_close_object(&json);
	call.body = buf_span(&body);
	done = call_send(args, &call);
	buf_release(&body);
	return done;
}

int
member_apply_document(const struct args *args, const struct member *member)
{
	struct buf document = {0};
	int code;

	member_print(member, &document);
	code = apply(args, NULL, "document", buf_span(&document));
	buf_release(&document);
	return code;
}

int
member_apply_takeover(const struct args *args, struct span takeover)
{
	return apply(args, args->operands[0], "takeover", takeover);
}

int
member_apply(const struct args *args)
{
	struct buf text = {0};
	struct member member;
	struct why why = {""};
	int code;

	if (file_read(args->operands[0], MEMBER_MAX, &text, &why) != ERR_OK) {
		code = args_failed(args, "%s", why.text);
	} else if (member_parse(buf_span(&text), &member, &why) != ERR_OK) {
		code =
		    args_misused(args, "%s: %s", args->operands[0], why.text);
	} else {
		code = member_apply_document(args, &member);
	}
	buf_release(&text);
	return code;
}

int
member_applications(const struct args *args)
{
	struct buf path = {0};
	int code;

	buf_text(&path, "/v1/applications?limit=500");
	call_filter(args, "state", &path);
	call_filter(args, "code", &path);
	code = call_table(args, buf_cstr(&path), "applications", columns);
	buf_release(&path);
	return code;
}

static int
say(const struct args *args, const char *verb)
{
	struct buf body = {0};
	int code;

	call_note(args, &body);
	code = call_about(args, "/v1/applications/", verb, buf_span(&body));
	buf_release(&body);
	return code;
}

int
member_review(const struct args *args)
{
	return say(args, "/review");
}

int
member_accept(const struct args *args)
{
	return say(args, "/admit");
}

int
member_refuse(const struct args *args)
{
	return say(args, "/refuse");
}
