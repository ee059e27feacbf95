/*
 * pack: structs to wire bytes and back: the only door to protobuf.
 *
 * Unpacking takes bytes from outside: sizes are checked first, everything is
 * copied into the given arena, and what is malformed is ERR_INVALID, never a
 * crash.  Packing appends to a buf.  Any thread.
 */
#ifndef WIRE_PACK_H
#define WIRE_PACK_H

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/sign.h"
#include "credit/abuse.h"
#include "credit/access.h"
#include "credit/chain.h"
#include "credit/order.h"
#include "credit/record.h"

#define SIGNATURE_LEN 64
/* Longest accepted, in bytes. */
#define MESSAGE_MAX (16 << 20)                  /* anything from a bus */
#define SEALED_MAX (BATCH_RAW_MAX + (64 << 10)) /* what zstd cannot shrink */
#define UPWARD_MAX (1 << 20)
#define REQUEST_MAX (UPWARD_MAX + (4 << 10))
#define ACCESS_PACKED_MAX (8 << 10)

/* pack_record.c */
void pack_record(const struct record *record, struct buf *out);
MUST_CHECK enum err unpack_record(
    struct span bytes, struct arena *arena, struct record *record);
/* One that was unpacked before it was kept: its texts are borrowed from the
 * bytes and not looked through again. */
MUST_CHECK enum err unpack_kept_record(struct span bytes,
    struct record_field fields[RECORD_FIELDS_MAX], struct record *record);
/* The body of a batch: each packed record is framed by this; concatenation
 * of framed records is a packed Batch. */
void pack_batch_record(struct span packed_record, struct buf *batch);
MUST_CHECK enum err unpack_batch(struct span bytes, struct arena *arena,
    struct record **records, size_t *count);
/* The next packed record of a Batch; false: there is none, or it is malformed.
 */
bool unpack_batch_next(struct span *rest, struct span *packed_record);

/* pack_sealed.c */
struct sealed {
	struct span header;
	struct span signature;
	struct span key_id;
	struct span body;
};
void pack_sealed(const struct sealed *sealed, struct buf *out);
/* Borrows from `bytes`; copies nothing. */
MUST_CHECK enum err unpack_sealed(struct span bytes, struct sealed *sealed);
/* What is signed of a batch, and by whom, without its body. */
void pack_sealed_head(const struct sealed *sealed, struct buf *out);
MUST_CHECK enum err unpack_sealed_head(
    struct span bytes, struct sealed *sealed);

struct stream_head {
	char stream[STREAM_LEN + 1];
	uint64_t position;
	struct digest head;
};
struct pulse {
	int64_t hub_time_us;
	const struct stream_head *heads; /* ascending by stream */
	size_t head_count;
};
/* Signs; the result is a packed Pulse. */
MUST_CHECK enum err pack_pulse(
    const struct pulse *pulse, struct signer *signer, struct buf *out);
/* Checks the signature with `verifier`. */
MUST_CHECK enum err unpack_pulse(struct span bytes,
    const struct verifier *verifier, struct arena *arena, struct pulse *pulse);

/* pack_bus.c */
/* A version speaks with the one before it, both ways (docs/PROTOCOL.md, section
 * 4).  1: hello, fetch, consents, status.  2: usage. */
#define PROTOCOL_NEWEST 2
#define PROTOCOL_OLDEST 1
#define PROTOCOL_USAGE 2

static inline bool
protocol_is_spoken(unsigned version)
{
	return version >= PROTOCOL_OLDEST && version <= PROTOCOL_NEWEST;
}

enum live_kind {
	LIVE_SEALED,
	LIVE_PULSE
};
void pack_live(enum live_kind kind, struct span packed, struct buf *out);
/* `packed` borrows from `bytes`. */
MUST_CHECK enum err unpack_live(
    struct span bytes, enum live_kind *kind, struct span *packed);

enum request_kind {
	REQUEST_HELLO,
	REQUEST_FETCH,
	REQUEST_UPWARD,
	REQUEST_SNAPSHOT,
	REQUEST_CHUNK
};
struct request {
	uint64_t ticket;
	enum request_kind kind;
	unsigned protocol;           /* hello */
	struct span software, code;  /* hello */
	char stream[STREAM_LEN + 1]; /* fetch, snapshot, chunk */
	uint64_t after;              /* fetch; snapshot: at least this */
	uint32_t credits;            /* fetch */
	struct span upward;          /* upward: packed Upward */
	uint64_t position;           /* snapshot (0: any), chunk */
	uint32_t number;             /* snapshot: page; chunk */
};
void pack_request(const struct request *request, struct buf *out);
MUST_CHECK enum err unpack_request(
    struct span bytes, struct arena *arena, struct request *request);

/* What the hub holds against a node's checkpoint. */
enum trail_verdict {
	TRAIL_GOOD,   /* as far as is known */
	TRAIL_FORKED, /* other entries than those that were told */
	TRAIL_SHORT   /* fewer entries than were witnessed */
};
#define COSIGNATURE_MAX 512
#define FEED_ANSWER_MAX (256 << 10)
enum reply_kind {
	REPLY_WELCOME,
	REPLY_BATCHES,
	REPLY_TOO_OLD,
	REPLY_TAKEN,
	REPLY_REFUSAL,
	REPLY_COUNTED,
	REPLY_SNAPSHOT,
	REPLY_CHUNK,
	REPLY_FEED
};
struct reply {
	uint64_t ticket;
	enum reply_kind kind;
	unsigned protocol;           /* welcome */
	struct span software, code;  /* welcome */
	struct span pulse;           /* welcome: packed; empty: none */
	char stream[STREAM_LEN + 1]; /* batches, too old */
	const struct span *sealed;   /* batches: packed Sealed each */
	size_t sealed_count;
	uint64_t newest;                           /* batches */
	uint64_t oldest;                           /* too old */
	struct span reason;                        /* refusal */
	unsigned protocol_newest, protocol_oldest; /* refusal "protocol" */
	uint64_t next;                             /* counted … */
	struct span cosignature;                   /* … of the checkpoint */
	enum trail_verdict verdict;                /* … on it */
	struct span image;  /* snapshot, chunk: see wire/image.h */
	uint64_t held;      /* feed: bytes that the hub has … */
	unsigned status;    /* … what became of it; 0: nothing yet … */
	struct span answer; /* … in words: a receipt or a problem */
};
void pack_reply(const struct reply *reply, struct buf *out);
MUST_CHECK enum err unpack_reply(
    struct span bytes, struct arena *arena, struct reply *reply);

/* pack_upward.c */
struct stream_status {
	char stream[STREAM_LEN + 1];
	uint64_t position;
	struct digest state;
	int64_t applied_us;
	int64_t delay_us;
};
/* One entry of a trail, without its subject and consent. */
#define USAGE_ROWS_MAX 1024
struct usage_row {
	struct digest leaf;
	int64_t time_us;
	struct span member, action;
	enum purpose purpose;
	const uint32_t *items;
	size_t item_count;
	enum permit_rule rule;
};
enum upward_kind {
	UPWARD_CONSENT,
	UPWARD_ORDER,
	UPWARD_ORDERED_HERE,
	UPWARD_STATUS,
	UPWARD_USAGE,
	UPWARD_FEED,
	UPWARD_ALERTS,
	UPWARD_OBJECTION,
	UPWARD_INFORMED,
	UPWARD_MATERIAL,
	UPWARD_STATEMENT
};
#define ALERTS_MAX 1000
/* Of a local feed: its manifest's JWS, and bytes at a time. */
#define FEED_MANIFEST_MAX (32 << 10)
#define FEED_PIECE_MAX (512 << 10)
/* What one member has used of its budget of anonymised answers. */
struct budget_use {
	const char *member;
	bool screenings; /* else statistics */
	uint32_t period, spent;
};

/* How a node itself is doing; 0: not known. */
struct condition {
	uint32_t protocol;
	uint64_t disk_free, disk_total;
	int64_t certificate_us, started_us;
	uint32_t revocations; /* within 24 h, and the longest delay of one */
	int64_t revocation_us;
	const struct budget_use *budgets;
	size_t budget_count; /* at most CONDITION_BUDGETS_MAX */
};

#define CONDITION_BUDGETS_MAX 256

struct upward {
	struct span origin;
	uint64_t sequence;
	int64_t time_us;
	enum upward_kind kind;
	struct span document;  /* JWS, the consent's id, claims, or informed */
	struct span subject;   /* ordered or claimed here … */
	enum order_kind order; /* … by its certificate */
	/* status */
	struct span software, checkpoint, parent;
	const struct stream_status *streams;
	size_t stream_count;
	uint64_t trail_size;
	const struct condition *condition; /* NULL: not told */
	/* usage; `checkpoint` too */
	uint64_t first;
	const struct usage_row *rows;
	size_t row_count;
	/* alerts */
	const struct abuse_alert *alerts;
	size_t alert_count;
	/* feed; `document` is the manifest */
	uint64_t offset;
	struct span bytes;
};
MUST_CHECK enum err pack_upward(
    const struct upward *upward, struct signer *signer, struct buf *out);
/* `verifier` NULL: parse only (to learn the origin, then check again). */
MUST_CHECK enum err unpack_upward(struct span bytes,
    const struct verifier *verifier, struct arena *arena,
    struct upward *upward);

/* pack_access.c */
void pack_access(const struct access *access, struct buf *out);
/* Give a packed access the use that was counted since: concatenated messages
 * are one message. */
#define ACCESS_USE_MAX 24 /* bytes that it appends */
void pack_access_use(const struct use *use, struct buf *access);
MUST_CHECK enum err unpack_access(struct span bytes, struct access *access);

#endif
