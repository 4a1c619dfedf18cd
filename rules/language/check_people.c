/* check_people.c - levels of a chain that reach nobody new, deputies of
 * themselves, people whom no channel reaches when it matters. */
#include "language/check.h"

#include <stdlib.h>
#include <string.h>

/* The role that stands behind this one. */
static int behind(const struct plan *p, int role)
{
	for (int steps = 0; role >= 0 && steps < p->n_roles; steps++) {
		const struct role *is = &p->roles[role];

		if (is->holder >= 0 || is->roster || is->deputy >= 0)
			return role;
		role = is->covered_by;
	}
	return role;
}

static void add_crew(const struct ids *crew, bool *people)
{
	for (int i = 0; i < crew->n; i++)
		people[crew->at[i]] = true;
}

static bool crew_has(const struct ids *crew, int person)
{
	for (int i = 0; i < crew->n; i++)
		if (crew->at[i] == person)
			return true;
	return false;
}

/* `always`: only those who are in every crew. */
static void add_roster(const struct roster *roster, bool always, bool *people)
{
	for (int i = 0; i < (always ? 1 : roster->n_rotation) && roster->n_rotation; i++)
		for (int k = 0; k < roster->rotation[i].n; k++) {
			bool everywhere = true;

			for (int j = 0; always && j < roster->n_rotation; j++)
				everywhere &= crew_has(&roster->rotation[j], roster->rotation[i].at[k]);
			people[roster->rotation[i].at[k]] |= everywhere;
		}
	if (always)
		return;
	for (int i = 0; i < roster->n_dates; i++)
		add_crew(&roster->dates[i].people, people);
}

/* Who answers for a role as the plan stands, always or in some shift. */
static void add_people(const struct plan *p, int role, bool always, bool *people)
{
	role = behind(p, role);
	if (role < 0)
		return;
	if (p->roles[role].roster)
		add_roster(p->roles[role].roster, always, people);
	else if (p->roles[role].holder >= 0)
		people[p->roles[role].holder] = true;
	else if (p->roles[role].deputy >= 0)
		people[p->roles[role].deputy] = true;
}

static int count(const struct plan *p, const bool *people)
{
	int n = 0;

	for (int i = 0; i < p->n_people; i++)
		n += people[i];
	return n;
}

/* -- chains -- */

static const struct node *call_node(const struct entry *e, int level)
{
	const struct node *levels = node_get(e->body, "levels");

	return node_get(levels->items[level], "call");
}

static void check_levels(struct reader *r, const struct chain *c, const struct entry *e)
{
	const struct plan *p = r->plan;
	bool *before = arena_alloc(&r->arena, (size_t)p->n_people + 1);

	for (int l = 0; l < c->n_levels; l++) {
		bool *here = arena_alloc(&r->arena, (size_t)p->n_people + 1), is_new = false;

		for (int i = 0; i < c->levels[l].call.n; i++)
			add_people(p, c->levels[l].call.at[i], false, here);
		for (int i = 0; i < p->n_people; i++)
			is_new = is_new || (here[i] && !before[i]);
		if (!count(p, here)) {
			complain(r, call_node(e, l),
			         "level %d of chain '%s' calls nobody: no person holds its roles", l + 1,
			         c->id);
			advise(r, "give one of its roles a 'holder'");
		} else if (!is_new) {
			caution(r, call_node(e, l),
			        "level %d of chain '%s' calls nobody whom the levels before have not called",
			        l + 1, c->id);
			advise(r, "name a role that somebody else holds");
		}
		for (int i = 0; i < c->levels[l].call.n; i++)
			add_people(p, c->levels[l].call.at[i], true, before);
	}
}

/* Which type or level wants more people than its chain has: it makes do with those. */
static void check_quorum(struct reader *r, const struct chain *c, const struct entry *e)
{
	const struct plan *p = r->plan;
	bool *all = arena_alloc(&r->arena, (size_t)p->n_people + 1);

	for (int l = 0; l < c->n_levels; l++)
		for (int i = 0; i < c->levels[l].call.n; i++)
			add_people(p, c->levels[l].call.at[i], false, all);
	for (int l = 0; l < c->n_levels; l++)
		if (c->levels[l].quorum > count(p, all)) {
			const struct node *level = node_get(e->body, "levels")->items[l];

			caution(r, node_get(level, "quorum"), "level %d of chain '%s' wants %d people, and the chain has %d",
			        l + 1, c->id, c->levels[l].quorum, count(p, all));
			advise(r, "name more roles that others hold, or want fewer");
		}
}

/* -- deputies -- */

static void check_deputy(struct reader *r, const struct role *role)
{
	const struct entry *e = entry_of(r, SECTION_ROLES, role->id);

	if (!e || role->deputy < 0 || role->deputy != role->holder)
		return;
	caution(r, node_get(e->body, "deputy"), "the deputy of role '%s' is its holder: nobody stands in for '%s'", role->id,
	        r->plan->people[role->holder].id);
	advise(r, "name somebody else, or leave 'deputy' out");
}

/* -- channels -- */

static bool wants(const struct channel *c, const char *field)
{
	for (int i = 0; i < c->argv.n; i++)
		if (strstr(c->argv.at[i], field))
			return true;
	return false;
}

/* A channel that would be given an empty number. */
static void check_number(struct reader *r, const struct person *who, const struct entry *e)
{
	const struct node *at = node_get(e->body, "channels");

	for (int i = 0; i < who->channels.n; i++) {
		const struct channel *c = &r->plan->channels[who->channels.at[i]];
		const char *lacks = !who->phone && wants(c, "{{phone}}") ? "phone"
		                    : !who->mail && wants(c, "{{mail}}") ? "mail"
		                                                         : NULL;

		if (!lacks)
			continue;
		caution(r, at ? at : e->key, "channel '%s' needs the '%s' of '%s', who has none", c->id,
		        lacks, who->id);
		advise(r, "write it: %s: {%s: \"...\"}", who->id, lacks);
	}
}

static unsigned severities_of(const struct incident_type *t)
{
	unsigned bits = t->n_grades ? 0 : 1u << t->severity;

	for (int g = 0; g < t->n_grades; g++)
		bits |= 1u << t->grades[g].severity;
	return bits;
}

/* For each person the severities at which a chain calls for fire, gas or people; whose, for the sentence. */
static void need(const struct plan *p, int type, unsigned *needs, int *whose)
{
	const struct chain *c = &p->chains[p->types[type].chain];
	unsigned bits = severities_of(&p->types[type]);
	bool *people = xcalloc((size_t)p->n_people + 1, sizeof *people);

	for (int l = 0; l < c->n_levels; l++)
		for (int k = 0; k < c->levels[l].call.n; k++) {
			int role = behind(p, c->levels[l].call.at[k]);

			add_people(p, role, false, people);
			if (role >= 0 && p->roles[role].deputy >= 0)
				people[p->roles[role].deputy] = true;
		}
	for (int i = 0; i < p->n_people; i++)
		if (people[i] && bits & ~needs[i]) {
			needs[i] |= bits;
			whose[i] = type;
		}
	free(people);
}

static void check_reach(struct reader *r, int person, unsigned needs, int type)
{
	const struct person *who = &r->plan->people[person];
	const struct entry *e = entry_of(r, SECTION_PEOPLE, who->id);
	unsigned carried = 0;

	for (int i = 0; i < who->channels.n; i++)
		carried |= r->plan->channels[who->channels.at[i]].severities;
	for (int s = 0; s < SEVERITY_COUNT; s++) {
		if (!(needs & ~carried & 1u << s))
			continue;
		caution(r, e->key,
		        "nothing reaches '%s' for incident '%s': no channel of theirs carries '%s'", who->id,
		        r->plan->types[type].id, severity_name((enum severity)s));
		advise(r, "give '%s' one more channel, or the channel more 'severities'", who->id);
		return;
	}
}

static void check_channels(struct reader *r)
{
	const struct plan *p = r->plan;
	unsigned *needs = arena_alloc(&r->arena, (size_t)(p->n_people + 1) * sizeof *needs);
	int *whose = arena_alloc(&r->arena, (size_t)(p->n_people + 1) * sizeof *whose);
	bool *seen = arena_alloc(&r->arena, (size_t)(p->n_chains + 1) * 16);

	for (int t = 0; t < p->n_types; t++) {
		bool *was = &seen[p->types[t].chain * 16 + (int)severities_of(&p->types[t]) % 16];

		if (hazard_is_life(p->types[t].hazard) && !*was)
			need(p, t, needs, whose);
		*was = *was || hazard_is_life(p->types[t].hazard);
	}
	for (int i = 0; i < p->n_people; i++) {
		check_number(r, &p->people[i], entry_of(r, SECTION_PEOPLE, p->people[i].id));
		if (needs[i])
			check_reach(r, i, needs[i], whose[i]);
	}
}

void check_people(struct reader *r)
{
	for (int i = 0; i < r->plan->n_chains; i++)
		check_levels(r, &r->plan->chains[i], entry_of(r, SECTION_CHAINS, r->plan->chains[i].id));
	for (int i = 0; i < r->plan->n_chains; i++)
		check_quorum(r, &r->plan->chains[i], entry_of(r, SECTION_CHAINS, r->plan->chains[i].id));
	for (int i = 0; i < r->plan->n_roles; i++)
		check_deputy(r, &r->plan->roles[i]);
	check_channels(r);
}
