/* Steps that run, wait, report: one playbook laid into another, a type's own
 * report, several roles, and what is too much. */
#include "test.h"

#define BOOKS(STEPS) HEAD "sensors:\n" LEAK "incidents: {one: {hazard: water, severity: major, playbook: p" STEPS

static const struct playbook *book_of(const struct plan *p, const char *type)
{
	const struct incident_type *t = &p->types[plan_type(p, type)];

	return &p->playbooks[t->playbook];
}

static int place(const struct playbook *b, const char *id)
{
	for (int i = 0; i < b->n_steps; i++)
		if (!strcmp(b->steps[i].id, id))
			return i;
	fail_msg("no step %s", id);
	return -1;
}

static void read_one(struct run *run, const char *text)
{
	run_texts(run, &text, 1);
	if (!run->plan)
		fail_msg("%s", buf_text(&run->text));
}

static void run_is_laid_in(void **state)
{
	const struct playbook *b;
	struct run run;
	int outer, inner;

	(void)state;
	read_one(&run, BOOKS("}}\n"
	                     "playbooks:\n"
	                     "  p:\n"
	                     "    a: {task: go, who: duty}\n"
	                     "    r: {run: q, after: a}\n"
	                     "    z: {task: go, who: duty, after: r, first: true}\n"
	                     "  q:\n"
	                     "    a: {task: go, who: boss, first: true}\n"
	                     "    s: {run: t, when: {a: failed}}\n"
	                     "  t: {x: {decide: how, who: boss, choices: {y: 1, n: 0}, otherwise: n}}\n"));
	b = book_of(run.plan, "one");
	assert_int_equal(b->n_steps, 6);
	outer = place(b, "r");
	inner = place(b, "r/s");
	assert_int_equal(b->steps[place(b, "r/a")].run, outer + 1);
	assert_int_equal(b->steps[inner].run, outer + 1);
	assert_int_equal(b->steps[place(b, "r/s/x")].run, inner + 1);
	assert_int_equal(b->steps[inner].after[0].step, place(b, "r/a")); /* not the outer a */
	assert_int_equal(b->steps[place(b, "r/a")].n_after, 0);
	assert_int_equal(b->first, place(b, "z"));
	assert_false(b->steps[place(b, "r/a")].first);
	assert_int_equal(b->steps[outer].within_ms, 0);
	run_end(&run);
}

static void first_may_be_within(void **state)
{
	struct run run;
	const struct playbook *b;

	(void)state;
	read_one(&run, BOOKS("}}\n"
	                     "playbooks:\n"
	                     "  p: {r: {run: q}, n: {notify: duty, text: x}}\n"
	                     "  q: {a: {task: go, who: boss}}\n"));
	b = book_of(run.plan, "one");
	assert_int_equal(b->first, place(b, "r/a"));
	run_end(&run);
}

static void report_of_the_type(void **state)
{
	const struct playbook *b, *c;
	struct run run;

	(void)state;
	read_one(&run, HEAD "incidents:\n"
	                    "  one: {hazard: water, severity: major, playbook: p, report: {by: boss, copies: duty}}\n"
	                    "  two: {hazard: water, severity: major, playbook: p}\n"
	                    "  three: {hazard: water, severity: major, playbook: q, report: {by: boss}}\n"
	                    "playbooks:\n"
	                    "  p: {a: {task: go, who: duty}}\n"
	                    "  q: {a: {task: go, who: duty}, r: {report: incident, who: duty, after: a}}\n");
	b = book_of(run.plan, "one");
	assert_string_equal(b->id, "p");
	assert_int_equal(b->n_steps, 2);
	assert_int_equal(b->steps[1].kind, STEP_KIND_REPORT);
	assert_true(b->steps[1].at_end);
	assert_int_equal(b->steps[1].within_ms, 24 * 3600000);
	assert_int_equal(b->steps[1].copies.n, 1);
	assert_int_equal(b->first, 0);
	assert_int_equal(book_of(run.plan, "two")->n_steps, 1);
	c = book_of(run.plan, "three");
	assert_int_equal(c->n_steps, 2);
	assert_false(c->steps[1].at_end);
	assert_int_equal(c->steps[1].within_ms, 24 * 3600000);
	run_end(&run);
}

static void several_roles(void **state)
{
	const struct playbook *b;
	struct run run;

	(void)state;
	read_one(&run, BOOKS("}}\n"
	                     "playbooks: {p: {a: {task: go, who: [duty, boss], until: {sensor: leak-1, is: normal}}}}\n"));
	b = book_of(run.plan, "one");
	assert_int_equal(b->steps[0].who, plan_role(run.plan, "duty"));
	assert_int_equal(b->steps[0].also.n, 1);
	assert_int_equal(b->steps[0].also.at[0], plan_role(run.plan, "boss"));
	assert_int_equal(run.plan->n_untils, 1);
	assert_ptr_equal(run.plan->untils[0], &b->steps[0].until->grades[0].when);
	run_end(&run);
}

/* 15 of 15 in 15: far more than 200. */
static void too_many(void **state)
{
	struct buf text = {0};
	const char *at;
	struct run run;

	(void)state;
	buf_str(&text, HEAD "incidents: {one: {hazard: water, severity: major, playbook: b0}}\nplaybooks:\n");
	for (int b = 0; b < 3; b++) {
		buf_printf(&text, "  b%d:\n", b);
		for (int s = 0; s < 15; s++)
			if (b < 2)
				buf_printf(&text, "    s%d: {run: b%d}\n", s, b + 1);
			else
				buf_printf(&text, "    s%d: {task: go, who: duty}\n", s);
	}
	at = buf_text(&text);
	run_texts(&run, &at, 1);
	assert_null(run.plan);
	assert_non_null(strstr(buf_text(&run.text), "playbook 'b0' has more than 200 steps, with those it runs"));
	run_end(&run);
	buf_fini(&text);
}

static void interlock_of_a_sign(void **state)
{
	struct run run;

	(void)state;
	read_one(&run, HEAD "interlocks: {x: {while: {tag: no-fire}, reach: zone, forbid: all}}\n"
	                    "incidents: {one: {hazard: water, severity: major, playbook: p}}\n" BOOK);
	assert_string_equal(run.plan->interlocks[0].sign, "no-fire");
	run_end(&run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(run_is_laid_in),     cmocka_unit_test(first_may_be_within),
	    cmocka_unit_test(report_of_the_type), cmocka_unit_test(several_roles),
	    cmocka_unit_test(too_many),           cmocka_unit_test(interlock_of_a_sign),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
