/* check_cond.c - conditions that can never be true, one by one, and grades
 * that come in the wrong order. */
#include "language/check.h"

#include "base/text.h"

#include <string.h>

/* Where the test of a leaf stands. */
const struct node *test_node(const struct place *p)
{
	for (int i = 0; test_names[i]; i++)
		if (node_get(p->at, test_names[i]))
			return node_get(p->at, test_names[i]);
	for (int i = 0; test_names[i]; i++)
		if (node_get(p->grade, test_names[i]))
			return node_get(p->grade, test_names[i]);
	return p->at;
}

struct place kid_place(const struct place *p, const struct cond *c, int i)
{
	static const char *const groups[] = {"all", "any", NULL};
	const struct node *alone = node_get(p->at, "not");

	if (c->op == COND_VOTE)
		return *p; /* its one kid is the test beside it */
	for (int g = 0; groups[g] && !alone; g++) {
		const struct node *list = node_get(p->at, groups[g]);

		if (list && list->kind == NODE_LIST && list->n == c->n_kids)
			return (struct place){list->items[i], p->grade};
	}
	return (struct place){alone && c->n_kids == 1 ? alone : NULL, p->grade};
}

/* -- one leaf -- */

/* The numbers that the bytes of its payload can hold. */
static bool range_of(const struct sensor_def *s, int64_t *ret_low, int64_t *ret_high)
{
	static const struct {
		int64_t low, high;
	} ranges[] = {[DECODE_U8] = {0, 255},           [DECODE_I8] = {-128, 127},
	              [DECODE_U16BE] = {0, 65535},      [DECODE_U16LE] = {0, 65535},
	              [DECODE_I16BE] = {-32768, 32767}, [DECODE_I16LE] = {-32768, 32767},
	              [DECODE_U32BE] = {0, 4294967295}, [DECODE_U32LE] = {0, 4294967295}};
	int64_t nano = s->scale_nano ? s->scale_nano : 1000000000, low, high;

	if (s->decode.from == DECODE_NONE || nano > 1000000000000 || nano < -1000000000000)
		return false;
	low = s->decode.bit >= 0 ? 0 : ranges[s->decode.type].low;
	high = s->decode.bit >= 0 ? 1 : ranges[s->decode.type].high;
	low = low * (nano / 1000) / 1000;
	high = high * (nano / 1000) / 1000;
	*ret_low = (low < high ? low : high) + s->offset_milli;
	*ret_high = (low < high ? high : low) + s->offset_milli;
	return true;
}

static void check_range(struct reader *r, const struct cond *c, const struct place *p)
{
	const struct sensor_def *s = &r->plan->sensors[c->sensor];
	int64_t low, high, limit = c->test.limit_milli;
	char from[32], to[32];

	if (!range_of(s, &low, &high) || (c->test.op != TEST_ABOVE && c->test.op != TEST_BELOW) ||
	    (c->test.op == TEST_ABOVE ? limit < high : limit > low))
		return;
	complain(r, test_node(p), "never true: the bytes of sensor '%s' can only hold %s to %s", s->id,
	         milli_text(low, from), milli_text(high, to));
	advise(r, "correct the limit, or the sensor's 'scale', 'offset' or 'decode'");
}

/* Its alarm ends by itself before the delay is over. */
static void check_off_delay(struct reader *r, const struct cond *c, const struct place *p)
{
	const struct sensor_def *s = &r->plan->sensors[c->sensor];

	if (!s->off_delay_ms || c->for_ms <= s->off_delay_ms || c->test.op != TEST_IS ||
	    c->test.words.n != 1 || strcmp(c->test.words.at[0], "alarm") != 0)
		return;
	complain(r, test_node(p),
	         "never true: sensor '%s' is normal again by itself before this has held 'for' so long",
	         s->id);
	advise(r, "make its 'off_delay' longer than the 'for' of the condition");
}

/* A word that no sensor of the kind can say; `alarm` is asked of each sensor elsewhere. */
static void check_said(struct reader *r, const struct cond *c, const struct place *p)
{
	struct nearest near = {.word = c->test.words.n == 1 ? c->test.words.at[0] : "alarm"};
	const struct sensor_def *any = NULL;

	if (c->test.op != TEST_IS || !strcmp(near.word, "alarm"))
		return;
	for (int k = 0; k < c->kinds.n; k++) {
		struct each e = each_of(r, c->kinds.at[k], c->zone);

		for (int i; (i = each_next(&e)) >= 0;) {
			const struct sensor_def *s = &r->plan->sensors[i];

			if (!cond_selects(r->plan, c, i))
				continue;
			any = s;
			if (!s->n_words)
				return;
			for (int w = 0; w < s->n_words; w++) {
				if (!strcmp(s->words[w].word, near.word))
					return;
				nearest_try(&near, s->words[w].word);
			}
		}
	}
	if (!any)
		return;
	caution(r, test_node(p), "no sensor of kind '%s' has the word '%s'", c->kinds.at[0], near.word);
	if (near.best)
		advise_nearest(r, &near);
	else
		advise(r, "sensor '%s' has '%s', for one", any->id, any->words[0].word);
}

static void check_leaf(struct reader *r, const struct cond *c, const struct place *p)
{
	if (c->sensor < 0) {
		check_said(r, c, p);
		return;
	}
	check_range(r, c, p);
	check_off_delay(r, c, p);
}

/* -- a vote -- */

/* The most sensors that one incident can count; a family: no limit. */
static int voters(struct reader *r, const struct cond *c, enum per per)
{
	const struct plan *p = r->plan;
	int *in_zone = arena_alloc(&r->arena, (size_t)(p->n_zones + 1) * sizeof *in_zone), most = 0, all = 0;

	for (int k = 0; k < c->kinds.n; k++) {
		struct each e = each_of(r, c->kinds.at[k], c->zone);

		for (int i; (i = each_next(&e)) >= 0;) {
			const struct sensor_def *s = &p->sensors[i];

			if (!cond_selects(p, c, i))
				continue;
			if (s->is_family || s->zone < 0)
				return INT32_MAX;
			all++;
			if (++in_zone[s->zone] > most)
				most = in_zone[s->zone];
		}
	}
	return c->zone < 0 && per != PER_SITE ? most : all;
}

static void check_vote(struct reader *r, const struct cond *c, const struct place *p, enum per per)
{
	int n = c->kids[0].kinds.n ? voters(r, &c->kids[0], per) : INT32_MAX;

	if (c->at_least <= n || !n)
		return; /* none at all: said of the kind */
	complain(r, node_get(p->at, "at_least"), "never true: there %s only %d such sensor%s%s",
	         n == 1 ? "is" : "are", n, n == 1 ? "" : "s",
	         c->kids[0].zone < 0 && per != PER_SITE ? " in a zone" : "");
	advise(r, "write at_least: %d, or per: site, or name the zone in 'of'", n);
}

static void check_cond(struct reader *r, const struct cond *c, const struct place *p, enum per per)
{
	if (!p->at)
		return;
	if (c->op == COND_TEST)
		check_leaf(r, c, p);
	if (c->op == COND_ALL || c->op == COND_ANY)
		check_group(r, c, p);
	if (c->op == COND_VOTE && node_get(p->at, "at_least"))
		check_vote(r, c, p, per);
	for (int i = 0; i < c->n_kids; i++) {
		const struct place kid = kid_place(p, c, i);

		check_cond(r, &c->kids[i], &kid, per);
	}
}

/* -- grades -- */

static bool is_milder(const struct cond *a, const struct cond *b)
{
	if (a->test.op != b->test.op || a->for_ms > b->for_ms)
		return false;
	if (a->test.op == TEST_ABOVE)
		return a->test.limit_milli <= b->test.limit_milli;
	return a->test.op == TEST_BELOW && a->test.limit_milli >= b->test.limit_milli;
}

/* The graver grade `a` would be reached with, or before, the milder `b`. */
static const struct cond *reached_first(const struct cond *a, const struct cond *b)
{
	const struct cond *found = NULL;

	if (a->op == COND_TEST && b->op == COND_TEST && is_milder(a, b))
		return a;
	for (int i = 0; i < a->n_kids && i < b->n_kids && a->n_kids == b->n_kids && !found; i++)
		found = reached_first(&a->kids[i], &b->kids[i]);
	return found;
}

static void check_grades(struct reader *r, const struct incident_type *t, const struct node *grades)
{
	for (int g = 1; g < t->n_grades && grades->n == t->n_grades; g++) {
		const struct grade *graver = &t->grades[g], *milder = &t->grades[g - 1];
		const struct place p = {NULL, grades->pairs[g].value};
		const struct node *at = test_node(&p);

		if (!at || !reached_first(&graver->when, &milder->when))
			continue;
		caution(r, at, "grade '%s' is reached no later than '%s' before it, which is never seen",
		        graver->id, milder->id);
		advise(
		    r,
		    "grades stand in order, the mildest first: does one limit stand in the other's place?");
	}
}

static void check_untils(struct reader *r)
{
	for (int b = 0; b < r->sections[SECTION_PLAYBOOKS].n; b++)
		for (int s = 0; s < r->plan->playbooks[b].n_steps; s++) {
			const struct step *step = &r->plan->playbooks[b].steps[s];
			const struct node *body =
			    node_get(r->sections[SECTION_PLAYBOOKS].at[b].body, step->id);
			const struct place p = {
			    node_get(body, step->kind == STEP_KIND_WAIT ? "wait" : "until"), NULL};

			if (body && step->until)
				check_cond(r, &step->until->grades[0].when, &p, PER_ZONE);
		}
}

void check_conditions(struct reader *r)
{
	check_untils(r);
	for (int i = 0; i < r->plan->n_types; i++) {
		const struct incident_type *t = &r->plan->types[i];
		const struct entry *e = entry_of(r, SECTION_INCIDENTS, t->id);
		const struct node *grades = e ? node_get(e->body, "grades") : NULL;

		for (int g = 0; e && g < t->n_grades; g++) {
			const struct place p = {node_get(e->body, "when"), grades && grades->n == t->n_grades
			                                                       ? grades->pairs[g].value
			                                                       : NULL};

			check_cond(r, &t->grades[g].when, &p, t->per);
			check_week(r, t, &t->grades[g].when, &p);
		}
		if (grades)
			check_grades(r, t, grades);
	}
}
