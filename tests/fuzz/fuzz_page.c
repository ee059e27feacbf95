/*
 * fuzz_page: any JSON makes a page or none, and its HTML has no more markup
 * than the printer's own.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "credit/page.h"
#include "tests/unit/sample_catalog.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct catalog *catalog;
	const struct page_seal seal = {"digest", "signature"};
	struct buf html = {0};
	struct page *page;

	if (catalog == NULL)
		catalog = catalog_parse(span_of(sample_catalog), NULL);
	page = page_new(span_make(data, size), catalog, &seal,
	    size % 2 == 0 ? PAGE_ZH : PAGE_EN, NULL);
	if (page == NULL)
		return 0;
	page_print_html(page, &html);
	if (strstr(buf_cstr(&html), "<script") != NULL)
		abort();
	buf_release(&html);
	page_free(page);
	return 0;
}
