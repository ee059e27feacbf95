/*
 * limiter: what each member has asked today.
 */
#include "node/limiter.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "node/distinct.h"

#define HEADS 4096
#define SALT_LEN 16
#define MINUTE_NS INT64_C(60000000000)
#define SECOND_NS INT64_C(1000000000)
#define DAY_US (24 * 3600 * CLOCK_SECOND)
#define ZONE_US (8 * 3600 * CLOCK_SECOND)

struct account {
	struct account *next;
	uint64_t hash;
	char rule[LIMIT_NAME_MAX + 1];
	char member[MEMBER_CODE_MAX + 1];
	/* When the bucket is full again, monotonic: all that a token bucket
	 * has to remember (GCRA). */
	_Atomic int64_t full_ns;
	day_count questions;
	struct distinct subjects;
};

struct limiter {
	uint8_t salt[SALT_LEN]; /* so that nobody can choose collisions */
	_Atomic uint32_t day;   /* the newest that was met */
	struct account *_Atomic heads[HEADS];
};

struct limiter *
limiter_new(void)
{
	struct limiter *limiter = mem_new(sizeof(*limiter));

	digest_random(limiter->salt, SALT_LEN);
	return limiter;
}

void
limiter_free(struct limiter *limiter)
{
	struct account *account, *next;
	size_t i;

	for (i = 0; limiter != NULL && i < HEADS; i++) {
		account = atomic_load(&limiter->heads[i]);
		for (; account != NULL; account = next) {
			next = account->next;
			distinct_release(&account->subjects);
			mem_free(account);
		}
	}
	mem_free(limiter);
}

/* Subjects are the asker's choice: nobody is to find two that count as one. */
static uint64_t
hash_of_subject(const struct limiter *limiter, const char *subject)
{
	struct span parts[] = {
	    span_make(limiter->salt, SALT_LEN), span_of(subject)};
	struct digest digest = digest_of_parts(parts, 2);
	uint64_t hash;

	memcpy(&hash, digest.bytes, sizeof(hash));
	return hash;
}

/* Names of rules and members are the network's: any hash will do (FNV-1a). */
static uint64_t
hash_of_account(const char *rule, const char *member)
{
	uint64_t hash = UINT64_C(14695981039346656037);

	for (; *rule != '\0'; rule++)
		hash = (hash ^ (uint8_t)*rule) * UINT64_C(1099511628211);
	for (; *member != '\0'; member++)
		hash = (hash ^ (uint8_t)*member) * UINT64_C(1099511628211);
	return hash;
}

static struct account *
find(struct account *account, const struct account *wanted)
{
	while (account != NULL &&
	       (account->hash != wanted->hash ||
		   strcmp(account->rule, wanted->rule) != 0 ||
		   strcmp(account->member, wanted->member) != 0))
		account = account->next;
	return account;
}

/* Accounts are only ever put in front, so a list may be read while it
 * grows. */
static struct account *
account_of(struct limiter *limiter, const struct limit *rule, const char *code)
{
	struct account wanted = {.hash = hash_of_account(rule->name, code)};
	struct account *_Atomic *head = &limiter->heads[wanted.hash % HEADS];
	struct account *first = atomic_load(head), *account, *made;

	snprintf(wanted.rule, sizeof(wanted.rule), "%s", rule->name);
	snprintf(wanted.member, sizeof(wanted.member), "%s", code);
	account = find(first, &wanted);
	if (account != NULL)
		return account;
	made = mem_copy(&wanted, sizeof(wanted));
	do {
		account = find(first, &wanted);
		if (account != NULL) {
			mem_free(made);
			return account;
		}
		made->next = first;
	} while (!atomic_compare_exchange_weak(head, &first, made));
	return made;
}

int64_t
limiter_day_start(int64_t time_us)
{
	return time_us - (time_us + ZONE_US) % DAY_US;
}

/* A day never goes back, though a clock may. */
static uint32_t
day_of(struct limiter *limiter, int64_t time_us)
{
	uint32_t day = (uint32_t)((time_us + ZONE_US) / DAY_US);
	uint32_t newest = atomic_load(&limiter->day);

	while (newest < day &&
	       !atomic_compare_exchange_weak(&limiter->day, &newest, day))
		;
	return newest < day ? day : newest;
}

static uint32_t
seconds_up(int64_t ns)
{
	return ns <= 0 ? 0 : (uint32_t)((ns + SECOND_NS - 1) / SECOND_NS);
}

static bool
take_rate(struct account *account, int64_t now_ns, struct allowance *out)
{
	const struct limit *rule = out->rule;
	int64_t step = MINUTE_NS / rule->per_minute;
	int64_t room = step * rule->burst;
	int64_t full = atomic_load(&account->full_ns), next;

	do {
		next = (full > now_ns ? full : now_ns) + step;
		if (next - now_ns > room) {
			out->retry_s = seconds_up(next - now_ns - room);
			out->reset_s[ALLOWANCE_RATE] =
			    seconds_up(full - now_ns);
			return false;
		}
	} while (!atomic_compare_exchange_weak(&account->full_ns, &full, next));
	out->left[ALLOWANCE_RATE] = (uint32_t)((room - (next - now_ns)) / step);
	out->reset_s[ALLOWANCE_RATE] = seconds_up(next - now_ns);
	return true;
}

static uint32_t
left_of(uint32_t limit, const day_count *count, uint32_t day)
{
	uint32_t used = day_count_get(count, day);

	return used < limit ? limit - used : 0;
}

static void
tell(struct account *account, const struct ask *ask, uint32_t day,
    struct allowance *out)
{
	const struct limit *rule = out->rule;
	int64_t rest_us =
	    limiter_day_start(ask->time_us) + DAY_US - ask->time_us;
	uint32_t rest_s = (uint32_t)(rest_us / CLOCK_SECOND) + 1;

	out->left[ALLOWANCE_DAY] =
	    left_of(rule->per_day, &account->questions, day);
	out->left[ALLOWANCE_SUBJECTS] =
	    left_of(rule->subjects_per_day, &account->subjects.count, day);
	out->reset_s[ALLOWANCE_DAY] = out->reset_s[ALLOWANCE_SUBJECTS] = rest_s;
	if (out->verdict != PERMIT_ALLOWED && out->verdict != PERMIT_RATE)
		out->retry_s = rest_s;
}

static bool
add_subject(struct limiter *limiter, struct account *account,
    const char *subject, uint32_t day, uint32_t limit)
{
	return distinct_add(
	    &account->subjects, day, hash_of_subject(limiter, subject), limit);
}

void
limiter_take(
    struct limiter *limiter, const struct ask *ask, struct allowance *allowance)
{
	const struct limit *rule =
	    limits_find(ask->limits, ask->code, ask->member, ask->purpose);
	struct account *account;
	uint32_t day;

	*allowance = (struct allowance){.rule = rule};
	if (rule == NULL)
		return;
	account = account_of(limiter, rule, ask->code);
	day = day_of(limiter, ask->time_us);
	if (rule->per_minute > 0 &&
	    !take_rate(account, ask->tick_us * 1000, allowance))
		allowance->verdict = PERMIT_RATE;
	else if (!day_count_add(&account->questions, day, rule->per_day))
		allowance->verdict = PERMIT_QUOTA;
	else if (ask->subject[0] != '\0' && rule->subjects_per_day > 0 &&
		 !add_subject(limiter, account, ask->subject, day,
		     rule->subjects_per_day))
		allowance->verdict = PERMIT_SUBJECTS;
	tell(account, ask, day, allowance);
}

void
limiter_recall(struct limiter *limiter, const struct limits *limits,
    const struct member *member, const struct access *access)
{
	const struct limit *rule =
	    limits_find(limits, access->member, member, access->purpose);
	uint32_t day = day_of(limiter, access->time_us);
	struct account *account;

	if (rule == NULL || access->purpose == PURPOSE_NONE ||
	    access->rule == PERMIT_RATE || access->rule == PERMIT_QUOTA)
		return;
	account = account_of(limiter, rule, access->member);
	day_count_add(&account->questions, day, 0);
	if (access->subject[0] != '\0' && rule->subjects_per_day > 0 &&
	    access->rule != PERMIT_SUBJECTS)
		add_subject(limiter, account, access->subject, day, 0);
}

static size_t
put(char *out, size_t size, size_t len, const char *name, const char *what,
    uint32_t left, uint32_t reset_s)
{
	int put = snprintf(out + len, size - len, "%s\"%s%s\";r=%u;t=%u",
	    len > 0 ? ", " : "", name, what, left, reset_s);

	return put > 0 && (size_t)put < size - len ? len + (size_t)put : len;
}

bool
allowance_print(const struct allowance *allowance, char *out, size_t size)
{
	const struct limit *rule = allowance->rule;
	size_t len = 0;

	if (rule == NULL)
		return false;
	if (rule->per_minute > 0)
		len = put(out, size, len, rule->name, "",
		    allowance->left[ALLOWANCE_RATE],
		    allowance->reset_s[ALLOWANCE_RATE]);
	if (rule->per_day > 0)
		len = put(out, size, len, rule->name, "-day",
		    allowance->left[ALLOWANCE_DAY],
		    allowance->reset_s[ALLOWANCE_DAY]);
	if (rule->subjects_per_day > 0)
		len = put(out, size, len, rule->name, "-subjects",
		    allowance->left[ALLOWANCE_SUBJECTS],
		    allowance->reset_s[ALLOWANCE_SUBJECTS]);
	return len > 0;
}
