/*
 * key_show: what a key, a certificate or a document is.
 */
#include "cli/key_show.h"

#include <stdio.h>

#include "base/cert.h"
#include "base/clock.h"
#include "base/codec.h"
#include "base/file.h"
#include "base/sign.h"
#include "credit/member.h"
#include "wire/network.h"

static int
show_certificate(const char *path)
{
	struct identity who;
	struct buf der = {0};
	struct why why;
	char time[CLOCK_TEXT_MAX];
	enum err err = cert_read(path, &who, &der, &why);

	buf_release(&der);
	if (err != ERR_OK)
		return REFUSED;
	printf("certificate\n  code         %s\n  name         %s\n"
	       "  valid until  %s\n  sha256       %s\n",
	    who.code, who.name, clock_print(who.not_after_us, time),
	    who.fingerprint);
	return DONE;
}

static int
show_signer(const char *path)
{
	struct signer *signer = signer_open(path, NULL);
	struct buf hex = {0};
	uint8_t raw[32], id[SIGN_KEY_ID_LEN];

	if (signer == NULL)
		return REFUSED;
	printf("private key, %s\n", signer_algorithm(signer));
	if (signer_public(signer, raw) == ERR_OK) {
		sign_key_id(raw, id);
		codec_hex(span_make(raw, sizeof(raw)), &hex);
		printf("  public key   %s\n", buf_cstr(&hex));
		buf_reset(&hex);
		codec_hex(span_make(id, sizeof(id)), &hex);
		printf("  key id       %s\n", buf_cstr(&hex));
	}
	buf_release(&hex);
	signer_free(signer);
	return DONE;
}

static int
show_document(const char *path)
{
	struct network network;
	struct member member;
	struct buf text = {0};
	struct why why;
	int code = REFUSED;

	if (network_read(path, &network, &why) == ERR_OK) {
		printf("network '%s'\n  hub curve    %s\n", network.name,
		    network.hub_curve_key);
		codec_hex(span_make(network.batch_key, 32), &text);
		printf("  batch key    %s\n", buf_cstr(&text));
		buf_reset(&text);
		codec_hex(span_make(network.catalogue_key, 32), &text);
		printf("  catalogue    %s\n", buf_cstr(&text));
		buf_reset(&text);
		codec_hex(span_make(network.receipt_key, 32), &text);
		if (network.has_receipt_key)
			printf("  receipt key  %s\n", buf_cstr(&text));
		buf_reset(&text);
		codec_hex(span_make(network.witness_key, 32), &text);
		if (network.has_witness_key)
			printf("  witness key  %s\n", buf_cstr(&text));
		buf_reset(&text);
		codec_hex(span_make(network.journal_key, 32), &text);
		if (network.has_journal_key)
			printf("  journal key  %s\n", buf_cstr(&text));
		network_release(&network);
		code = DONE;
	} else if (file_read(path, MEMBER_MAX, &text, &why) == ERR_OK &&
		   member_parse(buf_span(&text), &member, &why) == ERR_OK) {
		printf("member %s, %s, %s\n  name         %s\n", member.code,
		    member_kind_name(member.kind),
		    member_status_name(member.status), member.name);
		code = DONE;
	}
	buf_release(&text);
	return code;
}

static int
show_curve(const char *path)
{
	char key[BUS_KEY_LEN + 1];

	if (network_read_curve(path, false, key, NULL) != ERR_OK)
		return REFUSED;
	printf("CURVE key, public or secret\n");
	return DONE;
}

int
key_show(const struct args *args)
{
	const char *path = args->operands[0];

	if (!file_exists(path))
		return args_failed(args, "there is no %s", path);
	if (show_certificate(path) == DONE || show_document(path) == DONE ||
	    show_signer(path) == DONE || show_curve(path) == DONE)
		return DONE;
	args_failed(args,
	    "%s is no certificate, private key of ours, network "
	    "or member document",
	    path);
	return REFUSED;
}
