/*
 * key_trust: CAs of who signs documents, added to network.json.
 */
#include "cli/key_trust.h"

#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "cli/key_roll.h"
#include "wire/network.h"

#define PEM_MAX ((size_t)32 << 10)

/* Refused before it is written, not when the hub starts with it. */
static enum err
add(struct network *network, const char *pem, struct why *why)
{
	struct trust *trust = trust_new(pem, why);
	struct buf all = {0};

	if (trust == NULL)
		return ERR_INVALID;
	trust_free(trust);
	if (network->document_ca != NULL &&
	    strstr(network->document_ca, pem) != NULL)
		return why_set(why, ERR_CONFLICT, "they are in it already");
	if (network->document_ca != NULL)
		buf_text(&all, network->document_ca);
	buf_text(&all, pem);
	mem_free(network->document_ca);
	network->document_ca = mem_text(buf_cstr(&all));
	buf_release(&all);
	return ERR_OK;
}

int
key_trust(const struct args *args)
{
	const char *pem_path = args->operands[0];
	const char *path = args_need(args, "network");
	struct network network;
	struct buf pem = {0};
	struct why why = {""};
	enum err err;

	if (path == NULL)
		return MISUSED;
	err = network_read(path, &network, &why);
	if (err != ERR_OK)
		return args_failed(args, "%s", why.text);
	err = file_read(pem_path, PEM_MAX, &pem, &why);
	if (err == ERR_OK)
		err = add(&network, buf_cstr(&pem), &why);
	if (err == ERR_OK)
		err = key_roll_write(path, &network, &why);
	network_release(&network);
	buf_release(&pem);
	if (err != ERR_OK)
		return args_failed(args, "%s: %s", pem_path, why.text);
	printf("%s is changed: give it to hub and nodes, and start them "
	       "again\n",
	    path);
	return DONE;
}
