/*
 * pack_bus: the conversation of a node and its parent (proto/bus.proto).
 *
 * Fields that are not known are passed over here, so that a newer node can
 * say hello to an older parent; what is signed is stricter.
 */
#include <assert.h>

#include "bus.pb-c.h"
#include "credit/member.h"
#include "wire/pack.h"
#include "wire/pack_part.h"

#define REASON_MAX 64
#define BATCHES_MAX 4096

void
pack_live(enum live_kind kind, struct span packed, struct buf *out)
{
	frame_add(kind == LIVE_SEALED ? 1 : 2, packed, out);
}

enum err
unpack_live(struct span bytes, enum live_kind *kind, struct span *packed)
{
	struct span rest = bytes;

	if (bytes.len > MESSAGE_MAX)
		return ERR_INVALID;
	if (frame_take(&rest, 1, packed))
		*kind = LIVE_SEALED;
	else if (frame_take(&rest, 2, packed))
		*kind = LIVE_PULSE;
	else
		return ERR_INVALID;
	return rest.len == 0 ? ERR_OK : ERR_INVALID;
}

void
pack_request(const struct request *request, struct buf *out)
{
	Rongxin__Request packed = RONGXIN__REQUEST__INIT;
	Rongxin__Hello hello = RONGXIN__HELLO__INIT;
	Rongxin__Fetch fetch = RONGXIN__FETCH__INIT;
	Rongxin__SnapshotAsk snapshot = RONGXIN__SNAPSHOT_ASK__INIT;
	Rongxin__ChunkAsk chunk = RONGXIN__CHUNK_ASK__INIT;
	char software[PACK_SOFTWARE_MAX + 1], code[MEMBER_CODE_MAX + 1];
	char stream[STREAM_LEN + 1];

	packed.ticket = request->ticket;
	memcpy(stream, request->stream, sizeof(stream));
	switch (request->kind) {
	case REQUEST_HELLO:
		packed.what_case = RONGXIN__REQUEST__WHAT_HELLO;
		packed.hello = &hello;
		hello.protocol = request->protocol;
		hello.software =
		    part_text(request->software, software, sizeof(software));
		hello.code = part_text(request->code, code, sizeof(code));
		break;
	case REQUEST_FETCH:
		packed.what_case = RONGXIN__REQUEST__WHAT_FETCH;
		packed.fetch = &fetch;
		fetch.stream = stream;
		fetch.after = request->after;
		fetch.credits = request->credits;
		break;
	case REQUEST_UPWARD:
		packed.what_case = RONGXIN__REQUEST__WHAT_UPWARD;
		packed.upward = part_bytes(request->upward);
		break;
	case REQUEST_SNAPSHOT:
		packed.what_case = RONGXIN__REQUEST__WHAT_SNAPSHOT;
		packed.snapshot = &snapshot;
		snapshot.stream = stream;
		snapshot.position = request->position;
		snapshot.page = request->number;
		snapshot.least = request->after;
		break;
	case REQUEST_CHUNK:
		packed.what_case = RONGXIN__REQUEST__WHAT_CHUNK;
		packed.chunk = &chunk;
		chunk.stream = stream;
		chunk.position = request->position;
		chunk.number = request->number;
		break;
	}
	pack_message(&packed.base, out);
}

static bool
hello_is_sound(const char *software, const char *code)
{
	return part_is_text(software, PACK_SOFTWARE_MAX) &&
	       part_is_text(code, MEMBER_CODE_MAX);
}

static enum err
request_fill_image(
    const char *stream, uint64_t position, struct request *request)
{
	if (!part_is_stream(stream))
		return ERR_INVALID;
	memcpy(request->stream, stream, STREAM_LEN + 1);
	request->position = position;
	return ERR_OK;
}

static enum err
request_fill(const Rongxin__Request *packed, struct request *request)
{
	request->ticket = packed->ticket;
	switch (packed->what_case) {
	case RONGXIN__REQUEST__WHAT_HELLO:
		if (!hello_is_sound(
			packed->hello->software, packed->hello->code))
			return ERR_INVALID;
		request->kind = REQUEST_HELLO;
		request->protocol = packed->hello->protocol;
		request->software = span_of(packed->hello->software);
		request->code = span_of(packed->hello->code);
		return ERR_OK;
	case RONGXIN__REQUEST__WHAT_FETCH:
		if (!part_is_stream(packed->fetch->stream))
			return ERR_INVALID;
		request->kind = REQUEST_FETCH;
		memcpy(request->stream, packed->fetch->stream, STREAM_LEN + 1);
		request->after = packed->fetch->after;
		request->credits = packed->fetch->credits;
		return ERR_OK;
	case RONGXIN__REQUEST__WHAT_UPWARD:
		if (packed->upward.len > UPWARD_MAX)
			return ERR_INVALID;
		request->kind = REQUEST_UPWARD;
		request->upward = part_span(packed->upward);
		return ERR_OK;
	case RONGXIN__REQUEST__WHAT_SNAPSHOT:
		request->kind = REQUEST_SNAPSHOT;
		request->number = packed->snapshot->page;
		request->after = packed->snapshot->least;
		return request_fill_image(packed->snapshot->stream,
		    packed->snapshot->position, request);
	case RONGXIN__REQUEST__WHAT_CHUNK:
		request->kind = REQUEST_CHUNK;
		request->number = packed->chunk->number;
		return request_fill_image(
		    packed->chunk->stream, packed->chunk->position, request);
	default:
		return ERR_INVALID;
	}
}

enum err
unpack_request(struct span bytes, struct arena *arena, struct request *request)
{
	ProtobufCMessage *packed;

	*request = (struct request){0};
	if (bytes.len > REQUEST_MAX)
		return ERR_INVALID;
	packed = unpack_message(&rongxin__request__descriptor, bytes, arena);
	if (packed == NULL)
		return ERR_INVALID;
	return request_fill((const Rongxin__Request *)packed, request);
}

static void
reply_pack_batches(const struct reply *reply, struct buf *out)
{
	Rongxin__Batches batches = RONGXIN__BATCHES__INIT;
	Rongxin__Reply packed = RONGXIN__REPLY__INIT;
	ProtobufCBinaryData *sealed =
	    mem_new(reply->sealed_count * sizeof(*sealed));
	char stream[STREAM_LEN + 1];

	assert(reply->sealed_count <= BATCHES_MAX);
	for (size_t i = 0; i < reply->sealed_count; i++)
		sealed[i] = part_bytes(reply->sealed[i]);
	memcpy(stream, reply->stream, sizeof(stream));
	batches.stream = stream;
	batches.n_sealed = reply->sealed_count;
	batches.sealed = sealed;
	batches.newest = reply->newest;
	packed.ticket = reply->ticket;
	packed.what_case = RONGXIN__REPLY__WHAT_BATCHES;
	packed.batches = &batches;
	pack_message(&packed.base, out);
	mem_free(sealed);
}

static void
reply_pack_welcome(const struct reply *reply, struct buf *out)
{
	Rongxin__Welcome welcome = RONGXIN__WELCOME__INIT;
	Rongxin__Reply packed = RONGXIN__REPLY__INIT;
	char software[PACK_SOFTWARE_MAX + 1], code[MEMBER_CODE_MAX + 1];

	welcome.protocol = reply->protocol;
	welcome.software =
	    part_text(reply->software, software, sizeof(software));
	welcome.code = part_text(reply->code, code, sizeof(code));
	welcome.pulse = part_bytes(reply->pulse);
	packed.ticket = reply->ticket;
	packed.what_case = RONGXIN__REPLY__WHAT_WELCOME;
	packed.welcome = &welcome;
	pack_message(&packed.base, out);
}

static void
reply_pack_short(const struct reply *reply, struct buf *out)
{
	Rongxin__Reply packed = RONGXIN__REPLY__INIT;
	Rongxin__TooOld too_old = RONGXIN__TOO_OLD__INIT;
	Rongxin__Refusal refusal = RONGXIN__REFUSAL__INIT;
	Rongxin__Counted counted = RONGXIN__COUNTED__INIT;
	Rongxin__FeedHeld feed = RONGXIN__FEED_HELD__INIT;
	char stream[STREAM_LEN + 1], reason[REASON_MAX + 1];

	packed.ticket = reply->ticket;
	if (reply->kind == REPLY_TOO_OLD) {
		memcpy(stream, reply->stream, sizeof(stream));
		too_old.stream = stream;
		too_old.oldest = reply->oldest;
		packed.what_case = RONGXIN__REPLY__WHAT_TOO_OLD;
		packed.too_old = &too_old;
	} else if (reply->kind == REPLY_TAKEN) {
		packed.what_case = RONGXIN__REPLY__WHAT_TAKEN;
		packed.taken = 1;
	} else if (reply->kind == REPLY_COUNTED) {
		counted.next = reply->next;
		counted.cosignature = part_bytes(reply->cosignature);
		counted.verdict = (uint32_t)reply->verdict;
		packed.what_case = RONGXIN__REPLY__WHAT_COUNTED;
		packed.counted = &counted;
	} else if (reply->kind == REPLY_FEED) {
		feed.held = reply->held;
		feed.status = reply->status;
		feed.answer = part_bytes(reply->answer);
		packed.what_case = RONGXIN__REPLY__WHAT_FEED;
		packed.feed = &feed;
	} else {
		refusal.reason =
		    part_text(reply->reason, reason, sizeof(reason));
		packed.what_case = RONGXIN__REPLY__WHAT_REFUSAL;
		refusal.newest = reply->protocol_newest;
		refusal.oldest = reply->protocol_oldest;
		packed.refusal = &refusal;
	}
	pack_message(&packed.base, out);
}

static void
reply_pack_image(const struct reply *reply, struct buf *out)
{
	Rongxin__Reply packed = RONGXIN__REPLY__INIT;

	packed.ticket = reply->ticket;
	if (reply->kind == REPLY_SNAPSHOT) {
		packed.what_case = RONGXIN__REPLY__WHAT_SNAPSHOT;
		packed.snapshot = part_bytes(reply->image);
	} else {
		packed.what_case = RONGXIN__REPLY__WHAT_CHUNK;
		packed.chunk = part_bytes(reply->image);
	}
	pack_message(&packed.base, out);
}

void
pack_reply(const struct reply *reply, struct buf *out)
{
	if (reply->kind == REPLY_BATCHES)
		reply_pack_batches(reply, out);
	else if (reply->kind == REPLY_WELCOME)
		reply_pack_welcome(reply, out);
	else if (reply->kind == REPLY_SNAPSHOT || reply->kind == REPLY_CHUNK)
		reply_pack_image(reply, out);
	else
		reply_pack_short(reply, out);
}

static enum err
reply_fill_welcome(const Rongxin__Welcome *welcome, struct reply *reply)
{
	if (!hello_is_sound(welcome->software, welcome->code))
		return ERR_INVALID;
	reply->kind = REPLY_WELCOME;
	reply->protocol = welcome->protocol;
	reply->software = span_of(welcome->software);
	reply->code = span_of(welcome->code);
	reply->pulse = part_span(welcome->pulse);
	return ERR_OK;
}

static enum err
reply_fill_batches(
    const Rongxin__Batches *batches, struct arena *arena, struct reply *reply)
{
	struct span *sealed;

	if (!part_is_stream(batches->stream) || batches->n_sealed > BATCHES_MAX)
		return ERR_INVALID;
	sealed = arena_take(arena, batches->n_sealed * sizeof(*sealed));
	for (size_t i = 0; i < batches->n_sealed; i++)
		sealed[i] = part_span(batches->sealed[i]);
	reply->kind = REPLY_BATCHES;
	memcpy(reply->stream, batches->stream, STREAM_LEN + 1);
	reply->sealed = sealed;
	reply->sealed_count = batches->n_sealed;
	reply->newest = batches->newest;
	return ERR_OK;
}

static enum err
reply_fill_counted(const Rongxin__Counted *counted, struct reply *reply)
{
	if (counted->cosignature.len > COSIGNATURE_MAX ||
	    counted->verdict > TRAIL_SHORT)
		return ERR_INVALID;
	reply->kind = REPLY_COUNTED;
	reply->next = counted->next;
	reply->cosignature = part_span(counted->cosignature);
	reply->verdict = (enum trail_verdict)counted->verdict;
	return ERR_OK;
}

static enum err
reply_fill_feed(const Rongxin__FeedHeld *feed, struct reply *reply)
{
	if (feed->answer.len > FEED_ANSWER_MAX || feed->status > 599)
		return ERR_INVALID;
	reply->kind = REPLY_FEED;
	reply->held = feed->held;
	reply->status = feed->status;
	reply->answer = part_span(feed->answer);
	return ERR_OK;
}

static enum err
reply_fill(
    const Rongxin__Reply *packed, struct arena *arena, struct reply *reply)
{
	reply->ticket = packed->ticket;
	switch (packed->what_case) {
	case RONGXIN__REPLY__WHAT_WELCOME:
		return reply_fill_welcome(packed->welcome, reply);
	case RONGXIN__REPLY__WHAT_BATCHES:
		return reply_fill_batches(packed->batches, arena, reply);
	case RONGXIN__REPLY__WHAT_TOO_OLD:
		if (!part_is_stream(packed->too_old->stream))
			return ERR_INVALID;
		reply->kind = REPLY_TOO_OLD;
		memcpy(reply->stream, packed->too_old->stream, STREAM_LEN + 1);
		reply->oldest = packed->too_old->oldest;
		return ERR_OK;
	case RONGXIN__REPLY__WHAT_TAKEN:
		reply->kind = REPLY_TAKEN;
		return packed->taken ? ERR_OK : ERR_INVALID;
	case RONGXIN__REPLY__WHAT_COUNTED:
		return reply_fill_counted(packed->counted, reply);
	case RONGXIN__REPLY__WHAT_FEED:
		return reply_fill_feed(packed->feed, reply);
	case RONGXIN__REPLY__WHAT_REFUSAL:
		if (!part_is_text(packed->refusal->reason, REASON_MAX))
			return ERR_INVALID;
		reply->kind = REPLY_REFUSAL;
		reply->reason = span_of(packed->refusal->reason);
		reply->protocol_newest = packed->refusal->newest;
		reply->protocol_oldest = packed->refusal->oldest;
		return ERR_OK;
	case RONGXIN__REPLY__WHAT_SNAPSHOT:
		reply->kind = REPLY_SNAPSHOT;
		reply->image = part_span(packed->snapshot);
		return ERR_OK;
	case RONGXIN__REPLY__WHAT_CHUNK:
		reply->kind = REPLY_CHUNK;
		reply->image = part_span(packed->chunk);
		return ERR_OK;
	default:
		return ERR_INVALID;
	}
}

enum err
unpack_reply(struct span bytes, struct arena *arena, struct reply *reply)
{
	ProtobufCMessage *packed;

	*reply = (struct reply){0};
	if (bytes.len > MESSAGE_MAX)
		return ERR_INVALID;
	packed = unpack_message(&rongxin__reply__descriptor, bytes, arena);
	if (packed == NULL)
		return ERR_INVALID;
	return reply_fill((const Rongxin__Reply *)packed, arena, reply);
}
