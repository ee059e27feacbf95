/*
 * imprint: the signature on the last line of a report's file.
 *
 * HTML ends with `<!-- rongxin-imprint HEADER..SIGNATURE -->`, PDF with
 * `% rongxin-imprint HEADER..SIGNATURE`: a detached JWS (RFC 7515, appendix
 * F) of all bytes before that line, type rongxin-print+jws.  Both forms read
 * it as a comment.  The JSON itself is signed as a whole (REPORT_TYPE).
 */
#ifndef CREDIT_IMPRINT_H
#define CREDIT_IMPRINT_H

#include "base/jws.h"

#define REPORT_TYPE "rongxin-report+jws"
#define PRINT_TYPE "rongxin-print+jws"
#define IMPRINT_FILE_MAX (8 << 20)

/* Signs what is in `file` and adds the line. */
MUST_CHECK enum err imprint_add(
    struct buf *file, struct signer *signer, struct why *why);
/* ERR_INVALID: changed, signed by another key, or no such line. */
MUST_CHECK enum err imprint_check(
    struct span file, const struct verifier *verifier, struct why *why);

#endif
