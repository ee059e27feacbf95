/*
 * elsewhere: questions that other nodes answer, asked in a member's name.
 */
#include "node/elsewhere.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/codec.h"
#include "base/jws.h"
#include "base/log.h"
#include "base/mem.h"
#include "node/nonces.h"
#include "wire/https.h"

#define WAITING_MAX 1024
#define ANSWER_MAX ((size_t)8 << 20)
#define MILLISECOND (CLOCK_SECOND / 1000)

struct elsewhere {
	const char *code;
	int64_t patience_us;
	int64_t since_us;
	struct https *https;
	struct signer *signer;
	struct nonces *nonces;
	size_t waiting;
};

struct target {
	char code[MEMBER_CODE_MAX + 1];
	char url[MEMBER_URL_MAX + 1];
};

#define TRACEPARENT_MAX 80

/* One question, and where it has been asked so far. */
struct inquiry {
	struct elsewhere *elsewhere;
	elsewhere_fn done;
	void *context;
	struct vouch vouch; /* of the one that is asked now */
	char subject[MEMBER_CODE_MAX + 1];
	struct buf question, jws;
	char traceparent[TRACEPARENT_MAX]; /* a header line; "": none */
	int64_t end_us;
	struct target targets[HOLDERS_MAX];
	size_t target_count;
	struct access_asked asked[HOLDERS_MAX];
	size_t asked_count;
	bool away, failed; /* of any of them */
	/* The answer that will be passed on. */
	struct buf body;
	int status;
	int64_t retry_after;
	size_t answerer;
};

struct elsewhere *
elsewhere_open(const struct elsewhere_settings *settings, struct why *why)
{
	struct https_settings https = {
	    .cert = settings->cert, .key = settings->key, .ca = settings->ca};
	struct elsewhere *elsewhere = mem_new(sizeof(*elsewhere));

	elsewhere->code = settings->code;
	elsewhere->patience_us = settings->seconds * CLOCK_SECOND;
	elsewhere->since_us = clock_now_us();
	/* As long as a word may be used, before its time and behind it. */
	elsewhere->nonces = nonces_new(2 * VOUCH_AGE_US);
	elsewhere->signer = signer_open(settings->sign_key, why);
	if (elsewhere->signer != NULL)
		elsewhere->https = https_open(&https, why);
	if (elsewhere->https != NULL)
		return elsewhere;
	elsewhere_close(elsewhere);
	return NULL;
}

void
elsewhere_stop(struct elsewhere *elsewhere)
{
	https_stop(elsewhere->https);
}

void
elsewhere_close(struct elsewhere *elsewhere)
{
	if (elsewhere == NULL)
		return;
	https_close(elsewhere->https);
	signer_free(elsewhere->signer);
	nonces_free(elsewhere->nonces);
	mem_free(elsewhere);
}

int64_t
elsewhere_since(const struct elsewhere *elsewhere)
{
	return elsewhere->since_us;
}

static void
inquiry_free(struct inquiry *inquiry)
{
	buf_release(&inquiry->question);
	buf_release(&inquiry->jws);
	buf_release(&inquiry->body);
	mem_free(inquiry);
}

/* One that did not answer may hold it, whatever the others say. */
static enum holder_end
inquiry_ends(const struct inquiry *inquiry, bool answered)
{
	if (answered)
		return HOLDER_ANSWERED;
	if (inquiry->away)
		return HOLDER_AWAY;
	return inquiry->failed ? HOLDER_FAILED : HOLDER_NOT_HELD;
}

static void
inquiry_end(struct inquiry *inquiry, bool answered)
{
	const struct target *target = &inquiry->targets[inquiry->answerer];
	struct elsewhere_answer answer = {
	    .end = inquiry_ends(inquiry, answered),
	    .status = inquiry->status,
	    .body = buf_span(&inquiry->body),
	    .retry_after = inquiry->retry_after,
	    .node = target->code,
	    .url = target->url,
	    .asked = inquiry->asked,
	    .asked_count = inquiry->asked_count};

	inquiry->elsewhere->waiting--;
	inquiry->done(inquiry->context, &answer);
	inquiry_free(inquiry);
}

static enum err
inquiry_sign(struct inquiry *inquiry, const struct target *target)
{
	struct elsewhere *elsewhere = inquiry->elsewhere;
	struct vouch *vouch = &inquiry->vouch;
	struct buf payload = {0};
	enum err err;

	snprintf(vouch->from, sizeof(vouch->from), "%s", elsewhere->code);
	snprintf(vouch->to, sizeof(vouch->to), "%s", target->code);
	vouch->time_us = clock_now_us();
	digest_random(vouch->nonce, sizeof(vouch->nonce));
	vouch_print(vouch, buf_span(&inquiry->question), &payload);
	buf_reset(&inquiry->jws);
	err = jws_sign_with_key(elsewhere->signer, VOUCH_TYPE,
	    buf_span(&payload), &inquiry->jws, NULL);
	buf_release(&payload);
	return err;
}

static void inquiry_next(void *context);

static void
inquiry_keep(struct inquiry *inquiry, const struct https_answer *answer)
{
	buf_reset(&inquiry->body);
	buf_add(&inquiry->body, answer->body.ptr, answer->body.len);
	inquiry->status = answer->status;
	inquiry->retry_after = answer->retry_after;
	inquiry->answerer = inquiry->asked_count - 1;
}

static void
inquiry_on_answer(void *context, const struct https_answer *answer)
{
	struct inquiry *inquiry = context;
	struct access_asked *asked = &inquiry->asked[inquiry->asked_count - 1];
	struct https_answer seen = *answer;
	const char *fault = NULL;
	enum holder_end end =
	    holder_judge(&seen, inquiry->subject, asked, &fault);

	if (fault != NULL)
		log_warn("elsewhere.answer", "node=%s why=\"%s\"", asked->node,
		    fault);
	inquiry->away |= end == HOLDER_AWAY;
	inquiry->failed |= end == HOLDER_FAILED;
	if (end == HOLDER_ANSWERED || end == HOLDER_NOT_HELD)
		inquiry_keep(inquiry, &seen);
	if (end == HOLDER_ANSWERED || answer->err == ERR_CLOSED)
		inquiry_end(inquiry, end == HOLDER_ANSWERED);
	else
		inquiry_next(inquiry);
}

/* Half of the time that is left, all of it for the last one. */
static unsigned
inquiry_patience(const struct inquiry *inquiry)
{
	int64_t left_us = inquiry->end_us - clock_tick_us();

	if (inquiry->asked_count + 1 < inquiry->target_count)
		left_us /= 2;
	return left_us < MILLISECOND ? 0 : (unsigned)(left_us / MILLISECOND);
}

static void
inquiry_next(void *context)
{
	struct inquiry *inquiry = context;
	const struct target *target = &inquiry->targets[inquiry->asked_count];
	struct access_asked *asked = &inquiry->asked[inquiry->asked_count];
	const char *headers[] = {inquiry->traceparent, NULL};
	char url[MEMBER_URL_MAX + 16];
	struct https_request request = {.url = url,
	    .peer = target->code,
	    .content_type = "application/jose",
	    .limit = ANSWER_MAX};

	if (inquiry->asked_count == inquiry->target_count) {
		inquiry_end(inquiry, false);
		return;
	}
	request.timeout_ms = inquiry_patience(inquiry);
	if (request.timeout_ms == 0 ||
	    inquiry_sign(inquiry, target) != ERR_OK) {
		inquiry->away = true;
		inquiry_end(inquiry, false);
		return;
	}
	snprintf(url, sizeof(url), "%s/v1/vouched", target->url);
	request.body = buf_span(&inquiry->jws);
	request.headers = headers[0][0] != '\0' ? headers : NULL;
	memcpy(asked->node, target->code, sizeof(asked->node));
	memcpy(asked->vouch, inquiry->vouch.nonce, sizeof(asked->vouch));
	inquiry->asked_count++;
	https_send(
	    inquiry->elsewhere->https, &request, inquiry_on_answer, inquiry);
}

static void
inquiry_begin(void *context)
{
	struct inquiry *inquiry = context;

	if (inquiry->elsewhere->waiting++ < WAITING_MAX) {
		inquiry_next(inquiry);
		return;
	}
	inquiry->away = true;
	inquiry_end(inquiry, false);
}

static struct inquiry *
inquiry_new(struct elsewhere *elsewhere,
    const struct elsewhere_question *question, elsewhere_fn done, void *context)
{
	struct inquiry *inquiry = mem_new(sizeof(*inquiry));
	struct vouch *vouch = &inquiry->vouch;

	inquiry->elsewhere = elsewhere;
	inquiry->done = done;
	inquiry->context = context;
	inquiry->end_us = clock_tick_us() + elsewhere->patience_us;
	snprintf(vouch->member, sizeof(vouch->member), "%s", question->member);
	snprintf(vouch->certificate, sizeof(vouch->certificate), "%s",
	    question->certificate);
	vouch->action = question->action;
	snprintf(inquiry->subject, sizeof(inquiry->subject), "%s",
	    question->subject);
	buf_add(&inquiry->question, question->json.ptr, question->json.len);
	if (question->traceparent != NULL)
		snprintf(inquiry->traceparent, sizeof(inquiry->traceparent),
		    "traceparent: %s", question->traceparent);
	return inquiry;
}

static void
add_target(struct inquiry *inquiry, const struct member *member)
{
	struct target *target = &inquiry->targets[inquiry->target_count++];

	memcpy(target->code, member->code, sizeof(target->code));
	memcpy(target->url, member->url, sizeof(target->url));
}

bool
elsewhere_ask(struct elsewhere *elsewhere, const struct world *world,
    const struct elsewhere_question *question, elsewhere_fn done, void *context)
{
	const struct member *holders[HOLDERS_MAX];
	const struct whereabouts nowhere = {0};
	char hint[STREAM_LEN + 1];
	struct inquiry *inquiry;
	size_t count, i;

	if (elsewhere == NULL || elsewhere->patience_us == 0 ||
	    world->self == NULL || world->catalog == NULL)
		return false;
	(void)region_stream(
	    world->catalog, span_of(question->subject), &nowhere, hint);
	count = holders_find(
	    world->members, world->member_count, world->self, hint, holders);
	if (count == 0)
		return false;
	inquiry = inquiry_new(elsewhere, question, done, context);
	for (i = 0; i < count; i++)
		add_target(inquiry, holders[i]);
	https_run(elsewhere->https, inquiry_begin, inquiry);
	return true;
}

void
elsewhere_ask_one(struct elsewhere *elsewhere, const struct member *node,
    const struct elsewhere_question *question, elsewhere_fn done, void *context)
{
	struct inquiry *inquiry =
	    inquiry_new(elsewhere, question, done, context);

	add_target(inquiry, node);
	https_run(elsewhere->https, inquiry_begin, inquiry);
}

struct word_use {
	struct elsewhere *elsewhere;
	struct digest word;
	elsewhere_seen_fn done;
	void *context;
};

static void
use_on_thread(void *context)
{
	struct word_use *use = context;
	enum err err =
	    nonces_add(use->elsewhere->nonces, &use->word, clock_tick_us());

	use->done(use->context, err);
	mem_free(use);
}

void
elsewhere_use(struct elsewhere *elsewhere, const struct vouch *vouch,
    elsewhere_seen_fn done, void *context)
{
	struct word_use *use = mem_new(sizeof(*use));
	struct span parts[] = {
	    span_make(vouch->nonce, VOUCH_NONCE_LEN), span_of(vouch->from)};

	use->elsewhere = elsewhere;
	/* Of both, so that nobody uses up another's. */
	use->word = digest_of_parts(parts, 2);
	use->done = done;
	use->context = context;
	https_run(elsewhere->https, use_on_thread, use);
}
