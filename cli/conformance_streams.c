/*
 * conformance_streams: what has to be the same at hub and nodes.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/conformance_proof.h"

static const struct json *
find_stream(const struct json *streams, const char *name)
{
	size_t i;

	for (i = 0; i < json_count(streams); i++)
		if (strcmp(
			json_cstr(json_find(json_at(streams, i), "stream"), ""),
			name) == 0)
			return json_at(streams, i);
	return NULL;
}

static bool
same_stream(const struct json *ours, const struct json *theirs)
{
	static const char *const names[] = {"head", "state"};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strcmp(json_cstr(json_find(ours, names[i]), ""),
			json_cstr(json_find(theirs, names[i]), "-")) != 0)
			return false;
	return json_int(json_find(ours, "position"), -1) ==
	       json_int(json_find(theirs, "position"), -2);
}

/* "": all are the same. */
static enum err
compare_streams(
    const struct json *node, const struct json *hub, struct why *why)
{
	const struct json *one, *other;
	const char *name;
	size_t i;

	if (json_count(node) == 0)
		return why_set(why, ERR_MISSING, "the node holds no stream");
	for (i = 0; i < json_count(node); i++) {
		one = json_at(node, i);
		name = json_cstr(json_find(one, "stream"), "?");
		other = find_stream(hub, name);
		if (!same_stream(one, other))
			return why_set(why, ERR_CONFLICT, "stream %s is %s",
			    name,
			    other == NULL ? "not at the hub"
					  : "another at the hub");
	}
	(void)why_set(
	    why, ERR_OK, "position, head and state of %zu are the hub's", i);
	return ERR_OK;
}

void
proof_streams(struct proof *proof)
{
	const char *hub = args_get(proof->run->args, "hub");
	struct probe ours = {0}, theirs = {0};
	struct why why = {""};
	enum err err;

	if (hub == NULL) {
		conformance_say(proof->run, VERDICT_SKIP, "streams",
		    "--hub says with whom they have to agree");
		return;
	}
	do {
		probe_release(&ours);
		probe_release(&theirs);
		probe_send(&ours, proof->run, "GET", "/v1/streams", NULL);
		probe_get_at(&theirs, proof->run, hub, "/v1/streams");
		err = compare_streams(json_find(ours.body, "streams"),
		    json_find(theirs.body, "streams"), &why);
	} while (err != ERR_OK && proof_wait(proof));
	conformance_tell(proof->run, err == ERR_OK, "streams", &why);
	probe_release(&ours);
	probe_release(&theirs);
}

/* A platform's trail, as the hub witnessed it; ERR_MISSING: not yet. */
static enum err
check_platform(struct proof *proof, const struct json *member, struct why *why)
{
	const char *code = json_cstr(json_find(member, "code"), "");
	char path[96];
	struct checkpoint checkpoint;
	struct probe probe = {0};
	int64_t time_s;
	enum err err = ERR_OK;

	snprintf(path, sizeof(path), "/v1/nodes/%s/checkpoint", code);
	probe_send(&probe, proof->run, "GET", path, NULL);
	if (probe.err != ERR_OK || probe.answer.status != 200)
		err = why_set(why,
		    probe.answer.status == 404 ? ERR_MISSING : ERR_NETWORK,
		    "%s: %ld", path, probe.answer.status);
	else if (!proof_take_key(json_cstr(json_find(member, "trail_key"), ""),
		     proof->trust.key))
		err = why_set(why, ERR_INVALID, "%s has no trail_key", code);
	else
		err = trail_trust_check(&proof->trust,
		    buf_span(&probe.answer.body), &checkpoint, &time_s, why);
	probe_release(&probe);
	return err;
}

void
proof_platforms(struct proof *proof)
{
	static const char check[] = "checkpoints";
	struct probe probe = {0};
	const struct json *members, *member;
	struct why why = {""};
	size_t right = 0, i;
	enum err err = ERR_OK;

	probe_send(&probe, proof->run, "GET", "/v1/members", NULL);
	members = json_find(probe.body, "members");
	for (i = 0; i < json_count(members) && err == ERR_OK; i++) {
		member = json_at(members, i);
		if (strcmp(json_cstr(json_find(member, "kind"), ""),
			"platform") != 0)
			continue;
		err = check_platform(proof, member, &why);
		right += err == ERR_OK;
		err = err == ERR_MISSING ? ERR_OK : err;
	}
	probe_release(&probe);
	if (err != ERR_OK)
		conformance_tell(proof->run, false, check, &why);
	else if (right == 0)
		conformance_say(proof->run, VERDICT_SKIP, check,
		    "no platform's trail was witnessed yet");
	else
		conformance_say(proof->run, VERDICT_PASS, check,
		    "of %zu platforms, signed%s", right,
		    proof->trust.has_witness ? " and witnessed" : "");
}
