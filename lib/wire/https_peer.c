/*
 * https_peer: whose server a connection has reached, before it is used.
 */
#include "wire/https_peer.h"

#include <string.h>

#include "base/buf.h"
#include "base/cert.h"
#include "base/codec.h"
#include "base/mem.h"

struct https_peers {
	uint64_t known[65536]; /* marks of connections, by their own port */
};

struct https_peers *
https_peers_new(void)
{
	return mem_new(sizeof(struct https_peers));
}

void
https_peers_free(struct https_peers *peers)
{
	mem_free(peers);
}

/* "Cert:-----BEGIN CERTIFICATE-----…" of the server's own certificate. */
static bool
find_leaf(CURL *curl, struct buf *der)
{
	static const char head[] = "Cert:-----BEGIN CERTIFICATE-----";
	struct curl_certinfo *info = NULL;
	struct curl_slist *line;
	struct buf text = {0};
	const char *at;
	bool found = false;

	curl_easy_getinfo(curl, CURLINFO_CERTINFO, &info);
	if (info == NULL || info->num_of_certs < 1)
		return false;
	for (line = info->certinfo[0]; line != NULL; line = line->next)
		if (strncmp(line->data, head, sizeof(head) - 1) == 0)
			break;
	if (line == NULL)
		return false;
	for (at = line->data + sizeof(head) - 1; *at != '\0' && *at != '-';
	     at++)
		if (*at != '\n')
			buf_char(&text, *at);
	found = codec_parse_base64(buf_span(&text), der);
	buf_release(&text);
	return found;
}

/* Whom a connection reached, in eight bytes; never 0. */
static uint64_t
mark_of(const char *peer, const char *address, int port)
{
	struct buf text = {0};
	struct digest digest;
	uint64_t mark;

	buf_print(&text, "%s %s %d", peer, address, port);
	digest = digest_of(buf_span(&text));
	memcpy(&mark, digest.bytes, sizeof(mark));
	buf_release(&text);
	return mark | 1;
}

/* A new connection shows its certificate.  One that is used again shows none:
 * it must be one that showed the right one, known by its own port. */
static bool
is_known(CURL *curl, const char *peer, uint64_t *known, uint64_t mark)
{
	struct buf der = {0};
	struct identity who = {0};

	if (!find_leaf(curl, &der))
		return *known == mark;
	*known = cert_identify(buf_span(&der), &who, NULL) == ERR_OK &&
			 strcmp(who.code, peer) == 0
		     ? mark
		     : 0;
	buf_release(&der);
	return *known != 0;
}

bool
https_peer_is(
    struct https_peers *peers, CURL *curl, const struct https_end *end)
{
	return is_known(curl, end->peer, &peers->known[end->own_port & 0xffff],
	    mark_of(end->peer, end->address, end->port));
}
