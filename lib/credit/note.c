/*
 * note: C2SP signed-note and tlog-checkpoint.
 */
#include "credit/note.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/codec.h"
#include "base/text.h"

#define NOTE_ED25519 1     /* C2SP signed-note: signature types */
#define NOTE_COSIGNATURE 4 /* C2SP tlog-cosignature: timestamped Ed25519 */
#define NOTE_TIME_LEN 8
#define NOTE_HASH_LEN 4
#define NOTE_SIGNATURE_LEN 64
#define NOTE_SIGNATURES_MAX 100 /* lines; a note with more is refused */
#define NOTE_DASH "\xe2\x80\x94 "

void
note_trail_origin(const char *node_code, char out[NOTE_ORIGIN_MAX + 1])
{
	snprintf(out, NOTE_ORIGIN_MAX + 1, "rongxin/trail/%s", node_code);
}

void
note_witness_name(const uint8_t raw[32], char out[NOTE_ORIGIN_MAX + 1])
{
	uint8_t id[SIGN_KEY_ID_LEN];
	struct buf hex = {0};

	sign_key_id(raw, id);
	codec_hex(span_make(id, sizeof(id)), &hex);
	snprintf(
	    out, NOTE_ORIGIN_MAX + 1, "rongxin/witness/%s", buf_cstr(&hex));
	buf_release(&hex);
}

static void
key_hash(char type, struct span name, const uint8_t raw[32],
    uint8_t hash[NOTE_HASH_LEN])
{
	const char middle[] = {'\n', type};
	struct span parts[] = {
	    name, span_make(middle, sizeof(middle)), span_make(raw, 32)};
	struct digest digest = digest_of_parts(parts, 3);

	memcpy(hash, digest.bytes, NOTE_HASH_LEN);
}

static void
print_body(const struct checkpoint *checkpoint, struct buf *out)
{
	buf_print(
	    out, "%s\n%" PRIu64 "\n", checkpoint->origin, checkpoint->size);
	codec_base64(span_make(checkpoint->root.bytes, DIGEST_LEN), out);
	buf_char(out, '\n');
}

/* The blob of a signature line: key hash and signature. */
static enum err
sign_blob(
    struct signer *signer, const char *name, struct span body, struct buf *blob)
{
	uint8_t raw[32], hash[NOTE_HASH_LEN];
	enum err err;

	err = signer_public(signer, raw);
	if (err != ERR_OK)
		return err;
	key_hash(NOTE_ED25519, span_of(name), raw, hash);
	buf_add(blob, hash, sizeof(hash));
	return signer_sign(signer, body, blob);
}

static void
print_line(const char *name, const struct buf *blob, struct buf *out)
{
	buf_print(out, NOTE_DASH "%s ", name);
	codec_base64(buf_span(blob), out);
	buf_char(out, '\n');
}

enum err
note_sign(
    const struct checkpoint *checkpoint, struct signer *signer, struct buf *out)
{
	struct buf body = {0}, blob = {0};
	enum err err;

	print_body(checkpoint, &body);
	err = sign_blob(signer, checkpoint->origin, buf_span(&body), &blob);
	if (err == ERR_OK) {
		buf_add(out, body.data, body.len);
		buf_char(out, '\n');
		print_line(checkpoint->origin, &blob, out);
	}
	buf_release(&body);
	buf_release(&blob);
	return err;
}

/* Cuts the first line off `text`; false when it does not end. */
static bool
take_line(struct span *text, struct span *line)
{
	const char *end =
	    text->len > 0 ? memchr(text->ptr, '\n', text->len) : NULL;

	if (end == NULL)
		return false;
	*line = span_make(text->ptr, (size_t)(end - text->ptr));
	text->len -= line->len + 1;
	text->ptr = end + 1;
	return true;
}

static bool
parse_size(struct span text, uint64_t *size)
{
	unsigned digit;
	size_t i;

	if (text.len == 0 || (text.ptr[0] == '0' && text.len > 1))
		return false;
	for (*size = 0, i = 0; i < text.len; i++) {
		digit = (unsigned)(text.ptr[i] - '0');
		if (digit > 9 || *size > (UINT64_MAX - digit) / 10)
			return false;
		*size = *size * 10 + digit;
	}
	return true;
}

static bool
parse_root(struct span text, struct digest *root)
{
	struct buf bytes = {0};
	bool ok;

	ok = codec_parse_base64(text, &bytes) && bytes.len == DIGEST_LEN;
	if (ok)
		memcpy(root->bytes, bytes.data, DIGEST_LEN);
	buf_release(&bytes);
	return ok;
}

/* Lines after the root are extensions: not empty, and not ours. */
static bool
parse_body(struct span body, struct checkpoint *checkpoint)
{
	struct span line;

	if (!take_line(&body, &line) || line.len == 0 ||
	    line.len > NOTE_ORIGIN_MAX)
		return false;
	memset(checkpoint->origin, 0, sizeof(checkpoint->origin));
	memcpy(checkpoint->origin, line.ptr, line.len);
	if (!take_line(&body, &line) || !parse_size(line, &checkpoint->size))
		return false;
	if (!take_line(&body, &line) || !parse_root(line, &checkpoint->root))
		return false;
	while (body.len > 0) {
		if (!take_line(&body, &line) || line.len == 0)
			return false;
	}
	return true;
}

/* The last empty line parts text and signatures.  `body` keeps its final
 * newline: that is what is signed. */
static bool
split_note(struct span note, struct span *body, struct span *signatures)
{
	size_t i;

	for (i = note.len; i >= 2; i--) {
		if (note.ptr[i - 1] != '\n' || note.ptr[i - 2] != '\n')
			continue;
		*body = span_make(note.ptr, i - 1);
		*signatures = span_make(note.ptr + i, note.len - i);
		return signatures->len > 0;
	}
	return false;
}

static bool
is_plain(struct span note)
{
	size_t i;

	for (i = 0; i < note.len; i++) {
		if ((unsigned char)note.ptr[i] < 0x20 && note.ptr[i] != '\n')
			return false;
	}
	return text_is_utf8(note);
}

enum verdict {
	VERDICT_OTHER, /* another key's line: ignored */
	VERDICT_GOOD,
	VERDICT_BAD
};

/* Whose signatures count: the lines of this name and this key. */
struct expected {
	struct span name, body;
	const struct verifier *verifier;
	bool is_witness; /* its blob begins with the time it was made */
	uint64_t time_s; /* of a witness's good line, the newest */
	uint8_t hash[NOTE_HASH_LEN];
};

/* What a cosignature signs: C2SP tlog-cosignature, "Ed25519 signed message". */
static void
print_cosigned(uint64_t time_s, struct span body, struct buf *out)
{
	buf_print(out, "cosignature/v1\ntime %" PRIu64 "\n", time_s);
	buf_add(out, body.ptr, body.len);
}

static enum verdict
judge_signature(const struct expected *expected, struct span signature)
{
	if (signature.len == NOTE_SIGNATURE_LEN &&
	    verifier_check(expected->verifier, expected->body, signature))
		return VERDICT_GOOD;
	return VERDICT_BAD;
}

static enum verdict
judge_cosignature(struct expected *expected, struct span signature)
{
	struct buf message = {0};
	uint64_t time_s = 0;
	bool good;
	size_t i;

	if (signature.len != NOTE_TIME_LEN + NOTE_SIGNATURE_LEN)
		return VERDICT_BAD;
	for (i = 0; i < NOTE_TIME_LEN; i++)
		time_s = time_s << 8 | (uint8_t)signature.ptr[i];
	if (time_s > INT64_MAX)
		return VERDICT_BAD;
	print_cosigned(time_s, expected->body, &message);
	good = verifier_check(expected->verifier, buf_span(&message),
	    span_make(signature.ptr + NOTE_TIME_LEN, NOTE_SIGNATURE_LEN));
	buf_release(&message);
	if (good && time_s > expected->time_s)
		expected->time_s = time_s;
	return good ? VERDICT_GOOD : VERDICT_BAD;
}

static enum verdict
judge_blob(struct expected *expected, struct span name, struct span blob)
{
	struct span signature;

	if (blob.len <= NOTE_HASH_LEN)
		return VERDICT_BAD;
	if (!span_equal(name, expected->name) ||
	    memcmp(blob.ptr, expected->hash, NOTE_HASH_LEN) != 0)
		return VERDICT_OTHER;
	signature =
	    span_make(blob.ptr + NOTE_HASH_LEN, blob.len - NOTE_HASH_LEN);
	return expected->is_witness ? judge_cosignature(expected, signature)
				    : judge_signature(expected, signature);
}

/* "— <name> <base64>" */
static enum verdict
judge_line(struct expected *expected, struct span line)
{
	static const size_t dash_len = sizeof(NOTE_DASH) - 1;
	struct buf blob = {0};
	enum verdict verdict;
	const char *space;
	struct span name, text;

	if (line.len <= dash_len || memcmp(line.ptr, NOTE_DASH, dash_len) != 0)
		return VERDICT_BAD;
	line = span_make(line.ptr + dash_len, line.len - dash_len);
	space = memchr(line.ptr, ' ', line.len);
	if (space == NULL || space == line.ptr)
		return VERDICT_BAD;
	name = span_make(line.ptr, (size_t)(space - line.ptr));
	text = span_make(space + 1, line.len - name.len - 1);
	if (memchr(name.ptr, '+', name.len) != NULL)
		return VERDICT_BAD;
	verdict = codec_parse_base64(text, &blob)
		      ? judge_blob(expected, name, buf_span(&blob))
		      : VERDICT_BAD;
	buf_release(&blob);
	return verdict;
}

static bool
signatures_hold(struct expected *expected, struct span signatures)
{
	enum verdict verdict;
	struct span line;
	size_t lines = 0;
	bool good = false;

	while (signatures.len > 0) {
		if (++lines > NOTE_SIGNATURES_MAX ||
		    !take_line(&signatures, &line))
			return false;
		verdict = judge_line(expected, line);
		if (verdict == VERDICT_BAD)
			return false;
		good = good || verdict == VERDICT_GOOD;
	}
	return good;
}

/* `name` and what is expected besides are the caller's. */
static bool
check_signatures(
    struct expected *expected, struct span signatures, const uint8_t raw[32])
{
	struct verifier *verifier = verifier_new(raw);
	bool good;

	if (verifier == NULL)
		return false;
	expected->verifier = verifier;
	key_hash(expected->is_witness ? NOTE_COSIGNATURE : NOTE_ED25519,
	    expected->name, raw, expected->hash);
	good = signatures_hold(expected, signatures);
	verifier_free(verifier);
	return good;
}

/* The two halves of a note, and what the first one says. */
static enum err
note_open(struct span note, struct expected *expected, struct span *signatures,
    struct checkpoint *checkpoint, struct why *why)
{
	if (note.len > NOTE_MAX)
		return why_set(why, ERR_LIMIT, "note too long");
	if (!is_plain(note) || !split_note(note, &expected->body, signatures))
		return why_set(why, ERR_INVALID, "not a signed note");
	if (!parse_body(expected->body, checkpoint))
		return why_set(why, ERR_INVALID, "not a checkpoint");
	return ERR_OK;
}

enum err
note_check(struct span note, const uint8_t raw[32],
    struct checkpoint *checkpoint, struct why *why)
{
	struct expected expected = {0};
	struct checkpoint read;
	struct span signatures = {NULL, 0};
	enum err err = note_open(note, &expected, &signatures, &read, why);

	if (err != ERR_OK)
		return err;
	expected.name = span_of(read.origin);
	if (!check_signatures(&expected, signatures, raw))
		return why_set(why, ERR_INVALID,
		    "the checkpoint is not signed by the expected key");
	*checkpoint = read;
	return ERR_OK;
}

enum err
note_read(struct span note, struct checkpoint *checkpoint, struct why *why)
{
	struct expected expected = {0};
	struct span signatures = {NULL, 0};

	return note_open(note, &expected, &signatures, checkpoint, why);
}

enum err
note_check_witness(
    struct span note, const uint8_t raw[32], int64_t *time_s, struct why *why)
{
	struct expected expected = {.is_witness = true};
	char name[NOTE_ORIGIN_MAX + 1];
	struct checkpoint read;
	struct span signatures = {NULL, 0};
	enum err err = note_open(note, &expected, &signatures, &read, why);

	if (err != ERR_OK)
		return err;
	note_witness_name(raw, name);
	expected.name = span_of(name);
	if (!check_signatures(&expected, signatures, raw))
		return why_set(why, ERR_INVALID,
		    "the checkpoint has no line of the expected witness");
	*time_s = (int64_t)expected.time_s;
	return ERR_OK;
}

/* u64 time || signature, behind the key's hash. */
static enum err
cosign_blob(
    struct signer *signer, int64_t time_s, struct span body, struct buf *blob)
{
	char name[NOTE_ORIGIN_MAX + 1];
	uint8_t raw[32], hash[NOTE_HASH_LEN];
	struct buf message = {0};
	enum err err = signer_public(signer, raw);

	if (err != ERR_OK)
		return err;
	note_witness_name(raw, name);
	key_hash(NOTE_COSIGNATURE, span_of(name), raw, hash);
	buf_add(blob, hash, sizeof(hash));
	buf_u64(blob, (uint64_t)time_s);
	print_cosigned((uint64_t)time_s, body, &message);
	err = signer_sign(signer, buf_span(&message), blob);
	buf_release(&message);
	return err;
}

enum err
note_cosign(
    struct span note, int64_t time_s, struct signer *signer, struct buf *line)
{
	struct expected expected = {0};
	char name[NOTE_ORIGIN_MAX + 1];
	struct checkpoint read;
	struct span signatures = {NULL, 0};
	struct buf blob = {0};
	uint8_t raw[32];
	enum err err = note_open(note, &expected, &signatures, &read, NULL);

	if (err == ERR_OK)
		err = cosign_blob(signer, time_s, expected.body, &blob);
	if (err == ERR_OK)
		err = signer_public(signer, raw);
	if (err == ERR_OK) {
		note_witness_name(raw, name);
		print_line(name, &blob, line);
	}
	buf_release(&blob);
	return err;
}

void
note_key_print(const char *name, const uint8_t raw[32], struct buf *out)
{
	uint8_t hash[NOTE_HASH_LEN], key[33] = {NOTE_ED25519};

	key_hash(NOTE_ED25519, span_of(name), raw, hash);
	memcpy(key + 1, raw, 32);
	buf_print(out, "%s+", name);
	codec_hex(span_make(hash, sizeof(hash)), out);
	buf_char(out, '+');
	codec_base64(span_make(key, sizeof(key)), out);
}
