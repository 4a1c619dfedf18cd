/* verb_end.c - the all-clear, two persons where lives are at stake, and the close. */
#include "engine/drill.h"
#include "engine/emit.h"
#include "engine/verb.h"

#include <stdlib.h>
#include <string.h>

enum { ALL_CLEAR_MS = 30 * 60000 };

/* The names in a text with blanks between, as many as it holds; the caller frees at. The text is cut up. */
static struct strings split_names(char *text)
{
	const char **at = xcalloc(strlen(text) + 1, sizeof *at);
	int n = 0;

	for (char *p = text; *p;) {
		at[n++] = p;
		p += strcspn(p, " ");
		if (*p)
			*p++ = 0;
	}
	return (struct strings){at, n};
}

/* -- who, and what hinders -- */

/* Once reports and the named members are out it counts no more. */
static bool counts(const struct incident *inc, const struct member *m, const struct strings *names)
{
	return !m->out && !incident_may_take_out(inc, m, names) && (m->active == TRUTH_TRUE || m->lost);
}

static bool is_calm_without(const struct engine *e, const struct incident *inc, const struct strings *names)
{
	for (int i = 0; i < inc->n_members; i++)
		if (counts(inc, &inc->members[i], names))
			return false;
	return !incident_stays_true(e, inc, names);
}

/* A sentence's word that lives as long as the turn. */
static const char *kept(struct engine *e, struct buf *text)
{
	const char *ret = arena_str(&e->fx->arena, buf_text(text));

	buf_fini(text);
	return *ret ? ret : NULL;
}

/* "gas-b2, smoke-1 (lost), smoke-2 (counts until 03:20)" */
static const char *active_names(struct engine *e, const struct said *s, const struct strings *names)
{
	bool zh = e->plan->people[s->person].language == LANG_ZH;
	struct buf out = {0};

	for (int i = 0; i < s->inc->n_members; i++) {
		const struct member *m = &s->inc->members[i];

		if (counts(s->inc, m, names))
			buf_printf(&out, "%s%s%s", out.len ? ", " : "",
			           strcmp(m->sensor, "self:") ? m->sensor : m->value,
			           !m->lost ? "" : zh ? "(失联)" : " (lost)");
	}
	incident_put_counting(e, s->inc, names, zh ? LANG_ZH : LANG_EN, &out);
	return kept(e, &out);
}

static bool is_by(const char *who, const char *person)
{
	size_t n = strlen(who), m = strlen(person);

	return n >= m && !strcmp(who + n - m, person) &&
	       (n == m || (n > m + 5 && !strncmp(who + n - m - 5, " for ", 5)));
}

/* On the scene, as far as anybody can tell: took it, did something for it, or is of its chain. */
static bool was_there(const struct engine *e, const struct said *s)
{
	const char *me = e->plan->people[s->person].id;

	for (int i = 0; i < s->inc->n_steps; i++)
		if (is_by(s->inc->steps[i].by, me))
			return true;
	return !strcmp(s->inc->acked_by, me) || chain_has_person(e, s->inc, s->person);
}

/* What both name: the second confirms what the first said, or says it again. */
static int both_name(const struct strings *first, const struct strings *second, const char **at)
{
	int n = 0;

	for (int i = 0; i < first->n; i++)
		if (!second->n || strings_have(second, first->at[i]))
			at[n++] = first->at[i];
	return n;
}

/* -- reset -- */

static enum refusal first_of_two(struct engine *e, struct said *s)
{
	struct incident *inc = s->inc;
	struct buf names = {0}, *b;
	int64_t seq;

	for (int i = 0; i < s->c->without.n; i++)
		buf_printf(&names, "%s%s", i ? " " : "", s->c->without.at[i]);
	all_clear_void(e, inc);
	xreplace(&inc->reset_by, e->plan->people[s->person].id);
	xreplace(&inc->reset_without, buf_text(&names));
	buf_fini(&names);
	inc->reset_ms = e->now_ms;
	all_clear_begin(e, inc, e->now_ms + ALL_CLEAR_MS);
	b = row_begin(e);
	json_bool(b, "first", true);
	json_str(b, "via", s->c->via);
	if (*inc->reset_without)
		json_str(b, "without", inc->reset_without);
	if (s->c->words && *s->c->words)
		json_str(b, "note", s->c->words);
	seq = row_end(e, AUDIT_RESET, inc, s->who, 0);
	all_clear_ask(e, inc, s->person, seq);
	s->answer.detail = "second_person";
	return REFUSAL_NONE;
}

static enum refusal still_active(struct engine *e, struct said *s, const struct strings *names)
{
	s->answer.detail = active_names(e, s, names);
	return REFUSAL_STILL_ACTIVE;
}

static enum refusal all_clear(struct engine *e, struct said *s, const struct strings *names)
{
	struct cue_arg a = said_cue(s, AUDIT_RESET);

	incident_without(e, s->inc, names, &a);
	if (s->inc->state == STATE_LATCHED)
		life_cue(e, s->inc, CUE_RESET, &a);
	if (s->inc->state != STATE_CLEARED && s->inc->state != STATE_CLOSED)
		return still_active(e, s, names); /* the condition is still true without them */
	return REFUSAL_NONE;
}

/* The second of two: what both name is out. */
static enum refusal second_of_two(struct engine *e, struct said *s)
{
	char *copy = xstrdup(s->inc->reset_without);
	struct strings first = split_names(copy);
	const char **both = xcalloc((size_t)first.n + 1, sizeof *both);
	struct strings agreed = {both, both_name(&first, &s->c->without, both)};
	enum refusal r;

	if (is_calm_without(e, s->inc, &agreed))
		r = all_clear(e, s, &agreed);
	else if (is_calm_without(e, s->inc, &s->c->without)) /* names others: then he is the first */
		r = first_of_two(e, s);
	else
		r = still_active(e, s, &agreed);
	free(both);
	free((void *)first.at);
	free(copy);
	return r;
}

static enum refusal reset_of_life(struct engine *e, struct said *s)
{
	struct incident *inc = s->inc;
	bool waits = inc->all_clear.pos > 0, again = !strcmp(inc->reset_by, e->plan->people[s->person].id);

	if (waits && (!again || PLANTED(22)))
		return second_of_two(e, s);
	if (!is_calm_without(e, inc, &s->c->without))
		return still_active(e, s, &s->c->without);
	return waits ? REFUSAL_SECOND_PERSON : first_of_two(e, s);
}

enum refusal verb_reset(struct engine *e, struct said *s)
{
	struct incident *inc = s->inc;
	struct cue_arg a = said_cue(s, AUDIT_RESET);
	enum refusal r;

	if (inc->state != STATE_ACKED && inc->state != STATE_LATCHED && inc->state != STATE_CLEARED) {
		r = life_cue(e, inc, CUE_RESET, &a);
		return r == REFUSAL_STILL_ACTIVE ? still_active(e, s, &s->c->without) : r;
	}
	if (!was_there(e, s) && !(inc->all_clear.pos && said_by_concerned(e, s)))
		return REFUSAL_NOT_YOURS;
	if (inc->isolated_ms && inc->state != STATE_CLEARED) { /* nobody can see whether it is over */
		s->answer.detail = "isolated";
		return REFUSAL_STILL_ACTIVE;
	}
	if (hazard_is_life(inc->hazard) && inc->state != STATE_CLEARED)
		return reset_of_life(e, s);
	if (inc->state != STATE_CLEARED && !is_calm_without(e, inc, &s->c->without))
		return still_active(e, s, &s->c->without);
	return all_clear(e, s, &s->c->without);
}

/* -- close -- */

static const char *open_steps(struct engine *e, struct incident *inc)
{
	struct buf out = {0};

	for (int i = 0; i < inc->n_steps; i++) {
		const struct step_run *run = &inc->steps[i];

		if (playbook_must(run))
			buf_printf(&out, "%s%s", out.len ? ", " : "", step_of(run)->id);
	}
	return kept(e, &out);
}

static bool began_it(const struct engine *e, const struct said *s)
{
	return s->inc->drill && !strcmp(s->inc->drill->by, e->plan->people[s->person].id);
}

enum refusal verb_close(struct engine *e, struct said *s)
{
	struct cue_arg a = said_cue(s, AUDIT_CLOSED);
	enum refusal r = REFUSAL_NONE;

	if (s->inc->state != STATE_CLOSED && !said_by_concerned(e, s) && !began_it(e, s))
		return REFUSAL_NOT_YOURS;
	if (s->inc->drill && s->inc->state != STATE_CLOSED)
		life_close(e, s->inc, &a); /* whatever is still open: the score says so */
	else
		r = life_cue(e, s->inc, CUE_CLOSE, &a);
	if (r == REFUSAL_STEPS_OPEN)
		s->answer.detail = open_steps(e, s->inc);
	return r;
}
