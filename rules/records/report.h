/* report.h - the report of one incident, and the log of a span of time: from
 * rows of the audit to a text. The same rows give the same bytes: nothing of
 * now, of the host or of its locale is in it. */
#ifndef TOCSIN_RECORDS_REPORT_H
#define TOCSIN_RECORDS_REPORT_H

#include "base/buf.h"
#include "plan.h"
#include "records/story.h"

/* What the walk over the chain found. */
struct proof {
	int64_t first_bad; /* the first row that does not fit the chain; 0 none */
	const char *why;
	int64_t base_seq;  /* rows up to it stand in a database that was replaced; 0: all were walked */
	int64_t known_seq; /* a head kept elsewhere, that the rows were compared with; 0 none */
	bool known_agrees;
};
/* Does it hold for every row up to this one? */
bool proof_holds(const struct proof *p, int64_t upto);

struct report_ask {
	const char *site; /* its id */
	const struct plan *plan; /* of story->plan; NULL: not kept any more */
	struct proof proof;
	enum lang lang;
	bool html;
};
void report_write(const struct report_ask *ask, const struct story *story, struct buf *out);

/* -- the log of the duty -- */

struct duty_log {
	const char *site;
	enum lang lang;
	bool json; /* an object a line: seq at kind inc who text; kind null: a row that cannot be read */
	int64_t since_ms, until_ms; /* INT64_MIN, INT64_MAX: no bound */
	/* The plan of that hash, NULL when it is not kept; it lives on. */
	const struct plan *(*plan_of)(void *arg, const char *hash);
	void *arg;
	/* the walk's own */
	const struct plan *plan;
	int64_t last_ms, n;
	bool begun;
};
/* Is duty taken over by this row? With it a shift begins. */
bool duty_log_is_handover(const struct logged *l);
/* RFC 3339, or by the site's clocks "2026-11-22 19:10[:00]", "2026-11-22", "19:10" (of the day of like_ms). */
bool duty_log_time(const char *text, const struct tz *tz, int64_t like_ms, int64_t *ret_ms);
/* Every row of the audit, in order; what is of the span is written. */
void duty_log_take(struct duty_log *log, int64_t seq, const char *rec, struct buf *out);

#endif
