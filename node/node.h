/*
 * node: the parts that a request of a bank or a subject needs.
 *
 * Made by main.c before anything listens, the same for every http worker.
 */
#ifndef NODE_NODE_H
#define NODE_NODE_H

#include "base/cert.h"
#include "base/metric.h"
#include "base/shared.h"
#include "node/follow.h"
#include "node/limiter.h"
#include "node/room.h"
#include "node/store.h"
#include "node/trail.h"

enum outcome {
	OUTCOME_REPORT,
	OUTCOME_REFUSED,
	OUTCOME_LIMITED, /* asked too much */
	OUTCOME_NOT_HELD,
	OUTCOME_ELSEWHERE,
	OUTCOME_AWAY,
	OUTCOME_ANONYMISED,
	OUTCOME_FOUND,
	OUTCOME_MALFORMED,
	OUTCOME_UNAVAILABLE,
	OUTCOME_COUNT
};

struct elsewhere;
struct masked;
struct guard;
struct materials;
struct printer;
struct finder;
struct find_desk;
struct pages;
struct accesses;
struct lookout;
struct hooks;
struct jobs;

struct node {
	const char *code; /* our organisation code */
	bool is_sandbox;  /* everything is made up */
	struct store *store;
	struct shared *world; /* struct world */
	struct shared *lease; /* struct lease */
	struct trail *trail;
	struct accesses *accesses;
	struct elsewhere *elsewhere;
	struct lookout *lookout;
	struct hooks *hooks;
	struct jobs *jobs;
	uint64_t watch_subjects;  /* that one member may watch */
	_Atomic unsigned spreads; /* subjects that all nodes are asked for */
	struct follow *follow;
	struct limiter *limiter;
	struct shared *alerts; /* struct alert_list */
	struct guard *guard;
	struct room *room;
	const char *former_folder;  /* catalogues of before */
	const char *freight_folder; /* batches of local departments */
	int64_t feed_bytes;         /* size of one, at most */
	struct shared *censuses;    /* struct census */
	struct masked *masked;
	struct materials *materials;
	struct printer *printer;
	struct finder *finder;
	struct find_desk *find_desk;
	struct pages *pages;       /* NULL: none are found */
	struct digest mask_key;    /* of tokens and noise: never leaves */
	const struct trust *trust; /* the network's CA */
	struct metric *outcomes[OUTCOME_COUNT];
	struct metric *shown_age;
};

void node_init_metrics(struct node *node);
/* The hub's time, carried forward; 0: no pulse yet. */
int64_t node_hub_time(struct node *node);
/* May protected fields be shown?  `applied`: position of stream 0000. */
bool node_is_fresh(struct node *node, uint64_t applied);
/* They are about to leave: is the hub's newest word still young enough?  Its
 * age is measured. */
bool node_may_still_show(struct node *node);

#endif
