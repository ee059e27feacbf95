/*
 * key_batch: the key that seals batches gives way to the next one.
 */
#include "cli/key_batch.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "cli/key_roll.h"
#include "cli/show.h"
#include "wire/network.h"

struct rolling {
	const char *path; /* of network.json */
	struct network network;
	char key[PATH_MAX], next[PATH_MAX];
};

static enum err
read_public(const char *path, uint8_t raw[32], struct why *why)
{
	struct signer *signer = signer_open(path, why);
	enum err err;

	if (signer == NULL)
		return ERR_CRYPTO;
	err = signer_public(signer, raw);
	signer_free(signer);
	if (err != ERR_OK)
		err = why_set(why, err, "%s is no Ed25519 key", path);
	return err;
}

/* A key that a broken run has left is taken. */
static enum err
begin(struct rolling *rolling, struct why *why)
{
	struct network *network = &rolling->network;
	struct signer *signer;
	enum err err = ERR_OK;

	if (network->has_next_batch_key)
		return why_set(why, ERR_CONFLICT,
		    "a roll is under way: --finish it first");
	if (network->former_count == NETWORK_FORMER_MAX)
		return why_set(
		    why, ERR_LIMIT, "%s: too many former keys", rolling->path);
	if (!file_exists(rolling->next)) {
		signer = signer_new();
		err = signer_save(signer, rolling->next, why);
		signer_free(signer);
	}
	if (err == ERR_OK)
		err = read_public(rolling->next, network->next_batch_key, why);
	network->has_next_batch_key = err == ERR_OK;
	return err;
}

/* The key first: where that was all, the next run does the rest. */
static enum err
finish(struct rolling *rolling, struct why *why)
{
	struct network *network = &rolling->network;
	uint8_t raw[32];
	enum err err = ERR_OK;

	if (!network->has_next_batch_key)
		return why_set(why, ERR_CONFLICT, "no roll is under way");
	if (file_exists(rolling->next) &&
	    rename(rolling->next, rolling->key) != 0)
		return why_set(why, ERR_IO, "cannot rename %s", rolling->next);
	err = read_public(rolling->key, raw, why);
	if (err != ERR_OK)
		return err;
	if (memcmp(raw, network->next_batch_key, sizeof(raw)) != 0)
		return why_set(why, ERR_CONFLICT,
		    "%s is not the next_batch_key of %s", rolling->key,
		    rolling->path);
	memcpy(network->former[network->former_count].raw, network->batch_key,
	    sizeof(raw));
	network->former[network->former_count++].until = UINT64_MAX;
	memcpy(network->batch_key, raw, sizeof(raw));
	network->has_next_batch_key = false;
	return ERR_OK;
}

static enum err
complete(struct rolling *rolling, int64_t until, struct why *why)
{
	struct network *network = &rolling->network;

	if (network->former_count == 0)
		return why_set(why, ERR_MISSING, "%s has no former batch key",
		    rolling->path);
	network->former[network->former_count - 1].until = (uint64_t)until;
	return ERR_OK;
}

static int
run(const struct args *args, struct rolling *rolling, int64_t until)
{
	struct why why = {""};
	enum err err;

	if (until >= 0)
		err = complete(rolling, until, &why);
	else if (args_has(args, "finish"))
		err = finish(rolling, &why);
	else
		err = begin(rolling, &why);
	if (err == ERR_OK)
		err = key_roll_write(rolling->path, &rolling->network, &why);
	if (err != ERR_OK)
		return args_failed(args, "%s", why.text);
	printf("%s is changed: %s\n", rolling->path,
	    until >= 0 ? "give it to nodes that join"
		       : "start the hub again with it");
	return DONE;
}

int
key_batch(const struct args *args)
{
	const char *stem = args->operands[0];
	struct rolling rolling = {.path = args_need(args, "network")};
	int64_t bounds[2] = {0, INT64_MAX}, until = -1;
	struct why why = {""};
	int code;

	if (rolling.path == NULL || !args_int(args, "until", bounds, &until))
		return MISUSED;
	if (strlen(stem) + sizeof(".next.key") > PATH_MAX)
		return args_misused(args, "STEM: path too long");
	snprintf(rolling.key, PATH_MAX, "%.*s.key", PATH_MAX - 16, stem);
	snprintf(rolling.next, PATH_MAX, "%.*s.next.key", PATH_MAX - 16, stem);
	if (network_read(rolling.path, &rolling.network, &why) != ERR_OK)
		return args_failed(args, "%s", why.text);
	code = run(args, &rolling, until);
	network_release(&rolling.network);
	return code;
}
