/*
 * printer: reports as signed JSON, HTML and PDF, beside the query loops.
 *
 * A few threads, each with a typesetter and the node's signing key.  A job
 * is printed after its question is in the trail.
 */
#ifndef NODE_PRINTER_H
#define NODE_PRINTER_H

#include "credit/page.h"

enum print_form {
	PRINT_JSON,   /* as it is: nothing to print */
	PRINT_SIGNED, /* a compact JWS of the JSON */
	PRINT_HTML,
	PRINT_PDF
};

/* JSON above this is not set as HTML or PDF. */
#define PRINT_MAX (1 << 20)

/* Owned by whoever posted it until `done`, which runs on a printer's
 * thread. */
struct print_job {
	enum print_form form;
	enum page_language language;
	struct span report;            /* the whole document */
	const struct catalog *catalog; /* held until `done`; NULL: … */
	const char *former_folder; /* … it is to be looked for here, … */
	uint64_t former;           /* … in this version (former.h) */
	struct page *page;         /* in place of all these: HTML or PDF */
	struct buf out;
	enum err err;
	void (*done)(void *context);
	void *context;
};

struct printer;

/* `sign_key`: the node's STEM.sign.key.  NULL and `why` on failure. */
struct printer *printer_open(const char *sign_key, struct why *why);
/* Nothing may be posted any more. */
void printer_close(struct printer *printer); /* safe on NULL */
/* False: too much waits.  Any thread. */
bool printer_post(struct printer *printer, struct print_job *job);

/* The first form that the header names; PRINT_JSON when it names none. */
enum print_form print_form_of(const char *accept);
const char *print_form_type(enum print_form form);
/* `asked` ("zh", "en"; NULL: not said) counts first. */
enum page_language print_language_of(
    const char *asked, const char *accept_language);

#endif
