/*
 * credentials: the keys that others know this hub by, and those it trusts.
 */
#include "hub/credentials.h"

#include <string.h>

#include "base/file.h"

#define PATH_SIZE 1024

/* A key that others know from network.json, and must be the same; NULL when
 * `path` is empty. */
static enum err
read_known_key(const char *path, const char *name, const uint8_t known[32],
    struct signer **signer, struct why *why)
{
	uint8_t raw[32];

	if (path[0] == '\0')
		return ERR_OK;
	*signer = signer_open(path, why);
	if (*signer == NULL)
		return ERR_CRYPTO;
	if (signer_public(*signer, raw) != ERR_OK || known == NULL ||
	    memcmp(raw, known, sizeof(raw)) != 0)
		return why_set(why, ERR_CRYPTO,
		    "%s is not the %s of network.json", path, name);
	return ERR_OK;
}

static enum err
read_known_keys(struct hub *hub, struct why *why)
{
	const struct network *network = &hub->network;
	struct signer *journal = NULL;
	enum err err;

	err = read_known_key(hub->settings.receipt_key, "receipt_key",
	    network->has_receipt_key ? network->receipt_key : NULL,
	    &hub->receipt_signer, why);
	if (err != ERR_OK)
		return err;
	err = read_known_key(hub->settings.witness_key, "witness_key",
	    network->has_witness_key ? network->witness_key : NULL,
	    &hub->witness_signer, why);
	if (err != ERR_OK)
		return err;
	err = read_known_key(hub->settings.journal_key, "journal_key",
	    network->has_journal_key ? network->journal_key : NULL, &journal,
	    why);
	if (err == ERR_OK && journal != NULL) {
		hub->journal = journal_open(hub->settings.folder, journal, why);
		err = hub->journal != NULL ? ERR_OK : ERR_IO;
	}
	return err;
}

enum err
credentials_open(struct hub *hub, struct why *why)
{
	char path[PATH_SIZE];
	enum err err = network_read(hub->settings.network, &hub->network, why);

	if (err == ERR_OK && hub->network.is_sandbox)
		err = why_set(why, ERR_DENIED,
		    "%s is a sandbox's, whose data are made up",
		    hub->settings.network);
	if (err != ERR_OK)
		return err;
	hub->catalogue_verifier = verifier_new(hub->network.catalogue_key);
	if (hub->catalogue_verifier == NULL)
		return why_set(why, ERR_INVALID, "catalogue_key is no key");
	err = read_known_keys(hub, why);
	if (err != ERR_OK)
		return err;
	/* OpenSSL wants its roots in a file. */
	file_path(path, sizeof(path), hub->settings.folder, "ca.pem");
	err = file_replace(path, span_of(hub->network.ca), 0644, why);
	if (err != ERR_OK)
		return err;
	hub->trust = network_trust(&hub->network, why);
	return hub->trust != NULL ? ERR_OK : ERR_INVALID;
}

void
credentials_close(struct hub *hub)
{
	trust_free(hub->trust);
	signer_free(hub->receipt_signer);
	signer_free(hub->witness_signer);
	verifier_free(hub->catalogue_verifier);
	network_release(&hub->network);
}
