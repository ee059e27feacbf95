/*
 * ledger: a hub's ledger with many registrations, made without handing them
 * in: what the merge would have left, as SQL.
 *
 *   ledger BATCH-KEY RECORDS STREAM ... | psql
 *
 * Each stream's log is sealed and signed with the hub's key, in no order of
 * subjects; its records stand in the ledger at the positions that the log gave
 * them.  The hub must not know the streams yet, and is started anew afterwards.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/codec.h"
#include "base/mem.h"
#include "base/setsum.h"
#include "credit/uscc.h"
#include "wire/seal.h"

#define BATCH 256 /* as the hub seals */
#define PROVIDER "11440000MB00004493"
#define FIELDS 16
#define STEP 2654435761u /* a prime: neighbours in the log are far apart */

struct maker {
	struct signer *signer;
	struct sealer *sealer;
	int64_t now_us;
	char now[CLOCK_TEXT_MAX];
	char texts[FIELDS][64]; /* of one record */
	struct record_field fields[FIELDS];
	char subject[USCC_LEN + 1];
	struct record record;
	struct buf packed, raw, sealed, hex;
};

/* Names as the catalogue has them: what is wrong is found by the digests. */
static const struct {
	uint32_t number;
	const char *name;
} columns[FIELDS] = {{1, "name"}, {2, "registration_number"},
    {3, "entity_type"}, {4, "representative"}, {5, "registered_capital"},
    {8, "established"}, {9, "term_from"}, {11, "authority"}, {13, "status"},
    {14, "address"}, {15, "scope"}, {16, "industry"}, {17, "staff"},
    {18, "province"}, {19, "city"}, {20, "division"}};

static void
die(const char *what)
{
	fprintf(stderr, "ledger: %s\n", what);
	exit(1);
}

static uint64_t
scatter(uint64_t number)
{
	number = (number ^ number >> 33) * UINT64_C(0xff51afd7ed558ccd);
	number = (number ^ number >> 33) * UINT64_C(0xc4ceb9fe1a85ec53);
	return number ^ number >> 33;
}

/* Codes ascend with the number. */
static void
put_subject(struct maker *maker, const char *stream, unsigned long number)
{
	char code[64];

	snprintf(code, sizeof(code), "91%s00%09lu", stream, number);
	memcpy(maker->subject, code, USCC_LEN - 1);
	maker->subject[USCC_LEN - 1] = uscc_check_character(maker->subject);
	maker->subject[USCC_LEN] = '\0';
}

static void
put_texts(struct maker *maker, const char *stream, unsigned long number)
{
	static const char *const parts[] = {"华", "兴", "瑞", "德", "恒", "信",
	    "达", "利", "安", "隆", "新", "源", "海", "宏", "盛", "泰"};
	static const char *const trades[] = {
	    "科技", "商贸", "建筑工程", "文化传媒", "食品", "物流"};
	static const char *const scopes[] = {"软件开发；信息技术咨询服务",
	    "食品销售；日用百货批发", "通用设备制造；机械设备维修",
	    "道路货物运输；仓储服务"};
	uint64_t seed = scatter(number * 10000 + (uint64_t)atoi(stream));

#define TEXT(i, ...)                                                           \
	snprintf(maker->texts[i], sizeof(maker->texts[i]), __VA_ARGS__)
	TEXT(0, "%s%s%s%s%s有限公司", parts[seed % 16], parts[seed >> 4 & 15],
	    parts[seed >> 8 & 15], parts[seed >> 12 & 15],
	    trades[(seed >> 16) % 6]);
	TEXT(1, "%s00%09lu", stream, number);
	TEXT(2, "有限责任公司(自然人投资或控股)");
	TEXT(3, "%s%s%s", parts[seed >> 20 & 15], parts[seed >> 24 & 15],
	    parts[seed >> 28 & 15]);
	TEXT(4, "%u.00", (unsigned)(seed >> 32) % 1000 * 10000);
	TEXT(5, "20%02u-%02u-%02u", (unsigned)(seed >> 20) % 26,
	    (unsigned)(seed >> 25) % 12 + 1, (unsigned)(seed >> 29) % 28 + 1);
	TEXT(6, "%s", maker->texts[5]);
	TEXT(7, "某某市市场监督管理局");
	TEXT(8, "存续");
	TEXT(9, "某某市%s%s路%u号", parts[seed >> 36 & 15],
	    parts[seed >> 40 & 15], (unsigned)(seed >> 44) % 999);
	TEXT(10, "%s", scopes[seed >> 50 & 3]);
	TEXT(11, "%c%02u%02u", "ABCDEFGHIJKLMNOP"[seed >> 54 & 15],
	    (unsigned)(seed >> 30) % 90 + 1, (unsigned)(seed >> 34) % 9 * 10);
	TEXT(12, "%u", (unsigned)(seed >> 48) % 400);
	TEXT(13, "广东");
	TEXT(14, "某某");
	TEXT(15, "%s00", stream);
#undef TEXT
}

static void
make_record(struct maker *maker, const char *stream, unsigned long number)
{
	size_t i;

	put_subject(maker, stream, number);
	put_texts(maker, stream, number);
	for (i = 0; i < FIELDS; i++)
		maker->fields[i] = (struct record_field){
		    columns[i].number, span_of(maker->texts[i])};
	maker->record = (struct record){.item = 1,
	    .subject = span_of(maker->subject),
	    .version = 1,
	    .state = RECORD_CURRENT,
	    .provider = span_of(PROVIDER),
	    .as_of_us = maker->now_us,
	    .fields = maker->fields,
	    .field_count = FIELDS};
}

static void
print_hex(struct maker *maker, const void *bytes, size_t len)
{
	buf_reset(&maker->hex);
	codec_hex(span_make(bytes, len), &maker->hex);
	printf("\\\\x%.*s", (int)maker->hex.len, maker->hex.data);
}

/* What was gathered becomes a batch and a row. */
static void
seal_batch(struct maker *maker, struct chain *chain, size_t count,
    const struct setsum *sum)
{
	struct batch_header header = {.first = chain->position + 1,
	    .last = chain->position + count,
	    .previous = chain->head,
	    .committed_us = maker->now_us,
	    .state = setsum_digest(sum)};
	uint8_t bytes[BATCH_HEADER_LEN];

	memcpy(header.stream, chain->stream, sizeof(header.stream));
	buf_reset(&maker->sealed);
	if (sealer_seal(maker->sealer, &header, buf_span(&maker->raw),
		&maker->sealed) != ERR_OK)
		die("cannot seal");
	buf_reset(&maker->raw);
	batch_header_print(&header, bytes);
	printf("%s\t%llu\t%llu\t", header.stream,
	    (unsigned long long)header.first, (unsigned long long)header.last);
	print_hex(maker, bytes, sizeof(bytes));
	putchar('\t');
	print_hex(maker, maker->sealed.data, maker->sealed.len);
	printf("\t%s\n", maker->now);
	chain_advance(chain, &header);
}

/* In the order of the log; `positions` by number. */
static void
print_log(struct maker *maker, struct chain *chain, struct setsum *sum,
    uint32_t *positions, unsigned long records)
{
	struct digest elements[BATCH];
	unsigned long i, number;
	size_t count = 0;

	printf("COPY change_log (stream, first, last, header, sealed,"
	       " committed_at) FROM STDIN;\n");
	for (i = 0; i < records; i++) {
		number = (unsigned long)((uint64_t)i * STEP % records);
		positions[number] = (uint32_t)i + 1;
		make_record(maker, chain->stream, number);
		buf_reset(&maker->packed);
		pack_record(&maker->record, &maker->packed);
		pack_batch_record(buf_span(&maker->packed), &maker->raw);
		elements[count++] = record_element(&maker->record);
		if (count < BATCH && i + 1 < records)
			continue;
		setsum_add_all(sum, elements, count);
		seal_batch(maker, chain, count, sum);
		count = 0;
	}
	printf("\\.\n");
}

/* In the order of subjects, which the server takes most quickly. */
static void
print_records(struct maker *maker, const char *stream,
    const uint32_t *positions, unsigned long records)
{
	struct digest content;
	unsigned long number;
	size_t i;

	printf("COPY record (stream, item, subject, key, version, state,"
	       " digest, fields, provider, as_of, known_from, position)"
	       " FROM STDIN;\n");
	for (number = 0; number < records; number++) {
		make_record(maker, stream, number);
		content = record_content_digest(&maker->record);
		printf("%s\t1\t%s\t\t1\t1\t", stream, maker->subject);
		print_hex(maker, content.bytes, DIGEST_LEN);
		putchar('\t');
		for (i = 0; i < FIELDS; i++)
			printf("%c\"%s\":\"%s\"", i == 0 ? '{' : ',',
			    columns[i].name, maker->texts[i]);
		printf("}\t" PROVIDER "\t%s\t%s\t%u\n", maker->now, maker->now,
		    positions[number]);
	}
	printf("\\.\n");
}

static void
print_stream(struct maker *maker, const char *stream, unsigned long records)
{
	uint32_t *positions = mem_new(records * sizeof(*positions));
	struct chain chain = {.position = 0};
	struct setsum sum = {{0}};
	uint8_t bytes[SETSUM_LEN];

	snprintf(chain.stream, sizeof(chain.stream), "%s", stream);
	print_log(maker, &chain, &sum, positions, records);
	print_records(maker, stream, positions, records);
	printf("COPY stream_state (stream, position, head, setsum, records)"
	       " FROM STDIN;\n%s\t%lu\t",
	    stream, records);
	print_hex(maker, chain.head.bytes, DIGEST_LEN);
	putchar('\t');
	setsum_print(&sum, bytes);
	print_hex(maker, bytes, sizeof(bytes));
	printf("\t%lu\n\\.\n", records);
	mem_free(positions);
}

int
main(int argc, char **argv)
{
	struct maker maker = {.now_us = clock_now_us()};
	struct why why = {""};
	unsigned long records, i, count = (unsigned long)argc - 3;

	if (argc < 4)
		die("usage: ledger BATCH-KEY RECORDS STREAM ...");
	maker.signer = signer_open(argv[1], &why);
	if (maker.signer == NULL)
		die(why.text);
	maker.sealer = sealer_new(maker.signer);
	clock_print(maker.now_us, maker.now);
	records = strtoul(argv[2], NULL, 10);
	printf("BEGIN; SET LOCAL synchronous_commit = off;\n");
	for (i = 0; i < count; i++)
		print_stream(&maker, argv[3 + i],
		    records * (i + 1) / count - records * i / count);
	printf("COMMIT;\n");
	buf_release(&maker.packed);
	buf_release(&maker.raw);
	buf_release(&maker.sealed);
	buf_release(&maker.hex);
	sealer_free(maker.sealer);
	signer_free(maker.signer);
	return fflush(stdout) == 0 ? 0 : 1;
}
