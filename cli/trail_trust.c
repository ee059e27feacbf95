/*
 * trail_trust: whose signatures a trail's checkpoints need, and the receipts
 * that hang on them.
 */
#include "cli/trail_trust.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/codec.h"
#include "base/file.h"
#include "credit/member.h"
#include "wire/network.h"

/* The key is given, or stands in the member document of the node. */
static enum err
find_key(const struct args *args, uint8_t raw[32], struct why *why)
{
	const char *text = args_get(args, "key");
	const char *path = args_get(args, "member");
	struct buf bytes = {0}, document = {0};
	struct member member;
	enum err err = ERR_OK;

	if (text == NULL && path == NULL)
		return why_set(
		    why, ERR_DENIED, "--key or --member says whose log it is");
	if (text == NULL) {
		err = file_read(path, MEMBER_MAX, &document, why);
		if (err == ERR_OK)
			err = member_parse(buf_span(&document), &member, why);
		text = err == ERR_OK ? member.trail_key : "";
	}
	if (err == ERR_OK &&
	    (!codec_parse_hex(span_of(text), &bytes) || bytes.len != 32))
		err = why_set(why, ERR_INVALID, "not a key of 64 hex digits");
	if (err == ERR_OK)
		memcpy(raw, bytes.data, 32);
	buf_release(&bytes);
	buf_release(&document);
	return err;
}

enum err
trail_trust_read(
    const struct args *args, struct trail_trust *trust, struct why *why)
{
	const char *path = args_get(args, "network");
	struct network network;
	enum err err;

	bool is_hub =
	    path != NULL && !args_has(args, "key") && !args_has(args, "member");

	*trust = (struct trail_trust){0};
	err = is_hub ? ERR_OK : find_key(args, trust->key, why);
	if (err != ERR_OK || path == NULL)
		return err;
	err = network_read(path, &network, why);
	if (err != ERR_OK)
		return err;
	if (is_hub && network.has_journal_key)
		memcpy(trust->key, network.journal_key, 32);
	else if (is_hub)
		err =
		    why_set(why, ERR_INVALID, "%s names no journal_key", path);
	else if (network.has_witness_key)
		memcpy(trust->witness, network.witness_key, 32);
	else
		err =
		    why_set(why, ERR_INVALID, "%s names no witness_key", path);
	trust->has_witness = !is_hub && network.has_witness_key;
	network_release(&network);
	return err;
}

enum err
trail_trust_check(const struct trail_trust *trust, struct span note,
    struct checkpoint *checkpoint, int64_t *time_s, struct why *why)
{
	enum err err = note_check(note, trust->key, checkpoint, why);

	if (err == ERR_OK && trust->has_witness)
		err = note_check_witness(note, trust->witness, time_s, why);
	return err;
}

enum err
trail_receipt_check(const struct trail_trust *trust,
    const struct inclusion *inclusion, struct checkpoint *checkpoint,
    int64_t *time_s, struct why *why)
{
	enum err err = trail_trust_check(
	    trust, inclusion->checkpoint, checkpoint, time_s, why);

	if (err == ERR_OK && inclusion->size != checkpoint->size)
		err = why_set(why, ERR_INVALID,
		    "the proof is for %" PRIu64
		    " entries, the checkpoint for %" PRIu64,
		    inclusion->size, checkpoint->size);
	if (err == ERR_OK && !inclusion_holds(inclusion, &checkpoint->root))
		err = why_set(why, ERR_INVALID,
		    "the proof does not lead to the checkpoint's root");
	return err;
}

static void
say_receipt(const struct inclusion *inclusion,
    const struct checkpoint *checkpoint, const struct trail_trust *trust,
    int64_t time_s)
{
	char hex[DIGEST_HEX_LEN + 1], time[CLOCK_TEXT_MAX];

	printf("verified: entry %" PRIu64 " of %s, leaf %s, is in the %" PRIu64
	       " entries of its checkpoint\n",
	    inclusion->index, checkpoint->origin,
	    digest_print(&inclusion->leaf, hex), checkpoint->size);
	if (trust->has_witness)
		printf(
		    "witnessed %s\n", clock_print(time_s * CLOCK_SECOND, time));
}

int
trail_receipt_verify(const struct args *args)
{
	const char *path = args_get(args, "receipt");
	struct trail_trust trust;
	struct inclusion inclusion;
	struct checkpoint checkpoint;
	struct buf text = {0}, note = {0};
	int64_t time_s = 0;
	struct why why = {""};
	enum err err = trail_trust_read(args, &trust, &why);
	int code = DONE;

	if (err != ERR_OK)
		return args_misused(args, "%s", why.text);
	if (file_read(path, INCLUSION_MAX, &text, &why) != ERR_OK) {
		code = args_failed(args, "%s", why.text);
		goto out;
	}
	err = inclusion_parse(buf_span(&text), &inclusion, &note, &why);
	if (err == ERR_OK)
		err = trail_receipt_check(
		    &trust, &inclusion, &checkpoint, &time_s, &why);
	if (err == ERR_OK) {
		say_receipt(&inclusion, &checkpoint, &trust, time_s);
	} else {
		args_failed(args, "NOT verified: %s", why.text);
		code = REFUSED;
	}
out:
	buf_release(&text);
	buf_release(&note);
	return code;
}
