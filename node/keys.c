/*
 * keys: what stream 0000 says of the hub's keys.
 */
#include "node/keys.h"

#include "base/log.h"
#include "node/control.h"

static void
keys_on_key(void *context, const struct control_key_row *row)
{
	if (span_is(row->subject, CONTROL_KEY_BATCH) &&
	    keyring_take(context, row->key, row->retired, row->document) !=
		ERR_OK)
		log_warn("keys.batch", "ignored=1");
}

void
keys_learn(struct keyring *keyring, struct snapshot *snapshot)
{
	struct why why = {""};

	if (control_each_key(snapshot, keys_on_key, keyring, &why) != ERR_OK)
		log_error("follow.store", "why=\"%s\"", why.text);
}

enum err
keys_unpack_pulse(struct keyring *keyring, struct span packed,
    struct arena *arena, struct pulse *pulse)
{
	const struct verifier *verifier;
	enum err err = ERR_INVALID;
	size_t i;

	for (i = 0;
	     err != ERR_OK && (verifier = keyring_live(keyring, i)) != NULL;
	     i++)
		err = unpack_pulse(packed, verifier, arena, pulse);
	return err;
}
