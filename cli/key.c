/*
 * key: the network's CA, certificates and key pairs as files.
 *
 * File names: docs/PROTOCOL.md §1.  What exists is never overwritten, but a
 * member's certificate is renewed for the key it has.
 */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cert.h"
#include "base/codec.h"
#include "base/file.h"
#include "base/json.h"
#include "base/sign.h"
#include "cli/args.h"
#include "cli/commands.h"
#include "cli/fetch.h"
#include "cli/key_announce.h"
#include "cli/key_batch.h"
#include "cli/key_roll.h"
#include "cli/key_show.h"
#include "cli/key_trust.h"
#include "cli/show.h"
#include "credit/member.h"
#include "wire/bus.h"
#include "wire/network.h"

#define DAYS_DEFAULT 730
#define DAYS_MAX 3650
#define FILE_MAX ((size_t)64 << 10)

static const char *
with_suffix(char out[PATH_MAX], const char *stem, const char *suffix)
{
	snprintf(out, PATH_MAX, "%s%s", stem, suffix);
	return out;
}

/* Makes `path` with a new signing key, or opens the one that is there. */
static enum err
make_signer(const char *path, uint8_t raw[32], struct why *why)
{
	struct signer *signer;
	enum err err = ERR_OK;

	if (file_exists(path)) {
		signer = signer_open(path, why);
		if (signer == NULL)
			return ERR_CRYPTO;
	} else {
		signer = signer_new();
		err = signer_save(signer, path, why);
	}
	if (err == ERR_OK && signer_public(signer, raw) != ERR_OK)
		err = why_set(why, ERR_CRYPTO, "%s is no Ed25519 key", path);
	signer_free(signer);
	return err;
}

static enum err
write_line(const char *path, const char *text, mode_t mode, struct why *why)
{
	struct buf line = {0};
	enum err err;

	buf_text(&line, text);
	buf_char(&line, '\n');
	err = file_replace(path, buf_span(&line), mode, why);
	buf_release(&line);
	return err;
}

/* A CURVE pair: the secret half at `path`, the public one at `path`.pub. */
static enum err
make_curve(const char *path, char public_key[BUS_KEY_LEN + 1], struct why *why)
{
	char secret[BUS_KEY_LEN + 1], public_path[PATH_MAX];
	enum err err;

	with_suffix(public_path, path, ".pub");
	if (file_exists(path))
		return network_read_curve(public_path, false, public_key, why);
	err = bus_make_keys(public_key, secret);
	if (err != ERR_OK)
		return why_set(why, err, "no CURVE keys: libzmq without it");
	err = write_line(path, secret, 0600, why);
	explicit_bzero(secret, sizeof(secret));
	if (err != ERR_OK)
		return err;
	return write_line(public_path, public_key, 0644, why);
}

static enum err
read_text(const char *path, struct buf *out, struct why *why)
{
	return file_read(path, FILE_MAX, out, why);
}

static enum err
make_network(
    const char *folder, const char *name, bool sandbox, struct why *why)
{
	struct network network = {0};
	char path[PATH_MAX];
	struct buf text = {0};
	enum err err;

	snprintf(network.name, sizeof(network.name), "%s", name);
	network.is_sandbox = sandbox;
	err = file_make_folder(folder, 0755, why);
	if (err == ERR_OK)
		err = cert_make_ca(
		    file_path(path, sizeof(path), folder, "ca"), name, why);
	if (err == ERR_OK)
		err = make_signer(
		    file_path(path, sizeof(path), folder, "batch.key"),
		    network.batch_key, why);
	if (err == ERR_OK)
		err = make_signer(
		    file_path(path, sizeof(path), folder, "catalogue.key"),
		    network.catalogue_key, why);
	network.has_receipt_key = true;
	if (err == ERR_OK)
		err = make_signer(
		    file_path(path, sizeof(path), folder, "receipt.key"),
		    network.receipt_key, why);
	network.has_witness_key = true;
	if (err == ERR_OK)
		err = make_signer(
		    file_path(path, sizeof(path), folder, "witness.key"),
		    network.witness_key, why);
	network.has_journal_key = true;
	if (err == ERR_OK)
		err = make_signer(
		    file_path(path, sizeof(path), folder, "journal.key"),
		    network.journal_key, why);
	if (err == ERR_OK)
		err = make_curve(
		    file_path(path, sizeof(path), folder, "hub.curve"),
		    network.hub_curve_key, why);
	if (err == ERR_OK)
		err = read_text(file_path(path, sizeof(path), folder, "ca.crt"),
		    &text, why);
	if (err == ERR_OK) {
		network.ca = strdup(buf_cstr(&text));
		buf_reset(&text);
		network_print(&network, &text);
		err = write_line(
		    file_path(path, sizeof(path), folder, "network.json"),
		    buf_cstr(&text), 0644, why);
		free(network.ca);
	}
	buf_release(&text);
	return err;
}

static int
key_network(const struct args *args)
{
	const char *folder = args_need(args, "out");
	const char *name = args_need(args, "name");
	char path[PATH_MAX];
	struct why why = {""};

	if (folder == NULL || name == NULL)
		return MISUSED;
	if (name[0] == '\0' || strlen(name) > 64)
		return args_misused(args, "--name: 1 to 64 bytes");
	file_path(path, sizeof(path), folder, "network.json");
	if (file_exists(path))
		return args_failed(args, "%s exists already", path);
	if (make_network(folder, name, args_has(args, "sandbox"), &why) !=
	    ERR_OK)
		return args_failed(args, "%s", why.text);
	printf("%s: network '%s': ca.key ca.crt batch.key catalogue.key "
	       "receipt.key witness.key journal.key hub.curve hub.curve.pub "
	       "network.json\n",
	    folder, name);
	return DONE;
}

/* "1,2" into the array member `name`, as texts or numbers. */
static void
put_list(struct json_out *json, const char *name, const char *list, bool texts)
{
	size_t len;

	if (list == NULL)
		return;
	json_open_array(json, name);
	for (;;) {
		len = strcspn(list, ",");
		if (texts)
			json_put_text(json, NULL, span_make(list, len));
		else
			json_put_raw(json, NULL, span_make(list, len));
		if (list[len] == '\0')
			break;
		list += len + 1;
	}
	json_close_array(json);
}

struct public_keys {
	char curve[BUS_KEY_LEN + 1];
	uint8_t sign[32], trail[32];
};

static void
put_key(struct json_out *json, const char *name, const uint8_t raw[32])
{
	struct buf hex = {0};

	codec_hex(span_make(raw, 32), &hex);
	json_put_text(json, name, buf_span(&hex));
	buf_release(&hex);
}

/* The document to be admitted; `keys` NULL for members without a node. */
static enum err
write_member(const struct args *args, const char *kind,
    const struct public_keys *keys, struct why *why)
{
	struct buf text = {0};
	struct json_out json = {&text, false};
	struct member member;
	char path[PATH_MAX];
	enum err err;

	json_open_object(&json, NULL);
	json_put_cstr(&json, "code", args_get(args, "code"));
	json_put_cstr(&json, "name", args_get(args, "name"));
	json_put_cstr(&json, "kind", kind);
	if (keys != NULL) {
		put_list(&json, "divisions", args_get(args, "divisions"), true);
		json_put_cstr(&json, "curve_key", keys->curve);
		put_key(&json, "sign_key", keys->sign);
		put_key(&json, "trail_key", keys->trail);
	}
	put_list(&json, "items", args_get(args, "items"), false);
	if (args_knows(args, "url") && args_has(args, "url"))
		json_put_cstr(&json, "url", args_get(args, "url"));
	json_close_object(&json);
	err = member_parse(buf_span(&text), &member, why);
	with_suffix(path, args_get(args, "out"), ".member.json");
	if (err == ERR_OK)
		err = write_line(path, buf_cstr(&text), 0644, why);
	if (err == ERR_OK)
		show_raw(buf_span(&text));
	buf_release(&text);
	return err;
}

static int
issue(const struct args *args)
{
	const char *folder = args_need(args, "network");
	const char *stem = args_need(args, "out");
	struct cert_request request = {
	    .code = args_need(args, "code"),
	    .name = args_need(args, "name"),
	    .hosts = args_get(args, "hosts"),
	};
	int64_t days = DAYS_DEFAULT;
	char ca[PATH_MAX];
	struct why why = {""};

	if (folder == NULL || stem == NULL || request.code == NULL ||
	    request.name == NULL)
		return MISUSED;
	if (!args_int(args, "days", (int64_t[]){1, DAYS_MAX}, &days))
		return MISUSED;
	request.days = (int)days;
	request.sm2 = args_knows(args, "sm2") && args_has(args, "sm2");
	if (request.sm2 && request.hosts != NULL)
		return args_misused(args, "--sm2: TLS knows no such servers");
	file_path(ca, sizeof(ca), folder, "ca");
	if (cert_issue(ca, stem, &request, &why) != ERR_OK)
		return args_failed(args, "%s", why.text);
	fprintf(stderr, "%s.key %s.crt: %s, %d days\n", stem, stem,
	    request.code, request.days);
	return DONE;
}

static int
key_member(const struct args *args)
{
	const char *kind = args_get(args, "kind");
	struct why why = {""};
	int code = issue(args);

	if (code != DONE || kind == NULL)
		return code;
	if (write_member(args, kind, NULL, &why) != ERR_OK)
		return args_misused(args, "%s", why.text);
	return DONE;
}

static int
key_node(const struct args *args)
{
	const char *stem = args_get(args, "out");
	struct public_keys keys = {0};
	char path[PATH_MAX];
	struct why why = {""};
	enum err err;
	int code;

	if (args_need(args, "divisions") == NULL)
		return MISUSED;
	code = issue(args);
	if (code != DONE)
		return code;
	err = make_curve(with_suffix(path, stem, ".curve"), keys.curve, &why);
	if (err == ERR_OK)
		err = make_signer(
		    with_suffix(path, stem, ".sign.key"), keys.sign, &why);
	if (err == ERR_OK)
		err = make_signer(
		    with_suffix(path, stem, ".trail.key"), keys.trail, &why);
	if (err == ERR_OK)
		err = write_member(args, "platform", &keys, &why);
	if (err != ERR_OK)
		return args_failed(args, "%s", why.text);
	return DONE;
}

static const struct arg_option network_options[] = {
    {"out", "DIR", NULL, "folder to make"},
    {"name", "NAME", NULL, "the network's name"},
    {"sandbox", NULL, NULL,
	"for made-up data only: no hub or node of a network starts with it"},
    {NULL, NULL, NULL, NULL},
};

#define MEMBER_OPTIONS                                                         \
	{"network", "DIR", NULL, "folder with the network's ca.key"},          \
	    {"out", "STEM", NULL, "files to make: STEM.key, STEM.crt, …"},     \
	    {"code", "CODE", NULL, "organisation code (18 characters)"},       \
	    {"name", "NAME", NULL, "the organisation's name"},                 \
	    {"hosts", "LIST", NULL, "DNS names and addresses of a server"},    \
	{                                                                      \
		"days", "N", NULL, "how long it is valid (730)"                \
	}

static const struct arg_option member_options[] = {
    MEMBER_OPTIONS,
    {"kind", "KIND", NULL,
	"also write STEM.member.json: department, bank, guarantee, service, "
	"operator, subject"},
    {"items", "LIST", NULL, "items that a department may hand in: 1,2,11"},
    {"sm2", NULL, NULL,
	"a new key is SM2 (GB/T 32918): signs documents, opens no connection"},
    {NULL, NULL, NULL, NULL},
};

static const struct arg_option node_options[] = {
    MEMBER_OPTIONS,
    {"divisions", "LIST", NULL,
	"44 (a province), 4401 (a city), 440106 (a county: holds nothing), "
	"empty: the nation"},
    {"items", "LIST", NULL, "items that it answers for: 1,2,11; all if absent"},
    {"url", "URL", NULL,
	"where other nodes reach its HTTPS, https://host:port"},
    {NULL, NULL, NULL, NULL},
};

static const struct arg_option batch_options[] = {
    {"network", "FILE", NULL, "network.json, which tells of each step"},
    {"finish", NULL, NULL, "the next key takes the place of the present one"},
    {"until", "N", NULL,
	"after that: where stream 0000 was, as the log's keys.retired says"},
    {NULL, NULL, NULL, NULL},
};

static const struct arg_option roll_options[] = {
    {"network", "FILE", NULL, "the hub's own pair: network.json tells of it"},
    {"finish", NULL, NULL, "the next pair takes the place of the present one"},
    {NULL, NULL, NULL, NULL},
};

static const struct arg_option announce_options[] = {
    FETCH_OPTIONS("hub", "RX_HUB", "RX_OPERATOR"),
    {"network", "FILE", NULL, "network.json, which names the next key"},
    {NULL, NULL, NULL, NULL},
};

static const struct arg_option trust_options[] = {
    {"network", "FILE", NULL, "network.json, which will name them"},
    {NULL, NULL, NULL, NULL},
};

static const struct arg_option no_options[] = {{NULL, NULL, NULL, NULL}};

static const struct arg_command commands[] = {
    {"key network", "", "make a new network: CA, hub's keys, network.json",
	"Secret files get mode 0600. Keep ca.key and catalogue.key away from "
	"the hub's machine.",
	"rongxin key network --out net --name demo", 0, 0, network_options,
	key_network},
    {"key member", "", "certify a member, or renew its certificate",
	"An existing STEM.key is kept and certified again.",
	"rongxin key member --network net --out keys/bank --code "
	"91100000100003962T --name 工商银行 --kind bank",
	0, 0, member_options, key_member},
    {"key node", "", "make all keys of a node and its member document",
	"Writes STEM.key, .crt, .curve, .curve.pub, .sign.key, .trail.key and "
	".member.json,\nwhich the operator admits with rongxin member admit.",
	"rongxin key node --network net --out keys/gd --code "
	"114400000000000001 --name 广东 --hosts localhost --divisions 44",
	0, 0, node_options, key_node},
    {"key show", "FILE", "say what a key, certificate or document is", "",
	"rongxin key show keys/bank.crt", 1, 1, no_options, key_show},
    {"key trust", "FILE", "believe a CA in documents: consents, objections",
	"FILE has its certificates in PEM, roots and what is between. Who they "
	"certify signs\ndocuments and opens no connection. A subject is the "
	"organizationIdentifier (2.5.4.97)\nof its certificate: trust only a "
	"CA "
	"that checks it.",
	"rongxin key trust sm2-ca.pem --network net/network.json", 1, 1,
	trust_options, key_trust},
    {"key roll", "STEM", "make the next CURVE pair, or put it in place",
	"First STEM.next.curve and .pub are made; when the others know the "
	"public one (member roll,\nparent_key), --finish renames them.",
	"rongxin key roll /etc/rongxin/gd --finish", 1, 1, roll_options,
	key_roll},
    {"key roll-batch", "STEM", "make the next batch key, or put it in place",
	"When the hub was started with the network.json that this changes, "
	"--finish and start it again.",
	"rongxin key roll-batch /etc/rongxin/batch --network "
	"/etc/rongxin/network.json --finish",
	1, 1, batch_options, key_batch},
    {"key announce", "KIND", "let the hub tell its next key without a start",
	"KIND is batch or curve. The key was made by roll-batch or roll, whose "
	"network.json the\nhub reads; who announces it is in the hub's trail.",
	"rongxin key announce batch --network /etc/rongxin/network.json", 1, 1,
	announce_options, key_announce},
    {NULL, NULL, NULL, NULL, NULL, 0, 0, NULL, NULL},
};

int
command_key(int argc, char **argv)
{
	return args_dispatch("key", commands, argc, argv);
}
