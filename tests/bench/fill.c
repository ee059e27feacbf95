/*
 * fill: gives many subjects what one subject has, in a stopped node's store;
 * for the benches.
 *
 *   fill FOLDER SUBJECT CONSENT CODES FIRST
 *
 * CODES has one code a line; line N (from 0) also gets the consent
 * "bench-N", a copy of CONSENT.  The first FIRST lines are there already.
 * The streams' digests do not count these records, so the node must not check
 * itself (check_seconds = 0).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/codec.h"
#include "node/control.h"

#define RECORDS_MAX 256
#define SUBJECTS_IN_A_WRITE 200

struct pattern {
	struct store *store;
	struct snapshot *snapshot;
	struct arena *arena;
	struct stored records[RECORDS_MAX];
	size_t count;
	struct buf claims; /* of the consent */
	const char *subject, *consent;
};

static void
die(const char *what)
{
	fprintf(stderr, "fill: %s\n", what);
	exit(1);
}

static void
on_record(void *context, const struct stored *stored)
{
	struct pattern *pattern = context;
	struct stored *kept = &pattern->records[pattern->count];

	if (pattern->count++ == RECORDS_MAX)
		die("too many records");
	if (snapshot_find_record(pattern->snapshot, stored->stream,
		&stored->record, pattern->arena, kept) != ERR_OK)
		die("a record is gone");
}

/* `text` with every `what` replaced. */
static void
put_replaced(
    struct buf *out, const char *text, const char *what, const char *with)
{
	const char *found;

	while ((found = strstr(text, what)) != NULL) {
		buf_add(out, text, (size_t)(found - text));
		buf_add(out, with, strlen(with));
		text = found + strlen(what);
	}
	buf_add(out, text, strlen(text));
}

/* A signature is not looked at again here: the hub has done that. */
static void
put_consent(struct kv_write *write, struct pattern *pattern, const char *code,
    unsigned long number)
{
	struct buf named = {0}, claims = {0}, jws = {0};
	struct record_field field = {.number = 1};
	struct record record = {.item = CONTROL_CONSENT,
	    .version = 1,
	    .state = RECORD_CURRENT,
	    .fields = &field,
	    .field_count = 1};
	struct why why = {""};
	char id[32];

	snprintf(id, sizeof(id), "bench-%lu", number);
	put_replaced(&named, buf_cstr(&pattern->claims), pattern->consent, id);
	put_replaced(&claims, buf_cstr(&named), pattern->subject, code);
	buf_print(&jws, "e30.");
	codec_base64url(buf_span(&claims), &jws);
	buf_print(&jws, ".e30");
	record.subject = span_of(code);
	record.key = span_of(id);
	field.value = buf_span(&jws);
	if (control_index(write, pattern->snapshot, &record, &why) != ERR_OK)
		die(why.text);
	buf_release(&named);
	buf_release(&claims);
	buf_release(&jws);
}

static void
put_subject(struct kv_write *write, struct pattern *pattern, const char *code,
    unsigned long number)
{
	size_t i;

	for (i = 0; i < pattern->count; i++) {
		struct record record = pattern->records[i].record;

		record.subject = span_of(code);
		store_put_record(write, pattern->records[i].stream, &record);
	}
	put_consent(write, pattern, code, number);
}

static void
fill(struct pattern *pattern, FILE *codes, unsigned long first)
{
	struct kv_write *write = kv_write_begin(store_kv(pattern->store));
	struct why why = {""};
	unsigned long number;
	char code[64];

	for (number = 0; fgets(code, sizeof(code), codes) != NULL; number++) {
		code[strcspn(code, "\n")] = '\0';
		if (number < first)
			continue;
		put_subject(write, pattern, code, number);
		if (number % SUBJECTS_IN_A_WRITE != 0)
			continue;
		if (kv_write_end(write, false, &why) != ERR_OK)
			die(why.text);
		write = kv_write_begin(store_kv(pattern->store));
	}
	if (kv_write_end(write, true, &why) != ERR_OK)
		die(why.text);
}

int
main(int argc, char **argv)
{
	struct pattern pattern = {0};
	struct record_reader reader = {
	    .subject = argv[2], .each = on_record, .context = &pattern};
	struct consent consent;
	struct why why = {""};
	FILE *codes;

	if (argc != 6)
		die("usage: fill FOLDER SUBJECT CONSENT CODES FIRST");
	pattern.subject = argv[2], pattern.consent = argv[3];
	pattern.store = store_open(argv[1], &why);
	if (pattern.store == NULL)
		die(why.text);
	pattern.snapshot = store_snapshot(pattern.store);
	pattern.arena = arena_new();
	if (snapshot_each_record(pattern.snapshot, &reader, &why) != ERR_OK ||
	    control_find_consent(pattern.snapshot, pattern.consent, &consent,
		&pattern.claims) != ERR_OK)
		die("no such subject or consent");
	codes = fopen(argv[4], "r");
	if (codes == NULL)
		die("cannot open CODES");
	fill(&pattern, codes, strtoul(argv[5], NULL, 10));
	fclose(codes);
	printf("%zu\n", pattern.count);
	buf_release(&pattern.claims);
	arena_free(pattern.arena);
	snapshot_release(pattern.snapshot);
	store_close(pattern.store);
	return 0;
}
