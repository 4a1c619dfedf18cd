/* step.c - one step of a playbook: what is done, by whom, within what time. */
#include "language/step.h"

#include "base/text.h"
#include "language/tables.h"

#include <string.h>

#define WORD(A, T) T,
static const char *const kind_names[] = {STEP_KIND_LIST(WORD) NULL};

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
    {"run", KEY_NODE, AT(struct step_text, later, const struct node *),
     .help = "another playbook; not yet supported"},
    {"wait", KEY_NODE, AT(struct step_text, later, const struct node *),
     .help = "until a condition; not yet supported"},
    {"report", KEY_NODE, AT(struct step_text, later, const struct node *),
     .help = "the written report; not yet supported"},
    {"text", KEY_LABEL, AT(struct step_text, told, struct text), .help = "notify: what is said"},
    {"who", KEY_REF, AT(struct step_text, step.who, int), .section = SECTION_ROLES, .is_soft = true,
     .help = "the role that does it"},
    {"within", KEY_DURATION, AT(struct step_text, step.within_ms, int64_t), .fallback = "10m", .min = 100,
     .help = "its limit; then it is late"},
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
     .help = "command: the step that follows a failure or an interlock"},
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
	R = 1 << STEP_KIND_RECORD
};

/* Keys that only some kinds have, or need. */
static const struct {
	const char *key;
	unsigned kinds, needed;
} only_for[] = {
    {"who", T | D | R, T | D | R},
    {"within", T | D | R, 0},
    {"first", T | D | R, 0},
    {"on_late", T | D | R, 0},
    {"on_failed", C, 0},
    {"tag", T, 0},
    {"choices", D, D},
    {"otherwise", D, D},
    {"text", N, N},
};

static const char *const needed_help[] = {"the role that does it",
                                          "",
                                          "",
                                          "",
                                          "",
                                          "",
                                          "{minor: ..., major: ...}",
                                          "the choice taken when nobody decides in time",
                                          "what the roles are told"};

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
		advise(r, "a step has one of: task, decide, command, notify, record");
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
			advise(r, "%s: %s", only_for[i].key, needed_help[i]);
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

static int late_role(struct reader *r, const struct node *node)
{
	struct late_text late = {-1};

	keys_read(r, &(struct entry){NULL, node}, &late_keys, &late);
	return late.call;
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
	if (kind == STEP_KIND_NOTIFY)
		s->text = ret->told;
	if (!s->text.in[0])
		s->text = nothing;
	if (kind == STEP_KIND_NOTIFY && node_get(e->body, "notify") &&
	    node_get(e->body, "notify")->kind == NODE_LIST && !node_get(e->body, "notify")->n)
		complain(r, node_get(e->body, "notify"), "'notify' is an empty list: nobody would be told");
	if (kind == STEP_KIND_COMMAND || kind == STEP_KIND_NOTIFY)
		s->within_ms = 0;
	if (kind == STEP_KIND_DECIDE && ret->choices)
		read_choices(r, ret, node_get(e->body, "otherwise"), s);
	if (kind == STEP_KIND_RECORD)
		read_fields(r, ret->record, s);
	if (kind == STEP_KIND_COMMAND)
		read_command(r, ret->command, s);
}
