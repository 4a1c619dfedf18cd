/* verb_note.c - notes; one that is an instruction from above is told to those
 * who do the work, and stands in the incident's state. */
#include "engine/duty.h"
#include "engine/emit.h"
#include "engine/render.h"
#include "engine/verb.h"

#include <stdlib.h>
#include <string.h>

enum { KEPT_MAX = 10, TOLD_MAX = 32 };

/* "instruction: evacuate the floor", as typed on a phone. NULL: it is none. */
static const char *instruction_of(const char *words)
{
	static const char *const begins[] = {"instruction:", "instruction:", "Instruction:", "指示:", "指示:"};

	for (size_t i = 0; i < sizeof begins / sizeof *begins; i++)
		if (!strncmp(words, begins[i], strlen(begins[i]))) {
			words += strlen(begins[i]);
			return words + strspn(words, " ");
		}
	return NULL;
}

/* The newest ones; the audit has all. */
static void keep(struct incident *inc, const struct instruction *like)
{
	struct instruction *oldest = inc->instructions;

	if (inc->n_instructions == KEPT_MAX) {
		free(oldest->by);
		free(oldest->from);
		free(oldest->words);
		memmove(oldest, oldest + 1, (size_t)--inc->n_instructions * sizeof *oldest);
	}
	inc->instructions =
	    xrealloc(inc->instructions, (size_t)(inc->n_instructions + 1) * sizeof *inc->instructions);
	inc->instructions[inc->n_instructions++] = (struct instruction){
	    like->at_ms, xstrdup(like->by), xstrdup(like->from), xstrdup(like->words)};
}

static int add(int person, int *people, int n)
{
	for (int i = 0; i < n; i++)
		if (people[i] == person)
			return n;
	if (person >= 0 && n < TOLD_MAX)
		people[n++] = person;
	return n;
}

static int add_owners(const struct engine *e, int role, int *people, int n)
{
	int held[ROLE_PEOPLE_MAX], n_held = role_people(e, role, held, ROLE_PEOPLE_MAX);

	for (int i = 0; i < n_held; i++)
		n = add(held[i], people, n);
	return n;
}

/* Who took it, and whoever has a step to do; not the one who says it. */
static int doers(const struct engine *e, const struct said *s, int *people)
{
	const struct incident *inc = s->inc;
	int n = add(plan_person(e->plan, inc->acked_by), people, 0), kept = 0;

	for (int i = 0; i < inc->n_acks; i++)
		n = add(plan_person(e->plan, inc->acks[i].person), people, n);
	for (int i = 0; i < inc->n_steps; i++) {
		const struct step *step = step_of(&inc->steps[i]);

		if (inc->steps[i].state == STEP_OPEN && step->who >= 0)
			n = add_owners(e, step_role(e, inc, step), people, n);
	}
	for (int i = 0; i < n; i++)
		if (people[i] != s->person)
			people[kept++] = people[i];
	return kept;
}

static void tell(struct engine *e, struct incident *inc, int person, const struct instruction *in, int64_t seq)
{
	struct to_send to = {NOTICE_TELL, person, inc, NULL, NULL, inc->level, seq, -1};
	struct buf words = {0};

	buf_printf(&words,
	           e->plan->people[person].language == LANG_ZH ? "指示(来自%s):%s" : "Instruction from %s: %s",
	           in->from, in->words);
	to.words = buf_text(&words);
	outbox_send_held(e, &to); /* a person's word is no alarm: it waits for no shelf and no summary */
	buf_fini(&words);
}

static enum refusal instruct(struct engine *e, struct said *s, const char *words)
{
	const char *name = e->plan->people[s->person].name;
	struct instruction in = {.at_ms = e->now_ms,
	                         .by = (char *)e->plan->people[s->person].id,
	                         .from = (char *)(s->c->from_whom ? s->c->from_whom : name),
	                         .words = (char *)words};
	int people[TOLD_MAX], n = s->inc->state == STATE_CLOSED ? 0 : doers(e, s, people);
	struct buf *b = row_begin(e);
	int64_t seq;

	json_str(b, "verb", verb_name(s->c->verb));
	json_bool(b, "instruction", true);
	json_str(b, "from", in.from);
	json_str(b, "words", words);
	json_str(b, "via", s->c->via);
	seq = row_end(e, AUDIT_NOTE, s->inc, s->who, 0);
	keep(s->inc, &in);
	duty_note(e, s->inc, name, words);
	incident_touch(e, s->inc);
	for (int i = 0; i < n; i++)
		tell(e, s->inc, people[i], &in, seq);
	return REFUSAL_NONE;
}

enum refusal verb_note(struct engine *e, struct said *s)
{
	const char *words = s->c->words ? s->c->words : "", *typed = instruction_of(words);

	if (typed && *typed)
		return instruct(e, s, typed);
	if (s->c->is_instruction)
		return instruct(e, s, words);
	return said_note(e, s);
}
