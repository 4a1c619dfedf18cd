/* Duty by a roster: both on call until the incoming accepts, whoever may say
 * it, overrides with consent, and all of it the same after a restart. */
#include "life_world.h"

#include "engine/duty.h"

static const char duty_yaml[] =
    "site: {id: plaza, name: {zh: 广场, en: Plaza}, timezone: Asia/Shanghai}\n"
    "broker: {url: \"mqtt://127.0.0.1:1883\", version: 5}\n"
    "languages: [zh, en]\n"
    "zones: {hall: {name: {zh: 大厅, en: Hall}}}\n"
    "sensors: {a: {kind: gas, zone: hall, topic: gas/a}}\n"
    "people:\n"
    "  wang: {name: Wang, language: en}\n"
    "  li: {name: Li, language: en}\n"
    "  smith: {name: Smith, language: en}\n"
    "  zhao: {name: Zhao, language: en}\n"
    "roles:\n"
    "  guard: {name: {zh: 保安, en: guard}, roster: post, deputy: smith}\n"
    "  helper: {covered_by: guard}\n"
    "  chief: {name: {zh: 主管, en: chief}, holder: zhao}\n"
    "roster:\n"
    "  post: {shifts: {day: \"08:00-20:00\", night: \"20:00-08:00\"}, rotation: [wang, li], from: 2026-11-01, "
    "handover: 15m,\n"
    "    dates: {2026-11-24: {day: li}}}\n"
    "chains: {both: {levels: [{call: [guard], wait: 30s}, {call: [chief], wait: 60s}]}}\n"
    "incidents:\n"
    "  leak: {title: {zh: 泄漏, en: Leak}, hazard: gas, severity: major, when: {of: {kind: gas}, above: 10}, "
    "chain: both, playbook: leak, remind: 15m}\n"
    "playbooks:\n"
    "  leak:\n"
    "    scene: {task: {zh: 到场, en: Go}, who: guard, within: 3h, first: true}\n";

static const char crew_yaml_roster[] = "rotation: [[wang, smith], [li, zhao]], minimum: 2, ";

enum { HOUR_MS = 3600000, MINUTE_MS = 60000 };

static int64_t utc(const char *text)
{
	int64_t ms = 0;

	assert_true(time_parse_rfc3339(text, &ms));
	return ms;
}

/* Who holds the role, "wang li: handover". */
static const char *held(struct life_world *w, const char *role)
{
	static char text[256];
	struct holders h;
	struct buf b = {0};

	role_holders(w->e, plan_role(w->plan, role), &h);
	for (int i = 0; i < h.n; i++)
		buf_printf(&b, "%s%s", i ? " " : "", w->plan->people[h.people[i]].id);
	buf_printf(&b, ": %s", h.why);
	snprintf(text, sizeof text, "%s", buf_text(&b));
	buf_fini(&b);
	return text;
}

static bool told(const struct life_world *w, const char *person, enum notice_kind kind)
{
	for (int i = 0; i < w->fx.n; i++)
		if (w->fx.at[i].kind == EFFECT_NOTICE && w->fx.at[i].notice.kind == kind &&
		    !strcmp(w->fx.at[i].notice.person, person))
			return true;
	return false;
}

/* The answer to the last command: has it the words? */
static bool answered(const struct life_world *w, const char *words)
{
	for (int i = 0; i < w->fx.n; i++)
		if (w->fx.at[i].kind == EFFECT_REPLY && strstr(w->fx.at[i].reply.json, words))
			return true;
	return false;
}

static bool recorded(const struct life_world *w, const char *words)
{
	for (int i = 0; i < w->fx.n; i++)
		if (w->fx.at[i].kind == EFFECT_AUDIT && strstr(w->fx.at[i].row.rec, words))
			return true;
	return false;
}

static bool published(const struct life_world *w, const char *topic, const char *words)
{
	for (int i = 0; i < w->fx.n; i++)
		if (w->fx.at[i].kind == EFFECT_PUBLISH && !strcmp(w->fx.at[i].publish.topic, topic) &&
		    strstr(w->fx.at[i].publish.payload, words))
			return true;
	return false;
}

static void say(struct life_world *w, const char *person, enum verb verb, const char *role)
{
	life_command(w, person, (struct command){.verb = verb, .role = role});
}

/* All that is kept is what is restored, deadlines included. */
static void restart(struct life_world *w)
{
	struct records r;
	struct engine *again = engine_new(w->plan);
	uint64_t before = engine_digest(w->e);

	records_init(&r);
	engine_save_all(w->e, &r);
	assert_int_equal(engine_restore(again, r.at, r.n, NULL, NULL), 0);
	assert_true(engine_digest(again) == before);
	assert_int_equal(engine_next_due(again), engine_next_due(w->e));
	records_fini(&r);
	engine_free(w->e);
	w->e = again;
	life_event(w, &(struct event){.kind = EVENT_STARTED,
	                              .started = {.host = "h", .boot = "b", .version = "v", .epoch = 2}});
	life_event(w, &(struct event){.kind = EVENT_LINK, .link = LINK_SYNCED});
}

static struct plan *begin_with(struct life_world *w, const char *yaml)
{
	struct plan *plan = life_plan_of(yaml);

	life_begin(w, plan); /* 2026-11-23 03:00 in Shanghai: the night of the 22nd is li's */
	return plan;
}

#define AT_8 "2026-11-23T00:00:00Z"  /* wang comes */
#define AT_20 "2026-11-23T12:00:00Z" /* li comes */

static void test_first_shift_owes_nothing(void **state)
{
	struct life_world w;
	struct plan *plan = begin_with(&w, duty_yaml);

	(void)state;
	assert_string_equal(held(&w, "guard"), "li: rotation");
	assert_string_equal(held(&w, "helper"), "li: covered_by");
	assert_int_equal(w.e->n_duties, 1);
	assert_string_equal(w.e->duties[0]->incoming, "");
	life_until(&w, utc(AT_8) - 1);
	assert_string_equal(held(&w, "guard"), "li: rotation");
	life_end(&w);
	plan_free(plan);
}

static void test_both_until_accepted(void **state)
{
	struct life_world w;
	struct plan *plan = begin_with(&w, duty_yaml);

	(void)state;
	life_until(&w, utc(AT_8));
	assert_string_equal(held(&w, "guard"), "li wang: handover");
	assert_true(told(&w, "li", NOTICE_HANDOVER));
	assert_true(told(&w, "wang", NOTICE_HANDOVER));
	assert_true(recorded(&w, "\"what\":\"due\",\"out\":[\"li\"],\"in\":[\"wang\"]"));
	assert_true(published(&w, "oncall", "\"why\":\"handover\",\"also\":[\"wang\",\"smith\"]"));
	say(&w, "zhao", VERB_ACCEPT, "guard"); /* neither he */
	assert_true(answered(&w, "not_yours"));
	say(&w, "li", VERB_ACCEPT, "guard"); /* nor the one who goes */
	assert_true(answered(&w, "not_yours"));
	say(&w, "smith", VERB_ACCEPT, "guard"); /* nor the deputy */
	assert_true(answered(&w, "not_yours"));
	assert_string_equal(held(&w, "guard"), "li wang: handover");
	say(&w, "wang", VERB_ACCEPT, "guard");
	assert_true(answered(&w, "\"ok\":true"));
	assert_true(recorded(&w, "\"what\":\"accepted\""));
	assert_true(recorded(&w, "\"digest\":\""));
	assert_true(told(&w, "li", NOTICE_HANDOVER));
	assert_string_equal(held(&w, "guard"), "wang: rotation");
	say(&w, "wang", VERB_ACCEPT, "guard");
	assert_true(answered(&w, "not_now"));
	life_end(&w);
	plan_free(plan);
}

static void test_never_accepted_is_told_above(void **state)
{
	struct life_world w;
	struct plan *plan = begin_with(&w, duty_yaml);

	(void)state;
	life_until(&w, utc(AT_8));
	for (int i = 1; i <= 3; i++) {
		life_until(&w, utc(AT_8) + i * 15LL * MINUTE_MS - 1);
		assert_false(told(&w, "zhao", NOTICE_HANDOVER));
		life_until(&w, utc(AT_8) + i * 15LL * MINUTE_MS);
		assert_true(told(&w, "zhao", NOTICE_HANDOVER));
		assert_string_equal(held(&w, "guard"), "li wang: handover");
	}
	life_until(&w, utc(AT_20)); /* li never left: nothing is owed any more */
	assert_string_equal(held(&w, "guard"), "li: rotation");
	assert_true(recorded(&w, "\"what\":\"goes on\""));
	life_until(&w, utc(AT_20) + HOUR_MS);
	assert_string_equal(held(&w, "guard"), "li: rotation");
	life_end(&w);
	plan_free(plan);
}

static void test_refused_changes_nothing(void **state)
{
	struct life_world w;
	struct plan *plan = begin_with(&w, duty_yaml);

	(void)state;
	say(&w, "li", VERB_REFUSE, "guard");
	assert_true(answered(&w, "not_now"));
	life_until(&w, utc(AT_8));
	life_command(&w, "zhao", (struct command){.verb = VERB_REFUSE, .role = "guard", .words = "unfit"});
	assert_true(answered(&w, "not_yours"));
	life_command(&w, "li", (struct command){.verb = VERB_REFUSE, .role = "guard", .words = "unfit, smells"});
	assert_true(answered(&w, "\"ok\":true"));
	assert_true(recorded(&w, "\"what\":\"refused\""));
	assert_true(recorded(&w, "\"reason\":\"unfit\""));
	assert_true(told(&w, "zhao", NOTICE_HANDOVER));
	assert_string_equal(held(&w, "guard"), "li wang: handover");
	life_end(&w);
	plan_free(plan);
}

static void test_open_incident_is_taken_over(void **state)
{
	struct life_world w;
	struct plan *plan = begin_with(&w, duty_yaml);

	(void)state;
	life_until(&w, utc(AT_8) - 10000);
	life_reading(&w, "a", READING_VALUE, "30");
	assert_true(told(&w, "li", NOTICE_CALL));
	assert_false(told(&w, "wang", NOTICE_CALL));
	life_until(&w, utc(AT_8)); /* in the middle of level 1: it reaches him too */
	assert_true(told(&w, "wang", NOTICE_CALL));
	assert_true(published(&w, "incident/G-1/state", "\"who\":[\"li\",\"wang\"]"));
	life_command(&w, "li", (struct command){.verb = VERB_ACK, .id = 1});
	assert_true(answered(&w, "\"ok\":true"));
	say(&w, "li", VERB_HANDOVER, "guard");
	assert_true(answered(&w, "1) G-1 Leak Hall acked; Go (by "));
	assert_true(recorded(&w, "\"what\":\"prepared\""));
	say(&w, "wang", VERB_ACCEPT, "guard");
	assert_true(recorded(&w, "\"prepared\":[\"li\"]"));
	assert_true(told(&w, "wang", NOTICE_TASK)); /* what is now his */
	assert_string_equal(w.e->incidents[0]->acked_by, "wang");
	life_command(&w, "li", (struct command){.verb = VERB_DONE, .id = 1, .step = "scene"});
	assert_true(answered(&w, "\"noted\":true")); /* no longer his */
	life_command(&w, "wang", (struct command){.verb = VERB_DONE, .id = 1, .step = "scene"});
	assert_false(answered(&w, "\"noted\":true"));
	life_end(&w);
	plan_free(plan);
}

static void test_restart_in_the_middle(void **state)
{
	struct life_world w;
	struct plan *plan = begin_with(&w, duty_yaml);

	(void)state;
	life_until(&w, utc(AT_8));
	restart(&w);
	assert_string_equal(held(&w, "guard"), "li wang: handover");
	assert_false(told(&w, "wang", NOTICE_CALL));
	life_until(&w, utc(AT_8) + 15LL * MINUTE_MS);
	assert_true(told(&w, "zhao", NOTICE_HANDOVER));
	say(&w, "wang", VERB_ACCEPT, "guard");
	restart(&w);
	assert_string_equal(held(&w, "guard"), "wang: rotation");
	life_end(&w);
	plan_free(plan);
}

static void test_dated_beats_the_rotation(void **state)
{
	struct life_world w;
	struct plan *plan = begin_with(&w, duty_yaml);
	struct holders h;

	(void)state;
	role_holders_at(w.e, 0, utc("2026-11-24T04:00:00Z"), &h);
	assert_int_equal(h.people[0], plan_person(plan, "li"));
	assert_string_equal(h.why, "dated");
	role_holders_at(w.e, 0, utc("2026-11-25T04:00:00Z"), &h);
	assert_int_equal(h.people[0], plan_person(plan, "wang"));
	assert_string_equal(h.why, "rotation");
	role_holders_at(w.e, 0, utc("2026-10-25T04:00:00Z"), &h); /* it has not begun */
	assert_int_equal(h.people[0], plan_person(plan, "smith"));
	assert_string_equal(h.why, "deputy");
	life_end(&w);
	plan_free(plan);
}

static void override_words(struct life_world *w, const char *by, const char *from, const char *until)
{
	life_command(w, by, (struct command){.verb = VERB_OVERRIDE,
	                                     .role = "guard",
	                                     .person = "smith",
	                                     .starts = from,
	                                     .ends = until,
	                                     .words = "ill"});
}

static void test_override_needs_consent(void **state)
{
	struct life_world w;
	struct plan *plan = begin_with(&w, duty_yaml);

	(void)state;
	override_words(&w, "wang", "08:00", "20:00");
	assert_true(answered(&w, "it counts when somebody above agrees"));
	assert_true(told(&w, "zhao", NOTICE_HANDOVER));
	life_until(&w, utc(AT_8));
	assert_string_equal(held(&w, "guard"), "li wang: handover"); /* not before consent */
	life_command(&w, "li", (struct command){.verb = VERB_OVERRIDE, .role = "guard", .person = "smith"});
	assert_true(answered(&w, "not_yours"));
	restart(&w);
	life_command(&w, "zhao", (struct command){.verb = VERB_OVERRIDE, .role = "guard", .person = "smith"});
	assert_true(answered(&w, "\"ok\":true"));
	assert_string_equal(held(&w, "guard"), "li smith: handover");
	say(&w, "wang", VERB_ACCEPT, "guard");
	assert_true(answered(&w, "not_yours"));
	say(&w, "smith", VERB_ACCEPT, "guard");
	assert_string_equal(held(&w, "guard"), "smith: override");
	assert_true(published(&w, "oncall", "\"override\":{\"person\":\"smith\""));
	restart(&w);
	assert_string_equal(held(&w, "guard"), "smith: override");
	life_until(&w, utc(AT_20)); /* its end is a hand-over like any other */
	assert_int_equal(w.e->n_overrides, 0);
	assert_string_equal(held(&w, "guard"), "smith li: handover");
	life_end(&w);
	plan_free(plan);
}

static void test_override_of_the_one_above_counts(void **state)
{
	struct life_world w;
	struct plan *plan = begin_with(&w, duty_yaml);

	(void)state;
	override_words(&w, "zhao", "now", "+2h");
	assert_string_equal(held(&w, "guard"), "li smith: handover");
	override_words(&w, "zhao", "end", NULL);
	assert_string_equal(held(&w, "guard"), "li: rotation");
	assert_int_equal(w.e->n_overrides, 0);
	life_command(&w, "zhao", (struct command){.verb = VERB_OVERRIDE,
	                                          .role = "chief",
	                                          .person = "li",
	                                          .starts = "04:00",
	                                          .ends = "05:00"});
	assert_string_equal(held(&w, "chief"), "zhao: holder");
	life_until(&w, w.now_ms + HOUR_MS);
	assert_string_equal(held(&w, "chief"), "li: override"); /* no roster: at once */
	life_until(&w, w.now_ms + HOUR_MS);
	assert_string_equal(held(&w, "chief"), "zhao: holder");
	life_end(&w);
	plan_free(plan);
}

static void test_override_refusals(void **state)
{
	static const struct {
		const char *from, *until, *error;
	} rows[] = {
	    {"04:00", NULL, "no_end"},      {"2026-11-23T05:00", "2026-11-23T04:00", "no_end"},
	    {"now", "+40d", "too_long"},    {"soon", "20:00", "bad_text"},
	    {"20:00", "tomorrow", "bad_text"}, {"2026-11-22T01:00", "2026-11-22T02:00", "no_end"},
	    {"end", NULL, "unknown_id"},    {NULL, NULL, "no_end"},
	};
	struct life_world w;
	struct plan *plan = begin_with(&w, duty_yaml);

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		override_words(&w, "zhao", rows[i].from, rows[i].until);
		assert_true(answered(&w, rows[i].error));
		assert_int_equal(w.e->n_overrides, 0);
	}
	life_end(&w);
	plan_free(plan);
}

static char *with_crews(void)
{
	static const char was[] = "rotation: [wang, li], ";
	const char *at = strstr(duty_yaml, was);
	struct buf b = {0};

	buf_add(&b, duty_yaml, (size_t)(at - duty_yaml));
	buf_str(&b, crew_yaml_roster);
	at += strlen(was);
	buf_add(&b, at, (size_t)(strstr(at, ",\n    dates") - at));
	buf_str(&b, strstr(at, "}}}\n") + 2);
	return buf_steal(&b);
}

static void test_minimum_of_a_crew(void **state)
{
	char *yaml = with_crews();
	struct life_world w;
	struct plan *plan = begin_with(&w, yaml);

	(void)state;
	assert_string_equal(held(&w, "guard"), "li zhao: rotation");
	life_until(&w, utc(AT_8));
	assert_string_equal(held(&w, "guard"), "li zhao wang smith: handover");
	say(&w, "wang", VERB_ACCEPT, "guard");
	assert_true(answered(&w, "more must accept"));
	assert_string_equal(held(&w, "guard"), "li zhao wang smith: handover");
	say(&w, "wang", VERB_ACCEPT, "guard"); /* twice is once */
	restart(&w);
	assert_string_equal(held(&w, "guard"), "li zhao wang smith: handover");
	say(&w, "smith", VERB_ACCEPT, "guard");
	assert_string_equal(held(&w, "guard"), "wang smith: rotation");
	life_end(&w);
	plan_free(plan);
	free(yaml);
}

static void test_clock_step_moves_no_shift(void **state)
{
	struct life_world w;
	struct plan *plan = begin_with(&w, duty_yaml);
	struct event step = {.kind = EVENT_CLOCK, .clock_ms = HOUR_MS};

	(void)state;
	w.now_ms += HOUR_MS;
	life_event(&w, &step);
	life_until(&w, utc(AT_8) - 1);
	assert_string_equal(held(&w, "guard"), "li: rotation");
	life_until(&w, utc(AT_8));
	assert_string_equal(held(&w, "guard"), "li wang: handover");
	life_end(&w);
	plan_free(plan);
}

/* Two years of hand-overs that are all accepted: never nobody, never two but before the acceptance. */
static void test_two_years(void **state)
{
	static const char *const from[] = {"1970-01-01T00:00:00Z", "2026-10-25T01:00:00Z", "2027-03-28T01:00:00Z",
	                                   "2027-10-31T01:00:00Z", "2028-03-26T01:00:00Z"};
	static const int32_t offset[] = {7200, 3600, 7200, 3600, 7200};
	struct life_world w;
	struct plan *plan = life_plan_of(duty_yaml);
	int64_t at[5];

	(void)state;
	for (int i = 0; i < 5; i++)
		at[i] = utc(from[i]);
	plan->tz = (struct tz){5, at, offset};
	life_begin(&w, plan);
	while (w.now_ms < utc("2028-06-01T00:00:00Z")) {
		struct holders h;

		role_holders(w.e, 0, &h);
		assert_int_equal(h.n, 1);
		life_until(&w, engine_next_due(w.e));
		role_holders(w.e, 0, &h);
		assert_true(h.n == 1 || (h.n == 2 && h.n_outgoing == 1));
		if (h.n == 2)
			say(&w, plan->people[h.people[1]].id, VERB_ACCEPT, "guard");
	}
	life_end(&w);
	plan_free(plan);
}

static char *replaced(char *text, const char *from, const char *to)
{
	const char *at = strstr(text, from);
	struct buf b = {0};

	assert_non_null(at);
	buf_printf(&b, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
	free(text);
	return buf_steal(&b);
}

/* Whoever was on duty is gone from the plan that makes an alarm of what is: who is planned is called, not the deputy. */
static void test_plan_without_who_is_on_duty(void **state)
{
	struct life_world w;
	struct plan *plan = begin_with(&w, duty_yaml), *without;
	char *yaml = replaced(xstrdup(duty_yaml), "  li: {name: Li, language: en}\n", "");

	(void)state;
	yaml = replaced(yaml, "rotation: [wang, li]", "rotation: [wang]");
	yaml = replaced(yaml, "{day: li}", "{day: wang}");
	yaml = replaced(yaml, "above: 10", "above: 5");
	without = life_plan_of(yaml);
	life_reading(&w, "a", READING_VALUE, "8");
	assert_int_equal(w.e->n_incidents, 0);
	assert_string_equal(held(&w, "guard"), "li: rotation");
	w.plan = without;
	life_event(&w, &(struct event){.kind = EVENT_PLAN, .plan.plan = without});
	assert_int_equal(w.e->n_incidents, 1);
	assert_true(told(&w, "wang", NOTICE_CALL));
	assert_false(told(&w, "smith", NOTICE_CALL));
	assert_string_equal(held(&w, "guard"), "wang: rotation");
	life_end(&w);
	plan_free(plan);
	plan_free(without);
	free(yaml);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_first_shift_owes_nothing),
	    cmocka_unit_test(test_both_until_accepted),
	    cmocka_unit_test(test_never_accepted_is_told_above),
	    cmocka_unit_test(test_refused_changes_nothing),
	    cmocka_unit_test(test_open_incident_is_taken_over),
	    cmocka_unit_test(test_restart_in_the_middle),
	    cmocka_unit_test(test_dated_beats_the_rotation),
	    cmocka_unit_test(test_override_needs_consent),
	    cmocka_unit_test(test_override_of_the_one_above_counts),
	    cmocka_unit_test(test_override_refusals),
	    cmocka_unit_test(test_minimum_of_a_crew),
	    cmocka_unit_test(test_clock_step_moves_no_shift),
	    cmocka_unit_test(test_two_years),
	    cmocka_unit_test(test_plan_without_who_is_on_duty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
