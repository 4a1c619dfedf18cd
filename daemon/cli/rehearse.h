/* rehearse.h - `tocsin test`: one test played in virtual time (rehearse_play.h),
 * what was seen of it (rehearse_seen), what was expected of that
 * (rehearse_judge), and how it is told (rehearse_report). */
#ifndef TOCSIN_REHEARSE_H
#define TOCSIN_REHEARSE_H

#include "answer.h"
#include "base/buf.h"
#include "cli.h"
#include "rehearsal/script.h"
#include "rehearsal/stage.h"

#include <stdio.h>

/* One thing that happened, or was done by the test (then without doc). */
struct seen {
	int64_t at_ms; /* since the start of the test */
	enum script_what what;
	bool is_opening;    /* a new incident */
	struct answer *doc; /* or NULL */
	char *line;         /* for people; NULL: not shown */
};

struct sights {
	struct seen *at;
	int n, cap;
	char **ids, **types; /* of the incidents so far */
	int n_ids;
};

void seen_act(struct sights *s, int64_t at_ms, const char *line);
void seen_notice(struct sights *s, int64_t at_ms, const struct notice *n);
void seen_command(struct sights *s, int64_t at_ms, const struct actuate *a);
void seen_dryrun(struct sights *s, int64_t at_ms, const struct publish *pub); /* of an exercise */
void seen_row(struct sights *s, int64_t at_ms, const struct row *r);
void seen_answer(struct sights *s, int64_t at_ms, const char *user, const struct answer *a);
void seen_fini(struct sights *s);

/* "1h2m3.5s" */
const char *seen_span(int64_t ms, char text[48]);

/* How a test went. */
struct verdict {
	const char *file;
	const struct script_test *test;
	bool is_broken;
	int line, col; /* of what was not so */
	char *expected, *got, *story;
	int64_t virtual_ms, wall_us;
};

/* Everything a judge can look at. */
struct judged {
	const struct stage *stage;
	const struct plan *plan;
	const struct sights *sights;
	char *const *zones; /* states by zone; NULL: not yet told */
};

/* From this place of the sights on; only_ms: only what happened just then, -1: any time. */
struct judge_window {
	int from;
	int64_t only_ms;
};

bool judge_holds(const struct judged *j, const struct script_expect *x, const struct judge_window *w);
void judge_expected(const struct script_expect *x, struct buf *out);
void judge_got(const struct judged *j, const struct script_expect *x, const struct judge_window *w,
               struct buf *out);

/* Fills all of ret but file and wall time; its texts are the caller's. */
void play_test(const struct plan *plan, const struct script_test *test, struct verdict *ret);

void report_verdict(FILE *to, const struct verdict *v);
void report_json(const struct verdict *all, int n, struct buf *out);
void report_junit(const struct verdict *all, int n, struct buf *out);

#endif
