/* What is explained by what: around and feeding, transitively, by the gateway;
 * and what never is. The stories stand in tests/trace; here are the edges. */
#include "life_world.h"

#include "engine/cause.h"

static const char site[] =
    "site: {id: plaza, name: {zh: 广场, en: Plaza}, timezone: Asia/Shanghai}\n"
    "broker: {url: \"mqtt://127.0.0.1:1883\", version: 5}\n"
    "store: {path: /var/lib/tocsin/tocsin.db}\n"
    "languages: [zh, en]\n"
    "zones:\n"
    "  station: {in: mall}\n"
    "  panel: {fed_by: station}\n"
    "  mall: {fed_by: panel}\n"
    "  shop: {in: mall}\n"
    "  store: {in: shop}\n"
    "  yard: {}\n"
    "sensors:\n"
    "  m-station: {kind: mains, zone: station, topic: m/1}\n"
    "  m-panel: {kind: mains, zone: panel, topic: m/2}\n"
    "  m-yard: {kind: mains, zone: yard, topic: m/3}\n"
    "  cold: {kind: cold, zone: store, topic: c/1}\n"
    "  cold-yard: {kind: cold, zone: yard, topic: c/2}\n"
    "  smoke: {kind: smoke, zone: store, topic: s/1}\n"
    "  heat: {kind: damp, zone: store, topic: s/2}\n"
    "  bridge: {kind: link, zone: yard, topic: b/1}\n"
    "  far: {kind: beam, zone: shop, topic: b/2, via: bridge}\n"
    "  far-smoke: {kind: smoke, zone: shop, topic: b/3, via: bridge}\n"
    "people: {wang: {name: Wang, language: en, channels: [page]}, li: {name: Li, language: en, channels: [page]}}\n"
    "roles: {guard: {name: guard, holder: wang}, chief: {name: chief, holder: li}}\n"
    "chains: {both: {levels: [{call: [guard], wait: 30s}, {call: [chief], wait: 60s}]}}\n"
    "channels: {page: {plugin: page, timeout: 10m}}\n"
    "incidents:\n"
    "  power-loss: {hazard: power, severity: major, chain: both, when: {of: {kind: mains}, is: alarm}}\n"
    "  too-warm: {hazard: other, severity: major, chain: both, when: {of: {kind: cold}, is: alarm}, "
    "explained_by: [power-loss]}\n"
    "  damp: {hazard: water, severity: major, latch: true, chain: both, when: {of: {kind: damp}, is: alarm}, "
    "explained_by: [too-warm]}\n"
    "  fire: {hazard: fire, severity: critical, chain: both, when: {of: {kind: smoke}, is: alarm}}\n"
    "  sensor-lost: {explained_by: power-loss}\n";

static struct life_world w;
static struct plan *plan;

static void say(const char *sensor, const char *word)
{
	life_reading(&w, sensor, READING_VALUE, word);
}

static struct incident *of(const char *type, const char *zone)
{
	for (int i = w.e->n_incidents - 1; i >= 0; i--)
		if (!strcmp(w.e->incidents[i]->type_id, type) && !strcmp(w.e->incidents[i]->zone_id, zone))
			return w.e->incidents[i];
	return NULL;
}

static int calls(const struct incident *inc)
{
	int n = 0;

	for (int i = 0; i < w.fx.n; i++)
		n += w.fx.at[i].kind == EFFECT_NOTICE && w.fx.at[i].notice.kind == NOTICE_CALL &&
		     !strcmp(w.fx.at[i].notice.incident, inc->id);
	return n;
}

static bool says(const char *words)
{
	for (int i = 0; i < w.fx.n; i++)
		if (w.fx.at[i].kind == EFFECT_NOTICE && strstr(w.fx.at[i].notice.text, words))
			return true;
	return false;
}

/* The panel feeds the mall, which stands around the shop, which stands around the store. */
static void test_zones(void **state)
{
	(void)state;
	life_begin(&w, plan);
	say("m-station", "alarm"); /* feeds the panel that feeds the mall */
	say("cold", "alarm");
	assert_int_equal(of("too-warm", "store")->because, of("power-loss", "station")->number);
	assert_int_equal(calls(of("too-warm", "store")), 0);
	say("cold-yard", "alarm"); /* nobody feeds the yard */
	assert_int_equal(of("too-warm", "yard")->because, 0);
	assert_int_equal(calls(of("too-warm", "yard")), 1);
	life_end(&w);
}

/* The nearest cause ends, the farther stands: not a word. Then that ends, too. */
static void test_other_cause(void **state)
{
	struct incident *warm;

	(void)state;
	life_begin(&w, plan);
	say("m-panel", "alarm");
	say("cold", "alarm");
	say("m-station", "alarm");
	warm = of("too-warm", "store");
	assert_int_equal(warm->because, of("power-loss", "panel")->number);
	say("m-panel", "normal");
	assert_int_equal(warm->because, of("power-loss", "station")->number);
	assert_int_equal(calls(warm), 0);
	assert_int_equal(life_armed(&w, warm), 1);
	say("m-station", "normal");
	assert_int_equal(warm->because, 0);
	assert_int_equal(calls(warm), 1);
	assert_int_equal(warm->next, NEXT_CALL);
	life_end(&w);
}

/* Each look keeps its one deadline; somebody who takes it looks after it like any other. */
static void test_deadline(void **state)
{
	struct incident *warm;

	(void)state;
	life_begin(&w, plan);
	say("m-panel", "alarm");
	say("cold", "alarm");
	warm = of("too-warm", "store");
	for (int hour = 0; hour < 30; hour++) {
		life_until(&w, w.now_ms + 3600000);
		assert_int_equal(life_armed(&w, warm), 1);
		assert_int_equal(warm->next, NEXT_CAUSE);
		assert_int_equal(warm->n_called, 0);
	}
	life_command(&w, "wang", (struct command){.verb = VERB_ACK, .id = warm->number});
	assert_int_equal(warm->state, STATE_ACKED);
	assert_int_equal(warm->because, 0);
	assert_int_equal(warm->next, NEXT_REMIND);
	life_end(&w);
}

/* Over while it was explained: nobody need acknowledge it, unless it latches. */
static void test_over(void **state)
{
	(void)state;
	life_begin(&w, plan);
	say("m-panel", "alarm");
	say("cold", "alarm");
	say("heat", "alarm"); /* explained by what is itself explained */
	assert_int_equal(of("damp", "store")->because, of("too-warm", "store")->number);
	assert_int_equal(cause_count(w.e, of("power-loss", "panel")).consequences, 2);
	life_until(&w, w.now_ms + 30000);
	assert_true(says("2 more because of it"));
	say("cold", "normal");
	assert_int_equal(of("too-warm", "store")->state, STATE_RTN_UNACKED);
	assert_int_equal(of("damp", "store")->because, 0);
	assert_int_equal(calls(of("damp", "store")), 1);
	say("m-panel", "normal");
	assert_int_equal(of("too-warm", "store")->state, STATE_CLOSED);
	life_end(&w);
}

static void test_never(void **state)
{
	static const char *const names[] = {"power-loss"};
	struct incident_type *fire = (struct incident_type *)&plan->types[plan_type(plan, "fire")];

	(void)state;
	fire->explained_by = (struct strings){names, 1}; /* the language refuses it, and the engine does */
	life_begin(&w, plan);
	say("m-panel", "alarm");
	say("smoke", "alarm");
	assert_int_equal(of("fire", "store")->because, 0);
	assert_int_equal(calls(of("fire", "store")), 1);
	fire->explained_by = (struct strings){NULL, 0};
	life_reading(&w, "cold", READING_AWAY, ""); /* a cold store's thermometer, silent with the power */
	assert_int_not_equal(of("sensor-lost", "store")->because, 0);
	life_reading(&w, "far-smoke", READING_AWAY, ""); /* a smoke detector is told */
	assert_int_equal(of("sensor-lost", "shop")->because, 0);
	assert_int_equal(calls(of("sensor-lost", "shop")), 1);
	life_end(&w);
}

/* No type says so much as a word of the bridge: its loss is told all the same, once, with what is lost. */
static void test_gateway(void **state)
{
	(void)state;
	life_begin(&w, plan);
	say("far", "normal");
	say("far-smoke", "normal");
	say("bridge", "alarm");
	assert_int_equal(w.e->n_incidents, 1);
	assert_string_equal(w.e->incidents[0]->instance->scope, "bridge");
	assert_true(says("2 sensors lost with it, 1 of them for fire, gas or people"));
	assert_int_equal(sensor_find(w.e, "far")->health, HEALTH_AWAY);
	say("bridge", "normal");
	assert_int_equal(w.e->incidents[0]->state, STATE_RTN_UNACKED);
	assert_int_equal(sensor_find(w.e, "far")->health, HEALTH_UNKNOWN);
	assert_int_equal(w.e->n_incidents, 1);
	life_end(&w);
}

/* Devices that were told one by one before their bridge was: then the bridge explains them. */
static void test_gateway_late(void **state)
{
	(void)state;
	life_begin(&w, plan);
	life_reading(&w, "far", READING_AWAY, "");
	assert_int_equal(calls(of("sensor-lost", "shop")), 1);
	life_reading(&w, "bridge", READING_AWAY, "");
	assert_int_equal(of("sensor-lost", "shop")->because, of("sensor-lost", "yard")->number);
	life_reading(&w, "bridge", READING_VALUE, "normal"); /* and is lost for itself again */
	assert_int_equal(of("sensor-lost", "shop")->because, 0);
	assert_int_equal(calls(of("sensor-lost", "shop")), 1);
	life_end(&w);
}

static void test_restart(void **state)
{
	struct event started = {.kind = EVENT_STARTED,
	                        .started = {.host = "h", .boot = "b", .version = "v", .epoch = 2}};
	struct event synced = {.kind = EVENT_LINK, .link = LINK_SYNCED};
	struct records all;
	uint64_t digest;

	(void)state;
	life_begin(&w, plan);
	say("bridge", "alarm");
	say("m-panel", "alarm");
	say("cold", "alarm");
	records_init(&all);
	engine_save_all(w.e, &all);
	digest = engine_digest(w.e);
	engine_free(w.e);
	w.e = engine_new(plan);
	assert_int_equal(engine_restore(w.e, all.at, all.n, NULL, NULL), 0);
	assert_int_equal(engine_digest(w.e), digest);
	records_fini(&all);
	life_event(&w, &started);
	life_event(&w, &synced);
	assert_true(cause_holds(of("too-warm", "store")));
	assert_int_equal(calls(of("too-warm", "store")), 0);
	assert_true(sensor_find(w.e, "far")->cut);
	say("m-panel", "normal");
	assert_int_equal(calls(of("too-warm", "store")), 1);
	life_end(&w);
}

/* -- the language -- */

static void refuse(const char *from, const char *to, const char *why)
{
	struct buf yaml = {0}, said = {0};
	const char *at = strstr(site, from);
	struct problems problems;
	struct plan *bad;

	assert_non_null(at);
	buf_add(&yaml, site, (size_t)(at - site));
	buf_str(&yaml, to);
	buf_str(&yaml, at + strlen(from));
	problems_init(&problems);
	bad = language_read(&(struct source){"site.yaml", buf_text(&yaml), yaml.len}, 1, &problems);
	problems_print(&problems, &said);
	assert_null(bad);
	if (!strstr(buf_text(&said), why))
		fail_msg("%s", buf_text(&said));
	problems_fini(&problems);
	buf_fini(&yaml);
	buf_fini(&said);
}

static void test_refused(void **state)
{
	(void)state;
	refuse("{hazard: fire,", "{explained_by: [power-loss], hazard: fire,", "it always calls");
	refuse("explained_by: [power-loss]", "explained_by: [power-los]", "power-los");
	refuse("explained_by: [power-loss]", "explained_by: [damp]", "would explain itself");
	refuse("explained_by: [power-loss]", "explained_by: [too-warm]", "would explain itself");
	refuse("station: {in: mall}", "station: {fed_by: panel}", "is fed by itself");
}

static int setup(void **state)
{
	(void)state;
	plan = life_plan_of(site);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	plan_free(plan);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_zones),	cmocka_unit_test(test_other_cause),
	    cmocka_unit_test(test_deadline),	cmocka_unit_test(test_over),
	    cmocka_unit_test(test_never),	cmocka_unit_test(test_gateway),
	    cmocka_unit_test(test_gateway_late), cmocka_unit_test(test_restart),
	    cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
