/* kpi.h - how good an alarm system is to those who answer it: the figures of
 * ISA-18.2 / IEC 62682, from the audit alone. An alarm is an incident that was
 * opened; exercises are none. The same rows give the same figures. */
#ifndef TOCSIN_RECORDS_KPI_H
#define TOCSIN_RECORDS_KPI_H

#include "base/buf.h"
#include "plan.h"

enum {
	KPI_TOP = 10,
	KPI_LEVELS = 4,  /* the last one: that level and all above */
	KPI_WITHIN = 4,  /* shares acknowledged within 30, 60, 90, 180 s */
	KPI_LISTED = 20, /* of each list; how many there are is counted */
	KPI_NAME_BYTES = 96,
};

struct kpi_named {
	char name[KPI_NAME_BYTES];
	int64_t n;
};

/* Of n times the middle one, the one that nine of ten do not exceed, the longest. */
struct kpi_times {
	int64_t n, median_ms, p90_ms, max_ms;
};

struct kpi_list {
	struct kpi_named at[KPI_LISTED];
	int64_t n;
};

struct kpi_figures {
	int64_t from_ms, until_ms, rows;
	int64_t alarms, drills;
	/* Periods of 10 minutes and hours by the clock (UTC), the first and the last whole. */
	int64_t periods, periods_over, peak, peak_ms; /* over: more than 10 */
	int64_t flood_periods;                        /* from 10 on until fewer than 5 */
	int64_t hours, hours_over;                    /* over: more than 30 */
	int64_t by_severity[SEVERITY_COUNT];          /* the gravest it reached */
	int64_t unknown_severity;                     /* its plan is not kept any more */
	struct kpi_list chattering;                   /* sources: how often three onsets in a minute */
	int64_t fleeting;                             /* over within a minute, before anybody did anything */
	struct kpi_list stale;                        /* stood for more than a day: hours */
	int64_t stale_now;                            /* of these, still */
	struct kpi_named sources[KPI_TOP], types[KPI_TOP];
	int64_t n_sources, n_types;
	struct kpi_times ack[KPI_LEVELS], step[KPI_LEVELS]; /* by the level called last */
	int64_t acked_within[KPI_WITHIN], acked, unacked;   /* unacked: calling, or closed without */
	int64_t acks_expired, chains_exhausted;
	int64_t explained, isolated, shelved, out, held; /* held: notices that came in a summary */
};

struct kpi;

/* What opened from since_ms on and before until_ms (INT64_MIN, INT64_MAX: no bound). plan_of is asked with each
 * plan that a row names and again with each alarm, so that its answer (NULL: not kept) need not live on. */
struct kpi *kpi_new(int64_t since_ms, int64_t until_ms,
                    const struct plan *(*plan_of)(void *arg, const char *hash), void *arg);
/* Every row of the audit, in order. Of those before since_ms only the last that names a plan counts. */
void kpi_take(struct kpi *k, const char *rec);
void kpi_end(struct kpi *k, struct kpi_figures *ret);
void kpi_free(struct kpi *k);

/* tz NULL: UTC */
struct kpi_voice {
	const char *site;
	const struct plan *plan; /* or NULL */
	enum lang lang;
};
void kpi_text(const struct kpi_figures *f, const struct kpi_voice *v, struct buf *out);
void kpi_json(const struct kpi_figures *f, const char *site, struct buf *out);
void kpi_say(const struct kpi_figures *f, const struct kpi_voice *v, struct buf *out); /* in two sentences */

bool kpi_time(const char *rec, int64_t *ret_ms);   /* of a row, without reading the rest */
int64_t kpi_permille(int64_t part, int64_t whole); /* rounded; 0 of nothing */

#endif
