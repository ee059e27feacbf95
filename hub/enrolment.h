/*
 * enrolment: a change of the member list on its way to the desk and back.
 *
 * It shares a round of control records with what comes at the same time.
 * Where two persons have to agree (setting admission_persons), one alone only
 * suspends: that must be quick.
 * Made on an http loop, done on the desk's thread, answered on the loop again.
 */
#ifndef HUB_ENROLMENT_H
#define HUB_ENROLMENT_H

#include "hub/answer.h"
#include "hub/application.h"
#include "hub/hub.h"

struct enrolment {
	struct desk_job job; /* first */
	struct hub *hub;
	struct http_exchange *exchange;
	char who[MEMBER_CODE_MAX + 1];  /* the operator */
	struct takeover takeover;       /* from nobody: one member is put */
	char code[MEMBER_CODE_MAX + 1]; /* of the successor */
	/* what it wants is done; 0: of none */
	int64_t application;
	char note[APPLICATION_NOTE_MAX + 1];
	struct member list[2];
	size_t count;
	enum err err; /* what came of it, if the round ends well */
	struct why why;
	const char *problem; /* its type; NULL: what `err` says */
	struct answer answer;
};

/* Of `count` members: one is put, or two are those of a takeover. */
struct enrolment *enrolment_new(struct http_exchange *exchange, struct hub *hub,
    const struct member *who, size_t count);
/* To the desk, or 503 when it has too much to do; it is gone then. */
void enrolment_post(struct enrolment *enrolment);
/* Answers why not; it is gone. */
void enrolment_refuse(
    struct enrolment *enrolment, enum err err, const char *why);

#endif
