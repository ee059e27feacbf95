/*
 * fuzz_http_head: any bytes as a head, and what passes as a URL.
 */
#include <stdlib.h>

#include "wire/http_head.h"
#include "wire/http_route.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static const struct http_route routes[] = {
    {.method = "GET", .path = "/v1/feeds/{item}/batches"},
    {.method = "GET", .path = "/files/{rest...}"},
    {0},
};

static void
route(const char *raw)
{
	struct http_target target = {0};
	struct buf allow = {0};

	if (http_target_parse(&target, raw)) {
		http_route_find(routes, "GET", &target, &allow);
		http_target_query(&target, "a");
	}
	http_target_release(&target);
	buf_release(&allow);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct http_head head = {0};
	struct buf text = {0};

	if (http_head_check(&head, span_make(bytes, len)).text == NULL &&
	    head.is_chunked && head.has_length)
		abort();
	buf_add(&text, bytes, len);
	route(buf_cstr(&text));
	buf_release(&text);
	http_head_release(&head);
	return 0;
}
