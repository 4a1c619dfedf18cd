/* kpi.c - one walk over the audit: what opened, from where, how soon somebody came. */
#include "records/kpi.h"

#include "base/text.h"
#include "base/time.h"
#include "records/logged.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PERIOD_MS = 600000, HOUR_MS = 3600000, MINUTE_MS = 60000, DAY_MS = 86400000 };
enum { PERIOD_MANY = 10, FLOOD_BEGINS = 10, FLOOD_ENDS = 5, HOUR_MANY = 30, ONSETS = 3 };

static const int within_s[KPI_WITHIN] = {30, 60, 90, 180};

/* One alarm. Times -1: not yet. */
struct alarm {
	int64_t number, opened_ms, gone_ms, acked_ms, step_ms, closed_ms;
	int severity; /* -1: not known */
	int level, ack_level, step_level;
	char id[24];
	bool touched_first; /* somebody did something before it was over */
};

/* Something that is counted by its name. */
struct counted {
	char *name;
	int64_t n;
	int64_t onsets_ms[ONSETS]; /* oldest first */
	int64_t chatters;
};

struct counts {
	struct counted *at; /* by name */
	int n, cap;
};

struct kpi {
	int64_t since_ms, until_ms, first_ms, last_ms;
	const struct plan *(*plan_of)(void *arg, const char *hash);
	void *arg;
	char plan[KPI_NAME_BYTES]; /* the hash of the one in force; "": none was named yet */
	struct alarm *alarms; /* by number */
	int n, cap;
	struct counts sources, types;
	bool in_flood;
	struct kpi_figures f;
};

struct kpi *kpi_new(int64_t since_ms, int64_t until_ms,
                    const struct plan *(*plan_of)(void *arg, const char *hash), void *arg)
{
	struct kpi *k = xcalloc(1, sizeof *k);

	*k = (struct kpi){
	    .since_ms = since_ms, .until_ms = until_ms, .first_ms = -1, .plan_of = plan_of, .arg = arg};
	return k;
}

static void counts_free(struct counts *c)
{
	for (int i = 0; i < c->n; i++)
		free(c->at[i].name);
	free(c->at);
}

void kpi_free(struct kpi *k)
{
	counts_free(&k->sources);
	counts_free(&k->types);
	free(k->alarms);
	free(k);
}

/* -- finding -- */

static struct counted *count(struct counts *c, const char *name)
{
	int low = 0, high = c->n;

	while (low < high) {
		int middle = (low + high) / 2, side = strcmp(c->at[middle].name, name);

		if (!side)
			return &c->at[middle];
		if (side < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (c->n == c->cap) {
		c->cap = c->cap ? 2 * c->cap : 64;
		c->at = xrealloc(c->at, (size_t)c->cap * sizeof *c->at);
	}
	memmove(&c->at[low + 1], &c->at[low], (size_t)(c->n++ - low) * sizeof *c->at);
	c->at[low] = (struct counted){.name = xstrdup(name), .onsets_ms = {-1, -1, -1}};
	return &c->at[low];
}

/* NULL: none of those that are looked at. */
static struct alarm *find(const struct kpi *k, int64_t number)
{
	int low = 0, high = k->n;

	while (low < high) {
		int middle = (low + high) / 2;

		if (k->alarms[middle].number == number)
			return &k->alarms[middle];
		if (k->alarms[middle].number < number)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

/* Numbers rise; where they do not, the new one takes its place among the others. */
static struct alarm *add(struct kpi *k, int64_t number)
{
	int at = k->n;

	if (k->n == k->cap) {
		k->cap = k->cap ? 2 * k->cap : 256;
		k->alarms = xrealloc(k->alarms, (size_t)k->cap * sizeof *k->alarms);
	}
	while (at > 0 && k->alarms[at - 1].number > number)
		at--;
	memmove(&k->alarms[at + 1], &k->alarms[at], (size_t)(k->n++ - at) * sizeof *k->alarms);
	return &k->alarms[at];
}

/* -- rows -- */

/* People and the system itself do not chatter. */
static void onset(struct kpi *k, const struct logged *l)
{
	struct counted *c;
	int64_t *at;

	if (strncmp(l->who, "sensor:", 7) != 0)
		return;
	c = count(&k->sources, l->who);
	at = c->onsets_ms;
	memmove(at, at + 1, (ONSETS - 1) * sizeof *at);
	at[ONSETS - 1] = l->at_ms;
	c->chatters += at[0] >= 0 && l->at_ms - at[0] <= MINUTE_MS;
}

static int severity_at_opening(const struct kpi *k, const struct logged *l)
{
	const char *id = logged_get(l, "type"), *grade = logged_get(l, "grade");
	const struct plan *plan = *k->plan ? k->plan_of(k->arg, k->plan) : NULL;
	int type = plan && id ? plan_type(plan, id) : -1;
	const struct incident_type *t;

	if (type < 0)
		return -1;
	t = &plan->types[type];
	for (int i = 0; grade && i < t->n_grades; i++)
		if (!strcmp(t->grades[i].id, grade))
			return (int)t->grades[i].severity;
	return (int)t->severity;
}

static void take_opened(struct kpi *k, const struct logged *l)
{
	const char *type = logged_get(l, "type");
	struct alarm *a;

	if (logged_true(l, "drill")) {
		k->f.drills++;
		return;
	}
	a = add(k, l->number);
	*a = (struct alarm){.number = l->number,
	                    .opened_ms = l->at_ms,
	                    .gone_ms = -1,
	                    .acked_ms = -1,
	                    .step_ms = -1,
	                    .closed_ms = -1,
	                    .severity = severity_at_opening(k, l),
	                    .level = 1};
	snprintf(a->id, sizeof a->id, "%s", l->inc);
	count(&k->sources, l->who)->n++;
	count(&k->types, type ? type : "?")->n++;
	onset(k, l);
	k->f.explained += logged_get(l, "because") != NULL;
	k->f.isolated += logged_true(l, "isolated");
}

static bool is_person(const char *who)
{
	return strcmp(who, "system") != 0 && strncmp(who, "sensor:", 7) != 0;
}

static void touch(struct alarm *a)
{
	a->touched_first |= a->gone_ms < 0;
}

static void first_step(struct alarm *a, const struct logged *l)
{
	touch(a);
	if (a->step_ms >= 0)
		return;
	a->step_ms = l->at_ms;
	a->step_level = a->level;
}

static void take_gone(struct alarm *a, const struct logged *l)
{
	const char *state = logged_get(l, "state");

	if (!state || !strcmp(state, "unacked") || !strcmp(state, "acked") || a->gone_ms >= 0)
		return; /* one of several, the others stand */
	a->gone_ms = l->at_ms;
}

static void take_own(struct kpi *k, struct alarm *a, const struct logged *l)
{
	const char *word = logged_get(l, "severity"), *state = logged_get(l, "state");
	int severity = word ? severity_from(word) : -1;

	switch (l->kind) {
	case AUDIT_GRADE:
		if (severity >= 0 && (a->severity < 0 || severity < a->severity))
			a->severity = severity;
		break;
	case AUDIT_MEMBER:
		onset(k, l);
		a->gone_ms = -1;
		break;
	case AUDIT_GONE:
		take_gone(a, l);
		break;
	case AUDIT_CALLED:
		a->level = (int)logged_int(l, "level", a->level);
		break;
	case AUDIT_ACKED:
		touch(a);
		if (a->acked_ms < 0 && !logged_get(l, "acks")) {
			a->acked_ms = l->at_ms;
			a->ack_level = a->level;
		}
		break;
	case AUDIT_STEP:
		if (is_person(l->who) && state && (!strcmp(state, "done") || !strcmp(state, "failed")))
			first_step(a, l);
		break;
	case AUDIT_DECIDED:
	case AUDIT_RECORDED:
		if (is_person(l->who))
			first_step(a, l);
		break;
	case AUDIT_CLOSED:
		a->closed_ms = l->at_ms;
		break;
	case AUDIT_ACK_EXPIRED:
		k->f.acks_expired++;
		break;
	case AUDIT_CHAIN_EXHAUSTED:
		k->f.chains_exhausted++;
		break;
	case AUDIT_SHELVED:
		k->f.shelved += !logged_true(l, "first");
		break;
	default:
		break;
	}
}

static void take_any(struct kpi *k, const struct logged *l)
{
	const char *kind = logged_get(l, "kind");

	if (l->kind == AUDIT_OUT && !logged_true(l, "first"))
		k->f.out++;
	else if (l->kind == AUDIT_NOTICE && kind && !strcmp(kind, "summary"))
		k->f.held += logged_int(l, "held", 0);
}

bool kpi_time(const char *rec, int64_t *ret_ms)
{
	static const char key[] = ",\"at\":\"";
	const char *at = strstr(rec, key); /* the header's: only numbers stand before it */
	char text[TIME_TEXT_BYTES];

	if (!at)
		return false;
	at += sizeof key - 1;
	snprintf(text, sizeof text, "%.*s", (int)strcspn(at, "\""), at);
	return time_parse_rfc3339(text, ret_ms);
}

/* The others are many, and only counted. */
static bool is_wanted(enum audit_kind kind)
{
	static const enum audit_kind kinds[] = {AUDIT_OPENED,      AUDIT_GRADE,           AUDIT_MEMBER,
	                                        AUDIT_GONE,        AUDIT_CALLED,          AUDIT_ACKED,
	                                        AUDIT_STEP,        AUDIT_DECIDED,         AUDIT_RECORDED,
	                                        AUDIT_CLOSED,      AUDIT_SHELVED,         AUDIT_OUT,
	                                        AUDIT_ACK_EXPIRED, AUDIT_CHAIN_EXHAUSTED, AUDIT_NOTICE};

	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if (kinds[i] == kind)
			return true;
	return false;
}

static void take_row(struct kpi *k, const struct logged *l)
{
	struct alarm *a = l->number ? find(k, l->number) : NULL;

	if (l->kind == AUDIT_OPENED && !a)
		take_opened(k, l);
	else if (a)
		take_own(k, a, l);
	else
		take_any(k, l);
}

void kpi_take(struct kpi *k, const char *rec)
{
	struct arena arena;
	enum audit_kind kind;
	struct logged l;
	int64_t number, at_ms;
	bool is_plan, is_within;

	if (!logged_peek(rec, &kind, &number) || !kpi_time(rec, &at_ms))
		return;
	is_plan = kind == AUDIT_PLAN || kind == AUDIT_STARTED;
	is_within = at_ms >= k->since_ms && at_ms < k->until_ms;
	if (is_within) {
		k->f.rows++;
		k->first_ms = k->first_ms < 0 ? at_ms : k->first_ms;
		k->last_ms = at_ms > k->last_ms ? at_ms : k->last_ms;
	}
	if (!is_plan && !(is_within && is_wanted(kind)))
		return;
	arena_init(&arena);
	if (logged_read(rec, &arena, &l)) {
		if (is_plan && logged_get(&l, "plan")) {
			snprintf(k->plan, sizeof k->plan, "%s", logged_get(&l, "plan"));
			k->plan_of(k->arg, k->plan);
		}
		else if (!is_plan)
			take_row(k, &l);
	}
	arena_fini(&arena);
}

/* -- the figures -- */

int64_t kpi_permille(int64_t part, int64_t whole)
{
	return whole > 0 ? (part * 1000 + whole / 2) / whole : 0;
}

static int by_value(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/* n of each span of so many ms from the first row to the last; also of the empty ones. */
static void each_span(struct kpi *k, const int64_t *at_ms, int64_t span_ms,
                      void (*fn)(struct kpi *k, int64_t begin_ms, int64_t n))
{
	int i = 0;

	for (int64_t span = k->first_ms / span_ms; span <= k->last_ms / span_ms; span++) {
		int64_t n = 0;

		for (; i < k->n && at_ms[i] / span_ms == span; i++)
			n++;
		fn(k, span * span_ms, n);
	}
}

static void take_period(struct kpi *k, int64_t begin_ms, int64_t n)
{
	k->in_flood = n >= FLOOD_BEGINS || (k->in_flood && n >= FLOOD_ENDS);
	k->f.flood_periods += k->in_flood;
	k->f.periods++;
	k->f.periods_over += n > PERIOD_MANY;
	if (n <= k->f.peak)
		return;
	k->f.peak = n;
	k->f.peak_ms = begin_ms;
}

static void take_hour(struct kpi *k, int64_t begin_ms, int64_t n)
{
	(void)begin_ms;
	k->f.hours++;
	k->f.hours_over += n > HOUR_MANY;
}

static void rates(struct kpi *k)
{
	int64_t *at_ms = xcalloc((size_t)k->n + 1, sizeof *at_ms);

	for (int i = 0; i < k->n; i++)
		at_ms[i] = k->alarms[i].opened_ms;
	qsort(at_ms, (size_t)k->n, sizeof *at_ms, by_value);
	each_span(k, at_ms, PERIOD_MS, take_period);
	each_span(k, at_ms, HOUR_MS, take_hour);
	free(at_ms);
}

/* Cut between characters, where it is too long. */
static void name_it(struct kpi_named *ret, const char *name)
{
	snprintf(ret->name, sizeof ret->name, "%.*s", (int)utf8_cut(name, sizeof ret->name - 1), name);
}

/* The most frequent first, ties by name; counts are by name already. */
static void top(const struct counts *c, struct kpi_named ret[KPI_TOP])
{
	int n = 0;

	for (int i = 0; i < c->n; i++) {
		int at = n < KPI_TOP ? n : KPI_TOP - 1;

		if (!c->at[i].n || (n == KPI_TOP && ret[at].n >= c->at[i].n))
			continue;
		n += n < KPI_TOP;
		for (; at > 0 && ret[at - 1].n < c->at[i].n; at--)
			ret[at] = ret[at - 1];
		ret[at].n = c->at[i].n;
		name_it(&ret[at], c->at[i].name);
	}
}

static void list(struct kpi_list *l, const char *name, int64_t n)
{
	if (l->n < KPI_LISTED) {
		name_it(&l->at[l->n], name);
		l->at[l->n].n = n;
	}
	l->n++;
}

static int64_t over_ms(const struct alarm *a)
{
	if (a->gone_ms < 0 || (a->closed_ms >= 0 && a->closed_ms < a->gone_ms))
		return a->closed_ms;
	return a->gone_ms;
}

static void judge_alarm(const struct kpi *k, const struct alarm *a, struct kpi_figures *f)
{
	int64_t end_ms = over_ms(a), stood_ms = (end_ms < 0 ? k->last_ms : end_ms) - a->opened_ms;

	f->alarms++;
	if (a->severity < 0)
		f->unknown_severity++;
	else
		f->by_severity[a->severity]++;
	f->fleeting += end_ms >= 0 && stood_ms <= MINUTE_MS && !a->touched_first;
	if (stood_ms > DAY_MS) {
		list(&f->stale, a->id, stood_ms / HOUR_MS);
		f->stale_now += end_ms < 0;
	}
	if (a->acked_ms < 0) {
		f->unacked++;
		return;
	}
	f->acked++;
	for (int i = 0; i < KPI_WITHIN; i++)
		f->acked_within[i] += a->acked_ms - a->opened_ms <= within_s[i] * 1000;
}

static void times(const struct kpi *k, bool is_ack, struct kpi_times ret[KPI_LEVELS])
{
	int64_t *took_ms = xcalloc((size_t)k->n + 1, sizeof *took_ms);

	for (int level = 1; level <= KPI_LEVELS; level++) {
		int n = 0;

		for (int i = 0; i < k->n; i++) {
			const struct alarm *a = &k->alarms[i];
			int64_t at_ms = is_ack ? a->acked_ms : a->step_ms;
			int of = is_ack ? a->ack_level : a->step_level;

			if (at_ms >= 0 && (of > KPI_LEVELS ? KPI_LEVELS : of) == level)
				took_ms[n++] = at_ms - a->opened_ms;
		}
		qsort(took_ms, (size_t)n, sizeof *took_ms, by_value);
		if (n)
			ret[level - 1] = (struct kpi_times){n, took_ms[(n - 1) / 2],
			                                    took_ms[(n * 9 + 9) / 10 - 1], took_ms[n - 1]};
	}
	free(took_ms);
}

void kpi_end(struct kpi *k, struct kpi_figures *ret)
{
	struct kpi_figures *f = &k->f;

	f->from_ms = k->first_ms;
	f->until_ms = k->last_ms;
	if (k->first_ms >= 0)
		rates(k);
	for (int i = 0; i < k->n; i++)
		judge_alarm(k, &k->alarms[i], f);
	for (int i = 0; i < k->sources.n; i++)
		if (k->sources.at[i].chatters)
			list(&f->chattering, k->sources.at[i].name, k->sources.at[i].chatters);
	top(&k->sources, f->sources);
	top(&k->types, f->types);
	f->n_sources = k->sources.n;
	f->n_types = k->types.n;
	times(k, true, f->ack);
	times(k, false, f->step);
	*ret = *f;
}
