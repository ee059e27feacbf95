/*
 * endpoints: the node's HTTP paths.
 */
#include "node/endpoints.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "credit/declaration.h"
#include "credit/objection.h"
#include "credit/watch.h"
#include "node/accesses_all.h"
#include "node/accesses_page.h"
#include "node/accesses_vouched.h"
#include "node/bands.h"
#include "node/consent_list.h"
#include "node/consents.h"
#include "node/declarations.h"
#include "node/detour.h"
#include "node/door.h"
#include "node/events_page.h"
#include "node/feeds.h"
#include "node/find.h"
#include "node/jobs_page.h"
#include "node/masked.h"
#include "node/materials.h"
#include "node/my.h"
#include "node/node.h"
#include "node/objections.h"
#include "node/papers.h"
#include "node/query.h"
#include "node/readers.h"
#include "node/reprint.h"
#include "node/trail_pages.h"
#include "node/vouched.h"
#include "node/watches_page.h"
#include "node/webhook_page.h"
#include "node/world.h"
#include "wire/manual.h"
#include "wire/problem_page.h"

/* Any member, and nobody else.  Before the member list has come nobody can be
 * told from a stranger, and there is nothing to tell a stranger. */
static bool
admit_member(struct http_exchange *exchange, struct node *node)
{
	const struct world *world = shared_hold(node->world);
	const struct member *who = world_find(world, http_peer(exchange)->code);
	bool has_list = world != NULL && world->member_count > 0;
	bool active = who != NULL && who->status == MEMBER_ACTIVE;

	if (has_list && !active)
		http_reply_problem(exchange, 403,
		    who == NULL ? "member_unknown" : "member_inactive",
		    "Not a member", NULL);
	shared_drop(node->world, world);
	return !has_list || active;
}

static void
on_metrics(struct http_exchange *exchange, void *context)
{
	struct buf text = {0};

	if (!admit_member(exchange, context))
		return;
	metric_print(&text);
	http_reply(exchange, 200, "text/plain; version=0.0.4", buf_span(&text));
	buf_release(&text);
}

MANUAL_FILE(node_manual, "docs/api/node.json");

static void
on_manual(struct http_exchange *exchange, void *context)
{
	if (admit_member(exchange, context))
		manual_reply(exchange, MANUAL_SPAN(node_manual));
}

static void
on_healthz(struct http_exchange *exchange, void *context)
{
	(void)context;
	http_reply(exchange, 200, "text/plain", span_of("alive\n"));
}

static bool
store_answers(struct node *node, struct stream_state *control)
{
	struct snapshot *snapshot = store_snapshot(node->store);
	enum err err = snapshot_stream(snapshot, STREAM_CONTROL, control, NULL);

	snapshot_release(snapshot);
	return err == ERR_OK && !store_is_damaged(node->store);
}

/* What it says is right, and yet the hub does not vouch for its trail. */
static void
reply_ready(struct http_exchange *exchange, enum trail_verdict verdict)
{
	static const char *const said[] = {[TRAIL_GOOD] = "ready\n",
	    [TRAIL_FORKED] = "ready\ntrail: forked, the hub refuses it\n",
	    [TRAIL_SHORT] = "ready\ntrail: short, the hub refuses it\n"};

	http_reply(exchange, 200, "text/plain", span_of(said[verdict]));
}

static void
on_readyz(struct http_exchange *exchange, void *context)
{
	struct node *node = context;
	struct stream_state control;

	if (!store_answers(node, &control))
		http_reply_problem(
		    exchange, 503, "not_ready", "The store failed", NULL);
	else if (!trail_is_ready(node->trail))
		http_reply_problem(exchange, 503, "trail_unavailable",
		    "The trail cannot be written", NULL);
	else if (room_is_short(node->room))
		http_reply_problem(exchange, 503, "disk_full",
		    "The disk is nearly full",
		    "What is held is served; no new batches are taken.");
	else if (control.half || !node_is_fresh(node, control.chain.position))
		http_reply_problem(exchange, 503, "not_ready", "Not fresh",
		    "No recent word from the hub.");
	else
		reply_ready(exchange, trail_verdict(node->trail));
}

struct listing {
	struct json_out out;
	const struct world *world;
};

static void
print_stream(void *context, const struct stream_state *state)
{
	struct listing *listing = context;
	struct json_out *out = &listing->out;
	struct digest digest = setsum_digest(&state->sum);
	char hex[DIGEST_HEX_LEN + 1], time[CLOCK_TEXT_MAX];

	if (!world_holds(listing->world, state->chain.stream))
		return;
	json_open_object(out, NULL);
	json_put_cstr(out, "stream", state->chain.stream);
	json_put_int(out, "position", (int64_t)state->chain.position);
	json_put_cstr(out, "head", digest_print(&state->chain.head, hex));
	json_put_cstr(out, "state", digest_print(&digest, hex));
	json_put_bool(out, "agreed", !state->diverged);
	json_put_cstr(out, "agreed_at", clock_print(state->agreed_us, time));
	json_put_cstr(out, "applied", clock_print(state->applied_us, time));
	json_put_int(
	    out, "delay_ms", (state->applied_us - state->committed_us) / 1000);
	json_close_object(out);
}

static void
on_streams(struct http_exchange *exchange, void *context)
{
	struct node *node = context;
	struct snapshot *snapshot;
	struct buf text = {0};
	struct listing listing = {.out = {.buf = &text}};
	struct json_out *out = &listing.out;
	enum err err;

	if (!admit_member(exchange, node))
		return;
	listing.world = shared_hold(node->world);
	snapshot = store_snapshot(node->store);
	json_open_object(out, NULL);
	json_put_cstr(out, "node", node->code);
	json_open_array(out, "streams");
	err = snapshot_each_stream(snapshot, print_stream, &listing, NULL);
	json_close_array(out);
	json_close_object(out);
	snapshot_release(snapshot);
	shared_drop(node->world, listing.world);
	if (err == ERR_OK)
		http_reply(exchange, 200, "application/json", buf_span(&text));
	else
		http_reply_problem(
		    exchange, 503, "not_ready", "The store failed", NULL);
	buf_release(&text);
}

static void
on_checkpoint(struct http_exchange *exchange, void *context)
{
	if (admit_member(exchange, context))
		trail_on_checkpoint(exchange, context);
}

static void
on_witnessed(struct http_exchange *exchange, void *context)
{
	if (admit_member(exchange, context))
		trail_on_witnessed(exchange, context);
}

static void
on_receipt(struct http_exchange *exchange, void *context)
{
	if (admit_member(exchange, context))
		trail_on_receipt(exchange, context);
}

static void
on_search(struct http_exchange *exchange, void *context)
{
	if (door_admit(exchange, context))
		find_on_get(exchange, context);
}

static void
on_statistics(struct http_exchange *exchange, void *context)
{
	if (door_admit(exchange, context))
		masked_on_statistics(exchange, context);
}

static void
on_screening(struct http_exchange *exchange, void *context)
{
	if (door_admit(exchange, context))
		masked_on_screening(exchange, context);
}

static void
on_watch(struct http_exchange *exchange, void *context)
{
	if (door_admit(exchange, context))
		watches_on_post(exchange, context);
}

static bool
on_job(struct http_exchange *exchange, void *context)
{
	return door_admit(exchange, context) && jobs_on_open(exchange, context);
}

static void
on_accesses(struct http_exchange *exchange, void *context)
{
	if (admit_member(exchange, context))
		accesses_on_page(exchange, context);
}

static void
on_all_accesses(struct http_exchange *exchange, void *context)
{
	if (admit_member(exchange, context))
		accesses_on_all(exchange, context);
}

static void
on_consents(struct http_exchange *exchange, void *context)
{
	if (admit_member(exchange, context))
		consent_list_on_get(exchange, context);
}

static void
on_objection(struct http_exchange *exchange, void *context)
{
	if (admit_member(exchange, context))
		objections_on_post(exchange, context);
}

static void
on_statement(struct http_exchange *exchange, void *context)
{
	if (admit_member(exchange, context))
		declarations_on_put(exchange, context);
}

static void
on_objections(struct http_exchange *exchange, void *context)
{
	if (admit_member(exchange, context))
		objections_on_list(exchange, context);
}

static void
on_readers(struct http_exchange *exchange, void *context)
{
	if (admit_member(exchange, context))
		readers_on_get(exchange, context);
}

static void
on_reprint(struct http_exchange *exchange, void *context)
{
	if (admit_member(exchange, context))
		reprint_on_post(exchange, context);
}

static void
on_papers(struct http_exchange *exchange, void *context)
{
	if (admit_member(exchange, context))
		papers_on_get(exchange, context);
}

static void
on_bands(struct http_exchange *exchange, void *context)
{
	if (admit_member(exchange, context))
		bands_on_get(exchange, context);
}

static void
on_material(struct http_exchange *exchange, void *context)
{
	if (admit_member(exchange, context))
		materials_on_put(exchange, context);
}

static void
on_root(struct http_exchange *exchange, void *context)
{
	if (admit_member(exchange, context))
		my_on_root(exchange, context);
}

static void
on_page(struct http_exchange *exchange, void *context)
{
	if (admit_member(exchange, context))
		my_on_page(exchange, context);
}

static void
on_entry(struct http_exchange *exchange, void *context)
{
	if (admit_member(exchange, context))
		my_on_entry(exchange, context);
}

static void
on_base(struct http_exchange *exchange, void *context)
{
	if (admit_member(exchange, context))
		my_on_base(exchange, context);
}

static void
on_me(struct http_exchange *exchange, void *context)
{
	if (admit_member(exchange, context))
		my_on_me(exchange, context);
}

static void
on_members(struct http_exchange *exchange, void *context)
{
	if (admit_member(exchange, context))
		my_on_members(exchange, context);
}

static void
on_catalogue(struct http_exchange *exchange, void *context)
{
	if (admit_member(exchange, context))
		my_on_catalogue(exchange, context);
}

static void
on_tile(struct http_exchange *exchange, void *context)
{
	if (admit_member(exchange, context))
		trail_on_tile(exchange, context);
}

#define QUESTION_BODY (16 << 10)
#define CONSENT_BODY (16 << 10)
#define WEBHOOK_BODY (4 << 10)

const struct http_route node_endpoints[] = {
    {.method = "POST",
	.path = "/v1/reports",
	.handle = query_on_report,
	.max_body = QUESTION_BODY},
    {.method = "POST",
	.path = "/v1/reports/print",
	.handle = on_reprint,
	.max_body = REPRINT_BODY},
    {.method = "GET", .path = "/v1/enterprises", .handle = on_search},
    {.method = "GET",
	.path = "/v1/enterprises/{uscc}",
	.handle = query_on_enterprise},
    {.method = "POST",
	.path = "/v1/vouched",
	.handle = vouched_on_post,
	.max_body = VOUCHED_BODY},
    {.method = "POST",
	.path = "/v1/statistics",
	.handle = on_statistics,
	.max_body = QUESTION_BODY},
    {.method = "POST",
	.path = "/v1/screenings",
	.handle = on_screening,
	.max_body = QUESTION_BODY},
    {.method = "POST",
	.path = "/v1/consents",
	.handle = consents_on_post,
	.max_body = CONSENT_BODY},
    {.method = "GET", .path = "/v1/consents", .handle = on_consents},
    {.method = "GET", .path = "/v1/consents/{id}", .handle = consents_on_get},
    {.method = "DELETE",
	.path = "/v1/consents/{id}",
	.handle = consents_on_delete,
	.max_body = CONSENT_BODY},
    {.method = "POST",
	.path = "/v1/consents/{id}/pause",
	.handle = consents_on_pause,
	.max_body = CONSENT_BODY},
    {.method = "POST",
	.path = "/v1/consents/{id}/resume",
	.handle = consents_on_resume,
	.max_body = CONSENT_BODY},
    {.method = "GET", .path = "/v1/bands", .handle = on_bands},
    {.method = "POST",
	.path = "/v1/objections",
	.handle = on_objection,
	.max_body = OBJECTION_MAX},
    {.method = "GET", .path = "/v1/objections", .handle = on_objections},
    {.method = "GET",
	.path = "/v1/objections/{id}/readers",
	.handle = on_readers},
    {.method = "PUT",
	.path = "/v1/objections/{id}/statement",
	.handle = on_statement,
	.max_body = DECLARATION_MAX},
    {.method = "PUT",
	.path = "/v1/objections/{id}/materials/{sha256}",
	.handle = on_material,
	.max_body = MATERIAL_BYTES_MAX},
    {.method = "GET",
	.path = "/v1/objections/{id}/papers/{kind}",
	.handle = on_papers},
    {.method = "POST",
	.path = "/v1/watches",
	.handle = on_watch,
	.max_body = WATCH_MAX},
    {.method = "GET", .path = "/v1/watches", .handle = watches_on_list},
    {.method = "GET", .path = "/v1/watches/{id}", .handle = watches_on_get},
    {.method = "DELETE",
	.path = "/v1/watches/{id}",
	.handle = watches_on_delete},
    {.method = "GET", .path = "/v1/events", .handle = events_on_get},
    {.method = "GET", .path = "/v1/events/dead", .handle = webhook_on_dead},
    {.method = "POST",
	.path = "/v1/events/dead/redeliver",
	.handle = webhook_on_redeliver,
	.max_body = WEBHOOK_BODY},
    {.method = "POST",
	.path = "/v1/report-jobs",
	.open = on_job,
	.chunk = jobs_on_chunk,
	.close = jobs_on_close},
    {.method = "GET", .path = "/v1/report-jobs", .handle = jobs_on_list},
    {.method = "GET", .path = "/v1/report-jobs/{id}", .handle = jobs_on_get},
    {.method = "DELETE",
	.path = "/v1/report-jobs/{id}",
	.handle = jobs_on_delete},
    {.method = "GET",
	.path = "/v1/report-jobs/{id}/results",
	.handle = jobs_on_results},
    {.method = "PUT",
	.path = "/v1/webhook",
	.handle = webhook_on_put,
	.max_body = WEBHOOK_BODY},
    {.method = "GET", .path = "/v1/webhook", .handle = webhook_on_get},
    {.method = "DELETE", .path = "/v1/webhook", .handle = webhook_on_delete},
    {.method = "GET", .path = "/v1/accesses", .handle = on_accesses},
    {.method = "POST",
	.path = "/v1/accesses",
	.handle = on_all_accesses,
	.max_body = DISCLOSURE_JWS_MAX},
    {.method = "POST",
	.path = "/v1/feeds/{item}/batches",
	.open = feeds_on_open,
	.chunk = feeds_on_chunk,
	.close = feeds_on_close},
    {.method = "GET",
	.path = "/v1/feeds/{item}/batches/{id}",
	.handle = feeds_on_get},
    {.method = "GET", .path = "/v1/me", .handle = on_me},
    {.method = "GET", .path = "/v1/members", .handle = on_members},
    {.method = "GET", .path = "/v1/catalogue", .handle = on_catalogue},
    {.method = "GET", .path = "/", .handle = on_root},
    {.method = "GET", .path = "/my/{file...}", .handle = on_page},
    {.method = "GET", .path = "/entry/{file...}", .handle = on_entry},
    {.method = "GET", .path = "/base/{file...}", .handle = on_base},
    {.method = "GET", .path = "/v1/streams", .handle = on_streams},
    {.method = "GET", .path = "/v1/control", .handle = detour_on_get},
    {.method = "GET", .path = "/v1/trail/checkpoint", .handle = on_checkpoint},
    {.method = "GET", .path = "/v1/trail/witnessed", .handle = on_witnessed},
    {.method = "GET",
	.path = "/v1/trail/receipts/{index}",
	.handle = on_receipt},
    {.method = "GET", .path = "/v1/trail/tile/{rest...}", .handle = on_tile},
    {.method = "GET",
	.path = "/v1/trail/entries/{index}",
	.handle = trail_on_entry_page},
    {.method = "GET", .path = "/v1/problems", .handle = problem_on_list},
    {.method = "GET", .path = "/v1/problems/{name}", .handle = problem_on_page},
    {.method = "GET", .path = "/v1/openapi", .handle = on_manual},
    {.method = "GET", .path = "/v1/openapi.json", .handle = on_manual},
    {.method = "GET", .path = "/v1/openapi.js", .handle = on_manual},
    {.method = "GET", .path = "/v1/openapi.css", .handle = on_manual},
    {.method = "GET", .path = "/metrics", .handle = on_metrics},
    {.method = "GET", .path = "/healthz", .handle = on_healthz},
    {.method = "GET", .path = "/readyz", .handle = on_readyz},
    {.method = NULL},
};
