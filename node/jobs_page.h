/*
 * jobs_page: /v1/report-jobs, reports about many subjects.
 */
#ifndef NODE_JOBS_PAGE_H
#define NODE_JOBS_PAGE_H

#include "wire/http.h"

bool jobs_on_open(struct http_exchange *exchange, void *context);
void jobs_on_chunk(
    struct http_exchange *exchange, struct span piece, void *context);
void jobs_on_close(struct http_exchange *exchange, bool cut, void *context);
void jobs_on_list(struct http_exchange *exchange, void *context);
void jobs_on_get(struct http_exchange *exchange, void *context);
void jobs_on_delete(struct http_exchange *exchange, void *context);
void jobs_on_results(struct http_exchange *exchange, void *context);

#endif
