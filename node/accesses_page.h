/*
 * accesses_page: GET /v1/accesses, who saw the data of whom the certificate
 * is.
 */
#ifndef NODE_ACCESSES_PAGE_H
#define NODE_ACCESSES_PAGE_H

#include "node/accesses.h"
#include "node/node.h"
#include "wire/http.h"

/* The context is a struct node; the asker is a member. */
void accesses_on_page(struct http_exchange *exchange, void *context);
/* {"node","subject","tree_size","checkpoint","accesses","next"}, appended.
 * Any thread. */
void accesses_page_print(struct node *node, const char *subject,
    const struct accesses_page *page, struct buf *body);

#endif
