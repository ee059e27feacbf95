/*
 * feed_leave: the verb `feed leave`: a batch for the hub, left at a node.
 */
#include "cli/feed_leave.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/json.h"
#include "base/jws.h"
#include "cli/feed_check.h"
#include "cli/feed_receipt.h"
#include "cli/feed_submit.h"
#include "cli/fetch.h"
#include "cli/source.h"

#define MANIFEST_TYPE "rongxin-feed+jws"
#define WAIT_S_MAX 86400
#define LOOK_MS 500

struct departure {
	const struct args *args;
	uint32_t item;
	int64_t wait_s;
	struct source *source;
	struct digest digest;
	struct buf id, manifest, path;
	struct fetch_answer answer;
};

/* The manifest names a file; what ours is called is nobody's business. */
static void
print_manifest(const struct departure *d, struct buf *out)
{
	static const char *const words[] = {
	    "charset", "mode", "divisions", "sequence", NULL};
	const struct args *args = d->args;
	char digest[DIGEST_HEX_LEN + 1];
	struct json_out json = {.buf = out};

	json_open_object(&json, NULL);
	json_put_int(&json, "item", d->item);
	json_put_text(&json, "id", buf_span(&d->id));
	json_put_cstr(&json, "file", "batch");
	json_put_int(&json, "size", source_size(d->source));
	json_put_cstr(&json, "digest", digest_print(&d->digest, digest));
	json_put_cstr(&json, "format",
	    feed_is_ndjson(args, args->operands[1]) ? "ndjson" : "csv");
	for (size_t i = 0; words[i] != NULL; i++)
		if (args_has(args, words[i]))
			json_put_cstr(
			    &json, words[i], args_get(args, words[i]));
	json_close_object(&json);
}

static int
sign_manifest(struct departure *d)
{
	const char *stem = args_get(d->args, "as");
	struct buf text = {0};
	struct why why = {""};
	enum err err = source_settle(d->source, &d->digest, &why);

	if (err == ERR_OK) {
		print_manifest(d, &text);
		err = jws_sign_with_cert(
		    stem, MANIFEST_TYPE, buf_span(&text), &d->manifest, &why);
	}
	buf_release(&text);
	return err == ERR_OK ? DONE : args_failed(d->args, "%s", why.text);
}

static ssize_t
give(void *context, char *into, size_t max)
{
	struct departure *d = context;

	return source_read(d->source, into, max);
}

static int
leave(struct departure *d)
{
	struct fetch fetch = {.method = "POST",
	    .path = buf_cstr(&d->path),
	    .content_type = "application/octet-stream",
	    .manifest = buf_cstr(&d->manifest),
	    .give = give,
	    .context = d,
	    .size = source_size(d->source)};

	return fetch_send(d->args, "node", &fetch, &d->answer);
}

static int
ask(struct departure *d)
{
	struct fetch fetch = {.method = "GET", .path = buf_cstr(&d->path)};

	fetch_answer_release(&d->answer);
	return fetch_send(d->args, "node", &fetch, &d->answer);
}

/* The hub's receipt, when it comes in time. */
static int
await(struct departure *d)
{
	const struct timespec pause = {
	    LOOK_MS / 1000, LOOK_MS % 1000 * 1000000};
	int64_t until = clock_tick_us() + d->wait_s * CLOCK_SECOND;
	int code;

	buf_char(&d->path, '/');
	fetch_escape(buf_cstr(&d->id), &d->path);
	code = ask(d);
	while (code == DONE && d->answer.status == 202 &&
	       clock_tick_us() < until) {
		nanosleep(&pause, NULL);
		code = ask(d);
	}
	if (code != DONE || d->answer.status != 202)
		return code == DONE ? receipt_show(d->args, &d->answer) : code;
	printf("batch %s, item %" PRIu32 ": on its way to the hub; ask for it "
	       "with feed receipt at the node\n",
	    buf_cstr(&d->id), d->item);
	return DONE;
}

int
feed_leave(const struct args *args)
{
	struct departure d = {.args = args, .wait_s = 60};
	struct why why = {""};
	int code = DONE;

	if (!feed_item_of(args, &d.item) || args_need(args, "node") == NULL ||
	    args_need(args, "as") == NULL ||
	    !args_int(args, "wait", (int64_t[]){0, WAIT_S_MAX}, &d.wait_s))
		return MISUSED;
	d.source = source_open(args->operands[1], INFLATE_NONE, &why);
	if (d.source == NULL)
		return args_failed(args, "%s", why.text);
	feed_batch_id(args, &d.id);
	buf_print(&d.path, "/v1/feeds/%" PRIu32 "/batches", d.item);
	code = sign_manifest(&d);
	source_seek(d.source, 0);
	if (code == DONE)
		code = leave(&d);
	if (code == DONE)
		code = await(&d);
	source_close(d.source);
	fetch_answer_release(&d.answer);
	buf_release(&d.id);
	buf_release(&d.manifest);
	buf_release(&d.path);
	return code;
}
