/* step.c - one step of a playbook: what is done, by whom, within what time. */
#include "language/step.h"

#include "base/text.h"
#include "language/tables.h"

#include <string.h>

#define WORD(A, T) T,
static const char *const kind_names[] = {STEP_KIND_LIST(WORD) NULL};

static const char *const reports[] = {"incident", NULL};

static const struct key step_rows[] = {
    {"task", KEY_LABEL, AT(struct step_text, step.text, struct text), .help = "a role does this"},
    {"decide", KEY_LABEL, AT(struct step_text, step.text, struct text),
     .help = "a role chooses one of 'choices'"},
    {"command", KEY_NODE, AT(struct step_text, command, const struct node *),
     .help = "{kind: K, action: A} or {actuator: ID, action: A}"},
    {"notify", KEY_REFS, AT(struct step_text, step.notify, struct ids), .section = SECTION_ROLES,
     .is_soft = true, .help = "roles that are told 'text'"},
    {"record", KEY_NODE, AT(struct step_text, record, const struct node *),
     .help = "{called_at: time, name: text}: facts a role enters"},
    {"run", KEY_NODE, AT(struct step_text, run, const struct node *),
     .help = "another playbook: its steps open with this one, as RUN/STEP, and it is done when all of them "
             "have ended"},
    {"wait", KEY_NODE, AT(struct step_text, wait, const struct node *),
     .help = "{sensor: gas-b2, below: 5, for: 5m}: a condition that ends it; what is not known never does"},
    {"report", KEY_WORD, AT(struct step_text, report, int), .words = reports,
     .help = "incident: the written report; its role ends it with sign ID"},
    {"text", KEY_LABEL, AT(struct step_text, told, struct text),
     .help = "notify: what is said; record: what is asked for; run, wait, report: what it is about; any text may "
             "quote what a record holds: {substation.back_at}"},
    {"who", KEY_REFS, AT(struct step_text, who, struct ids), .section = SECTION_ROLES, .is_soft = true,
     .help = "the role that does it; of several each is told and any may end it; command, run, wait: who is "
             "told when it fails or is late"},
    {"within", KEY_DURATION, AT(struct step_text, step.within_ms, int64_t), .fallback = "10m", .min = 100,
     .help = "its limit; then it is late: its role and on_late are told, each time again also the next level "
             "of the chain; report: 24h, run: none"},
    {"first", KEY_BOOL, AT(struct step_text, step.first, bool),
     .help = "the act that must follow an ack; default: the first task or decide"},
    {"mandatory", KEY_BOOL, AT(struct step_text, step.mandatory, bool),
     .help = "the incident cannot be closed before it is done"},
    {"after", KEY_STRINGS, AT(struct step_text, after, struct strings),
     .help = "steps that have ended before, however"},
    {"when", KEY_NODE, AT(struct step_text, when, const struct node *),
     .help = "{step: result or choice}, all of them"},
    {"on_late", KEY_NODE, AT(struct step_text, on_late, const struct node *),
     .help = "{call: ROLE}: called when the limit is over"},
    {"on_failed", KEY_TEXT, AT(struct step_text, on_failed, const char *),
     .help = "command, task, wait: the step that follows a failure or an interlock"},
    {"until", KEY_NODE, AT(struct step_text, until, const struct node *),
     .help = "task: {sensor: ID, is: WORD} or another condition that ends it, too"},
    {"copies", KEY_REFS, AT(struct step_text, step.copies, struct ids), .section = SECTION_ROLES,
     .is_soft = true, .help = "report: roles that are told when it is signed"},
    {"tag", KEY_ID, AT(struct step_text, step.tag, const char *), .help = "task: the lock-out sign it hangs"},
    {"choices", KEY_NODE, AT(struct step_text, choices, const struct node *),
     .help = "decide: {minor: {zh: ..., en: ...}, major: ...}"},
    {"otherwise", KEY_TEXT, AT(struct step_text, otherwise, const char *),
     .help = "decide: the choice taken when the limit is over"},
    {"contacts", KEY_LABEL, AT(struct step_text, step.contacts, struct text),
     .help = "outside numbers shown with it"},
};
const struct table step_keys = TABLE("step", step_rows);

static const struct key command_rows[] = {
    {"kind", KEY_ID, AT(struct step, actuator_kind, const char *),
     .help = "actuators of the kind that serve the incident's zone"},
    {"actuator", KEY_REF, AT(struct step, actuator, int), .section = SECTION_ACTUATORS,
     .help = "this actuator"},
    {"action", KEY_ID, AT(struct step, action, const char *), .must = true, .help = "one of its actions"},
};
const struct table command_keys = TABLE("command", command_rows);

struct late_text {
	int call;
};

static const struct key late_rows[] = {
    {"call", KEY_REF, AT(struct late_text, call, int), .must = true, .section = SECTION_ROLES,
     .is_soft = true, .help = "the role that is called"},
};
const struct table late_keys = TABLE("step's on_late", late_rows);

enum {
	T = 1 << STEP_KIND_TASK,
	D = 1 << STEP_KIND_DECIDE,
	C = 1 << STEP_KIND_COMMAND,
	N = 1 << STEP_KIND_NOTIFY,
	R = 1 << STEP_KIND_RECORD,
	U = 1 << STEP_KIND_RUN,
	W = 1 << STEP_KIND_WAIT,
	P = 1 << STEP_KIND_REPORT,
};

/* Keys that only some kinds have, or need. */
static const struct {
	const char *key;
	unsigned kinds, needed;
	const char *help;
} only_for[] = {
    {"who", T | D | C | R | U | W | P, T | D | R | P, "the role that does it"},
    {"within", T | D | R | U | W | P, 0, NULL},
    {"first", T | D | R, 0, NULL},
    {"on_late", T | D | R | U | W | P, 0, NULL},
    {"on_failed", C | T | W, 0, NULL},
    {"until", T, 0, NULL},
    {"copies", P, 0, NULL},
    {"tag", T, 0, NULL},
    {"choices", D, D, "{minor: ..., major: ...}"},
    {"otherwise", D, D, "the choice taken when nobody decides in time"},
    {"text", N | R | U | W | P, N, "what the roles are told"},
};

int step_kind_of(struct reader *r, const struct entry *e)
{
	int kind = -1;

	for (int i = 0; kind_names[i]; i++) {
		const struct node *node = node_get(e->body, kind_names[i]);

		if (node && kind >= 0)
			complain(r, node, "a step is one thing: '%s' and '%s' cannot stand together",
			         kind_names[kind], kind_names[i]);
		else if (node)
			kind = i;
	}
	if (kind < 0) {
		complain(r, e->key, "step '%s' does nothing", e->key->text);
		advise(r, "a step has one of: task, decide, command, notify, record, run, wait, report");
	}
	return kind;
}

static void check_kind(struct reader *r, const struct entry *e, int kind)
{
	for (size_t i = 0; i < sizeof only_for / sizeof *only_for; i++) {
		const struct node *node = node_get(e->body, only_for[i].key);

		if (node && !(only_for[i].kinds & 1u << kind))
			complain(r, node, "'%s' does not belong to a %s step", only_for[i].key,
			         kind_names[kind]);
		if (!node && (only_for[i].needed & 1u << kind)) {
			complain(r, e->key, "step '%s' needs '%s'", e->key->text, only_for[i].key);
			advise(r, "%s: %s", only_for[i].key, only_for[i].help);
		}
	}
}

/* -- decide, record, command -- */

static void read_choices(struct reader *r, const struct step_text *text, const struct node *otherwise,
                         struct step *ret)
{
	const struct node *node = text->choices;
	struct choice *list;
	struct nearest near = {.word = text->otherwise};

	if (node->kind != NODE_MAP || !node->n) {
		complain(r, node, "'choices' must be a map: {minor: {zh: 小型, en: minor}, ...}");
		return;
	}
	list = arena_alloc(&r->plan->arena, (size_t)node->n * sizeof *list);
	ret->otherwise = -1;
	for (int i = 0; i < node->n; i++) {
		const struct key key = {.name = node->pairs[i].key->text, .type = KEY_LABEL};

		must_be_id(r, node->pairs[i].key);
		list[i].id = arena_str(&r->plan->arena, key.name);
		value_read(r, &key, node->pairs[i].value, &list[i].text);
		if (near.word && !strcmp(list[i].id, near.word))
			ret->otherwise = i;
		if (near.word)
			nearest_try(&near, list[i].id);
	}
	ret->choices = list;
	ret->n_choices = node->n;
	if (near.word && ret->otherwise < 0) {
		complain(r, otherwise, "'otherwise' must be one of the choices, not '%s'", near.word);
		advise_nearest(r, &near);
	}
}

static void read_fields(struct reader *r, const struct node *node, struct step *ret)
{
	static const char *const types[] = {"text", "time", "number", NULL};
	struct field *list;

	if (node->kind != NODE_MAP || !node->n) {
		complain(r, node, "'record' must be a map: {called_at: time, name: text}");
		return;
	}
	list = arena_alloc(&r->plan->arena, (size_t)node->n * sizeof *list);
	for (int i = 0; i < node->n; i++) {
		const struct key key = {.name = node->pairs[i].key->text, .type = KEY_WORD, .words = types};

		must_be_id(r, node->pairs[i].key);
		list[i].id = arena_str(&r->plan->arena, key.name);
		value_read(r, &key, node->pairs[i].value, &list[i].type);
	}
	ret->fields = list;
	ret->n_fields = node->n;
}

static bool has_action(const struct actuator *a, const char *action, struct nearest *near)
{
	for (int i = 0; i < a->n_actions; i++) {
		if (!strcmp(a->actions[i].id, action))
			return true;
		nearest_try(near, a->actions[i].id);
	}
	return false;
}

static void check_action(struct reader *r, const struct node *node, const struct step *s)
{
	struct nearest near = {.word = s->action};
	bool any = false, found = false;

	for (int i = 0; i < r->plan->n_actuators; i++) {
		const struct actuator *a = &r->plan->actuators[i];

		if (s->actuator >= 0 ? i != s->actuator : !a->kind || strcmp(a->kind, s->actuator_kind) != 0)
			continue;
		any = true;
		found = has_action(a, s->action, &near) || found;
	}
	if (any && !found) {
		complain(r, node_get(node, "action"), "%s '%s' has no action '%s'",
		         s->actuator >= 0 ? "actuator" : "kind",
		         s->actuator >= 0 ? r->plan->actuators[s->actuator].id : s->actuator_kind, s->action);
		if (near.best)
			advise_nearest(r, &near);
		else
			advise(r, "write one of those that stand under its 'actions'");
	} else if (!any && !is_included(node) && !r->is_broken) {
		caution(r, node_get(node, "kind"), "no actuator is of kind '%s': the step will fail",
		        s->actuator_kind);
	}
}

static void read_command(struct reader *r, const struct node *node, struct step *ret)
{
	bool ok = keys_read(r, &(struct entry){NULL, node}, &command_keys, ret);

	if (!ok)
		return;
	if ((ret->actuator >= 0) == (ret->actuator_kind != NULL))
		complain(r, node, "a command needs either 'kind' or 'actuator'");
	else
		check_action(r, node, ret);
}

/* -- what a sensor ends -- */

/* A type of its own, with one grade, that no incident is ever of. */
static void read_until(struct reader *r, const struct node *node, const char *name, struct step *ret)
{
	const struct test_read none = {.is_given = false};
	struct incident_type *t = arena_alloc(&r->plan->arena, sizeof *t);
	struct grade *g = arena_alloc(&r->plan->arena, sizeof *g);
	struct cond when;

	if (!cond_read(r, &(struct entry){NULL, node}, &when))
		return;
	if (cond_has_bare(&when)) {
		complain(r, node, "'%s' needs a test beside its sensor", name);
		advise(r, "%s: {sensor: ID, is: WORD}, or below: 5, for: 5m", name);
		return;
	}
	*g = (struct grade){.id = ""};
	*t = (struct incident_type){.id = "", .per = PER_ZONE, .self = -1, .playbook = -1, .grades = g, .n_grades = 1};
	cond_expand(r, &when, &none, &g->when, &t->n_nodes);
	ret->until = t;
}

static void read_who(const struct step_text *text, struct step *ret)
{
	ret->who = text->who.n ? text->who.at[0] : -1;
	if (text->who.n > 1)
		ret->also = (struct ids){text->who.at + 1, text->who.n - 1};
}

static void read_limit(const struct entry *e, struct step *ret)
{
	enum step_kind kind = ret->kind;

	if (kind == STEP_KIND_COMMAND || kind == STEP_KIND_NOTIFY)
		ret->within_ms = 0;
	if (kind == STEP_KIND_RUN && !node_get(e->body, "within"))
		ret->within_ms = 0;
	if (kind == STEP_KIND_REPORT && !node_get(e->body, "within"))
		ret->within_ms = 24 * 3600000;
}

static int late_role(struct reader *r, const struct node *node)
{
	struct late_text late = {-1};

	keys_read(r, &(struct entry){NULL, node}, &late_keys, &late);
	return late.call;
}

static void not_empty(struct reader *r, const struct entry *e, const char *key)
{
	const struct node *roles = node_get(e->body, key);

	if (roles && roles->kind == NODE_LIST && !roles->n)
		complain(r, roles, "'%s' is an empty list: nobody would be told", key);
}

void step_read(struct reader *r, const struct entry *e, int kind, struct step_text *ret)
{
	static const struct text nothing = {{"", ""}};
	struct step *s = &ret->step;

	keys_read(r, e, &step_keys, ret);
	check_kind(r, e, kind);
	s->id = arena_str(&r->plan->arena, e->key->text);
	s->kind = (enum step_kind)kind;
	s->late_call = ret->on_late ? late_role(r, ret->on_late) : -1;
	s->actuator = -1;
	if (!s->contacts.in[0])
		s->contacts = nothing;
	if (kind != STEP_KIND_TASK && kind != STEP_KIND_DECIDE)
		s->text = ret->told;
	if (!s->text.in[0])
		s->text = nothing;
	not_empty(r, e, "notify");
	not_empty(r, e, "who");
	read_who(ret, s);
	read_limit(e, s);
	if (kind == STEP_KIND_RUN && ret->run->kind == NODE_SCALAR)
		s->book = arena_str(&r->plan->arena, ret->run->text);
	if (kind == STEP_KIND_WAIT)
		read_until(r, ret->wait, "wait", s);
	else if (kind == STEP_KIND_TASK && ret->until)
		read_until(r, ret->until, "until", s);
	if (kind == STEP_KIND_DECIDE && ret->choices)
		read_choices(r, ret, node_get(e->body, "otherwise"), s);
	if (kind == STEP_KIND_RECORD)
		read_fields(r, ret->record, s);
	if (kind == STEP_KIND_COMMAND)
		read_command(r, ret->command, s);
}
