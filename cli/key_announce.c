/*
 * key_announce: stream 0000 tells the hub's next key while the hub runs.
 */
#include "cli/key_announce.h"

#include <string.h>

#include "base/codec.h"
#include "base/json.h"
#include "cli/call.h"
#include "wire/network.h"

/* {"key"}; false: none is on its way. */
static bool
print_next(const struct network *network, bool is_batch, struct buf *body)
{
	struct json_out json = {.buf = body};
	struct buf hex = {0};
	const char *key = network->next_hub_curve_key;

	if (is_batch && network->has_next_batch_key)
		codec_hex(span_make(network->next_batch_key, 32), &hex);
	if (is_batch)
		key = hex.len > 0 ? buf_cstr(&hex) : "";
	if (*key != '\0') {
		json_open_object(&json, NULL);
		json_put_cstr(&json, "key", key);
		json_close_object(&json);
	}
	buf_release(&hex);
	return body->len > 0;
}

int
key_announce(const struct args *args)
{
	const char *kind = args->operands[0],
		   *path = args_need(args, "network");
	bool is_batch = strcmp(kind, "batch") == 0;
	struct network network;
	struct why why = {""};
	struct buf body = {0};
	int code;

	if (path == NULL)
		return MISUSED;
	if (!is_batch && strcmp(kind, "curve") != 0)
		return args_misused(args, "KIND: batch or curve");
	if (network_read(path, &network, &why) != ERR_OK)
		return args_failed(args, "%s", why.text);
	if (print_next(&network, is_batch, &body))
		code = call_about(args, "/v1/keys/", "/roll", buf_span(&body));
	else
		code = args_failed(args, "%s names no next key", path);
	network_release(&network);
	buf_release(&body);
	return code;
}
