/* rehearse_play.c - one test: its steps at their times, and how it failed. */
#include "rehearse_play.h"

#include "base/arena.h"

#include <stdlib.h>

enum { STORY_LINES = 24 };

/* -- failing -- */

static void put_story(const struct play *p, struct buf *out)
{
	int shown = 0, from = p->sights.n;
	char span[48];

	while (from > 0 && shown < STORY_LINES)
		shown += p->sights.at[--from].line != NULL;
	if (from > 0)
		buf_str(out, "...\n");
	for (int i = from; i < p->sights.n; i++)
		if (p->sights.at[i].line)
			buf_printf(out, "%10s  %s\n", seen_span(p->sights.at[i].at_ms, span),
			           p->sights.at[i].line);
	buf_printf(out, "%10s  the test ends here\n", seen_span(world_ms(p), span));
}

void play_fail(struct play *p, int line, int col, struct buf *expected, struct buf *got)
{
	struct buf story = {0};

	put_story(p, &story);
	p->ret->is_broken = true;
	p->ret->line = line;
	p->ret->col = col;
	p->ret->expected = buf_steal(expected);
	p->ret->got = buf_steal(got);
	p->ret->story = buf_steal(&story);
}

void play_fail_step(struct play *p, const struct script_step *s, const char *expected, const char *got)
{
	struct buf a = {0}, b = {0};

	buf_str(&a, expected);
	buf_str(&b, got);
	play_fail(p, s->line, s->col, &a, &b);
}

/* -- expecting -- */

static struct judged judged_of(const struct play *p)
{
	return (struct judged){.stage = &p->stage, .plan = p->plan, .sights = &p->sights, .zones = p->zones};
}

static void put_when(const struct script_step *s, int64_t now_ms, struct buf *out)
{
	char span[48];

	if (s->when == SCRIPT_WITHIN)
		buf_printf(out, " within %s", seen_span(s->when_ms, span));
	else if (s->when == SCRIPT_UNTIL)
		buf_printf(out, " until %s", seen_span(s->when_ms, span));
	else
		buf_printf(out, " at %s", seen_span(now_ms, span));
}

static void fail_expect(struct play *p, const struct script_step *s, const struct script_expect *x,
                        const struct judge_window *w)
{
	struct judged j = judged_of(p);
	struct buf expected = {0}, got = {0};

	judge_expected(x, &expected);
	put_when(s, world_ms(p), &expected);
	judge_got(&j, x, w, &got);
	play_fail(p, x->line, x->col, &expected, &got);
}

static bool is_window(const struct script_expect *x)
{
	return x->what == WHAT_NOTHING || (x->what >= WHAT_NOTICE && x->is_not);
}

static struct judge_window window_of(const struct play *p, const struct script_step *s,
                                     const struct script_expect *x)
{
	struct judge_window w = {p->mark, -1};

	if (s->when != SCRIPT_UNTIL && s->when != SCRIPT_WITHIN && !is_window(x)) {
		w.only_ms = world_ms(p);
		w.from = 0;
	}
	return w;
}

/* The first of the step that is not so; NULL: all are. */
static const struct script_expect *first_false(const struct play *p, const struct script_step *s,
                                               bool windows_only, struct judge_window *ret_w)
{
	struct judged j = judged_of(p);

	for (int i = 0; i < s->n_expects; i++) {
		const struct script_expect *x = &s->expects[i];
		bool is_lasting = is_window(x) || x->what < WHAT_NOTICE;

		*ret_w = window_of(p, s, x);
		if ((!windows_only || is_lasting) && !judge_holds(&j, x, ret_w))
			return x;
	}
	return NULL;
}

static void expect_at(struct play *p, const struct script_step *s, int64_t at_ms)
{
	const struct script_expect *x;
	struct judge_window w;

	while (world_happen(p, at_ms))
		;
	p->stage.now_ms = at_ms;
	x = first_false(p, s, false, &w);
	if (x)
		fail_expect(p, s, x, &w);
}

static void expect_until(struct play *p, const struct script_step *s, int64_t at_ms)
{
	const struct script_expect *x;
	struct judge_window w;

	do
		x = first_false(p, s, true, &w);
	while (!x && world_happen(p, at_ms));
	if (!x) {
		p->stage.now_ms = at_ms;
		x = first_false(p, s, false, &w);
	}
	if (x)
		fail_expect(p, s, x, &w);
}

/* Each may come true at another moment. */
static void expect_within(struct play *p, const struct script_step *s, int64_t by_ms)
{
	bool *met = xcalloc((size_t)s->n_expects + 1, sizeof *met);
	struct judge_window w = {p->mark, -1};
	int open = s->n_expects, missing = 0;

	while (w.from > 0 && p->sights.at[w.from - 1].at_ms == world_ms(p))
		w.from--; /* what happens just now counts, whoever looked at it before */
	for (;;) {
		struct judged j = judged_of(p);

		for (int i = 0; i < s->n_expects; i++)
			if (!met[i] && judge_holds(&j, &s->expects[i], &w)) {
				met[i] = true;
				open--;
			}
		if (!open || !world_happen(p, by_ms))
			break;
	}
	while (missing < s->n_expects && met[missing])
		missing++;
	free(met);
	if (!open)
		return;
	p->stage.now_ms = by_ms;
	fail_expect(p, s, &s->expects[missing], &w);
}

/* -- a step, a test -- */

static int64_t time_of(const struct play *p, const struct script_step *s)
{
	if (s->when == SCRIPT_AT || s->when == SCRIPT_UNTIL)
		return p->test->start_ms + s->when_ms;
	return p->stage.now_ms + (s->when == SCRIPT_NOW ? 0 : s->when_ms);
}

static void step(struct play *p, const struct script_step *s)
{
	int64_t at_ms = time_of(p, s);

	if (at_ms < p->stage.now_ms) {
		play_fail_step(p, s, "this step", "its time was over when the step before was true");
		return;
	}
	if (at_ms > p->stage.now_ms)
		p->instant = 0;
	if (s->act != ACT_EXPECT) {
		while (world_happen(p, at_ms)) /* what is due then comes first */
			;
		p->stage.now_ms = at_ms;
		act_do(p, s);
		return;
	}
	if (s->when == SCRIPT_WITHIN)
		expect_within(p, s, at_ms);
	else if (s->when == SCRIPT_UNTIL)
		expect_until(p, s, at_ms);
	else
		expect_at(p, s, at_ms);
	p->mark = p->sights.n;
}

void play_test(const struct plan *plan, const struct script_test *test, struct verdict *ret)
{
	struct play p = {.plan = plan, .test = test, .ret = ret};

	ret->test = test;
	world_open(&p);
	for (int i = 0; i < test->n && !ret->is_broken; i++) {
		step(&p, &test->steps[i]);
		if (p.instant >= INSTANT_MAX && !ret->is_broken)
			play_fail_step(&p, &test->steps[i], "time to pass",
			               "thousands of turns at one moment");
	}
	ret->virtual_ms = world_ms(&p);
	world_close(&p);
}
