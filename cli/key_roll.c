/*
 * key_roll: a CURVE pair gives way to the next one.
 */
#include "cli/key_roll.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "cli/show.h"
#include "wire/network.h"

struct roll {
	char secret[PATH_MAX], public_key[PATH_MAX];
	char next_secret[PATH_MAX], next_public[PATH_MAX];
};

static bool
name_files(const char *stem, struct roll *roll)
{
	if (strlen(stem) + sizeof(".next.curve.pub") > PATH_MAX)
		return false;
	snprintf(roll->secret, PATH_MAX, "%.*s.curve", PATH_MAX - 16, stem);
	snprintf(
	    roll->public_key, PATH_MAX, "%.*s.curve.pub", PATH_MAX - 16, stem);
	snprintf(roll->next_secret, PATH_MAX, "%.*s.next.curve", PATH_MAX - 16,
	    stem);
	snprintf(roll->next_public, PATH_MAX, "%.*s.next.curve.pub",
	    PATH_MAX - 16, stem);
	return true;
}

static enum err
write_key(const char *path, const char *key, mode_t mode, struct why *why)
{
	char line[BUS_KEY_LEN + 2];

	snprintf(line, sizeof(line), "%s\n", key);
	return file_replace(path, span_of(line), mode, why);
}

static enum err
begin(const struct roll *roll, struct why *why)
{
	char public_key[BUS_KEY_LEN + 1], secret_key[BUS_KEY_LEN + 1];
	enum err err = bus_make_keys(public_key, secret_key);

	if (err != ERR_OK)
		return why_set(why, err, "no CURVE keys: libzmq without it");
	err = write_key(roll->next_secret, secret_key, 0600, why);
	explicit_bzero(secret_key, sizeof(secret_key));
	if (err == ERR_OK)
		err = write_key(roll->next_public, public_key, 0644, why);
	if (err == ERR_OK)
		printf("%s\n", public_key);
	return err;
}

/* The secret last: until then the pair that is used is whole. */
static enum err
finish(const struct roll *roll, struct why *why)
{
	if (rename(roll->next_public, roll->public_key) != 0 ||
	    rename(roll->next_secret, roll->secret) != 0)
		return why_set(
		    why, ERR_IO, "cannot rename %s", roll->next_secret);
	printf("%s is in place: start its daemon again\n", roll->secret);
	return ERR_OK;
}

enum err
key_roll_write(const char *path, const struct network *network, struct why *why)
{
	struct buf text = {0};
	enum err err;

	network_print(network, &text);
	buf_char(&text, '\n');
	err = file_replace(path, buf_span(&text), 0644, why);
	buf_release(&text);
	return err;
}

/* The pair has changed already; this is done again by hand when it fails. */
static enum err
tell_network(
    const char *path, const struct roll *roll, bool finishes, struct why *why)
{
	struct network network;
	char *next = network.next_hub_curve_key;
	enum err err = network_read(path, &network, why);

	if (err != ERR_OK)
		return err;
	err = network_read_curve(
	    finishes ? roll->public_key : roll->next_public, false, next, why);
	if (err == ERR_OK && finishes) {
		memcpy(network.hub_curve_key, next, BUS_KEY_LEN + 1);
		next[0] = '\0';
	}
	if (err == ERR_OK)
		err = key_roll_write(path, &network, why);
	network_release(&network);
	return err;
}

int
key_roll(const struct args *args)
{
	bool finishes = args_has(args, "finish");
	struct roll roll;
	struct why why = {""};
	enum err err;

	if (!name_files(args->operands[0], &roll))
		return args_misused(args, "STEM: path too long");
	if (!file_exists(roll.secret))
		return args_failed(args, "there is no %s", roll.secret);
	if (file_exists(roll.next_secret) != finishes)
		return args_failed(args, "%s %s", roll.next_secret,
		    finishes ? "is not there: roll first"
			     : "is there already: finish first");
	err = finishes ? finish(&roll, &why) : begin(&roll, &why);
	if (err == ERR_OK && args_get(args, "network") != NULL)
		err = tell_network(
		    args_get(args, "network"), &roll, finishes, &why);
	return err == ERR_OK ? DONE : args_failed(args, "%s", why.text);
}
