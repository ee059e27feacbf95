/*
 * material: a file that is given with an objection or an application for
 * repair (证明材料).
 *
 * What the subject signed names it by digest; what it is its first bytes say,
 * whatever it is called.  Pure; any thread.
 */
#ifndef CREDIT_MATERIAL_H
#define CREDIT_MATERIAL_H

#include "base/digest.h"
#include "credit/objection.h"

#define MATERIAL_BYTES_MAX ((size_t)5 << 20)
#define MATERIAL_MAX 512 /* bytes of the document */

/* A file on its way up, beside its bytes. */
struct material {
	char objection[CONSENT_ID_MAX + 1];
	struct digest digest;
	uint32_t size; /* 1 to MATERIAL_BYTES_MAX */
};

/* {"objection","sha256","size"}; unknown members refused. */
MUST_CHECK enum err material_parse(
    struct span json, struct material *material, struct why *why);
void material_print(const struct material *material, struct buf *out);

/* By the first bytes: "application/pdf", "image/jpeg", "image/png"; NULL: none
 * of these. */
const char *material_type(struct span bytes);
/* Do these claims name the file? */
bool material_is_named(const struct json *claims, const struct digest *digest);

#endif
