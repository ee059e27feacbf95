/*
 * fetch: answers to what nodes ask over the bus: hello, fetch, snapshots.
 */
#include "hub/fetch.h"

#include "base/version.h"

void
fetch_refuse(uint64_t ticket, const char *reason, struct buf *out)
{
	struct reply reply = {
	    .ticket = ticket, .kind = REPLY_REFUSAL, .reason = span_of(reason)};

	pack_reply(&reply, out);
}

/* The node says what it wants to speak; what is not spoken here is refused
 * with what is. */
static void
answer_hello(struct span pulse, const struct request *request, struct buf *out)
{
	struct reply welcome = {.ticket = request->ticket,
	    .kind = REPLY_WELCOME,
	    .protocol = request->protocol,
	    .software = span_of("rongxin-hub " RONGXIN_VERSION),
	    .code = span_of("")};
	struct reply refusal = {.ticket = request->ticket,
	    .kind = REPLY_REFUSAL,
	    .reason = span_of("protocol"),
	    .protocol_newest = PROTOCOL_NEWEST,
	    .protocol_oldest = PROTOCOL_OLDEST};

	if (request->protocol >= PROTOCOL_USAGE)
		welcome.pulse = pulse;
	pack_reply(
	    protocol_is_spoken(request->protocol) ? &welcome : &refusal, out);
}

/* At most so many batches and bytes, but always one when there is any. */
static void
select_batches(struct pg *pg, const struct request *request)
{
	uint32_t credits = request->credits;

	if (credits == 0 || credits > FETCH_CREDITS_MAX)
		credits = credits == 0 ? 64 : FETCH_CREDITS_MAX;
	pg_exec(pg,
	    "SELECT x.first, c.sealed, s.position FROM"
	    " (SELECT first, sum(octet_length(sealed)) OVER (ORDER BY first)"
	    " - octet_length(sealed) AS before FROM"
	    " (SELECT first, sealed FROM change_log WHERE stream = $1"
	    " AND last > $2 AND first >= COALESCE((SELECT max(first)"
	    " FROM change_log WHERE stream = $1 AND first <= $2 + 1), 0)"
	    " ORDER BY first LIMIT $3) w) x"
	    " JOIN change_log c ON c.stream = $1 AND c.first = x.first"
	    " JOIN stream_state s ON s.stream = $1"
	    " WHERE x.before < $4 ORDER BY x.first",
	    pg_arg_text(span_of(request->stream)),
	    pg_arg_int((int64_t)request->after), pg_arg_int(credits),
	    pg_arg_int(FETCH_BYTES_MAX));
}

static uint64_t
newest_position(struct pg *pg, const char *stream)
{
	pg_exec(pg, "SELECT position FROM stream_state WHERE stream = $1",
	    pg_arg_text(span_of(stream)));
	return pg_rows(pg) == 1 ? (uint64_t)pg_int(pg, 0, 0) : 0;
}

static void
print_batches(struct pg *pg, const struct request *request, struct buf *out)
{
	struct span sealed[FETCH_CREDITS_MAX];
	struct reply reply = {
	    .ticket = request->ticket, .kind = REPLY_BATCHES, .sealed = sealed};
	size_t i;

	memcpy(reply.stream, request->stream, sizeof(reply.stream));
	reply.sealed_count = pg_rows(pg);
	for (i = 0; i < reply.sealed_count; i++)
		sealed[i] = pg_bytes(pg, i, 1);
	if (reply.sealed_count > 0)
		reply.newest = (uint64_t)pg_int(pg, 0, 2);
	else
		reply.newest = newest_position(pg, request->stream);
	pack_reply(&reply, out);
}

static enum err
read_batches(struct pg *pg, const struct request *request, struct buf *out)
{
	struct reply old = {.ticket = request->ticket, .kind = REPLY_TOO_OLD};

	pg_begin(pg);
	select_batches(pg, request);
	if (pg_rows(pg) > 0 &&
	    (uint64_t)pg_int(pg, 0, 0) > request->after + 1) {
		memcpy(old.stream, request->stream, sizeof(old.stream));
		old.oldest = (uint64_t)pg_int(pg, 0, 0);
		pack_reply(&old, out);
	} else if (!pg_has_failed(pg)) {
		print_batches(pg, request, out);
	}
	return pg_end(pg, true);
}

static void
answer_fetch(struct pg *pg, const struct request *request, struct buf *out)
{
	if (read_batches(pg, request, out) == ERR_OK)
		return;
	buf_reset(out);
	fetch_refuse(request->ticket, "busy", out);
}

enum err
fetch_control(struct pg *pg, uint64_t after, struct buf *reply)
{
	struct request request = {
	    .kind = REQUEST_FETCH, .stream = STREAM_CONTROL, .after = after};

	return read_batches(pg, &request, reply) == ERR_OK ? ERR_OK
							   : ERR_DATABASE;
}

/* First position that must follow on from an image: what the log still holds,
 * or what the node has no use before; 0: the log holds nothing.  Nobody may
 * ask for more than there is.  False: the ledger cannot be read. */
static bool
read_oldest(struct pg *pg, const struct request *request, uint64_t *oldest)
{
	uint64_t newest, least = request->after;

	pg_begin(pg);
	pg_exec(pg,
	    "SELECT COALESCE(min(c.first), 0), COALESCE(min(s.position), 0)"
	    " FROM change_log c JOIN stream_state s ON s.stream = c.stream"
	    " WHERE c.stream = $1",
	    pg_arg_text(span_of(request->stream)));
	*oldest = newest = 0;
	if (pg_rows(pg) == 1) {
		*oldest = (uint64_t)pg_int(pg, 0, 0);
		newest = (uint64_t)pg_int(pg, 0, 1);
	}
	if (least > newest)
		least = newest;
	if (*oldest > 0 && *oldest < least + 1)
		*oldest = least + 1;
	return pg_end(pg, true) == ERR_OK;
}

static const char *
refusal_of(enum err err)
{
	if (err == ERR_BUSY)
		return "preparing";
	if (err == ERR_MISSING)
		return "gone";
	return err == ERR_LIMIT ? "invalid" : "busy";
}

static void
answer_image(const struct fetch_source *source, const struct request *request,
    struct buf *out)
{
	bool page = request->kind == REQUEST_SNAPSHOT;
	struct reply reply = {.ticket = request->ticket,
	    .kind = page ? REPLY_SNAPSHOT : REPLY_CHUNK};
	struct buf packed = {0};
	struct why why = {""};
	uint64_t oldest = 0;
	enum err err = ERR_OK;

	if (!page && request->position == 0)
		err = ERR_MISSING;
	else if (request->position == 0 &&
		 !read_oldest(source->pg, request, &oldest))
		err = ERR_DATABASE;
	if (err == ERR_OK)
		err = gallery_answer(
		    source->gallery, request, oldest, &packed, &why);
	reply.image = buf_span(&packed);
	if (err == ERR_OK)
		pack_reply(&reply, out);
	else
		fetch_refuse(request->ticket, refusal_of(err), out);
	buf_release(&packed);
}

void
fetch_answer(const struct fetch_source *source, const struct bus_route *from,
    const struct request *request, struct buf *out)
{
	const struct member *member = members_find(source->members, from->code);

	if (member == NULL || member->kind != MEMBER_PLATFORM ||
	    member->status != MEMBER_ACTIVE)
		fetch_refuse(request->ticket, "not_yours", out);
	else if (request->kind == REQUEST_HELLO)
		answer_hello(source->pulse, request, out);
	else if (request->kind == REQUEST_UPWARD)
		fetch_refuse(request->ticket, "invalid", out);
	else if (!member_holds(member, request->stream))
		fetch_refuse(request->ticket, "not_yours", out);
	else if (request->kind == REQUEST_FETCH)
		answer_fetch(source->pg, request, out);
	else
		answer_image(source, request, out);
}
