/*
 * errand: one message to somebody outside the network, by HTTP or e-mail.
 */
#include "wire/errand.h"

#include <curl/curl.h>
#include <string.h>

#include "base/buf.h"

#define CONNECT_MS 5000L
#define ANSWER_MAX 65536

/* A host of this machine, whatever port and path follow. */
static bool
is_here(const char *host)
{
	static const char *const names[] = {"127.0.0.1", "localhost", "[::1]"};
	size_t i, len;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
		len = strlen(names[i]);
		if (strncmp(host, names[i], len) == 0 &&
		    strchr(":/", host[len]) != NULL)
			return true;
	}
	return false;
}

static const char *
after(const char *url, const char *scheme)
{
	size_t len = strlen(scheme);

	return strncmp(url, scheme, len) == 0 ? url + len : NULL;
}

bool
errand_url_is_valid(const char *url, bool mail)
{
	const char *plain = after(url, "http://");

	if (strchr(url, '@') != NULL)
		return false;
	if (mail)
		return after(url, "smtps://") != NULL ||
		       after(url, "smtp://") != NULL;
	return after(url, "https://") != NULL ||
	       (plain != NULL && is_here(plain));
}

/* What the peer answers is counted, not kept. */
static size_t
drop_answer(char *bytes, size_t size, size_t count, void *context)
{
	size_t *len = context;

	(void)bytes;
	*len += size * count;
	return *len > ANSWER_MAX ? 0 : size * count;
}

static int
may_go_on(void *context, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
	const atomic_bool *stopping = context;

	(void)a, (void)b, (void)c, (void)d;
	return atomic_load(stopping) ? 1 : 0;
}

static void
set_common(CURL *curl, const struct errand *errand)
{
	curl_easy_setopt(curl, CURLOPT_URL, errand->url);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "https,http,smtps,smtp");
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_PROXY, "");
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)errand->timeout_ms);
	curl_easy_setopt(curl, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2);
	if (errand->ca != NULL && errand->ca[0] != '\0') {
		/* This one and not the machine's own besides. */
		curl_easy_setopt(curl, CURLOPT_CAINFO, errand->ca);
		curl_easy_setopt(curl, CURLOPT_CAPATH, NULL);
	}
	if (errand->stopping == NULL)
		return;
	curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, may_go_on);
	curl_easy_setopt(curl, CURLOPT_XFERINFODATA, errand->stopping);
}

static enum err
verdict(CURL *curl, CURLcode code, struct why *why)
{
	long status = 0;

	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	if (code == CURLE_ABORTED_BY_CALLBACK)
		return ERR_CLOSED;
	if (code == CURLE_OK && status >= 200 && status < 300)
		return ERR_OK;
	if (status >= 300)
		return why_set(why, ERR_DENIED, "answered %ld", status);
	return why_set(why, ERR_NETWORK, "%s", curl_easy_strerror(code));
}

static enum err
send_http(CURL *curl, const struct errand *errand, struct why *why)
{
	struct curl_slist *headers = NULL;
	size_t answered = 0, i;
	CURLcode code;

	for (i = 0; errand->headers[i] != NULL; i++)
		headers = curl_slist_append(headers, errand->headers[i]);
	headers = curl_slist_append(headers, "Expect:");
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(
	    curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)errand->body.len);
	curl_easy_setopt(curl, CURLOPT_POSTFIELDS, errand->body.ptr);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, drop_answer);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, &answered);
	code = curl_easy_perform(curl);
	curl_slist_free_all(headers);
	return verdict(curl, code, why);
}

static size_t
give_mail(char *into, size_t size, size_t count, void *context)
{
	struct span *rest = context;
	size_t len = size * count;

	if (len > rest->len)
		len = rest->len;
	memcpy(into, rest->ptr, len);
	rest->ptr += len;
	rest->len -= len;
	return len;
}

static struct curl_slist *
addresses(const char *list)
{
	struct curl_slist *out = NULL;
	struct buf one = {0};
	size_t len;

	for (; *list != '\0'; list += len + (list[len] == ',')) {
		len = strcspn(list, ",");
		buf_reset(&one);
		buf_print(&one, "<%.*s>", (int)len, list);
		if (len > 0)
			out = curl_slist_append(out, buf_cstr(&one));
	}
	buf_release(&one);
	return out;
}

static enum err
send_mail(CURL *curl, const struct errand *errand, struct why *why)
{
	struct curl_slist *to = addresses(errand->to);
	const char *plain = after(errand->url, "smtp://");
	struct span rest = errand->body;
	struct buf from = {0};
	CURLcode code;

	buf_print(&from, "<%s>", errand->from);
	curl_easy_setopt(curl, CURLOPT_MAIL_FROM, buf_cstr(&from));
	curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, to);
	curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
	curl_easy_setopt(curl, CURLOPT_READFUNCTION, give_mail);
	curl_easy_setopt(curl, CURLOPT_READDATA, &rest);
	if (plain == NULL || !is_here(plain))
		curl_easy_setopt(curl, CURLOPT_USE_SSL, (long)CURLUSESSL_ALL);
	if (errand->login != NULL && errand->login[0] != '\0')
		curl_easy_setopt(curl, CURLOPT_USERPWD, errand->login);
	code = curl_easy_perform(curl);
	curl_slist_free_all(to);
	buf_release(&from);
	return verdict(curl, code, why);
}

enum err
errand_send(const struct errand *errand, struct why *why)
{
	CURL *curl = curl_easy_init();
	enum err err;

	if (curl == NULL)
		return why_set(why, ERR_NETWORK, "libcurl cannot start");
	set_common(curl, errand);
	err = after(errand->url, "smtp") != NULL ? send_mail(curl, errand, why)
						 : send_http(curl, errand, why);
	curl_easy_cleanup(curl);
	return err;
}
