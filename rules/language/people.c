/* people.c - people, the roles they hold, the chains that call the roles. */
#include "language/reader.h"
#include "language/tables.h"

#include "base/text.h"

#include <string.h>

#define WORD(A, T) T,
static const char *const lang_words[] = {LANG_LIST(WORD) NULL};

/* -- people -- */

struct person_text {
	struct person person;
	const struct node *channels, *to;
};

static const struct key person_rows[] = {
    {"name", KEY_TEXT, AT(struct person_text, person.name, const char *),
     .help = "as colleagues read it; default: the id"},
    {"user", KEY_STRINGS, AT(struct person_text, person.users, struct strings),
     .help = "broker user, one or several; default: the id"},
    {"login", KEY_STRINGS, AT(struct person_text, person.logins, struct strings),
     .help = "login names on this machine"},
    {"language", KEY_WORD, AT(struct person_text, person.language, enum lang), .words = lang_words,
     .help = "of notices; default: the site's first"},
    {"phone", KEY_TEXT, AT(struct person_text, person.phone, const char *),
     .help = "for channels that ring or text"},
    {"mail", KEY_TEXT, AT(struct person_text, person.mail, const char *), .help = "for channels that mail"},
    {"channels", KEY_NODE, AT(struct person_text, channels, const struct node *),
     .help = "channels in order of preference, or {channel, severities, hours} for when one is meant; "
             "default: [page]"},
    {"to", KEY_NODE, AT(struct person_text, to, const struct node *),
     .help = "{CHANNEL: ADDRESS}: a chat, a room or a number of their own, where the channel's template has {{to}}"},
};
const struct table person_keys = TABLE("person", person_rows);

static int first_language(const struct reader *r)
{
	const struct entries *e = &r->sections[SECTION_LANGUAGES];
	const struct node *node = e->n ? e->at->body : NULL;
	int lang;

	if (node && node->kind == NODE_LIST)
		node = node->n ? node->items[0] : NULL;
	lang = node && node->kind == NODE_SCALAR ? lang_from(node->text) : 0;
	return lang >= 0 ? lang : 0;
}

static void complain_language(struct reader *r, const struct entry *e, enum lang lang)
{
	complain(r, node_get(e->body, "language"), "'%s' is not one of the site's languages", lang_name(lang));
	advise(r, "add it to 'languages', or write one of them");
}

/* Who speaks for others has no voice of its own. */
static void check_gateway(struct reader *r, const struct node *at, const char *user)
{
	for (int i = 0; i < r->plan->n_channels; i++)
		if (r->plan->channels[i].replies && !strcmp(r->plan->channels[i].replies, user)) {
			complain(r, at, "'%s' is the broker user of the replies of channel '%s', and no person's", user,
			         r->plan->channels[i].id);
			advise(r, "give one of them another broker user");
			return;
		}
}

static void read_person(struct reader *r, const struct entry *e, struct person *ret)
{
	struct person_text text = {0};
	const struct node *user = node_get(e->body, "user");
	const char **self = arena_alloc(&r->plan->arena, sizeof *self);

	keys_read(r, e, &person_keys, &text);
	*ret = text.person;
	ret->id = *self = arena_str(&r->plan->arena, e->key->text);
	ret->name = ret->name ? ret->name : ret->id;
	if (!ret->users.n)
		ret->users = (struct strings){self, 1};
	for (int i = 0; user && i < ret->users.n; i++)
		if (*ret->users.at[i] && !text_is_id(ret->users.at[i]))
			complain(r, user, "a broker user is 1 to 64 of A-Z a-z 0-9 _ -, not '%s'",
			         ret->users.at[i]);
	if (!node_get(e->body, "language"))
		ret->language = (enum lang)first_language(r);
	else if (!(r->plan->languages & 1u << ret->language))
		complain_language(r, e, ret->language);
	for (int i = 0; i < ret->users.n; i++)
		check_gateway(r, user ? user : e->key, ret->users.at[i]);
	ways_read(r, e, text.channels, ret);
	addresses_read(r, text.to, ret);
}

static void check_shared(struct reader *r, const struct person *people, int i)
{
	const struct entry *e = &r->sections[SECTION_PEOPLE].at[i];
	const struct node *user = node_get(e->body, "user"), *login = node_get(e->body, "login");

	for (int j = 0; j < i; j++) {
		for (int k = 0; k < people[i].users.n; k++)
			if (strings_have(&people[j].users, people[i].users.at[k]))
				complain(r, user ? user : e->key,
				         "'%s' and '%s' have the same broker user '%s'", people[j].id,
				         people[i].id, people[i].users.at[k]);
		for (int k = 0; k < people[i].logins.n; k++)
			if (strings_have(&people[j].logins, people[i].logins.at[k]))
				complain(r, login, "'%s' and '%s' have the same login '%s'", people[j].id,
				         people[i].id, people[i].logins.at[k]);
	}
}

static void must_have(struct reader *r, enum section s, const char *hint)
{
	if (r->sections[s].n || r->is_broken)
		return;
	complain_at(r, (struct mark){0, 1, 1}, "there is no %s: the section '%s' is missing or empty",
	            section_one(s), section_name(s));
	advise(r, "%s", hint);
}

void people_read(struct reader *r)
{
	const struct entries *e = &r->sections[SECTION_PEOPLE];
	struct person *list = arena_alloc(&r->plan->arena, (size_t)(e->n + 1) * sizeof *list);

	must_have(r, SECTION_PEOPLE, "write people: {wang: {name: 王强, phone: \"+86 138 0000 0001\"}}");
	for (int i = 0; i < e->n; i++) {
		read_person(r, &e->at[i], &list[i]);
		check_shared(r, list, i);
	}
	r->plan->people = list;
	r->plan->n_people = e->n;
}

/* -- roles -- */

struct role_text {
	struct role role;
	int roster;
};

static const struct key role_rows[] = {
    {"name", KEY_LABEL, AT(struct role_text, role.name, struct text),
     .help = "as people call it; default: the id"},
    {"holder", KEY_REF, AT(struct role_text, role.holder, int), .section = SECTION_PEOPLE,
     .help = "who holds it"},
    {"deputy", KEY_REF, AT(struct role_text, role.deputy, int), .section = SECTION_PEOPLE,
     .help = "who holds it when the holder is absent"},
    {"covered_by", KEY_REF, AT(struct role_text, role.covered_by, int), .section = SECTION_ROLES,
     .help = "the role that does its work when nobody holds it"},
    {"roster", KEY_REF, AT(struct role_text, roster, int), .section = SECTION_ROSTER,
     .help = "the duty roster that says who holds it; then no holder"},
};
const struct table role_keys = TABLE("role", role_rows);

static void read_role(struct reader *r, const struct entry *e, struct role *ret)
{
	struct role_text text = {{0}, -1};
	bool ok = keys_read(r, e, &role_keys, &text);
	const struct node *roster = node_get(e->body, "roster");

	*ret = text.role;
	ret->id = arena_str(&r->plan->arena, e->key->text);
	if (!ret->name.in[0])
		ret->name = (struct text){{ret->id, ret->id}};
	if (text.roster >= 0)
		ret->roster = &r->plan->rosters[text.roster];
	if (roster && node_get(e->body, "holder")) {
		complain(r, roster, "role '%s' cannot have both a 'holder' and a 'roster'", ret->id);
		advise(r, "leave 'holder' out; who holds it when the roster has nobody is the 'deputy'");
	}
	if (!ok || roster || ret->holder >= 0 || ret->deputy >= 0 || ret->covered_by >= 0)
		return;
	complain(r, e->key, "nobody holds role '%s'", ret->id);
	advise(r, "give it a 'holder', a 'roster', a 'deputy' or 'covered_by'");
}

static void check_cover(struct reader *r, const struct role *roles, int n)
{
	for (int i = 0; i < n; i++) {
		int at = roles[i].covered_by, steps = 0;

		while (at >= 0 && at != i && steps++ < n)
			at = roles[at].covered_by;
		if (at != i)
			continue;
		complain(r, node_get(r->sections[SECTION_ROLES].at[i].body, "covered_by"),
		         "role '%s' covers itself, through its 'covered_by'", roles[i].id);
		advise(r, "give one of these roles a 'holder'");
	}
}

int role_wanted(struct reader *r, const struct node *id)
{
	int n = r->sections[SECTION_ROLES].n, i = entry_find(&r->sections[SECTION_ROLES], id->text);

	if (i >= 0)
		return i;
	for (i = 0; i < r->n_wanted; i++)
		if (!strcmp(r->wanted[i].at->text, id->text))
			return n + i;
	if (!must_be_id(r, id))
		return -1;
	r->wanted = xrealloc(r->wanted, (size_t)(r->n_wanted + 1) * sizeof *r->wanted);
	r->wanted[r->n_wanted] = (struct wanted){id, r->playbook};
	return n + r->n_wanted++;
}

/* The first role of the first level of the chain that calls for the playbook; of a watch, that has none, and of
 * a report that was not made because it is broken: of the first chain. */
static int covering(const struct reader *r, int playbook)
{
	const struct plan *p = r->plan;
	bool is_made = playbook >= 0 && playbook < p->n_playbooks;
	int chain = p->n_chains ? 0 : -1;

	for (int i = p->n_types - 1; is_made && i >= 0; i--)
		if (p->types[i].playbook >= 0 &&
		    !strcmp(p->playbooks[p->types[i].playbook].id, p->playbooks[playbook].id))
			chain = p->types[i].chain;
	if (chain < 0 || !p->chains[chain].n_levels || !p->chains[chain].levels[0].call.n)
		return -1;
	return p->chains[chain].levels[0].call.at[0];
}

static void make_up(struct reader *r, const struct wanted *w, struct role *ret)
{
	ret->id = arena_str(&r->plan->arena, w->at->text);
	*ret = (struct role){ret->id, {{ret->id, ret->id}}, -1, -1, covering(r, w->playbook), NULL};
}

static struct nearest nearest_role(const struct reader *r, const char *id)
{
	struct nearest near = {.word = id};

	for (int i = 0; i < r->sections[SECTION_ROLES].n; i++)
		nearest_try(&near, r->sections[SECTION_ROLES].at[i].key->text);
	return near;
}

static void say_covered(struct reader *r, const struct wanted *w, const struct role *by)
{
	struct nearest near = nearest_role(r, w->at->text);

	caution(r, w->at, "role '%s' is not defined: '%s' covers it", w->at->text, by->id);
	advise_nearest(r, &near);
}

/* Of a site of one person it is known who does what others' playbooks ask: said once, unless a name was mistyped. */
static void say_all_covered(struct reader *r, const struct role *list)
{
	const struct entries *roles = &r->sections[SECTION_ROLES], *people = &r->sections[SECTION_PEOPLE];
	struct buf names = {0};
	int n = 0, last = -1;

	for (int i = 0; i < r->n_wanted; i++) {
		const struct wanted *w = &r->wanted[i];
		int by = list[roles->n + i].covered_by;

		if (by < 0)
			continue; /* no chain: an error already */
		if (people->n == 1 && is_included(w->at) && !nearest_role(r, w->at->text).best)
			buf_printf(&names, "%s%s", n++ ? ", " : "", r->wanted[last = i].at->text);
		else
			say_covered(r, w, &list[by]);
	}
	if (n > 1) {
		caution(r, roles->at[0].key,
		        "%d roles that the included playbooks name are not defined: '%s', the only person, covers them: %s", n,
		        people->at[0].key->text, buf_text(&names));
		advise(r, "define here those that somebody else will hold");
	} else if (n) {
		say_covered(r, &r->wanted[last], &list[list[roles->n + last].covered_by]);
	}
	buf_fini(&names);
}

void roles_read(struct reader *r)
{
	const struct entries *e = &r->sections[SECTION_ROLES];
	struct role *list = arena_alloc(&r->plan->arena, (size_t)(e->n + r->n_wanted + 1) * sizeof *list);

	must_have(r, SECTION_ROLES, "write roles: {duty: {holder: wang}}");
	for (int i = 0; i < e->n; i++)
		read_role(r, &e->at[i], &list[i]);
	check_cover(r, list, e->n);
	for (int i = 0; i < r->n_wanted; i++)
		make_up(r, &r->wanted[i], &list[e->n + i]);
	if (!r->is_broken)
		say_all_covered(r, list);
	r->plan->roles = list;
	r->plan->n_roles = e->n + r->n_wanted;
}

/* -- chains -- */

struct chain_text {
	struct chain chain;
	const struct node *levels;
};

static const struct key chain_rows[] = {
    {"levels", KEY_NODE, AT(struct chain_text, levels, const struct node *), .must = true,
     .help = "[{call: [ROLE], wait: 30s}, ...]; the last level repeats for ever"},
    {"exhausted", KEY_REFS, AT(struct chain_text, chain.exhausted, struct ids), .section = SECTION_ROLES,
     .help = "roles told when the last level has been called in vain; default: the last level's"},
};
const struct table chain_keys = TABLE("chain", chain_rows);

static const struct key level_rows[] = {
    {"call", KEY_REFS, AT(struct level, call, struct ids), .must = true, .section = SECTION_ROLES,
     .help = "roles called at this level"},
    {"wait", KEY_DURATION, AT(struct level, wait_ms, int64_t), .must = true, .min = 100, .max = 86400000,
     .help = "until the next level is called"},
    {"quorum", KEY_INT, AT(struct level, quorum, int), .min = 1, .max = 10,
     .help = "so many people must acknowledge before the chain stops, from this level on; default: one"},
};
const struct table level_keys = TABLE("chain's level", level_rows);

static void complain_empty_call(struct reader *r, const struct node *call)
{
	complain(r, call, "'call' is an empty list: nobody would be called");
	advise(r, "name one role at least");
}

static void read_levels(struct reader *r, const struct node *node, struct chain *ret)
{
	struct level *levels;

	if (!must_be_list(r, node, "levels"))
		return;
	if (!node->n)
		complain(r, node, "a chain needs at least one level");
	levels = arena_alloc(&r->plan->arena, (size_t)(node->n + 1) * sizeof *levels);
	for (int i = 0; i < node->n; i++) {
		const struct node *call = node_get(node->items[i], "call");

		keys_read(r, &(struct entry){NULL, node->items[i]}, &level_keys, &levels[i]);
		if (call && call->kind == NODE_LIST && !call->n)
			complain_empty_call(r, call);
	}
	ret->levels = levels;
	ret->n_levels = node->n;
}

void chains_read(struct reader *r)
{
	const struct entries *e = &r->sections[SECTION_CHAINS];
	struct chain *list = arena_alloc(&r->plan->arena, (size_t)(e->n + 1) * sizeof *list);

	must_have(r, SECTION_CHAINS,
	          "write chains: {duty: {levels: [{call: [ROLE], wait: 60s}]}}; "
	          "every incident calls down one, the first by default");
	for (int i = 0; i < e->n; i++) {
		struct chain_text text = {{0}, NULL};

		keys_read(r, &e->at[i], &chain_keys, &text);
		list[i] = text.chain;
		list[i].id = arena_str(&r->plan->arena, e->at[i].key->text);
		if (text.levels)
			read_levels(r, text.levels, &list[i]);
	}
	r->plan->chains = list;
	r->plan->n_chains = e->n;
}
