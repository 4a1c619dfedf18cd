/* help.c - who has an incident and called for help is told whom no way reaches:
 * he would wait for somebody who knows of nothing. */
#include "engine/chain.h"
#include "engine/emit.h"
#include "engine/render.h"

#include <stdlib.h>
#include <string.h>

void help_asked(const struct engine *e, struct incident *inc, int person, int asker)
{
	struct called *c = person == asker ? NULL : called_of(inc, e->plan->people[person].id);

	if (!c)
		return;
	help_came(c);
	c->asker = xstrdup(e->plan->people[asker].id);
}

void help_came(struct called *c)
{
	free(c->asker);
	c->asker = NULL;
}

struct names {
	const char *at[LEVEL_PEOPLE_MAX]; /* of inc->called */
	int n;
};

/* Whom the person called for help and nothing reaches: not asked after again. */
static void take_dead(struct engine *e, struct incident *inc, const char *asker, struct names *ret)
{
	for (int i = 0; i < inc->n_called && ret->n < LEVEL_PEOPLE_MAX; i++) {
		struct called *c = &inc->called[i];

		if (!c->asker || strcmp(c->asker, asker) != 0 || !skip_is_dead(e, inc, c->person))
			continue;
		ret->at[ret->n++] = c->person;
		help_came(c);
	}
}

static int64_t help_row(struct engine *e, struct incident *inc, const char *asker, const struct names *dead)
{
	struct buf *b = row_begin(e);

	json_str(b, "kind", notice_kind_name(NOTICE_TELL));
	json_str(b, "person", asker);
	json_open(b, "unreached", '[');
	for (int i = 0; i < dead->n; i++)
		json_str(b, NULL, dead->at[i]);
	json_close(b, ']');
	return row_end(e, AUDIT_NOTICE, inc, "system", 0);
}

static void tell_asker(struct engine *e, struct incident *inc, int person, const struct names *dead)
{
	bool zh = e->plan->people[person].language == LANG_ZH;
	struct to_send s = {NOTICE_TELL, person, inc, NULL, NULL, inc->level, 0, -1};
	struct buf words = {0};

	s.cause = help_row(e, inc, e->plan->people[person].id, dead);
	buf_str(&words, zh ? "支援请求未能送达:" : "Your call for help did not reach ");
	for (int i = 0; i < dead->n; i++)
		buf_printf(&words, "%s%s", i ? zh ? "、" : ", " : "", wording_person(e, dead->at[i]));
	buf_printf(&words, zh ? "。请打电话联系,或继续升级:escalate %lld"
	                      : ". Phone them, or escalate further: escalate %lld",
	           (long long)inc->number);
	s.words = buf_text(&words);
	outbox_send(e, &s);
	buf_fini(&words);
}

void help_settle(struct engine *e, struct incident *inc)
{
	for (int i = 0; i < inc->n_called && inc->state != STATE_CLOSED; i++) {
		char *asker = inc->called[i].asker ? xstrdup(inc->called[i].asker) : NULL;
		int person = asker ? plan_person(e->plan, asker) : -1;
		struct names dead = {.n = 0};

		if (asker)
			take_dead(e, inc, asker, &dead);
		if (dead.n && person >= 0)
			tell_asker(e, inc, person, &dead);
		else if (dead.n)
			incident_touch(e, inc);
		free(asker);
	}
}
