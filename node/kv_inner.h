/*
 * kv_inner: what the files of kv share.
 */
#ifndef NODE_KV_INNER_H
#define NODE_KV_INNER_H

#include <rocksdb/c.h>
#include <stdatomic.h>

#include "node/kv.h"

struct kv {
	rocksdb_t *db;
	rocksdb_options_t *options;
	rocksdb_options_t *family_options[KV_FAMILIES_MAX];
	rocksdb_column_family_handle_t *families[KV_FAMILIES_MAX];
	size_t count;
	uint64_t weight; /* kv_weigh */
	rocksdb_writeoptions_t *relaxed, *synced;
	_Atomic bool damaged;
};

/* Takes over `error`; notes damage. */
enum err kv_fault_in(struct kv *kv, char *error, struct why *why);

#endif
