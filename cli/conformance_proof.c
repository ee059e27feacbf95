/*
 * conformance_proof: what a node answers, and what stands behind it.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/codec.h"
#include "base/file.h"
#include "cli/conformance_proof.h"
#include "credit/member.h"
#include "wire/network.h"

#define POLL_NS (200 * 1000 * 1000)

bool
proof_wait(const struct proof *proof)
{
	struct timespec pause = {.tv_nsec = POLL_NS};

	if (clock_tick_us() > proof->until_us)
		return false;
	nanosleep(&pause, NULL);
	return true;
}

bool
proof_take_key(const char *text, uint8_t raw[32])
{
	struct buf bytes = {0};
	bool is_key = codec_parse_hex(span_of(text), &bytes) && bytes.len == 32;

	if (is_key)
		memcpy(raw, bytes.data, 32);
	buf_release(&bytes);
	return is_key;
}

static enum err
read_witness(struct proof *proof, const char *path, struct why *why)
{
	struct network network;
	enum err err = network_read(path, &network, why);

	if (err != ERR_OK)
		return err;
	proof->trust.has_witness = network.has_witness_key;
	memcpy(proof->trust.witness, network.witness_key, 32);
	network_release(&network);
	if (!proof->trust.has_witness)
		err =
		    why_set(why, ERR_INVALID, "%s names no witness_key", path);
	return err;
}

static enum err
read_member(struct proof *proof, const char *path, struct why *why)
{
	struct buf document = {0};
	struct member member;
	enum err err = file_read(path, MEMBER_MAX, &document, why);

	if (err == ERR_OK)
		err = member_parse(buf_span(&document), &member, why);
	if (err == ERR_OK && !(proof->has_key = proof_take_key(
				   member.trail_key, proof->trust.key)))
		err = why_set(why, ERR_INVALID, "%s names no trail_key", path);
	buf_release(&document);
	return err;
}

/* The hub's list says whose trail "rongxin/trail/<code>" is. */
static void
ask_hub_for_key(struct proof *proof, const char *hub, const char *origin)
{
	struct probe probe = {0};
	const struct json *members;
	const char *code = strrchr(origin, '/');
	size_t i;

	probe_get_at(&probe, proof->run, hub, "/v1/members");
	members = json_find(probe.body, "members");
	for (i = 0; code != NULL && i < json_count(members); i++)
		if (strcmp(
			json_cstr(json_find(json_at(members, i), "code"), ""),
			code + 1) == 0)
			proof->has_key = proof_take_key(
			    json_cstr(
				json_find(json_at(members, i), "trail_key"),
				""),
			    proof->trust.key);
	probe_release(&probe);
}

static bool
read_trust(struct proof *proof)
{
	const struct args *args = proof->run->args;
	struct why why = {""};
	enum err err = ERR_OK;

	if (args_has(args, "network"))
		err = read_witness(proof, args_get(args, "network"), &why);
	if (err == ERR_OK && args_has(args, "member"))
		err = read_member(proof, args_get(args, "member"), &why);
	if (err != ERR_OK)
		conformance_say(
		    proof->run, VERDICT_FAIL, "roots of trust", "%s", why.text);
	return err == ERR_OK;
}

/* Its own signature, where the key is known; the origin asks the hub. */
static enum err
check_note(struct proof *proof, struct span note, struct checkpoint *checkpoint,
    struct why *why)
{
	const char *hub = args_get(proof->run->args, "hub");
	enum err err = note_read(note, checkpoint, why);

	if (err == ERR_OK && !proof->has_key && hub != NULL)
		ask_hub_for_key(proof, hub, checkpoint->origin);
	if (err == ERR_OK && proof->has_key)
		err = note_check(note, proof->trust.key, checkpoint, why);
	return err;
}

static void
check_checkpoint(struct proof *proof)
{
	static const char check[] = "checkpoint";
	struct checkpoint checkpoint;
	struct probe probe = {0};
	enum err err;

	probe_send(&probe, proof->run, "GET", "/v1/trail/checkpoint", NULL);
	if (probe.err != ERR_OK || probe.answer.status != 200) {
		conformance_say(proof->run, VERDICT_FAIL, check, "%ld %s",
		    probe.answer.status, probe.why.text);
		probe_release(&probe);
		return;
	}
	err = check_note(
	    proof, buf_span(&probe.answer.body), &checkpoint, &probe.why);
	if (err != ERR_OK)
		conformance_tell(proof->run, false, check, &probe.why);
	else if (!proof->has_key)
		conformance_say(proof->run, VERDICT_SKIP, check,
		    "--member or --hub says whose signature it needs");
	else
		conformance_say(proof->run, VERDICT_PASS, check,
		    "%s signed %" PRIu64 " entries", checkpoint.origin,
		    checkpoint.size);
	probe_release(&probe);
}

static void
print_question(const struct args *args, struct buf *text)
{
	const char *purpose = args_get(args, "purpose");
	struct json_out json = {text, false};

	json_open_object(&json, NULL);
	json_put_cstr(&json, "subject", args_get(args, "subject"));
	json_put_cstr(
	    &json, "purpose", purpose != NULL ? purpose : "customer_screening");
	if (args_has(args, "consent"))
		json_put_cstr(&json, "consent", args_get(args, "consent"));
	json_close_object(&json);
}

/* The entry is this node's, also when another one answered. */
static void
take_receipt(struct proof *proof, const struct json *report)
{
	const struct json *elsewhere = json_find(report, "elsewhere");
	const struct json *receipt =
	    json_find(elsewhere != NULL ? elsewhere : report, "receipt");

	proof->index = json_int(json_find(receipt, "index"), -1);
	snprintf(proof->leaf, sizeof(proof->leaf), "%s",
	    json_cstr(json_find(receipt, "leaf_hash"), ""));
}

static void
check_rate(struct conformance *run, const struct probe *probe)
{
	static const char check[] = "rate limits";
	struct buf policy = {0}, left = {0};
	bool has_policy =
	    fetch_look_find(&probe->look, "ratelimit-policy", &policy);
	bool has_left = fetch_look_find(&probe->look, "ratelimit", &left);

	if (!has_policy && !has_left)
		conformance_say(run, VERDICT_SKIP, check,
		    "no limit of the catalogue applies to us");
	else if (has_policy && has_left &&
		 strstr(buf_cstr(&policy), "\";q=") != NULL &&
		 strstr(buf_cstr(&left), "\";r=") != NULL)
		conformance_say(
		    run, VERDICT_PASS, check, "%.120s", buf_cstr(&left));
	else
		conformance_say(run, VERDICT_FAIL, check,
		    "RateLimit-Policy and RateLimit do not go together");
	buf_release(&policy);
	buf_release(&left);
}

static void
check_question(struct proof *proof)
{
	static const char check[] = "question";
	struct conformance *run = proof->run;
	struct buf text = {0};
	struct probe probe = {0};

	print_question(run->args, &text);
	probe_send(&probe, run, "POST", "/v1/reports", buf_cstr(&text));
	buf_release(&text);
	if (probe.err == ERR_OK)
		take_receipt(proof, probe.body);
	if (probe.err != ERR_OK)
		conformance_tell(run, false, check, &probe.why);
	else if (probe.answer.status != 200)
		conformance_say(run, VERDICT_FAIL, check, "%ld %s",
		    probe.answer.status, probe_problem(&probe));
	else if (!probe_is_type(&probe, "application/json") ||
		 proof->index < 0 || proof->leaf[0] == '\0')
		conformance_say(run, VERDICT_FAIL, check,
		    "the report is not JSON with a receipt");
	else
		conformance_say(run, VERDICT_PASS, check,
		    "answered, trail entry %" PRId64, proof->index);
	check_rate(run, &probe);
	probe_release(&probe);
}

static void
check_malformed(struct conformance *run)
{
	struct probe probe = {0};
	bool is_right;

	probe_send(&probe, run, "POST", "/v1/reports", "{\"subject\":");
	is_right = probe_is_problem(&probe, 400);
	conformance_tell(run, is_right, "malformed question", &probe.why);
	probe_release(&probe);
}

/* It is there once the hub has witnessed a checkpoint behind the entry. */
static void
fetch_receipt(const struct proof *proof, struct probe *probe)
{
	char path[64];

	snprintf(
	    path, sizeof(path), "/v1/trail/receipts/%" PRId64, proof->index);
	do {
		probe_release(probe);
		probe_send(probe, proof->run, "GET", path, NULL);
	} while (probe->err == ERR_OK && probe->answer.status == 404 &&
		 proof_wait(proof));
}

static enum err
judge_proof(
    struct proof *proof, struct span text, struct buf *note, struct why *why)
{
	struct inclusion inclusion;
	struct checkpoint checkpoint;
	char leaf[DIGEST_HEX_LEN + 1];
	enum err err = inclusion_parse(text, &inclusion, note, why);

	if (err == ERR_OK)
		err = check_note(proof, inclusion.checkpoint, &checkpoint, why);
	if (err != ERR_OK)
		return err;
	if (inclusion.index != (uint64_t)proof->index ||
	    strcmp(digest_print(&inclusion.leaf, leaf), proof->leaf) != 0)
		return why_set(why, ERR_INVALID,
		    "the receipt is not of the entry that the answer named");
	if (inclusion.size != checkpoint.size ||
	    !inclusion_holds(&inclusion, &checkpoint.root))
		return why_set(why, ERR_INVALID,
		    "the proof does not lead to the checkpoint's root");
	(void)why_set(why, ERR_OK, "entry %" PRId64 " is in %" PRIu64 "%s",
	    proof->index, checkpoint.size,
	    proof->has_key ? ", signed" : ", signature not checked");
	return ERR_OK;
}

static void
check_witness(struct proof *proof, struct span note)
{
	static const char check[] = "witness";
	char time[CLOCK_TEXT_MAX];
	struct why why = {""};
	int64_t time_s = 0;

	if (!proof->trust.has_witness)
		conformance_say(proof->run, VERDICT_SKIP, check,
		    "--network says whose line it needs");
	else if (note_check_witness(
		     note, proof->trust.witness, &time_s, &why) != ERR_OK)
		conformance_tell(proof->run, false, check, &why);
	else
		conformance_say(proof->run, VERDICT_PASS, check,
		    "the hub saw it %s",
		    clock_print(time_s * CLOCK_SECOND, time));
}

static void
check_receipt(struct proof *proof)
{
	static const char check[] = "receipt";
	struct probe probe = {0};
	struct buf note = {0};
	enum err err;

	if (proof->index < 0) {
		conformance_say(proof->run, VERDICT_SKIP, check,
		    "there is no answer that names one");
		return;
	}
	fetch_receipt(proof, &probe);
	if (probe.err != ERR_OK || probe.answer.status != 200) {
		conformance_say(proof->run, VERDICT_FAIL, check, "%ld %s%s",
		    probe.answer.status, probe_problem(&probe), probe.why.text);
	} else {
		err = judge_proof(
		    proof, buf_span(&probe.answer.body), &note, &probe.why);
		conformance_tell(proof->run, err == ERR_OK, check, &probe.why);
		check_witness(proof, buf_span(&note));
	}
	buf_release(&note);
	probe_release(&probe);
}

static void
skip(struct conformance *run, const char *check, const char *why)
{
	conformance_say(run, VERDICT_SKIP, check, "%s", why);
}

void
conformance_proofs(struct conformance *run)
{
	struct proof proof = {.run = run, .index = -1};

	proof.until_us = clock_tick_us() + run->wait_s * CLOCK_SECOND;
	if (run->document == NULL || !read_trust(&proof)) {
		skip(run, "proofs", "it is not known what there is to prove");
		return;
	}
	if (!run->is_node) {
		proof_platforms(&proof);
		return;
	}
	check_malformed(run);
	if (args_has(run->args, "subject")) {
		check_question(&proof);
		check_receipt(&proof);
	} else {
		skip(run, "question", "--subject says about whom");
		skip(run, "receipt", "--subject says about whom");
	}
	check_checkpoint(&proof);
	proof_streams(&proof);
}
