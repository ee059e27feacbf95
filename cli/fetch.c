/*
 * fetch: HTTPS by libcurl.
 */
#include "cli/fetch.h"

#include <curl/curl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/json.h"
#include "cli/show.h"

#define ANSWER_MAX ((size_t)256 << 20)
#define CONNECT_SECONDS 10L
#define HEAD_MAX ((size_t)64 << 10)

static size_t
take_body(char *bytes, size_t size, size_t count, void *context)
{
	struct buf *body = context;
	size_t len = size * count;

	if (body->len + len > ANSWER_MAX)
		return 0;
	buf_add(body, bytes, len);
	return len;
}

struct flow {
	CURL *curl;
	const struct fetch *fetch;
	struct buf *body; /* of a refusal */
};

static size_t
take_flow(char *bytes, size_t size, size_t count, void *context)
{
	struct flow *flow = context;
	size_t len = size * count;
	long status = 0;

	curl_easy_getinfo(flow->curl, CURLINFO_RESPONSE_CODE, &status);
	if (status < 200 || status >= 300)
		return take_body(bytes, size, count, flow->body);
	return flow->fetch->take(flow->fetch->context, span_make(bytes, len))
		   ? len
		   : 0;
}

/* Of the last answer only: an earlier one is 100 Continue. */
static size_t
take_head(char *bytes, size_t size, size_t count, void *context)
{
	struct buf *head = context;
	size_t len = size * count;

	if (len > 5 && memcmp(bytes, "HTTP/", 5) == 0)
		buf_reset(head);
	if (head->len + len > HEAD_MAX)
		return 0;
	buf_add(head, bytes, len);
	return len;
}

static size_t
give_body(char *into, size_t size, size_t count, void *context)
{
	const struct fetch *fetch = context;
	ssize_t got = fetch->give(fetch->context, into, size * count);

	return got < 0 ? CURL_READFUNC_ABORT : (size_t)got;
}

/* --as STEM wins over --cert and --key, as it is the more explicit. */
static void
set_identity(CURL *curl, const struct args *args)
{
	const char *stem = args_get(args, "as");
	const char *cert = args_get(args, "cert");
	const char *key =
	    args_get(args, args_knows(args, "cert-key") ? "cert-key" : "key");
	char path[PATH_MAX];

	if (stem != NULL) {
		snprintf(path, sizeof(path), "%s.crt", stem);
		curl_easy_setopt(curl, CURLOPT_SSLCERT, path);
		snprintf(path, sizeof(path), "%s.key", stem);
		curl_easy_setopt(curl, CURLOPT_SSLKEY, path);
		return;
	}
	if (cert != NULL)
		curl_easy_setopt(curl, CURLOPT_SSLCERT, cert);
	if (key != NULL)
		curl_easy_setopt(curl, CURLOPT_SSLKEY, key);
}

static CURL *
curl_for(const struct args *args, const char *url, struct buf *body)
{
	CURL *curl = curl_easy_init();
	const char *ca = args_get(args, "ca");

	if (curl == NULL)
		return NULL;
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "https");
	curl_easy_setopt(curl, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_3);
	curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_2TLS);
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, CONNECT_SECONDS);
	curl_easy_setopt(curl, CURLOPT_TCP_KEEPALIVE, 1L);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_PROXY, "");
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, body);
	if (ca != NULL) {
		curl_easy_setopt(curl, CURLOPT_CAINFO, ca);
		/* And not the public CAs of this machine. */
		curl_easy_setopt(curl, CURLOPT_CAPATH, NULL);
	}
	set_identity(curl, args);
	return curl;
}

static struct curl_slist *
add_header(struct curl_slist *list, const char *name, const char *value)
{
	struct buf line = {0};

	buf_print(&line, "%s: %s", name, value);
	list = curl_slist_append(list, buf_cstr(&line));
	buf_release(&line);
	return list;
}

static struct curl_slist *
headers_of(const struct fetch *fetch)
{
	struct curl_slist *list = NULL;

	list = curl_slist_append(list, "Expect:");
	/* libcurl leaves it out where HTTP/2 has its own framing. */
	if (fetch->give != NULL && fetch->size < 0)
		list = add_header(list, "Transfer-Encoding", "chunked");
	list = add_header(list, "Accept",
	    fetch->accept != NULL ? fetch->accept : "application/json");
	if (fetch->coding != NULL)
		list = add_header(list, "Content-Encoding", fetch->coding);
	if (fetch->manifest != NULL)
		list = add_header(list, "Batch-Manifest", fetch->manifest);
	if (fetch->range != NULL)
		list = add_header(list, "Content-Range", fetch->range);
	if (fetch->look != NULL && fetch->look->ask != NULL)
		list = curl_slist_append(list, fetch->look->ask);
	if (fetch->content_type != NULL)
		list = add_header(list, "Content-Type", fetch->content_type);
	if (fetch->batch != NULL)
		list = add_header(list, "Idempotency-Key", fetch->batch);
	if (fetch->sequence != NULL)
		list = add_header(list, "Batch-Sequence", fetch->sequence);
	return list;
}

static void
set_given_body(CURL *curl, const struct fetch *fetch)
{
	curl_easy_setopt(curl, CURLOPT_POST, 1L);
	curl_easy_setopt(curl, CURLOPT_READFUNCTION, give_body);
	curl_easy_setopt(curl, CURLOPT_READDATA, fetch);
	curl_easy_setopt(curl, CURLOPT_UPLOAD_BUFFERSIZE, 512L * 1024);
	if (fetch->size >= 0)
		curl_easy_setopt(
		    curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)fetch->size);
}

static void
set_request(CURL *curl, const struct fetch *fetch)
{
	if (fetch->give != NULL) {
		set_given_body(curl, fetch);
	} else if (fetch->body.len > 0 || strcmp(fetch->method, "POST") == 0) {
		curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE,
		    (curl_off_t)fetch->body.len);
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS,
		    fetch->body.len > 0 ? fetch->body.ptr : "");
	}
	curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, fetch->method);
}

/* What another attempt cannot mend. */
static enum err
error_of(CURLcode code)
{
	switch (code) {
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_URL_MALFORMAT:
		return ERR_INVALID;
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_ISSUER_ERROR:
	case CURLE_PEER_FAILED_VERIFICATION:
		return ERR_CRYPTO;
	case CURLE_ABORTED_BY_CALLBACK:
	case CURLE_READ_ERROR:
		return ERR_IO;
	case CURLE_WRITE_ERROR:
		return ERR_LIMIT;
	default:
		return ERR_NETWORK;
	}
}

static void
set_look(CURL *curl, struct fetch_look *look)
{
	buf_reset(&look->head);
	look->is_late = false;
	curl_easy_setopt(curl, CURLOPT_TIMEOUT, FETCH_LOOK_SECONDS);
	curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_head);
	curl_easy_setopt(curl, CURLOPT_HEADERDATA, &look->head);
	if (look->is_old)
		curl_easy_setopt(curl, CURLOPT_SSLVERSION,
		    (long)CURL_SSLVERSION_TLSv1 | CURL_SSLVERSION_MAX_TLSv1_2);
	if (look->is_nobody) {
		curl_easy_setopt(curl, CURLOPT_SSLCERT, NULL);
		curl_easy_setopt(curl, CURLOPT_SSLKEY, NULL);
	}
}

static void
take_look(CURL *curl, CURLcode code, struct fetch_look *look)
{
	long version = CURL_HTTP_VERSION_NONE;

	curl_easy_getinfo(curl, CURLINFO_HTTP_VERSION, &version);
	look->is_http2 = version == CURL_HTTP_VERSION_2_0;
	look->is_late = code == CURLE_OPERATION_TIMEDOUT;
}

static enum err
perform(CURL *curl, const struct fetch *fetch, struct fetch_answer *answer,
    struct why *why)
{
	char words[CURL_ERROR_SIZE] = "";
	struct curl_slist *headers = headers_of(fetch);
	struct flow flow = {curl, fetch, &answer->body};
	CURLcode code;

	if (fetch->take != NULL) {
		curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_flow);
		curl_easy_setopt(curl, CURLOPT_WRITEDATA, &flow);
		curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
		curl_easy_setopt(
		    curl, CURLOPT_LOW_SPEED_TIME, FETCH_SILENCE_SECONDS);
	}
	if (fetch->look != NULL)
		set_look(curl, fetch->look);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, words);
	code = curl_easy_perform(curl);
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &answer->status);
	curl_slist_free_all(headers);
	if (fetch->look != NULL)
		take_look(curl, code, fetch->look);
	if (code == CURLE_OK)
		return ERR_OK;
	return why_set(why, error_of(code), "%s",
	    words[0] != '\0' ? words : curl_easy_strerror(code));
}

enum err
fetch_at(const struct args *args, const char *url, const struct fetch *fetch,
    struct fetch_answer *answer, struct why *why)
{
	CURL *curl = curl_for(args, url, &answer->body);
	enum err err;

	if (curl == NULL)
		return why_set(why, ERR_INVALID, "libcurl cannot start");
	set_request(curl, fetch);
	err = perform(curl, fetch, answer, why);
	curl_easy_cleanup(curl);
	return err;
}

/* Tells a problem document in one line, with its type as scripts see it. */
static void
tell_problem(const struct args *args, const struct fetch_answer *answer)
{
	struct json *root = json_parse(buf_span(&answer->body), NULL);
	const char *type = json_cstr(json_find(root, "type"), "");
	const char *title = json_cstr(json_find(root, "title"), "");
	const char *detail = json_cstr(json_find(root, "detail"), "");
	const char *colon = strrchr(type, ':');

	fprintf(stderr, "rongxin: %s: %ld %s%s%s%s%s\n", args->command->name,
	    answer->status, colon != NULL ? colon + 1 : type,
	    title[0] != '\0' ? ": " : "", title, detail[0] != '\0' ? ": " : "",
	    detail);
	json_free(root);
}

enum err
fetch_try(const struct args *args, const char *url, const struct fetch *fetch,
    struct fetch_answer *answer, struct why *why)
{
	const char *base = args_get(args, url);
	struct buf full = {0};
	size_t len = strlen(base);
	struct why inner = {""};
	enum err err;

	*answer = (struct fetch_answer){0};
	while (len > 0 && base[len - 1] == '/')
		len--;
	buf_print(&full, "%.*s%s", (int)len, base, fetch->path);
	err = fetch_at(args, buf_cstr(&full), fetch, answer, &inner);
	buf_release(&full);
	if (err != ERR_OK)
		(void)why_set(why, err, "%s: %s", base, inner.text);
	return err;
}

void
fetch_warn(const struct args *args, enum err err,
    const struct fetch_answer *answer, const struct why *why)
{
	if (err != ERR_OK)
		(void)args_failed(args, "%s", why->text);
	else
		tell_problem(args, answer);
}

int
fetch_tell(const struct args *args, enum err err,
    const struct fetch_answer *answer, const struct why *why)
{
	if (err != ERR_OK)
		return args_failed(args, "%s", why->text);
	if (answer->status >= 200 && answer->status < 300)
		return DONE;
	if (args_has(args, "json"))
		show_raw(buf_span(&answer->body));
	tell_problem(args, answer);
	return answer->status >= 500 ? UNREACHED : REFUSED;
}

bool
fetch_has_problem(const struct fetch_answer *answer, const char *type)
{
	struct json *root = json_parse(buf_span(&answer->body), NULL);
	const char *urn = json_cstr(json_find(root, "type"), "");
	const char *colon = strrchr(urn, ':');
	bool same = colon != NULL && strcmp(colon + 1, type) == 0;

	json_free(root);
	return same;
}

int
fetch_send(const struct args *args, const char *url, const struct fetch *fetch,
    struct fetch_answer *answer)
{
	struct why why = {""};
	enum err err;

	*answer = (struct fetch_answer){0};
	if (args_need(args, url) == NULL)
		return MISUSED;
	err = fetch_try(args, url, fetch, answer, &why);
	return fetch_tell(args, err, answer, &why);
}

void
fetch_answer_release(struct fetch_answer *answer)
{
	buf_release(&answer->body);
}

enum err
fetch_get(
    const struct args *args, const char *url, struct buf *body, struct why *why)
{
	struct fetch fetch = {.method = "GET"};
	struct fetch_answer answer = {0};
	enum err err = fetch_at(args, url, &fetch, &answer, why);

	if (err == ERR_OK && answer.status == 404)
		err = why_set(why, ERR_MISSING, "not there");
	else if (err == ERR_OK && answer.status != 200)
		err = why_set(why, ERR_NETWORK, "status %ld", answer.status);
	if (err == ERR_OK)
		buf_add(body, answer.body.data, answer.body.len);
	fetch_answer_release(&answer);
	return err;
}

bool
fetch_look_find(
    const struct fetch_look *look, const char *name, struct buf *out)
{
	const char *at = look->head.data, *end, *last;
	size_t len = strlen(name);

	buf_reset(out);
	if (look->head.len == 0)
		return false;
	for (last = at + look->head.len; at < last; at = end + 1) {
		end = memchr(at, '\n', (size_t)(last - at));
		if (end == NULL)
			return false;
		if ((size_t)(end - at) <= len || at[len] != ':' ||
		    strncasecmp(at, name, len) != 0)
			continue;
		for (at += len + 1; at < end && *at == ' ';)
			at++;
		buf_add(out, at,
		    (size_t)(end - at) - (at < end && end[-1] == '\r'));
		return true;
	}
	return false;
}

int64_t
fetch_look_date_us(const struct fetch_look *look)
{
	struct buf text = {0};
	int64_t seconds = -1;

	if (fetch_look_find(look, "date", &text))
		seconds = (int64_t)curl_getdate(buf_cstr(&text), NULL);
	buf_release(&text);
	return seconds < 0 ? -1 : seconds * CLOCK_SECOND;
}

void
fetch_escape(const char *text, struct buf *out)
{
	for (; *text != '\0'; text++)
		if ((*text >= '0' && *text <= '9') ||
		    (*text >= 'A' && *text <= 'Z') ||
		    (*text >= 'a' && *text <= 'z') ||
		    strchr("-._~", *text) != NULL)
			buf_char(out, *text);
		else
			buf_print(out, "%%%02X", (unsigned char)*text);
}
