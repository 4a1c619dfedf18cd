/* quorum.c - so many people must take it before the chain stops. Each ack is
 * recorded; the one that makes the number whole is the ack of the life table. */
#include "engine/chain.h"

#include "engine/drill.h"
#include "engine/emit.h"
#include "engine/render.h"
#include "engine/save.h"

#include <stdlib.h>
#include <string.h>

enum { QUORUM_MAX = 10 };

/* Distinct people of all its levels. */
static int people_of_chain(const struct engine *e, const struct incident *inc)
{
	int all[LEVEL_PEOPLE_MAX], n = 0;

	for (int l = 1; l <= chain_levels(e, inc); l++) {
		int here[LEVEL_PEOPLE_MAX], m = chain_people(e, inc, l, here, LEVEL_PEOPLE_MAX);

		for (int i = 0; i < m; i++)
			n = people_add(here[i], all, n, LEVEL_PEOPLE_MAX);
	}
	return n;
}

int quorum_needed(const struct engine *e, const struct incident *inc)
{
	int need = inc->type ? inc->type->quorum : 0, people, levels = chain_levels(e, inc);

	for (int l = 1; l <= inc->level && l <= levels; l++) {
		int of_level = chain_quorum(e, inc, l);

		need = of_level > need ? of_level : need;
	}
	if (need <= 1)
		return 1;
	people = people_of_chain(e, inc);
	return people < need ? (people > 1 ? people : 1) : need;
}

int quorum_of(const struct engine *e, const struct incident *inc)
{
	return incident_wants_ack(inc) ? quorum_needed(e, inc) : inc->quorum;
}

bool quorum_has(const struct incident *inc, const char *person)
{
	for (int i = 0; i < inc->n_acks; i++)
		if (!strcmp(inc->acks[i].person, person))
			return true;
	return false;
}

static void add(struct incident *inc, const char *person, int64_t at_ms)
{
	inc->acks = xrealloc(inc->acks, (size_t)(inc->n_acks + 1) * sizeof *inc->acks);
	inc->acks[inc->n_acks++] = (struct ack){xstrdup(person), at_ms};
}

void quorum_void(struct incident *inc)
{
	for (int i = 0; i < inc->n_acks; i++)
		free(inc->acks[i].person);
	free(inc->acks);
	inc->acks = NULL;
	inc->n_acks = inc->quorum = 0;
}

void quorum_pass(struct incident *inc, const char *from, const char *to)
{
	int n = 0;

	for (int i = 0; i < inc->n_acks; i++)
		if (!strcmp(inc->acks[i].person, from) && !quorum_has(inc, to))
			xreplace(&inc->acks[i].person, to);
	for (int i = 0; i < inc->n_acks; i++) { /* who comes stood there already */
		if (strcmp(inc->acks[i].person, from) != 0)
			inc->acks[n++] = inc->acks[i];
		else
			free(inc->acks[i].person);
	}
	inc->n_acks = n;
}

/* The others who were called know that somebody comes, and that he is not enough. */
static void tell_others(struct engine *e, struct incident *inc, const struct cue_arg *a, int64_t cause)
{
	for (int i = 0; i < inc->n_called; i++) {
		int person = plan_person(e->plan, inc->called[i].person);
		struct to_send s = {NOTICE_UPDATE, person, inc, NULL, NULL, inc->level, cause, -1};
		struct buf words = {0};

		if (person < 0 || quorum_has(inc, inc->called[i].person))
			continue;
		buf_printf(&words,
		           e->plan->people[person].language == LANG_ZH ? "%s已确认,还需%d人确认"
		                                                       : "Acked by %s, %d more needed",
		           wording_person(e, a->person), inc->quorum - inc->n_acks);
		s.words = buf_text(&words);
		outbox_send(e, &s);
		buf_fini(&words);
	}
}

static int64_t partial_row(struct engine *e, struct incident *inc, const struct cue_arg *a)
{
	struct buf *b = row_begin(e);

	json_str(b, "via", a->via);
	json_int(b, "rev", inc->rev);
	json_str(b, "state", state_name(inc->state));
	json_int(b, "acks", inc->n_acks);
	json_int(b, "of", inc->quorum);
	if (a->words && *a->words)
		json_str(b, "note", a->words);
	return row_end(e, AUDIT_ACKED, inc, a->who, a->cause);
}

bool quorum_take(struct engine *e, struct incident *inc, const struct cue_arg *a)
{
	bool is_new = !quorum_has(inc, a->person) || PLANTED(18);

	inc->quorum = quorum_needed(e, inc);
	if (inc->quorum <= 1 && !inc->n_acks)
		return true;
	if (is_new)
		add(inc, a->person, e->now_ms);
	if (inc->n_acks >= inc->quorum)
		return true;
	if (!is_new)
		return false;
	if (!inc->first_ack_ms)
		inc->first_ack_ms = e->now_ms;
	if (inc->drill)
		drill_acked(e, inc, a->person);
	tell_others(e, inc, a, partial_row(e, inc, a));
	incident_touch(e, inc);
	return false;
}

int quorum_people(const struct engine *e, const struct incident *inc, int *ret_people, int cap)
{
	int n = 0;

	for (int i = 0; i < inc->n_acks && n < cap; i++)
		ret_people[n++] = plan_person(e->plan, inc->acks[i].person);
	if (!n)
		ret_people[n++] = plan_person(e->plan, inc->acked_by);
	return n;
}

void quorum_tell(struct engine *e, struct incident *inc, enum notice_kind kind, int64_t cause)
{
	int people[LEVEL_PEOPLE_MAX], n = quorum_people(e, inc, people, LEVEL_PEOPLE_MAX);

	for (int i = 0; i < n; i++)
		tell_person(e, inc, kind, people[i], cause);
}

void quorum_save(const struct incident *inc, struct buf *out)
{
	for (int i = 0; i < inc->n_acks; i++) {
		record_tag(out, "ack");
		record_str(out, inc->acks[i].person);
		record_int(out, inc->acks[i].at_ms);
		record_int(out, inc->quorum);
	}
}

void quorum_restore(struct incident *inc, struct record_reader *r)
{
	char *person = record_read_str(r);

	add(inc, person, record_read_ms(r));
	inc->quorum = restore_bounded(r, record_read_int(r), QUORUM_MAX + 1);
	free(person);
}
