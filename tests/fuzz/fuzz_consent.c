/*
 * fuzz_consent: accepted claims print and parse to the same, and are within
 * their limits; so are delegations
 * and orders.
 */
#include <stdint.h>
#include <stdlib.h>

#include "credit/delegation.h"
#include "credit/order.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
try_consent(struct span json)
{
	struct consent consent, again;
	struct buf text = {0}, delegation = {0};
	struct why why;

	if (consent_parse(json, &consent, &why) != ERR_OK)
		return;
	if (consent.expiry_us <= consent.not_before_us || consent.revoked ||
	    consent.item_count + consent.category_count == 0)
		abort();
	if (consent_find_delegation(json, &delegation) != consent.delegated)
		abort();
	consent_print(&consent, buf_span(&delegation), &text);
	if (consent_parse(buf_span(&text), &again, &why) != ERR_OK ||
	    memcmp(&consent, &again, sizeof(consent)) != 0)
		abort();
	buf_release(&delegation);
	buf_release(&text);
}

static void
try_delegation(struct span json)
{
	struct delegation delegation, again;
	struct buf text = {0};
	struct why why;

	if (delegation_parse(json, &delegation, &why) != ERR_OK)
		return;
	delegation_print(&delegation, &text);
	if (delegation_parse(buf_span(&text), &again, &why) != ERR_OK ||
	    memcmp(&delegation, &again, sizeof(delegation)) != 0)
		abort();
	buf_release(&text);
}

static void
try_order(struct span json)
{
	struct order order, again;
	struct buf text = {0};
	struct why why;

	if (order_parse(json, &order, &why) != ERR_OK)
		return;
	order_print(&order, &text);
	if (order_parse(buf_span(&text), &again, &why) != ERR_OK ||
	    memcmp(&order, &again, sizeof(order)) != 0)
		abort();
	buf_release(&text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	try_consent(span_make(data, size));
	try_delegation(span_make(data, size));
	try_order(span_make(data, size));
	return 0;
}
