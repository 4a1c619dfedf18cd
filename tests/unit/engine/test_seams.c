/* Where features meet: levels and the broker, signs and the site, exercises and
 * waits, instructions and hand-overs, a shelf and who overrules it. */
#include "engine/chain.h"
#include "engine/duty.h"
#include "engine/render.h"
#include "engine/suppress.h"
#include "engine/tags.h"
#include "life_world.h"

static const char site[] =
    "site: {id: plaza, timezone: Asia/Shanghai}\n"
    "broker: {url: \"mqtt://127.0.0.1:1883\", version: 5}\n"
    "store: {path: /var/lib/tocsin/tocsin.db}\n"
    "zones: {hall: {}, yard: {}}\n"
    "sensors:\n"
    "  mains: {kind: mains, zone: hall, topic: s/1}\n"
    "  door: {kind: door, zone: hall, topic: s/2}\n"
    "  valve: {kind: state, zone: yard, topic: s/3}\n"
    "actuators:\n"
    "  breaker: {kind: breaker, zone: yard, topic: p/1, actions: {on: {send: \"1\"}}, operators: [guard]}\n"
    "people:\n"
    "  wang: {name: Wang, language: en, channels: [page]}\n"
    "  li: {name: Li, language: en, channels: [page]}\n"
    "  zhao: {name: Zhao, language: en, channels: [page]}\n"
    "  qian: {name: Qian, language: en, channels: [page]}\n"
    "  sun: {name: Sun, language: en, channels: [page]}\n"
    "roles: {guard: {roster: post}, chief: {holder: li}, boss: {holder: zhao}, fitter: {holder: sun}}\n"
    "roster:\n"
    "  post: {shifts: {day: \"08:00-20:00\", night: \"20:00-08:00\"}, rotation: [wang, qian], from: 2026-11-01}\n"
    "chains: {all: {levels: [{call: [guard], wait: 30s}, {call: [chief], wait: 60s}, {call: [boss], wait: 90s}]}}\n"
    "channels: {page: {plugin: page}}\n"
    "signs: {no-closing: {text: {en: Do not close, zh: 禁止合闸}}}\n"
    "interlocks: {people-work: {while: {tag: no-closing}, reach: zone, forbid: [{kind: breaker}]}}\n"
    "incidents:\n"
    "  dark: {hazard: power, severity: major, per: site, playbook: dark, when: {of: {kind: mains}, is: alarm}}\n"
    "  break-in: {hazard: security, severity: major, quorum: 2, playbook: walk, when: {of: {kind: door}, is: alarm}}\n"
    "playbooks:\n"
    "  dark:\n"
    "    hang: {task: {en: Hang it, zh: 挂牌}, who: chief, tag: no-closing}\n"
    "  walk:\n"
    "    look: {task: {en: Look, zh: 看}, who: fitter, within: 1h, until: {sensor: valve, is: closed}}\n"
    "    shut: {wait: {sensor: valve, is: closed}, within: 1h}\n";

static struct life_world w;
static struct plan *plan;

static void begin(void)
{
	plan = life_plan_of(site);
	life_begin(&w, plan);
}

static void end(void)
{
	life_end(&w);
	plan_free(plan);
}

static void link_is(enum link link)
{
	life_event(&w, &(struct event){.kind = EVENT_LINK, .link = link});
}

static struct incident *newest(void)
{
	return w.e->incidents[w.e->n_incidents - 1];
}

/* Of the last turn; NULL: none. */
static const struct notice *told(const char *person, enum notice_kind kind)
{
	for (int i = 0; i < w.fx.n; i++)
		if (w.fx.at[i].kind == EFFECT_NOTICE && w.fx.at[i].notice.kind == kind &&
		    !strcmp(w.fx.at[i].notice.person, person))
			return &w.fx.at[i].notice;
	return NULL;
}

static void fail_notice(const char *id)
{
	char copy[64];

	snprintf(copy, sizeof copy, "%s", id);
	life_event(&w, &(struct event){.kind = EVENT_NOTICE,
	                               .notice = {.id = copy, .outcome = OUTCOME_FAILED, .why = "not connected"}});
}

/* The broker is away: that is no reason to wake the whole chain, which nobody would hear. */
static void no_broker_is_no_dead_level(void **state)
{
	char id[64];

	(void)state;
	begin();
	link_is(LINK_DOWN);
	w.now_ms += 5000;
	life_event(&w, &(struct event){.kind = EVENT_TIME});
	life_reading(&w, "door", READING_VALUE, "alarm");
	assert_non_null(told("qian", NOTICE_CALL));
	fail_notice(told("qian", NOTICE_CALL)->id);
	assert_int_equal(newest()->level, 1);
	link_is(LINK_UP);
	assert_non_null(told("qian", NOTICE_CALL));
	fail_notice(told("qian", NOTICE_CALL)->id); /* before the mark is back */
	assert_int_equal(newest()->level, 1);
	link_is(LINK_SYNCED);
	assert_non_null(told("qian", NOTICE_CALL));
	snprintf(id, sizeof id, "%s", told("qian", NOTICE_CALL)->id);
	fail_notice(id); /* now it is not for want of the broker */
	assert_int_equal(newest()->level, 2);
	end();
}

/* The failure may be heard before the end of the link. */
static void failure_before_the_links_end(void **state)
{
	(void)state;
	begin();
	life_reading(&w, "door", READING_VALUE, "alarm");
	fail_notice(told("qian", NOTICE_CALL)->id);
	assert_int_equal(newest()->level, 1);
	end();
}

/* A page that went into a connection which was dead already is no page: it goes again, once. */
static void silent_page_goes_again(void **state)
{
	char id[64];

	(void)state;
	begin();
	life_reading(&w, "door", READING_VALUE, "alarm");
	snprintf(id, sizeof id, "%s", told("qian", NOTICE_CALL)->id);
	w.now_ms += 21000;
	life_event(&w, &(struct event){.kind = EVENT_TIME});
	assert_int_equal(newest()->level, 1);
	link_is(LINK_SYNCED); /* the next mark */
	assert_non_null(told("qian", NOTICE_CALL));
	assert_string_equal(told("qian", NOTICE_CALL)->id, id);
	assert_true(told("qian", NOTICE_CALL)->repeat);
	end();
}

/* The link being whole it is not the next mark that is waited for: once more soon, then with the marks. */
static void failed_page_goes_again_soon(void **state)
{
	char id[64];

	(void)state;
	begin();
	life_reading(&w, "door", READING_VALUE, "alarm");
	snprintf(id, sizeof id, "%s", told("qian", NOTICE_CALL)->id);
	fail_notice(id);
	assert_null(told("qian", NOTICE_CALL));
	life_until(&w, w.now_ms + 1999);
	assert_null(told("qian", NOTICE_CALL));
	life_until(&w, w.now_ms + 1);
	assert_non_null(told("qian", NOTICE_CALL));
	assert_string_equal(told("qian", NOTICE_CALL)->id, id);
	fail_notice(id);
	life_until(&w, w.now_ms + 10000);
	assert_null(told("qian", NOTICE_CALL));
	link_is(LINK_SYNCED);
	assert_non_null(told("qian", NOTICE_CALL));
	end();
}

/* A sign that an incident of the whole site hung holds everywhere. */
static void sign_of_the_site(void **state)
{
	const struct incident *because;
	int breaker;

	(void)state;
	begin();
	breaker = plan_actuator(plan, "breaker");
	life_reading(&w, "mains", READING_VALUE, "alarm");
	assert_null(interlock_forbids(w.e, breaker, "on", &because));
	life_command(&w, "li", (struct command){.verb = VERB_DONE, .id = newest()->number, .step = "hang"});
	assert_true(tag_hangs(w.e, "no-closing", -1));
	assert_non_null(interlock_forbids(w.e, breaker, "on", &because));
	life_command(&w, "li", (struct command){.verb = VERB_TAG, .name = "no-closing", .action = "down"});
	assert_null(interlock_forbids(w.e, breaker, "on", &because));
	end();
}

/* In an exercise no sensor sees anything: a wait ends at once, a task waits for its person. */
static void exercise_and_sensors(void **state)
{
	struct incident *inc;

	(void)state;
	begin();
	life_command(&w, "li", (struct command){.verb = VERB_DRILL, .type = "break-in", .zone = "hall"});
	inc = newest();
	assert_non_null(inc->drill);
	assert_int_equal(playbook_step(inc, "shut")->state, STEP_DONE);
	assert_string_equal(playbook_step(inc, "shut")->note, "dry run");
	life_reading(&w, "valve", READING_VALUE, "closed");
	assert_int_equal(playbook_step(inc, "look")->state, STEP_OPEN);
	life_command(&w, "sun", (struct command){.verb = VERB_DONE, .id = inc->number, .step = "look"});
	assert_int_equal(playbook_step(inc, "look")->state, STEP_DONE);
	end();
}

/* What superiors ordered is handed over, as notes are. */
static void instruction_is_handed_over(void **state)
{
	struct buf text = {0};

	(void)state;
	begin();
	life_reading(&w, "door", READING_VALUE, "alarm");
	life_command(&w, "li",
	             (struct command){.verb = VERB_NOTE, .id = newest()->number, .words = "instruction: keep it shut"});
	handover_text(w.e, duty_find(w.e, "post"), LANG_EN, &text);
	assert_non_null(strstr(buf_text(&text), "Li: keep it shut"));
	buf_fini(&text);
	end();
}

/* Whose steps began in silence hears of them when somebody overrules the shelf. */
static void overruled_tells_the_steps(void **state)
{
	struct incident *inc;

	(void)state;
	begin();
	life_reading(&w, "door", READING_VALUE, "alarm");
	inc = newest();
	life_command(&w, "li", (struct command){.verb = VERB_SHELVE, .id = inc->number, .for_ms = 3600000, .words = "x"});
	assert_int_equal(inc->next, NEXT_SHELVED);
	inc->steps[0].began_ms = w.now_ms; /* as if it had begun now */
	life_command(&w, "zhao", (struct command){.verb = VERB_ESCALATE, .id = inc->number});
	assert_int_equal(inc->next, NEXT_CALL);
	assert_non_null(told("sun", NOTICE_TASK));
	end();
}

/* One of two who took it goes off duty: who comes is reminded, not who has gone home. */
static void quorum_is_handed_over(void **state)
{
	int64_t eight_ms;
	int people[64];
	struct incident *inc;

	(void)state;
	begin();
	eight_ms = w.now_ms + 5 * 3600000;
	life_until(&w, eight_ms - 10000);
	life_reading(&w, "door", READING_VALUE, "alarm");
	inc = newest();
	life_command(&w, "li", (struct command){.verb = VERB_ACK, .id = inc->number});
	life_command(&w, "qian", (struct command){.verb = VERB_ACK, .id = inc->number});
	assert_int_equal(inc->state, STATE_ACKED);
	life_until(&w, eight_ms);
	life_command(&w, "wang", (struct command){.verb = VERB_ACCEPT, .role = "guard"});
	assert_int_equal(quorum_people(w.e, inc, people, 64), 2);
	assert_true(quorum_has(inc, "li") && quorum_has(inc, "wang") && !quorum_has(inc, "qian"));
	assert_string_equal(inc->acked_by, "wang");
	end();
}

/* Many shelves with long reasons still fit a packet, and the rest is counted. */
static void impairments_fit_a_packet(void **state)
{
	char words[3000], name[32], hall[] = "hall", li[] = "li";
	struct buf out = {0};

	(void)state;
	begin();
	memset(words, 'x', sizeof words - 1);
	words[sizeof words - 1] = 0;
	for (int i = 0; i < 300; i++) {
		struct impairment like = {.kind = IMPAIR_TAG, .name = name, .place = hall, .by = li, .reason = words};

		snprintf(name, sizeof name, "t/%03d@hall", i);
		impair_put(w.e, name, &like);
	}
	render_impairments(w.e, &out);
	assert_true(out.len < RENDER_BYTES);
	assert_null(strstr(buf_text(&out), "\"more\":0"));
	buf_fini(&out);
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(no_broker_is_no_dead_level), cmocka_unit_test(failure_before_the_links_end),
	    cmocka_unit_test(sign_of_the_site),           cmocka_unit_test(exercise_and_sensors),
	    cmocka_unit_test(instruction_is_handed_over), cmocka_unit_test(overruled_tells_the_steps),
	    cmocka_unit_test(quorum_is_handed_over),      cmocka_unit_test(impairments_fit_a_packet),
	    cmocka_unit_test(silent_page_goes_again),     cmocka_unit_test(failed_page_goes_again_soon),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
