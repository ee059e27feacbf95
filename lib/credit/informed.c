/*
 * informed: what a node says of a correction.
 */
#include "credit/informed.h"

#include "base/json.h"

enum err
informed_parse(struct span text, struct informed *informed, struct why *why)
{
	static const char *const names[] = {"objection", "members", NULL};
	struct json *json = json_parse(text, NULL);
	struct span id = json_text(json_find(json, "objection"));
	int64_t members = json_int(json_find(json, "members"), -1);
	enum err err = ERR_OK;

	*informed = (struct informed){0};
	if (!json_is_object(json) || !json_has_only(json, names, NULL) ||
	    !consent_id_is_valid(id) || members < 0 ||
	    members > INFORMED_MEMBERS_MAX) {
		err = why_set(why, ERR_INVALID, "an objection and a count");
	} else {
		memcpy(informed->objection, id.ptr, id.len);
		informed->members = (uint32_t)members;
	}
	json_free(json);
	return err;
}

void
informed_print(const struct informed *informed, struct buf *out)
{
	struct json_out json = {.buf = out};

	json_open_object(&json, NULL);
	json_put_cstr(&json, "objection", informed->objection);
	json_put_int(&json, "members", informed->members);
	json_close_object(&json);
}
