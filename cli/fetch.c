/*
 * fetch: HTTPS by libcurl.
 */
#include "cli/fetch.h"

#include <curl/curl.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/json.h"
#include "cli/show.h"

#define ANSWER_MAX ((size_t)256 << 20)
#define CONNECT_SECONDS 10L

struct transfer {
	struct buf *body;
	struct progress progress;
	FILE *file;
	bool sized; /* the file's length is known */
};

static size_t
take_body(char *bytes, size_t size, size_t count, void *context)
{
	struct transfer *transfer = context;
	size_t len = size * count;

	if (transfer->body->len + len > ANSWER_MAX)
		return 0;
	buf_add(transfer->body, bytes, len);
	return len;
}

static size_t
give_file(char *into, size_t size, size_t count, void *context)
{
	struct transfer *transfer = context;
	size_t got = fread(into, 1, size * count, transfer->file);

	if (got == 0 && ferror(transfer->file))
		return CURL_READFUNC_ABORT;
	progress_add(&transfer->progress, got);
	return got;
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
curl_for(const struct args *args, const char *url, struct transfer *transfer)
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
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, transfer);
	if (ca != NULL)
		curl_easy_setopt(curl, CURLOPT_CAINFO, ca);
	set_identity(curl, args);
	return curl;
}

static struct curl_slist *
add_header(struct curl_slist *list, const char *name, const char *value)
{
	char line[512];

	snprintf(line, sizeof(line), "%s: %s", name, value);
	return curl_slist_append(list, line);
}

static struct curl_slist *
headers_of(const struct fetch *fetch, const struct transfer *transfer)
{
	struct curl_slist *list = NULL;

	list = curl_slist_append(list, "Expect:");
	/* libcurl leaves it out where HTTP/2 has its own framing. */
	if (transfer->file != NULL && !transfer->sized)
		list = add_header(list, "Transfer-Encoding", "chunked");
	list = add_header(list, "Accept",
	    fetch->accept != NULL ? fetch->accept : "application/json");
	if (fetch->coding != NULL)
		list = add_header(list, "Content-Encoding", fetch->coding);
	if (fetch->range != NULL)
		list = add_header(list, "Content-Range", fetch->range);
	if (fetch->content_type != NULL)
		list = add_header(list, "Content-Type", fetch->content_type);
	if (fetch->batch != NULL)
		list = add_header(list, "Idempotency-Key", fetch->batch);
	if (fetch->sequence != NULL)
		list = add_header(list, "Batch-Sequence", fetch->sequence);
	return list;
}

static bool
set_file(CURL *curl, struct transfer *transfer, const char *path)
{
	struct stat status;
	bool standard = strcmp(path, "-") == 0;

	transfer->file = standard ? stdin : fopen(path, "rb");
	if (transfer->file == NULL)
		return false;
	curl_easy_setopt(curl, CURLOPT_POST, 1L);
	curl_easy_setopt(curl, CURLOPT_READFUNCTION, give_file);
	curl_easy_setopt(curl, CURLOPT_READDATA, transfer);
	curl_easy_setopt(curl, CURLOPT_UPLOAD_BUFFERSIZE, 512L * 1024);
	if (fstat(fileno(transfer->file), &status) == 0 &&
	    S_ISREG(status.st_mode)) {
		transfer->sized = true;
		curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE,
		    (curl_off_t)status.st_size);
		progress_begin(&transfer->progress, "sent",
		    (uint64_t)status.st_size, PROGRESS_BYTES);
	}
	return true;
}

static bool
set_request(CURL *curl, struct transfer *transfer, const struct fetch *fetch)
{
	if (fetch->file != NULL)
		return set_file(curl, transfer, fetch->file);
	if (fetch->body.len > 0 || strcmp(fetch->method, "POST") == 0) {
		curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE,
		    (curl_off_t)fetch->body.len);
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS,
		    fetch->body.len > 0 ? fetch->body.ptr : "");
	}
	curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, fetch->method);
	return true;
}

static enum err
perform(CURL *curl, const struct fetch *fetch, const struct transfer *transfer,
    struct fetch_answer *answer, struct why *why)
{
	char words[CURL_ERROR_SIZE] = "";
	struct curl_slist *headers = headers_of(fetch, transfer);
	CURLcode code;

	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, words);
	code = curl_easy_perform(curl);
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &answer->status);
	curl_slist_free_all(headers);
	if (code == CURLE_OK)
		return ERR_OK;
	return why_set(why, ERR_NETWORK, "%s",
	    words[0] != '\0' ? words : curl_easy_strerror(code));
}

static enum err
exchange(const struct args *args, const char *url, const struct fetch *fetch,
    struct fetch_answer *answer, struct why *why)
{
	struct transfer transfer = {.body = &answer->body};
	CURL *curl = curl_for(args, url, &transfer);
	enum err err;

	if (curl == NULL)
		return why_set(why, ERR_NETWORK, "libcurl cannot start");
	if (set_request(curl, &transfer, fetch))
		err = perform(curl, fetch, &transfer, answer, why);
	else
		err = why_set(why, ERR_IO, "cannot open %s: %s", fetch->file,
		    strerror(errno));
	progress_end(&transfer.progress);
	if (transfer.file != NULL && transfer.file != stdin)
		fclose(transfer.file);
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

int
fetch_send(const struct args *args, const char *url, const struct fetch *fetch,
    struct fetch_answer *answer)
{
	const char *base = args_need(args, url);
	struct buf full = {0};
	struct why why = {""};
	enum err err;
	size_t len;

	*answer = (struct fetch_answer){0};
	if (base == NULL)
		return MISUSED;
	len = strlen(base);
	while (len > 0 && base[len - 1] == '/')
		len--;
	buf_print(&full, "%.*s%s", (int)len, base, fetch->path);
	err = exchange(args, buf_cstr(&full), fetch, answer, &why);
	buf_release(&full);
	if (err != ERR_OK)
		return args_failed(args, "%s: %s", base, why.text);
	if (answer->status >= 200 && answer->status < 300)
		return DONE;
	if (args_has(args, "json"))
		show_raw(buf_span(&answer->body));
	tell_problem(args, answer);
	return answer->status >= 500 ? UNREACHED : REFUSED;
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
	enum err err = exchange(args, url, &fetch, &answer, why);

	if (err == ERR_OK && answer.status == 404)
		err = why_set(why, ERR_MISSING, "not there");
	else if (err == ERR_OK && answer.status != 200)
		err = why_set(why, ERR_NETWORK, "status %ld", answer.status);
	if (err == ERR_OK)
		buf_add(body, answer.body.data, answer.body.len);
	fetch_answer_release(&answer);
	return err;
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
