/*
 * apply: a node's follow thread alone: batches that are sealed here are taken
 * as replies bring them, first all new records, then all of them changed.
 *
 *   apply FOLDER RECORDS STREAMS
 *
 * Counted is what happens between the bytes of a batch and the flushed store:
 * records a second, CPU of the thread and of the process without the sealing,
 * and at the end the process's largest memory.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "base/file.h"
#include "node/replica.h"
#include "wire/seal.h"

#define BATCH 256 /* as the hub seals */
#define WINDOW 64 /* batches in a reply */
#define STREAMS_MAX 100
#define COMMITTED_US 1700000000000000

struct lane {
	struct chain chain;
	struct setsum sum;
	unsigned long begun, end; /* its records */
	unsigned long next;
};

struct bench {
	struct signer *signer;
	struct sealer *sealer;
	struct store *store;
	struct parent *parent;
	struct replica *replica;
	struct lane lanes[STREAMS_MAX];
	unsigned long streams;
	uint64_t version; /* of the records of this round */
	struct buf sealed[WINDOW];
	struct span window[WINDOW];
	size_t count;
	double wall, thread, process; /* seconds of taking */
};

static void
die(const char *what)
{
	fprintf(stderr, "apply: %s\n", what);
	exit(1);
}

static double
seconds(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* About as long as a registration; in no order of subjects. */
static struct digest
put_record(unsigned long number, uint64_t version, struct buf *raw)
{
	static const char *const texts[] = {"有限责任公司(自然人投资或控股)",
	    "软件开发；信息技术咨询服务；数据处理和存储支持服务",
	    "广东省广州市天河区某某路一百二十三号", "存续", "2015-03-01",
	    "广州市市场监督管理局"};
	struct record_field fields[8];
	struct record record = {.item = 1,
	    .version = version,
	    .state = RECORD_CURRENT,
	    .provider = span_of("11440000MB00004493"),
	    .as_of_us = COMMITTED_US,
	    .fields = fields,
	    .field_count = 8};
	struct buf packed = {0};
	char subject[32], name[64], capital[32];
	uint32_t i;

	snprintf(subject, sizeof(subject), "9144%014llu",
	    (unsigned long long)number * 0x9e3779b97f4a7c15u >> 18);
	snprintf(name, sizeof(name), "第%lu科技有限公司%llu", number,
	    (unsigned long long)version);
	snprintf(capital, sizeof(capital), "%lu.00", number % 9973 * 1000);
	record.subject = span_of(subject);
	fields[0] = (struct record_field){1, span_of(name)};
	fields[1] = (struct record_field){2, span_of(capital)};
	for (i = 0; i < 6; i++)
		fields[2 + i] = (struct record_field){3 + i, span_of(texts[i])};
	if (raw != NULL) {
		pack_record(&record, &packed);
		pack_batch_record(buf_span(&packed), raw);
		buf_release(&packed);
	}
	return record_element(&record);
}

static void
seal_batch(struct bench *bench, struct lane *lane)
{
	struct digest elements[BATCH], old[BATCH];
	struct batch_header header = {.first = lane->chain.position + 1,
	    .previous = lane->chain.head,
	    .committed_us = COMMITTED_US};
	struct buf raw = {0};
	size_t count = 0;

	memcpy(header.stream, lane->chain.stream, sizeof(header.stream));
	for (; count < BATCH && lane->next < lane->end; count++) {
		old[count] = put_record(lane->next, bench->version - 1, NULL);
		elements[count] =
		    put_record(lane->next++, bench->version, &raw);
	}
	if (bench->version > 1)
		setsum_remove_all(&lane->sum, old, count);
	setsum_add_all(&lane->sum, elements, count);
	header.last = lane->chain.position + count;
	header.state = setsum_digest(&lane->sum);
	buf_reset(&bench->sealed[bench->count]);
	if (sealer_seal(bench->sealer, &header, buf_span(&raw),
		&bench->sealed[bench->count]) != ERR_OK)
		die("cannot seal");
	bench->window[bench->count] = buf_span(&bench->sealed[bench->count]);
	bench->count++;
	chain_advance(&lane->chain, &header);
	buf_release(&raw);
}

static void
take_window(struct bench *bench)
{
	double wall = seconds(CLOCK_MONOTONIC);
	double thread = seconds(CLOCK_THREAD_CPUTIME_ID);
	struct why why = {""};
	struct taken taken;
	size_t i;

	replica_expect(bench->replica, bench->window, bench->count);
	for (i = 0; i < bench->count; i++)
		if (replica_take(bench->replica, bench->parent,
			bench->window[i], &taken) != ERR_OK)
			die("a batch is not taken");
	replica_forget(bench->replica);
	if (kv_sync(store_kv(bench->store), &why) != ERR_OK)
		die(why.text);
	bench->wall += seconds(CLOCK_MONOTONIC) - wall;
	bench->thread += seconds(CLOCK_THREAD_CPUTIME_ID) - thread;
}

/* One window of each stream in turn. */
static void
take_round(struct bench *bench, const char *name, unsigned long records)
{
	double process = seconds(CLOCK_PROCESS_CPUTIME_ID);
	double own = seconds(CLOCK_THREAD_CPUTIME_ID);
	unsigned long i, left = records;
	double sealing;

	bench->wall = bench->thread = 0;
	for (i = 0; left > 0; i = (i + 1) % bench->streams) {
		struct lane *lane = &bench->lanes[i];
		unsigned long before = lane->next;

		bench->count = 0;
		while (bench->count < WINDOW && lane->next < lane->end)
			seal_batch(bench, lane);
		left -= lane->next - before;
		if (bench->count > 0)
			take_window(bench);
	}
	sealing = seconds(CLOCK_THREAD_CPUTIME_ID) - own - bench->thread;
	process = seconds(CLOCK_PROCESS_CPUTIME_ID) - process - sealing;
	printf("%s: %.0f records/s, CPU of the thread %.1f us a record, of the"
	       " process %.1f\n",
	    name, (double)records / bench->wall,
	    bench->thread * 1e6 / (double)records,
	    process * 1e6 / (double)records);
	fflush(stdout);
}

static void
follow_streams(struct bench *bench, unsigned long records)
{
	struct stream_state state = {0};
	unsigned long i;

	for (i = 0; i < bench->streams; i++) {
		struct lane *lane = &bench->lanes[i];

		snprintf(lane->chain.stream, sizeof(lane->chain.stream),
		    "%04lu", 1000 + i % 9000);
		lane->begun = lane->next = records * i / bench->streams;
		lane->end = records * (i + 1) / bench->streams;
		state.chain = lane->chain;
		parent_follow(bench->parent, &state);
	}
}

int
main(int argc, char **argv)
{
	struct bench bench = {0};
	struct keyring *keys;
	struct rusage usage;
	struct why why = {""};
	unsigned long records, i;
	uint8_t key[32];

	if (argc != 4)
		die("usage: apply FOLDER RECORDS STREAMS");
	records = strtoul(argv[2], NULL, 10);
	bench.streams = strtoul(argv[3], NULL, 10);
	if (bench.streams == 0 || bench.streams > STREAMS_MAX)
		die("one to a hundred streams");
	bench.signer = signer_new();
	bench.sealer = sealer_new(bench.signer);
	bench.store = store_open(argv[1], &why);
	if (bench.store == NULL || signer_public(bench.signer, key) != ERR_OK)
		die(why.text);
	keys = keyring_of(key);
	bench.parent = parent_new("11440000MB00004493");
	bench.replica = replica_new(bench.store, keys);
	follow_streams(&bench, records);
	bench.version = 1;
	take_round(&bench, "inserted", records);
	for (i = 0; i < bench.streams; i++)
		bench.lanes[i].next = bench.lanes[i].begun;
	bench.version = 2;
	take_round(&bench, "updated", records);
	getrusage(RUSAGE_SELF, &usage);
	printf("memory: %.0f MiB\n", (double)usage.ru_maxrss / 1024);
	replica_free(bench.replica);
	parent_free(bench.parent);
	keyring_free(keys);
	store_close(bench.store);
	for (i = 0; i < WINDOW; i++)
		buf_release(&bench.sealed[i]);
	sealer_free(bench.sealer);
	signer_free(bench.signer);
	return 0;
}
