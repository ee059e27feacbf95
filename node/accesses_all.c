/*
 * accesses_all: who saw a subject's data, on all nodes of the platform list.
 *
 * All parts come back to the exchange's loop, where they are counted; the
 * last one sends the answer.
 */
#include "node/accesses_all.h"

#include <stdatomic.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "node/accesses.h"
#include "node/accesses_page.h"
#include "node/accesses_vouched.h"
#include "node/elsewhere.h"
#include "node/world.h"

/* Each asks every node of the country. */
#define SPREADS_MAX 8

/* What one node said. */
struct part {
	struct spread *spread;
	char node[MEMBER_CODE_MAX + 1];
	char name[MEMBER_NAME_MAX + 1];
	const char *problem; /* NULL: its page */
	struct buf page;
};

struct spread {
	struct node *node;
	struct http_exchange *exchange;
	struct disclosure wish;
	struct part *parts;
	size_t count, left;
};

static void
spread_free(struct spread *spread)
{
	size_t i;

	for (i = 0; i < spread->count; i++)
		buf_release(&spread->parts[i].page);
	mem_free(spread->parts);
	mem_free(spread);
}

static void
put_part(struct json_out *out, const struct part *part)
{
	if (part->problem == NULL) {
		json_put_raw(out, NULL, buf_span(&part->page));
		return;
	}
	json_open_object(out, NULL);
	json_put_cstr(out, "node", part->node);
	json_put_cstr(out, "name", part->name);
	json_put_cstr(out, "problem", part->problem);
	json_close_object(out);
}

static void
spread_reply(struct spread *spread)
{
	struct buf body = {0};
	struct json_out out = {.buf = &body};
	size_t i;

	json_open_object(&out, NULL);
	json_put_cstr(&out, "subject", spread->wish.subject);
	json_open_array(&out, "nodes");
	for (i = 0; i < spread->count; i++)
		put_part(&out, &spread->parts[i]);
	json_close_array(&out);
	json_close_object(&out);
	atomic_fetch_sub(&spread->node->spreads, 1);
	http_reply(spread->exchange, 200, "application/json", buf_span(&body));
	buf_release(&body);
	spread_free(spread);
}

static void
spread_on_part(struct http_exchange *exchange, void *argument)
{
	struct part *part = argument;
	struct spread *spread = part->spread;

	(void)exchange;
	if (--spread->left == 0)
		spread_reply(spread);
}

static void
part_end(struct part *part, const char *problem)
{
	part->problem = problem;
	http_defer(part->spread->exchange, spread_on_part, part);
}

static void
part_on_found(void *context, enum err err, const struct accesses_page *page)
{
	struct part *part = context;
	const struct spread *spread = part->spread;

	if (err == ERR_OK)
		accesses_page_print(
		    spread->node, spread->wish.subject, page, &part->page);
	part_end(part, err == ERR_OK     ? NULL
		       : err == ERR_BUSY ? "busy"
					 : "trail_unavailable");
}

static void
part_on_answer(void *context, const struct elsewhere_answer *answer)
{
	struct part *part = context;

	if (answer->end == HOLDER_ANSWERED && answer->status == 200) {
		buf_add(&part->page, answer->body.ptr, answer->body.len);
		buf_char(&part->page, '}');
		part_end(part, NULL);
	} else if (answer->end == HOLDER_ANSWERED) {
		part_end(part, "refused");
	} else {
		part_end(part, answer->end == HOLDER_AWAY ? "holder_away"
							  : "holder_failed");
	}
}

static void
part_ask_here(struct part *part)
{
	const struct disclosure *wish = &part->spread->wish;
	struct accesses_question question = {
	    .from = wish->from, .limit = wish->limit};

	memcpy(question.subject, wish->subject, sizeof(question.subject));
	accesses_ask(
	    part->spread->node->accesses, &question, part_on_found, part);
}

static void
part_ask(struct part *part, const struct member *platform, struct span proof)
{
	struct spread *spread = part->spread;
	struct buf json = {0};
	struct json_out out = {.buf = &json};
	struct elsewhere_question question = {.action = VOUCH_ACCESSES,
	    .member = spread->wish.subject,
	    .subject = spread->wish.subject,
	    .certificate = http_peer(spread->exchange)->fingerprint,
	    .traceparent = http_traceparent(spread->exchange)};

	if (strcmp(platform->code, spread->node->code) == 0) {
		part_ask_here(part);
		return;
	}
	if (platform->status != MEMBER_ACTIVE || platform->url[0] == '\0') {
		part_end(part, platform->status != MEMBER_ACTIVE ? "not_active"
								 : "no_url");
		return;
	}
	json_open_object(&out, NULL);
	json_put_text(&out, "proof", proof);
	json_close_object(&out);
	question.json = buf_span(&json);
	elsewhere_ask_one(
	    spread->node->elsewhere, platform, &question, part_on_answer, part);
	buf_release(&json);
}

static bool
is_asked(const struct spread *spread, const struct member *member)
{
	return member->kind == MEMBER_PLATFORM &&
	       disclosure_is_for(&spread->wish, member->code);
}

/* Every platform has a part, also those that cannot be asked. */
static void
spread_ask(struct spread *spread, const struct world *world, struct span proof)
{
	const struct member **asked =
	    mem_new((world->member_count + 1) * sizeof(*asked));
	size_t i;

	for (i = 0; i < world->member_count; i++)
		if (is_asked(spread, &world->members[i]))
			asked[spread->count++] = &world->members[i];
	spread->left = spread->count;
	spread->parts = mem_new((spread->count + 1) * sizeof(*spread->parts));
	for (i = 0; i < spread->count; i++) {
		struct part *part = &spread->parts[i];

		part->spread = spread;
		memcpy(part->node, asked[i]->code, sizeof(part->node));
		memcpy(part->name, asked[i]->name, sizeof(part->name));
		part_ask(part, asked[i], proof);
	}
	mem_free(asked);
}

static void
refuse(struct spread *spread, int status, const char *type, const char *detail)
{
	struct http_exchange *exchange = spread->exchange;

	spread_free(spread);
	if (status == 503)
		http_reply_header(exchange, "retry-after", "5");
	http_reply_problem(exchange, status, type, "Nobody was asked", detail);
}

void
accesses_on_all(struct http_exchange *exchange, void *context)
{
	struct spread *spread = mem_new(sizeof(*spread));
	struct node *node = context;
	struct span proof = http_body(exchange);
	const struct world *world;

	spread->node = node;
	spread->exchange = exchange;
	if (!accesses_check_wish(
		node, proof, http_peer(exchange)->code, &spread->wish)) {
		refuse(spread, 400, "malformed",
		    "A wish signed by the subject's certificate, of now.");
		return;
	}
	if (atomic_fetch_add(&node->spreads, 1) >= SPREADS_MAX) {
		atomic_fetch_sub(&node->spreads, 1);
		refuse(spread, 503, "busy", "Others are asking.");
		return;
	}
	world = shared_hold(node->world);
	if (world != NULL)
		spread_ask(spread, world, proof);
	shared_drop(node->world, world);
	if (spread->count == 0) {
		atomic_fetch_sub(&node->spreads, 1);
		refuse(spread, 404, "not_found", "There is no such node.");
	}
}
