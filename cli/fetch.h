/*
 * fetch: one HTTPS request with a client certificate.
 *
 * The command line's only home of libcurl.  TLS 1.3, the network's CA, the
 * server's name checked.  An answer is an answer, whatever its status; an error
 * means that there was none.
 */
#ifndef CLI_FETCH_H
#define CLI_FETCH_H

#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"
#include "cli/args.h"

/* The options of every command that talks to a peer: `url` is the option's
 * name ("hub", "node"), `who` the prefix of the certificate's variables; and
 * those of one that names its peers otherwise. */
#define FETCH_IDENTITY(who)                                                    \
	{"ca", "FILE", "RX_CA", "the network's CA certificate (PEM)"},         \
	    {"cert", "FILE", "RX_CERT," who "_CERT", "our certificate (PEM)"}, \
	    {"key", "FILE", "RX_KEY," who "_KEY", "our private key (PEM)"},    \
	{                                                                      \
		"as", "STEM", NULL, "short for --cert STEM.crt --key STEM.key" \
	}
#define FETCH_OPTIONS(url, url_env, who)                                       \
	{url, "URL", url_env, "where it answers, https://host:port"},          \
	    FETCH_IDENTITY(who),                                               \
	{                                                                      \
		"json", NULL, NULL, "print the answer as it came"              \
	}

/* How the connection itself behaves, for who wants to know. */
struct fetch_look {
	const char *ask; /* a header line more; NULL: none */
	bool is_nobody;  /* do not show our certificate */
	bool is_old;     /* offer TLS 1.2 at most */
	struct buf head; /* what came: "name: value" lines */
	bool is_http2;   /* it was spoken */
	bool is_late; /* neither answered nor refused in FETCH_LOOK_SECONDS */
};
#define FETCH_LOOK_SECONDS 20L
#define FETCH_SILENCE_SECONDS 60L

struct fetch {
	const char *method;
	const char *path;         /* with query */
	const char *content_type; /* NULL: no body */
	const char *batch;        /* Idempotency-Key; NULL: none */
	const char *sequence;     /* Batch-Sequence; NULL: none */
	const char *accept;       /* NULL: application/json */
	const char *coding;       /* Content-Encoding; NULL: none */
	const char *range;        /* Content-Range; NULL: none */
	const char *manifest;     /* Batch-Manifest; NULL: none */
	struct fetch_look *look;  /* NULL: not wanted */
	struct span body;
	/* Instead of `body`, one that is read while it is sent: at most `max`
	 * bytes; 0: the end; -1: it cannot be read. */
	ssize_t (*give)(void *context, char *into, size_t max);
	/* Instead of an answer's body, when the status is 2xx: what came, as it
	 * comes; an answer that says nothing for FETCH_SILENCE_SECONDS is cut
	 * off.  False: enough. */
	bool (*take)(void *context, struct span bytes);
	void *context;
	int64_t size; /* bytes that `give` will give; -1: not known */
};

struct fetch_answer {
	long status;
	struct buf body;
};

/* Send `fetch` to the command's peer (option `url` and the others of
 * FETCH_OPTIONS).  DONE for a 2xx answer, REFUSED for another 4xx,
 * UNREACHED for 5xx or none; what is not DONE has been told on standard
 * error.  `answer` is released by the caller in any case. */
int fetch_send(const struct args *args, const char *url,
    const struct fetch *fetch, struct fetch_answer *answer);
/* The two halves of it.  An answer is ERR_OK, whatever its status;
 * ERR_NETWORK: there was none this time; other errors do not pass. */
MUST_CHECK enum err fetch_try(const struct args *args, const char *url,
    const struct fetch *fetch, struct fetch_answer *answer, struct why *why);
/* One line of it on standard error, before another attempt. */
void fetch_warn(const struct args *args, enum err err,
    const struct fetch_answer *answer, const struct why *why);
int fetch_tell(const struct args *args, enum err err,
    const struct fetch_answer *answer, const struct why *why);
/* Is it the problem of this type ("busy")? */
bool fetch_has_problem(const struct fetch_answer *answer, const char *type);
void fetch_answer_release(struct fetch_answer *answer);
/* The same as fetch_try, at any URL; `fetch->path` is not looked at. */
MUST_CHECK enum err fetch_at(const struct args *args, const char *url,
    const struct fetch *fetch, struct fetch_answer *answer, struct why *why);
/* GET any URL, for trails; status 404 gives ERR_MISSING. */
MUST_CHECK enum err fetch_get(const struct args *args, const char *url,
    struct buf *body, struct why *why);
/* Value of the header field in `out`; false when the answer had none. */
bool fetch_look_find(
    const struct fetch_look *look, const char *name, struct buf *out);
/* The time that the Date field tells; -1: none. */
int64_t fetch_look_date_us(const struct fetch_look *look);
/* Append `text` percent-encoded for a path or query. */
void fetch_escape(const char *text, struct buf *out);

#endif
