/*
 * endpoints: the hub's HTTP paths.
 */
#include "hub/endpoints.h"

#include "credit/record.h"
#include "hub/upload.h"

#define MEMBER_BODY_MAX 65536
#define COMMIT_MAX 4096

const struct http_route endpoints[] = {
    {.method = "POST",
	.path = "/v1/feeds/{item}/batches",
	.open = feed_on_open,
	.chunk = upload_on_chunk,
	.close = upload_on_close},
    {.method = "PUT",
	.path = "/v1/feeds/{item}/batches/{id}/content",
	.open = content_on_open,
	.chunk = upload_on_chunk,
	.close = upload_on_close},
    {.method = "GET",
	.path = "/v1/feeds/{item}/batches/{id}/content",
	.handle = content_on_held},
    {.method = "POST",
	.path = "/v1/feeds/{item}/batches/{id}/commit",
	.handle = content_on_commit,
	.max_body = COMMIT_MAX},
    {.method = "POST",
	.path = "/v1/feeds/{item}/batches/{id}/release",
	.handle = hold_on_release},
    {.method = "POST",
	.path = "/v1/feeds/{item}/batches/{id}/refuse",
	.handle = hold_on_refuse},
    {.method = "GET", .path = "/v1/batches", .handle = hold_on_list},
    {.method = "GET",
	.path = "/v1/feeds/{item}/batches/{id}",
	.handle = feed_on_receipt},
    {.method = "GET",
	.path = "/v1/feeds/{item}/batches/{id}/findings",
	.handle = feed_on_findings},
    {.method = "GET",
	.path = "/v1/ledger/{subject}",
	.handle = ledger_on_subject},
    {.method = "GET", .path = "/v1/retention", .handle = ledger_on_due},
    {.method = "POST", .path = "/v1/retention", .handle = ledger_on_retention},
    {.method = "GET", .path = "/v1/findings", .handle = feed_on_open_findings},
    {.method = "GET", .path = "/v1/quality", .handle = feed_on_quality},
    {.method = "GET", .path = "/v1/catalogue", .handle = control_on_catalogue},
    {.method = "POST",
	.path = "/v1/catalogue",
	.handle = control_on_new_catalogue,
	.max_body = RECORD_VALUE_MAX + 2},
    {.method = "GET", .path = "/v1/members", .handle = control_on_members},
    {.method = "POST",
	.path = "/v1/members",
	.handle = control_on_new_member,
	.max_body = MEMBER_BODY_MAX},
    {.method = "GET", .path = "/v1/streams", .handle = watch_on_streams},
    {.method = "GET", .path = "/v1/nodes", .handle = watch_on_nodes},
    {.method = "GET", .path = "/metrics", .handle = watch_on_metrics},
    {.method = "GET", .path = "/healthz", .handle = watch_on_alive},
    {.method = "GET", .path = "/readyz", .handle = watch_on_ready},
    {.method = NULL},
};
