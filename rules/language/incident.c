/* incident.c - incident types and their grades; the types that every plan has
 * for what the system finds wrong with itself. */
#include "language/reader.h"
#include "language/tables.h"
#include "language/test_rows.h"

#include <string.h>

#define WORD_2(A, T) T,
#define WORD_3(A, T, C) T,
static const char *const hazard_words[] = {HAZARD_LIST(WORD_3) NULL};
static const char *const severity_words[] = {SEVERITY_LIST(WORD_2) NULL};
static const char *const per_words[] = {"zone", "site", "sensor", NULL};

struct type_text {
	struct incident_type type;
	const struct node *when, *grades, *chain, *report;
	int64_t for_ms, clear_for_ms;
	bool degrade;
};

#define COMMON_ROWS \
	{"title", KEY_LABEL, AT(struct type_text, type.title, struct text), \
	 .help = "what it is called; default: the id"}, \
	    {"chain", KEY_NODE, AT(struct type_text, chain, const struct node *), \
	     .help = "who is called; default: the first chain"}, \
	    {"playbook", KEY_REF, AT(struct type_text, type.playbook, int), .section = SECTION_PLAYBOOKS, \
	     .help = "what is done"}, \
	    {"remind", KEY_DURATION, AT(struct type_text, type.remind_ms, int64_t), .min = 100, \
	     .help = \
	         "an acknowledged one is called back to mind; default: 15m critical, 1h major, 4h else"}, \
	{"quorum", KEY_INT, AT(struct type_text, type.quorum, int), .min = 1, .max = 10, \
	 .help = "at least so many people must acknowledge it before the chain stops"}, \
	{"explained_by", KEY_STRINGS, AT(struct type_text, type.explained_by, struct strings), \
	 .help = "types: while such an incident stands open around or feeding its zone, or of its " \
	         "sensor's gateway, this one calls nobody; never for fire, gas, people"}, \
	{ \
		"contacts", KEY_LABEL, AT(struct type_text, type.contacts, struct text), \
		    .help = "outside numbers shown with the call: 119, the gas company" \
	}

static const struct key incident_rows[] = {
    COMMON_ROWS,
    {"hazard", KEY_WORD, AT(struct type_text, type.hazard, enum hazard), .must = true, .words = hazard_words,
     .help = "fire, gas, people, water, power, security, other, system"},
    {"severity", KEY_WORD, AT(struct type_text, type.severity, enum severity), .words = severity_words,
     .help = "critical, major, minor or fault; a grade may have its own"},
    {"per", KEY_WORD, AT(struct type_text, type.per, enum per), .fallback = "zone", .words = per_words,
     .help = "one incident per zone, site or sensor"},
    {"when", KEY_NODE, AT(struct type_text, when, const struct node *),
     .help = "the condition; without it only people raise it"},
    {"grades", KEY_NODE, AT(struct type_text, grades, const struct node *),
     .help = "{warning: {above: 10, ...}, critical: {...}}, mildest first: tests for the leaves of 'when' "
             "that have none"},
    {"latch", KEY_BOOL, AT(struct type_text, type.latch, bool),
     .help = "needs a reset (all-clear) after the condition is gone"},
    {"pre_alarm", KEY_DURATION, AT(struct type_text, type.pre_alarm_ms, int64_t),
     .help = "time to look before the chain is called"},
    {"investigate", KEY_DURATION, AT(struct type_text, type.investigate_ms, int64_t),
     .help = "the whole of it once somebody answered"},
    {"report", KEY_NODE, AT(struct type_text, report, const struct node *),
     .help = "{by: ROLE, within: 24h, copies: [ROLE]}: the written report, when its playbook has none; it opens when "
             "the incident is cleared"},
    {"for", KEY_DURATION, AT(struct type_text, for_ms, int64_t),
     .help = "the same for the whole of 'when', unless it has its own: true only after it held for so long"},
    {"clear_for", KEY_DURATION, AT(struct type_text, clear_for_ms, int64_t),
     .help = "likewise: over only after it was over for so long"},
    {"degrade", KEY_BOOL, AT(struct type_text, degrade, bool), .help = "of every 'at_least' in 'when'"},
    {"schedule", KEY_HOURS, AT(struct type_text, type.schedule, struct schedule),
     .help = "hours like \"22:00-06:00\" or \"mon-fri 08:00-18:00\", a list or one, by the site's clock: outside "
             "them none is raised, when they begin what is true then is; their end closes none"},
    {"staffed", KEY_HOURS, AT(struct type_text, type.staffed, struct schedule),
     .help = "with pre_alarm: the hours when somebody is there to look; outside them the chain is called at "
             "once"},
};
const struct table incident_keys = TABLE("incident", incident_rows);

static const struct key self_rows[] = {COMMON_ROWS};
const struct table self_keys = TABLE("system incident", self_rows);

struct grade_text {
	struct test_text test;
	enum severity severity;
	bool latch;
};

static const struct key grade_rows[] = {
    TEST_ROWS(struct grade_text),
    {"severity", KEY_WORD, AT(struct grade_text, severity, enum severity), .words = severity_words,
     .help = "default: the type's"},
    {"latch", KEY_BOOL, AT(struct grade_text, latch, bool), .help = "default: the type's"},
};
const struct table grade_keys = TABLE("grade", grade_rows);

/* -- grades -- */

static void read_grade(struct reader *r, const struct entry *e, const struct cond *when,
                       struct incident_type *type, struct grade *ret)
{
	struct grade_text text = {.severity = type->severity};
	struct test_read test;

	*ret = (struct grade){.id = arena_str(&r->plan->arena, e->key->text), .severity = type->severity};
	must_be_id(r, e->key);
	if (!keys_read(r, e, &grade_keys, &text) || !test_read(r, e, &text.test, &test))
		return;
	if ((int)text.severity < 0 && !r->is_broken) {
		complain(r, e->key, "grade '%s' has no severity, and its incident has none either",
		         e->key->text);
		return;
	}
	ret->severity = text.severity;
	ret->latch = node_get(e->body, "latch") ? text.latch : type->latch;
	if (test.is_given && !cond_has_bare(when)) {
		complain(r, test.at, "this test is for nothing: every leaf of 'when' has its own");
		return;
	}
	cond_expand(r, when, &test, &ret->when, &type->n_nodes);
}

static void check_order(struct reader *r, const struct node *node, const struct grade *grades)
{
	for (int i = 1; i < node->n; i++)
		if (grades[i].severity > grades[i - 1].severity) {
			complain(r, node->pairs[i].key, "grade '%s' is milder than '%s' before it",
			         grades[i].id, grades[i - 1].id);
			advise(r, "grades stand in order, the mildest first");
		}
}

static void read_grades(struct reader *r, const struct node *node, const struct cond *when,
                        struct incident_type *type)
{
	struct grade *grades;
	int before = r->problems->n_errors;

	if (node->kind != NODE_MAP || !node->n) {
		complain(r, node, "'grades' must be a map: {warning: {above: 10}, critical: {above: 25}}");
		return;
	}
	grades = arena_alloc(&r->plan->arena, (size_t)node->n * sizeof *grades);
	for (int i = 0; i < node->n; i++)
		read_grade(r, &(struct entry){node->pairs[i].key, node->pairs[i].value}, when, type,
		           &grades[i]);
	if (before == r->problems->n_errors)
		check_order(r, node, grades);
	type->grades = grades;
	type->n_grades = node->n;
	type->severity = grades[node->n - 1].severity;
	type->latch = grades[node->n - 1].latch;
}

static void one_grade(struct reader *r, const struct cond *when, struct incident_type *type)
{
	const struct test_read none = {.is_given = false};
	struct grade *g = arena_alloc(&r->plan->arena, sizeof *g);

	*g = (struct grade){.id = "", .severity = type->severity, .latch = type->latch};
	cond_expand(r, when, &none, &g->when, &type->n_nodes);
	type->grades = g;
	type->n_grades = 1;
}

/* Delays of the type, where neither `when` nor the grade has its own. */
static void delay_grades(const struct type_text *text, struct incident_type *type)
{
	struct grade *grades = (struct grade *)(void *)type->grades;

	for (int i = 0; i < type->n_grades; i++) {
		struct cond *when = &grades[i].when;

		when->for_ms = when->for_ms ? when->for_ms : text->for_ms;
		when->clear_for_ms = when->clear_for_ms ? when->clear_for_ms : text->clear_for_ms;
	}
}

static void read_when(struct reader *r, const struct type_text *text, struct incident_type *type)
{
	struct cond when;
	bool ok;

	if (!text->when) {
		if (text->grades)
			complain(r, text->grades, "'grades' needs 'when': the sensors they are about");
		return;
	}
	ok = cond_read(r, &(struct entry){NULL, text->when}, &when);
	if (text->degrade)
		cond_degrade(&when);
	if (text->grades)
		read_grades(r, text->grades, &when, type);
	else if (ok)
		one_grade(r, &when, type);
	delay_grades(text, type);
}

/* -- types -- */

/* The chain a type names; what a shipped file names and the site does not
 * have is the site's first. */
static int read_chain(struct reader *r, const struct node *node)
{
	int i;

	if (!node || !scalar_text(r, node, "chain"))
		return 0;
	i = entry_find(&r->sections[SECTION_CHAINS], node->text);
	if (i >= 0 || !r->plan->n_chains)
		return i >= 0 ? i : 0;
	if (!is_included(node)) {
		complain_no_entry(r, SECTION_CHAINS, node, false);
	} else if (!r->is_broken && say_once(r, arena_printf(&r->arena, "chain %s", node->text))) {
		caution(r, node, "there is no chain '%s': '%s' is called instead", node->text,
		        r->plan->chains[0].id);
		advise(r, "define it under 'chains' to call other roles for this");
	}
	return 0;
}

static int64_t default_remind(enum severity s)
{
	return s == SEVERITY_CRITICAL ? 15 * 60000 : s == SEVERITY_MAJOR ? 3600000 : 4 * 3600000;
}

static void finish(struct incident_type *t)
{
	if (!t->title.in[0])
		t->title = (struct text){{t->id, t->id}};
	if (!t->contacts.in[0])
		t->contacts = (struct text){{"", ""}};
	if (!t->remind_ms)
		t->remind_ms = default_remind(t->severity);
}

static void complain_severity(struct reader *r, const struct entry *e)
{
	complain(r, e->key, "incident '%s' needs 'severity'", e->key->text);
	advise(r, "severity: critical, major, minor or fault");
}

static void read_type(struct reader *r, const struct entry *e, struct incident_type *ret)
{
	struct type_text text = {.type.severity = (enum severity) - 1};

	keys_read(r, e, &incident_keys, &text);
	*ret = text.type;
	ret->id = arena_str(&r->plan->arena, e->key->text);
	ret->self = -1;
	ret->chain = read_chain(r, text.chain);
	if ((int)ret->severity < 0 && !text.grades && !node_get(e->body, "severity") && !r->is_broken)
		complain_severity(r, e);
	read_when(r, &text, ret);
	if (text.report)
		report_add(r, text.report, ret);
	finish(ret);
}

/* Our own messages are lost: that may be anybody's alarm. Others' full queues are not ours. */
static enum severity self_severity(enum self self)
{
	return self == SELF_MARK_LOST      ? SEVERITY_MAJOR
	       : self == SELF_BROKER_DROPS ? SEVERITY_MINOR
	                                   : SEVERITY_FAULT;
}

static void self_type(struct reader *r, enum self self, const struct entry *e, struct incident_type *ret)
{
	struct type_text text = {.type.playbook = -1};

	if (e)
		keys_read(r, e, &self_keys, &text);
	*ret = text.type;
	ret->id = self_name(self);
	ret->self = (int)self;
	ret->hazard = HAZARD_SYSTEM;
	ret->severity = self_severity(self);
	ret->per = self == SELF_SENSOR_LOST ? PER_SENSOR : PER_SITE;
	ret->chain = read_chain(r, text.chain);
	for (int l = 0; l < LANG_COUNT && !node_get(e ? e->body : NULL, "title"); l++)
		ret->title.in[l] = self_title(self, (enum lang)l);
	finish(ret);
}

void incidents_read(struct reader *r)
{
	const struct entries *e = &r->sections[SECTION_INCIDENTS], *off = &r->off[SECTION_INCIDENTS];
	struct incident_type *list = arena_alloc(&r->plan->arena, (size_t)(e->n + r->plan->n_watches + SELF_COUNT) * sizeof *list);
	int n = 0;

	for (int i = 0; i < e->n; i++)
		if (self_from(e->at[i].key->text) < 0)
			read_type(r, &e->at[i], &list[n++]);
	n = watches_missed(r, list, n);
	for (int s = 0; s < SELF_COUNT; s++) {
		int i = entry_find(e, self_name((enum self)s));

		self_type(r, (enum self)s, i >= 0 ? &e->at[i] : NULL, &list[n++]);
	}
	for (int i = 0; i < off->n; i++)
		if (self_from(off->at[i].key->text) >= 0)
			complain(r, off->at[i].key,
			         "'%s' is the alarm system's own: it cannot be switched off",
			         off->at[i].key->text);
	explained_check(r, list, n);
	r->plan->types = list;
	r->plan->n_types = n;
}
