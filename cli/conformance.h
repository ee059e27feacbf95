/*
 * conformance: what was tried on an installation, and what came of it.
 *
 * Each check tells exactly one row, passed, failed or skipped, with a reason.
 * A failure never ends the run: the next check may say why.
 */
#ifndef CLI_CONFORMANCE_H
#define CLI_CONFORMANCE_H

#include "base/json.h"
#include "cli/args.h"
#include "cli/fetch.h"

#define CONFORMANCE_ROWS_MAX 96

enum verdict {
	VERDICT_PASS,
	VERDICT_FAIL,
	VERDICT_SKIP
};

struct conformance_row {
	enum verdict verdict;
	char check[32];
	struct why reason;
};

struct conformance {
	const struct args *args;
	const char *url;
	int64_t wait_s;        /* for a receipt, for an agreement */
	struct json *document; /* its own OpenAPI document; NULL: none */
	bool is_node;          /* what the document says that it is */
	struct conformance_row rows[CONFORMANCE_ROWS_MAX];
	size_t count, failed;
};

/* One request and all that is to be seen of its answer. */
struct probe {
	enum err err;
	struct why why;
	struct fetch_answer answer;
	struct fetch_look look;
	struct json *body; /* NULL: not JSON */
};

void conformance_say(struct conformance *run, enum verdict verdict,
    const char *check, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* PASS, or FAIL with `why`. */
void conformance_tell(struct conformance *run, bool passed, const char *check,
    const struct why *why);

/* `body` NULL: none.  `probe` is {0}, or has wishes in its look. */
void probe_send(struct probe *probe, const struct conformance *run,
    const char *method, const char *path, const char *body);
/* The same at another base URL, with a GET. */
void probe_get_at(struct probe *probe, const struct conformance *run,
    const char *url, const char *path);
void probe_release(struct probe *probe);
/* Is the media type this one, whatever its parameters? */
bool probe_is_type(const struct probe *probe, const char *type);
/* Is it a problem document as in RFC 9457 of this status? */
bool probe_is_problem(struct probe *probe, long status);
/* The problem's name, behind the last colon; "" when it is none. */
const char *probe_problem(const struct probe *probe);

/* conformance_link.c: the connection, what is served, what is refused.
 * False: nobody answers there. */
bool conformance_link(struct conformance *run);
void conformance_manners(struct conformance *run);
/* conformance_pages.c: lists, repetitions, pages about problems. */
void conformance_pages(struct conformance *run);
/* conformance_paths.c: every operation that only reads. */
void conformance_paths(struct conformance *run);
/* What a {"$ref"} of the document `root` means; else the value itself. */
const struct json *conformance_follow(
    const struct json *root, const struct json *value);
/* False: a path or question of its own would have to be made up, or it never
 * ends. */
bool conformance_is_askable(const struct conformance *run, const char *path,
    const struct json *operation);
/* conformance_proof.c: questions, receipts, checkpoints, streams. */
void conformance_proofs(struct conformance *run);

#endif
