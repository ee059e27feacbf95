/*
 * pages: web pages as files in memory.
 *
 * Read once, at the start; nothing that a request names is ever looked up on
 * the disk.  Immutable afterwards; any thread.
 */
#ifndef WIRE_PAGES_H
#define WIRE_PAGES_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/digest.h"
#include "base/err.h"
#include "wire/http.h"

struct pages;

struct page_file {
	char *name; /* "vendor/echarts.js" */
	const char *type;
	char etag[DIGEST_HEX_LEN + 3]; /* quoted */
	struct buf bytes;
};

/* All pages of `folder`; files that no page is made of are left out. */
struct pages *pages_open(const char *folder, struct why *why);
void pages_close(struct pages *pages); /* safe on NULL */
/* NULL when there is none; "" is the first page. */
const struct page_file *pages_find(const struct pages *pages, const char *name);
/* Reply with it, under a policy that runs nothing inline and fetches nothing
 * from elsewhere; 304 when the peer has it. */
void pages_send(struct http_exchange *exchange, const struct page_file *file);
/* Where the files are when no setting says so: beside the program
 * (../console), or installed.  False when nowhere. */
bool pages_find_folder(char *out, size_t size);

#endif
