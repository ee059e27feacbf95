/*
 * replaced: what a parcel's rows take the place of in the store, added up.
 */
#include "node/replaced.h"

#include "node/store_key.h"

struct finding {
	struct setsum sum;
	bool unreadable; /* a row is not what the hub signed */
};

static void
finding_add(void *context, size_t number, struct span value)
{
	struct finding *finding = context;
	struct digest element;

	(void)number;
	if (store_value_element(value, &element))
		setsum_add(&finding->sum, &element);
	else
		finding->unreadable = true;
}

enum err
replaced_find(struct store *store, const struct parcel *parcel,
    struct replaced *replaced, struct why *why)
{
	const struct kv_keys keys = {.family = STORE_RECORDS,
	    .keys = parcel->keys,
	    .count = parcel->row_count};
	struct snapshot *newest = store_newest(store);
	struct finding finding = {.unreadable = false};
	enum err err =
	    kv_find(snapshot_view(newest), &keys, finding_add, &finding, why);

	snapshot_release(newest);
	replaced->sum = finding.sum;
	replaced->is_known = err == ERR_OK && !finding.unreadable;
	return err == ERR_OK && finding.unreadable ? ERR_CONFLICT : err;
}
