/*
 * signed: files that the hub signed with its receipt key.
 */
#include "cli/signed.h"

#include "base/file.h"
#include "base/jws.h"
#include "base/text.h"
#include "cli/show.h"
#include "wire/network.h"

static int
check(const struct args *args, const struct network *network, struct span jws,
    const char *type)
{
	struct verifier *verifier = verifier_new(network->receipt_key);
	struct buf payload = {0};
	struct why why = {""};
	int code = DONE;

	if (jws_check_with_key(jws, type, verifier, &payload, &why) == ERR_OK) {
		show_raw(buf_span(&payload));
	} else {
		args_failed(args, "%s", why.text);
		code = REFUSED;
	}
	verifier_free(verifier);
	buf_release(&payload);
	return code;
}

int
signed_show(const struct args *args, const char *file, const char *type)
{
	const char *path = args_need(args, "network");
	struct network network = {0};
	struct buf jws = {0};
	struct why why = {""};
	int code = UNREACHED;

	if (path == NULL)
		return MISUSED;
	if (network_read(path, &network, &why) != ERR_OK ||
	    file_read(file, JWS_MAX, &jws, &why) != ERR_OK)
		args_failed(args, "%s", why.text);
	else if (!network.has_receipt_key)
		args_failed(args, "%s names no receipt_key", path);
	else
		code = check(args, &network, text_trim(buf_span(&jws)), type);
	network_release(&network);
	buf_release(&jws);
	return code;
}
