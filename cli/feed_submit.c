/*
 * feed_submit: the verb `feed submit`.
 */
#include "cli/feed_submit.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "base/clock.h"
#include "base/codec.h"
#include "base/digest.h"
#include "base/json.h"
#include "cli/feed_check.h"
#include "cli/feed_receipt.h"
#include "cli/fetch.h"
#include "cli/show.h"
#include "cli/source.h"

/* Files from here on go in parts. */
#define PARTS_FROM ((int64_t)64 << 20)
#define PART_MIB 8
#define PART_MIB_MAX 1024
/* Attempts without progress, and the pauses between them. */
#define RETRIES 6
#define RETRIES_MAX 1000
#define PAUSE_MS 500
#define PAUSE_MS_MAX 8000

/* Beside the codes of args.h: the next step is due. */
#define AGAIN (-1)

enum step {
	STEP_ASK,    /* what does the hub hold? */
	STEP_SEND,   /* the next part */
	STEP_COMMIT, /* all of it is there */
	STEP_OVER
};

struct submission {
	const struct args *args;
	uint32_t item;
	enum inflate_kind coding;
	struct buf id, type, path;
	struct source *source;
	struct digest digest;
	struct progress progress;
	enum step step;
	uint64_t size, held, left; /* left: of the part on its way */
	uint64_t most;             /* that was ever held */
	int64_t part, retries, failures;
	bool asked;     /* once at least */
	bool inherited; /* the hub held something before we sent anything */
	struct fetch_answer answer;
};

void
feed_batch_id(const struct args *args, struct buf *id)
{
	uint8_t random[8];
	char time[CLOCK_TEXT_MAX];

	if (args_has(args, "id")) {
		buf_text(id, args_get(args, "id"));
		return;
	}
	clock_print(clock_now_us(), time);
	digest_random(random, sizeof(random));
	buf_print(id, "%.10s-", time);
	codec_hex(span_make(random, sizeof(random)), id);
}

static void
print_type(const struct args *args, struct buf *out)
{
	const char *charset = args_get(args, "charset");

	buf_text(out, feed_is_ndjson(args, args->operands[1])
			  ? "application/x-ndjson"
			  : "text/csv");
	if (charset != NULL)
		buf_print(out, "; charset=%s", charset);
}

static const char *
mode_of(const struct args *args)
{
	const char *mode = args_get(args, "mode");

	return mode != NULL ? mode : "delta";
}

static const char *
coding_name(const struct submission *s)
{
	return s->coding == INFLATE_GZIP   ? "gzip"
	       : s->coding == INFLATE_ZSTD ? "zstd"
					   : NULL;
}

/* "/v1/feeds/1/batches/ID/content" */
static const char *
part_path(struct submission *s, const char *what)
{
	buf_reset(&s->path);
	buf_print(&s->path, "/v1/feeds/%u/batches/", s->item);
	fetch_escape(buf_cstr(&s->id), &s->path);
	buf_print(&s->path, "/%s", what);
	return buf_cstr(&s->path);
}

static void
pause_for(int64_t failures)
{
	int64_t ms = PAUSE_MS << (failures < 8 ? failures : 8);
	struct timespec left;

	if (ms > PAUSE_MS_MAX)
		ms = PAUSE_MS_MAX;
	left = (struct timespec){ms / 1000, ms % 1000 * 1000000};
	fprintf(stderr, "rongxin: feed submit: again in %.1f s\n",
	    (double)ms / 1000);
	while (nanosleep(&left, &left) != 0)
		;
}

/* A refusal that more bytes may mend counts as a failure too. */
static bool
may_mend(struct submission *s)
{
	return s->failures++ < s->retries;
}

static bool
is_passing(enum err err, long status)
{
	if (err != ERR_OK)
		return err == ERR_NETWORK;
	return status == 502 || status == 503 || status == 504;
}

/* One request: DONE; REFUSED, which the caller tells or mends; AGAIN after a
 * failure that may pass; or a code that has been told. */
static int
attempt(struct submission *s, const struct fetch *fetch)
{
	struct why why = {""};
	enum err err;

	fetch_answer_release(&s->answer);
	err = fetch_try(s->args, "hub", fetch, &s->answer, &why);
	if (err == ERR_OK && s->answer.status < 500)
		return s->answer.status < 300 ? DONE : REFUSED;
	if (!is_passing(err, s->answer.status) || s->failures >= s->retries)
		return fetch_tell(s->args, err, &s->answer, &why);
	fetch_warn(s->args, err, &s->answer, &why);
	pause_for(s->failures++);
	return AGAIN;
}

static int
tell_refusal(struct submission *s)
{
	return fetch_tell(s->args, ERR_OK, &s->answer, NULL);
}

static ssize_t
give_all(void *context, char *into, size_t max)
{
	struct submission *s = context;
	ssize_t got = source_read(s->source, into, max);

	if (got > 0)
		progress_add(&s->progress, (uint64_t)got);
	return got;
}

static ssize_t
give_part(void *context, char *into, size_t max)
{
	struct submission *s = context;
	ssize_t got = give_all(s, into, max < s->left ? max : s->left);

	/* The file has become shorter. */
	if (got == 0 && s->left > 0)
		return -1;
	if (got > 0)
		s->left -= (uint64_t)got;
	return got;
}

static int
send_whole(struct submission *s)
{
	struct fetch fetch = {.method = "POST",
	    .batch = buf_cstr(&s->id),
	    .content_type = buf_cstr(&s->type),
	    .coding = coding_name(s),
	    .sequence = args_get(s->args, "sequence"),
	    .give = give_all,
	    .context = s,
	    .size = source_size(s->source)};
	int code;

	buf_reset(&s->path);
	buf_print(&s->path, "/v1/feeds/%u/batches?mode=", s->item);
	fetch_escape(mode_of(s->args), &s->path);
	if (args_has(s->args, "divisions")) {
		buf_text(&s->path, "&divisions=");
		fetch_escape(args_get(s->args, "divisions"), &s->path);
	}
	fetch.path = buf_cstr(&s->path);
	if (!source_rewind(s->source))
		s->retries = 0; /* what has been read is gone */
	do {
		progress_begin(&s->progress, "sent",
		    fetch.size > 0 ? (uint64_t)fetch.size : 0, PROGRESS_BYTES);
		code = attempt(s, &fetch);
		progress_end(&s->progress);
	} while (code == AGAIN && source_rewind(s->source));
	return code == REFUSED ? tell_refusal(s) : code;
}

static bool
has_problem(const struct submission *s, const char *type)
{
	return fetch_has_problem(&s->answer, type);
}

/* How much there is.  More than before is progress. */
static void
note_held(struct submission *s)
{
	struct json *root = json_parse(buf_span(&s->answer.body), NULL);
	int64_t held = json_int(json_find(root, "held"), 0);

	json_free(root);
	s->held = held > 0 ? (uint64_t)held : 0;
	if (s->held > s->most) {
		s->most = s->held;
		s->failures = 0;
	}
	s->progress.done = s->held;
}

/* Nothing held may also mean that it was committed: --resume asks for its
 * receipt before it sends everything again. */
static int
ask(struct submission *s)
{
	const struct fetch fetch = {
	    .method = "GET", .path = part_path(s, "content")};
	bool first = !s->asked;
	int code = attempt(s, &fetch);

	if (code == REFUSED)
		return tell_refusal(s);
	if (code != DONE)
		return code;
	note_held(s);
	s->asked = true;
	if (first)
		s->inherited = s->held > 0;
	s->step = s->held < s->size ? STEP_SEND : STEP_COMMIT;
	if (first && s->held == 0 && args_has(s->args, "resume"))
		s->step = STEP_COMMIT;
	return AGAIN;
}

static int
send_part(struct submission *s)
{
	char range[96];
	struct fetch fetch = {.method = "PUT",
	    .path = part_path(s, "content"),
	    .range = range,
	    .give = give_part,
	    .context = s};
	int code;

	s->left = s->size - s->held;
	if (s->left > (uint64_t)s->part)
		s->left = (uint64_t)s->part;
	fetch.size = (int64_t)s->left;
	snprintf(range, sizeof(range), "bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64,
	    s->held, s->held + s->left - 1, s->size);
	source_seek(s->source, s->held);
	s->step = STEP_ASK;
	code = attempt(s, &fetch);
	if (code == REFUSED)
		return has_problem(s, "range") && may_mend(s) ? AGAIN
							      : tell_refusal(s);
	if (code != DONE)
		return code;
	note_held(s);
	s->step = s->held < s->size ? STEP_SEND : STEP_COMMIT;
	return AGAIN;
}

static void
print_commit(const struct submission *s, struct buf *out)
{
	const struct args *args = s->args;
	char digest[DIGEST_HEX_LEN + 1];
	struct json_out json = {.buf = out};

	digest_print(&s->digest, digest);
	json_open_object(&json, NULL);
	json_put_cstr(&json, "digest", digest);
	json_put_int(&json, "size", (int64_t)s->size);
	json_put_text(&json, "content_type", buf_span(&s->type));
	if (coding_name(s) != NULL)
		json_put_cstr(&json, "content_encoding", coding_name(s));
	json_put_cstr(&json, "mode", mode_of(args));
	if (args_has(args, "divisions"))
		json_put_cstr(&json, "divisions", args_get(args, "divisions"));
	if (args_has(args, "sequence"))
		json_put_cstr(&json, "sequence", args_get(args, "sequence"));
	json_close_object(&json);
}

/* May the refusal be due to what the hub held of an earlier attempt? */
static bool
is_mended_by_more(struct submission *s)
{
	if (has_problem(s, "upload_incomplete") || has_problem(s, "not_found"))
		return true;
	if (!s->inherited || !(has_problem(s, "digest_mismatch") ||
				 has_problem(s, "batch_unreadable")))
		return false;
	s->inherited = false;
	return true;
}

/* A lost answer is asked for by the same commit. */
static int
commit(struct submission *s)
{
	struct fetch fetch = {.method = "POST",
	    .path = part_path(s, "commit"),
	    .content_type = "application/json"};
	struct buf body = {0};
	int code;

	print_commit(s, &body);
	fetch.body = buf_span(&body);
	code = attempt(s, &fetch);
	buf_release(&body);
	if (code == DONE)
		s->step = STEP_OVER;
	if (code != REFUSED)
		return code;
	if (!is_mended_by_more(s) || !may_mend(s))
		return tell_refusal(s);
	s->step = STEP_ASK;
	return AGAIN;
}

static int
send_parts(struct submission *s)
{
	static int (*const steps[])(struct submission * s) = {
	    ask, send_part, commit};
	struct why why = {""};
	int code = AGAIN;

	if (source_settle(s->source, &s->digest, &why) != ERR_OK)
		return args_failed(s->args, "%s", why.text);
	s->size = (uint64_t)source_size(s->source);
	if (s->size == 0)
		return send_whole(s); /* there is no part of nothing */
	progress_begin(&s->progress, "sent", s->size, PROGRESS_BYTES);
	while (code == AGAIN)
		code = steps[s->step](s);
	progress_end(&s->progress);
	return code;
}

static void
tell_how_to_go_on(struct submission *s, bool parts)
{
	fprintf(stderr,
	    "Whether it was committed is not known: send it again with%s "
	    "--id %s.\n",
	    parts ? " --resume" : "", buf_cstr(&s->id));
}

static int
open_source(struct submission *s)
{
	struct why why = {""};

	s->source = source_open(s->args->operands[1], s->coding, &why);
	return s->source != NULL ? DONE : args_failed(s->args, "%s", why.text);
}

static int
read_words(struct submission *s)
{
	const struct args *args = s->args;
	bool gzip = args_has(args, "gzip"), zstd = args_has(args, "zstd");

	if (!feed_item_of(args, &s->item) || args_need(args, "hub") == NULL ||
	    !args_int(
		args, "retries", (int64_t[]){0, RETRIES_MAX}, &s->retries) ||
	    !args_int(args, "part-mib", (int64_t[]){1, PART_MIB_MAX}, &s->part))
		return MISUSED;
	if (gzip && zstd)
		return args_misused(args, "--gzip or --zstd, not both");
	if (args_has(args, "resume") && !args_has(args, "id"))
		return args_misused(args, "--resume wants --id");
	s->part <<= 20;
	s->coding = gzip ? INFLATE_GZIP : zstd ? INFLATE_ZSTD : INFLATE_NONE;
	print_type(args, &s->type);
	feed_batch_id(args, &s->id);
	return DONE;
}

int
feed_submit(const struct args *args)
{
	struct submission s = {
	    .args = args, .retries = RETRIES, .part = PART_MIB};
	bool parts = args_has(args, "resume");
	int code = read_words(&s);

	if (code == DONE)
		code = open_source(&s);
	if (code == DONE) {
		parts |= source_file_size(s.source) >= PARTS_FROM;
		code = parts ? send_parts(&s) : send_whole(&s);
		if (code == DONE)
			code = receipt_show(args, &s.answer);
		else if (code == UNREACHED)
			tell_how_to_go_on(&s, parts);
	}
	source_close(s.source);
	fetch_answer_release(&s.answer);
	buf_release(&s.id);
	buf_release(&s.type);
	buf_release(&s.path);
	return code;
}
