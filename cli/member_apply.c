/*
 * member_apply: applications for the member list.
 */
#include "cli/member_apply.h"

#include "base/file.h"
#include "cli/call.h"
#include "credit/member.h"

static const struct show_column columns[] = {{"id", "id"}, {"code", "code"},
    {"state", "state"}, {"applied_by", "applied by"}, {"applied_at", "applied"},
    {"reviewed_by", "reviewed by"}, {"reviewed_at", "reviewed"},
    {"decided_by", "decided by"}, {"decided_at", "decided"}, {"note", "note"},
    {NULL, NULL}};

/* {"document":…,"note":…} */
static void
print_application(
    const struct args *args, const struct member *member, struct buf *out)
{
	const char *note = args_get(args, "note");
	struct json_out json = {.buf = out};
	struct buf document = {0};

	member_print(member, &document);
	json_open_object(&json, NULL);
	json_put_raw(&json, "document", buf_span(&document));
	json_put_cstr(&json, "note", note != NULL ? note : "");
	json_close_object(&json);
	buf_release(&document);
}

int
member_apply(const struct args *args)
{
	struct call call = {"POST", "/v1/applications", NULL, NULL, {NULL, 0}};
	struct buf text = {0}, body = {0};
	struct member member;
	struct why why = {""};
	int code;

	if (file_read(args->operands[0], MEMBER_MAX, &text, &why) != ERR_OK) {
		code = args_failed(args, "%s", why.text);
	} else if (member_parse(buf_span(&text), &member, &why) != ERR_OK) {
		code =
		    args_misused(args, "%s: %s", args->operands[0], why.text);
	} else {
		print_application(args, &member, &body);
		call.body = buf_span(&body);
		code = call_send(args, &call);
	}
	buf_release(&text);
	buf_release(&body);
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
