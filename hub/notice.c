/*
 * notice: tells people of alerts, by webhook and e-mail.
 */
#include "hub/notice.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>

#include "base/clock.h"
#include "base/codec.h"
#include "base/digest.h"
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metric.h"
#include "base/work.h"
#include "hub/hub.h"
#include "wire/errand.h"

#define LOOK_MS 500
#define ROUND_MAX 20
#define SECRET_MAX 1024
#define PAUSE_MAX_SECONDS 3600
#define SEND_MS 10000
#define LINE_MAX_LEN 76

struct notice {
	const struct hub_settings *settings;
	struct pg *pg;
	struct worker *worker;
	struct buf secret; /* of the webhook's signature */
	struct buf login;  /* "user:password" */
	atomic_bool stopping;
	bool failing; /* said so already */
};

struct message {
	int64_t id;
	bool is_mail;
	int64_t attempts;
	struct buf body;
};

/* A secret that others may read is none. */
static enum err
read_secret(const char *path, struct buf *out, struct why *why)
{
	struct stat status;
	enum err err;

	if (stat(path, &status) == 0 && (status.st_mode & 077) != 0)
		return why_set(why, ERR_DENIED, "%s: others may read it", path);
	err = file_read(path, SECRET_MAX, out, why);
	while (out->len > 0 && out->data[out->len - 1] == '\n')
		out->len--;
	if (err == ERR_OK && out->len == 0)
		err = why_set(why, ERR_INVALID, "%s is empty", path);
	return err;
}

/* Rongxin-Signature: t=SECONDS,v1=HMAC-SHA-256 in hex over "SECONDS.BODY". */
static void
print_signature(const struct notice *notice, struct span body, char out[160])
{
	long long now = (long long)(clock_now_us() / CLOCK_SECOND);
	char hex[DIGEST_HEX_LEN + 1];
	struct digest digest;
	struct buf text = {0};

	buf_print(&text, "%lld.", now);
	buf_add(&text, body.ptr, body.len);
	digest = digest_hmac(buf_span(&notice->secret), buf_span(&text));
	snprintf(out, 160, "Rongxin-Signature: t=%lld,v1=%s", now,
	    digest_print(&digest, hex));
	buf_release(&text);
}

static enum err
send_webhook(
    struct notice *notice, const struct message *message, struct why *why)
{
	char signature[160], key[64];
	const struct errand errand = {.url = notice->settings->alert_webhook,
	    .ca = notice->settings->alert_ca,
	    .body = buf_span(&message->body),
	    .headers = {"Content-Type: application/json", signature, key},
	    .timeout_ms = SEND_MS,
	    .stopping = &notice->stopping};

	print_signature(notice, errand.body, signature);
	snprintf(key, sizeof(key), "Idempotency-Key: %" PRId64, message->id);
	return errand_send(&errand, why);
}

/* RFC 5322 §3.3. */
static void
print_date(struct buf *out)
{
	time_t now = (time_t)(clock_now_us() / CLOCK_SECOND);
	struct tm parts;
	char text[64];

	gmtime_r(&now, &parts);
	strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S +0000", &parts);
	buf_print(out, "Date: %s\r\n", text);
}

static void
print_base64_lines(struct span text, struct buf *out)
{
	struct buf coded = {0};
	size_t at, len;

	codec_base64(text, &coded);
	for (at = 0; at < coded.len; at += len) {
		len = coded.len - at < LINE_MAX_LEN ? coded.len - at
						    : LINE_MAX_LEN;
		buf_add(out, coded.data + at, len);
		buf_text(out, "\r\n");
	}
	buf_release(&coded);
}

static const char *
member_of(const struct json *object, const char *name)
{
	return json_cstr(json_find(object, name), "");
}

/* What a person reads: both languages, then the facts as they are. */
static void
print_words(const struct json *root, struct buf *out)
{
	const struct json *alert = json_find(root, "alert");
	struct buf value = {0}, detail = {0};

	json_scalar(json_find(alert, "value"), &value);
	json_print(json_find(alert, "detail"), &detail);
	buf_print(out,
	    "%s / %s\r\n%s\r\n\r\n%s: %s %s\r\nstate: %s\r\nsince: %s\r\n",
	    member_of(alert, "zh"), member_of(alert, "en"),
	    member_of(alert, "name"), member_of(alert, "rule"),
	    buf_cstr(&value), member_of(alert, "unit"),
	    member_of(alert, "state"), member_of(alert, "since"));
	buf_print(out, "subject: %s\r\ndetail: %s\r\n",
	    member_of(alert, "subject"), buf_cstr(&detail));
	buf_print(out, "\r\nrongxin alert show %lld\r\n",
	    (long long)json_int(json_find(alert, "id"), 0));
	buf_release(&value);
	buf_release(&detail);
}

/* An encoded-word (RFC 2047) holds at most 75 characters: several. */
static void
print_subject(const struct json *root, struct buf *out)
{
	const struct json *alert = json_find(root, "alert");
	struct buf text = {0};
	size_t at = 0, len;

	buf_print(&text, "[rongxin] %s %s: %s, %s", member_of(root, "event"),
	    member_of(alert, "severity"), member_of(alert, "zh"),
	    member_of(alert, "name"));
	buf_text(out, "Subject:");
	while (at < text.len) {
		len = text.len - at < 42 ? text.len - at : 42;
		while (at + len < text.len &&
		       ((unsigned char)text.data[at + len] & 0xc0) == 0x80)
			len--;
		buf_text(out, at == 0 ? " =?UTF-8?B?" : "\r\n =?UTF-8?B?");
		codec_base64(span_make(text.data + at, len), out);
		buf_text(out, "?=");
		at += len;
	}
	buf_text(out, "\r\n");
	buf_release(&text);
}

static void
print_mail(
    const struct notice *notice, const struct message *message, struct buf *out)
{
	const struct hub_settings *settings = notice->settings;
	struct json *root = json_parse(buf_span(&message->body), NULL);
	const char *at = strchr(settings->alert_mail_from, '@');
	struct buf words = {0};

	buf_print(out, "From: <%s>\r\nTo: %s\r\n", settings->alert_mail_from,
	    settings->alert_mail_to);
	print_date(out);
	buf_print(out, "Message-ID: <alert-%" PRId64 "%s>\r\n", message->id,
	    at != NULL ? at : "@rongxin");
	print_subject(root, out);
	buf_text(out, "MIME-Version: 1.0\r\n"
		      "Content-Type: text/plain; charset=utf-8\r\n"
		      "Content-Transfer-Encoding: base64\r\n"
		      "Auto-Submitted: auto-generated\r\n\r\n");
	print_words(root, &words);
	print_base64_lines(buf_span(&words), out);
	buf_release(&words);
	json_free(root);
}

static enum err
send_mail(struct notice *notice, const struct message *message, struct why *why)
{
	struct buf mail = {0};
	struct errand errand = {.url = notice->settings->alert_mail,
	    .ca = notice->settings->alert_ca,
	    .from = notice->settings->alert_mail_from,
	    .to = notice->settings->alert_mail_to,
	    .login = notice->login.len > 0 ? buf_cstr(&notice->login) : NULL,
	    .timeout_ms = SEND_MS,
	    .stopping = &notice->stopping};
	enum err err;

	print_mail(notice, message, &mail);
	errand.body = buf_span(&mail);
	err = errand_send(&errand, why);
	buf_release(&mail);
	return err;
}

/* Up to ROUND_MAX that are due; answers how many.  What was never tried comes
 * first: a way that does not answer holds up the other little. */
static size_t
read_due(struct notice *notice, struct message messages[ROUND_MAX])
{
	struct pg *pg = notice->pg;
	size_t count, i;

	pg_begin(pg);
	pg_exec(pg,
	    "SELECT id, channel, attempts, body FROM alert_message"
	    " WHERE state = 'waiting' AND next_at <= $1"
	    " AND (channel = 'mail' OR $2 <> 0) AND (channel = 'webhook'"
	    " OR $3 <> 0) ORDER BY attempts, next_at, id LIMIT $4",
	    pg_arg_time(clock_now_us()),
	    pg_arg_int(notice->settings->alert_webhook[0] != '\0'),
	    pg_arg_int(notice->settings->alert_mail[0] != '\0'),
	    pg_arg_int(ROUND_MAX));
	count = pg_rows(pg);
	for (i = 0; i < count; i++) {
		messages[i] = (struct message){.id = pg_int(pg, i, 0),
		    .is_mail = span_is(pg_bytes(pg, i, 1), "mail"),
		    .attempts = pg_int(pg, i, 2)};
		buf_add(&messages[i].body, pg_bytes(pg, i, 3).ptr,
		    pg_bytes(pg, i, 3).len);
	}
	if (pg_end(pg, true) == ERR_OK) {
		notice->failing = false;
		return count;
	}
	if (!notice->failing)
		log_error("alert.failed", "why=\"%s\"", pg_why(pg));
	notice->failing = true;
	return 0;
}

static int64_t
pause_seconds(const struct hub_settings *settings, int64_t attempts)
{
	int64_t pause = settings->alert_retry_seconds;

	while (attempts-- > 0 && pause < PAUSE_MAX_SECONDS)
		pause *= 2;
	return pause < PAUSE_MAX_SECONDS ? pause : PAUSE_MAX_SECONDS;
}

static void
keep_result(struct notice *notice, const struct message *message, enum err err,
    const struct why *why)
{
	const struct hub_settings *settings = notice->settings;
	const char *state = err == ERR_OK ? "sent"
			    : message->attempts + 1 >= settings->alert_attempts
				? "dead"
				: "waiting";
	int64_t now_us = clock_now_us();
	int64_t next_us =
	    now_us + pause_seconds(settings, message->attempts) * CLOCK_SECOND;

	pg_begin(notice->pg);
	pg_exec(notice->pg,
	    "UPDATE alert_message SET state = $2, attempts = attempts + 1,"
	    " next_at = $3, sent_at = CASE WHEN $2 = 'sent' THEN "
	    "$4::timestamptz"
	    " END, error = $5 WHERE id = $1",
	    pg_arg_int(message->id), pg_arg_text(span_of(state)),
	    pg_arg_time(next_us), pg_arg_time(now_us),
	    pg_arg_text(span_of(why->text)));
	if (pg_end(notice->pg, true) != ERR_OK)
		log_error("alert.failed", "why=\"%s\"", pg_why(notice->pg));
	if (err != ERR_OK)
		log_warn("alert.unsent",
		    "message=%" PRId64 " state=%s why=\"%s\"", message->id,
		    state, why->text);
}

static void
send_one(struct notice *notice, const struct message *message)
{
	struct why why = {""};
	enum err err = message->is_mail ? send_mail(notice, message, &why)
					: send_webhook(notice, message, &why);
	char labels[64];

	if (err == ERR_CLOSED)
		return;
	snprintf(labels, sizeof(labels), "channel=\"%s\",result=\"%s\"",
	    message->is_mail ? "mail" : "webhook",
	    err == ERR_OK ? "sent" : "failed");
	metric_add(metric_counter("rongxin_hub_alert_messages_total", labels,
		       "Attempts to tell somebody of an alert."),
	    1);
	keep_result(notice, message, err, &why);
}

static void
on_idle(void *context)
{
	struct notice *notice = context;
	struct message messages[ROUND_MAX];
	size_t count = read_due(notice, messages), i;

	for (i = 0; i < count; i++) {
		if (!atomic_load(&notice->stopping))
			send_one(notice, &messages[i]);
		buf_release(&messages[i].body);
	}
}

/* There are no jobs: the thread looks into the ledger. */
static void
handle(void *context, void *job)
{
	(void)context;
	(void)job;
}

static bool
is_address(const char *text)
{
	return strchr(text, '@') != NULL && strpbrk(text, " <>\r\n\t") == NULL;
}

static enum err
check_settings(const struct hub_settings *settings, struct why *why)
{
	const char *webhook = settings->alert_webhook;
	const char *mail = settings->alert_mail;

	if (webhook[0] != '\0' && !errand_url_is_valid(webhook, false))
		return why_set(why, ERR_INVALID,
		    "alert_webhook: https://…, or http:// on this machine");
	if (webhook[0] != '\0' && settings->alert_webhook_secret[0] == '\0')
		return why_set(why, ERR_INVALID,
		    "alert_webhook wants alert_webhook_secret");
	if (mail[0] != '\0' && !errand_url_is_valid(mail, true))
		return why_set(
		    why, ERR_INVALID, "alert_mail: smtps://… or smtp://…");
	if (mail[0] != '\0' && (!is_address(settings->alert_mail_from) ||
				   !is_address(settings->alert_mail_to)))
		return why_set(why, ERR_INVALID,
		    "alert_mail wants alert_mail_from and alert_mail_to");
	return ERR_OK;
}

static void
notice_free(struct notice *notice)
{
	pg_close(notice->pg);
	buf_release(&notice->secret);
	buf_release(&notice->login);
	mem_free(notice);
}

static enum err
read_secrets(const struct hub_settings *settings, struct buf *secret,
    struct buf *login, struct why *why)
{
	enum err err = ERR_OK;

	if (settings->alert_webhook[0] != '\0')
		err = read_secret(settings->alert_webhook_secret, secret, why);
	if (err == ERR_OK && settings->alert_mail_login[0] != '\0')
		err = read_secret(settings->alert_mail_login, login, why);
	return err;
}

enum err
notice_check(const struct hub_settings *settings, struct why *why)
{
	struct buf secret = {0}, login = {0};
	enum err err = check_settings(settings, why);

	if (err == ERR_OK)
		err = read_secrets(settings, &secret, &login, why);
	buf_release(&secret);
	buf_release(&login);
	return err;
}

enum err
notice_open(const struct hub_settings *settings, const char *conninfo,
    struct notice **out, struct why *why)
{
	struct notice *notice;
	enum err err;

	if (settings->alert_webhook[0] == '\0' &&
	    settings->alert_mail[0] == '\0')
		return ERR_OK;
	notice = mem_new(sizeof(*notice));
	notice->settings = settings;
	err = read_secrets(settings, &notice->secret, &notice->login, why);
	if (err == ERR_OK) {
		notice->pg = pg_open(conninfo, NULL, why);
		err = notice->pg != NULL ? ERR_OK : ERR_DATABASE;
	}
	if (err != ERR_OK) {
		notice_free(notice);
		return err;
	}
	notice->worker = worker_new("notice", handle, on_idle, LOOK_MS, notice);
	*out = notice;
	return ERR_OK;
}

void
notice_close(struct notice *notice)
{
	if (notice == NULL)
		return;
	atomic_store(&notice->stopping, true);
	worker_stop(notice->worker);
	worker_free(notice->worker);
	notice_free(notice);
}
