/*
 * feed_receipt: what the hub says became of a batch; the verb `feed receipt`.
 */
#include "cli/feed_receipt.h"

#include <inttypes.h>
#include <stdio.h>

#include "cli/feed_check.h"
#include "cli/show.h"
#include "cli/signed.h"

#define STREAMS_SHOWN 20

static void
show_counts(const struct json *receipt)
{
	static const char *const counts[] = {
	    "rows", "accepted", "unchanged", "rejected", "warned"};
	static const struct show_column columns[] = {
	    {"stream", "stream"},
	    {"first", "first"},
	    {"last", "last"},
	    {NULL, NULL},
	};
	size_t i, count;

	printf("batch %s, item %" PRId64 ", %s\n",
	    json_cstr(json_find(receipt, "batch"), "?"),
	    json_int(json_find(receipt, "item"), 0),
	    json_cstr(json_find(receipt, "state"), "?"));
	for (i = 0; i < sizeof(counts) / sizeof(*counts); i++)
		printf("  %-10s %10" PRId64 "\n", counts[i],
		    json_int(json_find(receipt, counts[i]), 0));
	count = json_count(json_find(receipt, "streams"));
	if (count > STREAMS_SHOWN)
		printf("  %zu streams (--json lists them)\n", count);
	else if (count > 0)
		show_table(json_find(receipt, "streams"), columns);
}

int
receipt_show(const struct args *args, const struct fetch_answer *answer)
{
	struct json *root;

	if (args_has(args, "json")) {
		show_raw(buf_span(&answer->body));
		return DONE;
	}
	root = json_parse(buf_span(&answer->body), NULL);
	if (root == NULL)
		return args_failed(args, "the receipt is no JSON");
	show_counts(root);
	json_free(root);
	return DONE;
}

static int
send_for_receipt(const struct args *args, const struct fetch *fetch)
{
	struct fetch_answer answer = {0};
	int code = fetch_send(args, "hub", fetch, &answer);

	if (code == DONE)
		code = receipt_show(args, &answer);
	fetch_answer_release(&answer);
	return code;
}

/* A signed receipt, as it came, for a file. */
static int
send_for_text(const struct args *args, const struct fetch *fetch)
{
	struct fetch_answer answer = {0};
	int code = fetch_send(args, "hub", fetch, &answer);

	if (code == DONE)
		show_raw(buf_span(&answer.body));
	fetch_answer_release(&answer);
	return code;
}

int
feed_receipt(const struct args *args)
{
	const char *file = args_get(args, "verify");
	struct buf path = {0};
	struct fetch fetch = {.method = "GET"};
	uint32_t item;
	int code;

	if (file != NULL)
		return signed_show(args, file, "rongxin-receipt+jws");
	if (args->operand_count < 2)
		return args_misused(args, "ITEM and ID, or --verify FILE");
	if (!feed_item_of(args, &item))
		return MISUSED;
	buf_print(&path, "/v1/feeds/%u/batches/", item);
	fetch_escape(args->operands[1], &path);
	fetch.path = buf_cstr(&path);
	if (args_has(args, "signed")) {
		fetch.accept = "application/jose";
		code = send_for_text(args, &fetch);
	} else {
		code = send_for_receipt(args, &fetch);
	}
	buf_release(&path);
	return code;
}
