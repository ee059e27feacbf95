/*
 * catalogue: the newest signed catalogue, as it came and as it is read.
 */
#include "hub/catalogue.h"

#include "base/jws.h"
#include "base/mem.h"
#include "base/text.h"

struct catalogue *
catalogue_parse(
    struct span jws, const struct verifier *verifier, struct why *why)
{
	struct catalogue *catalogue = mem_new(sizeof(*catalogue));

	jws = text_trim(jws);
	buf_add(&catalogue->jws, jws.ptr, jws.len);
	if (jws_check_with_key(
		jws, CATALOGUE_TYPE, verifier, &catalogue->json, why) != ERR_OK)
		goto fail;
	catalogue->catalog = catalog_parse(buf_span(&catalogue->json), why);
	if (catalogue->catalog != NULL)
		return catalogue;
fail:
	catalogue_free(catalogue);
	return NULL;
}

void
catalogue_free(void *object)
{
	struct catalogue *catalogue = object;

	if (catalogue == NULL)
		return;
	catalog_free(catalogue->catalog);
	buf_release(&catalogue->jws);
	buf_release(&catalogue->json);
	mem_free(catalogue);
}

enum err
catalogue_load(struct pg *pg, const struct verifier *verifier,
    struct catalogue **out, struct why *why)
{
	*out = NULL;
	pg_query(pg, "SELECT fields->>'document' FROM record"
		     " WHERE stream = '0000' AND item = 60001");
	if (pg_has_failed(pg))
		return why_set(why, ERR_DATABASE, "catalogue: %s", pg_why(pg));
	if (pg_rows(pg) == 0)
		return ERR_MISSING;
	*out = catalogue_parse(pg_bytes(pg, 0, 0), verifier, why);
	return *out != NULL ? ERR_OK : ERR_INVALID;
}
